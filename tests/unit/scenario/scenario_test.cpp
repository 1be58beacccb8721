// Plans as text: whatever a seed draws is the same run after it was written and read again, and
// whatever a person writes wrongly is told with its line.
#include "scenario/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/run.hpp"

namespace zoetrope::scenario {
namespace {

using sim::Plan;
using sim::RunResult;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

RunResult run_of(const Plan& plan) {
  return sim::run_plan(plan, sim::make_server);
}

Plan read(const std::string& text) {
  auto plan = parse(text, "x.toml");
  EXPECT_TRUE(plan.has_value()) << (plan ? "" : plan.error()[0]) << "\n" << text;
  return plan ? *std::move(plan) : Plan();
}

Mistakes mistakes(const std::string& text) {
  auto plan = parse(text, "x.toml");
  return plan ? Mistakes() : plan.error();
}

class EveryProfile : public testing::TestWithParam<sim::Profile> {};

TEST_P(EveryProfile, IsTheSameRunAfterItWasWrittenAndRead) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    sim::RunRequest request;
    request.seed = seed;
    request.profile = GetParam();
    Plan plan = plan_of(request);
    plan.world.keep_choices = true;
    const RunResult first = run_of(plan);

    // Only the world and its steps: what is left free depends on the seed alone.
    const std::string brief = print(plan);
    EXPECT_EQ(run_of(read(brief)).hash, first.hash) << "seed " << seed << "\n" << brief;

    // Every choice of the run, under another seed.
    Plan told = plan;
    told.world = *first.plan;
    told.seed = seed + 1000;
    const std::string whole = print(told);
    const Plan again = read(whole);
    EXPECT_EQ(print(again), whole);
    EXPECT_EQ(run_of(again).hash, first.hash) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Profiles, EveryProfile, testing::ValuesIn(sim::kProfiles),
                         [](const auto& tested) {
                           std::string name(to_string(tested.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST(Scenario, OfAProfileIsTheRunOfItsSeed) {
  sim::RunRequest request;
  request.seed = 5;
  request.profile = sim::Profile::kEnsemble;
  EXPECT_EQ(run_of(read("seed = 5\nprofile = \"ensemble\"")).hash, sim::run(request).hash);
}

TEST(Scenario, WrittenByHand) {
  const Plan plan = read(R"(
title = "The leader loses power in the middle of it"
seed = 3
[ensemble]
servers = 3
observers = 1
clients = 2
[server]
tickTime = 500
digest.enabled = false
[client]
timeout-ms = 4000
actions = 50
[[clients]]
script = [
  { do = "create", path = "/a", data = "x", mode = "ephemeral", pause = "1.5ms" },
  { do = "leave", at-once = true },
]
[[steps]]
at = "2s"
do = "kill"
server = "leader"
how = "power loss"
[[steps]]
at = "1500ms"
do = "isolate"
server = "any follower"
lasts = "1s"
[must]
at-least = { power-losses = 1, epochs = 2 }
)");
  ASSERT_EQ(plan.world.processes.size(), 4u);
  EXPECT_FALSE(plan.world.processes[3].server.digest_enabled);
  EXPECT_TRUE(plan.world.processes[3].server.peer->role.is_observer);
  EXPECT_EQ(plan.world.processes[1].server.peer->role.tick_ms, 500);
  ASSERT_EQ(plan.world.clients.size(), 2u);
  ASSERT_EQ(plan.world.clients[0].told->size(), 2u);
  EXPECT_EQ(plan.world.clients[0].told->at(0).pause, Duration::from_us(1500));
  EXPECT_FALSE(plan.world.clients[1].told.has_value());
  EXPECT_EQ(plan.world.steps[0].at, MonotonicTime::from_ms(2000));
  EXPECT_EQ(print(read(print(plan))), print(plan));
  const RunResult result = run_of(plan);
  EXPECT_THAT(unmet(plan.expect, result), ElementsAre());
}

TEST(Scenario, WhatMustHoldIsAskedOfTheRun) {
  Plan plan = read(
      "[ensemble]\nservers = 3\nclients = 1\n[client]\nactions = 5\n"
      "[must]\nbreak = [\"logs_agree\"]\nat-most = { kills = 0, starts = 2 }\n");
  EXPECT_THAT(unmet(plan.expect, run_of(plan)),
              ElementsAre("logs_agree holds, and should have broken",
                          "starts: 3, and should be 2 at most"));
}

TEST(Mistakes, AreToldWithTheirLine) {
  EXPECT_THAT(mistakes("seed = \n"), ElementsAre(HasSubstr("x.toml:1: ")));
  EXPECT_THAT(mistakes("\nsed = 1\n"),
              ElementsAre("x.toml:2: a scenario has no 'sed'; did you mean 'seed'?"));
  EXPECT_THAT(mistakes("seed = \"one\"\n"),
              ElementsAre("x.toml:1: 'seed' of a scenario must be a whole number of 0 or more"));
  EXPECT_THAT(mistakes("profile = \"chrun\"\n"),
              ElementsAre(HasSubstr("one of calm, crash, churn")));
  EXPECT_THAT(mistakes("[ensemble]\nservers = 3\n[[steps]]\nat = \"1s\"\ndo = \"kil\"\n"),
              ElementsAre(HasSubstr("x.toml:3: 'do' of the step 'kil' must be one of kill, ")));
  EXPECT_THAT(
      mistakes("[ensemble]\nservers = 3\n[[steps]]\ndo = \"kill\"\nserver = 4\n"),
      ElementsAre("x.toml:3: a step comes either 'at' a time or 'on' a moment",
                  "x.toml:5: 'server' of the step 'kill' must be the id of a server, 1 to 3"));
  EXPECT_THAT(
      mistakes("[[steps]]\nat = \"1 week\"\ndo = \"shutdown\"\nserver = \"boss\"\n"),
      ElementsAre(HasSubstr("x.toml:2: 'at' of the step 'shutdown' must be a time such as"),
                  HasSubstr("x.toml:4: 'server' of the step 'shutdown' must be a server's id")));
  EXPECT_THAT(
      mistakes("[[steps]]\nat = \"1s\"\ndo = \"disk fault\"\nserver = 1\nkind = \"melts\"\n"),
      ElementsAre("x.toml:5: 'kind' of the step 'disk fault' must be one of sync fails, write "
                  "fails, read fails, full",
                  "x.toml:1: the step 'disk fault' needs 'lasts' (for how long)"));
  const std::string regions = "[topology]\nregions = [\"eu\", \"us\"]\n";
  EXPECT_THAT(mistakes(regions + "[[steps]]\nat = \"1s\"\nlasts = \"1s\"\ndo = \"cut region\"\n"
                                 "region = \"uk\"\n"),
              ElementsAre("x.toml:7: 'region' of the step 'cut region' must be a region of "
                          "[topology]: eu, us"));
  EXPECT_THAT(mistakes(regions + "[[steps]]\nat = \"1s\"\ndo = \"kill\"\nserver = \"region uk\"\n"),
              ElementsAre(HasSubstr("x.toml:6: 'server' of the step 'kill' must be a region of")));
  EXPECT_THAT(
      mistakes("[[steps]]\nat = \"1s\"\nlasts = \"1s\"\ndo = \"cut wan link\"\n"
               "from = \"eu\"\nto = \"us\"\n"),
      ElementsAre(HasSubstr("there is no [topology]"), HasSubstr("there is no [topology]")));
  EXPECT_THAT(mistakes("[server]\ntickTme = 5\n"),
              ElementsAre(HasSubstr("did you mean 'tickTime'?")));
  EXPECT_THAT(mistakes("[ensemble]\nservers = 65\n"), ElementsAre(HasSubstr("64 at most")));
  EXPECT_THAT(mistakes("[[clients]]\nscript = [ { do = \"create\", path = 5 } ]\n"),
              ElementsAre("x.toml:2: 'path' of an action must be a string"));
  EXPECT_THAT(mistakes("[must]\nbreak = [\"logs\"]\n"),
              ElementsAre(HasSubstr("names of properties")));
  EXPECT_THAT(mistakes("[must]\nat-least = { kils = 1 }\n"),
              ElementsAre(HasSubstr("has no 'kils'; did you mean 'kills'?")));
}

}  // namespace
}  // namespace zoetrope::scenario
