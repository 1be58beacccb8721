// Walks a snapshot file from front to back and reports what it holds, piece by piece
// (facts/disk-format.md section 4). Builds nothing and never holds more than one field and one
// piece of the file; the reader of trees and the printing tool stand on it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/records.hpp"
#include "core/storage/compression.hpp"

namespace zoetrope::storage {

struct SnapshotHeader {
  uint32_t magic = 0;
  int32_t version = 0;
  int64_t dbid = 0;
};
// A checksum of everything before it. `of` names the part that it closes.
struct Seal {
  std::string_view of;
  uint64_t offset = 0;
  uint64_t stored = 0;
  uint32_t computed = 0;
  bool good = false;
};
struct SnapshotNode {
  uint64_t offset = 0;
  std::string_view path;  // "" for the root
  jute::BufferView data;
  int64_t acl = 0;
  jute::StatPersisted stat;
};
// Section 7.
struct SnapshotDigest {
  Zxid zxid;
  int32_t version = 0;
  uint64_t digest = 0;
};

// Text: what is wrong, which ends the walk.
using Refusal = std::optional<std::string>;

// Calls are in the order of the file. Views live during the call.
struct SnapshotEvents {
  std::function<Refusal(const SnapshotHeader&)> header;
  std::function<Refusal(SessionId, int32_t timeout_ms)> session;
  std::function<Refusal(int64_t id, std::string_view encoded_acl)> acl;
  std::function<Refusal(const SnapshotNode&)> node;
  std::function<Refusal(const Seal&)> seal;
  std::function<Refusal(const SnapshotDigest&)> digest;
  std::function<Refusal(Zxid)> last_processed;
};

// nullopt when the file was read to its end. Every event must be set.
std::optional<DecodeError> parse_snapshot(Compression compression, ByteSource file,
                                          const SnapshotEvents& events);

}  // namespace zoetrope::storage
