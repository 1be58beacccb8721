// The operations of a client, typed: one function a request, over a ClientSession. Adds the chroot
// to paths and takes it off again; notes the watches that were set. Owns nothing; never retries.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/client_session.hpp"
#include "core/base/error.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::app {

template <class T>
using Result = std::expected<T, ErrorCode>;

struct NodeData {
  std::optional<std::string> data;  // nullopt: the null buffer
  jute::Stat stat;
};
struct Children {
  std::vector<std::string> names;  // sorted
  jute::Stat stat;
};
struct NodeAcl {
  jute::AclList acl;
  jute::Stat stat;
};
// Which kind of znode a create makes.
struct CreateMode {
  bool ephemeral = false;
  bool sequential = false;
  bool container = false;
  std::optional<int64_t> ttl_ms;
};

// Gives the path that was made.
Result<std::string> create(ClientSession& session, std::string_view path, jute::BufferView data,
                           const jute::AclList& acl, const CreateMode& mode);
Result<void> remove(ClientSession& session, std::string_view path, int32_t version);
// One multi of deletes of any version: all or none.
Result<void> remove_all(ClientSession& session, const std::vector<std::string>& paths);
Result<NodeData> get(ClientSession& session, std::string_view path, bool watch);
Result<jute::Stat> set(ClientSession& session, std::string_view path, std::string_view data,
                       int32_t version);
// kNoNode when there is none; a watch is set all the same.
Result<jute::Stat> exists(ClientSession& session, std::string_view path, bool watch);
Result<Children> children(ClientSession& session, std::string_view path, bool watch);
Result<NodeAcl> get_acl(ClientSession& session, std::string_view path);
Result<jute::Stat> set_acl(ClientSession& session, std::string_view path, const jute::AclList& acl,
                           int32_t version);
Result<void> sync(ClientSession& session, std::string_view path);
Result<int32_t> all_children_number(ClientSession& session, std::string_view path);
// This session's ephemerals whose paths begin with a text, sorted.
Result<std::vector<std::string>> ephemerals(ClientSession& session, std::string_view prefix);
// Pairs of scheme and user.
Result<std::vector<std::pair<std::string, std::string>>> who_am_i(ClientSession& session);
Result<void> add_watch(ClientSession& session, std::string_view path, bool recursive);

// Which watches to remove (numbers as Watcher.WatcherType).
enum class WatcherType : int32_t { kChildren = 1, kData = 2, kAny = 3 };
// Removes all watches of a kind on a path and tells the owner of each. With `local` the client's
// own go even when the server cannot be asked.
Result<void> remove_watches(ClientSession& session, std::string_view path, WatcherType type,
                            bool local);

struct Reconfiguration {
  std::optional<std::string> joining, leaving, members;
  int64_t config_id = -1;
};
// Gives the new configuration.
Result<NodeData> reconfig(ClientSession& session, const Reconfiguration& reconfiguration);
// The configuration of the ensemble; not below the chroot.
Result<NodeData> get_config(ClientSession& session, bool watch);

}  // namespace zoetrope::app
