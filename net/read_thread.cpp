#include "net/read_thread.hpp"

#include <sys/eventfd.h>

#include <iterator>
#include <utility>

#include "net/file_disk.hpp"

namespace zoetrope::net {

ReadThread::~ReadThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ReadThread::submit(node::ReadFile read) {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(read));
  }
  wake_.notify_one();
}

void ReadThread::take_completions(std::vector<ReadCompletion>& out) {
  if (!thread_.joinable()) return;
  const std::lock_guard lock(mutex_);
  std::move(done_.begin(), done_.end(), std::back_inserter(out));
  done_.clear();
}

void ReadThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return !queue_.empty() || is_stopping_; });
    if (is_stopping_) return;
    const node::ReadFile read = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    ReadCompletion completion{read.token,
                              FileDisk(roots_).read(read.file, read.offset, read.length)};
    lock.lock();
    done_.push_back(std::move(completion));
    ::eventfd_write(wake_fd_, 1);
  }
}

}  // namespace zoetrope::net
