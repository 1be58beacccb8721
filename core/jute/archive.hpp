// Jute, ZooKeeper's serialisation: big-endian primitives without tags or padding
// (facts/client-protocol.md section 2). The reader is sticky: the first malformed field makes it
// fail, later reads give zero values, and the caller asks once, at the end. It never trusts a
// length.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/endian.hpp"
#include "core/base/error.hpp"

namespace zoetrope::jute {

// A jute buffer as a view: nullopt is the null buffer (length -1), which differs from the empty
// one.
using BufferView = std::optional<std::string_view>;

// Appends to a string that the caller owns.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void i8(int8_t v) { out_.push_back(static_cast<char>(v)); }
  void boolean(bool v) { out_.push_back(v ? '\1' : '\0'); }
  void i32(int32_t v) {
    char b[4];
    store_be32(b, static_cast<uint32_t>(v));
    out_.append(b, 4);
  }
  void i64(int64_t v) {
    char b[8];
    store_be64(b, static_cast<uint64_t>(v));
    out_.append(b, 8);
  }
  void string(std::string_view v) {
    i32(static_cast<int32_t>(v.size()));
    out_.append(v);
  }
  void buffer(BufferView v) {
    if (v)
      string(*v);
    else
      i32(-1);
  }
  // Bytes that are already encoded.
  void raw(std::string_view v) { out_.append(v); }
  size_t size() const { return out_.size(); }
  // Overwrites four bytes written before, at `position`; for lengths known only afterwards.
  void patch_i32(size_t position, int32_t v) {
    store_be32(out_.data() + position, static_cast<uint32_t>(v));
  }

 private:
  std::string& out_;
};

// Reads from bytes that outlive it; strings and buffers are views into them.
class Reader {
 public:
  // `length_max`: longest string or buffer accepted, in bytes.
  explicit Reader(std::string_view bytes, size_t length_max = SIZE_MAX)
      : bytes_(bytes), length_max_(length_max) {}

  int8_t i8() { return need(1, "byte") ? static_cast<int8_t>(bytes_[offset_++]) : int8_t{0}; }
  bool boolean() { return i8() != 0; }
  int32_t i32() {
    if (!need(4, "int")) return 0;
    const uint32_t v = load_be32(bytes_.data() + offset_);
    offset_ += 4;
    return static_cast<int32_t>(v);
  }
  int64_t i64() {
    if (!need(8, "long")) return 0;
    const uint64_t v = load_be64(bytes_.data() + offset_);
    offset_ += 8;
    return static_cast<int64_t>(v);
  }
  BufferView buffer();
  // A string that may be null on the wire.
  BufferView nullable_string() { return buffer(); }
  // A string that must be there; null fails the reader.
  std::string_view string();
  // Number of items of a vector: -1 for null. Fails when the rest of the input could not hold that
  // many items of at least `item_size_min` bytes each, so a forged count never allocates.
  int32_t count(size_t item_size_min);
  // The next `n` bytes as they stand.
  std::string_view raw(size_t n);

  // Makes the reader fail, for a caller that found a value it cannot accept.
  void fail(std::string what);
  bool ok() const { return !error_; }
  size_t offset() const { return offset_; }
  size_t remaining() const { return bytes_.size() - offset_; }
  std::string_view rest() const { return bytes_.substr(offset_); }
  // Meaningful when !ok().
  DecodeError error() const { return error_.value_or(DecodeError{}); }

 private:
  bool need(size_t n, const char* what) {
    if (remaining() >= n && !error_) [[likely]] return true;
    return refuse(what);
  }
  // The rare half of need(): fails, unless the reader has failed before; always false.
  bool refuse(const char* what);

  std::string_view bytes_;
  size_t offset_ = 0;
  size_t length_max_;
  std::optional<DecodeError> error_;
};

}  // namespace zoetrope::jute
