// Bytes for tests: hexadecimal text, files of tests/data, and copies that end where their memory
// ends.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

// Unit tests are given the absolute path; the default serves a program run from the root.
#ifndef ZT_TEST_DATA
#define ZT_TEST_DATA "tests/data"
#endif

namespace zoetrope::test {

inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Spaces are skipped, so that a test may set its fields apart.
inline std::string unhex(std::string_view text) {
  std::string bytes;
  int high = -1;
  for (char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int digit = hex_digit(c);
    if (digit < 0) throw std::runtime_error("not hexadecimal: " + std::string(text));
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<char>(high << 4 | digit));
      high = -1;
    }
  }
  if (high >= 0) throw std::runtime_error("half a byte: " + std::string(text));
  return bytes;
}

inline std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char c : bytes) {
    text += kDigits[c >> 4];
    text += kDigits[c & 15];
  }
  return text;
}

// `name` is relative to tests/data.
inline std::string read_test_data(const std::string& name) {
  const std::string path = std::string(ZT_TEST_DATA) + "/" + name;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// A copy without a byte to spare, so that the address sanitizer sees a read past its end.
class ExactCopy {
 public:
  explicit ExactCopy(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
    if (!bytes.empty()) std::memcpy(bytes_.get(), bytes.data(), bytes.size());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

}  // namespace zoetrope::test
