// From the files of a server to its state: newest valid snapshot, then every later log record
// (facts/disk-format.md section 3; upstream FileTxnSnapLog.restore). Works over Disk, so that the
// simulator can damage what lies beneath.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/storage/disk.hpp"
#include "core/storage/snapshot.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::storage {

struct RecoveryOptions {
  tree::TreeConfig tree;
  bool trust_empty_snapshot = false;  // zookeeper.snapshot.trust.empty
  bool db_autocreate = true;
};

struct RecoveredState {
  tree::Tree tree;
  std::map<SessionId, int32_t> sessions;  // open sessions and their time-outs in ms
  Zxid last_zxid;                         // of the last record on disk, or of the snapshot
  Zxid snapshot_zxid;                     // of the snapshot that was loaded; 0 when there was none
  bool had_snapshot = false;
  size_t replayed = 0;                    // log records applied over the snapshot
  size_t digest_mismatches = 0;
  // Every log and snapshot file with its size, for retention and the `dirs` command.
  std::vector<FileInfo> log_files, snapshot_files;
  // What a person should know: a torn tail that was cut, an invalid snapshot that was passed over.
  std::vector<std::string> notes;
};

struct RecoveryError {
  std::string message;  // names file and offset and what to do
};

// Cuts a torn tail (the only change that it makes to the disk, beside removing files left over from
// an unfinished snapshot or an empty newest log); refuses anything else that is damaged.
std::expected<RecoveredState, RecoveryError> recover(Disk& disk, const RecoveryOptions& options);

// Files that retention removes: keeps the newest `retain` valid snapshots and every log that may hold
// later records (facts/disk-format.md section 6). `snapshots` and `logs` are names; `valid` tells of a snapshot.
std::vector<FileName> files_to_purge(const std::vector<std::string>& snapshots,
                                     const std::vector<std::string>& logs, size_t retain);

// Cuts the log after `last`: the operations, in order, that leave `last` as the newest record
// (upstream FileTxnLog.truncate).
std::expected<std::vector<DiskAction>, RecoveryError> truncation(Disk& disk, Zxid last);

}  // namespace zoetrope::storage
