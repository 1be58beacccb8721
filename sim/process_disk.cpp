// The disk of a process: its operations in their lanes, each after its time, and the word of each.
#include <utility>

#include "core/base/assert.hpp"
#include "sim/process.hpp"

namespace zoetrope::sim {

std::string text_of(const storage::DiskAction& action) {
  struct Visit {
    std::string operator()(const storage::WriteFile& a) {
      return "write " + a.file.name + " [" + std::to_string(a.offset) + ", " +
             std::to_string(a.offset + a.bytes.size()) + ")";
    }
    std::string operator()(const storage::SyncFile& a) { return "sync " + a.file.name; }
    std::string operator()(const storage::RenameFile& a) {
      return "rename " + a.from.name + " to " + a.to;
    }
    std::string operator()(const storage::RemoveFile& a) { return "remove " + a.file.name; }
    std::string operator()(const storage::TruncateFile& a) {
      return "truncate " + a.file.name + " to " + std::to_string(a.size);
    }
    std::string operator()(const storage::CloseFile& a) { return "close " + a.file.name; }
  };
  return std::visit(Visit{}, action);
}

void Process::issue(storage::DiskOp op) {
  ZT_ASSERT(!reload_);
  LaneQueue& lane = lanes_[static_cast<size_t>(op.lane)];
  trace_.number(op.id * 8 + op.action.index());
  if (const auto* write = std::get_if<storage::WriteFile>(&op.action)) trace_.bytes(write->bytes);
  if (trace_.readable()) trace_.note("issue " + std::to_string(op.id) + ": " + text_of(op.action));
  const storage::Lane which = op.lane;
  if (config_.sync_completes_early && std::holds_alternative<storage::SyncFile>(op.action)) {
    deferred_.emplace_back(node::DiskDone{op.id, std::nullopt});
  }
  lane.ops.push_back(std::move(op));
  if (lane.ops.size() == 1) start_next(which);
}

void Process::start_next(storage::Lane which) {
  LaneQueue& lane = lanes_[static_cast<size_t>(which)];
  if (lane.ops.empty()) return;
  const bool slow = std::holds_alternative<storage::SyncFile>(lane.ops.front().action) ||
                    std::holds_alternative<storage::RenameFile>(lane.ops.front().action);
  const Latency& latency = slow ? config_.sync_latency : config_.write_latency;
  Site& site = which == storage::Lane::kLog ? sites_.writes : sites_.snapshot_writes;
  plan(EventKind::kDiskDone, disk_time(latency, site),
       generation_ << 1 | static_cast<uint64_t>(which));
}

std::expected<void, storage::DiskError> Process::execute(const storage::DiskAction& action) {
  if (auto refused = failed_files_.refuse(action)) {
    if (trace_.readable()) trace_.note(text_of(action) + " not carried out");
    return std::unexpected(std::move(*refused));
  }
  if (const auto* remove = std::get_if<storage::RemoveFile>(&action)) {
    const std::string* content = disk_.content(remove->file);
    if (content != nullptr && log_observer_) log_observer_(remove->file, *content);
  }
  auto done = disk_.execute(action);
  if (!done) failed_files_.failed(action, done.error());
  if (trace_.readable()) trace_.note(text_of(action) + (done ? "" : " failed"));
  return done;
}

std::optional<node::DiskDone> Process::finish_disk(storage::Lane which) {
  LaneQueue& lane = lanes_[static_cast<size_t>(which)];
  ZT_ASSERT(!lane.ops.empty());
  const storage::DiskOp op = std::move(lane.ops.front());
  lane.ops.pop_front();
  const auto done = execute(op.action);
  if (done) {
    between_ = which;
    if (show([&](Lookout& lookout) { lookout.writes(index_, op.action); })) {
      gone(*dying_);
      return std::nullopt;
    }
    between_.reset();
  }
  start_next(which);
  const bool told =
      config_.sync_completes_early && std::holds_alternative<storage::SyncFile>(op.action);
  if (told) return std::nullopt;
  node::DiskDone report{op.id, std::nullopt};
  if (!done) report.error = done.error();
  disk_failed_ = disk_failed_ || !done;
  return report;
}

void Process::report_disk(const node::DiskDone& done) {
  if (done.error) trace_.note("disk: " + done.error->message);
  step(done);
}

void Process::disk_done(storage::Lane which) {
  if (const auto report = finish_disk(which)) report_disk(*report);
  run_deferred();
}

}  // namespace zoetrope::sim
