// A running process goes back to its files: it reads pieces of them while it writes behind, and it
// cuts its history and recovers from what is left, as it does at its start.
#include <utility>

#include "core/base/assert.hpp"
#include "sim/process.hpp"

namespace zoetrope::sim {

void Process::plan_read(const node::ReadFile& read) {
  trace_.number(read.offset);
  if (trace_.readable()) {
    trace_.note("read " + read.file.name + " from " + std::to_string(read.offset));
  }
  reads_.push_back(read);
  plan(EventKind::kFileRead, disk_time(config_.write_latency, sites_.reads), generation_);
}

void Process::read_file() {
  const node::ReadFile read = std::move(reads_.front());
  reads_.pop_front();
  const auto bytes = disk_.read(read.file, read.offset, read.length);
  if (bytes) {
    step(node::FileRead{read.token, *bytes, std::nullopt});
  } else {
    step(node::FileRead{read.token, {}, bytes.error()});
  }
}

void Process::plan_reload(const node::Reload& reload) {
  ZT_ASSERT(no_disk_operation() && !reload_);
  reload_ = reload;
  const int64_t last = reload.last ? reload.last->value : -1;
  trace_.number(static_cast<uint64_t>(last));
  record(StateChange::kReloads, static_cast<uint64_t>(last));
  if (trace_.readable()) trace_.note("reload up to " + std::to_string(last));
  ProcessReport report;
  report.kind = ProcessReport::Kind::kReloading;
  reports_.push_back(std::move(report));
  plan(EventKind::kReload, disk_time(config_.sync_latency, sites_.reads), generation_);
}

void Process::reload() {
  if (!reload_) return;
  RecoveryDisk recovery(disk_, recovery_calls_max_.value_or(UINT64_MAX));
  recovery_calls_max_.reset();
  auto state = recover_again(config_.server, recovery, reload_->last);
  const bool is_cut = reload_->last.has_value();
  reload_.reset();
  if (recovery.stopped() && lookout_ != nullptr) lookout_->refuses_to_start(index_, true);
  if (recovery.stopped()) return gone(DeathKind::kPowerLoss);
  if (!state) {
    trace_.note("reload failed: " + state.error());
    disk_failed_ = disk_failed_ || recovery.interfered();
    halt({false, state.error()});
    dying_.reset();
    return gone(DeathKind::kKill);
  }
  if (is_cut && show([this](Lookout& lookout) { lookout.cuts_log(index_); })) return gone(*dying_);
  step(node::Reloaded{&*state});
}

}  // namespace zoetrope::sim
