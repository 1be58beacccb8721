// Bodies of replies, and watch events, both ways (facts/client-protocol.md sections 6 and 13). A
// body follows its ReplyHeader when that one's error is kOk. Views into the bytes that were read.
// exists, setData and setACL answer a bare jute::Stat, which has its own read and write.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/event.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::wire {

using jute::BufferView;
using jute::Reader;
using jute::Writer;

// create, sync.
struct PathReply {
  std::string_view path;
  bool operator==(const PathReply&) const = default;
};
PathReply read_path_reply(Reader& in);
void write(Writer& out, const PathReply& reply);

// create2, createContainer, createTTL.
struct PathStatReply {
  std::string_view path;
  jute::Stat stat;
  bool operator==(const PathStatReply&) const = default;
};
PathStatReply read_path_stat_reply(Reader& in);
void write(Writer& out, const PathStatReply& reply);

// getData, reconfig.
struct DataReply {
  BufferView data;
  jute::Stat stat;
  bool operator==(const DataReply&) const = default;
};
DataReply read_data_reply(Reader& in);
void write(Writer& out, const DataReply& reply);

// getACL. `acl` is an encoded vector<ACL>; an empty view is written as the null vector.
struct AclReply {
  std::string_view acl;
  jute::Stat stat;
  bool operator==(const AclReply&) const = default;
};
AclReply read_acl_reply(Reader& in);
void write(Writer& out, const AclReply& reply);

// getChildren, getEphemerals. A null list is read as an empty one.
struct ChildrenReply {
  std::vector<std::string_view> children;
  bool operator==(const ChildrenReply&) const = default;
};
ChildrenReply read_children_reply(Reader& in);
void write(Writer& out, const ChildrenReply& reply);

// getChildren2.
struct ChildrenStatReply {
  std::vector<std::string_view> children;
  jute::Stat stat;
  bool operator==(const ChildrenStatReply&) const = default;
};
ChildrenStatReply read_children_stat_reply(Reader& in);
void write(Writer& out, const ChildrenStatReply& reply);

// getAllChildrenNumber.
struct CountReply {
  int32_t count = 0;
  bool operator==(const CountReply&) const = default;
};
CountReply read_count_reply(Reader& in);
void write(Writer& out, const CountReply& reply);

// addWatch: an error code beside the header's.
struct ErrorReply {
  ErrorCode error = ErrorCode::kOk;
  bool operator==(const ErrorReply&) const = default;
};
ErrorReply read_error_reply(Reader& in);
void write(Writer& out, const ErrorReply& reply);

// sasl.
struct SaslReply {
  BufferView token;
  bool operator==(const SaslReply&) const = default;
};
SaslReply read_sasl_reply(Reader& in);
void write(Writer& out, const SaslReply& reply);

// One identity of a connection, in the answer to whoAmI. Null fields are read as empty ones.
struct ClientInfo {
  std::string_view scheme, user;
  bool operator==(const ClientInfo&) const = default;
};
std::vector<ClientInfo> read_who_am_i(Reader& in);
void write(Writer& out, const std::vector<ClientInfo>& infos);

// Comes with xid kEventXid.
struct WatcherEvent {
  jute::EventType type = jute::EventType::kNone;
  int32_t state = 3;  // SyncConnected, the only one on the wire
  std::string_view path;
  bool operator==(const WatcherEvent&) const = default;
};
WatcherEvent read_watcher_event(Reader& in);
void write(Writer& out, const WatcherEvent& event);

}  // namespace zoetrope::wire
