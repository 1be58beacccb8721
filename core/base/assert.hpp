// Assertions that stay on in every build: a broken invariant of ours ends the process (or, in the
// simulator, the run) at once. Owns nothing; never used for bad input, which is an ordinary error.
#pragma once

namespace zoetrope {

// Prints the expression and its place to stderr and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace zoetrope

#define ZT_ASSERT(condition)                           \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::zoetrope::assertion_failed(#condition, __FILE__, __LINE__))
