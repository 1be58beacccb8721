// A learner that is behind the window gets the leader's log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/zab/leader_world.hpp"

namespace zoetrope::zab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Leads with server 2 and has a window of two proposals: 1:9 and 1:10.
class LeaderHistory : public testing::Test {
 protected:
  LeaderHistory() {
    world.host.committed_window = CommittedWindow(2, 1 << 20);
    for (uint32_t counter = 4; counter <= 10; ++counter) {
      world.host.settle(z(1, counter), "old" + std::to_string(counter));
    }
    world.host.history_allowed = true;
  }

  // Answers with the records of epoch 1 in [first, last].
  void answer(uint32_t first, uint32_t last, std::optional<std::string> gap = std::nullopt) {
    ASSERT_TRUE(std::exchange(world.host.history_asked, false));
    HistoryPiece piece;
    std::vector<std::string> payloads;
    for (uint32_t i = first; i <= last; ++i) payloads.push_back("old" + std::to_string(i));
    for (uint32_t i = first; i <= last; ++i) {
      piece.records.push_back({z(1, i), payloads[i - first]});
    }
    piece.gap = std::move(gap);
    world.leader.history(piece, world.now);
  }
  void lead() { follower = world.lead_with(1, z(1, 10))[0]; }

  LeaderWorld world;
  ConnectionId follower;
};

TEST_F(LeaderHistory, TheLogAndThenTheWindow) {
  lead();
  const ConnectionId learner = world.come(3, z(1, 4));
  EXPECT_EQ(world.host.history_after, z(1, 4));
  EXPECT_THAT(world.heard(learner), IsEmpty());
  answer(3, 6);
  EXPECT_THAT(world.heard(learner), ElementsAre("DIFF 1:10", "PROPOSAL 1:5 old5", "COMMIT 1:5",
                                                "PROPOSAL 1:6 old6", "COMMIT 1:6"));
  // 1:8 is not in the window: that 1:9 is does not tell that nothing lies between.
  answer(7, 8);
  EXPECT_THAT(world.heard(learner),
              ElementsAre("PROPOSAL 1:7 old7", "COMMIT 1:7", "PROPOSAL 1:8 old8", "COMMIT 1:8"));
  answer(9, 9);
  EXPECT_THAT(world.heard(learner),
              ElementsAre("PROPOSAL 1:9 old9", "COMMIT 1:9", "PROPOSAL 1:10 old10", "COMMIT 1:10",
                          "NEWLEADER 2:0"));
  EXPECT_FALSE(world.host.history_after.has_value());
  world.ack(learner, z(2, 0));
  EXPECT_THAT(world.heard(learner), ElementsAre("UPTODATE"));
}

TEST_F(LeaderHistory, WhatComesMeanwhileWaitsBehindIt) {
  lead();
  world.propose();  // open when the walk begins
  const ConnectionId learner = world.come(3, z(1, 7));
  world.propose();
  world.make_durable(z(2, 2));
  world.ack(follower, z(2, 1));
  // The window has gone on meanwhile; all up to the target comes from the log.
  EXPECT_EQ(world.host.committed_window.min(), z(1, 10));
  answer(7, 10);
  EXPECT_THAT(world.heard(learner),
              ElementsAre("DIFF 1:10", "PROPOSAL 1:8 old8", "COMMIT 1:8", "PROPOSAL 1:9 old9",
                          "COMMIT 1:9", "PROPOSAL 1:10 old10", "COMMIT 1:10", "PROPOSAL 2:1 new1",
                          "PROPOSAL 2:2 new2", "COMMIT 2:1", "NEWLEADER 2:0"));
  world.propose();
  EXPECT_THAT(world.heard(learner), ElementsAre("PROPOSAL 2:3 new3"));
}

TEST_F(LeaderHistory, ATailThatWasNeverCommittedIsCutFirst) {
  lead();
  const ConnectionId learner = world.come(3, z(0, 7));
  ASSERT_TRUE(std::exchange(world.host.history_asked, false));
  HistoryPiece piece;
  piece.records = {{z(0, 5), "a"}, {z(1, 1), "old1"}};
  world.leader.history(piece, world.now);
  EXPECT_THAT(world.heard(learner), ElementsAre("TRUNC 0:5", "PROPOSAL 1:1 old1", "COMMIT 1:1"));
}

TEST_F(LeaderHistory, AGapMeansASnapshot) {
  lead();
  const ConnectionId learner = world.come(3, z(1, 4));
  answer(4, 4, "records are missing");
  EXPECT_THAT(world.heard(learner), ElementsAre("SNAP 1:10", "stream", "NEWLEADER 2:0"));
  EXPECT_TRUE(world.was_noted("records are missing"));
}

// KB-13: once DIFF was sent there is no way back on this connection; the next one gets a snapshot.
TEST_F(LeaderHistory, AGapBehindWhatWasSentMeansASnapshotNextTime) {
  lead();
  const ConnectionId learner = world.come(3, z(1, 4));
  answer(4, 6, "log.3 cannot be read");
  EXPECT_TRUE(world.is_closed(learner));
  EXPECT_TRUE(world.was_noted("log.3 cannot be read"));
  EXPECT_FALSE(world.host.history_after.has_value());
  EXPECT_THAT(world.heard(world.come(3, z(1, 6))),
              ElementsAre("SNAP 1:10", "stream", "NEWLEADER 2:0"));
  // Who is beyond the gap still gets the log.
  world.come(3, z(1, 7));
  EXPECT_EQ(world.host.history_after, z(1, 7));
}

TEST_F(LeaderHistory, AGapThatTheWindowFillsIsNone) {
  lead();
  const ConnectionId learner = world.come(3, z(1, 7));
  answer(7, 9, "the log ends");
  EXPECT_THAT(world.heard(learner), testing::Contains("NEWLEADER 2:0"));
}

TEST_F(LeaderHistory, AForkThatTheLogShowsMeansASnapshot) {
  lead();
  const ConnectionId learner = world.come(3, z(1, 4));
  answer(5, 6);
  EXPECT_THAT(world.heard(learner), ElementsAre("SNAP 1:10", "stream", "NEWLEADER 2:0"));
}

TEST_F(LeaderHistory, AWalkWaitsForItsLearnerAndOthersForTheWalk) {
  world.config.stream_bytes_high = 40;
  lead();
  const ConnectionId learner = world.come(3, z(1, 4));
  const ConnectionId stranger = world.come(9, z(1, 5));
  answer(4, 6);
  EXPECT_FALSE(world.host.history_asked);
  world.leader.backlog(learner, 20, world.now);
  EXPECT_TRUE(world.host.history_asked);
  EXPECT_THAT(world.heard(stranger), IsEmpty());
  // An answer for a learner that is gone would be for nobody.
  world.lose(learner);
  EXPECT_EQ(world.host.history_after, z(1, 5));
  world.config.stream_bytes_high = 1 << 20;
  world.leader.backlog(stranger, 0, world.now);
  answer(5, 9);
  EXPECT_THAT(world.heard(stranger), testing::Contains("NEWLEADER 2:0"));
}

TEST_F(LeaderHistory, WhoeverTakesTooLongIsCutOff) {
  world.config.held_bytes_max = 1000;
  lead();
  const ConnectionId learner = world.come(3, z(1, 4));
  world.propose(std::string(1500, 'x'));
  EXPECT_FALSE(world.is_closed(learner));
  world.batch_end();
  EXPECT_TRUE(world.is_closed(learner));
  EXPECT_TRUE(world.was_noted("have gathered behind it"));
  EXPECT_FALSE(world.host.history_after.has_value());
}

TEST_F(LeaderHistory, AnEndOfTheLeaderEndsTheWalk) {
  lead();
  world.come(3, z(1, 4));
  world.leader.abandon();
  EXPECT_FALSE(world.host.history_after.has_value());
}

TEST_F(LeaderHistory, NeverWhereItIsForbidden) {
  world.config.snapshot_factor_percent = -1;
  lead();
  EXPECT_THAT(world.heard(world.come(3, z(1, 4))),
              ElementsAre("SNAP 1:10", "stream", "NEWLEADER 2:0"));
}

TEST_F(LeaderHistory, BeforeTheEpochIsEstablished) {
  world.begin();
  const ConnectionId learner = world.join(2);
  world.write_epochs();
  world.ack_epoch(learner, 1, z(1, 4));
  world.write_epochs();
  EXPECT_THAT(world.heard(learner), ElementsAre("LEADERINFO 2:0"));
  answer(4, 9);
  EXPECT_THAT(world.heard(learner), testing::Contains("NEWLEADER 2:0"));
  world.ack(learner, z(2, 0));
  EXPECT_TRUE(world.leader.is_serving());
  EXPECT_THAT(world.heard(learner), ElementsAre("UPTODATE"));
}

}  // namespace
}  // namespace zoetrope::zab
