// Big-endian loads and stores on raw bytes. Callers have checked the length.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace zoetrope {

inline uint32_t load_be32(const void* p) {
  uint32_t v;
  std::memcpy(&v, p, 4);
  return __builtin_bswap32(v);
}
inline uint64_t load_be64(const void* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  return __builtin_bswap64(v);
}
inline void store_be32(void* p, uint32_t v) {
  v = __builtin_bswap32(v);
  std::memcpy(p, &v, 4);
}
inline void store_be64(void* p, uint64_t v) {
  v = __builtin_bswap64(v);
  std::memcpy(p, &v, 8);
}
static_assert(std::endian::native == std::endian::little, "stores swap bytes");

}  // namespace zoetrope
