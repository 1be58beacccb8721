// The draws of the profile "swarm": every run has another ensemble and its own random part of all
// faults, each on or off, with weights and intensities far apart. What comes together rarely in the
// other profiles, and what they never have together, comes up here.
#include "sim/profile.hpp"

namespace zoetrope::sim {
namespace {

template <class T, size_t N>
T pick(Random& random, const T (&choices)[N]) {
  return choices[random.below(N)];
}

// Kinds of faults that have a weight; drawn by its name, so that a new one moves no other.
struct Kind {
  std::string_view name;
  uint64_t FaultConfig::* weight;
};
constexpr Kind kKinds[] = {
    {"kill", &FaultConfig::kill_weight},
    {"power loss", &FaultConfig::power_loss_weight},
    {"shutdown", &FaultConfig::shutdown_weight},
    {"disk", &FaultConfig::disk_weight},
    {"wall jump", &FaultConfig::wall_jump_weight},
    {"hold", &FaultConfig::hold_weight},
    {"break", &FaultConfig::break_weight},
    {"split", &FaultConfig::split_weight},
    {"isolate", &FaultConfig::isolate_weight},
    {"bridge", &FaultConfig::bridge_weight},
    {"link", &FaultConfig::link_weight},
    {"crash many", &FaultConfig::crash_many_weight},
    {"crash all", &FaultConfig::crash_all_weight},
    {"pause", &FaultConfig::pause_weight},
    {"slow cpu", &FaultConfig::slow_cpu_weight},
    {"rolling restart", &FaultConfig::rolling_restart_weight},
    {"slow disk", &FaultConfig::slow_disk_weight},
    {"stall disk", &FaultConfig::stall_disk_weight},
    {"skew", &FaultConfig::skew_weight},
    {"drift", &FaultConfig::drift_weight},
    {"slow link", &FaultConfig::slow_link_weight},
    {"loss", &FaultConfig::loss_weight},
    {"bandwidth", &FaultConfig::bandwidth_weight},
    {"small segment", &FaultConfig::small_segment_weight},
    {"half open", &FaultConfig::half_open_weight},
    {"connect", &FaultConfig::connect_weight},
    {"herd", &FaultConfig::herd_weight},
    {"migrate", &FaultConfig::migrate_weight},
    {"slow reader", &FaultConfig::slow_reader_weight},
    {"edge", &FaultConfig::edge_weight},
    {"stranger", &FaultConfig::stranger_weight},
    {"upgrade", &FaultConfig::upgrade_weight},
    {"rot", &FaultConfig::rot_weight},
    {"wipe", &FaultConfig::wipe_weight},
    {"backup", &FaultConfig::backup_weight},
    {"replace", &FaultConfig::replace_weight},
};

}  // namespace

SwarmFeatures draw_swarm_features(Random random) {
  SwarmFeatures features;
  features.servers = pick<uint64_t>(random, {1, 3, 3, 3, 5, 5, 7});
  features.observers = pick<uint64_t>(random, {0, 0, 1, 2});
  features.churn = random.one_in(4);
  const bool is_ensemble = features.servers > 1;
  features.reconfig = is_ensemble && random.one_in(6);
  features.modes = is_ensemble && random.one_in(6);
  // Who is a quorum of an ensemble that changes is known to its servers alone.
  const bool is_quorum = random.one_in(2);
  features.liveness = is_quorum && !features.reconfig ? Liveness::kQuorum : Liveness::kAll;
  features.wide_area = is_ensemble && random.one_in(6);
  return features;
}

void draw_swarm_topology(WorldConfig& world, FaultConfig& faults, Random random) {
  constexpr const char* kNames[] = {"eu", "us", "asia", "africa"};
  Topology& topology = world.topology;
  const uint64_t regions = pick<uint64_t>(random, {2, 3, 3, 4});
  for (uint64_t i = 0; i < regions; ++i) topology.regions.emplace_back(kNames[i]);
  const auto link = [&](uint64_t from, uint64_t to) {
    const int64_t us = pick<int64_t>(random, {500, 3'000, 12'000});
    topology.links.push_back({kNames[from], kNames[to], Latency::uniform(us, us * 5 / 4),
                              pick<uint64_t>(random, {0, 0, 200'000})});
  };
  // A tree, and perhaps another way round.
  for (uint64_t i = 1; i < regions; ++i) link(random.below(i), i);
  if (regions > 2 && random.one_in(2)) link(0, regions - 1);
  const auto place = [&](auto& hosts) {
    for (auto& host : hosts) host.region = kNames[random.below(regions)];
  };
  place(world.processes);
  place(world.clients);
  faults.wan_weight = pick<uint64_t>(random, {0, 1, 4});
}

FaultConfig draw_swarm_faults(WorldConfig& world, Random random) {
  FaultConfig faults;
  if (random.one_in(16)) return faults;
  faults.interval_min = Duration::from_ms(1);
  faults.interval_max = Duration::from_ms(pick<int64_t>(random, {50, 200, 1000, 5000}));
  for (const Kind& kind : kKinds) {
    Random own = random.fork(kind.name);
    faults.*kind.weight = own.one_in(2) ? pick<uint64_t>(own, {1, 2, 4, 8}) : 0;
  }
  faults.between_effects_percent = pick<uint64_t>(random, {0, 80, 100});
  faults.effects_max = pick<uint64_t>(random, {5, 60, 600});
  faults.disk_fault_max = Duration::from_ms(pick<int64_t>(random, {20, 200, 2000}));
  faults.hold_max = Duration::from_ms(pick<int64_t>(random, {40, 400, 4000}));
  faults.cut_max = Duration::from_ms(pick<int64_t>(random, {100, 1000, 8000, 30'000}));
  faults.cuts_at_once = pick<size_t>(random, {1, 2, 4});
  faults.give_up_percent = pick<uint64_t>(random, {0, 50, 100});
  faults.give_up_max = Duration::from_ms(pick<int64_t>(random, {50, 1000, 5000}));
  faults.wall_jump_ms_max = pick<int64_t>(random, {50, 5000, 3'600'000});
  world.restart_max = Duration::from_ms(pick<int64_t>(random, {10, 200, 2000, 10'000}));
  world.interrupt_recovery_one_in = pick<uint64_t>(random, {0, 2, 6});
  world.failed_syncs_forget = random.one_in(2);
  return faults;
}

// Of some runs a part of the deaths waits for a moment of that server, or of whichever comes to it.
void draw_triggers(std::vector<Step>& steps, Random random) {
  const uint64_t one_in = pick<uint64_t>(random, {0, 1, 2, 4});
  for (Step& step : steps) {
    auto* kill = std::get_if<Kill>(&step.action);
    if (kill == nullptr || !random.one_in(one_in)) continue;
    Trigger trigger;
    trigger.moment = static_cast<Moment>(random.below(kMomentCount));
    if (random.one_in(2)) trigger.server = kill->server;
    trigger.nth = pick<uint64_t>(random, {1, 1, 2, 5});
    kill->server = {Target::Kind::kTriggered, 0, {}, {}};
    kill->effects = 0;
    step.on = trigger;
  }
}

}  // namespace zoetrope::sim
