#include "sim/client_codec.hpp"

#include <utility>

#include "core/wire/messages.hpp"

namespace zoetrope::sim {

using jute::OpCode;
using jute::Writer;
using properties::Arguments;
using properties::NodeMode;
using properties::Operation;
using properties::OpKind;
using properties::Result;
using properties::WatchList;

namespace {

std::string encoded_acl(const properties::Acl& acl) {
  jute::AclList list;
  for (const properties::AclEntry& entry : acl) {
    list.push_back({entry.permissions, {entry.id.scheme, entry.id.id}});
  }
  std::string bytes;
  Writer writer(bytes);
  jute::write(writer, list);
  return bytes;
}

jute::BufferView view(const std::optional<std::string>& data) {
  return data ? jute::BufferView(*data) : std::nullopt;
}

OpCode create_type(const Arguments& args) {
  switch (args.mode) {
    case NodeMode::kContainer: return OpCode::kCreateContainer;
    case NodeMode::kTtl:
    case NodeMode::kTtlSequential: return OpCode::kCreateTtl;
    default: return args.with_stat ? OpCode::kCreate2 : OpCode::kCreate;
  }
}

OpCode type_of(const Arguments& args) {
  switch (args.kind) {
    case OpKind::kCreate: return create_type(args);
    case OpKind::kDelete: return OpCode::kDelete;
    case OpKind::kSetData: return OpCode::kSetData;
    case OpKind::kSetAcl: return OpCode::kSetAcl;
    case OpKind::kCheck: return OpCode::kCheck;
    case OpKind::kMulti: return OpCode::kMulti;
    case OpKind::kReconfig: return OpCode::kReconfig;
    case OpKind::kCloseSession: return OpCode::kCloseSession;
    case OpKind::kExists: return OpCode::kExists;
    case OpKind::kGetData: return OpCode::kGetData;
    case OpKind::kGetAcl: return OpCode::kGetAcl;
    case OpKind::kGetChildren: return args.with_stat ? OpCode::kGetChildren2 : OpCode::kGetChildren;
    case OpKind::kGetAllChildrenNumber: return OpCode::kGetAllChildrenNumber;
    case OpKind::kGetEphemerals: return OpCode::kGetEphemerals;
    case OpKind::kMultiRead: return OpCode::kMultiRead;
    case OpKind::kSync: return OpCode::kSync;
    case OpKind::kAddWatch: return OpCode::kAddWatch;
    case OpKind::kRemoveWatches: return OpCode::kRemoveWatches;
    case OpKind::kCheckWatches: return OpCode::kCheckWatches;
    case OpKind::kSetWatches: return OpCode::kSetWatches2;
    case OpKind::kAuth: return OpCode::kAuth;
    case OpKind::kPing: return OpCode::kPing;
    case OpKind::kMalformed: break;
  }
  return OpCode::kNotification;
}

wire::CreateRequest create_request(const Arguments& args, std::string_view acl) {
  return {args.path, view(args.data), acl, static_cast<int32_t>(args.mode), args.ttl_ms};
}

void write_multi(Writer& out, const Operation& op) {
  std::vector<std::string> acls;  // the requests hold views
  acls.reserve(op.parts.size());
  std::vector<wire::MultiOp> ops;
  for (const Arguments& part : op.parts) {
    wire::MultiOp multi_op;
    multi_op.type = type_of(part);
    switch (part.kind) {
      case OpKind::kCreate:
        acls.push_back(encoded_acl(part.acl));
        multi_op.body = create_request(part, acls.back());
        break;
      case OpKind::kSetData:
        multi_op.body = wire::SetDataRequest{part.path, view(part.data), part.version};
        break;
      case OpKind::kGetData:
      case OpKind::kGetChildren: multi_op.body = wire::PathWatchRequest{part.path, false}; break;
      default: multi_op.body = wire::PathVersionRequest{part.path, part.version}; break;
    }
    ops.push_back(std::move(multi_op));
  }
  wire::write(out, ops);
}

void write_set_watches(Writer& out, const Operation& op, OpCode type) {
  wire::SetWatchesRequest request;
  request.relative_zxid = op.relative_zxid;
  for (const properties::WatchEntry& entry : op.watches) {
    switch (entry.list) {
      case WatchList::kData: request.data.push_back(entry.path); break;
      case WatchList::kExist: request.exist.push_back(entry.path); break;
      case WatchList::kChild: request.child.push_back(entry.path); break;
      case WatchList::kPersistent: request.persistent.push_back(entry.path); break;
      case WatchList::kRecursive: request.recursive.push_back(entry.path); break;
    }
  }
  wire::write(out, request, type);
}

void write_body(Writer& out, const Operation& op, OpCode type) {
  const Arguments& args = op.args;
  switch (args.kind) {
    case OpKind::kCreate: {
      const std::string acl = encoded_acl(args.acl);
      wire::write(out, create_request(args, acl), type);
      break;
    }
    case OpKind::kDelete:
      wire::write(out, wire::PathVersionRequest{args.path, args.version});
      break;
    case OpKind::kSetData:
      wire::write(out, wire::SetDataRequest{args.path, view(args.data), args.version});
      break;
    case OpKind::kSetAcl: {
      const std::string acl = encoded_acl(args.acl);
      wire::write(out, wire::SetAclRequest{args.path, acl, args.version});
      break;
    }
    case OpKind::kReconfig: {
      const jute::BufferView leaving =
          args.path.empty() ? std::nullopt : jute::BufferView(args.path);
      wire::ReconfigRequest request{view(args.data), leaving, std::nullopt, -1};
      if (args.with_stat) request = {std::nullopt, std::nullopt, view(args.data), -1};
      wire::write(out, request);
      break;
    }
    case OpKind::kMulti:
    case OpKind::kMultiRead: write_multi(out, op); break;
    case OpKind::kExists:
    case OpKind::kGetData:
    case OpKind::kGetChildren:
      wire::write(out, wire::PathWatchRequest{args.path, args.watch});
      break;
    case OpKind::kGetAcl:
    case OpKind::kGetAllChildrenNumber:
    case OpKind::kGetEphemerals:
    case OpKind::kSync: wire::write(out, wire::PathRequest{args.path}); break;
    case OpKind::kAddWatch:
    case OpKind::kRemoveWatches:
    case OpKind::kCheckWatches:
      wire::write(out, wire::PathTypeRequest{args.path, args.watch_type});
      break;
    case OpKind::kSetWatches: write_set_watches(out, op, type); break;
    case OpKind::kAuth: wire::write(out, wire::AuthPacket{0, args.path, view(args.data)}); break;
    case OpKind::kCheck:
    case OpKind::kCloseSession:
    case OpKind::kPing:
    case OpKind::kMalformed: break;
  }
}

std::vector<std::string> owned(const std::vector<std::string_view>& names) {
  return {names.begin(), names.end()};
}

Result result_of(const wire::MultiResult& part) {
  Result result;
  result.error = part.error;
  if (part.error != ErrorCode::kOk) return result;
  switch (part.type) {
    case OpCode::kCreate: result.path = part.path; break;
    case OpCode::kCreate2:
      result.path = part.path;
      result.stat = history_stat(part.stat);
      break;
    case OpCode::kSetData: result.stat = history_stat(part.stat); break;
    case OpCode::kGetData:
      if (part.data) result.data = std::string(*part.data);
      result.stat = history_stat(part.stat);
      break;
    case OpCode::kGetChildren: result.children = owned(part.children); break;
    default: break;
  }
  return result;
}

void decode_create(jute::Reader& in, Operation& op) {
  if (create_type(op.args) == OpCode::kCreate) {
    op.result.path = wire::read_path_reply(in).path;
    return;
  }
  const wire::PathStatReply reply = wire::read_path_stat_reply(in);
  op.result.path = reply.path;
  op.result.stat = history_stat(reply.stat);
}

void decode_acl(jute::Reader& in, Operation& op) {
  const wire::AclReply reply = wire::read_acl_reply(in);
  jute::Reader acl(reply.acl);
  op.result.acl = history_acl(jute::read_acl_list(acl));
  op.result.stat = history_stat(reply.stat);
}

void decode_children(jute::Reader& in, Operation& op) {
  if (!op.args.with_stat || op.args.kind == OpKind::kGetEphemerals) {
    op.result.children = owned(wire::read_children_reply(in).children);
    return;
  }
  const wire::ChildrenStatReply reply = wire::read_children_stat_reply(in);
  op.result.children = owned(reply.children);
  op.result.stat = history_stat(reply.stat);
}

}  // namespace

properties::Stat history_stat(const jute::Stat& s) {
  return {s.czxid,    s.mzxid,           s.ctime,       s.mtime,        s.version, s.cversion,
          s.aversion, s.ephemeral_owner, s.data_length, s.num_children, s.pzxid};
}

properties::Acl history_acl(const jute::AclList& acl) {
  properties::Acl copy;
  for (const jute::Acl& entry : acl) {
    copy.push_back({entry.permissions, {entry.id.scheme, entry.id.id}});
  }
  return copy;
}

OpCode request_type(const Operation& op) {
  if (op.args.kind != OpKind::kSetWatches) return type_of(op.args);
  // The older request will do when the older kinds of watch are all there is.
  for (const properties::WatchEntry& entry : op.watches) {
    if (entry.list >= WatchList::kPersistent) return OpCode::kSetWatches2;
  }
  return OpCode::kSetWatches;
}

void close_frame(std::string& out, size_t start) {
  const size_t length = out.size() - start - 4;
  Writer(out).patch_i32(start, static_cast<int32_t>(length));
}

void encode_request(const Operation& op, std::string& out) {
  const size_t start = out.size();
  const OpCode type = request_type(op);
  Writer writer(out);
  writer.i32(0);
  wire::write(writer, wire::RequestHeader{op.xid, type});
  write_body(writer, op, type);
  close_frame(out, start);
}

bool decode_reply(jute::Reader& in, Operation& op) {
  switch (op.args.kind) {
    case OpKind::kCreate: decode_create(in, op); break;
    case OpKind::kSetData:
    case OpKind::kSetAcl:
    case OpKind::kExists: op.result.stat = history_stat(jute::read_stat(in)); break;
    case OpKind::kReconfig:
    case OpKind::kGetData: {
      const wire::DataReply reply = wire::read_data_reply(in);
      if (reply.data) op.result.data = std::string(*reply.data);
      op.result.stat = history_stat(reply.stat);
      break;
    }
    case OpKind::kGetAcl: decode_acl(in, op); break;
    case OpKind::kGetChildren:
    case OpKind::kGetEphemerals: decode_children(in, op); break;
    case OpKind::kGetAllChildrenNumber: op.result.number = wire::read_count_reply(in).count; break;
    case OpKind::kMulti:
    case OpKind::kMultiRead:
      for (const wire::MultiResult& part : wire::read_multi_reply(in)) {
        op.part_results.push_back(result_of(part));
      }
      break;
    case OpKind::kSync: op.result.path = wire::read_path_reply(in).path; break;
    case OpKind::kAddWatch: wire::read_error_reply(in); break;
    case OpKind::kMalformed: return true;
    default: break;
  }
  return in.ok() && in.remaining() == 0;
}

}  // namespace zoetrope::sim
