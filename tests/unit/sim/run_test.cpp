// Whole runs: that they can be repeated, that they stay what they were, and that the faults of a
// profile really happen.
#include "sim/run.hpp"

#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <string>
#include <utility>

namespace zoetrope::sim {
namespace {

struct LineCounter : TraceSink {
  void line(std::string_view) override { ++lines; }
  uint64_t lines = 0;
};

RunResult run_of(Profile profile, uint64_t seed, bool check = false, TraceSink* sink = nullptr) {
  RunRequest request;
  request.profile = profile;
  request.seed = seed;
  request.check = check;
  request.sink = sink;
  return run(request);
}

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%016" PRIx64, value);
  return text;
}

// --- determinism -------------------------------------------------------------------------------

class Runs : public ::testing::TestWithParam<Profile> {};
INSTANTIATE_TEST_SUITE_P(, Runs, ::testing::ValuesIn(kProfiles), [](const auto& profile) {
  std::string name(to_string(profile.param));
  std::erase(name, '-');
  return name;
});

// Swarms take long, and the comparison of builds runs more of them.
uint64_t seeds_of(Profile profile) {
  return profile == Profile::kSwarm ? 2 : 10;
}

TEST_P(Runs, TheSameSeedGivesTheSameRun) {
  for (uint64_t seed = 1; seed <= seeds_of(GetParam()); ++seed) {
    const RunResult first = run_of(GetParam(), seed), again = run_of(GetParam(), seed);
    ASSERT_EQ(first.hash, again.hash) << "seed " << seed;
    ASSERT_EQ(first.counts.events, again.counts.events);
    ASSERT_EQ(first.virtual_time, again.virtual_time);
    ASSERT_NE(first.hash, run_of(GetParam(), seed + 1000).hash);
  }
}

TEST_P(Runs, LookingAndJudgingChangeNothing) {
  for (uint64_t seed = 1; seed <= seeds_of(GetParam()); ++seed) {
    const uint64_t hash = run_of(GetParam(), seed).hash;
    LineCounter sink;
    ASSERT_EQ(run_of(GetParam(), seed, false, &sink).hash, hash) << "seed " << seed;
    ASSERT_GT(sink.lines, 100U);
    const RunResult judged = run_of(GetParam(), seed, true);
    ASSERT_EQ(judged.hash, hash) << "seed " << seed;
    ASSERT_TRUE(judged.violations.empty()) << "seed " << seed;
    ASSERT_FALSE(judged.history.operations.empty());
  }
}

// --- golden runs -------------------------------------------------------------------------------

// Equal on every machine and compiler. Any change of the engine's or the simulator's behaviour
// moves them, and so does an accident with determinism. After a change that is meant, run
//   build/release/tests/test_sim --gtest_filter='Golden.*'
// and put the lines that it prints here.
struct Golden {
  Profile profile;
  uint64_t seed;
  uint64_t hash;
};
constexpr Golden kGolden[] = {
    {Profile::kCalm, 1, 0x92db8638fb89f65f},
    {Profile::kCalm, 2, 0xf3273945d6df649a},
    {Profile::kCalm, 3, 0x66c92fa95405ca53},
    {Profile::kCrash, 1, 0xda96bfde5e0ceacd},
    {Profile::kCrash, 2, 0x3d15e01ec25b340d},
    {Profile::kCrash, 3, 0x26ffbd9f93ee49b5},
    {Profile::kChurn, 1, 0x4e17bcf405266970},
    {Profile::kChurn, 2, 0x62e53a3d15ee2d25},
    {Profile::kChurn, 3, 0x87049e2f9dec1b41},
    {Profile::kDiskFaults, 1, 0x0616360521014141},
    {Profile::kDiskFaults, 2, 0x8e859cda47cf4eea},
    {Profile::kDiskFaults, 3, 0x89d0825e7858b725},
    {Profile::kEnsemble, 1, 0x35229bfee0233f04},
    {Profile::kEnsemble, 2, 0xe1f3d3bf3063c6e5},
    {Profile::kEnsemble, 3, 0x6fd6689eb948d97f},
    {Profile::kEnsembleDisk, 1, 0xb0910ce00de2277a},
    {Profile::kEnsembleDisk, 2, 0x16c48acd68d652d9},
    {Profile::kEnsembleDisk, 3, 0xaae1982787718c61},
};

TEST(Golden, RunsStayWhatTheyWere) {
  std::string found;
  bool equal = true;
  for (const Golden& golden : kGolden) {
    const uint64_t hash = run_of(golden.profile, golden.seed).hash;
    equal = equal && hash == golden.hash;
    std::string name(to_string(golden.profile));
    name = name == "calm"            ? "kCalm"
           : name == "crash"         ? "kCrash"
           : name == "churn"         ? "kChurn"
           : name == "ensemble"      ? "kEnsemble"
           : name == "ensemble-disk" ? "kEnsembleDisk"
                                     : "kDiskFaults";
    found +=
        "    {Profile::" + name + ", " + std::to_string(golden.seed) + ", " + hex(hash) + "},\n";
  }
  EXPECT_TRUE(equal) << "the table would now be:\n" << found;
}

// --- faults ------------------------------------------------------------------------------------

// Sums over fifty seeds.
WorldCounts counts_of(Profile profile) {
  WorldCounts sum;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const WorldCounts counts = run_of(profile, seed).counts;
    for (const auto member : {&WorldCounts::operations,
                              &WorldCounts::unknown,
                              &WorldCounts::watch_events,
                              &WorldCounts::sessions,
                              &WorldCounts::starts,
                              &WorldCounts::kills,
                              &WorldCounts::power_losses,
                              &WorldCounts::halts,
                              &WorldCounts::shutdowns,
                              &WorldCounts::refused_starts,
                              &WorldCounts::interrupted_recoveries,
                              &WorldCounts::wall_jumps,
                              &WorldCounts::held_links,
                              &WorldCounts::broken_links,
                              &WorldCounts::partitions,
                              &WorldCounts::cut_links,
                              &WorldCounts::reloads,
                              &WorldCounts::epochs,
                              &WorldCounts::lost_data,
                              &WorldCounts::syncs_failed,
                              &WorldCounts::syncs_forgotten,
                              &WorldCounts::writes_failed,
                              &WorldCounts::writes_without_room,
                              &WorldCounts::reads_failed}) {
      sum.*member += counts.*member;
    }
  }
  return sum;
}

TEST(Faults, NoneInACalmWorld) {
  const WorldCounts sum = counts_of(Profile::kCalm);
  EXPECT_EQ(sum.starts, 50U);
  EXPECT_EQ(sum.kills + sum.power_losses + sum.halts + sum.shutdowns + sum.refused_starts, 0U);
  EXPECT_EQ(sum.wall_jumps + sum.held_links + sum.broken_links, 0U);
  EXPECT_EQ(sum.syncs_failed + sum.writes_failed + sum.writes_without_room + sum.reads_failed, 0U);
  EXPECT_GT(sum.operations, 5000U);
  EXPECT_GT(sum.watch_events, 100U);
  EXPECT_GT(sum.sessions, 50U);
}

TEST(Faults, EveryKindOfACrashingWorld) {
  const WorldCounts sum = counts_of(Profile::kCrash);
  EXPECT_GT(sum.kills, 0U);
  EXPECT_GT(sum.power_losses, 0U);
  EXPECT_GT(sum.lost_data, 0U);
  EXPECT_GT(sum.shutdowns, 0U);
  EXPECT_GT(sum.wall_jumps, 0U);
  EXPECT_GT(sum.interrupted_recoveries, 0U);
  EXPECT_GT(sum.unknown, 0U);
  EXPECT_EQ(sum.syncs_failed + sum.writes_failed + sum.writes_without_room + sum.reads_failed, 0U);
  EXPECT_EQ(sum.held_links + sum.broken_links, 0U);
}

TEST(Faults, EveryKindOfAWorldWithBadClientsAndLinks) {
  const WorldCounts sum = counts_of(Profile::kChurn);
  EXPECT_GT(sum.held_links, 0U);
  EXPECT_GT(sum.broken_links, 0U);
  EXPECT_GT(sum.shutdowns, 0U);
  EXPECT_GT(sum.wall_jumps, 0U);
  EXPECT_GT(sum.sessions, 500U) << "sessions are closed and abandoned";
  EXPECT_EQ(sum.power_losses, 0U);
}

TEST(Faults, EveryKindOfAWorldWithBadDisks) {
  const WorldCounts sum = counts_of(Profile::kDiskFaults);
  EXPECT_GT(sum.syncs_failed, 0U);
  EXPECT_GT(sum.syncs_forgotten, 0U);
  EXPECT_LT(sum.syncs_forgotten, sum.syncs_failed) << "not every disk forgets";
  EXPECT_GT(sum.writes_failed, 0U);
  EXPECT_GT(sum.writes_without_room, 0U);
  EXPECT_GT(sum.reads_failed, 0U);
  EXPECT_GT(sum.halts, 0U);
  EXPECT_GT(sum.refused_starts, 0U);
  EXPECT_GT(sum.kills, 0U);
  EXPECT_GT(sum.power_losses, 0U);
}

TEST(Faults, EveryKindOfAnEnsemble) {
  const WorldCounts sum = counts_of(Profile::kEnsemble);
  EXPECT_GT(sum.starts, 150U);
  EXPECT_GT(sum.kills, 0U);
  EXPECT_GT(sum.power_losses, 0U);
  EXPECT_GT(sum.shutdowns, 0U);
  EXPECT_GT(sum.lost_data, 0U);
  EXPECT_GT(sum.interrupted_recoveries, 0U);
  EXPECT_GT(sum.partitions, 100U);
  EXPECT_GT(sum.cut_links, sum.partitions);
  EXPECT_GT(sum.reloads, 0U) << "histories are cut";
  EXPECT_GT(sum.epochs, 100U) << "leaders change";
  EXPECT_GT(sum.operations, 5000U);
  EXPECT_EQ(sum.syncs_failed + sum.writes_failed + sum.writes_without_room + sum.reads_failed, 0U);
  const WorldCounts with_disks = counts_of(Profile::kEnsembleDisk);
  EXPECT_GT(with_disks.syncs_failed, 0U);
  EXPECT_GT(with_disks.reads_failed, 0U);
  EXPECT_GT(with_disks.halts, 0U);
}

TEST(Profiles, NamesAndOverrides) {
  for (const Profile profile : kProfiles) EXPECT_EQ(parse_profile(to_string(profile)), profile);
  EXPECT_EQ(parse_profile("storm"), std::nullopt);
  Overrides overrides;
  overrides.clients = 3;
  overrides.operations = 100;
  const WorldConfig world = draw_world(Profile::kCrash, overrides, Random(1));
  ASSERT_EQ(world.clients.size(), 3U);
  uint64_t operations = 0;
  for (const ClientConfig& client : world.clients) operations += client.script.actions;
  EXPECT_EQ(operations, 100U);
}

}  // namespace
}  // namespace zoetrope::sim
