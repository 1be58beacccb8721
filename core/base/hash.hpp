// A 64-bit hash that is the same in every build and on every machine: for state fingerprints, trace
// hashes and the engine's own tables. Not for checksums of stored data and not against adversaries.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace zoetrope {

constexpr uint64_t mix64(uint64_t x) {
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93ULL;
  x ^= x >> 32;
  x *= 0xD6E8FEB86659FD93ULL;
  return x ^ (x >> 32);
}

// Hash of a byte string, eight bytes at a time.
inline uint64_t hash_bytes(std::string_view bytes, uint64_t seed = 0) {
  uint64_t h = seed ^ (bytes.size() * 0x9E3779B97F4A7C15ULL);
  const char* p = bytes.data();
  size_t n = bytes.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    h = (h ^ mix64(word)) * 0x9FB21C651E98DF25ULL;
    h ^= h >> 29;
  }
  uint64_t tail = 0;
  if (n != 0) std::memcpy(&tail, p, n);
  return mix64(h ^ (tail * 0x9E3779B97F4A7C15ULL + n));
}

// Running hash over a sequence of values, in the order in which they are added.
class RunningHash {
 public:
  void add(uint64_t value) { state_ = mix64(state_ ^ mix64(value + 0x9E3779B97F4A7C15ULL)); }
  void add(std::string_view bytes) { add(hash_bytes(bytes)); }
  uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0x5A4F4554524F5045ULL;
};

}  // namespace zoetrope
