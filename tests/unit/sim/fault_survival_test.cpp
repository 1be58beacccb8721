// Every kind of fault alone and often in drawn ensembles: all properties hold, and the service
// comes back.
#include <gtest/gtest.h>

#include <numeric>

#include "sim/step_fields.hpp"
#include "tests/unit/sim/fault_rig.hpp"

namespace zoetrope::sim {
namespace {

struct Kind {
  const char* name;
  uint64_t FaultConfig::* weight;
};
constexpr Kind kKinds[] = {
    {"pause", &FaultConfig::pause_weight},
    {"slow_cpu", &FaultConfig::slow_cpu_weight},
    {"rolling_restart", &FaultConfig::rolling_restart_weight},
    {"slow_disk", &FaultConfig::slow_disk_weight},
    {"stall_disk", &FaultConfig::stall_disk_weight},
    {"rot", &FaultConfig::rot_weight},
    {"wipe", &FaultConfig::wipe_weight},
    {"backup", &FaultConfig::backup_weight},
    {"skew", &FaultConfig::skew_weight},
    {"drift", &FaultConfig::drift_weight},
    {"slow_link", &FaultConfig::slow_link_weight},
    {"loss", &FaultConfig::loss_weight},
    {"bandwidth", &FaultConfig::bandwidth_weight},
    {"small_segment", &FaultConfig::small_segment_weight},
    {"half_open", &FaultConfig::half_open_weight},
    {"connect", &FaultConfig::connect_weight},
    {"wan", &FaultConfig::wan_weight},
    {"herd", &FaultConfig::herd_weight},
    {"migrate", &FaultConfig::migrate_weight},
    {"slow_reader", &FaultConfig::slow_reader_weight},
    {"edge", &FaultConfig::edge_weight},
    {"stranger", &FaultConfig::stranger_weight},
    {"upgrade", &FaultConfig::upgrade_weight},
    {"replace", &FaultConfig::replace_weight},
};

void spread(WorldConfig& world) {
  world.topology.regions = {"a", "b", "c"};
  world.topology.links = {{"a", "b", Latency::uniform(1000, 3000), 0},
                          {"b", "c", Latency::log_normal(2000, 50, 50'000), 0},
                          {"a", "c", Latency::fixed(9000), 100'000}};
  for (size_t i = 0; i < world.processes.size(); ++i) {
    world.processes[i].region = world.topology.regions[i % 3];
  }
  for (size_t i = 0; i < world.clients.size(); ++i) {
    world.clients[i].region = world.topology.regions[i % 3];
  }
}

// Its own faults are those of the profile with `beside`, none without.
WorldConfig drawn_world(uint64_t seed, const FaultConfig& faults, bool is_spread, bool beside) {
  Overrides overrides;
  overrides.clients = 4;
  overrides.operations = 240;
  WorldConfig world = draw_world(Profile::kEnsemble, overrides, Random(seed));
  if (!beside) world.steps.clear();
  world.load_max = Duration::from_ms(20'000);
  if (is_spread) spread(world);
  const auto steps =
      draw_steps(faults, size_of(world), MonotonicTime{} + world.load_max, Random(seed + 99));
  world.steps.insert(world.steps.end(), steps.begin(), steps.end());
  return world;
}

class Survival : public ::testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(, Survival, ::testing::ValuesIn(kKinds),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(Survival, AnEnsembleLivesThroughItAlone) {
  FaultConfig faults;
  faults.interval_min = Duration::from_ms(100);
  faults.interval_max = Duration::from_ms(3000);
  faults.*GetParam().weight = 1;
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const bool is_wan = GetParam().weight == &FaultConfig::wan_weight;
    const RunResult run = run_small(drawn_world(seed, faults, is_wan, false), seed);
    EXPECT_EQ(breaches(run), "") << "seed " << seed;
    EXPECT_GT(std::accumulate(run.counts.steps.begin(), run.counts.steps.end(), uint64_t{0}), 0U);
    EXPECT_EQ(run.counts.unsafe_damages, 0U);
  }
}

TEST(SurvivalOfAll, AllFaultsTogetherAndCrashesAndPartitions) {
  FaultConfig faults;
  faults.interval_min = Duration::from_ms(10);
  faults.interval_max = Duration::from_ms(1000);
  for (const Kind& kind : kKinds) faults.*kind.weight = 1;
  WorldCounts sum;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const RunResult run = run_small(drawn_world(seed, faults, seed % 2 == 0, true), seed);
    EXPECT_EQ(breaches(run), "") << "seed " << seed;
    for (size_t i = 0; i < sum.steps.size(); ++i) sum.steps[i] += run.counts.steps[i];
    sum.disks_damaged += run.counts.disks_damaged;
    sum.disks_spared += run.counts.disks_spared;
  }
  EXPECT_GT(sum.disks_damaged, 0U);
  EXPECT_GT(sum.disks_spared, 0U) << "crashes and partitions leave disks behind";
}

TEST(SurvivalOfAll, TheSameSeedGivesTheSameRun) {
  FaultConfig faults;
  faults.interval_min = Duration::from_ms(10);
  faults.interval_max = Duration::from_ms(500);
  for (const Kind& kind : kKinds) faults.*kind.weight = 1;
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const WorldConfig world = drawn_world(seed, faults, true, true);
    EXPECT_EQ(run_small(world, seed).hash, run_small(world, seed).hash);
  }
}

}  // namespace
}  // namespace zoetrope::sim
