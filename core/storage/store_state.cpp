// What a log writer and a recovered state are made of, for a copy of a running server; the store's
// own part stands beside its members.
#include "core/base/state_archive.hpp"
#include "core/storage/log_writer.hpp"
#include "core/storage/recovery.hpp"

namespace zoetrope::storage {

void RecoveredState::carry_state(StateArchive& archive) {
  archive(tree, sessions, last_zxid, snapshot_zxid, had_snapshot, newest, replayed,
          digest_mismatches, log_files, snapshot_files, log_ends, valid_snapshots, notes);
}

void LogWriter::carry_state(StateArchive& archive) {
  archive(batches_, under_way_, flush_requested_, is_held_, roll_, file_name_, position_, size_,
          durable_, appended_, pending_records_);
}

}  // namespace zoetrope::storage
