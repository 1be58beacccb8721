#include "core/tree/tree.hpp"

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"
#include "core/tree/path.hpp"

namespace zoetrope::tree {

namespace {

std::string read_only_acl() {
  std::string bytes;
  jute::Writer out(bytes);
  jute::write(out, jute::AclList{{jute::kRead, {"world", "anyone"}}});
  return bytes;
}

jute::StatPersisted config_stat() {
  jute::StatPersisted stat;
  stat.aversion = -1;
  return stat;
}

}  // namespace

Tree::Tree(TreeConfig config) : Tree(config, Empty()) {
  load_acl(1, read_only_acl());
  load_node("", "", kOpenAcl, {});
  load_node("/zookeeper", "", kOpenAcl, {});
  load_node(kConfigPath, "", 1, config_stat());
  load_node("/zookeeper/quota", "", kOpenAcl, {});
  const auto error = finish_load(Zxid(0));
  ZT_ASSERT(!error);
}

void Tree::show_config(std::string_view text, Zxid version) {
  NodeId id = find(kConfigPath);
  if (id == NodeId::kNone) {
    // Snapshots of upstream servers before 3.5 lack it.
    const NodeId parent = find("/zookeeper");
    if (parent == NodeId::kNone) return;
    id = insert(parent, {kConfigPath, ""}, config_stat(), acls_.acquire(read_only_acl()));
  }
  before_change(id);
  data_size_ +=
      static_cast<int64_t>(text.size()) - static_cast<int64_t>(NodeStore::length(data(id)));
  nodes_.set_data(id, text);
  Node& node = nodes_[id];
  node.version = -1;
  node.mzxid = version.value;
  node.mtime = 0;
}

bool Tree::has_path(NodeId id, std::string_view path) const {
  while (id != root_) {
    const std::string_view last = name(id);
    if (path.size() <= last.size() || !path.ends_with(last) ||
        path[path.size() - last.size() - 1] != '/') {
      return false;
    }
    path.remove_suffix(last.size() + 1);
    id = nodes_[id].parent;
  }
  return path.empty();
}

NodeId Tree::find_tagged(std::string_view path, uint32_t tag) const {
  const uint32_t id =
      paths_.find(tag, [&](uint32_t candidate) { return has_path(NodeId{candidate}, path); });
  return NodeId{id};
}

NodeId Tree::find(std::string_view path) const {
  static_assert(static_cast<uint32_t>(NodeId::kNone) == IdTable::kNone);
  if (path.size() <= 1 && (path.empty() || path == "/")) return root_;
  return find_tagged(path, tag_of(hash_bytes(path)));
}

NodeId Tree::find(std::string_view path, uint32_t tag) const {
  return path.size() <= 1 && (path.empty() || path == "/") ? root_ : find_tagged(path, tag);
}

void Tree::append_path(NodeId id, std::string& out) const {
  const size_t start = out.size();
  size_t size = 0;
  for (NodeId n = id; n != root_; n = nodes_[n].parent) size += name(n).size() + 1;
  out.resize(start + size);
  size_t end = start + size;
  for (NodeId n = id; n != root_; n = nodes_[n].parent) {
    const std::string_view last = name(n);
    end -= last.size();
    out.replace(end, last.size(), last);
    out[--end] = '/';
  }
}

std::string Tree::path(NodeId node) const {
  if (node == root_) return "/";
  std::string result;
  append_path(node, result);
  return result;
}

jute::StatPersisted Tree::persisted(const Node& node) {
  jute::StatPersisted stat;
  stat.czxid = node.czxid;
  stat.mzxid = node.mzxid;
  stat.ctime = node.ctime;
  stat.mtime = node.mtime;
  stat.version = node.version;
  stat.cversion = node.cversion;
  stat.aversion = node.aversion;
  stat.ephemeral_owner = node.ephemeral_owner;
  stat.pzxid = node.pzxid;
  return stat;
}

jute::Stat Tree::stat(NodeId id) const {
  const Node& node = nodes_[id];
  jute::Stat stat;
  stat.czxid = node.czxid;
  stat.mzxid = node.mzxid;
  stat.ctime = node.ctime;
  stat.mtime = node.mtime;
  stat.version = node.version;
  // Creates plus deletes; wraps as Java's int does.
  stat.cversion = static_cast<int32_t>(2 * static_cast<uint32_t>(node.cversion) -
                                       static_cast<uint32_t>(node.num_children));
  stat.aversion = node.aversion;
  stat.ephemeral_owner = kind(node) == NodeKind::kEphemeral ? node.ephemeral_owner : 0;
  stat.data_length = static_cast<int32_t>(NodeStore::length(nodes_.data(id)));
  stat.num_children = node.num_children;
  stat.pzxid = node.pzxid;
  return stat;
}

int64_t Tree::descendant_count(NodeId node) const {
  if (node == root_) return static_cast<int64_t>(node_count()) - 1;
  int64_t count = 0;
  NodeId at = node;
  while (true) {
    NodeId next = first_child(at);
    while (next == NodeId::kNone && at != node) {
      next = next_sibling(at);
      if (next == NodeId::kNone) at = nodes_[at].parent;
    }
    if (next == NodeId::kNone) return count;
    ++count;
    at = next;
  }
}

const jute::AclList& Tree::acl(AclId id) const {
  const uint32_t slot = acls_.slot_of(id);
  ZT_ASSERT(slot != AclTable::kOpenSlot || id == kOpenAcl);
  return acls_.list(slot);
}

std::string_view Tree::acl_bytes(AclId id) const {
  const uint32_t slot = acls_.slot_of(id);
  ZT_ASSERT(slot != AclTable::kOpenSlot || id == kOpenAcl);
  return acls_.bytes(slot);
}

std::vector<std::string> Tree::ephemerals_of(SessionId session) const {
  std::vector<std::string> paths;
  paths.reserve(owners_.ephemeral_count(session));
  for (NodeId id = owners_.first_ephemeral(session); id != NodeId::kNone; id = owners_.next(id)) {
    paths.push_back(path(id));
  }
  return paths;
}

namespace {
// Znode times are a leader's wall clock and may be anything; wraps as Java's long does.
int64_t elapsed_ms(int64_t since, int64_t now) {
  return static_cast<int64_t>(static_cast<uint64_t>(now) - static_cast<uint64_t>(since));
}
}  // namespace

std::vector<std::string> Tree::expired_containers(int64_t now_ms, int64_t never_used_interval_ms,
                                                  size_t limit) const {
  std::vector<std::string> paths;
  NodeId id = owners_.first_container();
  for (; id != NodeId::kNone && paths.size() < limit; id = owners_.next(id)) {
    const Node& node = nodes_[id];
    const bool stale =
        never_used_interval_ms != 0 && elapsed_ms(node.mtime, now_ms) > never_used_interval_ms;
    if (node.num_children == 0 && (node.cversion > 0 || stale)) paths.push_back(path(id));
  }
  id = owners_.first_ttl();
  for (; id != NodeId::kNone && paths.size() < limit; id = owners_.next(id)) {
    const Node& node = nodes_[id];
    const int64_t ttl_ms = ttl_of_owner(node.ephemeral_owner);
    const bool over = ttl_ms != 0 && elapsed_ms(node.mtime, now_ms) > ttl_ms;
    if (node.num_children == 0 && over) paths.push_back(path(id));
  }
  return paths;
}

uint32_t Tree::node_digest(std::string_view path, jute::BufferView data,
                           const jute::StatPersisted& stat) {
  return outside_digest(path) ? 0 : digest_from(content_crc(path, data), stat);
}

uint64_t Tree::fingerprint() const {
  // A sum, so that neither slots nor the order of siblings matter: a loaded tree may have others.
  uint64_t sum = 0;
  std::string node_path;
  for (uint32_t i = 0; i < nodes_.end(); ++i) {
    const NodeId id{i};
    if (!nodes_.in_use(id)) continue;
    const Node& node = nodes_[id];
    node_path.clear();
    append_path(id, node_path);
    RunningHash hash;
    hash.add(node_path);
    const jute::BufferView bytes = data(id);
    hash.add(bytes ? 1 : 0);
    if (bytes) hash.add(*bytes);
    hash.add(node.acl_slot == AclTable::kOpenSlot ? std::string_view()
                                                  : acls_.bytes(node.acl_slot));
    for (int64_t v :
         {node.czxid, node.mzxid, node.ctime, node.mtime, node.ephemeral_owner, node.pzxid,
          int64_t{node.version}, int64_t{node.cversion}, int64_t{node.aversion}}) {
      hash.add(static_cast<uint64_t>(v));
    }
    sum += hash.value();
  }
  RunningHash all;
  all.add(sum);
  all.add(static_cast<uint64_t>(last_processed_zxid_.value));
  all.add(node_count());
  return all.value();
}

}  // namespace zoetrope::tree
