#include "app/load/run.hpp"

#include <algorithm>

#include "app/load/process_usage.hpp"

namespace zoetrope::load {
namespace {

constexpr int64_t kProgressNs = 500'000'000;

std::vector<ServerAddress> addresses_of(const Options& options) {
  std::vector<ServerAddress> all;
  for (const std::string& text : options.servers) {
    const auto parsed = parse_connect_string(text);
    if (!parsed) throw LoadError(parsed.error());
    auto addresses = resolve(parsed->servers);
    if (!addresses) throw LoadError(addresses.error());
    all.insert(all.end(), addresses->begin(), addresses->end());
  }
  if (all.empty()) throw LoadError("no server given");
  return all;
}

ProcessUsage usage_of(pid_t pid) {
  const auto usage = process_usage(pid);
  if (!usage) throw LoadError("no process " + std::to_string(pid) + " (--pids)");
  return *usage;
}

class Run {
 public:
  Run(const Options& options, const std::function<void(const Progress&)>& progress,
      const std::function<bool()>& interrupted)
      : options_(options),
        progress_(progress),
        interrupted_(interrupted),
        reactor_(addresses_of(options), options.session_timeout_ms),
        setup_(reactor_),
        kind_(*find_workload(options.workload)),
        workload_(kind_.make(reactor_, options)) {}

  Report operator()() {
    for (const pid_t pid : options_.pids) usage_of(pid);  // a bad pid is told before the load
    say("prepare", 0, 0);
    setup_.connect();
    setup_.put(options_.root, "");
    workload_->prepare(setup_);
    setup_.finish();
    workload_->open_fleet();
    if (!kind_.ends_by_itself) {
      workload_->start();
      if (options_.warmup_seconds > 0) drive("warm-up", options_.warmup_seconds);
    }
    Report report = measure();
    workload_->drain();
    report.measurement = workload_->measurement();
    report.extra = workload_->extra_figures(fleet_usage(report));
    workload_->close_fleet();
    clean_up(report);
    return report;
  }

 private:
  // What was measured is reported whatever becomes of this; a server that died and came back under
  // the load has cut our connection.
  void clean_up(Report& report) {
    try {
      setup_.reconnect();
      if (!options_.keep) {
        say("clean up", 0, 0);
        setup_.remove_tree(options_.root);
      }
      setup_.close();
    } catch (const LoadError& error) {
      report.measurement.error(std::string("the clean-up failed: ") + error.what());
    }
  }

  Report measure() {
    Report report;
    report.options = options_;
    for (const pid_t pid : options_.pids) {
      const ProcessUsage before = usage_of(pid);
      report.servers.push_back({pid, -before.cpu_ns, before.rss_bytes, 0});
    }
    const int64_t own_cpu_before = own_cpu_ns();
    const int64_t begun_ns = monotonic_ns();
    workload_->begin_measuring();
    if (kind_.ends_by_itself) workload_->start();
    drive("measure", kind_.ends_by_itself ? 0 : options_.seconds);
    workload_->end_measuring();
    report.measured_ns = monotonic_ns() - begun_ns;
    report.generator_cpu_ns = own_cpu_ns() - own_cpu_before;
    for (ServerUsage& server : report.servers) {
      // A server that died under the load has its errors in the report already.
      const ProcessUsage after = process_usage(server.pid).value_or(ProcessUsage{});
      server.cpu_ns = std::max<int64_t>(0, server.cpu_ns + after.cpu_ns);
      server.rss_bytes_after = after.rss_bytes;
    }
    report.interrupted = interrupted_();
    return report;
  }

  static FleetUsage fleet_usage(const Report& report) {
    FleetUsage sum;
    for (const ServerUsage& server : report.servers) {
      sum.rss_bytes_before += server.rss_bytes_before;
      sum.rss_bytes_after += server.rss_bytes_after;
    }
    sum.measured_ns = report.measured_ns;
    return sum;
  }

  // seconds 0: until the workload has finished.
  void drive(std::string_view phase, double seconds) {
    const int64_t begun_ns = monotonic_ns();
    const int64_t end_ns = seconds > 0 ? begun_ns + static_cast<int64_t>(seconds * 1e9) : INT64_MAX;
    int64_t next_progress_ns = begun_ns + kProgressNs;
    uint64_t said_operations = workload_->measurement().operations;
    while (reactor_.now_ns() < end_ns && !workload_->finished() && !interrupted_()) {
      workload_->turn(std::min(end_ns, next_progress_ns));
      if (reactor_.now_ns() < next_progress_ns) continue;
      const uint64_t operations = workload_->measurement().operations;
      last_rate_ = static_cast<double>(operations - said_operations) * 1e9 / kProgressNs;
      said_operations = operations;
      next_progress_ns += kProgressNs;
      say(phase, static_cast<double>(reactor_.now_ns() - begun_ns) / 1e9, seconds);
    }
  }

  void say(std::string_view phase, double seconds, double seconds_total) {
    if (!progress_) return;
    progress_({phase, seconds, seconds_total, workload_->measurement().operations, last_rate_});
  }

  const Options& options_;
  const std::function<void(const Progress&)>& progress_;
  const std::function<bool()>& interrupted_;
  Reactor reactor_;
  Setup setup_;
  const WorkloadKind& kind_;
  std::unique_ptr<Workload> workload_;
  double last_rate_ = 0;
};

}  // namespace

uint64_t Report::errors() const {
  uint64_t sum = 0;
  for (const auto& [what, count] : measurement.errors) sum += count;
  return sum;
}

double Report::throughput() const {
  return measured_ns == 0
             ? 0
             : static_cast<double>(measurement.operations) * 1e9 / static_cast<double>(measured_ns);
}

Report run(const Options& options, const std::function<void(const Progress&)>& progress,
           const std::function<bool()>& interrupted) {
  return Run(options, progress, interrupted)();
}

}  // namespace zoetrope::load
