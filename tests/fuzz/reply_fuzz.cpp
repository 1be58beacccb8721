// First byte: the operation, as a signed number, or -1 for a watch event; then the body of its
// reply.
#include "core/wire/operations.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/recode.hpp"

using namespace zoetrope;
using jute::OpCode;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body = fuzz::view_of(data, size).substr(1);
  const auto type = static_cast<OpCode>(static_cast<int8_t>(data[0]));
  if (type == OpCode::kError) {
    fuzz::require_stable(body, test::recode_event);
  } else if (wire::is_client_op(type)) {
    fuzz::require_stable(body, [&](jute::Reader& in) { return test::recode_reply(type, in); });
  }
  return 0;
}
