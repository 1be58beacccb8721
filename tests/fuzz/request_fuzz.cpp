// First byte: the operation, as a signed number; then the body of its request.
#include "core/wire/operations.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/recode.hpp"

using namespace zoetrope;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto type = static_cast<jute::OpCode>(static_cast<int8_t>(data[0]));
  if (!wire::is_client_op(type)) return 0;
  fuzz::require_stable(fuzz::view_of(data, size).substr(1),
                       [&](jute::Reader& in) { return test::recode_request(type, in); });
  return 0;
}
