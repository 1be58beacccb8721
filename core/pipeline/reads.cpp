#include "core/pipeline/reads.hpp"

#include <algorithm>
#include <string>

namespace zoetrope::pipeline {

using jute::OpCode;
using tree::NodeId;

namespace {

// Upstream's `user:x`: the identity without its secret.
void mask_digests(jute::AclList& acl) {
  for (jute::Acl& entry : acl) {
    if (entry.id.scheme != "digest") continue;
    const size_t colon = entry.id.id.find(':');
    if (colon != std::string::npos) entry.id.id = entry.id.id.substr(0, colon) + ":x";
  }
}

}  // namespace

Reads::Reads(const tree::Tree& tree, watch::WatchTable& watches, const tree::AuthConfig& auth,
             bool compatible_with_3_8)
    : tree_(tree), watches_(watches), auth_(auth), compatible_with_3_8_(compatible_with_3_8) {}

bool Reads::permitted(NodeId node, int32_t permissions, const Asker& asker) const {
  const tree::AclId id = tree_.acl_id(node);
  return id == tree::kOpenAcl || tree::permits(tree_.acl(id), permissions, *asker.ids, auth_);
}

ErrorCode Reads::execute(OpCode type, std::string_view body, const Asker& asker,
                         jute::Writer& out) {
  jute::Reader in(body);
  switch (type) {
    case OpCode::kExists: return exists(in, asker, out);
    case OpCode::kGetData: {
      const wire::PathWatchRequest request = wire::read_path_watch_request(in);
      return in.ok() ? get_data(request, asker, out) : ErrorCode::kMarshallingError;
    }
    case OpCode::kGetChildren:
    case OpCode::kGetChildren2: {
      const wire::PathWatchRequest request = wire::read_path_watch_request(in);
      if (!in.ok()) return ErrorCode::kMarshallingError;
      return get_children(request, asker, type == OpCode::kGetChildren2, out);
    }
    case OpCode::kGetAcl: return get_acl(in, asker, out);
    case OpCode::kSync: {
      // The path is an echo and no more: it may name nothing, and it may be null.
      const jute::BufferView path = in.nullable_string();
      if (!in.ok()) return ErrorCode::kMarshallingError;
      out.buffer(path);
      return ErrorCode::kOk;
    }
    case OpCode::kGetEphemerals: return get_ephemerals(in, asker, out);
    case OpCode::kGetAllChildrenNumber: return get_all_children_number(in, asker, out);
    case OpCode::kMultiRead: return multi_read(in, asker, out);
    case OpCode::kAddWatch: return add_watch(in, asker, out);
    case OpCode::kCheckWatches:
    case OpCode::kRemoveWatches: return check_or_remove_watches(in, type, asker);
    case OpCode::kWhoAmI: return who_am_i(asker, out);
    default: return ErrorCode::kUnimplemented;
  }
}

ErrorCode Reads::exists(jute::Reader& in, const Asker& asker, jute::Writer& out) {
  const wire::PathWatchRequest request = wire::read_path_watch_request(in);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  if (request.path.find('\0') != std::string_view::npos) return ErrorCode::kBadArguments;
  const NodeId node = tree_.find(request.path);
  if (node != NodeId::kNone && !compatible_with_3_8_ && !permitted(node, jute::kRead, asker)) {
    return ErrorCode::kNoAuth;
  }
  // The one read that leaves a watch on a znode that is not there.
  if (request.watch) watches_.add(request.path, asker.connection, watch::kData);
  if (node == NodeId::kNone) return ErrorCode::kNoNode;
  jute::write(out, tree_.stat(node));
  return ErrorCode::kOk;
}

ErrorCode Reads::get_data(const wire::PathWatchRequest& request, const Asker& asker,
                          jute::Writer& out) {
  const NodeId node = tree_.find(request.path);
  if (node == NodeId::kNone) return ErrorCode::kNoNode;
  if (!permitted(node, jute::kRead, asker)) return ErrorCode::kNoAuth;
  if (request.watch) watches_.add(request.path, asker.connection, watch::kData);
  out.buffer(tree_.data(node));
  jute::write(out, tree_.stat(node));
  return ErrorCode::kOk;
}

ErrorCode Reads::get_children(const wire::PathWatchRequest& request, const Asker& asker,
                              bool with_stat, jute::Writer& out) {
  const NodeId node = tree_.find(request.path);
  if (node == NodeId::kNone) return ErrorCode::kNoNode;
  if (!permitted(node, jute::kRead, asker)) return ErrorCode::kNoAuth;
  if (request.watch) watches_.add(request.path, asker.connection, watch::kChild);
  out.i32(tree_.num_children(node));
  tree_.for_each_child(node, [&out](std::string_view name) { out.string(name); });
  if (with_stat) jute::write(out, tree_.stat(node));
  return ErrorCode::kOk;
}

ErrorCode Reads::get_acl(jute::Reader& in, const Asker& asker, jute::Writer& out) {
  const wire::PathRequest request = wire::read_path_request(in, OpCode::kGetAcl);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  const NodeId node = tree_.find(request.path);
  if (node == NodeId::kNone) return ErrorCode::kNoNode;
  if (!permitted(node, jute::kRead | jute::kAdmin, asker)) return ErrorCode::kNoAuth;
  const tree::AclId id = tree_.acl_id(node);
  if (id == tree::kOpenAcl) {
    out.raw(jute::open_acl_bytes());
  } else if (permitted(node, jute::kAdmin, asker)) {
    out.raw(tree_.acl_bytes(id));
  } else {
    jute::AclList acl = tree_.acl(id);
    mask_digests(acl);
    jute::write(out, acl);
  }
  jute::write(out, tree_.stat(node));
  return ErrorCode::kOk;
}

ErrorCode Reads::get_ephemerals(jute::Reader& in, const Asker& asker, jute::Writer& out) {
  const wire::PathRequest request = wire::read_path_request(in, OpCode::kGetEphemerals);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  std::vector<std::string> paths = tree_.ephemerals_of(asker.session);
  // A blank prefix, and "/", mean all of them.
  const bool all =
      request.path == "/" || request.path.find_first_not_of(" \t\r\n\f") == std::string_view::npos;
  if (!all)
    std::erase_if(paths, [&](const std::string& p) { return !p.starts_with(request.path); });
  out.i32(static_cast<int32_t>(paths.size()));
  for (const std::string& path : paths) out.string(path);
  return ErrorCode::kOk;
}

ErrorCode Reads::get_all_children_number(jute::Reader& in, const Asker& asker, jute::Writer& out) {
  const wire::PathRequest request = wire::read_path_request(in, OpCode::kGetAllChildrenNumber);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  const NodeId node = tree_.find(request.path);
  if (node == NodeId::kNone) return ErrorCode::kNoNode;
  if (!permitted(node, jute::kRead, asker)) return ErrorCode::kNoAuth;
  // Upstream's table has the root as "" and as "/"; asked for "" it counts the other one too.
  const int64_t twin = request.path.empty() ? 1 : 0;
  out.i32(static_cast<int32_t>(tree_.descendant_count(node) + twin));
  return ErrorCode::kOk;
}

ErrorCode Reads::multi_read(jute::Reader& in, const Asker& asker, jute::Writer& out) {
  const std::vector<wire::MultiOp> ops = wire::read_multi_request(in, OpCode::kMultiRead);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  std::string result;
  for (const wire::MultiOp& op : ops) {
    result.clear();
    jute::Writer result_out(result);
    wire::PathWatchRequest request = std::get<wire::PathWatchRequest>(op.body);
    request.watch = false;
    const ErrorCode error = op.type == OpCode::kGetData
                                ? get_data(request, asker, result_out)
                                : get_children(request, asker, false, result_out);
    if (error == ErrorCode::kOk) {
      wire::write(out, wire::MultiHeader{op.type, false, ErrorCode::kOk});
      out.raw(result);
    } else {
      wire::write(out, wire::MultiHeader{OpCode::kError, false, error});
      out.i32(static_cast<int32_t>(error));
    }
  }
  wire::write(out, wire::kMultiEnd);
  return ErrorCode::kOk;
}

ErrorCode Reads::add_watch(jute::Reader& in, const Asker& asker, jute::Writer& out) {
  const wire::PathTypeRequest request = wire::read_path_type_request(in);
  if (!in.ok() || request.type < 0 || request.type > 1) return ErrorCode::kMarshallingError;
  watches_.add(request.path, asker.connection,
               request.type == 0 ? watch::kPersistent : watch::kRecursive);
  out.i32(0);
  return ErrorCode::kOk;
}

ErrorCode Reads::check_or_remove_watches(jute::Reader& in, OpCode type, const Asker& asker) {
  const wire::PathTypeRequest request = wire::read_path_type_request(in);
  const int32_t type_max = compatible_with_3_8_ ? 3 : 5;
  if (!in.ok() || request.type < 1 || request.type > type_max) return ErrorCode::kMarshallingError;
  const auto watcher_type = static_cast<watch::WatcherType>(request.type);
  const bool found =
      type == OpCode::kRemoveWatches ? watches_.remove(request.path, asker.connection, watcher_type)
      : compatible_with_3_8_         ? watches_.anyone_watches(request.path, watcher_type)
                             : watches_.contains(request.path, asker.connection, watcher_type);
  return found ? ErrorCode::kOk : ErrorCode::kNoWatcher;
}

ErrorCode Reads::who_am_i(const Asker& asker, jute::Writer& out) {
  std::vector<std::string> users;
  users.reserve(asker.ids->size());
  for (const jute::Id& id : *asker.ids) users.push_back(tree::user_name(id));
  std::vector<wire::ClientInfo> infos;
  for (size_t i = 0; i < users.size(); ++i) infos.push_back({(*asker.ids)[i].scheme, users[i]});
  wire::write(out, infos);
  return ErrorCode::kOk;
}

ErrorCode Reads::set_watches(OpCode type, std::string_view body, ConnectionId connection,
                             std::vector<jute::Trigger>& missed) {
  jute::Reader in(body);
  const wire::SetWatchesRequest request = wire::read_set_watches_request(in, type);
  if (!in.ok()) return ErrorCode::kMarshallingError;
  const int64_t seen = request.relative_zxid.value;
  for (std::string_view path : request.data) {
    const NodeId node = tree_.find(path);
    if (node == NodeId::kNone)
      missed.push_back({jute::EventType::kNodeDeleted, path});
    else if (tree_.stat_persisted(node).mzxid > seen)
      missed.push_back({jute::EventType::kNodeDataChanged, path});
    else
      watches_.add(path, connection, watch::kData);
  }
  for (std::string_view path : request.exist) {
    if (tree_.find(path) != NodeId::kNone)
      missed.push_back({jute::EventType::kNodeCreated, path});
    else
      watches_.add(path, connection, watch::kData);
  }
  for (std::string_view path : request.child) {
    const NodeId node = tree_.find(path);
    if (node == NodeId::kNone)
      missed.push_back({jute::EventType::kNodeDeleted, path});
    else if (tree_.stat_persisted(node).pzxid > seen)
      missed.push_back({jute::EventType::kNodeChildrenChanged, path});
    else
      watches_.add(path, connection, watch::kChild);
  }
  for (std::string_view path : request.persistent)
    watches_.add(path, connection, watch::kPersistent);
  for (std::string_view path : request.recursive) watches_.add(path, connection, watch::kRecursive);
  return ErrorCode::kOk;
}

}  // namespace zoetrope::pipeline
