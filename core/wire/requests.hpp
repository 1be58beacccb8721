// Bodies of single requests, both ways (facts/client-protocol.md section 6). Strings and buffers
// are views into the bytes that were read; a path that is null on the wire fails the reader. Never
// judges what a request asks for: paths, flags and versions are the pipeline's to refuse.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/opcode.hpp"

namespace zoetrope::wire {

using jute::BufferView;
using jute::OpCode;
using jute::Reader;
using jute::Writer;

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
constexpr bool is_ephemeral(int32_t flags) {
  return flags == static_cast<int32_t>(CreateFlags::kEphemeral) ||
         flags == static_cast<int32_t>(CreateFlags::kEphemeralSequential);
}

// create, create2, createContainer, createTTL. `acl` is an encoded vector<ACL> (may be the null
// one); an empty view is written as the null vector.
struct CreateRequest {
  std::string_view path;
  BufferView data;
  std::string_view acl;
  int32_t flags = 0;
  int64_t ttl_ms = 0;  // createTTL only
  bool operator==(const CreateRequest&) const = default;
};
CreateRequest read_create_request(Reader& in, OpCode type);
void write(Writer& out, const CreateRequest& request, OpCode type);

// exists, getData, getChildren, getChildren2.
struct PathWatchRequest {
  std::string_view path;
  bool watch = false;
  bool operator==(const PathWatchRequest&) const = default;
};
inline PathWatchRequest read_path_watch_request(Reader& in) {
  PathWatchRequest request;
  request.path = in.string();
  request.watch = in.boolean();
  return request;
}
inline void write(Writer& out, const PathWatchRequest& request) {
  out.string(request.path);
  out.boolean(request.watch);
}

// delete, check.
struct PathVersionRequest {
  std::string_view path;
  int32_t version = -1;
  bool operator==(const PathVersionRequest&) const = default;
};
inline PathVersionRequest read_path_version_request(Reader& in) {
  PathVersionRequest request;
  request.path = in.string();
  request.version = in.i32();
  return request;
}
inline void write(Writer& out, const PathVersionRequest& request) {
  out.string(request.path);
  out.i32(request.version);
}

// getACL, sync, getEphemerals (null is read as ""), getAllChildrenNumber.
struct PathRequest {
  std::string_view path;
  bool operator==(const PathRequest&) const = default;
};
inline PathRequest read_path_request(Reader& in, OpCode type) {
  if (type == OpCode::kGetEphemerals) return {in.nullable_string().value_or(std::string_view())};
  return {in.string()};
}
inline void write(Writer& out, const PathRequest& request) {
  out.string(request.path);
}

struct SetDataRequest {
  std::string_view path;
  BufferView data;
  int32_t version = -1;
  bool operator==(const SetDataRequest&) const = default;
};
inline SetDataRequest read_set_data_request(Reader& in) {
  SetDataRequest request;
  request.path = in.string();
  request.data = in.buffer();
  request.version = in.i32();
  return request;
}
inline void write(Writer& out, const SetDataRequest& request) {
  out.string(request.path);
  out.buffer(request.data);
  out.i32(request.version);
}

// `acl` as in CreateRequest.
struct SetAclRequest {
  std::string_view path;
  std::string_view acl;
  int32_t version = -1;
  bool operator==(const SetAclRequest&) const = default;
};
SetAclRequest read_set_acl_request(Reader& in);
void write(Writer& out, const SetAclRequest& request);

// checkWatches, removeWatches (type: watcher type), addWatch (type: mode).
struct PathTypeRequest {
  std::string_view path;
  int32_t type = 0;
  bool operator==(const PathTypeRequest&) const = default;
};
PathTypeRequest read_path_type_request(Reader& in);
void write(Writer& out, const PathTypeRequest& request);

// setWatches; the last two lists only in setWatches2. A null list is read as an empty one.
struct SetWatchesRequest {
  Zxid relative_zxid;
  std::vector<std::string_view> data, exist, child, persistent, recursive;
  bool operator==(const SetWatchesRequest&) const = default;
};
SetWatchesRequest read_set_watches_request(Reader& in, OpCode type);
void write(Writer& out, const SetWatchesRequest& request, OpCode type);

// A null scheme fails the reader: no provider has that name.
struct AuthPacket {
  int32_t type = 0;
  std::string_view scheme;
  BufferView auth;
  bool operator==(const AuthPacket&) const = default;
};
AuthPacket read_auth_packet(Reader& in);
void write(Writer& out, const AuthPacket& packet);

// Comma separated server lists; new_members, when there, replaces the whole membership.
struct ReconfigRequest {
  BufferView joining, leaving, new_members;
  int64_t config_id = -1;
  bool operator==(const ReconfigRequest&) const = default;
};
ReconfigRequest read_reconfig_request(Reader& in);
void write(Writer& out, const ReconfigRequest& request);

struct SaslRequest {
  BufferView token;
  bool operator==(const SaslRequest&) const = default;
};
SaslRequest read_sasl_request(Reader& in);
void write(Writer& out, const SaslRequest& request);

}  // namespace zoetrope::wire
