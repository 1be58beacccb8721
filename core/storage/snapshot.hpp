// ZooKeeper's snapshot format, byte for byte (facts/disk-format.md section 4): an incremental
// writer over a tree that goes on changing, and a reader. Does no I/O.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/storage/compression.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::storage {

using SessionList = std::vector<std::pair<SessionId, int32_t>>;  // id, time-out in ms; ascending

// "snapshot.<hex>[.gz|.snappy]" and back.
std::string snapshot_file_name(Zxid zxid, Compression compression);
struct SnapshotName {
  Zxid zxid;
  Compression compression = Compression::kNone;
};
std::optional<SnapshotName> parse_snapshot_name(std::string_view name);

struct SnapshotOptions {
  Compression compression = Compression::kNone;
  bool digest = true;  // section 7 of the format
  // Section 8, since 3.9. Written only after section 7: stock servers with digests on take a
  // section 8 that directly follows the tree for a section 7 and refuse the file.
  bool last_processed_zxid = true;
};

// Produces the bytes of one snapshot file piece by piece while the tree goes on changing; the file
// holds the tree and sessions as of construction.
class SnapshotWriter {
 public:
  // The tree must outlive the writer and have no other snapshot in progress.
  SnapshotWriter(tree::Tree& tree, SessionList sessions, SnapshotOptions options);
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // Appends about `bytes_min` bytes or more of the file (before compression); false when that was
  // the last.
  bool next(std::string& out, size_t bytes_min);
  Zxid zxid() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The whole file at once, for tests and tools.
std::string encode_snapshot(tree::Tree& tree, SessionList sessions, SnapshotOptions options);

struct Snapshot {
  tree::Tree tree;
  SessionList sessions;
  // Section 7: nullopt when absent. zxid 0 means unknown.
  std::optional<std::pair<Zxid, uint64_t>> digest;
  std::optional<Zxid> last_processed_zxid;  // section 8
};

// Reads a whole file (compressed or not, told by `name`); checks every seal. The tree's
// last_processed_zxid is the one of the name. Memory is bounded by the tree and the file. Offsets
// in errors count uncompressed bytes.
std::expected<Snapshot, DecodeError> decode_snapshot(std::string_view name, std::string_view file,
                                                     const tree::TreeConfig& config);
// The same from a file that comes in pieces.
std::expected<Snapshot, DecodeError> decode_snapshot(const SnapshotName& name, ByteSource file,
                                                     const tree::TreeConfig& config);

}  // namespace zoetrope::storage
