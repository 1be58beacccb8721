#include "app/sim_campaign.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <thread>
#include <utility>

#include "app/guide.hpp"
#include "app/subcommands.hpp"
#include "core/base/hash.hpp"

namespace zoetrope::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr unsigned kLastDeedSeconds = 10;
constexpr auto kProgressInterval = std::chrono::milliseconds(200);

// What the handler of SIGABRT prints: composed before, because a handler may not allocate.
thread_local char current_replay[1024];

// What has to be saved before the process ends.
thread_local std::function<void()> last_deed;

void on_abort(int) {
  // Whatever is broken by now, the process is not to hang.
  ::alarm(kLastDeedSeconds);
  if (const auto deed = std::exchange(last_deed, nullptr)) deed();
  static constexpr char kIntro[] = "a broken invariant ended this run; replay it with:\n  ";
  const auto put = [](const char* text, size_t length) {
    static_cast<void>(!::write(STDERR_FILENO, text, length));
  };
  put(kIntro, sizeof kIntro - 1);
  put(current_replay, std::strlen(current_replay));
  put("\n", 1);
  ::_exit(kExitViolated);
}

// Steps, and what came by chance besides.
uint64_t faults_of(const sim::WorldCounts& c) {
  return std::accumulate(c.steps.begin(), c.steps.end(),
                         c.interrupted_recoveries + c.syncs_failed + c.writes_failed +
                             c.writes_without_room + c.reads_failed);
}

class Campaign {
 public:
  explicit Campaign(const CampaignOptions& options)
      : options_(options), seeds_(options.seed_last - options.seed_first + 1) {
    totals_.runs_wanted = seeds_ * options.profiles.size();
    hashes_.resize(totals_.runs_wanted);
    runs_by_point_.resize(sim::kPointSlots);
  }

  CampaignResult run(const std::function<bool(const CampaignTotals&)>& progress) {
    if (options_.guided) {
      run_guided(progress);
    } else {
      run_batch(0, totals_.runs_wanted, progress);
    }
    return finish();
  }

 private:
  // Generation by generation: what one has reached decides on the next, however many threads run
  // it.
  void run_guided(const std::function<bool(const CampaignTotals&)>& progress) {
    Guide guide(options_.seed_first, options_.profiles, options_.overrides);
    uint64_t done = 0;
    while (done < totals_.runs_wanted && !stop_) {
      generation_ = guide.next(std::min(Guide::kGeneration, totals_.runs_wanted - done));
      generation_first_ = done;
      reached_.assign(generation_.size(), {});
      run_batch(done, generation_.size(), progress);
      if (!stop_) guide.learn(generation_, reached_);
      done += generation_.size();
    }
  }

  // The runs [first, first + count).
  void run_batch(uint64_t first, uint64_t count,
                 const std::function<bool(const CampaignTotals&)>& progress) {
    next_ = first;
    end_ = first + count;
    unsigned threads_wanted =
        options_.threads != 0 ? options_.threads : std::thread::hardware_concurrency();
    threads_wanted = static_cast<unsigned>(std::clamp<uint64_t>(threads_wanted, 1, count));
    working_ = threads_wanted;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < threads_wanted; ++i) threads.emplace_back([this] { work(); });
    watch(progress);
  }

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
      if (number >= end_) break;
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

  Ticket ticket_of(uint64_t number) const {
    if (options_.guided) return generation_[number - generation_first_];
    return {options_.seed_first + number % seeds_, options_.profiles[number / seeds_],
            options_.overrides};
  }

  void run_one(uint64_t number) {
    Ticket ticket = ticket_of(number);
    sim::RunRequest request;
    request.profile = ticket.profile;
    request.seed = ticket.seed;
    request.overrides = ticket.overrides;
    request.check = options_.check;
    request.count_coverage = options_.coverage || options_.guided;
    set_current_run(ticket);
    sim::RunResult result = sim::run(request);
    const std::lock_guard lock(mutex_);
    hashes_[number] = result.hash;
    if (options_.guided) reached_[number - generation_first_] = result.coverage;
    add(result);
    if (result.excuse) {
      ++totals_.excused;
      excused_.emplace(number, Excused{ticket, *result.excuse});
    }
    if (result.violations.empty()) return;
    ++totals_.failed;
    failures_.emplace(number, Failure{std::move(ticket), std::move(result.violations)});
    if (failures_.size() >= options_.failures_max) stop_ = true;
  }

  void add(const sim::RunResult& result) {
    const sim::WorldCounts& c = result.counts;
    ++totals_.runs;
    totals_.events += c.events;
    totals_.deliveries += c.deliveries;
    totals_.operations += c.operations;
    totals_.unknown += c.unknown;
    totals_.watch_events += c.watch_events;
    totals_.sessions += c.sessions;
    totals_.crashes += c.kills + c.power_losses;
    totals_.lost_data += c.lost_data;
    totals_.faults += faults_of(c);
    totals_.leaders += c.epochs;
    totals_.steps_missed += result.missed_steps.size();
    totals_.quorum_runs += c.frozen_servers != 0 ? 1 : 0;
    totals_.frozen_servers += c.frozen_servers;
    totals_.disks_damaged += c.disks_damaged;
    totals_.disks_spared += c.disks_spared;
    totals_.unsafe_damages += c.unsafe_damages;
    totals_.excused_findings += c.excused_findings;
    totals_.virtual_ms += static_cast<uint64_t>(result.virtual_time.ms());
    for (size_t slot = 0; slot < sim::kPointSlots; ++slot) {
      if (!result.coverage[slot]) continue;
      if (runs_by_point_[slot]++ == 0 && sim::is_point(slot)) ++totals_.points;
    }
  }

  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  CampaignResult finish() {
    CampaignResult result;
    result.totals = totals_;
    result.totals.seconds = seconds();
    result.internal_error = internal_error_;
    for (auto& [number, failure] : failures_) result.failures.push_back(std::move(failure));
    for (auto& [number, excused] : excused_) result.excused.push_back(std::move(excused));
    result.runs_by_point = std::move(runs_by_point_);
    if (totals_.runs == totals_.runs_wanted) {
      RunningHash hash;
      for (const uint64_t run : hashes_) hash.add(run);
      result.hash = hash.value();
    }
    return result;
  }

  const CampaignOptions& options_;
  const uint64_t seeds_;
  const Clock::time_point start_ = Clock::now();
  std::atomic<uint64_t> next_ = 0;
  uint64_t end_ = 0;
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::condition_variable done_;
  unsigned working_ = 0;
  CampaignTotals totals_;
  std::vector<uint64_t> hashes_;
  std::vector<uint64_t> runs_by_point_;
  std::map<uint64_t, Failure> failures_;  // by the number of the run
  std::map<uint64_t, Excused> excused_;
  std::string internal_error_;
  // Of a guided campaign: the runs of the present generation, and what they have reached.
  std::vector<Ticket> generation_;
  uint64_t generation_first_ = 0;
  std::vector<sim::PointSet> reached_;
};

std::string overrides_text(const sim::Overrides& overrides) {
  std::string text;
  if (overrides.operations != 0) text += " --ops " + std::to_string(overrides.operations);
  if (overrides.clients != 0) text += " --clients " + std::to_string(overrides.clients);
  if (overrides.servers != 0) text += " --servers " + std::to_string(overrides.servers);
  if (overrides.observers) text += " --observers " + std::to_string(*overrides.observers);
  for (const auto& [part, number] : overrides.redraw) {
    text += " --redraw " + part + "=" + std::to_string(number);
  }
  return text;
}

}  // namespace

CampaignResult run_campaign(const CampaignOptions& options,
                            const std::function<bool(const CampaignTotals&)>& progress) {
  return Campaign(options).run(progress);
}

std::string replay_command(const Ticket& ticket) {
  return "zoetrope sim --seed " + std::to_string(ticket.seed) + " --profile " +
         std::string(sim::to_string(ticket.profile)) + overrides_text(ticket.overrides);
}

void name_runs_on_abort() {
  struct sigaction action{};
  action.sa_handler = on_abort;
  sigaction(SIGABRT, &action, nullptr);
}

void before_abort(std::function<void()> what) {
  last_deed = std::move(what);
}

void set_current_run(const Ticket& ticket) {
  set_current_command(replay_command(ticket));
}

void set_current_command(const std::string& command) {
  const size_t length = std::min(command.size(), sizeof current_replay - 1);
  std::memcpy(current_replay, command.data(), length);
  current_replay[length] = '\0';
}

}  // namespace zoetrope::app
