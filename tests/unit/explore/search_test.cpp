#include "explore/search.hpp"
#include "explore/facts.hpp"

#include <gtest/gtest.h>

#include "tests/unit/explore/local_board.hpp"
#include "tests/unit/explore/toy.hpp"

namespace zoetrope::explore {
namespace {

// Two servers, one message each way: begin, then either first, then the other.
TEST(Search, CountsWhatThereIs) {
  const Scope scope = toy_scope(2, 0);
  const Explored all = explore_here(scope, scope.bounds, false);
  EXPECT_TRUE(all.is_complete);
  EXPECT_EQ(all.totals.states, 1 + 4);
  EXPECT_EQ(all.totals.transitions, 2 + 1 + 2 + 0 + 0);
  EXPECT_EQ(all.totals.runs, 2);
  EXPECT_EQ(all.totals.led, 1);
  EXPECT_EQ(all.totals.depth, 3);
  const Explored reduced = explore_here(scope, scope.bounds, true);
  EXPECT_EQ(reduced.totals.states, 1 + 3);
  EXPECT_EQ(reduced.totals.runs, 1);
  EXPECT_EQ(reduced.ends, all.ends);
}

// Three servers hear two messages each, in either order: 2^3 ends.
TEST(Search, ReachesEveryEnd) {
  const Scope scope = toy_scope(3, 0);
  EXPECT_EQ(explore_here(scope, scope.bounds, false).ends.size(), 8);
  EXPECT_EQ(explore_here(scope, scope.bounds, true).ends.size(), 8);
}

// Streams of two lanes overtake each other.
TEST(Search, LanesAreStreamsOfTheirOwn) {
  Scope scope = toy_scope(2, 0, [](Toy& toy, int server) {
    toy.has_own = server == 0;
    toy.own_lane = 1;
  });
  scope.lanes = 2;
  const Explored explored = explore_here(scope, scope.bounds);
  // Server 1 hears 2's hello before or after its own event; server 2 both of its messages in either
  // order.
  EXPECT_EQ(explored.ends.size(), 4);
}

// With crashes, too, and whatever the servers do by themselves.
TEST(Search, TheReductionLosesNoEnd) {
  for (const int crashes : {0, 1}) {
    for (const int owners : {0, 1, 2}) {
      const Scope scope =
          toy_scope(3, crashes, [&](Toy& toy, int server) { toy.has_own = server < owners; });
      if (crashes == 1 && owners == 2) continue;
      const Explored all = explore_here(scope, scope.bounds, false);
      const Explored reduced = explore_here(scope, scope.bounds, true);
      EXPECT_TRUE(all.is_complete && reduced.is_complete);
      EXPECT_EQ(all.ends, reduced.ends) << crashes << " crashes, " << owners << " owners";
      EXPECT_LT(reduced.totals.states, all.totals.states);
      EXPECT_EQ(all.totals.cycles + reduced.totals.cycles, 0);
    }
  }
}

// What was handed to others and taken back is all that there is.
TEST(Search, SharedOutItIsTheSame) {
  const Scope scope = toy_scope(3, 1);
  for (const bool reduce : {false, true}) {
    const Explored alone = explore_here(scope, scope.bounds, reduce);
    const Explored shared = explore_here(scope, scope.bounds, reduce, true);
    EXPECT_TRUE(shared.is_complete);
    EXPECT_EQ(shared.totals.states, alone.totals.states);
    EXPECT_EQ(shared.ends, alone.ends);
  }
}

TEST(Search, ACrashLosesMemoryAndTheRestOfWhatWasSent) {
  const Scope scope = toy_scope(2, 1);
  World world(scope, scope.bounds);
  // Server 1 may crash: its message is lost, it loses what it heard, and is there again.
  const auto run = [&](std::string_view text) { return replay(world, *parse_path(text), false); };
  const Replay lossy = run("v0,d12,c1,b21,r1,d21,d21,d12");
  ASSERT_TRUE(lossy.is_whole) << lossy.path.size();
  EXPECT_EQ(world.describe(lossy.state, 0), "server 1: 2");
  EXPECT_EQ(world.describe(lossy.state, 1), "server 2: -1+11");
  const Replay kept = run("v0,c1,d21,d21,r1,d21,d21,d12");
  ASSERT_TRUE(kept.is_whole) << kept.path.size();
  EXPECT_EQ(world.describe(kept.state, 1), "server 2: 1-1+11");
  // What server 2 had sent to the life before does not come.
  EXPECT_EQ(world.describe(kept.state, 0), "server 1: 2");
  EXPECT_FALSE(run("v0,c2").is_whole);
}

TEST(Search, WithoutALeaderSilencePassesAndThenItIsStuck) {
  Scope scope = toy_scope(2, 0, [](Toy& toy, int) { toy.is_stuck = true; });
  scope.bounds.silences = 2;
  scope.must_lead = true;
  const Explored explored = explore_here(scope, scope.bounds);
  ASSERT_TRUE(explored.found);
  EXPECT_EQ(explored.found->violation.property, "a_leader_comes");
  EXPECT_EQ(explored.found->path.size(), 3 + 2);
  scope.must_lead = false;
  const Explored excused = explore_here(scope, scope.bounds);
  EXPECT_FALSE(excused.found);
  EXPECT_EQ(excused.totals.excused, 1);
}

// Only one of many orders breaks it; the path is cut to what it takes.
TEST(Search, FindsTheOneOrderAndShortensIt) {
  const Scope scope = toy_scope(3, 1, [](Toy& toy, int server) {
    if (server != 2) return;
    toy.on_receive = [](const std::string& heard, Step& step) {
      if (heard == "2-21") step.violate("toy_property", heard);
    };
  });
  const Explored explored = explore_here(scope, scope.bounds);
  ASSERT_TRUE(explored.found);
  EXPECT_FALSE(explored.is_complete);
  const Found found = shorten(scope, scope.bounds, *explored.found);
  EXPECT_EQ(found.violation.property, "toy_property");
  EXPECT_EQ(to_string(found.path), "v1,d32,c2,d32,d31");
  World world(scope, scope.bounds);
  const Replay again = replay(world, found.path, false);
  ASSERT_EQ(again.violations.size(), 1);
  EXPECT_EQ(again.violations[0].text, "2-21");
}

// The facts of two servers contradict each other, whichever comes first.
TEST(Search, FactsOfDifferentServersAreCompared) {
  const Scope scope = toy_scope(3, 0, [](Toy& toy, int server) {
    toy.has_own = server == 0;
    toy.lead = true;
  });
  const Explored explored = explore_here(scope, scope.bounds);
  ASSERT_TRUE(explored.found);
  EXPECT_EQ(explored.found->violation.property, "one_leader_per_epoch");
}

TEST(Facts, ContradictEachOtherInBothOrders) {
  const auto property = [](const Fact& a, const Fact& b) {
    const auto one = contradiction(a, b), other = contradiction(b, a);
    EXPECT_EQ(one.has_value(), other.has_value());
    return one ? one->property : std::string();
  };
  const Fact leads{
      .kind = Fact::Kind::kLeads, .server = 0, .term = 1, .epoch = 3, .history = {"a", "b"}};
  Fact other = leads;
  EXPECT_EQ(property(leads, other), "");
  other.term = 2;
  EXPECT_EQ(property(leads, other), "one_leader_per_epoch");
  other.epoch = 4;
  EXPECT_EQ(property(leads, other), "");
  Fact committed{.kind = Fact::Kind::kCommitted, .epoch = 2, .zxid = Zxid::make(2, 1), .text = "b"};
  EXPECT_EQ(property(leads, committed), "");
  committed.text = "c";
  EXPECT_EQ(property(leads, committed), "committed_survives");
  committed.epoch = 3;
  EXPECT_EQ(property(leads, committed), "");
  Fact same = committed;
  EXPECT_EQ(property(same, committed), "");
  same.text = "d";
  EXPECT_EQ(property(same, committed), "committed_is_one_history");
  same.zxid = Zxid::make(2, 2);
  EXPECT_EQ(property(same, committed), "");
}

}  // namespace
}  // namespace zoetrope::explore
