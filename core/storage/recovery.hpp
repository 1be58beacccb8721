// From the files of a server to its state: newest valid snapshot, then every later log record
// (facts/disk-format.md section 3; upstream FileTxnSnapLog.restore). Works over Disk, so that the
// simulator can damage what lies beneath. It changes nothing on the disk but three things: it cuts
// a torn tail, removes a newest log without records, and removes what an unfinished snapshot left.
// The last batch of the newest log is written once more as it is, because nobody knows whether it
// is durable.
//
// What is refused: a damaged log record (the rule is in transaction_log.hpp); no valid snapshot
// beside logs with records; a damaged snapshot that the older ones and the logs cannot make up for;
// and missing records. Zxids may lawfully skip numbers, so a jump between two files is taken for
// missing records unless the tree digest of the next record shows that nothing is missing.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/storage/disk.hpp"
#include "core/storage/snapshot.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::storage {

// A transaction as it stands in the log.
struct ReplayedRecord {
  Zxid zxid;
  std::string payload;
};

struct RecoveryOptions {
  tree::TreeConfig tree;
  bool trust_empty_snapshot = false;  // zookeeper.snapshot.trust.empty
  bool db_autocreate = true;
  // So many of the replayed records, the newest, are kept with their payloads; a member of an
  // ensemble may have to send them to others (upstream ZKDatabase.addCommittedProposal at start).
  size_t newest_count = 0;
  size_t newest_bytes = 32 << 20;  // of their payloads
};

struct RecoveredState {
  tree::Tree tree;
  std::map<SessionId, int32_t> sessions;  // open sessions and their time-outs in ms
  Zxid last_zxid;                         // of the last record on disk, or of the snapshot
  Zxid snapshot_zxid;                     // of the snapshot that was loaded; 0 when there was none
  bool had_snapshot = false;
  std::deque<ReplayedRecord> newest;  // of the replayed ones, ascending and without a gap
  size_t replayed = 0;                // log records applied over the snapshot
  size_t digest_mismatches = 0;
  // Every log and snapshot file with its size, ascending by zxid; for retention and the `dirs`
  // command.
  std::vector<FileInfo> log_files, snapshot_files;
  // Where the records of a log end, of those that were read.
  std::map<std::string, uint64_t> log_ends;
  // Names of the snapshots that count for retention: the one that was loaded, and older ones that
  // end as a finished snapshot does (upstream's own test). Ascending by zxid.
  std::vector<std::string> valid_snapshots;
  // What a person should know: a torn tail that was cut, an invalid snapshot that was passed over.
  std::vector<std::string> notes;

  void carry_state(StateArchive& archive);
};

struct RecoveryError {
  std::string message;  // names file and offset and what to do
};

std::expected<RecoveredState, RecoveryError> recover(Disk& disk, const RecoveryOptions& options);

// Name under which a snapshot is written until it is complete. Upstream ignores such a file,
// whatever is in it; "snapshot.<hex>.tmp" it would take for a snapshot.
std::string unfinished_snapshot_name(Zxid zxid);
bool is_unfinished_snapshot(std::string_view name);

// Files that retention removes: keeps the newest `retain` valid snapshots and every log that may
// hold records after the oldest of them (facts/disk-format.md section 6). With fewer valid
// snapshots than that nothing is removed. `valid` is a part of `snapshots`; names only, in any
// order.
std::vector<FileName> files_to_purge(const std::vector<std::string>& snapshots,
                                     const std::vector<std::string>& valid,
                                     const std::vector<std::string>& logs, size_t retain);

// Cuts the history after `last`: the operations, in order, that leave the greatest record up to
// `last` as the newest one (upstream FileTxnLog.truncate). A crash between any two leaves a history
// that can be recovered and cut again. Snapshots newer than `last` go first, else they would bring
// back what was cut; refused when no valid snapshot remains.
std::expected<std::vector<DiskAction>, RecoveryError> truncation(Disk& disk, Zxid last);

}  // namespace zoetrope::storage
