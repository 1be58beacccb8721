// How long an undisturbed request may take in a world, for the properties that bound time.
#include <algorithm>

#include "sim/profile.hpp"

namespace zoetrope::sim {
namespace {

// What a step may add to the time of one request.
struct DelayOf {
  Duration operator()(const HoldLink& hold) const { return hold.lasts; }
  Duration operator()(const Pause& pause) const { return pause.lasts; }
  Duration operator()(const SlowCpu& slow) const { return slow.lasts; }
  Duration operator()(const SlowDisk& slow) const { return slow.lasts; }
  Duration operator()(const StallDisk& stall) const { return stall.lasts; }
  Duration operator()(const SlowLinks& slow) const {
    return Duration{slow.lasts.ns + slow.delay.longest().ns};
  }
  Duration operator()(const LoseSegments& loss) const {
    const auto doublings = static_cast<int64_t>(std::min<uint64_t>(loss.tries_max, 16));
    return Duration{loss.lasts.ns + (loss.retransmit_after.ns << (doublings + 1))};
  }
  // What is in the pipe when it becomes wide again.
  Duration operator()(const LimitBandwidth& limit) const {
    return drained(limit.bytes_per_second, limit.lasts);
  }
  Duration operator()(const SlowReader& slow) const {
    return drained(slow.bytes_per_second, slow.lasts);
  }
  Duration operator()(const SmallSegments&) const { return {}; }
  Duration operator()(const FailConnects& fail) const {
    return Duration{fail.lasts.ns + fail.delay.ns};
  }
  Duration operator()(const EdgeOfTimeout& edge) const {
    return Duration::from_ms(40'000 + edge.margin_ms);
  }
  Duration operator()(const auto&) const { return {}; }

  static Duration drained(uint64_t bytes_per_second, Duration lasts) {
    constexpr uint64_t kUnderWay = 4 * (64 << 10);
    const uint64_t ms = kUnderWay * 1000 / std::max<uint64_t>(1, bytes_per_second);
    return Duration{lasts.ns + Duration::from_ms(static_cast<int64_t>(ms)).ns};
  }
};

Duration longest_way(const Topology& topology) {
  Duration way = topology.local.longest();
  // No route takes a link twice.
  for (const WanLink& link : topology.links) way.ns += link.latency.longest().ns;
  return way;
}

}  // namespace

Duration delay_bound(const WorldConfig& config) {
  Duration bound = config.network.latency.longest();
  if (!config.topology.empty()) bound = std::max(bound, longest_way(config.topology));
  Duration longest_delay;
  for (const Step& step : config.steps) {
    longest_delay = std::max(longest_delay, std::visit(DelayOf{}, step.action));
  }
  bound.ns += longest_delay.ns;
  int64_t slowest_ns = 0;
  for (const ProcessConfig& process : config.processes) {
    // A commit waits for the sync under way, its own, and what the queue holds in between.
    const int64_t disk_ns =
        8 * (process.sync_latency.longest().ns + process.write_latency.longest().ns);
    const int64_t late_ns = Duration::from_us(process.batch_delay_us_max).ns +
                            Duration::from_ms(static_cast<int64_t>(process.tick_late_ms_max)).ns;
    slowest_ns = std::max(slowest_ns, disk_ns + late_ns);
  }
  bound.ns += slowest_ns;
  return bound;
}

Duration clock_error(const WorldConfig& config) {
  int64_t ppm_max = 0, timeout_ms_max = 0;
  Duration stalls;
  for (const Step& step : config.steps) {
    if (const auto* drift = std::get_if<ClockDrift>(&step.action)) {
      ppm_max = std::max({ppm_max, drift->ppm, -drift->ppm});
    }
    const auto* pause = std::get_if<Pause>(&step.action);
    if (pause != nullptr && pause->kind == Pause::Kind::kMachine) stalls.ns += pause->lasts.ns;
  }
  for (const ProcessConfig& process : config.processes) {
    timeout_ms_max = std::max<int64_t>(timeout_ms_max, process.server.timeout_ms_max());
  }
  return Duration{stalls.ns + timeout_ms_max * ppm_max};  // a millionth of a ms is a ns
}

}  // namespace zoetrope::sim
