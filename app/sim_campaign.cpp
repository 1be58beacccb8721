#include "app/sim_campaign.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "app/subcommands.hpp"
#include "core/base/hash.hpp"

namespace zoetrope::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kProgressInterval = std::chrono::milliseconds(200);

// What the handler of SIGABRT prints: composed before, because a handler may not allocate.
thread_local char current_replay[256];
std::string replay_suffix;

void on_abort(int) {
  static constexpr char kIntro[] = "a broken invariant ended this run; replay it with:\n  ";
  const auto put = [](const char* text, size_t length) {
    static_cast<void>(!::write(STDERR_FILENO, text, length));
  };
  put(kIntro, sizeof kIntro - 1);
  put(current_replay, std::strlen(current_replay));
  put("\n", 1);
  ::_exit(kExitViolated);
}

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options) : options_(options) {
    seeds_ = options.seed_last - options.seed_first + 1;
    totals_.runs_wanted = seeds_ * options.profiles.size();
    hashes_.resize(totals_.runs_wanted);
  }

  CampaignResult run(const std::function<bool(const CampaignTotals&)>& progress) {
    unsigned count = options_.threads != 0 ? options_.threads : std::thread::hardware_concurrency();
    count = static_cast<unsigned>(std::clamp<uint64_t>(count, 1, totals_.runs_wanted));
    working_ = count;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    watch(progress);
    threads.clear();
    return finish();
  }

 private:
  void watch(const std::function<bool(const CampaignTotals&)>& progress) {
    std::unique_lock lock(mutex_);
    while (!done_.wait_for(lock, kProgressInterval, [this] { return working_ == 0; })) {
      CampaignTotals totals = totals_;
      totals.seconds = seconds();
      lock.unlock();
      if (!progress(totals)) stop_ = true;
      lock.lock();
    }
  }

  void work() {
    while (!stop_) {
      const uint64_t number = next_++;
      if (number >= totals_wanted()) break;
      try {
        run_one(number);
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        internal_error_ = std::string(current_replay) + ": " + error.what();
        stop_ = true;
      }
    }
    const std::lock_guard lock(mutex_);
    if (--working_ == 0) done_.notify_all();
  }

  uint64_t totals_wanted() const { return seeds_ * options_.profiles.size(); }

  void run_one(uint64_t number) {
    sim::RunRequest request;
    request.profile = options_.profiles[number / seeds_];
    request.seed = options_.seed_first + number % seeds_;
    request.overrides = options_.overrides;
    request.check = options_.check;
    set_current_run(request.seed, request.profile);
    sim::RunResult result = sim::run(request);
    const std::lock_guard lock(mutex_);
    hashes_[number] = result.hash;
    add(result);
    if (result.violations.empty()) return;
    ++totals_.failed;
    failures_.push_back({request.seed, request.profile, std::move(result.violations)});
    if (failures_.size() >= options_.failures_max) stop_ = true;
  }

  void add(const sim::RunResult& result) {
    ++totals_.runs;
    totals_.events += result.counts.events;
    totals_.deliveries += result.counts.deliveries;
    totals_.operations += result.counts.operations;
    totals_.unknown += result.counts.unknown;
    totals_.watch_events += result.counts.watch_events;
    totals_.sessions += result.counts.sessions;
    totals_.crashes += result.counts.kills + result.counts.power_losses;
    totals_.lost_data += result.counts.lost_data;
    totals_.virtual_ms += static_cast<uint64_t>(result.virtual_time.ms());
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  CampaignResult finish() {
    CampaignResult result;
    result.totals = totals_;
    result.totals.seconds = seconds();
    result.internal_error = internal_error_;
    std::ranges::sort(failures_, [](const Failure& a, const Failure& b) {
      return std::pair(a.profile, a.seed) < std::pair(b.profile, b.seed);
    });
    result.failures = std::move(failures_);
    if (totals_.runs == totals_.runs_wanted) {
      RunningHash hash;
      for (const uint64_t run : hashes_) hash.add(run);
      result.hash = hash.value();
    }
    return result;
  }

  const CampaignOptions& options_;
  uint64_t seeds_ = 0;
  const Clock::time_point start_ = Clock::now();
  std::atomic<uint64_t> next_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable done_;
  unsigned working_ = 0;
  CampaignTotals totals_;
  std::vector<uint64_t> hashes_;
  std::vector<Failure> failures_;
  std::string internal_error_;
};

std::string overrides_text(const sim::Overrides& overrides) {
  std::string text;
  if (overrides.operations != 0) text += " --ops " + std::to_string(overrides.operations);
  if (overrides.clients != 0) text += " --clients " + std::to_string(overrides.clients);
  if (overrides.servers != 0) text += " --servers " + std::to_string(overrides.servers);
  if (overrides.observers) text += " --observers " + std::to_string(*overrides.observers);
  return text;
}

}  // namespace

CampaignResult run_campaign(const CampaignOptions& options,
                            const std::function<bool(const CampaignTotals&)>& progress) {
  return Campaign(options).run(progress);
}

std::string replay_command(uint64_t seed, sim::Profile profile, const sim::Overrides& overrides) {
  return "zoetrope sim --seed " + std::to_string(seed) + " --profile " +
         std::string(sim::to_string(profile)) + overrides_text(overrides);
}

void name_runs_on_abort(const sim::Overrides& overrides) {
  replay_suffix = overrides_text(overrides);
  struct sigaction action{};
  action.sa_handler = on_abort;
  sigaction(SIGABRT, &action, nullptr);
}

void set_current_run(uint64_t seed, sim::Profile profile) {
  const std::string text = "zoetrope sim --seed " + std::to_string(seed) + " --profile " +
                           std::string(sim::to_string(profile)) + replay_suffix;
  const size_t length = std::min(text.size(), sizeof current_replay - 1);
  std::memcpy(current_replay, text.data(), length);
  current_replay[length] = '\0';
}

}  // namespace zoetrope::app
