// Single changes of the tree, each keeping index, digest, owners and a running snapshot in step.
#include "core/base/assert.hpp"
#include "core/base/hash.hpp"
#include "core/tree/path.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::tree {

void Tree::before_change(NodeId id) {
  if (snapshot_.active && nodes_[id].snapshot_mark != snapshot_.mark) {
    write_with_ancestors(snapshot_.pending, id);
  }
}

void Tree::after_change(NodeId id, std::string_view path, bool content_changed) {
  if (!config_.digest_enabled || outside_digest(path)) return;
  Node& node = nodes_[id];
  if (content_changed) node.content_crc = content_crc(path, nodes_.data(id));
  const uint32_t digest = digest_from(node.content_crc, persisted(node));
  digest_ += uint64_t{digest} - node.digest;
  node.digest = digest;
}

NodeId Tree::insert(NodeId parent, const Creation& creation, const jute::StatPersisted& stat,
                    uint32_t acl_slot) {
  const bool is_root = parent == NodeId::kNone;
  const std::string_view own_name = is_root ? std::string_view() : last_component(creation.path);
  const NodeId id = nodes_.add(own_name, creation.data);
  Node& node = nodes_[id];
  node.czxid = stat.czxid;
  node.mzxid = stat.mzxid;
  node.ctime = stat.ctime;
  node.mtime = stat.mtime;
  node.ephemeral_owner = stat.ephemeral_owner;
  node.pzxid = stat.pzxid;
  node.version = stat.version;
  node.cversion = stat.cversion;
  node.aversion = stat.aversion;
  node.acl_slot = acl_slot;
  node.snapshot_mark = snapshot_.mark;
  if (is_root) {
    root_ = id;
  } else {
    nodes_.link(parent, id);
    paths_.insert(tag_of(hash_bytes(creation.path)), static_cast<uint32_t>(id));
  }
  owners_.add(id, kind(node), node.ephemeral_owner);
  data_size_ +=
      static_cast<int64_t>((is_root ? 1 : creation.path.size()) + NodeStore::length(creation.data));
  after_change(id, creation.path, true);
  return id;
}

void Tree::raise_cversion(NodeId parent, std::string_view parent_path, int32_t cversion,
                          Zxid zxid) {
  Node& node = nodes_[parent];
  if (cversion == -1) {
    cversion = static_cast<int32_t>(static_cast<uint32_t>(node.cversion) + 1);
  }
  // A fuzzy snapshot may have the parent as it was after later creates; those stay.
  if (cversion <= node.cversion) return;
  before_change(parent);
  node.cversion = cversion;
  node.pzxid = zxid.value;
  after_change(parent, parent_path, false);
}

// Only replay over a fuzzy snapshot meets a deletion of a znode with children: they belong to a
// later life of that path, and its own transactions will bring them back.
void Tree::remove_descendants(NodeId id) {
  while (first_child(id) != NodeId::kNone) {
    NodeId leaf = first_child(id);
    while (first_child(leaf) != NodeId::kNone) leaf = first_child(leaf);
    const std::string leaf_path = path(leaf);
    const size_t bytes = NodeStore::length(data(leaf));
    remove_leaf(leaf, leaf_path);
    quota_removed(leaf_path, bytes);
  }
}

void Tree::remove_leaf(NodeId id, std::string_view path) {
  ZT_ASSERT(id != root_);
  before_change(id);
  Node& node = nodes_[id];
  owners_.remove(id, kind(node), node.ephemeral_owner);
  acls_.release(node.acl_slot);
  digest_ -= node.digest;
  data_size_ -= static_cast<int64_t>(path.size() + NodeStore::length(nodes_.data(id)));
  paths_.erase(tag_of(hash_bytes(path)), static_cast<uint32_t>(id));
  nodes_.unlink(id);
  nodes_.remove(id);
}

}  // namespace zoetrope::tree
