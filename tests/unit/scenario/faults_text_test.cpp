// Every kind of fault, and topologies, survive being written and read.
#include <gtest/gtest.h>

#include <set>

#include "scenario/scenario.hpp"
#include "sim/run.hpp"

namespace zoetrope::scenario {
namespace {

using sim::FaultConfig;
using sim::Latency;
using sim::WorldConfig;

FaultConfig all_faults() {
  FaultConfig faults;
  faults.interval_min = Duration::from_ms(10);
  faults.interval_max = Duration::from_ms(100);
  faults.cuts_at_once = 1000;
  for (const auto weight : {&FaultConfig::kill_weight,
                            &FaultConfig::shutdown_weight,
                            &FaultConfig::disk_weight,
                            &FaultConfig::wall_jump_weight,
                            &FaultConfig::hold_weight,
                            &FaultConfig::break_weight,
                            &FaultConfig::split_weight,
                            &FaultConfig::isolate_weight,
                            &FaultConfig::bridge_weight,
                            &FaultConfig::link_weight,
                            &FaultConfig::pause_weight,
                            &FaultConfig::slow_cpu_weight,
                            &FaultConfig::rolling_restart_weight,
                            &FaultConfig::slow_disk_weight,
                            &FaultConfig::stall_disk_weight,
                            &FaultConfig::rot_weight,
                            &FaultConfig::wipe_weight,
                            &FaultConfig::backup_weight,
                            &FaultConfig::skew_weight,
                            &FaultConfig::drift_weight,
                            &FaultConfig::slow_link_weight,
                            &FaultConfig::loss_weight,
                            &FaultConfig::bandwidth_weight,
                            &FaultConfig::small_segment_weight,
                            &FaultConfig::half_open_weight,
                            &FaultConfig::connect_weight,
                            &FaultConfig::wan_weight,
                            &FaultConfig::herd_weight,
                            &FaultConfig::migrate_weight,
                            &FaultConfig::slow_reader_weight,
                            &FaultConfig::edge_weight,
                            &FaultConfig::stranger_weight,
                            &FaultConfig::upgrade_weight,
                            &FaultConfig::replace_weight}) {
    faults.*weight = 1;
  }
  return faults;
}

TEST(FaultTexts, EveryActionIsTheSameAfterItWasWrittenAndRead) {
  sim::Plan plan;
  plan.world = draw_world(sim::Profile::kEnsemble, {}, Random(1));
  WorldConfig& world = plan.world;
  world.topology.regions = {"eu", "us", "ap"};
  world.topology.links = {{"eu", "us", Latency::fixed(4000), 0},
                          {"us", "ap", Latency::log_normal(3000, 40, 90'000), 1'000'000}};
  for (size_t i = 0; i < world.processes.size(); ++i) {
    world.processes[i].region = world.topology.regions[i % 3];
  }
  world.clients[0].region = "eu";
  world.processes[0].service.received = 1000;
  world.steps = draw_steps(all_faults(), size_of(world), MonotonicTime::from_ms(30'000), Random(3));
  world.steps.push_back({MonotonicTime::from_ms(5),
                         std::nullopt,
                         {},
                         sim::Kill{sim::Target::server(1), sim::DeathKind::kPowerLoss, 3,
                                   sim::Unsynced::kTorn, Duration::from_ms(77), true}});
  std::set<size_t> kinds;
  for (const sim::Step& step : world.steps) kinds.insert(step.action.index());
  EXPECT_EQ(kinds.size(), std::variant_size_v<sim::Action>);

  const std::string text = print(plan);
  const auto again = parse(text, "x.toml");
  ASSERT_TRUE(again.has_value()) << again.error()[0] << "\n" << text;
  EXPECT_EQ(print(*again), text);
  EXPECT_EQ(again->world.steps.size(), world.steps.size());
  EXPECT_EQ(again->world.topology.links[1].latency.spread_percent, 40);
  world.load_max = Duration::from_ms(4000);
  sim::Plan shorter = *again;
  shorter.world.load_max = world.load_max;
  EXPECT_EQ(sim::run_plan(shorter, sim::make_server).hash,
            sim::run_plan(plan, sim::make_server).hash);
}

TEST(FaultTexts, AWrongTopologyOrRegionIsTold) {
  const auto mistake = [](const std::string& text) {
    const auto plan = parse(text, "x.toml");
    return plan ? std::string() : plan.error()[0];
  };
  EXPECT_EQ(mistake("[topology]\nregions = ['eu']\nlinks = [{ from = 'eu', to = 'mars' }]\n"),
            "x.toml:1: a link ends in the unknown region mars");
  EXPECT_NE(mistake("[topology]\nregions = ['eu']\n[[servers]]\nid = 1\nregion = 'us'\n")
                .find("'region' must be one of [topology]"),
            std::string::npos);
}

}  // namespace
}  // namespace zoetrope::scenario
