// Elections in a small world, over thousands of seeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/zab/election_world.hpp"

namespace zoetrope::zab {
namespace {

using quorum::Ensemble;

// Three groups of three; server 9 has no weight, and neither has the whole of group 3 in the second
// form.
Ensemble hierarchical_ensemble(bool has_dead_group) {
  Ensemble ensemble = majority_ensemble(9, 1);
  for (int64_t i = 1; i <= 9; ++i) {
    ensemble.group_of[ServerId(i)] = (i - 1) / 3 + 1;
    ensemble.weights[ServerId(i)] = i == 9 || (has_dead_group && i > 6) ? 0 : 1 + i % 2;
  }
  return ensemble;
}

std::vector<Ensemble> ensembles() {
  return {majority_ensemble(1),         majority_ensemble(2),       majority_ensemble(3),
          majority_ensemble(5),         majority_ensemble(7),       majority_ensemble(3, 2),
          hierarchical_ensemble(false), hierarchical_ensemble(true)};
}

// Without faults, all starting together, and with messages that take less than the finalize wait
// all told, there is one leader, the best, and nobody else ever believed to lead.
TEST(ElectionWorld, TheBestServerAloneIsElectedInTheFirstRoundWhenNothingFails) {
  for (const Ensemble& ensemble : ensembles()) {
    for (uint64_t seed = 1; seed <= 300; ++seed) {
      ElectionWorld world({.ensemble = ensemble, .seed = seed, .delay_max = Duration::from_ms(40)});
      const ServerId best = world.best_candidate();
      ASSERT_TRUE(world.run_until_settled(MonotonicTime::from_ms(10'000))) << world.describe();
      ASSERT_EQ(world.violation(), "") << world.describe();
      ASSERT_EQ(world.leads().size(), 1) << world.describe();
      EXPECT_EQ(world.leads()[0].first, best) << world.describe();
      EXPECT_EQ(world.leads()[0].second, 1) << world.describe();
    }
  }
}

TEST(ElectionWorld, VotersAgreeWithinASecondWhenNothingFails) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    ElectionWorld world(
        {.ensemble = majority_ensemble(5), .seed = seed, .delay_max = Duration::from_ms(40)});
    ASSERT_TRUE(world.run_until_settled(MonotonicTime::from_ms(1'000))) << world.describe();
  }
}

void survive_faults(bool is_basic, bool has_links, uint64_t seeds) {
  int64_t worst_ms = 0;
  for (const Ensemble& ensemble : ensembles()) {
    for (uint64_t seed = 1; seed <= seeds; ++seed) {
      ElectionWorld world({.ensemble = ensemble,
                           .seed = seed,
                           .is_basic = is_basic,
                           .has_links = has_links,
                           .delay_max = Duration::from_ms(seed % 2 == 0 ? 50 : 300),
                           .start_spread = Duration::from_ms(2'000),
                           .fault_time = Duration::from_ms(15'000)});
      const MonotonicTime limit = world.faults_end() + Duration::from_ms(60'000);
      const bool settled = world.run_until_settled(limit);
      ASSERT_EQ(world.violation(), "") << world.describe();
      ASSERT_TRUE(settled) << world.describe();
      worst_ms = std::max(worst_ms, (world.now() - world.faults_end()).ms());
      // And it stays so.
      const size_t leads = world.leads().size();
      world.run_until(world.now() + Duration::from_ms(5'000));
      ASSERT_EQ(world.leads().size(), leads) << world.describe();
    }
  }
  ::testing::Test::RecordProperty("worst_ms", static_cast<int>(worst_ms));
  std::printf("slowest agreement after the last fault: %d ms\n", static_cast<int>(worst_ms));
}

TEST(ElectionWorld, FastElectionAgreesOnceFaultsStop) {
  survive_faults(false, false, 500);
}

TEST(ElectionWorld, BasicElectionAgreesOnceFaultsStop) {
  survive_faults(true, false, 500);
}

TEST(ElectionWorld, FastElectionAgreesOverLinksThatBreak) {
  survive_faults(false, true, 100);
}

TEST(ElectionWorld, BasicElectionAgreesOverLinksThatBreak) {
  survive_faults(true, true, 100);
}

TEST(ElectionWorld, OneSeedGivesOneCourseOfEvents) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    for (int kind = 0; kind < 4; ++kind) {
      const auto run = [&] {
        ElectionWorld world({.ensemble = majority_ensemble(5, 1),
                             .seed = seed,
                             .is_basic = kind % 2 == 1,
                             .has_links = kind / 2 == 1,
                             .fault_time = Duration::from_ms(10'000)});
        world.run_until(MonotonicTime::from_ms(15'000));
        return world.fingerprint();
      };
      EXPECT_EQ(run(), run()) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace zoetrope::zab
