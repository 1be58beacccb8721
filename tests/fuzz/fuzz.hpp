// What every fuzz target needs: an input copied to memory of its exact size, so that the address
// sanitizer sees a read past its end, and an assertion that libFuzzer reports as a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/jute/archive.hpp"
#include "tests/support/bytes.hpp"

// libFuzzer calls it with one input after another; always 0.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace zoetrope::fuzz {

inline std::string_view view_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Holds, or the input is a finding.
inline void require(bool property) {
  if (!property) std::abort();
}

// What decodes must encode to bytes that decode to the same bytes again, and to the end.
template <class Recode>
void require_stable(std::string_view bytes, Recode&& recode) {
  const test::ExactCopy input(bytes);
  jute::Reader in(input.view());
  const std::string once = recode(in);
  if (!in.ok()) {
    require(in.error().offset <= bytes.size());
    require(!in.error().what.empty());
    return;
  }
  const test::ExactCopy encoded(once);
  jute::Reader again(encoded.view());
  require(recode(again) == once);
  require(again.ok());
  require(again.remaining() == 0);
}

}  // namespace zoetrope::fuzz
