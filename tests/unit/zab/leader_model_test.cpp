// Random interleavings of everything that can happen to a leader, judged against one history.
#include "tests/unit/zab/leader_model.hpp"

#include <gtest/gtest.h>

namespace zoetrope::zab {
namespace {

TEST(LeaderModel, NoInterleavingBreaksTheHistory) {
  uint64_t commits = 0, snapshots = 0, cuts = 0, diffs = 0, syncs = 0, ended = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    LeaderModel model(seed);
    for (int i = 0; i < 2'000 && model.verdict.empty() && !model.is_over(); ++i) model.step();
    model.settle();
    ASSERT_EQ(model.verdict, "") << "seed " << seed;
    if (model.is_over()) {
      ++ended;
    } else {
      ASSERT_TRUE(model.is_converged()) << "seed " << seed << ": " << model.state();
    }
    commits += model.commits;
    snapshots += model.snapshots;
    cuts += model.cuts;
    diffs += model.diffs;
    syncs += model.syncs;
  }
  // The runs reach what they are to judge.
  EXPECT_GT(commits, 4'000u);
  EXPECT_GT(snapshots, 1'000u);
  EXPECT_GT(diffs, 1'000u);
  EXPECT_GT(cuts, 100u);
  EXPECT_GT(syncs, 1'000u);
  EXPECT_LT(ended, 200u);
  RecordProperty("ended", static_cast<int>(ended));
}

}  // namespace
}  // namespace zoetrope::zab
