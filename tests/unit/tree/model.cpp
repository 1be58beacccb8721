#include "tests/unit/tree/model.hpp"

#include <algorithm>

#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"
#include "core/tree/quota.hpp"
#include "tests/unit/tree/transactions.hpp"

namespace zoetrope::tree {

namespace {

using jute::EventType;

std::string above(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}
std::string leaf(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}
std::string shown(const std::string& path) {
  return path.empty() ? "/" : path;
}
std::string keyed(std::string_view path) {
  return path == "/" ? "" : std::string(path);
}

bool names_child(const std::string& path) {
  return path.size() > 1 && path[0] == '/' && path[1] != '/' && path.back() != '/';
}

// "/zookeeper/quota/x/zookeeper_limits" -> "/x" when the last name is `name`.
std::optional<std::string> quota_subject(const std::string& path, std::string_view name) {
  const std::string root = "/zookeeper/quota/";
  if (path.rfind(root, 0) != 0 || leaf(path) != name) return std::nullopt;
  return above(path).substr(root.size() - 1);
}

}  // namespace

Model::Model() {
  nodes[""] = {"", "", {}, births_++};
  nodes["/zookeeper"] = {"", "", {}, births_++};
  jute::StatPersisted config;
  config.aversion = -1;
  nodes["/zookeeper/config"] = {"", encode({{jute::kRead, {"world", "anyone"}}}), config,
                                births_++};
  nodes["/zookeeper/quota"] = {"", "", {}, births_++};
}

std::vector<std::string> Model::children(const std::string& path) const {
  std::vector<std::pair<uint64_t, std::string>> found;
  for (const auto& [p, node] : nodes) {
    if (!p.empty() && above(p) == path) found.emplace_back(node.born, leaf(p));
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (auto& [born, name] : found) names.push_back(name);
  return names;
}

std::vector<std::string> Model::ephemerals(int64_t session) const {
  std::vector<std::pair<uint64_t, std::string>> found;
  for (const auto& [p, node] : nodes) {
    if (session != 0 && session != kContainerOwner && node.stat.ephemeral_owner == session) {
      found.emplace_back(node.born, p);
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::string> paths;
  for (auto& [born, path] : found) paths.push_back(path);
  return paths;
}

uint64_t Model::digest() const {
  uint64_t sum = 0;
  for (const auto& [path, node] : nodes) {
    if (path.rfind("/zookeeper/", 0) == 0) continue;
    std::string bytes = path + node.data.value_or("");
    jute::Writer out(bytes);
    const auto& s = node.stat;
    for (int64_t v : {s.czxid, s.mzxid, s.pzxid, s.ctime, s.mtime}) out.i64(v);
    for (int32_t v : {s.version, s.cversion, s.aversion}) out.i32(v);
    out.i64(s.ephemeral_owner);
    sum += crc32(bytes);
  }
  return sum;
}

std::string Model::quota_of(std::string path) const {
  while (!path.empty() && !quotas_.contains(path)) path = above(path);
  return path;
}

void Model::recount(const std::string& subject) {
  const auto stats = nodes.find("/zookeeper/quota" + subject + "/zookeeper_stats");
  if (stats == nodes.end()) return;
  Quota usage{0, 0, -1, -1};
  for (const auto& [path, node] : nodes) {
    if (path != subject && path.rfind(subject + "/", 0) != 0) continue;
    ++usage.count;
    usage.bytes += static_cast<int64_t>(node.data.value_or("").size());
  }
  stats->second.data = to_string(usage);
}

void Model::count(const std::string& path, int64_t nodes_added, int64_t bytes_added) {
  const std::string subject = quota_of(path);
  if (subject.empty()) return;
  const auto stats = nodes.find("/zookeeper/quota" + subject + "/zookeeper_stats");
  if (stats == nodes.end()) return;
  Quota usage = parse_quota(stats->second.data.value_or("")).value_or(Quota());
  usage.count += nodes_added;
  usage.bytes += bytes_added;
  stats->second.data = to_string(usage);
}

ErrorCode Model::create(const jute::TxnHeader& header, const std::string& path,
                        jute::BufferView data, std::string_view acl, int64_t owner,
                        int32_t cversion, Result& result) {
  if (!names_child(path)) return ErrorCode::kBadArguments;
  const auto parent = nodes.find(above(path));
  if (parent == nodes.end()) return ErrorCode::kNoNode;
  jute::StatPersisted& up = parent->second.stat;
  const int32_t wanted = cversion == -1 ? up.cversion + 1 : cversion;
  if (wanted > up.cversion) {
    up.cversion = wanted;
    up.pzxid = header.zxid.value;
  }
  const auto existing = nodes.find(path);
  if (existing != nodes.end()) {
    existing->second.acl = acl;
    return ErrorCode::kNodeExists;
  }
  Node node;
  if (data) node.data = std::string(*data);
  node.acl = acl;
  node.stat.czxid = node.stat.mzxid = node.stat.pzxid = header.zxid.value;
  node.stat.ctime = node.stat.mtime = header.time_ms;
  node.stat.ephemeral_owner = owner;
  node.born = births_++;
  const auto size = static_cast<int64_t>(node.data.value_or("").size());
  nodes[path] = node;
  if (const auto subject = quota_subject(path, kLimitsName); subject && !subject->empty()) {
    quotas_.insert(*subject);
  }
  if (const auto subject = quota_subject(path, kStatsName)) recount(*subject);
  count(path, 1, size);
  result.triggers.emplace_back(EventType::kNodeCreated, path);
  result.triggers.emplace_back(EventType::kNodeChildrenChanged, shown(above(path)));
  return ErrorCode::kOk;
}

void Model::erase(const std::string& path) {
  const auto size = static_cast<int64_t>(nodes.at(path).data.value_or("").size());
  nodes.erase(path);
  if (const auto subject = quota_subject(path, kLimitsName)) quotas_.erase(*subject);
  count(path, -1, -size);
}

ErrorCode Model::remove(const std::string& path, int64_t zxid, Result& result) {
  if (!names_child(path)) return ErrorCode::kBadArguments;
  const auto parent = nodes.find(above(path));
  if (parent == nodes.end()) return ErrorCode::kNoNode;
  parent->second.stat.pzxid = std::max(parent->second.stat.pzxid, zxid);
  if (!nodes.contains(path)) return ErrorCode::kNoNode;
  std::vector<std::string> below;
  for (const auto& [p, node] : nodes) {
    if (p.rfind(path + "/", 0) == 0) below.push_back(p);
  }
  // Deepest first in the order of siblings' births, as the usage texts depend on it nowhere else.
  std::sort(below.rbegin(), below.rend());
  for (const std::string& p : below) erase(p);
  erase(path);
  result.triggers.emplace_back(EventType::kNodeDeleted, path);
  result.triggers.emplace_back(EventType::kNodeChildrenChanged, shown(above(path)));
  return ErrorCode::kOk;
}

ErrorCode Model::apply_one(const jute::TxnHeader& header, const jute::TxnBody& body,
                           Result& result) {
  const int64_t zxid = header.zxid.value;
  if (const auto* t = std::get_if<jute::CreateTxn>(&body)) {
    return create(header, std::string(t->path), t->data, t->acl,
                  t->ephemeral ? header.client_id.value : 0, t->parent_cversion, result);
  }
  if (const auto* t = std::get_if<jute::CreateContainerTxn>(&body)) {
    return create(header, std::string(t->path), t->data, t->acl, kContainerOwner,
                  t->parent_cversion, result);
  }
  if (const auto* t = std::get_if<jute::CreateTtlTxn>(&body)) {
    return create(header, std::string(t->path), t->data, t->acl, owner_of_ttl(t->ttl_ms),
                  t->parent_cversion, result);
  }
  if (const auto* t = std::get_if<jute::DeleteTxn>(&body)) {
    return remove(std::string(t->path), zxid, result);
  }
  if (const auto* t = std::get_if<jute::SetDataTxn>(&body)) {
    const auto it = nodes.find(keyed(t->path));
    if (it == nodes.end()) return ErrorCode::kNoNode;
    const auto before = static_cast<int64_t>(it->second.data.value_or("").size());
    it->second.data.reset();
    if (t->data) it->second.data = std::string(*t->data);
    it->second.stat.version = t->version;
    it->second.stat.mzxid = zxid;
    it->second.stat.mtime = header.time_ms;
    count(it->first, 0, static_cast<int64_t>(it->second.data.value_or("").size()) - before);
    result.triggers.emplace_back(EventType::kNodeDataChanged, std::string(t->path));
    return ErrorCode::kOk;
  }
  if (const auto* t = std::get_if<jute::SetAclTxn>(&body)) {
    const auto it = nodes.find(keyed(t->path));
    if (it == nodes.end()) return ErrorCode::kNoNode;
    it->second.acl = t->acl;
    it->second.stat.aversion = t->version;
    return ErrorCode::kOk;
  }
  if (const auto* t = std::get_if<jute::ErrorTxn>(&body)) return t->error;
  if (const auto* t = std::get_if<jute::CloseSessionTxn>(&body)) {
    if (t->paths) {
      for (std::string_view path : *t->paths) remove(std::string(path), zxid, result);
    }
    for (const std::string& path : ephemerals(header.client_id.value)) {
      if (nodes.contains(path)) remove(path, zxid, result);
    }
  }
  return ErrorCode::kOk;
}

Model::Result Model::apply(const jute::Txn& txn) {
  Result result;
  if (const auto* multi = std::get_if<jute::MultiTxn>(&txn.body)) {
    bool seen = false;
    for (const jute::SubTxn& sub : multi->txns) {
      seen |= sub.type == jute::OpCode::kError;
      ErrorCode error = ErrorCode::kOk;
      if (!multi->failed() || sub.type == jute::OpCode::kError) {
        jute::TxnHeader header = txn.header;
        header.type = sub.type;
        error = apply_one(header, *jute::decode_txn_body(sub.type, sub.body), result);
      } else if (seen) {
        error = ErrorCode::kRuntimeInconsistency;
      }
      result.multi.push_back(error);
      if (result.error == ErrorCode::kOk) result.error = error;
    }
  } else {
    result.error = apply_one(txn.header, txn.body, result);
  }
  last_zxid = std::max(last_zxid, txn.header.zxid.value);
  return result;
}

namespace {

std::string node_difference(const Tree& tree, NodeId id, const std::string& path,
                            const Model& model) {
  const Model::Node& node = model.nodes.at(path);
  const int64_t owner = node.stat.ephemeral_owner;
  const bool ephemeral = kind_of_owner(owner, true) == NodeKind::kEphemeral;
  const jute::BufferView data = tree.data(id);
  const AclId acl = tree.acl_id(id);
  std::vector<std::string> names;
  tree.for_each_child(id, [&](std::string_view name) { names.emplace_back(name); });
  if (tree.path(id) != shown(path)) return "path";
  if (tree.stat_persisted(id) != node.stat) return "stat";
  if (data.has_value() != node.data.has_value()) return "null data";
  if (data.value_or("") != node.data.value_or("")) return "data " + std::string(data.value_or(""));
  if ((acl == kOpenAcl ? "" : tree.acl_bytes(acl)) != node.acl) return "ACL";
  if (names != model.children(path)) return "children";
  if (tree.num_children(id) != static_cast<int32_t>(names.size())) return "number of children";
  if (tree.quota_path(path).value_or("") != model.quota_of(path)) return "quota";
  if (ephemeral && tree.ephemerals_of(SessionId(owner)) != model.ephemerals(owner))
    return "ephemerals";
  const jute::Stat stat = tree.stat(id);
  if (stat.ephemeral_owner != (ephemeral ? owner : 0)) return "shown owner";
  if (stat.cversion != 2 * node.stat.cversion - stat.num_children) return "shown cversion";
  if (stat.data_length != static_cast<int32_t>(node.data.value_or("").size())) return "data length";
  return "";
}

}  // namespace

std::string difference(const Tree& tree, const Model& model) {
  if (tree.node_count() != model.nodes.size()) {
    return std::to_string(tree.node_count()) + " znodes, not " + std::to_string(model.nodes.size());
  }
  int64_t size = 1;
  size_t ephemerals = 0;
  for (const auto& [path, node] : model.nodes) {
    const NodeId id = tree.find(path);
    if (id == NodeId::kNone) return "no " + path;
    const std::string what = node_difference(tree, id, path, model);
    if (!what.empty()) return path + ": " + what;
    size += static_cast<int64_t>(path.size() + node.data.value_or("").size());
    ephemerals += kind_of_owner(node.stat.ephemeral_owner, true) == NodeKind::kEphemeral ? 1 : 0;
  }
  if (tree.approximate_data_size() != size) return "size";
  if (tree.ephemeral_count() != ephemerals) return "number of ephemerals";
  if (tree.last_processed_zxid().value != model.last_zxid) return "last zxid";
  if (tree.digest() != model.digest()) return "digest";
  return "";
}

}  // namespace zoetrope::tree
