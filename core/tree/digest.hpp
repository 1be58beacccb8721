// The digest of znodes and of the whole tree (facts/disk-format.md section 7; upstream
// DigestCalculator). Pure computation, and the log of past tree digests.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/records.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::tree {

inline constexpr int32_t kDigestVersion = 2;

// Znodes below /zookeeper differ between replicas on purpose and are left out of the digest.
inline bool outside_digest(std::string_view path) {
  return path.starts_with("/zookeeper/");
}

// CRC-32 of path and data, the part of a digest that a change of the stat leaves alone. "/" counts
// as the empty path.
uint32_t content_crc(std::string_view path, jute::BufferView data);
// Digest of a znode that is not outside of it.
uint32_t digest_from(uint32_t content_crc, const jute::StatPersisted& stat);

// (zxid, tree digest) of the last 1024 zxids that are divisible by 128; the `hash` command.
class DigestLog {
 public:
  void note(Zxid zxid, uint64_t digest);
  std::vector<std::pair<Zxid, uint64_t>> entries() const;  // oldest first
  void carry_state(StateArchive& archive);

 private:
  static constexpr size_t kEntriesMax = 1024;
  static constexpr int64_t kInterval = 128;

  std::vector<std::pair<Zxid, uint64_t>> ring_;
  size_t oldest_ = 0;
};

}  // namespace zoetrope::tree
