#include "core/pipeline/preparer.hpp"

#include "core/base/assert.hpp"
#include "core/pipeline/preparer_context.hpp"
#include "core/tree/path.hpp"

namespace zoetrope::pipeline {

using jute::OpCode;

Preparer::Preparer(PreparerConfig config, const tree::Tree& tree, session::SessionTracker& sessions)
    : config_(std::move(config)),
      tree_(tree),
      sessions_(sessions),
      changes_(tree, config_.digest_enabled),
      last_zxid_(tree.last_processed_zxid()) {}

void Preparer::reset(Zxid last) {
  last_zxid_ = last;
  changes_.reset();
}

void Preparer::begin(Prepared& prepared, SessionId session, int32_t cxid, OpCode type,
                     WallTime now) {
  last_zxid_ = last_zxid_.next();
  prepared.zxid = last_zxid_;
  jute::Writer out(prepared.payload);
  jute::write(out, jute::TxnHeader{session, cxid, prepared.zxid, now.ms, type});
}

void Preparer::finish(Prepared& prepared) {
  if (!config_.digest_enabled) return;
  jute::Writer out(prepared.payload);
  jute::write(out, jute::TxnDigest{2, changes_.digest()});
}

void Preparer::make_error(Prepared& prepared, ErrorCode error) {
  prepared.error = error;
  prepared.payload.resize(jute::kTxnHeaderSize);
  jute::Writer out(prepared.payload);
  out.patch_i32(jute::kTxnHeaderSize - 4, static_cast<int32_t>(OpCode::kError));
  jute::write(out, jute::ErrorTxn{error});
}

Prepared Preparer::prepare(const WriteRequest& request, WallTime now) {
  Prepared prepared;
  prepared.payload.reserve(jute::kTxnHeaderSize + request.body.size() + 64);
  begin(prepared, request.session, request.cxid, request.type, now);
  Context op{request, prepared.zxid, now.ms, jute::Reader(request.body), check_session(request)};
  jute::Writer out(prepared.payload);
  const ErrorCode error = request.type == OpCode::kMulti ? prepare_multi(op, prepared, out)
                                                         : prepare_op(op, request.type, out);
  if (error != ErrorCode::kOk)
    make_error(prepared, error);
  else
    finish(prepared);
  changes_.bind_data(error == ErrorCode::kOk ? std::string_view(prepared.payload)
                                             : std::string_view());
  return prepared;
}

ErrorCode Preparer::prepare_op(Context& op, OpCode type, jute::Writer& out) {
  switch (type) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl: {
      const wire::CreateRequest request = wire::read_create_request(op.in, type);
      return op.in.ok() ? prepare_create(op, request, type, out) : ErrorCode::kMarshallingError;
    }
    case OpCode::kDelete: {
      const wire::PathVersionRequest request = wire::read_path_version_request(op.in);
      return op.in.ok() ? prepare_delete(op, request, out) : ErrorCode::kMarshallingError;
    }
    case OpCode::kDeleteContainer: {
      const std::string_view path = op.in.string();
      return op.in.ok() ? prepare_delete_container(op, path, out) : ErrorCode::kMarshallingError;
    }
    case OpCode::kSetData: {
      const wire::SetDataRequest request = wire::read_set_data_request(op.in);
      return op.in.ok() ? prepare_set_data(op, request, out) : ErrorCode::kMarshallingError;
    }
    case OpCode::kSetAcl: {
      const wire::SetAclRequest request = wire::read_set_acl_request(op.in);
      return op.in.ok() ? prepare_set_acl(op, request, out) : ErrorCode::kMarshallingError;
    }
    case OpCode::kReconfig: {
      const wire::ReconfigRequest request = wire::read_reconfig_request(op.in);
      return op.in.ok() ? prepare_reconfig(op, request, out) : ErrorCode::kMarshallingError;
    }
    default: return ErrorCode::kUnimplemented;
  }
}

Prepared Preparer::prepare_create_session(SessionId session, int32_t timeout_ms, WallTime now) {
  Prepared prepared;
  begin(prepared, session, 0, OpCode::kCreateSession, now);
  jute::Writer out(prepared.payload);
  jute::write(out, jute::CreateSessionTxn{timeout_ms});
  finish(prepared);
  return prepared;
}

Prepared Preparer::prepare_close_session(SessionId session, int32_t cxid, WallTime now) {
  Prepared prepared;
  begin(prepared, session, cxid, OpCode::kCloseSession, now);
  // From here on every request of the session is refused, also those that are prepared before the
  // close is applied; else an ephemeral could outlive its session (ZOOKEEPER-1208).
  sessions_.set_closing(session);
  const std::vector<std::string> paths = changes_.ephemerals_of(session);
  for (const std::string& path : paths) {
    note_child_gone(tree::parent_path(path), prepared.zxid);
    changes_.erase_node(path, prepared.zxid);
  }
  jute::CloseSessionTxn txn;
  if (config_.close_session_txn_enabled) txn.paths.emplace(paths.begin(), paths.end());
  jute::Writer out(prepared.payload);
  jute::write(out, txn);
  finish(prepared);
  return prepared;
}

void Preparer::note_child_gone(std::string_view parent, Zxid zxid) {
  NodeRecord record;
  if (!changes_.load(parent, record)) return;
  --record.num_children;
  record.stat.pzxid = zxid.value;
  changes_.store(parent, std::move(record), zxid);
}

uint64_t Preparer::fingerprint() const {
  RunningHash hash;
  hash.add(static_cast<uint64_t>(last_zxid_.value));
  hash.add(changes_.fingerprint());
  return hash.value();
}

}  // namespace zoetrope::pipeline
