// What the parts of a tree are made of, for a copy of a running server.
#include "core/base/assert.hpp"
#include "core/base/state_archive.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::tree {

void NodeStore::carry_state(StateArchive& archive) {
  if (archive.is_loading()) *this = NodeStore();
  pool_.carry_slots(archive, [&archive](Node& n) {
    archive(n.czxid, n.mzxid, n.ctime, n.mtime, n.ephemeral_owner, n.pzxid, n.version, n.cversion,
            n.aversion, n.parent, n.first_child, n.next, n.previous, n.num_children, n.acl_slot,
            n.digest, n.content_crc, n.snapshot_mark);
    bool is_used = n.block != nullptr;
    archive(is_used);
    if (!is_used) return;
    if (!archive.is_loading()) {
      archive.save(name_of(n.block));
      archive.save(data_of(n.block));
      return;
    }
    std::string_view name;
    jute::BufferView data;
    archive(name, data);
    n.block = make_block(name, data);
  });
}

void AclTable::carry_state(StateArchive& archive) {
  archive(entries_, free_, by_id_, by_bytes_, last_id_, recent_);
}

void DigestLog::carry_state(StateArchive& archive) {
  archive(ring_, oldest_);
}

void OwnerIndex::carry_state(StateArchive& archive) {
  archive(ephemerals_, ephemeral_count_, containers_, ttls_, chunks_);
}

void Tree::carry_state(StateArchive& archive) {
  ZT_ASSERT(!snapshot_.active);
  if (archive.is_loading()) snapshot_ = Snapshot();
  archive(config_, last_processed_zxid_, nodes_, paths_, root_, acls_, owners_, quotas_, digest_,
          digest_log_, data_size_, snapshot_.mark);
}

}  // namespace zoetrope::tree
