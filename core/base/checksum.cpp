#include "core/base/checksum.hpp"

#include <libdeflate.h>

namespace zoetrope {

uint32_t crc32(std::string_view bytes, uint32_t running) {
  // libdeflate answers the initial value when the pointer is null, also for a running checksum.
  return bytes.empty() ? running : libdeflate_crc32(running, bytes.data(), bytes.size());
}

uint32_t adler32(std::string_view bytes, uint32_t running) {
  return bytes.empty() ? running : libdeflate_adler32(running, bytes.data(), bytes.size());
}

}  // namespace zoetrope
