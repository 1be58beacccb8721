// multi and multiRead, requests and replies (facts/client-protocol.md section 7): a list of
// operations or results, each behind a MultiHeader, closed by kMultiEnd. Views into the bytes that
// were read. Never executes anything; the atomicity of a multi is the pipeline's.
#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "core/base/error.hpp"
#include "core/jute/records.hpp"
#include "core/wire/headers.hpp"
#include "core/wire/requests.hpp"

namespace zoetrope::wire {

// One operation of a multi or multiRead.
struct MultiOp {
  OpCode type = OpCode::kError;
  std::variant<CreateRequest, PathVersionRequest, SetDataRequest, PathWatchRequest> body;
  bool operator==(const MultiOp&) const = default;
};
// Accepts create, create2, createContainer, createTTL, delete, setData, check (multi) or getData,
// getChildren (multiRead); anything else, and a mixture, is malformed (section 7: -5).
std::vector<MultiOp> read_multi_request(Reader& in, OpCode type);
// Each body must be of the kind that its type asks for.
void write(Writer& out, const std::vector<MultiOp>& ops);

// One result of a multi or multiRead reply.
struct MultiResult {
  OpCode type = OpCode::kError;
  ErrorCode error = ErrorCode::kOk;        // kError
  std::string_view path;                   // create, create2
  BufferView data;                         // getData
  std::vector<std::string_view> children;  // getChildren
  jute::Stat stat;                         // create2, setData, getData
  bool operator==(const MultiResult&) const = default;
};
std::vector<MultiResult> read_multi_reply(Reader& in);
// The whole reply, end header included.
void write(Writer& out, const std::vector<MultiResult>& results);
// One result with its header, for a server that writes them as it goes; kMultiEnd comes after the
// last.
void write(Writer& out, const MultiResult& result);

}  // namespace zoetrope::wire
