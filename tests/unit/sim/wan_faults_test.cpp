// Topologies: which way bytes go, what cuts separate, and ensembles over several regions.
#include <gtest/gtest.h>

#include "sim/topology.hpp"
#include "tests/unit/sim/fault_rig.hpp"

namespace zoetrope::sim {
namespace {

// eu - us - ap in a line, and a slow way around.
Topology three_regions() {
  Topology topology;
  topology.regions = {"eu", "us", "ap"};
  topology.links = {{"eu", "us", Latency::fixed(20'000)},
                    {"us", "ap", Latency::fixed(30'000)},
                    {"eu", "ap", Latency::fixed(120'000)}};
  topology.local = Latency::fixed(200);
  return topology;
}

// --- routes --------------------------------------------------------------------------------------

TEST(Routes, TakeTheLeastLatency) {
  const RouteTable table(three_regions(), {false, false, false});
  EXPECT_EQ(table.route(0, 0), std::vector<Hop>());
  EXPECT_EQ(table.route(0, 1), (std::vector<Hop>{{0, false}}));
  EXPECT_EQ(table.route(0, 2), (std::vector<Hop>{{0, false}, {1, false}})) << "over the middle";
  EXPECT_EQ(table.route(2, 0), (std::vector<Hop>{{1, true}, {0, true}}));
}

TEST(Routes, GoAroundWhatIsCutAndEndWhereNothingIsLeft) {
  const RouteTable around(three_regions(), {true, false, false});
  EXPECT_EQ(around.route(0, 1), (std::vector<Hop>{{2, false}, {1, true}}));
  const RouteTable alone(three_regions(), {true, false, true});
  EXPECT_EQ(alone.route(0, 1), std::nullopt);
  EXPECT_EQ(alone.route(2, 0), std::nullopt);
  EXPECT_EQ(alone.route(1, 2), (std::vector<Hop>{{1, false}}));
}

TEST(Routes, TheBestOfTwoLinksBetweenTwoRegions) {
  Topology topology = three_regions();
  topology.links.push_back({"us", "eu", Latency::fixed(5'000)});
  const RouteTable table(topology, std::vector<bool>(4));
  EXPECT_EQ(table.route(0, 1), (std::vector<Hop>{{3, true}}));
}

TEST(Routes, MistakesAreToldInOneLine) {
  EXPECT_EQ(defect(three_regions()), std::nullopt);
  Topology unknown = three_regions();
  unknown.links[0].to = "mars";
  EXPECT_EQ(defect(unknown), "a link ends in the unknown region mars");
  Topology twice = three_regions();
  twice.regions.push_back("eu");
  EXPECT_EQ(defect(twice), "two regions are called eu");
  Topology loop = three_regions();
  loop.links[0].to = "eu";
  EXPECT_EQ(defect(loop), "a link leads from eu to itself");
}

// --- ensembles -----------------------------------------------------------------------------------

// A server in each region, or two in the first of five; clients in the first two regions.
WorldConfig spread_world(uint32_t servers = 3) {
  WorldConfig world = small_world(servers);
  world.topology = three_regions();
  for (size_t i = 0; i < world.processes.size(); ++i) {
    world.processes[i].region = world.topology.regions[i % 3];
    world.processes[i].server.peer->election.finalize_wait = Duration::from_ms(400);
  }
  for (size_t i = 0; i < world.clients.size(); ++i) {
    world.clients[i].region = world.topology.regions[i % 2];
  }
  return world;
}

TEST(WideAreas, OperationsTakeTheTimeOfTheirWays) {
  const Latencies near = latencies(run_small(small_world()), 2000, 6000);
  const RunResult run = run_small(spread_world());
  EXPECT_LT(near.max_us, 20'000);
  EXPECT_GT(latencies(run, 2000, 6000).median_us, 20'000);
  EXPECT_EQ(breaches(run), "");
}

TEST(WideAreas, ANarrowLinkIsSharedByAllWhoTakeIt) {
  WorldConfig world = spread_world();
  const int64_t wide = write_latencies(run_small(world), 3000, 6000).median_us;
  for (WanLink& link : world.topology.links) link.bytes_per_second = 20'000;
  const RunResult run = run_small(world);
  EXPECT_GT(write_latencies(run, 3000, 6000).median_us, wide + 5'000);
  EXPECT_EQ(breaches(run), "");
}

TEST(WideAreas, ACutLinkIsGoneAroundAndCutsNobodyOff) {
  WorldConfig world = spread_world();
  const RunResult without = run_small(world);
  add_step(world, CutWanLink{"us", "ap", {{}, Duration::from_ms(2000)}}, 3000);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.partitions, 1U);
  EXPECT_EQ(with.counts.cut_links, 0U) << "all have another way";
  EXPECT_GT(write_latencies(with, 3100, 4800).median_us,
            write_latencies(without, 3100, 4800).median_us + 20'000);
  EXPECT_EQ(breaches(with), "");
}

TEST(WideAreas, ARegionThatIsCutOffLosesItsServersAndComesBack) {
  WorldConfig world = spread_world();
  add_step(world, CutRegion{"ap", {Duration::from_ms(500), Duration::from_ms(2500)}}, 3000);
  const RunResult with = run_small(world);
  // Server 3 from servers 1 and 2 and from all clients, both ways.
  EXPECT_EQ(with.counts.cut_links, 2U * (2 + 3));
  EXPECT_GT(with.counts.epochs, run_small(spread_world()).counts.epochs) << "it had led";
  EXPECT_EQ(breaches(with), "");
}

TEST(WideAreas, CutsOverlap) {
  WorldConfig world = spread_world(5);
  add_step(world, CutRegion{"us", {{}, Duration::from_ms(1500)}}, 3000);
  add_step(world, CutWanLink{"eu", "us", {{}, Duration::from_ms(2500)}}, 3500);
  add_step(world, CutWanLink{"eu", "ap", {Duration::from_ms(300), Duration::from_ms(400)}}, 4000);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.partitions, 3U);
  EXPECT_EQ(breaches(with), "");
}

TEST(WideAreas, ATargetMayBeARegion) {
  WorldConfig world = spread_world(5);
  Kill region{Target{Target::Kind::kRegion, 0, {}, "eu"}};
  add_step(world, region, 3000);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.kills, 2U);
  EXPECT_EQ(breaches(with), "");
}

}  // namespace
}  // namespace zoetrope::sim
