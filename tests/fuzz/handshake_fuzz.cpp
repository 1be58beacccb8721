// First byte: whose first frame it is; then its payload.
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/recode.hpp"

using namespace zoetrope;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view payload = fuzz::view_of(data, size).substr(1);
  fuzz::require_stable(
      payload, (data[0] & 1) == 0 ? test::recode_connect_request : test::recode_connect_response);
  return 0;
}
