#include "core/wire/requests.hpp"

#include "core/jute/records.hpp"

namespace zoetrope::wire {

namespace {
void write_acl(Writer& out, std::string_view acl) {
  if (acl.empty())
    out.i32(-1);
  else
    out.raw(acl);
}
}  // namespace

CreateRequest read_create_request(Reader& in, OpCode type) {
  CreateRequest request;
  request.path = in.string();
  request.data = in.buffer();
  request.acl = jute::read_acl_bytes(in);
  request.flags = in.i32();
  if (type == OpCode::kCreateTtl) request.ttl_ms = in.i64();
  return request;
}

void write(Writer& out, const CreateRequest& request, OpCode type) {
  out.string(request.path);
  out.buffer(request.data);
  write_acl(out, request.acl);
  out.i32(request.flags);
  if (type == OpCode::kCreateTtl) out.i64(request.ttl_ms);
}

SetAclRequest read_set_acl_request(Reader& in) {
  SetAclRequest request;
  request.path = in.string();
  request.acl = jute::read_acl_bytes(in);
  request.version = in.i32();
  return request;
}

void write(Writer& out, const SetAclRequest& request) {
  out.string(request.path);
  write_acl(out, request.acl);
  out.i32(request.version);
}

PathTypeRequest read_path_type_request(Reader& in) {
  PathTypeRequest request;
  request.path = in.string();
  request.type = in.i32();
  return request;
}

void write(Writer& out, const PathTypeRequest& request) {
  out.string(request.path);
  out.i32(request.type);
}

SetWatchesRequest read_set_watches_request(Reader& in, OpCode type) {
  SetWatchesRequest request;
  request.relative_zxid = Zxid(in.i64());
  request.data = jute::read_strings(in);
  request.exist = jute::read_strings(in);
  request.child = jute::read_strings(in);
  if (type == OpCode::kSetWatches2) {
    request.persistent = jute::read_strings(in);
    request.recursive = jute::read_strings(in);
  }
  return request;
}

void write(Writer& out, const SetWatchesRequest& request, OpCode type) {
  out.i64(request.relative_zxid.value);
  jute::write_strings(out, request.data);
  jute::write_strings(out, request.exist);
  jute::write_strings(out, request.child);
  if (type == OpCode::kSetWatches2) {
    jute::write_strings(out, request.persistent);
    jute::write_strings(out, request.recursive);
  }
}

AuthPacket read_auth_packet(Reader& in) {
  AuthPacket packet;
  packet.type = in.i32();
  packet.scheme = in.string();
  packet.auth = in.buffer();
  return packet;
}

void write(Writer& out, const AuthPacket& packet) {
  out.i32(packet.type);
  out.string(packet.scheme);
  out.buffer(packet.auth);
}

ReconfigRequest read_reconfig_request(Reader& in) {
  ReconfigRequest request;
  request.joining = in.nullable_string();
  request.leaving = in.nullable_string();
  request.new_members = in.nullable_string();
  request.config_id = in.i64();
  return request;
}

void write(Writer& out, const ReconfigRequest& request) {
  out.buffer(request.joining);
  out.buffer(request.leaving);
  out.buffer(request.new_members);
  out.i64(request.config_id);
}

SaslRequest read_sasl_request(Reader& in) {
  return {in.buffer()};
}

void write(Writer& out, const SaslRequest& request) {
  out.buffer(request.token);
}

}  // namespace zoetrope::wire
