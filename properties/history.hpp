// What clients of one cluster did and saw, and what its log says: the one type that every checker
// reads. Plain values over the base types; it owns its data and judges nothing.
// A history may come from the simulator or from real clients; parts that only a simulator can know
// (the committed log, the final tree) may be empty, and then the checkers that need them stay
// silent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"

namespace zoetrope::properties {

// A point of the history: when, and its place in the one order of all that was recorded.
struct Moment {
  MonotonicTime at;
  uint64_t sequence = 0;
  auto operator<=>(const Moment&) const = default;
};

enum class OpKind : uint8_t {
  kCreate,
  kDelete,
  kSetData,
  kSetAcl,
  kCheck,  // only as a part of a multi
  kMulti,
  kReconfig,  // `path` who leaves, `data` who joins; or, with `with_stat`, `data` all members
  kCloseSession,
  kExists,
  kGetData,
  kGetAcl,
  kGetChildren,
  kGetAllChildrenNumber,
  kGetEphemerals,
  kMultiRead,
  kSync,
  kAddWatch,
  kRemoveWatches,
  kCheckWatches,
  kSetWatches,
  kAuth,
  kPing,
  kMalformed,  // bytes that are no proper request; nothing is known of the answer
};
std::string_view to_string(OpKind kind);
// Operations that go through the transaction log and consume a zxid.
bool is_write(OpKind kind);

enum class NodeMode : uint8_t {
  kPersistent,
  kEphemeral,
  kPersistentSequential,
  kEphemeralSequential,
  kContainer,
  kTtl,
  kTtlSequential,
};
std::string_view to_string(NodeMode mode);
bool is_ephemeral(NodeMode mode);
bool is_sequential(NodeMode mode);

// Permission bits of an ACL entry (facts/client-protocol.md section 14).
enum Permission : int32_t {
  kRead = 1,
  kWrite = 2,
  kCreateChild = 4,
  kDeleteChild = 8,
  kAdmin = 16,
  kAllPermissions = 31
};

struct Identity {
  std::string scheme;
  std::string id;
  auto operator<=>(const Identity&) const = default;
};
struct AclEntry {
  int32_t permissions = kAllPermissions;
  Identity id;
  auto operator<=>(const AclEntry&) const = default;
};
using Acl = std::vector<AclEntry>;
Acl open_acl();  // world:anyone may do everything

// What a client sees of a znode (facts/client-protocol.md section 3).
struct Stat {
  int64_t czxid = 0, mzxid = 0, ctime = 0, mtime = 0;
  int32_t version = 0, cversion = 0, aversion = 0;
  int64_t ephemeral_owner = 0;
  int32_t data_length = 0, num_children = 0;
  int64_t pzxid = 0;
  auto operator<=>(const Stat&) const = default;
};

// Upstream Watcher.Event.EventType.
enum class EventType : int8_t {
  kNodeCreated = 1,
  kNodeDeleted = 2,
  kNodeDataChanged = 3,
  kNodeChildrenChanged = 4,
};
std::string_view to_string(EventType type);

// The arguments of one operation or of one part of a multi. Fields that an operation does not have
// keep their defaults.
struct Arguments {
  OpKind kind = OpKind::kPing;
  std::string path;
  std::optional<std::string> data;
  int32_t version = -1;
  NodeMode mode = NodeMode::kPersistent;
  bool with_stat = false;  // create2 and getChildren2: the reply holds a Stat
  bool watch = false;
  int32_t watch_type = 0;  // mode of addWatch, watcher type of removeWatches and checkWatches
  int64_t ttl_ms = 0;
  Acl acl;
};

struct Result {
  ErrorCode error = ErrorCode::kOk;
  std::string path;
  std::optional<std::string> data;
  std::optional<Stat> stat;
  std::vector<std::string> children;
  int64_t number = 0;
  Acl acl;
};

// Which list of a setWatches a path stands in.
enum class WatchList : uint8_t { kData, kExist, kChild, kPersistent, kRecursive };
struct WatchEntry {
  WatchList list = WatchList::kData;
  std::string path;
};

// One request of a client and, if it came, its reply. Without `completed` the outcome is unknown.
struct Operation {
  uint32_t client = 0;
  uint32_t connection = 0;  // index into History::connections
  SessionId session;        // 0 when the session's id was not yet known at the invocation
  Xid xid;
  Arguments args;
  std::vector<Arguments> parts;     // multi, multiRead
  std::vector<WatchEntry> watches;  // setWatches
  Zxid relative_zxid;               // setWatches
  Moment invoked;
  std::optional<Moment> completed;
  Zxid zxid;  // of the reply
  Result result;
  std::vector<Result> part_results;
};

struct WatchEvent {
  uint32_t connection = 0;
  Moment received;
  Zxid zxid;  // of the header; -1 where the server gives none
  EventType type = EventType::kNodeCreated;
  std::string path;
};

// One connection of a client, from its handshake to its end.
struct Connection {
  uint32_t client = 0;
  ServerId server;              // 0: unknown
  SessionId requested_session;  // 0: a new one
  Zxid last_zxid_seen;
  Moment opened;
  std::optional<Moment> established;
  SessionId session;       // 0 until established
  int32_t timeout_ms = 0;  // negotiated
  bool refused = false;    // the server answered that the session is no more
  std::optional<Moment> closed;
  std::vector<Identity>
      identities;  // what the server knows the connection by, after its auth packets
};

enum class ServerEventKind : uint8_t { kStarted, kCrashed, kStopped };
struct ServerEvent {
  ServerId server;
  ServerEventKind kind = ServerEventKind::kStarted;
  Moment when;
};

// A configuration that was seen in force at a server, when it was new there or the server had just
// started.
struct ConfigurationEvent {
  ServerId server;
  // The zxid of the reconfiguration that made it. With a counter of 0 it is the start of the epoch
  // that gave the operator's own a version; those have 0.
  int64_t version = 0;
  std::string text;   // with its version; equal text, equal configuration
  int64_t epoch = 0;  // in which the server then was
  bool is_at_start = false;
  Moment when;
};

// A transaction of the log, in the form that outlives every crash.
struct CommittedTxn {
  Zxid zxid;
  SessionId session;
  int32_t cxid = 0;
  int32_t type = 0;  // operation code (facts/client-protocol.md section 6); -1: a failed write
  int64_t time_ms = 0;
  ErrorCode error = ErrorCode::kOk;
  std::vector<std::string> paths;  // deleteContainer: the node; closeSession: its ephemerals in
                                   // order; reconfig: the text of the configuration
  // Its record was in the logs of a quorum; where that is not known, true.
  bool by_quorum = true;
  // When a server was first seen to have applied it, in the history's time; nullopt when unknown.
  std::optional<MonotonicTime> applied;
};
inline constexpr int32_t kTxnError = -1;
inline constexpr int32_t kTxnCreateSession = -10;
inline constexpr int32_t kTxnCloseSession = -11;
inline constexpr int32_t kTxnReconfig = 16;
inline constexpr int32_t kTxnDeleteContainer = 20;

struct FinalNode {
  std::string path;
  std::optional<std::string> data;
  Stat stat;
  Acl acl;
  bool operator==(const FinalNode&) const = default;
};

// What a checker has to know about the servers' configuration.
struct Setup {
  int32_t tick_time_ms = 2000;
  bool extended_types_enabled = false;
  // Longest time that a request sent on a live connection may take to reach the server, plus the
  // longest time that a commit may take while no server is down. 0: unknown, no upper bound
  // checked.
  Duration delay_max;
  // Servers of the ensemble; 1 for a server that stands alone.
  uint32_t servers = 1;
  // Longest time that a server may go on serving a session of which the one that watches over the
  // sessions hears nothing. 0 for a server that stands alone.
  Duration unheard_max;
  // From then on one leader has served without any fault; unknown: time bounds that rest on it are
  // not checked.
  std::optional<MonotonicTime> calm_since;
  // A session may be known to one server alone, and end with its part in the ensemble, until a
  // createSession stands in the log.
  bool local_sessions = false;
};

struct History {
  Setup setup;
  std::vector<Connection> connections;
  std::vector<Operation> operations;  // ascending by invocation
  std::vector<WatchEvent> events;     // ascending by arrival
  std::vector<ServerEvent> server_events;
  std::vector<ConfigurationEvent> configurations;  // ascending by time
  std::vector<CommittedTxn> committed;             // ascending by zxid
  bool has_committed = false;
  std::vector<FinalNode> final_nodes;
  bool has_final_nodes = false;
  MonotonicTime end;
};

// One line of plain text that shows the whole of it, for violations and traces.
std::string describe(const Operation& operation);
std::string describe(const WatchEvent& event);
std::string describe(const CommittedTxn& txn);
std::string describe(const ConfigurationEvent& event);
std::string describe(const Stat& stat);
std::string describe(const Acl& acl);

}  // namespace zoetrope::properties
