// multi: all operations under one zxid, or none; each sees the ones before it
// (facts/client-protocol.md section 7).
#include "core/pipeline/preparer.hpp"
#include "core/pipeline/preparer_context.hpp"

namespace zoetrope::pipeline {

using jute::OpCode;

ErrorCode Preparer::prepare_multi_op(Context& op, const wire::MultiOp& sub, jute::Writer& out) {
  switch (sub.type) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      return prepare_create(op, std::get<wire::CreateRequest>(sub.body), sub.type, out);
    case OpCode::kDelete:
      return prepare_delete(op, std::get<wire::PathVersionRequest>(sub.body), out);
    case OpCode::kSetData:
      return prepare_set_data(op, std::get<wire::SetDataRequest>(sub.body), out);
    case OpCode::kCheck:
      return prepare_check(op, std::get<wire::PathVersionRequest>(sub.body), out);
    default: return ErrorCode::kUnimplemented;
  }
}

ErrorCode Preparer::prepare_multi(Context& op, Prepared& prepared, jute::Writer& out) {
  const std::vector<wire::MultiOp> ops = wire::read_multi_request(op.in, OpCode::kMulti);
  if (!op.in.ok()) return ErrorCode::kMarshallingError;
  changes_.begin_undo();
  prepared.multi_types.reserve(ops.size());
  out.i32(static_cast<int32_t>(ops.size()));
  ErrorCode failure = ErrorCode::kOk;
  for (const wire::MultiOp& sub : ops) {
    prepared.multi_types.push_back(sub.type);
    const size_t start = out.size();
    // 3.8.0 cannot apply a create2 inside a multi, so the transaction says create; what the client
    // asked for is kept in multi_types.
    out.i32(static_cast<int32_t>(sub.type == OpCode::kCreate2 ? OpCode::kCreate : sub.type));
    out.i32(0);
    ErrorCode error = failure == ErrorCode::kOk ? prepare_multi_op(op, sub, out)
                                                : ErrorCode::kRuntimeInconsistency;
    if (error != ErrorCode::kOk) {
      if (failure == ErrorCode::kOk) failure = error;
      out.patch_i32(start, static_cast<int32_t>(OpCode::kError));
      jute::write(out, jute::ErrorTxn{error});
    }
    out.patch_i32(start + 4, static_cast<int32_t>(out.size() - start - 8));
  }
  if (failure == ErrorCode::kOk)
    changes_.commit_undo();
  else
    changes_.roll_back();
  // A session that moved away is not told as a result of an operation (ZOOKEEPER-2886); the whole
  // request fails, so that its connection is closed.
  return failure == ErrorCode::kSessionMoved ? failure : ErrorCode::kOk;
}

}  // namespace zoetrope::pipeline
