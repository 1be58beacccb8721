#include "core/tree/path.hpp"

#include <cstddef>
#include <cstdint>

#include "core/base/assert.hpp"

namespace zoetrope::tree {

namespace {

constexpr uint32_t kMalformed = 0xFFFFFFFF;

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

// Reads one UTF-8 sequence of two or three bytes at `i` and moves past it. Sequences of four bytes
// would be surrogate pairs upstream, which no path may hold, so they count as malformed too.
uint32_t decode_multibyte(std::string_view s, size_t& i) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(s[k]); };
  const unsigned char lead = byte(i);
  if ((lead & 0xE0) == 0xC0 && s.size() - i >= 2 && is_continuation(byte(i + 1))) {
    const uint32_t c = (lead & 0x1FU) << 6 | (byte(i + 1) & 0x3FU);
    i += 2;
    return c < 0x80 ? kMalformed : c;
  }
  if ((lead & 0xF0) == 0xE0 && s.size() - i >= 3 && is_continuation(byte(i + 1)) &&
      is_continuation(byte(i + 2))) {
    const uint32_t c = (lead & 0x0FU) << 12 | (byte(i + 1) & 0x3FU) << 6 | (byte(i + 2) & 0x3FU);
    i += 3;
    return c < 0x800 ? kMalformed : c;
  }
  return kMalformed;
}

bool forbidden(uint32_t c) {
  return c == kMalformed || c < 0x20 || (c >= 0x7F && c <= 0x9F) || (c >= 0xD800 && c <= 0xF8FF) ||
         (c >= 0xFFF0 && c <= 0xFFFF);
}

bool valid_component(std::string_view component) {
  return !component.empty() && component != "." && component != "..";
}

}  // namespace

bool valid_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  if (path.size() == 1) return true;
  size_t start = 1;
  for (size_t i = 1; i < path.size();) {
    const auto c = static_cast<unsigned char>(path[i]);
    if (c == '/') {
      if (!valid_component(path.substr(start, i - start))) return false;
      start = ++i;
    } else if (c < 0x80) {
      if (forbidden(c)) return false;
      ++i;
    } else if (forbidden(decode_multibyte(path, i))) {
      return false;
    }
  }
  return valid_component(path.substr(start));
}

std::string_view parent_path(std::string_view path) {
  const size_t slash = path.rfind('/');
  ZT_ASSERT(slash != std::string_view::npos);
  return path.substr(0, slash);
}

std::string_view last_component(std::string_view path) {
  const size_t slash = path.rfind('/');
  ZT_ASSERT(slash != std::string_view::npos);
  return path.substr(slash + 1);
}

}  // namespace zoetrope::tree
