// The property about the configurations that are in force.
#include <gtest/gtest.h>

#include "tests/unit/properties/story.hpp"

namespace zoetrope::properties {
namespace {

constexpr int64_t kEpoch = int64_t{1} << 32;

class ConfigurationsAgree : public ::testing::Test {
 protected:
  // In force at a server from now on.
  ConfigurationEvent& seen(int64_t server, int64_t version, const std::string& members) {
    ConfigurationEvent event{.server = ServerId(server),
                             .version = version,
                             .text = text(version, members),
                             .epoch = 1,
                             .is_at_start = false,
                             .when = story_.moment()};
    return story_.history.configurations.emplace_back(event);
  }
  CommittedTxn& committed(int64_t version, const std::string& members) {
    CommittedTxn& txn = story_.history.committed.emplace_back();
    txn.zxid = Zxid(version);
    txn.type = kTxnReconfig;
    txn.paths = {text(version, members)};
    return txn;
  }
  size_t found() { return violations(check_configurations_agree, story_.history).size(); }

  Story story_;

 private:
  static std::string text(int64_t version, const std::string& members) {
    return members + "\nversion=" + std::to_string(version);
  }
};

TEST_F(ConfigurationsAgree, HoldsForThoseOfTheHistory) {
  seen(1, 0, "1 2").is_at_start = true;
  seen(2, 0, "1 2 3").is_at_start = true;  // an operator's own lines
  seen(1, kEpoch, "1 2");
  committed(kEpoch + 5, "1 2 3");
  seen(1, kEpoch + 5, "1 2 3");
  seen(2, kEpoch + 5, "1 2 3");
  EXPECT_EQ(found(), 0u);
}

TEST_F(ConfigurationsAgree, AServerThatCrashedMayComeBackWithAnOlderOne) {
  seen(1, 0, "1 2").is_at_start = true;
  committed(kEpoch + 5, "1 2 3");
  seen(1, kEpoch + 5, "1 2 3");
  seen(1, 0, "1 2").is_at_start = true;
  EXPECT_EQ(found(), 0u);
}

TEST_F(ConfigurationsAgree, FindsTwoOfOneVersion) {
  committed(kEpoch + 5, "1 2 3");
  seen(1, kEpoch + 5, "1 2 3");
  seen(2, kEpoch + 5, "1 2");
  EXPECT_EQ(found(), 1u);
}

TEST_F(ConfigurationsAgree, FindsAnOlderOneInForceAgain) {
  committed(kEpoch + 5, "1 2 3");
  committed(kEpoch + 6, "1 2");
  seen(1, kEpoch + 6, "1 2");
  seen(1, kEpoch + 5, "1 2 3");
  EXPECT_EQ(found(), 1u);
}

TEST_F(ConfigurationsAgree, FindsOneThatIsNotInTheHistory) {
  story_.create(story_.connect(7), 1, "/a", kEpoch + 5);
  seen(1, kEpoch + 5, "1 2 3");
  seen(1, kEpoch + 6, "1 2");
  EXPECT_EQ(found(), 2u);
}

TEST_F(ConfigurationsAgree, FindsOneThatDiffersFromTheCommittedOne) {
  committed(kEpoch + 5, "1 2 3");
  seen(1, kEpoch + 5, "1 2");
  EXPECT_EQ(found(), 1u);
}

TEST_F(ConfigurationsAgree, FindsOneWithoutAQuorum) {
  committed(kEpoch + 5, "1 2 3").by_quorum = false;
  ConfigurationEvent& event = seen(1, kEpoch + 5, "1 2 3");
  EXPECT_EQ(found(), 1u);
  event.epoch = 2;  // its leader brought the history to a quorum in its own way
  EXPECT_EQ(found(), 0u);
}

TEST_F(ConfigurationsAgree, FindsOneOfAnEpochThatNobodyGave) {
  seen(1, 0, "1 2").is_at_start = true;
  seen(1, kEpoch, "1 2 3");
  EXPECT_EQ(found(), 1u);
}

}  // namespace
}  // namespace zoetrope::properties
