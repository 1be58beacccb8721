// Exact snapshots of a tree that goes on changing, and the way back.
#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/tree/path.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::tree {

namespace {
// Slots with nothing to write that one step looks at, so that a tree with many free slots makes no
// long step.
constexpr uint32_t kSkippedMax = 16384;
}  // namespace

void Tree::begin_snapshot() {
  ZT_ASSERT(!snapshot_.active);
  const uint32_t mark = snapshot_.mark + 1;
  snapshot_ = Snapshot();
  snapshot_.active = true;
  snapshot_.mark = mark;
  snapshot_.end = nodes_.end();
  snapshot_.acl_table = acls_.encode();
}

void Tree::end_snapshot() {
  const uint32_t mark = snapshot_.mark;
  snapshot_ = Snapshot();
  snapshot_.mark = mark;
}

bool Tree::continue_snapshot(std::string& out, size_t bytes_min) {
  ZT_ASSERT(snapshot_.active);
  const size_t start = out.size();
  out += snapshot_.pending;
  snapshot_.pending = std::string();
  uint32_t skipped = 0;
  for (; snapshot_.cursor < snapshot_.end; ++snapshot_.cursor) {
    if (out.size() - start >= bytes_min || skipped > kSkippedMax) return true;
    const NodeId id{snapshot_.cursor};
    if (nodes_.in_use(id) && nodes_[id].snapshot_mark != snapshot_.mark) {
      write_with_ancestors(out, id);
    } else {
      ++skipped;
    }
  }
  return false;
}

void Tree::write_with_ancestors(std::string& out, NodeId id) {
  const NodeId parent = nodes_[id].parent;
  if (id != root_ && nodes_[parent].snapshot_mark != snapshot_.mark) {
    // Ancestors usually have lower slots and are written already; a chain of reused slots may be
    // long.
    std::vector<NodeId> chain{id};
    NodeId above = parent;
    while (nodes_[above].snapshot_mark != snapshot_.mark) {
      chain.push_back(above);
      if (above == root_) break;
      above = nodes_[above].parent;
    }
    for (; !chain.empty(); chain.pop_back()) write_image(out, chain.back());
    return;
  }
  write_image(out, id);
}

void Tree::write_image(std::string& out, NodeId id) {
  Node& node = nodes_[id];
  node.snapshot_mark = snapshot_.mark;
  jute::Writer writer(out);
  if (id == root_) {
    writer.string("");
  } else {
    if (snapshot_.parent != node.parent) {
      snapshot_.parent = node.parent;
      snapshot_.parent_path.clear();
      append_path(node.parent, snapshot_.parent_path);
    }
    const std::string_view own_name = name(id);
    writer.i32(static_cast<int32_t>(snapshot_.parent_path.size() + 1 + own_name.size()));
    writer.raw(snapshot_.parent_path);
    out.push_back('/');
    writer.raw(own_name);
  }
  writer.buffer(data(id));
  char fixed[68];
  store_be64(fixed, static_cast<uint64_t>(acls_.id(node.acl_slot)));
  const int64_t before[] = {node.czxid, node.mzxid, node.ctime, node.mtime};
  const int32_t versions[] = {node.version, node.cversion, node.aversion};
  for (size_t i = 0; i < 4; ++i) store_be64(fixed + 8 + 8 * i, static_cast<uint64_t>(before[i]));
  for (size_t i = 0; i < 3; ++i) store_be32(fixed + 40 + 4 * i, static_cast<uint32_t>(versions[i]));
  store_be64(fixed + 52, static_cast<uint64_t>(node.ephemeral_owner));
  store_be64(fixed + 60, static_cast<uint64_t>(node.pzxid));
  out.append(fixed, sizeof fixed);
}

Tree Tree::empty_for_load(TreeConfig config) {
  return Tree(config, Empty());
}

std::optional<std::string> Tree::load_acl(AclId id, std::string_view encoded_acl) {
  if (acls_.load(id, encoded_acl)) return std::nullopt;
  return "ACL id " + std::to_string(id) + " is used twice, negative or has a malformed list";
}

std::optional<std::string> Tree::load_node(std::string_view path, jute::BufferView data, AclId acl,
                                           const jute::StatPersisted& stat) {
  const auto error = [&](const char* what) {
    return "znode \"" + std::string(path) + "\" " + what;
  };
  if (acl < kOpenAcl) return error("has a negative ACL id");
  NodeId parent = NodeId::kNone;
  if (path.empty()) {
    if (root_ != NodeId::kNone) return error("is a second root");
  } else {
    if (!names_child(path)) return error("has no valid path");
    if (root_ == NodeId::kNone) return error("comes before the root");
    parent = find(parent_path(path));
    if (parent == NodeId::kNone) return error("comes without or before its parent");
    if (find(path) != NodeId::kNone) return error("comes twice");
  }
  insert(parent, {path, data, {}, 0, 0}, stat, acls_.acquire_loaded(acl));
  return std::nullopt;
}

std::optional<std::string> Tree::finish_load(Zxid last_processed_zxid) {
  if (root_ == NodeId::kNone) return "the snapshot has no root znode";
  acls_.purge();
  load_quotas();
  last_processed_zxid_ = last_processed_zxid;
  return std::nullopt;
}

}  // namespace zoetrope::tree
