#include "app/client_operations.hpp"

#include <algorithm>

#include "core/wire/messages.hpp"

namespace zoetrope::app {
namespace {

using jute::OpCode;

constexpr std::string_view kConfigPath = "/zookeeper/config";

template <class Request>
std::string encode(const Request& request) {
  std::string body;
  wire::Writer out(body);
  wire::write(out, request);
  return body;
}

std::string encode(const wire::CreateRequest& request, OpCode type) {
  std::string body;
  wire::Writer out(body);
  wire::write(out, request, type);
  return body;
}

std::string encode_acl(const jute::AclList& acl) {
  std::string bytes;
  jute::Writer out(bytes);
  jute::write(out, acl);
  return bytes;
}

// Decodes a reply; a malformed one is an error of the connection.
template <class Read>
auto decode(const Result<std::string>& body, Read read)
    -> Result<decltype(read(std::declval<wire::Reader&>()))> {
  if (!body) return std::unexpected(body.error());
  wire::Reader in(*body);
  auto value = read(in);
  if (!in.ok()) return std::unexpected(ErrorCode::kMarshallingError);
  return value;
}

Result<void> without_body(const Result<std::string>& reply) {
  if (!reply) return std::unexpected(reply.error());
  return {};
}

std::vector<std::string> sorted(const std::vector<std::string_view>& views) {
  std::vector<std::string> all(views.begin(), views.end());
  std::sort(all.begin(), all.end());
  return all;
}

NodeData node_data(const wire::DataReply& reply) {
  return {reply.data ? std::optional<std::string>(*reply.data) : std::nullopt, reply.stat};
}

Result<NodeData> get_at(ClientSession& session, const std::string& path, bool watch) {
  return decode(session.call(OpCode::kGetData, encode(wire::PathWatchRequest{path, watch})),
                [](wire::Reader& in) { return node_data(wire::read_data_reply(in)); });
}

struct CreateCode {
  OpCode type;
  wire::CreateFlags flags;
};

CreateCode code_of(const CreateMode& mode) {
  using wire::CreateFlags;
  if (mode.container) return {OpCode::kCreateContainer, CreateFlags::kContainer};
  if (mode.ttl_ms) {
    return {OpCode::kCreateTtl,
            mode.sequential ? CreateFlags::kPersistentSequentialTtl : CreateFlags::kPersistentTtl};
  }
  if (mode.ephemeral) {
    return {OpCode::kCreate,
            mode.sequential ? CreateFlags::kEphemeralSequential : CreateFlags::kEphemeral};
  }
  return {OpCode::kCreate,
          mode.sequential ? CreateFlags::kPersistentSequential : CreateFlags::kPersistent};
}

}  // namespace

Result<std::string> create(ClientSession& session, std::string_view path, jute::BufferView data,
                           const jute::AclList& acl, const CreateMode& mode) {
  const auto [type, flags] = code_of(mode);
  const std::string at = session.server_path(path);
  const std::string acl_bytes = encode_acl(acl);
  const wire::CreateRequest request{at, data, acl_bytes, static_cast<int32_t>(flags),
                                    mode.ttl_ms.value_or(0)};
  // The Stat that some kinds answer with stands behind the path.
  return decode(session.call(type, encode(request, type)), [&](wire::Reader& in) {
    return session.client_path(wire::read_path_reply(in).path);
  });
}

Result<void> remove(ClientSession& session, std::string_view path, int32_t version) {
  const std::string at = session.server_path(path);
  return without_body(session.call(OpCode::kDelete, encode(wire::PathVersionRequest{at, version})));
}

Result<void> remove_all(ClientSession& session, const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  std::vector<wire::MultiOp> ops;
  for (const std::string& path : paths) names.push_back(session.server_path(path));
  for (const std::string& name : names) {
    ops.push_back({OpCode::kDelete, wire::PathVersionRequest{name, -1}});
  }
  const auto results = decode(session.call(OpCode::kMulti, encode(ops)),
                              [](wire::Reader& in) { return wire::read_multi_reply(in); });
  if (!results) return std::unexpected(results.error());
  for (const wire::MultiResult& result : *results) {
    // Operations before the one that failed have no error of their own.
    if (result.type == OpCode::kError && result.error != ErrorCode::kOk) {
      return std::unexpected(result.error);
    }
  }
  return {};
}

Result<NodeData> get(ClientSession& session, std::string_view path, bool watch) {
  auto result = get_at(session, session.server_path(path), watch);
  if (result && watch) session.watches().add(WatchKind::kData, path);
  return result;
}

Result<jute::Stat> set(ClientSession& session, std::string_view path, std::string_view data,
                       int32_t version) {
  const std::string at = session.server_path(path);
  return decode(session.call(OpCode::kSetData, encode(wire::SetDataRequest{at, data, version})),
                jute::read_stat);
}

Result<jute::Stat> exists(ClientSession& session, std::string_view path, bool watch) {
  const std::string at = session.server_path(path);
  auto result = decode(session.call(OpCode::kExists, encode(wire::PathWatchRequest{at, watch})),
                       jute::read_stat);
  if (watch && result) session.watches().add(WatchKind::kData, path);
  if (watch && !result && result.error() == ErrorCode::kNoNode) {
    session.watches().add(WatchKind::kExist, path);
  }
  return result;
}

Result<Children> children(ClientSession& session, std::string_view path, bool watch) {
  const std::string at = session.server_path(path);
  auto result =
      decode(session.call(OpCode::kGetChildren2, encode(wire::PathWatchRequest{at, watch})),
             [](wire::Reader& in) {
               const wire::ChildrenStatReply reply = wire::read_children_stat_reply(in);
               return Children{sorted(reply.children), reply.stat};
             });
  if (result && watch) session.watches().add(WatchKind::kChild, path);
  return result;
}

Result<NodeAcl> get_acl(ClientSession& session, std::string_view path) {
  const std::string at = session.server_path(path);
  return decode(session.call(OpCode::kGetAcl, encode(wire::PathRequest{at})), [](wire::Reader& in) {
    NodeAcl result;
    result.acl = jute::read_acl_list(in);
    result.stat = jute::read_stat(in);
    return result;
  });
}

Result<jute::Stat> set_acl(ClientSession& session, std::string_view path, const jute::AclList& acl,
                           int32_t version) {
  const std::string at = session.server_path(path);
  const std::string acl_bytes = encode_acl(acl);
  return decode(session.call(OpCode::kSetAcl, encode(wire::SetAclRequest{at, acl_bytes, version})),
                jute::read_stat);
}

Result<void> sync(ClientSession& session, std::string_view path) {
  const std::string at = session.server_path(path);
  return without_body(session.call(OpCode::kSync, encode(wire::PathRequest{at})));
}

Result<int32_t> all_children_number(ClientSession& session, std::string_view path) {
  const std::string at = session.server_path(path);
  return decode(session.call(OpCode::kGetAllChildrenNumber, encode(wire::PathRequest{at})),
                [](wire::Reader& in) { return wire::read_count_reply(in).count; });
}

Result<std::vector<std::string>> ephemerals(ClientSession& session, std::string_view prefix) {
  const std::string at = session.server_path(prefix);
  return decode(session.call(OpCode::kGetEphemerals, encode(wire::PathRequest{at})),
                [&](wire::Reader& in) {
                  std::vector<std::string> paths = sorted(wire::read_children_reply(in).children);
                  for (std::string& path : paths) path = session.client_path(path);
                  return paths;
                });
}

Result<std::vector<std::pair<std::string, std::string>>> who_am_i(ClientSession& session) {
  return decode(session.call(OpCode::kWhoAmI, {}), [](wire::Reader& in) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const wire::ClientInfo& info : wire::read_who_am_i(in)) {
      all.emplace_back(info.scheme, info.user);
    }
    std::sort(all.begin(), all.end());
    return all;
  });
}

Result<void> add_watch(ClientSession& session, std::string_view path, bool recursive) {
  const std::string at = session.server_path(path);
  const auto error =
      decode(session.call(OpCode::kAddWatch, encode(wire::PathTypeRequest{at, recursive ? 1 : 0})),
             [](wire::Reader& in) { return wire::read_error_reply(in).error; });
  if (!error) return std::unexpected(error.error());
  if (*error != ErrorCode::kOk) return std::unexpected(*error);
  session.watches().add(recursive ? WatchKind::kRecursive : WatchKind::kPersistent, path);
  return {};
}

Result<void> remove_watches(ClientSession& session, std::string_view path, WatcherType type,
                            bool local) {
  const std::string at = session.server_path(path);
  const auto reply = session.call(OpCode::kRemoveWatches,
                                  encode(wire::PathTypeRequest{at, static_cast<int32_t>(type)}));
  if (!reply && !local) return std::unexpected(reply.error());
  const auto drop = [&](WatchKind kind, WatchEventType event) {
    if (!session.watches().remove(kind, path)) return false;
    session.tell(event, path);
    return true;
  };
  bool any = false;
  if (type != WatcherType::kData)
    any |= drop(WatchKind::kChild, WatchEventType::kChildWatchRemoved);
  if (type != WatcherType::kChildren) {
    any |= drop(WatchKind::kData, WatchEventType::kDataWatchRemoved);
    any |= drop(WatchKind::kExist, WatchEventType::kDataWatchRemoved);
  }
  if (type == WatcherType::kAny) {
    any |= drop(WatchKind::kPersistent, WatchEventType::kPersistentWatchRemoved);
    any |= drop(WatchKind::kRecursive, WatchEventType::kPersistentWatchRemoved);
  }
  if (!any) return std::unexpected(ErrorCode::kNoWatcher);
  return {};
}

Result<NodeData> reconfig(ClientSession& session, const Reconfiguration& reconfiguration) {
  const auto view = [](const std::optional<std::string>& text) {
    return text ? jute::BufferView(*text) : std::nullopt;
  };
  const wire::ReconfigRequest request{view(reconfiguration.joining), view(reconfiguration.leaving),
                                      view(reconfiguration.members), reconfiguration.config_id};
  return decode(session.call(OpCode::kReconfig, encode(request)),
                [](wire::Reader& in) { return node_data(wire::read_data_reply(in)); });
}

Result<NodeData> get_config(ClientSession& session, bool watch) {
  auto result = get_at(session, std::string(kConfigPath), watch);
  if (result && watch) session.watches().add(WatchKind::kData, kConfigPath);
  return result;
}

}  // namespace zoetrope::app
