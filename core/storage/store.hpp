// The durable side of a running server: appends transactions with group commit, rolls logs, writes
// snapshots piece by piece and removes old files. Turns all that into DiskOps and learns from their
// completions; owns no file. Upstream: SyncRequestProcessor, FileTxnSnapLog, DatadirCleanupManager.
//
// One batch (one write, one sync) is under way at a time, and the next is written only after it is
// durable; recovery's judgement of a torn tail rests on that. A directory without a snapshot gets
// one before its first record is written, because recovery refuses logs that have no snapshot under
// them: until the snapshot that snapshot_due() then asks for is complete, appended records wait.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"
#include "core/storage/disk.hpp"
#include "core/storage/log_reader.hpp"
#include "core/storage/recovery.hpp"
#include "core/storage/snapshot.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::storage {

struct StoreConfig {
  int64_t snap_count = 100000;
  int64_t snap_size_limit_kb = 4194304;  // <= 0: no limit
  int64_t preallocation_kb = 65536;      // <= 0: none
  int64_t log_size_limit_kb = -1;        // <= 0: no limit
  int64_t batch_size_max = 1000;         // records in one sync
  bool force_sync = true;                // false: never sync the log (forceSync=no)
  SnapshotOptions snapshot;
  size_t retain_snapshots = 3;
  int64_t purge_interval_ms = 0;  // 0: never
  size_t snapshot_chunk_bytes = 64 * 1024;
};

class Store {
 public:
  Store(StoreConfig config, const RecoveredState& recovered, Random random, MonotonicTime now);
  ~Store();
  // A store takes another's place when the directory was recovered anew; operations of neither may
  // be under way.
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;

  // Queues one record; payloads come in zxid order. Nothing is issued before flush().
  void append(Zxid zxid, std::string_view payload);
  // Issues what is queued as one write and one sync, unless a sync is under way (then it goes with
  // the next). Call at the end of each batch of inputs.
  void flush(std::vector<DiskOp>& out);
  // No write of the log begins while it is held: something else has to be durable before.
  void hold_log(bool on);
  // A DiskOp completed. Returns false when `id` is not one of ours. After an error the store
  // accepts nothing more: failure() tells why, and the server must stop (a failed sync cannot be
  // retried). Only a file that retention could not remove is no failure: it is tried again with the
  // next purge.
  bool completed(uint64_t id, const std::optional<DiskError>& error, std::vector<DiskOp>& out);
  const std::optional<std::string>& failure() const;

  // Every record up to this zxid is durable.
  Zxid durable() const;
  // Records queued or written but not yet durable.
  size_t pending_records() const;

  // Snapshots are begun when enough was appended (randomised as upstream), at start-up when there
  // is none or records were replayed over it, and on request; the caller passes the tree because
  // only it knows when the tree is at a transaction boundary. Returns true when the caller should
  // call begin_snapshot() now.
  bool snapshot_due() const;
  // `tree` must outlive the snapshot, and none may be in progress. Later records go to a new log.
  void begin_snapshot(tree::Tree& tree, SessionList sessions, std::vector<DiskOp>& out);
  bool snapshot_in_progress() const;
  // Drops the snapshot in progress; its file stays unfinished and recovery removes it.
  void abandon_snapshot();
  // The state came from elsewhere and stands for all transactions up to `zxid`: a snapshot is due
  // at once, and records that are appended wait until it is complete. The log must hold nothing
  // beyond `zxid` and nothing may be pending.
  void restored(Zxid zxid);
  // That snapshot is not yet complete.
  bool log_waits() const;

  // Purges are due at start-up and then by the interval of the configuration.
  std::optional<MonotonicTime> next_deadline() const;
  void tick(MonotonicTime now, std::vector<DiskOp>& out);

  // Sum of file sizes in bytes, as far as the store knows; for `dirs` and `conf`.
  uint64_t log_bytes() const;
  uint64_t snapshot_bytes() const;
  std::optional<Zxid> last_snapshot() const;
  // For reading the log back while it goes on.
  LogCatalogue catalogue() const;
  uint64_t fingerprint() const;
  // While no snapshot is in progress.
  void carry_state(StateArchive& archive);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoetrope::storage
