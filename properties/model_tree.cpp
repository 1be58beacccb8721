#include "properties/model_tree.hpp"

#include <algorithm>
#include <cstdio>

namespace zoetrope::properties {
namespace {

constexpr int64_t kTtlMax = (int64_t{1} << 40) - 1;

Result failed(ErrorCode error) {
  Result result;
  result.error = error;
  return result;
}

std::string sequence_suffix(int32_t number) {
  char text[16];
  std::snprintf(text, sizeof text, "%010d", number);
  return text;
}

// The version after `current`; -1 stands for "any" and is passed over.
int32_t next_version(int32_t current) {
  const int32_t next = static_cast<int32_t>(static_cast<uint32_t>(current) + 1);
  return next == -1 ? 0 : next;
}

bool reserved(std::string_view path) {
  return path == "/" || path == "/zookeeper" || path == "/zookeeper/quota" ||
         path == "/zookeeper/config";
}

bool is_ttl(NodeMode mode) {
  return mode == NodeMode::kTtl || mode == NodeMode::kTtlSequential;
}

Identities identities_of(const Context& context) {
  return context.identities != nullptr ? *context.identities : Identities();
}

}  // namespace

bool valid_model_path(std::string_view path) {
  if (path.empty() || path[0] != '/') return false;
  if (path == "/") return true;
  if (path.back() == '/') return false;
  size_t start = 1;
  while (start <= path.size()) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte >= 0x7f) return false;
    }
    start = end + 1;
  }
  return true;
}

std::string parent_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

ModelTree::ModelTree(bool extended_types_enabled)
    : extended_types_enabled_(extended_types_enabled) {
  for (const char* path : {"/", "/zookeeper", "/zookeeper/config", "/zookeeper/quota"}) {
    ModelNode node;
    node.data = "";
    nodes_.emplace(path, std::move(node));
  }
  nodes_.find("/")->second.children.insert("zookeeper");
  nodes_.find("/zookeeper")->second.children = {"config", "quota"};
}

const ModelNode* ModelTree::find(std::string_view path) const {
  const auto it = nodes_.find(path.empty() ? std::string_view("/") : path);
  return it == nodes_.end() ? nullptr : &it->second;
}

ModelNode* ModelTree::mutable_node(std::string_view path) {
  const auto it = nodes_.find(path);
  return it == nodes_.end() ? nullptr : &it->second;
}

Stat ModelTree::stat_of(const ModelNode& node) const {
  Stat stat;
  stat.czxid = node.czxid;
  stat.mzxid = node.mzxid;
  stat.pzxid = node.pzxid;
  stat.ctime = node.ctime;
  stat.mtime = node.mtime;
  stat.version = node.version;
  stat.aversion = node.aversion;
  stat.num_children = static_cast<int32_t>(node.children.size());
  stat.cversion = 2 * node.children_created - stat.num_children;
  stat.ephemeral_owner = node.owner.value;
  stat.data_length = node.data ? static_cast<int32_t>(node.data->size()) : 0;
  return stat;
}

std::vector<std::string> ModelTree::ephemerals_of(SessionId session) const {
  const auto it = ephemerals_.find(session);
  if (it == ephemerals_.end()) return {};
  return {it->second.begin(), it->second.end()};
}

void ModelTree::save(const std::string& path) {
  if (!undoing_) return;
  const ModelNode* node = find(path);
  undo_.push_back({path, node != nullptr ? std::optional(*node) : std::nullopt});
}

void ModelTree::roll_back() {
  for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) {
    const ModelNode* now = find(it->path);
    if (now != nullptr && now->owner.value != 0) ephemerals_[now->owner].erase(it->path);
    if (!it->before) {
      nodes_.erase(it->path);
      continue;
    }
    if (it->before->owner.value != 0) ephemerals_[it->before->owner].insert(it->path);
    nodes_[it->path] = std::move(*it->before);
  }
  undo_.clear();
}

Result ModelTree::write(const Arguments& args, const Context& context,
                        std::vector<Change>& changes) {
  switch (args.kind) {
    case OpKind::kCreate: return create(args, context, changes);
    case OpKind::kDelete: return remove(args, context, changes);
    case OpKind::kSetData: return set_data(args, context, changes);
    case OpKind::kSetAcl: return set_acl(args, context);
    case OpKind::kCheck: return check_version(args, context);
    default: return failed(ErrorCode::kUnimplemented);
  }
}

std::vector<Result> ModelTree::multi(const std::vector<Arguments>& parts, const Context& context,
                                     std::vector<Change>& changes) {
  std::vector<Result> results;
  const size_t changes_before = changes.size();
  undoing_ = true;
  for (const Arguments& part : parts) {
    results.push_back(write(part, context, changes));
    if (results.back().error == ErrorCode::kOk) continue;
    roll_back();
    changes.resize(changes_before);
    const ErrorCode error = results.back().error;
    const size_t failing = results.size() - 1;
    results.assign(parts.size(), failed(ErrorCode::kRuntimeInconsistency));
    std::fill_n(results.begin(), failing, Result{});
    results[failing].error = error;
    break;
  }
  undoing_ = false;
  undo_.clear();
  return results;
}

Result ModelTree::create(const Arguments& args, const Context& context,
                         std::vector<Change>& changes) {
  if (is_ttl(args.mode)) {
    if (!extended_types_enabled_) return failed(ErrorCode::kUnimplemented);
    if (args.ttl_ms <= 0 || args.ttl_ms > kTtlMax) return failed(ErrorCode::kBadArguments);
  }
  if (args.path.find('/') == std::string::npos || args.path.find('\0') != std::string::npos) {
    return failed(ErrorCode::kBadArguments);
  }
  const std::optional<Acl> acl = stored_acl(args.acl, identities_of(context));
  if (!acl) return failed(ErrorCode::kInvalidAcl);
  const std::string parent_path = parent_of(args.path);
  const ModelNode* parent = find(parent_path);
  if (parent == nullptr) return failed(ErrorCode::kNoNode);
  if (!permits(parent->acl, kCreateChild, identities_of(context)))
    return failed(ErrorCode::kNoAuth);
  std::string path = args.path;
  if (is_sequential(args.mode)) path += sequence_suffix(parent->children_created);
  if (!valid_model_path(path)) return failed(ErrorCode::kBadArguments);
  if (find(path) != nullptr) return failed(ErrorCode::kNodeExists);
  if (parent->owner.value != 0) return failed(ErrorCode::kNoChildrenForEphemerals);

  save(parent_path);
  save(path);
  ModelNode node;
  node.data = args.data;
  node.acl = *acl;
  node.czxid = node.mzxid = node.pzxid = context.zxid.value;
  node.ctime = node.mtime = context.time_ms;
  node.container = args.mode == NodeMode::kContainer;
  if (is_ttl(args.mode)) node.ttl_ms = args.ttl_ms;
  if (is_ephemeral(args.mode)) {
    node.owner = context.session;
    ephemerals_[context.session].insert(path);
  }
  changes.push_back({EventType::kNodeCreated, path, node.acl});
  changes.push_back({EventType::kNodeChildrenChanged, parent_path, parent->acl});
  Result result;
  result.path = path;
  if (args.with_stat) result.stat = stat_of(node);
  nodes_[path] = std::move(node);
  ModelNode& owner = *mutable_node(parent_path);
  owner.children.insert(path.substr(path.rfind('/') + 1));
  ++owner.children_created;
  owner.pzxid = context.zxid.value;
  return result;
}

void ModelTree::unlink(const std::string& path, Zxid zxid, std::vector<Change>& changes) {
  const std::string parent_path = parent_of(path);
  save(path);
  save(parent_path);
  const ModelNode& node = *find(path);
  ModelNode& parent = *mutable_node(parent_path);
  changes.push_back({EventType::kNodeDeleted, path, node.acl});
  changes.push_back({EventType::kNodeChildrenChanged, parent_path, parent.acl});
  if (node.owner.value != 0) ephemerals_[node.owner].erase(path);
  parent.children.erase(path.substr(path.rfind('/') + 1));
  parent.pzxid = std::max(parent.pzxid, zxid.value);
  nodes_.erase(path);
}

Result ModelTree::remove(const Arguments& args, const Context& context,
                         std::vector<Change>& changes) {
  if (reserved(args.path) || args.path.find('/') == std::string::npos) {
    return failed(ErrorCode::kBadArguments);
  }
  const ModelNode* parent = find(parent_of(args.path));
  if (parent == nullptr) return failed(ErrorCode::kNoNode);
  if (!permits(parent->acl, kDeleteChild, identities_of(context)))
    return failed(ErrorCode::kNoAuth);
  const ModelNode* node = find(args.path);
  if (node == nullptr) return failed(ErrorCode::kNoNode);
  if (args.version != -1 && args.version != node->version) return failed(ErrorCode::kBadVersion);
  if (!node->children.empty()) return failed(ErrorCode::kNotEmpty);
  unlink(args.path, context.zxid, changes);
  return {};
}

Result ModelTree::set_data(const Arguments& args, const Context& context,
                           std::vector<Change>& changes) {
  if (!valid_model_path(args.path)) return failed(ErrorCode::kBadArguments);
  ModelNode* node = mutable_node(args.path);
  if (node == nullptr) return failed(ErrorCode::kNoNode);
  if (!permits(node->acl, kWrite, identities_of(context))) return failed(ErrorCode::kNoAuth);
  if (args.version != -1 && args.version != node->version) return failed(ErrorCode::kBadVersion);
  save(args.path);
  node->data = args.data;
  node->version = next_version(node->version);
  node->mzxid = context.zxid.value;
  node->mtime = context.time_ms;
  changes.push_back({EventType::kNodeDataChanged, args.path, node->acl});
  Result result;
  result.stat = stat_of(*node);
  return result;
}

Result ModelTree::set_acl(const Arguments& args, const Context& context) {
  if (!valid_model_path(args.path)) return failed(ErrorCode::kBadArguments);
  const std::optional<Acl> acl = stored_acl(args.acl, identities_of(context));
  if (!acl) return failed(ErrorCode::kInvalidAcl);
  ModelNode* node = mutable_node(args.path);
  if (node == nullptr) return failed(ErrorCode::kNoNode);
  if (!permits(node->acl, kAdmin, identities_of(context))) return failed(ErrorCode::kNoAuth);
  if (args.version != -1 && args.version != node->aversion) return failed(ErrorCode::kBadVersion);
  save(args.path);
  node->acl = *acl;
  node->aversion = next_version(node->aversion);
  Result result;
  result.stat = stat_of(*node);
  return result;
}

Result ModelTree::check_version(const Arguments& args, const Context& context) {
  if (!valid_model_path(args.path)) return failed(ErrorCode::kBadArguments);
  const ModelNode* node = find(args.path);
  if (node == nullptr) return failed(ErrorCode::kNoNode);
  if (!permits(node->acl, kRead, identities_of(context))) return failed(ErrorCode::kNoAuth);
  if (args.version != -1 && args.version != node->version) return failed(ErrorCode::kBadVersion);
  return {};
}

void ModelTree::close_session(SessionId session, Zxid zxid, const std::vector<std::string>& order,
                              std::vector<Change>& changes) {
  const auto it = ephemerals_.find(session);
  if (it == ephemerals_.end()) return;
  const std::set<std::string> owned = std::move(it->second);
  ephemerals_.erase(it);
  for (const std::string& path : order) {
    if (owned.contains(path)) unlink(path, zxid, changes);
  }
  for (const std::string& path : owned) {
    if (find(path) != nullptr) unlink(path, zxid, changes);
  }
  ephemerals_.erase(session);
}

bool ModelTree::delete_container(const std::string& path, Zxid zxid, int64_t time_ms,
                                 std::vector<Change>& changes) {
  const ModelNode* node = find(path);
  if (node == nullptr || !node->children.empty()) return false;
  if (!node->container && node->ttl_ms == 0) return false;
  if (node->ttl_ms != 0 && time_ms - node->mtime < node->ttl_ms) return false;
  unlink(path, zxid, changes);
  return true;
}

}  // namespace zoetrope::properties
