// Every record of the client protocol, both ways (facts/client-protocol.md sections 3 to 7): plain
// structs of views, with read_* and write functions. Bodies only; framing stands in frame.hpp.
// A body decoder fails its Reader on malformed input; the server answers kMarshallingError then.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/event.hpp"
#include "core/jute/opcode.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::wire {

using jute::BufferView;
using jute::OpCode;
using jute::Reader;
using jute::Writer;

inline constexpr Xid kEventXid{-1};
inline constexpr Xid kPingXid{-2};
inline constexpr Xid kAuthXid{-4};
inline constexpr Xid kSetWatchesXid{-8};

// CreateMode flags (section 8).
enum class CreateFlags : int32_t {
  kPersistent = 0,
  kEphemeral = 1,
  kPersistentSequential = 2,
  kEphemeralSequential = 3,
  kContainer = 4,
  kPersistentTtl = 5,
  kPersistentSequentialTtl = 6,
};

// --- handshake ----------------------------------------------------------------------------------
struct ConnectRequest {
  int32_t protocol_version = 0;
  Zxid last_zxid_seen;
  int32_t timeout_ms = 0;
  SessionId session;
  BufferView password;
  bool read_only = false;
  bool has_read_only = true;  // old clients end before that byte
};
struct ConnectResponse {
  int32_t protocol_version = 0;
  int32_t timeout_ms = 0;
  SessionId session;
  std::string_view password;
  bool read_only = false;
  bool has_read_only = true;
};
ConnectRequest read_connect_request(Reader& in);
ConnectResponse read_connect_response(Reader& in);
void write(Writer& out, const ConnectRequest& request);
void write(Writer& out, const ConnectResponse& response);

// --- headers ------------------------------------------------------------------------------------
struct RequestHeader {
  Xid xid;
  OpCode type = OpCode::kNotification;
};
struct ReplyHeader {
  Xid xid;
  Zxid zxid;
  ErrorCode error = ErrorCode::kOk;
};
struct MultiHeader {
  OpCode type = OpCode::kError;
  bool done = false;
  ErrorCode error = ErrorCode::kOk;
};
inline constexpr MultiHeader kMultiEnd{OpCode::kError, true, static_cast<ErrorCode>(-1)};
RequestHeader read_request_header(Reader& in);
ReplyHeader read_reply_header(Reader& in);
MultiHeader read_multi_header(Reader& in);
void write(Writer& out, const RequestHeader& header);
void write(Writer& out, const ReplyHeader& header);
void write(Writer& out, const MultiHeader& header);

// --- request bodies -----------------------------------------------------------------------------
// create, create2, createContainer, createTTL. `acl` is an encoded vector<ACL> (may be the null one).
struct CreateRequest {
  std::string_view path;
  BufferView data;
  std::string_view acl;
  int32_t flags = 0;
  int64_t ttl_ms = 0;  // createTTL only
};
CreateRequest read_create_request(Reader& in, OpCode type);
void write(Writer& out, const CreateRequest& request, OpCode type);

// exists, getData, getChildren, getChildren2.
struct PathWatchRequest {
  std::string_view path;
  bool watch = false;
};
PathWatchRequest read_path_watch_request(Reader& in);
void write(Writer& out, const PathWatchRequest& request);

// delete, check.
struct PathVersionRequest {
  std::string_view path;
  int32_t version = -1;
};
PathVersionRequest read_path_version_request(Reader& in);
void write(Writer& out, const PathVersionRequest& request);

// getACL, sync, getEphemerals (null is read as ""), getAllChildrenNumber.
struct PathRequest {
  std::string_view path;
};
PathRequest read_path_request(Reader& in, OpCode type);
void write(Writer& out, const PathRequest& request);

struct SetDataRequest {
  std::string_view path;
  BufferView data;
  int32_t version = -1;
};
SetDataRequest read_set_data_request(Reader& in);
void write(Writer& out, const SetDataRequest& request);

struct SetAclRequest {
  std::string_view path;
  std::string_view acl;
  int32_t version = -1;
};
SetAclRequest read_set_acl_request(Reader& in);
void write(Writer& out, const SetAclRequest& request);

// checkWatches, removeWatches (type: watcher type), addWatch (type: mode).
struct PathTypeRequest {
  std::string_view path;
  int32_t type = 0;
};
PathTypeRequest read_path_type_request(Reader& in);
void write(Writer& out, const PathTypeRequest& request);

// setWatches; the last two lists only in setWatches2.
struct SetWatchesRequest {
  Zxid relative_zxid;
  std::vector<std::string_view> data, exist, child, persistent, recursive;
};
SetWatchesRequest read_set_watches_request(Reader& in, OpCode type);
void write(Writer& out, const SetWatchesRequest& request, OpCode type);

struct AuthPacket {
  int32_t type = 0;
  std::string_view scheme;
  BufferView auth;
};
AuthPacket read_auth_packet(Reader& in);
void write(Writer& out, const AuthPacket& packet);

struct ReconfigRequest {
  BufferView joining, leaving, new_members;
  int64_t config_id = -1;
};
ReconfigRequest read_reconfig_request(Reader& in);
void write(Writer& out, const ReconfigRequest& request);

struct SaslRequest {
  BufferView token;
};
SaslRequest read_sasl_request(Reader& in);
void write(Writer& out, const SaslRequest& request);

// One operation of a multi or multiRead.
struct MultiOp {
  OpCode type = OpCode::kError;
  std::variant<CreateRequest, PathVersionRequest, SetDataRequest, PathWatchRequest> body;
};
// Accepts create, create2, createContainer, createTTL, delete, setData, check (multi) or getData,
// getChildren (multiRead); anything else, and a mixture, is malformed (section 18: -5).
std::vector<MultiOp> read_multi_request(Reader& in, OpCode type);
void write(Writer& out, const std::vector<MultiOp>& ops);

// --- reply bodies and events --------------------------------------------------------------------
struct WatcherEvent {
  jute::EventType type = jute::EventType::kNone;
  int32_t state = 3;  // SyncConnected, the only one on the wire
  std::string_view path;
};
WatcherEvent read_watcher_event(Reader& in);
void write(Writer& out, const WatcherEvent& event);

struct ClientInfo {
  std::string_view scheme, user;
};
std::vector<ClientInfo> read_who_am_i(Reader& in);
void write(Writer& out, const std::vector<ClientInfo>& infos);

// One result of a multi or multiRead reply, as a client reads it.
struct MultiResult {
  OpCode type = OpCode::kError;
  ErrorCode error = ErrorCode::kOk;
  std::string_view path;                     // create, create2
  BufferView data;                           // getData
  std::vector<std::string_view> children;    // getChildren
  jute::Stat stat;                           // create2, setData, getData
};
std::vector<MultiResult> read_multi_reply(Reader& in);

// True for the types that a client may send at all (upstream Request.isValid); the others are
// answered by kUnimplemented and a closed connection.
bool is_client_op(OpCode type);
// Operations that go through the transaction log.
bool is_write(OpCode type);

}  // namespace zoetrope::wire
