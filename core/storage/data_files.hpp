// The log and snapshot files of a data directory: finding, ordering and reading them over Disk.
// Knows names and sizes, not contents; changes nothing.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/storage/compression.hpp"
#include "core/storage/disk.hpp"
#include "core/storage/snapshot.hpp"

namespace zoetrope::storage {

struct LogFile {
  FileInfo info;
  Zxid first;  // as its name says
};
struct SnapshotFile {
  FileInfo info;
  SnapshotName name;
};
// Both ascending by zxid.
struct DataFiles {
  std::vector<LogFile> logs;
  std::vector<SnapshotFile> snapshots;
  std::vector<std::string> unfinished;  // snapshots that were never completed
};

// Fails when the folders are two and one holds the other's files, as upstream does: the directories
// of the configuration were swapped or changed.
std::expected<DataFiles, DiskError> list_data_files(Disk& disk);

// Index of the first log that may hold records after `zxid`: the newest that starts at or before
// the number after it. `logs` ascending.
size_t first_log_after(const std::vector<LogFile>& logs, Zxid zxid);

// The bytes of a file without most of its trailing zeros.
std::expected<std::string, DiskError> read_log_file(Disk& disk, const std::string& name);

// Pieces of a snapshot file. A read that fails ends the stream and sets `error`, which must outlive
// it.
ByteSource snapshot_source(Disk& disk, const std::string& name, std::optional<DiskError>& error);

// Upstream's quick test of a snapshot: it ends with the path "/", or starts with the magic of its
// compression. False as well when it cannot be read.
bool looks_finished(Disk& disk, const SnapshotFile& file);

}  // namespace zoetrope::storage
