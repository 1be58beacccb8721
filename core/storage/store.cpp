#include "core/storage/store.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/state_archive.hpp"
#include "core/storage/log_writer.hpp"
#include "core/storage/snapshot_job.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

namespace {
LogWriterLimits limits_of(const StoreConfig& config) {
  return {config.preallocation_kb, config.log_size_limit_kb, config.batch_size_max,
          config.force_sync};
}

uint64_t sum(const std::map<std::string, uint64_t>& files) {
  uint64_t bytes = 0;
  for (const auto& [name, size] : files) bytes += size;
  return bytes;
}

std::vector<std::string> names(const std::map<std::string, uint64_t>& files) {
  std::vector<std::string> result;
  for (const auto& [name, size] : files) result.push_back(name);
  return result;
}
}  // namespace

struct Store::Impl {
  StoreConfig config;
  Random random;
  LogWriter log;
  std::optional<SnapshotJob> snapshot;
  std::optional<std::string> failure;
  uint64_t next_op = 1;

  std::map<std::string, uint64_t> logs, snapshots;  // sizes in bytes
  std::map<std::string, uint64_t> log_ends;         // of the records, where known
  std::set<std::string> valid_snapshots;
  std::optional<Zxid> last_snapshot;
  bool log_waits = false;        // for the first snapshot of the directory
  bool snapshot_wanted = false;  // at start-up
  int64_t records_since_snapshot = 0, bytes_since_snapshot = 0;
  int64_t records_threshold = 0, bytes_threshold = 0;  // bytes: 0 for no limit

  std::optional<MonotonicTime> next_purge;
  bool purge_waits = false;               // for the snapshot under way
  std::map<uint64_t, FileName> removals;  // under way, by operation

  Impl(StoreConfig config_in, const RecoveredState& recovered, Random random_in, MonotonicTime now);
  void draw_thresholds();
  void issue_log(std::vector<DiskOp>& out);
  void snapshot_finished(std::vector<DiskOp>& out);
  void purge(std::vector<DiskOp>& out);
  void carry_state(StateArchive& archive);
  bool removal_completed(uint64_t op, bool removed);
};

Store::Impl::Impl(StoreConfig config_in, const RecoveredState& recovered, Random random_in,
                  MonotonicTime now)
    : config(config_in), random(random_in), log(limits_of(config), recovered.last_zxid) {
  for (const FileInfo& file : recovered.log_files) logs[file.name] = file.size;
  for (const FileInfo& file : recovered.snapshot_files) snapshots[file.name] = file.size;
  log_ends = recovered.log_ends;
  valid_snapshots.insert(recovered.valid_snapshots.begin(), recovered.valid_snapshots.end());
  if (recovered.had_snapshot) last_snapshot = recovered.snapshot_zxid;
  log_waits = !recovered.had_snapshot;
  snapshot_wanted = !recovered.had_snapshot || recovered.replayed > 0;
  if (config.purge_interval_ms > 0) next_purge = now;
  draw_thresholds();
}

// Between half and all of the limit, so that the servers of an ensemble do not snapshot together.
void Store::Impl::draw_thresholds() {
  const int64_t half = std::max<int64_t>(config.snap_count, 2) / 2;
  records_threshold = half + random.between(0, half - 1);
  const int64_t half_bytes =
      std::clamp<int64_t>(config.snap_size_limit_kb, 0, INT64_MAX / 1024) * 1024 / 2;
  bytes_threshold = half_bytes > 0 ? half_bytes + random.between(0, half_bytes - 1) : 0;
}

void Store::Impl::issue_log(std::vector<DiskOp>& out) {
  if (failure || log_waits) return;
  log.issue(next_op, out);
  if (log.file_name().empty()) return;
  logs[log.file_name()] = log.file_size();
  log_ends[log.file_name()] = log.records_end();
}

void Store::Impl::snapshot_finished(std::vector<DiskOp>& out) {
  const Zxid zxid = snapshot->zxid();
  snapshots[snapshot->file_name()] = snapshot->file_size();
  valid_snapshots.insert(snapshot->file_name());
  last_snapshot = last_snapshot ? std::max(*last_snapshot, zxid) : zxid;
  snapshot.reset();
  log_waits = false;
  issue_log(out);
  if (std::exchange(purge_waits, false)) purge(out);
}

void Store::Impl::purge(std::vector<DiskOp>& out) {
  if (!removals.empty()) return;
  const std::vector<std::string> valid(valid_snapshots.begin(), valid_snapshots.end());
  for (FileName& file : files_to_purge(names(snapshots), valid, names(logs),
                                       std::max<size_t>(config.retain_snapshots, 1))) {
    ZT_ASSERT(file.folder != Folder::kLog || file.name != log.file_name());
    removals.emplace(next_op, file);
    // Never on the log's lane: removing a large file takes time.
    out.push_back(DiskOp{next_op++, Lane::kSnapshot, RemoveFile{std::move(file)}});
  }
}

bool Store::Impl::removal_completed(uint64_t op, bool removed) {
  const auto found = removals.find(op);
  if (found == removals.end()) return false;
  const FileName& file = found->second;
  if (removed && file.folder == Folder::kLog) {
    logs.erase(file.name);
    log_ends.erase(file.name);
  }
  if (removed && file.folder == Folder::kSnapshot) {
    snapshots.erase(file.name);
    valid_snapshots.erase(file.name);
  }
  removals.erase(found);
  return true;
}

void Store::Impl::carry_state(StateArchive& archive) {
  archive(random, log, failure, next_op, logs, snapshots, log_ends, valid_snapshots, last_snapshot,
          log_waits, snapshot_wanted, records_since_snapshot, bytes_since_snapshot,
          records_threshold, bytes_threshold, next_purge, purge_waits, removals);
}

Store::Store(StoreConfig config, const RecoveredState& recovered, Random random, MonotonicTime now)
    : impl_(std::make_unique<Impl>(config, recovered, random, now)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

void Store::carry_state(StateArchive& archive) {
  ZT_ASSERT(!impl_->snapshot);
  impl_->carry_state(archive);
}

void Store::append(Zxid zxid, std::string_view payload) {
  if (impl_->failure) return;
  impl_->log.append(zxid, payload);
  ++impl_->records_since_snapshot;
  impl_->bytes_since_snapshot += static_cast<int64_t>(payload.size());
}

void Store::flush(std::vector<DiskOp>& out) {
  impl_->log.request_flush();
  impl_->issue_log(out);
}

void Store::hold_log(bool on) {
  impl_->log.hold(on);
}

bool Store::completed(uint64_t id, const std::optional<DiskError>& error,
                      std::vector<DiskOp>& out) {
  Impl& impl = *impl_;
  if (impl.failure) return id != 0 && id < impl.next_op;
  if (impl.removal_completed(id, !error)) return true;
  if (id == 0 || id >= impl.next_op) return false;
  if (error) {
    impl.failure = error->message;
    return true;
  }
  if (impl.log.completed(id)) {
    impl.issue_log(out);
    return true;
  }
  if (!impl.snapshot || !impl.snapshot->completed(id, impl.next_op, out)) return false;
  if (impl.snapshot->done()) impl.snapshot_finished(out);
  return true;
}

const std::optional<std::string>& Store::failure() const {
  return impl_->failure;
}
Zxid Store::durable() const {
  return impl_->log.durable();
}
size_t Store::pending_records() const {
  return impl_->log.pending_records();
}

bool Store::snapshot_due() const {
  const Impl& impl = *impl_;
  if (impl.failure || impl.snapshot) return false;
  return impl.snapshot_wanted || impl.records_since_snapshot > impl.records_threshold ||
         (impl.bytes_threshold > 0 && impl.bytes_since_snapshot > impl.bytes_threshold);
}

void Store::begin_snapshot(tree::Tree& tree, SessionList sessions, std::vector<DiskOp>& out) {
  Impl& impl = *impl_;
  if (impl.failure) return;
  ZT_ASSERT(!impl.snapshot);
  impl.snapshot_wanted = false;
  impl.records_since_snapshot = 0;
  impl.bytes_since_snapshot = 0;
  impl.draw_thresholds();
  impl.log.roll();
  impl.snapshot.emplace(tree, std::move(sessions), impl.config.snapshot,
                        impl.config.snapshot_chunk_bytes);
  impl.snapshot->begin(impl.next_op, out);
}

bool Store::snapshot_in_progress() const {
  return impl_->snapshot.has_value();
}

void Store::abandon_snapshot() {
  if (!impl_->snapshot) return;
  impl_->snapshot.reset();
  impl_->purge_waits = false;
  // Else nothing would ever let the log go on, should the state that was to come not come.
  if (impl_->log_waits) impl_->snapshot_wanted = true;
}

void Store::restored(Zxid zxid) {
  ZT_ASSERT(!impl_->snapshot);
  impl_->log.skip_to(zxid);
  impl_->log_waits = true;
  impl_->snapshot_wanted = true;
}

bool Store::log_waits() const {
  return impl_->log_waits;
}

std::optional<MonotonicTime> Store::next_deadline() const {
  return impl_->failure ? std::nullopt : impl_->next_purge;
}

void Store::tick(MonotonicTime now, std::vector<DiskOp>& out) {
  Impl& impl = *impl_;
  if (impl.failure || !impl.next_purge || now < *impl.next_purge) return;
  impl.next_purge = now + Duration::from_ms(impl.config.purge_interval_ms);
  if (impl.snapshot)
    impl.purge_waits = true;
  else
    impl.purge(out);
}

uint64_t Store::log_bytes() const {
  return sum(impl_->logs);
}
uint64_t Store::snapshot_bytes() const {
  return sum(impl_->snapshots);
}
std::optional<Zxid> Store::last_snapshot() const {
  return impl_->last_snapshot;
}

LogCatalogue Store::catalogue() const {
  const Impl& impl = *impl_;
  LogCatalogue catalogue;
  catalogue.durable = durable();
  for (const auto& [name, size] : impl.logs) {
    const auto first = zxid_of_log_name(name);
    const auto end = impl.log_ends.find(name);
    if (first) {
      catalogue.logs.push_back({{name, end == impl.log_ends.end() ? size : end->second}, *first});
    }
  }
  std::ranges::sort(catalogue.logs, [](const LogFile& a, const LogFile& b) {
    return std::tie(a.first, a.info.name) < std::tie(b.first, b.info.name);
  });
  Zxid newest(-1);
  for (const auto& [name, size] : impl.snapshots) {
    const auto parsed = parse_snapshot_name(name);
    if (!parsed) continue;
    catalogue.snapshots.push_back(parsed->zxid);
    if (parsed->zxid <= newest || !impl.valid_snapshots.contains(name)) continue;
    newest = parsed->zxid;
    catalogue.newest_snapshot_bytes = size;
  }
  return catalogue;
}

uint64_t Store::fingerprint() const {
  const Impl& impl = *impl_;
  RunningHash hash;
  impl.log.add_to(hash);
  hash.add(impl.snapshot.has_value());
  if (impl.snapshot) impl.snapshot->add_to(hash);
  hash.add(impl.failure ? std::string_view(*impl.failure) : std::string_view());
  hash.add(impl.next_op);
  Random random = impl.random;
  hash.add(random.next());
  for (const auto* files : {&impl.logs, &impl.snapshots}) {
    hash.add(files->size());
    for (const auto& [name, size] : *files) {
      hash.add(name);
      hash.add(size);
    }
  }
  for (const std::string& name : impl.valid_snapshots) hash.add(name);
  hash.add(impl.last_snapshot ? static_cast<uint64_t>(impl.last_snapshot->value) : UINT64_MAX);
  hash.add(impl.log_waits * 4U + impl.snapshot_wanted * 2U + impl.purge_waits);
  hash.add(static_cast<uint64_t>(impl.records_since_snapshot));
  hash.add(static_cast<uint64_t>(impl.bytes_since_snapshot));
  hash.add(static_cast<uint64_t>(impl.records_threshold));
  hash.add(static_cast<uint64_t>(impl.bytes_threshold));
  hash.add(impl.next_purge ? static_cast<uint64_t>(impl.next_purge->ns) : 0);
  for (const auto& [op, file] : impl.removals) hash.add(op);
  return hash.value();
}

}  // namespace zoetrope::storage
