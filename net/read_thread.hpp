// Reads pieces of files that others go on writing, in a thread of its own: neither the event loop
// nor a sync of the log waits for it. Owns the thread (started by the first read), what is to be
// read and what was; keeps no file open, because names may come to stand for other files.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <expected>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/node/effects.hpp"
#include "core/storage/disk.hpp"
#include "net/disk_files.hpp"

namespace zoetrope::net {

struct ReadCompletion {
  uint64_t token = 0;
  std::expected<std::string, storage::DiskError> bytes;
};

class ReadThread {
 public:
  // `wake_fd`: an eventfd that is written when completions are waiting; outlives this.
  ReadThread(DiskRoots roots, int wake_fd) : roots_(std::move(roots)), wake_fd_(wake_fd) {}
  // Finishes the read under way and joins.
  ~ReadThread();
  ReadThread(const ReadThread&) = delete;
  ReadThread& operator=(const ReadThread&) = delete;

  // The owner's thread only, both.
  void submit(node::ReadFile read);
  // Appends what was completed since the last call.
  void take_completions(std::vector<ReadCompletion>& out);

 private:
  void run();

  const DiskRoots roots_;
  const int wake_fd_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<node::ReadFile> queue_;
  std::vector<ReadCompletion> done_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace zoetrope::net
