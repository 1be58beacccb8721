// First byte: 0 multi request, 1 multiRead request, 2 reply of either; then the body.
#include "core/jute/opcode.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/recode.hpp"

using namespace zoetrope;
using jute::OpCode;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body = fuzz::view_of(data, size).substr(1);
  const uint8_t kind = data[0] % 3;
  fuzz::require_stable(body, [&](jute::Reader& in) {
    if (kind == 2) return test::recode_reply(OpCode::kMulti, in);
    return test::recode_request(kind == 0 ? OpCode::kMulti : OpCode::kMultiRead, in);
  });
  return 0;
}
