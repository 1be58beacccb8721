// Steps of a world that wait for a moment: they come once, at the right time, at the right server,
// and those that do not come are named.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/run.hpp"

namespace zoetrope::sim {
namespace {

struct Lines : TraceSink {
  void line(std::string_view text) override { all.emplace_back(text); }
  // Those with that part.
  std::vector<std::string> with(std::string_view part) const {
    std::vector<std::string> found;
    for (const std::string& line : all) {
      if (line.find(part) != std::string::npos) found.push_back(line);
    }
    return found;
  }
  std::vector<std::string> all;
};

class Triggers : public ::testing::Test {
 protected:
  // Three servers that nothing else disturbs.
  RunResult run_with(std::vector<Step> steps, uint64_t seed = 1) {
    Overrides overrides;
    overrides.servers = 3;
    overrides.observers = 0;
    WorldConfig world = draw_world(Profile::kEnsemble, overrides, Random(seed));
    world.steps = std::move(steps);
    RunResult result = run_world(world, seed, make_server, &lines_);
    EXPECT_TRUE(result.violations.empty()) << result.violations[0].summary;
    return result;
  }
  static Step on(Moment moment, Target server, Action action, uint64_t nth = 1) {
    return {{}, Trigger{moment, std::move(server), nth}, {}, std::move(action)};
  }
  static Target all() { return {Target::Kind::kAll, 0, {}, {}}; }
  static Target triggered() { return {Target::Kind::kTriggered, 0, {}, {}}; }
  static Target follower() { return {Target::Kind::kAnyFollower, 0, {}, {}}; }

  Lines lines_;
};

TEST_F(Triggers, ComeOnceEach) {
  const RunResult result =
      run_with({on(Moment::kCommits, all(), Kill{triggered(), DeathKind::kKill, 0})});
  EXPECT_EQ(result.counts.kills, 1U);
  EXPECT_TRUE(result.missed_steps.empty());
  EXPECT_EQ(lines_.with("commits: step 1").size(), 1U);
}

TEST_F(Triggers, WithoutThemTheRunIsAnother) {
  EXPECT_EQ(run_with({}).counts.kills, 0U);
}

TEST_F(Triggers, TheLeaderIsWhoeverLeadsAtTheMoment) {
  run_with({on(Moment::kProposes, Target::leader(), Kill{triggered(), DeathKind::kPowerLoss, 0}),
            on(Moment::kAcks, follower(), Kill{triggered(), DeathKind::kKill, 0})});
  const auto proposed = lines_.with("proposes: step 1"),
             acked = lines_.with("acknowledges: step 2");
  ASSERT_EQ(proposed.size(), 1U);
  ASSERT_EQ(acked.size(), 1U);
  EXPECT_NE(proposed[0].substr(0, proposed[0].find(" proposes")),
            acked[0].substr(0, acked[0].find(" acknowledges")));
}

TEST_F(Triggers, OnlyTheNthTimeCounts) {
  for (const uint64_t nth : {1, 5}) {
    lines_.all.clear();
    const RunResult result = run_with(
        {on(Moment::kCommits, Target::server(1), Kill{triggered(), DeathKind::kKill, 0}, nth),
         on(Moment::kCommits, Target::server(1), WallJump{triggered(), 5}, 1)});
    EXPECT_EQ(result.counts.kills, 1U);
    EXPECT_EQ(result.counts.wall_jumps, 1U);
    const auto kill = std::ranges::find_if(
        lines_.all, [](const auto& line) { return line.find(": step 1") != std::string::npos; });
    const auto jump = std::ranges::find_if(
        lines_.all, [](const auto& line) { return line.find(": step 2") != std::string::npos; });
    EXPECT_EQ(kill < jump, nth == 1);
  }
}

TEST_F(Triggers, MayComeLater) {
  Step step = on(Moment::kServes, Target::leader(), Shutdown{triggered()});
  step.after = Duration::from_ms(250);
  const RunResult result = run_with({step});
  EXPECT_EQ(result.counts.shutdowns, 1U);
  EXPECT_TRUE(result.missed_steps.empty());
}

TEST_F(Triggers, WhatCannotComeBetweenEffectsComesBehindThem) {
  const RunResult result = run_with({on(Moment::kProposes, all(), Shutdown{triggered()})});
  EXPECT_EQ(result.counts.shutdowns, 1U);
  EXPECT_EQ(result.counts.kills, 1U) << "the process ends";
}

TEST_F(Triggers, MomentsBeforeTheTimeOfTheStepDoNotCount) {
  Step step = on(Moment::kServes, all(), Kill{triggered(), DeathKind::kKill, 0});
  step.at = MonotonicTime{} + Duration::from_ms(600);
  // Nobody begins to serve then, unless somebody dies.
  EXPECT_EQ(run_with({step}).missed_steps, (std::vector<size_t>{0}));
  Step other{
      MonotonicTime{} + Duration::from_ms(700), std::nullopt, {}, Shutdown{Target::server(0)}};
  EXPECT_TRUE(run_with({step, other}).missed_steps.empty());
}

TEST_F(Triggers, ThoseThatNeverCameAreNamed) {
  const RunResult result = run_with(
      {on(Moment::kTruncatesLog, all(), Kill{triggered(), DeathKind::kKill, 0}),
       on(Moment::kServes, all(), WallJump{triggered(), 1}),
       on(Moment::kAcks, Target::server(0), Kill{triggered(), DeathKind::kKill, 0}, 100'000)});
  EXPECT_EQ(result.missed_steps, (std::vector<size_t>{0, 2}));
}

TEST_F(Triggers, LookingOnChangesNothing) {
  const uint64_t hash = run_with({}).hash;
  EXPECT_EQ(run_with({on(Moment::kTruncatesLog, all(), WallJump{triggered(), 1})}).hash, hash);
}

// A death between append and sync leaves the record where a power loss may take it.
TEST_F(Triggers, ADeathAtAnAppendIsNotAnsweredByItsSync) {
  const RunResult result = run_with(
      {on(Moment::kAppends, Target::leader(), Kill{triggered(), DeathKind::kPowerLoss, 0}, 3),
       on(Moment::kSyncs, Target::leader(), Kill{triggered(), DeathKind::kPowerLoss, 0}, 3)});
  EXPECT_EQ(result.counts.power_losses, 2U);
}

}  // namespace
}  // namespace zoetrope::sim
