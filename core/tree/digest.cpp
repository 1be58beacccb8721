#include "core/tree/digest.hpp"

#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::tree {

uint32_t content_crc(std::string_view path, jute::BufferView data) {
  const uint32_t crc = path == "/" ? 0 : crc32(path);
  return data ? crc32(*data, crc) : crc;
}

uint32_t digest_from(uint32_t content_crc, const jute::StatPersisted& stat) {
  // Five longs, three ints, one long; not the order of the record on disk.
  char bytes[60];
  const int64_t longs[] = {stat.czxid, stat.mzxid, stat.pzxid, stat.ctime, stat.mtime};
  const int32_t ints[] = {stat.version, stat.cversion, stat.aversion};
  for (size_t i = 0; i < 5; ++i) store_be64(bytes + 8 * i, static_cast<uint64_t>(longs[i]));
  for (size_t i = 0; i < 3; ++i) store_be32(bytes + 40 + 4 * i, static_cast<uint32_t>(ints[i]));
  store_be64(bytes + 52, static_cast<uint64_t>(stat.ephemeral_owner));
  return crc32(std::string_view(bytes, sizeof bytes), content_crc);
}

void DigestLog::note(Zxid zxid, uint64_t digest) {
  if (zxid.value % kInterval != 0) return;
  if (ring_.size() < kEntriesMax) {
    ring_.emplace_back(zxid, digest);
    return;
  }
  ring_[oldest_] = {zxid, digest};
  oldest_ = (oldest_ + 1) % kEntriesMax;
}

std::vector<std::pair<Zxid, uint64_t>> DigestLog::entries() const {
  std::vector<std::pair<Zxid, uint64_t>> result(ring_.begin() + static_cast<ptrdiff_t>(oldest_),
                                                ring_.end());
  result.insert(result.end(), ring_.begin(), ring_.begin() + static_cast<ptrdiff_t>(oldest_));
  return result;
}

}  // namespace zoetrope::tree
