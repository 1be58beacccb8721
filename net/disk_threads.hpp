// One thread for each lane of disk operations, so that a slow snapshot never delays a log sync.
// Owns the threads (started by the first operation of their lane), the lanes' open files and the
// queue of completions; never reorders a lane and never retries.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "core/base/time.hpp"
#include "core/storage/disk.hpp"
#include "net/disk_files.hpp"
#include "net/unique_fd.hpp"

namespace zoetrope::net {

struct DiskCompletion {
  uint64_t op = 0;
  storage::Lane lane = storage::Lane::kLog;
  std::optional<storage::DiskError> error;
  Duration sync_time;       // of a SyncFile, else 0
  std::string synced_file;  // of a SyncFile that took long, for the log line
};

class DiskThreads {
 public:
  // `slow_sync`: from this length on a sync's completion names its file.
  DiskThreads(const DiskRoots& roots, Duration slow_sync);
  // Finishes what was submitted and joins.
  ~DiskThreads();
  DiskThreads(const DiskThreads&) = delete;
  DiskThreads& operator=(const DiskThreads&) = delete;

  // Takes the operations (leaving `ops` empty) in their order. The owner's thread only, as all
  // below.
  void submit(std::vector<storage::DiskOp>& ops);
  // An eventfd that is written when completions are waiting. Never read: watch it edge-triggered.
  int completion_fd() const { return event_.get(); }
  bool has_completions() const { return has_completions_.load(std::memory_order_relaxed); }
  // Appends what was completed since the last call.
  void take_completions(std::vector<DiskCompletion>& out);
  // No operation of the lane is under way or waiting to be taken.
  bool is_idle(storage::Lane lane) const { return in_flight_[index(lane)] == 0; }
  // Carries one operation out in the calling thread; its lane must be idle.
  DiskCompletion perform_now(storage::DiskOp op);
  // Forgets all open files, because somebody else will change them. Both lanes must be idle.
  void close_files();

 private:
  struct LaneThread {
    explicit LaneThread(const DiskRoots& roots) : files(roots) {}
    DiskFiles files;
    std::mutex mutex;
    std::condition_variable wake;
    std::vector<storage::DiskOp> queue;
    bool stopping = false;
    std::thread thread;
  };
  static size_t index(storage::Lane lane) { return static_cast<size_t>(lane); }

  void run(LaneThread& lane);
  void publish(std::vector<DiskCompletion>& completions);
  DiskCompletion perform(LaneThread& lane, storage::DiskOp& op) const;

  const Duration slow_sync_;
  UniqueFd event_;
  std::array<LaneThread, 2> lanes_;
  std::array<uint64_t, 2> in_flight_{};
  std::mutex done_mutex_;
  std::vector<DiskCompletion> done_;
  std::atomic<bool> has_completions_ =
      false;  // done_ is not empty; to be looked at without the lock
};

}  // namespace zoetrope::net
