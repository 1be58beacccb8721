#include "core/wire/multi.hpp"

#include <algorithm>
#include <string>

#include "core/base/assert.hpp"

namespace zoetrope::wire {

namespace {

// Most multis are short; one allocation serves them, and a forged frame cannot ask for more.
constexpr size_t kOpsReserved = 16;
// Header, and a path of no bytes with a watch flag or nothing at all.
constexpr size_t kOpSizeMin = kMultiHeaderSize + 5;

bool allowed(OpCode request, OpCode op) {
  switch (op) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
    case OpCode::kDelete:
    case OpCode::kSetData:
    case OpCode::kCheck:
      return request == OpCode::kMulti;
    case OpCode::kGetData:
    case OpCode::kGetChildren:
      return request == OpCode::kMultiRead;
    default:
      return false;
  }
}

MultiOp read_op(Reader& in, OpCode type) {
  switch (type) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      return {type, read_create_request(in, type)};
    case OpCode::kSetData:
      return {type, read_set_data_request(in)};
    case OpCode::kGetData:
    case OpCode::kGetChildren:
      return {type, read_path_watch_request(in)};
    default:
      return {type, read_path_version_request(in)};
  }
}

MultiResult read_result(Reader& in, OpCode type) {
  MultiResult result;
  result.type = type;
  switch (type) {
    case OpCode::kCreate:
      result.path = in.string();
      break;
    case OpCode::kCreate2:
      result.path = in.string();
      result.stat = jute::read_stat(in);
      break;
    case OpCode::kDelete:
    case OpCode::kCheck:
      break;
    case OpCode::kSetData:
      result.stat = jute::read_stat(in);
      break;
    case OpCode::kGetChildren:
      result.children = jute::read_strings(in);
      break;
    case OpCode::kGetData:
      result.data = in.buffer();
      result.stat = jute::read_stat(in);
      break;
    case OpCode::kError:
      result.error = static_cast<ErrorCode>(in.i32());
      break;
    default:
      in.fail("type " + std::to_string(static_cast<int32_t>(type)) + " in a multi reply");
  }
  return result;
}

}  // namespace

std::vector<MultiOp> read_multi_request(Reader& in, OpCode type) {
  std::vector<MultiOp> ops;
  MultiHeader header = read_multi_header(in);
  if (in.ok() && !header.done) ops.reserve(std::min(kOpsReserved, 1 + in.remaining() / kOpSizeMin));
  while (in.ok() && !header.done) {
    if (!allowed(type, header.type)) {
      in.fail("operation " + std::to_string(static_cast<int32_t>(header.type)) + " in a " +
              std::string(jute::to_string(type)));
      break;
    }
    ops.push_back(read_op(in, header.type));
    header = read_multi_header(in);
  }
  if (!in.ok()) ops.clear();
  return ops;
}

void write(Writer& out, const std::vector<MultiOp>& ops) {
  for (const MultiOp& op : ops) {
    write(out, MultiHeader{op.type, false, static_cast<ErrorCode>(-1)});
    if (const auto* create = std::get_if<CreateRequest>(&op.body)) {
      write(out, *create, op.type);
    } else if (const auto* path_version = std::get_if<PathVersionRequest>(&op.body)) {
      write(out, *path_version);
    } else if (const auto* set_data = std::get_if<SetDataRequest>(&op.body)) {
      write(out, *set_data);
    } else {
      write(out, std::get<PathWatchRequest>(op.body));
    }
  }
  write(out, kMultiEnd);
}

std::vector<MultiResult> read_multi_reply(Reader& in) {
  std::vector<MultiResult> results;
  MultiHeader header = read_multi_header(in);
  while (in.ok() && !header.done) {
    results.push_back(read_result(in, header.type));
    header = read_multi_header(in);
  }
  if (!in.ok()) results.clear();
  return results;
}

void write(Writer& out, const MultiResult& result) {
  const bool failed = result.type == OpCode::kError;
  write(out, MultiHeader{result.type, false, failed ? result.error : ErrorCode::kOk});
  switch (result.type) {
    case OpCode::kCreate:
      out.string(result.path);
      break;
    case OpCode::kCreate2:
      out.string(result.path);
      jute::write(out, result.stat);
      break;
    case OpCode::kDelete:
    case OpCode::kCheck:
      break;
    case OpCode::kSetData:
      jute::write(out, result.stat);
      break;
    case OpCode::kGetChildren:
      jute::write_strings(out, result.children);
      break;
    case OpCode::kGetData:
      out.buffer(result.data);
      jute::write(out, result.stat);
      break;
    case OpCode::kError:
      out.i32(static_cast<int32_t>(result.error));
      break;
    default:
      ZT_ASSERT(!"type of a multi result");
  }
}

void write(Writer& out, const std::vector<MultiResult>& results) {
  for (const MultiResult& result : results) write(out, result);
  write(out, kMultiEnd);
}

}  // namespace zoetrope::wire
