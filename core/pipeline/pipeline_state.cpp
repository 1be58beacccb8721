// What the outstanding changes are made of, for a copy of a running server.
#include "core/base/assert.hpp"
#include "core/base/state_archive.hpp"
#include "core/pipeline/preparer.hpp"

namespace zoetrope::pipeline {

// The data of a record lie in the payload of a transaction; what is loaded has them to itself. Free
// slots, and data that the tree has meanwhile, are not looked at.
void ChangeTable::carry_state(StateArchive& archive) {
  ZT_ASSERT(data_places_.empty() && !undo_active_);
  if (archive.is_loading()) loaded_data_.clear();
  size_t slots = archive.count(entries_.size());
  if (archive.is_loading()) {
    entries_.clear();
    entries_.resize(slots);
  }
  archive(digest_, free_, index_, changed_, ephemeral_records_, usage_);
  for (uint32_t slot = 0; slot < entries_.size(); ++slot) {
    Entry& entry = entries_[slot];
    archive(entry.path, entry.tag);
    NodeRecord& r = entry.record;
    archive(r.exists, r.stat, r.num_children, r.digest, r.data_zxid, r.acl_id, r.has_own_acl,
            r.own_acl, r.zxid, r.entry);
    const bool is_used = find(Key(entry.path)) == slot;
    const bool is_in_tree = r.data_zxid <= tree_.last_processed_zxid();
    if (!is_used || is_in_tree) continue;
    archive(r.data);
    if (archive.is_loading() && r.data) r.data = loaded_data_.emplace_back(*r.data);
  }
}

void Preparer::carry_state(StateArchive& archive) {
  archive(changes_, last_zxid_);
}

}  // namespace zoetrope::pipeline
