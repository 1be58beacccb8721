#include "app/exploration.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_set.hpp>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/subcommands.hpp"

namespace zoetrope::app {
namespace {

using explore::Counters;
using explore::Path;

constexpr size_t kShards = 256;

// A broken assertion of the engine ends the process; how it came to that is told first.
thread_local const explore::Search* search_of_this_thread = nullptr;
std::string replay_command;

[[noreturn]] void tell_path(int) {
  std::string text = "a broken invariant ended this run";
  if (search_of_this_thread != nullptr) {
    text += "; replay it with:\n  " + replay_command +
            explore::to_string(search_of_this_thread->path());
  }
  text += "\n";
  static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
  _exit(kExitViolated);
}

uint64_t resident_mb() {
  unsigned long long pages = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  if (std::fscanf(file, "%llu %llu", &pages, &resident) != 2) resident = 0;
  std::fclose(file);
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) >> 20;
}

// What the workers share: the states that were seen, and the paths that wait for somebody.
class SharedBoard {
 public:
  explicit SharedBoard(unsigned workers) : workers_(workers) { paths_.push_back({}); }

  bool claim(uint64_t fingerprint) {
    Shard& shard = shards_[fingerprint >> 56];
    const std::lock_guard lock(shard.mutex);
    return shard.seen.insert(fingerprint).second;
  }
  bool is_hungry() const { return hungry_.load(std::memory_order_relaxed) > 0; }
  void give(Path path) {
    const std::lock_guard lock(mutex_);
    paths_.push_back(std::move(path));
    hungry_ = idle_ > paths_.size() ? static_cast<int>(idle_ - paths_.size()) : 0;
    changed_.notify_one();
  }
  // nullopt: nothing is left, or it is over.
  std::optional<Path> take() {
    std::unique_lock lock(mutex_);
    ++idle_;
    while (paths_.empty() && idle_ < workers_ && !is_over_) {
      hungry_ = static_cast<int>(idle_);
      changed_.wait(lock);
    }
    if (paths_.empty() || is_over_) {
      changed_.notify_all();
      return std::nullopt;
    }
    --idle_;
    Path path = std::move(paths_.front());
    paths_.pop_front();
    hungry_ = idle_ > paths_.size() ? static_cast<int>(idle_ - paths_.size()) : 0;
    return path;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    changed_.notify_all();
  }
  bool is_over() const { return is_over_; }

 private:
  struct Shard {
    std::mutex mutex;
    boost::unordered_flat_set<uint64_t> seen;
  };
  const unsigned workers_;
  std::array<Shard, kShards> shards_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Path> paths_;
  size_t idle_ = 0;
  std::atomic<int> hungry_ = 0;
  std::atomic<bool> is_over_ = false;
};

class Worker final : public explore::Board {
 public:
  Worker(const explore::Scope& scope, const ExplorationOptions& options, SharedBoard& shared)
      : shared_(shared), search_(scope, options.bounds, options.reduce, *this) {}

  void run() {
    search_of_this_thread = &search_;
    while (const std::optional<Path> path = shared_.take()) {
      if (!search_.explore(*path)) break;
    }
    if (search_.found()) shared_.stop();
    keep(search_.counters());
    search_of_this_thread = nullptr;
  }
  Counters counters() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }
  const std::optional<explore::Found>& found() const { return search_.found(); }

  bool claim(uint64_t fingerprint) override { return shared_.claim(fingerprint); }
  bool is_hungry() const override { return shared_.is_hungry(); }
  void give(Path path) override { shared_.give(std::move(path)); }
  bool go_on(const Counters& so_far) override {
    keep(so_far);
    return !shared_.is_over();
  }

 private:
  void keep(const Counters& so_far) {
    const std::lock_guard lock(mutex_);
    kept_ = so_far;
  }

  SharedBoard& shared_;
  mutable std::mutex mutex_;
  Counters kept_;
  explore::Search search_;
};

std::string limit_reached(const ExplorationOptions& options, const Counters& totals,
                          double seconds) {
  if (options.states_max != 0 && totals.states >= options.states_max) return "--max-states";
  if (options.seconds_max > 0 && seconds >= options.seconds_max) return "--seconds";
  if (options.memory_max_mb != 0 && resident_mb() >= options.memory_max_mb) return "--memory";
  return {};
}

}  // namespace

ExplorationResult explore_all(const explore::Scope& scope, const ExplorationOptions& options,
                              const std::function<void(const Counters&, double)>& show) {
  using Clock = std::chrono::steady_clock;
  const unsigned jobs =
      options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  replay_command = options.command + " --path ";
  signal(SIGABRT, tell_path);
  SharedBoard shared(jobs);
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < jobs; ++i) {
    workers.push_back(std::make_unique<Worker>(scope, options, shared));
  }
  const auto begin = Clock::now();
  ExplorationResult result;
  const auto measure = [&] {
    result.totals = {};
    for (const auto& worker : workers) result.totals.add(worker->counters());
    result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  };
  std::atomic<unsigned> running = jobs;
  std::vector<std::jthread> threads;
  for (const auto& worker : workers) {
    threads.emplace_back([&, &one = *worker] {
      one.run();
      --running;
      running.notify_one();
    });
  }
  // The limits are looked at often enough not to be passed by much.
  for (auto next_show = begin; running != 0;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    measure();
    if (result.stopped_by.empty()) {
      result.stopped_by = limit_reached(options, result.totals, result.seconds);
      if (!result.stopped_by.empty()) shared.stop();
    }
    if (Clock::now() < next_show) continue;
    next_show = Clock::now() + std::chrono::milliseconds(500);
    show(result.totals, result.seconds);
  }
  threads.clear();
  measure();
  signal(SIGABRT, SIG_DFL);
  for (const auto& worker : workers) {
    const auto& found = worker->found();
    if (found && (!result.found || found->path.size() < result.found->path.size())) {
      result.found = found;
    }
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  result.memory_mb = static_cast<uint64_t>(usage.ru_maxrss) >> 10;
  return result;
}

}  // namespace zoetrope::app
