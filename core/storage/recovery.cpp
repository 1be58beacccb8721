#include "core/storage/recovery.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/storage/data_files.hpp"
#include "core/storage/replay.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

namespace {
constexpr std::string_view kAdvice =
    "; restore the data directory from a backup or, in an ensemble, empty it and let the server "
    "fetch "
    "its state from the leader";

std::string text(Zxid zxid) {
  return "0x" + zxid_hex(zxid);
}

using Step = std::expected<void, RecoveryError>;

std::unexpected<RecoveryError> refuse(std::string what) {
  return std::unexpected(RecoveryError{std::move(what) + std::string(kAdvice)});
}
std::unexpected<RecoveryError> disk_failed(const DiskError& error) {
  return std::unexpected(RecoveryError{error.message});
}

// One recovery, step by step.
class Recovery {
 public:
  Recovery(Disk& disk, const RecoveryOptions& options) : disk_(disk), options_(options) {}

  std::expected<RecoveredState, RecoveryError> run();

 private:
  Step list();
  Step load_snapshot();
  Step forbid_logs_without_snapshot();
  Step replay_logs(Replay& replay);
  Step replay_log(Replay& replay, size_t index);
  Step check_passed_over(const Replay& replay);
  void keep_tail(size_t index, std::string_view file, const LogScan& scan);
  Step clean_up();
  Step make_durable();
  void finish(Replay& replay);
  void validate_snapshots();

  Disk& disk_;
  const RecoveryOptions& options_;
  RecoveredState state_;
  DataFiles files_;
  std::optional<Snapshot> snapshot_;
  std::optional<size_t> loaded_;     // index in files_.snapshots
  std::vector<size_t> passed_over_;  // invalid snapshots newer than the loaded one
  std::vector<Zxid> reached_;        // of theirs, those that the logs hold
  size_t scanned_from_ = 0;          // index in files_.logs of the first log that was read
  std::vector<LogScan> scans_;       // of the logs from there on
  // The end of the newest log that has records, as it was replayed.
  FileName tail_file_;
  uint64_t tail_offset_ = 0;
  std::string tail_;
};

Step Recovery::list() {
  auto files = list_data_files(disk_);
  if (!files) return disk_failed(files.error());
  files_ = std::move(*files);
  return {};
}

Step Recovery::load_snapshot() {
  for (size_t i = files_.snapshots.size(); i-- > 0;) {
    const SnapshotFile& file = files_.snapshots[i];
    std::optional<DiskError> read_error;
    auto snapshot = decode_snapshot(file.name, snapshot_source(disk_, file.info.name, read_error),
                                    options_.tree);
    if (read_error) return disk_failed(*read_error);
    if (snapshot) {
      snapshot_ = std::move(*snapshot);
      loaded_ = i;
      return {};
    }
    passed_over_.push_back(i);
    state_.notes.push_back(file.info.name +
                           " is no valid snapshot and was passed over: " + snapshot.error().what +
                           " at offset " + std::to_string(snapshot.error().offset));
  }
  return {};
}

Step Recovery::forbid_logs_without_snapshot() {
  if (options_.trust_empty_snapshot) return {};
  for (const LogFile& log : files_.logs) {
    auto bytes = read_log_file(disk_, log.info.name);
    if (!bytes) return disk_failed(bytes.error());
    const auto scan = scan_log(*bytes, [](const LogRecord&) { return false; });
    if (scan && !scan->stopped) continue;
    return refuse("there is no valid snapshot, but " + log.info.name +
                  " holds transactions (zookeeper.snapshot.trust.empty=true accepts that, for an "
                  "upgrade from before 3.5)");
  }
  return {};
}

Step Recovery::replay_logs(Replay& replay) {
  scanned_from_ = first_log_after(files_.logs, replay.last());
  for (size_t i = scanned_from_; i < files_.logs.size(); ++i) {
    if (auto step = replay_log(replay, i); !step) return step;
  }
  if (auto missing = replay.finish()) return refuse(*missing);
  return {};
}

Step Recovery::replay_log(Replay& replay, size_t index) {
  const std::string& name = files_.logs[index].info.name;
  auto bytes = read_log_file(disk_, name);
  if (!bytes) return disk_failed(bytes.error());
  std::optional<std::string> trouble;
  uint64_t offset = 0;
  replay.begin_file(name);
  const auto scan = scan_log(*bytes, [&](const LogRecord& record) {
    offset = record.offset;
    for (const size_t i : passed_over_) {
      if (files_.snapshots[i].name.zxid == record.header.zxid) {
        reached_.push_back(record.header.zxid);
      }
    }
    trouble = replay.add(record);
    return !trouble;
  });
  if (!scan) {
    return refuse(name + ": " + scan.error().what + ", at offset " +
                  std::to_string(scan.error().offset));
  }
  if (trouble) return refuse(name + ": " + *trouble + ", at offset " + std::to_string(offset));
  scans_.push_back(*scan);
  keep_tail(index, *bytes, *scan);
  return {};
}

// The store syncs batch by batch, so that at most the last batch of the last log is not durable: it
// is as long as kBatchBytesMax, or a single record, which may have the header before it.
void Recovery::keep_tail(size_t index, std::string_view file, const LogScan& scan) {
  if (scan.records == 0) return;
  const uint64_t end = scan.end_offset;
  tail_offset_ = std::min(scan.last_offset, end - std::min<uint64_t>(end, kBatchBytesMax));
  if (tail_offset_ <= kLogHeaderSize) tail_offset_ = 0;
  tail_file_ = {Folder::kLog, files_.logs[index].info.name};
  tail_ = file.substr(tail_offset_, end - tail_offset_);
}

// A damaged snapshot may be passed over only when the logs lead over it. One that a leader sent has
// taken the place of history that this server never had, or had otherwise: older files and newer
// logs do not belong together then, though their zxids may look as if they did.
Step Recovery::check_passed_over(const Replay& replay) {
  for (const size_t i : passed_over_) {
    const SnapshotFile& file = files_.snapshots[i];
    if (file.name.zxid == Zxid()) continue;  // no transaction leads to it
    if (file.name.zxid > replay.last()) {
      return refuse(file.info.name + " is damaged, and the logs lead only to " +
                    text(replay.last()));
    }
    if (std::ranges::find(reached_, file.name.zxid) == reached_.end()) {
      return refuse(file.info.name +
                    " is damaged, and its transaction is not in the logs, which "
                    "so do not lead over it");
    }
  }
  if (passed_over_.empty() || replay.digest_mismatches() == 0) return {};
  return refuse(files_.snapshots[passed_over_.front()].info.name +
                " is damaged, and the logs lead to another tree than the one that it held");
}

// Everything is known to be well, so the disk may be changed.
Step Recovery::clean_up() {
  for (const std::string& name : files_.unfinished) {
    if (auto done = disk_.remove({Folder::kSnapshot, name}); !done)
      return disk_failed(done.error());
  }
  while (!scans_.empty() && scans_.back().records == 0) {
    const std::string name = files_.logs.back().info.name;
    if (auto done = disk_.remove({Folder::kLog, name}); !done) return disk_failed(done.error());
    state_.notes.push_back(name + " held no transaction and was removed");
    files_.logs.pop_back();
    scans_.pop_back();
  }
  for (size_t i = 0; i < scans_.size(); ++i) {
    FileInfo& log = files_.logs[scanned_from_ + i].info;
    const std::string where = log.name + ": the last write was not completed";
    if (scans_[i].end != LogEnd::kTornTail) continue;
    if (i + 1 < scans_.size()) {
      // Upstream leaves such a tail and goes on in a new file; what follows shows that nothing is
      // missing.
      state_.notes.push_back(where + "; later logs continue where it ends");
      continue;
    }
    const uint64_t size = scans_[i].end_offset;
    if (auto done = disk_.truncate({Folder::kLog, log.name}, size); !done) {
      return disk_failed(done.error());
    }
    state_.notes.push_back(where + "; cut from " + std::to_string(log.size) + " to " +
                           std::to_string(size) + " bytes");
    log.size = size;
  }
  return make_durable();
}

// A process that was killed, or that stopped because a sync failed, may have left records that only
// the page cache holds. Clients will be shown them, so they must be durable first; and to sync is
// not enough, because after a failed sync the cache may take them for written.
Step Recovery::make_durable() {
  if (tail_.empty()) return {};
  if (auto done = disk_.rewrite(tail_file_, tail_offset_, tail_); !done) {
    return disk_failed(done.error());
  }
  return {};
}

void Recovery::validate_snapshots() {
  if (!loaded_) return;
  for (size_t i = 0; i <= *loaded_; ++i) {
    const SnapshotFile& file = files_.snapshots[i];
    if (i == *loaded_ || looks_finished(disk_, file)) {
      state_.valid_snapshots.push_back(file.info.name);
    }
  }
}

void Recovery::finish(Replay& replay) {
  state_.had_snapshot = loaded_.has_value();
  if (loaded_) state_.snapshot_zxid = files_.snapshots[*loaded_].name.zxid;
  state_.last_zxid = replay.last();
  state_.replayed = replay.applied();
  state_.digest_mismatches = replay.digest_mismatches();
  state_.sessions = std::move(replay.sessions());
  state_.tree = std::move(replay.tree());
  state_.newest = std::move(replay.newest());
  for (std::string& note : replay.notes()) state_.notes.push_back(std::move(note));
  for (const LogFile& log : files_.logs) state_.log_files.push_back(log.info);
  for (size_t i = 0; i < scans_.size(); ++i) {
    state_.log_ends[files_.logs[scanned_from_ + i].info.name] = scans_[i].end_offset;
  }
  for (const SnapshotFile& file : files_.snapshots) state_.snapshot_files.push_back(file.info);
  validate_snapshots();
}

std::expected<RecoveredState, RecoveryError> Recovery::run() {
  if (auto step = list(); !step) return std::unexpected(step.error());
  if (auto step = load_snapshot(); !step) return std::unexpected(step.error());
  Zxid start;
  if (loaded_) {
    start = files_.snapshots[*loaded_].name.zxid;
  } else {
    if (auto step = forbid_logs_without_snapshot(); !step) return std::unexpected(step.error());
    snapshot_ = Snapshot{tree::Tree(options_.tree), {}, std::nullopt, std::nullopt};
  }
  Replay replay(std::move(*snapshot_), start, options_);
  if (auto step = replay_logs(replay); !step) return std::unexpected(step.error());
  if (auto step = check_passed_over(replay); !step) return std::unexpected(step.error());
  if (auto step = clean_up(); !step) return std::unexpected(step.error());
  finish(replay);
  // An empty directory that was not set up on purpose says nothing about the ensemble's history.
  const bool empty = !state_.had_snapshot && state_.replayed == 0;
  if (empty && !options_.db_autocreate) state_.last_zxid = Zxid(-1);
  return std::move(state_);
}
}  // namespace

std::expected<RecoveredState, RecoveryError> recover(Disk& disk, const RecoveryOptions& options) {
  return Recovery(disk, options).run();
}

}  // namespace zoetrope::storage
