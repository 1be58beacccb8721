// The two checksums of ZooKeeper's formats: CRC-32 (zlib polynomial, tree digest) and Adler-32
// (log records and snapshot seals). Running values: pass the previous result to continue.
#pragma once

#include <cstdint>
#include <string_view>

namespace zoetrope {

uint32_t crc32(std::string_view bytes, uint32_t running = 0);
uint32_t adler32(std::string_view bytes, uint32_t running = 1);

}  // namespace zoetrope
