#include "core/wire/replies.hpp"

namespace zoetrope::wire {

namespace {
// A scheme and a user of no bytes.
constexpr size_t kClientInfoSizeMin = 8;
}  // namespace

PathReply read_path_reply(Reader& in) {
  return {in.string()};
}

void write(Writer& out, const PathReply& reply) {
  out.string(reply.path);
}

PathStatReply read_path_stat_reply(Reader& in) {
  PathStatReply reply;
  reply.path = in.string();
  reply.stat = jute::read_stat(in);
  return reply;
}

void write(Writer& out, const PathStatReply& reply) {
  out.string(reply.path);
  jute::write(out, reply.stat);
}

DataReply read_data_reply(Reader& in) {
  DataReply reply;
  reply.data = in.buffer();
  reply.stat = jute::read_stat(in);
  return reply;
}

void write(Writer& out, const DataReply& reply) {
  out.buffer(reply.data);
  jute::write(out, reply.stat);
}

AclReply read_acl_reply(Reader& in) {
  AclReply reply;
  reply.acl = jute::read_acl_bytes(in);
  reply.stat = jute::read_stat(in);
  return reply;
}

void write(Writer& out, const AclReply& reply) {
  if (reply.acl.empty())
    out.i32(-1);
  else
    out.raw(reply.acl);
  jute::write(out, reply.stat);
}

ChildrenReply read_children_reply(Reader& in) {
  return {jute::read_strings(in)};
}

void write(Writer& out, const ChildrenReply& reply) {
  jute::write_strings(out, reply.children);
}

ChildrenStatReply read_children_stat_reply(Reader& in) {
  ChildrenStatReply reply;
  reply.children = jute::read_strings(in);
  reply.stat = jute::read_stat(in);
  return reply;
}

void write(Writer& out, const ChildrenStatReply& reply) {
  jute::write_strings(out, reply.children);
  jute::write(out, reply.stat);
}

CountReply read_count_reply(Reader& in) {
  return {in.i32()};
}

void write(Writer& out, const CountReply& reply) {
  out.i32(reply.count);
}

ErrorReply read_error_reply(Reader& in) {
  return {static_cast<ErrorCode>(in.i32())};
}

void write(Writer& out, const ErrorReply& reply) {
  out.i32(static_cast<int32_t>(reply.error));
}

SaslReply read_sasl_reply(Reader& in) {
  return {in.buffer()};
}

void write(Writer& out, const SaslReply& reply) {
  out.buffer(reply.token);
}

std::vector<ClientInfo> read_who_am_i(Reader& in) {
  const int32_t n = in.count(kClientInfoSizeMin);
  std::vector<ClientInfo> infos;
  for (int32_t i = 0; i < n && in.ok(); ++i) {
    ClientInfo info;
    info.scheme = in.nullable_string().value_or(std::string_view());
    info.user = in.nullable_string().value_or(std::string_view());
    infos.push_back(info);
  }
  return infos;
}

void write(Writer& out, const std::vector<ClientInfo>& infos) {
  out.i32(static_cast<int32_t>(infos.size()));
  for (const ClientInfo& info : infos) {
    out.string(info.scheme);
    out.string(info.user);
  }
}

WatcherEvent read_watcher_event(Reader& in) {
  WatcherEvent event;
  event.type = static_cast<jute::EventType>(in.i32());
  event.state = in.i32();
  event.path = in.string();
  return event;
}

void write(Writer& out, const WatcherEvent& event) {
  out.i32(static_cast<int32_t>(event.type));
  out.i32(event.state);
  out.string(event.path);
}

}  // namespace zoetrope::wire
