#include <gtest/gtest.h>

#include "explore/election_node.hpp"
#include "tests/unit/explore/local_board.hpp"

namespace zoetrope::explore {
namespace {

Bounds bounds_of(int servers, int crashes, int timeouts = 0) {
  return {.servers = servers, .crashes = crashes, .timeouts = timeouts};
}

Explored explore_election(const std::string& name, const Bounds& bounds, bool reduce = true) {
  return explore_here(*find_scope(name), bounds, reduce);
}

void expect_whole(const Explored& explored) {
  EXPECT_TRUE(explored.is_complete);
  EXPECT_FALSE(explored.found) << explored.found->violation.property << ": "
                               << explored.found->violation.text << "\n"
                               << to_string(explored.found->path);
  EXPECT_EQ(explored.totals.cycles, 0);
  EXPECT_GT(explored.totals.led, 0);
}

TEST(Election, EveryOrderElectsALeader) {
  for (const char* name : {"election", "uneven"}) {
    const Explored three = explore_election(name, bounds_of(3, 0));
    expect_whole(three);
    EXPECT_EQ(three.totals.excused, 0);
    const Explored two = explore_election(name, bounds_of(2, 1, 1));
    expect_whole(two);
    EXPECT_GT(two.totals.excused, 0);  // one of two is down
  }
}

// The two searches agree on every state at rest, of the real election, too.
TEST(Election, TheReductionLosesNoEnd) {
  for (const char* name : {"election", "uneven"}) {
    for (const Bounds& bounds : {bounds_of(3, 0), bounds_of(2, 1), bounds_of(2, 1, 1)}) {
      const Explored all = explore_election(name, bounds, false);
      const Explored reduced = explore_election(name, bounds, true);
      EXPECT_EQ(all.ends, reduced.ends) << name;
      EXPECT_LT(reduced.totals.states, all.totals.states);
    }
  }
}

TEST(Election, ABoundEndsTheSearch) {
  LocalBoard board;
  board.states_max = 10'000;
  Search search(*find_scope("election"), bounds_of(3, 1), true, board);
  EXPECT_FALSE(search.explore({}));
  EXPECT_FALSE(search.found());
  EXPECT_GE(search.counters().states, 10'000);
  EXPECT_LT(search.counters().states, 20'000);
}

}  // namespace
}  // namespace zoetrope::explore
