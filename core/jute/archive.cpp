#include "core/jute/archive.hpp"

namespace zoetrope::jute {

bool Reader::refuse(const char* what) {
  if (!error_) fail(std::string("input ends within ") + what);
  return false;
}

void Reader::fail(std::string what) {
  if (!error_) error_ = DecodeError{std::move(what), offset_};
}

BufferView Reader::buffer() {
  const int32_t length = i32();
  if (error_ || length == -1) return std::nullopt;
  if (length < 0 || static_cast<size_t>(length) > length_max_) {
    fail("unreasonable length " + std::to_string(length));
    return std::nullopt;
  }
  if (!need(static_cast<size_t>(length), "buffer")) return std::nullopt;
  return raw(static_cast<size_t>(length));
}

std::string_view Reader::string() {
  const BufferView view = buffer();
  if (!view) {
    fail("null string");
    return {};
  }
  return *view;
}

int32_t Reader::count(size_t item_size_min) {
  const int32_t n = i32();
  if (error_) return 0;
  if (n < -1 || (n > 0 && static_cast<uint64_t>(n) * item_size_min > remaining())) {
    fail("unreasonable count " + std::to_string(n));
    return 0;
  }
  return n;
}

std::string_view Reader::raw(size_t n) {
  if (!need(n, "bytes")) return {};
  const std::string_view view = bytes_.substr(offset_, n);
  offset_ += n;
  return view;
}

}  // namespace zoetrope::jute
