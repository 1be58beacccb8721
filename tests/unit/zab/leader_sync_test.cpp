// What a leader sends to bring a learner to its own history.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/zab/leader_world.hpp"

namespace zoetrope::zab {
namespace {

using quorum::PacketType;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(LeaderSync, WhatALearnerLacksComesFromTheWindow) {
  LeaderWorld world;
  world.lead_with(1);
  const ConnectionId learner = world.come(3, z(1, 1));
  EXPECT_THAT(world.heard(learner),
              ElementsAre("DIFF 1:3", "PROPOSAL 1:2 old2", "COMMIT 1:2", "PROPOSAL 1:3 old3",
                          "COMMIT 1:3", "NEWLEADER 2:0"));
  world.ack(learner, z(2, 0));
  EXPECT_THAT(world.heard(learner), ElementsAre("UPTODATE"));
}

TEST(LeaderSync, WhatNeverWasCommittedIsCut) {
  LeaderWorld world;
  world.lead_with(1);
  EXPECT_THAT(world.heard(world.come(3, z(1, 7))), ElementsAre("TRUNC 1:3", "NEWLEADER 2:0"));
}

// ZOOKEEPER-1154: its last zxid lies within the window and is no part of it.
TEST(LeaderSync, AForkInsideTheWindowIsCutBeforeItGrows) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(1);
  world.ack(learners[0], world.propose());
  world.make_durable(z(2, 1));
  EXPECT_THAT(world.heard(world.come(3, z(1, 7))),
              ElementsAre("TRUNC 1:3", "PROPOSAL 2:1 new1", "COMMIT 2:1", "NEWLEADER 2:0"));
}

TEST(LeaderSync, FollowersGetWhatIsOpenAndObserversWhatIsCommitted) {
  LeaderWorld world(5, 1);
  const std::vector<ConnectionId> learners = world.lead_with(2);
  // 2:1 is committed and not durable here, 2:2 is not committed.
  world.propose();
  world.propose();
  for (const ConnectionId learner : learners) world.ack(learner, z(2, 1));
  EXPECT_EQ(world.host.committed, z(1, 3));
  const ConnectionId fourth = world.come_up(4, z(1, 3));
  world.ack(fourth, z(2, 1));
  EXPECT_EQ(world.host.committed, z(2, 1));
  EXPECT_EQ(world.host.applied, z(1, 3));

  EXPECT_THAT(world.heard(world.come(5, z(1, 3))),
              ElementsAre("DIFF 1:3", "PROPOSAL 2:1 new1", "COMMIT 2:1", "PROPOSAL 2:2 new2",
                          "NEWLEADER 2:0"));
  const ConnectionId stranger = world.come(9, z(1, 3));
  EXPECT_THAT(world.heard(stranger), ElementsAre("DIFF 1:3", "PROPOSAL 2:1 new1", "COMMIT 2:1",
                                                 "PROPOSAL 2:2 new2", "NEWLEADER 2:0"));
  const ConnectionId observer = world.come(6, z(1, 3), 1, true);
  EXPECT_THAT(world.heard(observer),
              ElementsAre("DIFF 1:3", "PROPOSAL 2:1 new1", "COMMIT 2:1", "NEWLEADER 2:0"));
  // Forwarding begins at once, before NEWLEADER is acknowledged (ZOOKEEPER-962).
  world.propose();
  for (const ConnectionId learner : learners) world.ack(learner, z(2, 2));
  world.ack(fourth, z(2, 2));
  EXPECT_THAT(world.heard(observer), ElementsAre("INFORM 2:2 new2"));
  // A Java follower dies of a COMMIT between NEWLEADER and UPTODATE (ZOOKEEPER-4394).
  EXPECT_THAT(world.heard(stranger), ElementsAre("PROPOSAL 2:3 new3"));
  world.ack(stranger, z(2, 0));
  EXPECT_THAT(world.heard(stranger), ElementsAre("UPTODATE", "COMMIT 2:2"));
}

// Its log goes beyond what is applied here: to cut it would take acknowledgements back.
TEST(LeaderSync, WhatALearnerMayHaveAcknowledgedInThisEpochIsNeverCut) {
  LeaderWorld world(5);
  const std::vector<ConnectionId> learners = world.lead_with(2);
  world.propose();
  world.propose();
  world.propose();
  world.ack(learners[0], z(2, 1));
  world.ack(learners[0], z(2, 2));
  world.lose(learners[0]);
  const ConnectionId back = world.come(2, z(2, 2), -1);
  EXPECT_THAT(world.heard(back), ElementsAre("DIFF 2:2", "PROPOSAL 2:3 new3", "NEWLEADER 2:0"));
  // It has applied 2:1 and 2:2; nobody may see them there before they are committed.
  world.ack(back, z(2, 0));
  EXPECT_THAT(world.heard(back), IsEmpty());
  // Its acknowledgement of NEWLEADER stands for them.
  world.make_durable(z(2, 3));
  world.ack(learners[1], z(2, 1));
  EXPECT_EQ(world.host.committed, z(2, 1));
  EXPECT_THAT(world.heard(back), IsEmpty());
  world.ack(learners[1], z(2, 3));
  EXPECT_EQ(world.host.committed, z(2, 2));
  EXPECT_THAT(world.heard(back), ElementsAre("UPTODATE"));
  world.ack(back, z(2, 3));
  EXPECT_THAT(world.heard(back), ElementsAre("COMMIT 2:3"));
}

TEST(LeaderSync, TransactionsThatWereNeverProposedAreRefused) {
  LeaderWorld world;
  world.lead_with(1);
  world.propose();
  EXPECT_TRUE(world.is_closed(world.come(3, z(2, 2))));
  EXPECT_TRUE(world.is_closed(world.come(3, z(3, 1))));
  EXPECT_TRUE(world.is_closed(world.come(3, Zxid(-5))));
  EXPECT_FALSE(world.is_closed(world.come(3, z(2, 1))));
}

TEST(LeaderSync, ALearnerFromBeforeTheWindowGetsASnapshot) {
  LeaderWorld world;
  world.lead_with(1);
  const ConnectionId learner = world.come(3, Zxid());
  EXPECT_THAT(world.heard(learner), ElementsAre("SNAP 1:3", "stream", "NEWLEADER 2:0"));
  world.ack(learner, z(2, 0));
  EXPECT_THAT(world.heard(learner), ElementsAre("UPTODATE"));
}

TEST(LeaderSync, ASnapshotCanBeForced) {
  LeaderWorld world;
  world.config.force_snapshot = true;
  world.begin();
  const ConnectionId learner = world.join(2);
  world.promise_all({learner});
  EXPECT_THAT(world.heard(learner),
              ElementsAre("LEADERINFO 2:0", "SNAP 1:3", "stream", "NEWLEADER 2:0"));
}

// ZOOKEEPER-3104: what is proposed while the stream is on its way goes before NEWLEADER.
TEST(LeaderSync, HistoryBehindASnapshotIsWholeBeforeNewLeader) {
  LeaderWorld world(3, 1);
  world.config.stream_bytes_high = 100'000;
  const ConnectionId follower = world.lead_with(1)[0];
  world.propose();  // open when the snapshot is taken
  const ConnectionId learner = world.come(3, Zxid());
  EXPECT_LT(world.host.connections[learner].sent.size(), 200'000u);
  world.propose();
  world.make_durable(z(2, 2));
  world.ack(follower, z(2, 1));
  EXPECT_LT(world.host.connections[learner].sent.size(), 200'000u);
  while (world.host.stream_left) world.leader.backlog(learner, 0, world.now);
  world.propose();
  EXPECT_THAT(world.heard(learner),
              ElementsAre("SNAP 1:3", "stream", "PROPOSAL 2:1 new1", "PROPOSAL 2:2 new2",
                          "COMMIT 2:1", "NEWLEADER 2:0", "PROPOSAL 2:3 new3"));
}

TEST(LeaderSync, ObserversBehindASnapshotAreInformed) {
  LeaderWorld world(3, 1);
  world.config.stream_bytes_high = 1;
  const ConnectionId follower = world.lead_with(1)[0];
  const ConnectionId observer = world.come(4, Zxid(), 1, true);
  world.propose();
  world.make_durable(z(2, 1));
  world.ack(follower, z(2, 1));
  while (world.host.stream_left) world.leader.backlog(observer, 0, world.now);
  EXPECT_THAT(world.heard(observer),
              ElementsAre("SNAP 1:3", "stream", "INFORM 2:1 new1", "NEWLEADER 2:0"));
}

TEST(LeaderSync, OneStreamAtATime) {
  LeaderWorld world(5);
  world.config.stream_bytes_high = 1;
  world.lead_with(2);
  const ConnectionId first = world.come(4, Zxid());
  const ConnectionId second = world.come(5, Zxid());
  EXPECT_THAT(world.heard(second), IsEmpty());
  while (!world.host.connections[second].sent.size()) {
    world.leader.backlog(first, 0, world.now);
  }
  EXPECT_THAT(world.heard(first), ElementsAre("SNAP 1:3", "stream", "NEWLEADER 2:0"));
  world.lose(second);
  EXPECT_FALSE(world.host.stream_left.has_value());
}

TEST(LeaderSync, AStreamWaitsForTheHost) {
  LeaderWorld world;
  world.lead_with(1);
  world.host.stream_allowed = false;
  const ConnectionId learner = world.come(3, Zxid());
  EXPECT_THAT(world.heard(learner), IsEmpty());
  world.leader.snapshot_possible(world.now);
  EXPECT_THAT(world.heard(learner), IsEmpty());
  // What is committed meanwhile is part of the snapshot.
  world.ack(ConnectionId::make(1, 1), world.propose());
  world.make_durable(z(2, 1));
  world.host.stream_allowed = true;
  world.leader.snapshot_possible(world.now);
  EXPECT_THAT(world.heard(learner), ElementsAre("SNAP 2:1", "stream", "NEWLEADER 2:0"));
}

// ZOOKEEPER-2201
TEST(LeaderSync, ALearnerThatDoesNotDrainIsCutOffAndDelaysNobody) {
  LeaderWorld world(5);
  world.config.stream_bytes_high = 1;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const ConnectionId stuck = world.come(4, Zxid());
  const ConnectionId next = world.come(5, Zxid());
  for (int i = 0; i < 2 * world.config.init_limit; ++i) {
    world.half_ticks(1);
    const Zxid zxid = world.propose();
    world.make_durable(zxid);
    for (const ConnectionId learner : learners) {
      world.pong(learner);
      world.ack(learner, zxid);
    }
    EXPECT_EQ(world.host.committed, zxid);
  }
  EXPECT_FALSE(world.is_closed(stuck));
  world.half_ticks(1);
  EXPECT_TRUE(world.is_closed(stuck));
  EXPECT_FALSE(world.is_closed(next));
  EXPECT_FALSE(world.host.connections[next].sent.empty());
}

TEST(LeaderSync, AStreamThatMovesHasTime) {
  LeaderWorld world;
  world.config.stream_bytes_high = 1;
  const ConnectionId follower = world.lead_with(1)[0];
  const ConnectionId learner = world.come(3, Zxid());
  while (world.host.stream_left) {
    for (int i = 0; i < 2 * world.config.init_limit; ++i) {
      world.half_ticks(1);
      world.pong(follower);
    }
    world.leader.backlog(learner, 0, world.now);
  }
  EXPECT_FALSE(world.is_closed(learner));
  // The last piece is still on its way.
  world.leader.backlog(learner, 50'000, world.now);
  for (int i = 0; i < 2 * world.config.init_limit; ++i) {
    world.half_ticks(1);
    world.pong(follower);
  }
  world.leader.backlog(learner, 0, world.now);
  for (int i = 0; i < 2 * world.config.init_limit; ++i) {
    world.half_ticks(1);
    world.pong(follower);
  }
  EXPECT_FALSE(world.is_closed(learner));
  world.half_ticks(1);
  EXPECT_TRUE(world.is_closed(learner));
}

// What was committed before NEWLEADER is not acknowledged one by one, and nobody waits for it.
TEST(LeaderSync, NoAcknowledgementIsMissedOfWhatNewLeaderCovers) {
  LeaderWorld world;
  world.config.stream_bytes_high = 1;
  const ConnectionId follower = world.lead_with(1)[0];
  const ConnectionId learner = world.come(3, Zxid());
  const Zxid zxid = world.propose();
  world.make_durable(zxid);
  world.ack(follower, zxid);
  while (world.host.stream_left) world.leader.backlog(learner, 0, world.now);
  world.ack(learner, z(2, 0));
  for (int i = 0; i < 4 * world.config.sync_limit; ++i) {
    world.half_ticks(1);
    world.pong(follower);
    world.pong(learner);
  }
  EXPECT_FALSE(world.is_closed(learner));
}

TEST(LeaderSync, NothingButAcknowledgementsIsTakenBeforeUpToDate) {
  LeaderWorld world(5);
  world.begin();
  const ConnectionId b = world.join(2);
  const ConnectionId c = world.join(3);
  world.promise_all({b, c});
  world.ack(b, z(1, 3));  // as 3.8.0 acknowledges what came with the DIFF
  EXPECT_FALSE(world.is_closed(b));
  world.ack(b, z(2, 0));
  world.request(b, 77, 1);
  EXPECT_TRUE(world.is_closed(b));
  EXPECT_THAT(world.host.calls, IsEmpty());
  world.pong(c);
  EXPECT_TRUE(world.is_closed(c));
}

}  // namespace
}  // namespace zoetrope::zab
