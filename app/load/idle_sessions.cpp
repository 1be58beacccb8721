#include "app/load/idle_sessions.hpp"

#include "app/load/process_usage.hpp"

namespace zoetrope::load {
namespace {

constexpr int64_t kEmptyNs = 2'000'000'000;

}  // namespace

IdleSessions::Usage IdleSessions::usage_now() const {
  Usage sum;
  for (const pid_t pid : options_.pids) {
    const ProcessUsage usage = process_usage(pid).value_or(ProcessUsage{});
    sum.cpu_ns += usage.cpu_ns;
    sum.rss_bytes += usage.rss_bytes;
  }
  sum.at_ns = monotonic_ns();
  return sum;
}

void IdleSessions::prepare(Setup& setup) {
  setup.finish();
  if (options_.pids.empty()) return;
  const Usage before = usage_now();
  while (monotonic_ns() < before.at_ns + kEmptyNs) reactor_.poll(before.at_ns + kEmptyNs);
  const Usage after = usage_now();
  rss_bytes_empty_ = after.rss_bytes;
  cpu_ns_a_ns_empty_ = static_cast<double>(after.cpu_ns - before.cpu_ns) /
                       static_cast<double>(after.at_ns - before.at_ns);
}

void IdleSessions::begin(Connection& connection, int64_t now_ns) {
  const int64_t interval_ns = connection.ping_interval_ns();
  const auto index = static_cast<int64_t>(connection.index());
  connection.ping_after(interval_ns * index / static_cast<int64_t>(options_.connections), now_ns);
}

void IdleSessions::begin_measuring() {
  begun_ = usage_now();
  Workload::begin_measuring();
}

void IdleSessions::end_measuring() {
  Workload::end_measuring();
  ended_ = usage_now();
}

std::vector<ExtraFigure> IdleSessions::extra_figures(const FleetUsage&) const {
  if (options_.pids.empty() || measurement_.operations == 0) return {};
  const double idle_ns = cpu_ns_a_ns_empty_ * static_cast<double>(ended_.at_ns - begun_.at_ns);
  const double cpu_ns = static_cast<double>(ended_.cpu_ns - begun_.cpu_ns) - idle_ns;
  return {{"server_cpu_ns_a_ping",
           static_cast<int64_t>(cpu_ns / static_cast<double>(measurement_.operations))},
          {"server_rss_bytes_a_session",
           (ended_.rss_bytes - rss_bytes_empty_) / static_cast<int64_t>(options_.connections)}};
}

}  // namespace zoetrope::load
