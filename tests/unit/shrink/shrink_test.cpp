// Shrinking against failures that a test makes up: a plan "fails" when what is needed for it is
// still there.
#include "shrink/shrink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenario/scenario.hpp"
#include "shrink/cuts.hpp"
#include "sim/run.hpp"

namespace zoetrope::shrink {
namespace {

using sim::Plan;
using sim::Target;
using ::testing::HasSubstr;

Plan drawn(sim::Profile profile, uint64_t seed) {
  sim::RunRequest request;
  request.seed = seed;
  request.profile = profile;
  Plan plan = plan_of(request);
  plan.world.keep_choices = true;
  plan.world = *sim::run_plan(plan, sim::make_server).plan;
  plan.world.told.reset();
  return plan;
}

TryAll first_where(std::function<bool(const Plan&)> fails) {
  return [fails = std::move(fails)](const std::vector<Plan>& plans) -> std::optional<size_t> {
    for (size_t i = 0; i < plans.size(); ++i) {
      if (fails(plans[i])) return i;
    }
    return std::nullopt;
  };
}

bool go_on(const Size&, uint64_t) {
  return true;
}

size_t kills(const Plan& plan) {
  size_t count = 0;
  for (const sim::Step& step : plan.world.steps) {
    count += std::holds_alternative<sim::Kill>(step.action) ? 1 : 0;
  }
  return count;
}

size_t creates(const Plan& plan) {
  size_t count = 0;
  for (const sim::ClientConfig& client : plan.world.clients) {
    for (const sim::ClientAction& action : *client.told) {
      const auto* operate = std::get_if<sim::Operate>(&action.deed);
      count +=
          operate != nullptr && operate->operation.args.kind == properties::OpKind::kCreate ? 1 : 0;
    }
  }
  return count;
}

TEST(Shrink, LeavesWhatTheFailureNeeds) {
  const Plan plan = drawn(sim::Profile::kEnsemble, 4);
  ASSERT_GT(kills(plan), 2u);
  const Result result =
      shrink(plan, {}, first_where([](const Plan& p) {
               return kills(p) >= 2 && creates(p) >= 1 && p.world.processes.size() >= 2;
             }),
             go_on);
  EXPECT_TRUE(result.is_done);
  EXPECT_EQ(result.plan.world.steps.size(), 2u);
  EXPECT_EQ(actions_in(result.plan), 1u);
  EXPECT_EQ(result.plan.world.clients.size(), 1u);
  EXPECT_EQ(result.plan.world.processes.size(), 2u);
  // Whatever else was drawn for this world is a default again, but for the parts of the two steps.
  EXPECT_LE(settings_in(result.plan), 6u) << scenario::print(result.plan);
  EXPECT_THAT(story_of(result.plan), HasSubstr("1 client of 2 servers.\nClient 0: create /"));
}

TEST(Shrink, IsTheSameForTheSameFailure) {
  const Plan plan = drawn(sim::Profile::kReconfig, 2);
  const auto fails = first_where([](const Plan& p) { return p.world.steps.size() >= 3; });
  EXPECT_EQ(scenario::print(shrink(plan, {}, fails, go_on).plan),
            scenario::print(shrink(plan, {}, fails, go_on).plan));
}

TEST(Shrink, StopsWithItsBudgetOrWhenItIsTold) {
  const Plan plan = drawn(sim::Profile::kEnsemble, 4);
  Options options;
  options.runs_max = 10;
  const auto never = first_where([](const Plan&) { return false; });
  EXPECT_FALSE(shrink(plan, options, never, go_on).is_done);
  uint64_t asked = 0;
  const Result stopped = shrink(plan, {}, never, [&](const Size&, uint64_t) {
    ++asked;
    return false;
  });
  EXPECT_EQ(asked, 1u);
  EXPECT_EQ(scenario::print(stopped.plan), scenario::print(plan));
}

TEST(Cuts, OfServersTakeTheirStepsAlong) {
  Plan plan = drawn(sim::Profile::kEnsemble, 4);
  ASSERT_EQ(plan.world.processes.size(), 3u);
  plan.world.steps = {
      {MonotonicTime{}, std::nullopt, {}, sim::Kill{Target::server(0)}},
      {MonotonicTime{}, std::nullopt, {}, sim::Kill{Target::server(2)}},
      {MonotonicTime{}, std::nullopt, {}, sim::Kill{Target::leader(1)}},
      {MonotonicTime{}, std::nullopt, {}, sim::CutLink{0, 1, false, {}}},
      {MonotonicTime{}, std::nullopt, {}, sim::Split{{0, 1, 2}, std::nullopt, {}}},
  };
  const Plan smaller = *without_servers(plan, 1, 2);
  ASSERT_EQ(smaller.world.processes.size(), 2u);
  EXPECT_EQ(smaller.world.processes[1].server.server_id, ServerId(2));
  EXPECT_EQ(smaller.world.processes[1].server.peer->ensemble.members.size(), 2u);
  ASSERT_EQ(smaller.world.steps.size(), 4u);
  EXPECT_EQ(std::get<sim::Kill>(smaller.world.steps[1].action).server.index, 1u);
  EXPECT_EQ(std::get<sim::Split>(smaller.world.steps[3].action).servers,
            (std::vector<uint32_t>{0, 1}));
  EXPECT_FALSE(without_servers(plan, 0, 3).has_value());
}

TEST(Cuts, OfClientsTakeTheirStepsAlong) {
  Plan plan = drawn(sim::Profile::kEnsemble, 4);
  ASSERT_EQ(plan.world.clients.size(), 3u);
  plan.world.steps = {{MonotonicTime{}, std::nullopt, {}, sim::BreakLinks{1}},
                      {MonotonicTime{}, std::nullopt, {}, sim::BreakLinks{2}}};
  const Plan smaller = *without_clients(plan, 1, 2);
  ASSERT_EQ(smaller.world.steps.size(), 1u);
  EXPECT_EQ(std::get<sim::BreakLinks>(smaller.world.steps[0].action).client, 1u);
}

}  // namespace
}  // namespace zoetrope::shrink
