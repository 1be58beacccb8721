#include "net/disk_threads.hpp"

#include <sys/eventfd.h>

#include <chrono>
#include <iterator>
#include <system_error>

#include "core/base/assert.hpp"

namespace zoetrope::net {

DiskThreads::DiskThreads(const DiskRoots& roots, Duration slow_sync)
    : slow_sync_(slow_sync),
      event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      lanes_{LaneThread(roots), LaneThread(roots)} {
  if (!event_.is_open()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

DiskThreads::~DiskThreads() {
  for (LaneThread& lane : lanes_) {
    if (!lane.thread.joinable()) continue;
    {
      const std::lock_guard lock(lane.mutex);
      lane.stopping = true;
    }
    lane.wake.notify_one();
    lane.thread.join();
  }
}

void DiskThreads::submit(std::vector<storage::DiskOp>& ops) {
  std::array<bool, 2> is_touched{};
  for (storage::DiskOp& op : ops) {
    const size_t i = index(op.lane);
    LaneThread& lane = lanes_[i];
    if (!lane.thread.joinable()) lane.thread = std::thread([this, &lane] { run(lane); });
    const std::lock_guard lock(lane.mutex);
    lane.queue.push_back(std::move(op));
    ++in_flight_[i];
    is_touched[i] = true;
  }
  ops.clear();
  for (size_t i = 0; i < lanes_.size(); ++i) {
    if (is_touched[i]) lanes_[i].wake.notify_one();
  }
}

void DiskThreads::take_completions(std::vector<DiskCompletion>& out) {
  const size_t before = out.size();
  {
    const std::lock_guard lock(done_mutex_);
    if (done_.empty()) return;
    std::move(done_.begin(), done_.end(), std::back_inserter(out));
    done_.clear();
    has_completions_ = false;
  }
  for (size_t i = before; i < out.size(); ++i) {
    ZT_ASSERT(in_flight_[index(out[i].lane)] > 0);
    --in_flight_[index(out[i].lane)];
  }
}

DiskCompletion DiskThreads::perform_now(storage::DiskOp op) {
  ZT_ASSERT(is_idle(op.lane));
  return perform(lanes_[index(op.lane)], op);
}

void DiskThreads::close_files() {
  ZT_ASSERT(is_idle(storage::Lane::kLog) && is_idle(storage::Lane::kSnapshot));
  for (LaneThread& lane : lanes_) lane.files.close_all();
}

void DiskThreads::run(LaneThread& lane) {
  std::vector<storage::DiskOp> ops;
  std::vector<DiskCompletion> completions;
  while (true) {
    {
      std::unique_lock lock(lane.mutex);
      lane.wake.wait(lock, [&] { return !lane.queue.empty() || lane.stopping; });
      if (lane.queue.empty()) return;
      ops.swap(lane.queue);
    }
    for (storage::DiskOp& op : ops) {
      completions.push_back(perform(lane, op));
      // Somebody may be waiting for a sync; the rest can be told together.
      if (std::holds_alternative<storage::SyncFile>(op.action)) publish(completions);
    }
    ops.clear();
    publish(completions);
  }
}

void DiskThreads::publish(std::vector<DiskCompletion>& completions) {
  if (completions.empty()) return;
  bool must_wake = false;
  {
    const std::lock_guard lock(done_mutex_);
    must_wake = done_.empty();
    std::move(completions.begin(), completions.end(), std::back_inserter(done_));
    has_completions_ = true;
  }
  completions.clear();
  if (must_wake) ::eventfd_write(event_.get(), 1);
}

DiskCompletion DiskThreads::perform(LaneThread& lane, storage::DiskOp& op) const {
  DiskCompletion completion;
  completion.op = op.id;
  completion.lane = op.lane;
  const auto* sync = std::get_if<storage::SyncFile>(&op.action);
  const auto before = std::chrono::steady_clock::now();
  completion.error = lane.files.perform(op.action);
  if (sync != nullptr) {
    completion.sync_time.ns =
        std::chrono::nanoseconds(std::chrono::steady_clock::now() - before).count();
    if (completion.sync_time >= slow_sync_) completion.synced_file = sync->file.name;
  }
  return completion;
}

}  // namespace zoetrope::net
