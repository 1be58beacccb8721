// Proposals, commits, syncs and what learners ask for.
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

constexpr int32_t kSync = 9;

TEST(LeaderBroadcast, AQuorumOfDisksCommits) {
  LeaderWorld world(5);
  const std::vector<ConnectionId> learners = world.lead_with(3);
  const Zxid zxid = world.propose("a");
  EXPECT_THAT(world.heard(learners[0]), ElementsAre("PROPOSAL 2:1 a"));
  world.ack(learners[0], zxid);
  world.ack(learners[0], zxid);
  world.ack(learners[1], zxid);
  // The own log counts as any other: when it is durable (etcd #14370).
  EXPECT_EQ(world.host.committed, z(1, 3));
  world.make_durable(zxid);
  EXPECT_EQ(world.host.committed, zxid);
  for (const ConnectionId learner : learners) {
    EXPECT_THAT(world.heard(learner), testing::Contains("COMMIT 2:1"));
  }
}

TEST(LeaderBroadcast, TheOwnDiskMayBeTheLast) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const Zxid zxid = world.propose();
  world.ack(learners[0], zxid);
  world.ack(learners[1], zxid);
  EXPECT_EQ(world.host.committed, zxid);
  EXPECT_EQ(world.host.applied, z(1, 3));
}

TEST(LeaderBroadcast, TheOnlyMemberCommitsWhatIsDurable) {
  LeaderWorld world(1);
  world.begin();
  world.write_epochs();
  const Zxid zxid = world.propose();
  EXPECT_EQ(world.host.committed, z(1, 3));
  world.make_durable(zxid);
  EXPECT_EQ(world.host.committed, zxid);
}

TEST(LeaderBroadcast, CommitsComeInOrderAndOneByOne) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  for (int i = 0; i < 3; ++i) world.propose();
  world.make_durable(z(2, 2));
  world.heard(learners[1]);
  // An acknowledgement says as much for everything before it: a log is written in order.
  world.ack(learners[0], z(2, 3));
  EXPECT_THAT(world.heard(learners[1]), ElementsAre("COMMIT 2:1", "COMMIT 2:2"));
  world.make_durable(z(2, 3));
  EXPECT_THAT(world.heard(learners[1]), ElementsAre("COMMIT 2:3"));
}

TEST(LeaderBroadcast, ObserversAndStrangersDoNotCount) {
  LeaderWorld world(3, 1);
  world.lead_with(1);
  const ConnectionId observer = world.come_up(4, z(1, 3), true);
  const ConnectionId stranger = world.come_up(9, z(1, 3));
  const Zxid zxid = world.propose();
  EXPECT_THAT(world.heard(observer), IsEmpty());
  EXPECT_THAT(world.heard(stranger), ElementsAre("PROPOSAL 2:1 new1"));
  world.ack(observer, zxid);
  world.ack(stranger, zxid);
  world.make_durable(zxid);
  EXPECT_EQ(world.host.committed, z(1, 3));
  world.ack(ConnectionId::make(1, 1), zxid);
  EXPECT_THAT(world.heard(observer), ElementsAre("INFORM 2:1 new1"));
  EXPECT_THAT(world.heard(stranger), ElementsAre("COMMIT 2:1"));
}

TEST(LeaderBroadcast, ALearnerThatHasNotAcknowledgedNewLeaderDoesNotCount) {
  LeaderWorld world(5);
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const ConnectionId fourth = world.come(4, z(1, 3));
  const Zxid zxid = world.propose();
  world.make_durable(zxid);
  world.ack(fourth, zxid);
  world.ack(learners[0], zxid);
  EXPECT_EQ(world.host.committed, z(1, 3));
  world.ack(fourth, z(2, 0));
  EXPECT_EQ(world.host.committed, zxid);
}

TEST(LeaderBroadcast, BothConfigurationsCount) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(1);
  quorum::Ensemble next = *quorum::Ensemble::parse(
      "server.1=10.0.0.1:1:2\nserver.4=10.0.0.4:1:2\nserver.5=10.0.0.5:1:2\n");
  next.version = z(2, 1).value;
  world.ensembles.last_seen = next;
  const ConnectionId fourth = world.come_up(4, z(1, 3));
  const Zxid zxid = world.propose();
  world.make_durable(zxid);
  world.ack(learners[0], zxid);
  EXPECT_EQ(world.host.committed, z(1, 3));
  world.ack(fourth, zxid);
  EXPECT_EQ(world.host.committed, zxid);
}

TEST(LeaderBroadcast, AcknowledgementsOfNothingAreRefused) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  world.propose();
  world.ack(learners[0], z(1, 0));
  world.ack(learners[0], z(1, 3));
  EXPECT_FALSE(world.is_closed(learners[0]));
  world.ack(learners[0], z(2, 2));
  EXPECT_TRUE(world.is_closed(learners[0]));
  EXPECT_EQ(world.host.committed, z(1, 3));
}

// ZOOKEEPER-1277
TEST(LeaderBroadcast, TheEpochEndsWithItsZxidsWhenAllIsCommitted) {
  LeaderWorld world;
  world.config.last_counter = 2;
  const ConnectionId learner = world.lead_with(1)[0];
  world.propose();
  EXPECT_FALSE(world.leader.is_epoch_full());
  world.propose();
  EXPECT_TRUE(world.leader.is_epoch_full());
  EXPECT_TRUE(world.was_noted("the zxids of epoch 2 are used up"));
  world.request(learner, 77, 1, "too late for this epoch");
  world.request(learner, 77, kSync);
  EXPECT_THAT(world.host.calls, IsEmpty());
  world.ack(learner, z(2, 1));
  world.make_durable(z(2, 2));
  EXPECT_TRUE(world.leader.is_serving());
  EXPECT_FALSE(world.is_closed(learner));
  world.ack(learner, z(2, 2));
  EXPECT_EQ(world.host.committed, z(2, 2));
  EXPECT_THAT(world.leader.over().value(), testing::HasSubstr("epoch 2 has ended"));
  EXPECT_TRUE(world.is_closed(learner));
  EXPECT_THAT(world.heard(learner), ElementsAre("PROPOSAL 2:1 new1", "PROPOSAL 2:2 new2",
                                                "COMMIT 2:1", "COMMIT 2:2"));
}

TEST(LeaderBroadcast, TheEpochEndsBehindTheSyncsThatWereAsked) {
  LeaderWorld world;
  world.config.last_counter = 1;
  const ConnectionId learner = world.lead_with(1)[0];
  world.leader.sync();
  world.request(learner, 77, kSync);
  world.propose();
  world.make_durable(z(2, 1));
  EXPECT_TRUE(world.leader.is_serving());
  world.ack(learner, z(2, 1));
  EXPECT_EQ(world.host.syncs, 1u);
  EXPECT_THAT(world.heard(learner), ElementsAre("PROPOSAL 2:1 new1", "COMMIT 2:1", "SYNC 0:0"));
  EXPECT_TRUE(world.leader.over().has_value());
}

TEST(LeaderRequests, TheyGoToTheHostWithTheirOwner) {
  LeaderWorld world;
  const ConnectionId learner = world.lead_with(1)[0];
  world.request(learner, 77, 1, "body");
  EXPECT_THAT(world.host.calls, ElementsAre("request 1 77 1 body"));
  std::string data = "short";
  world.say(learner, PacketType::kRequest, Zxid(-1), data);
  EXPECT_TRUE(world.is_closed(learner));
}

TEST(LeaderRequests, TheHostMayProposeFromWithin) {
  LeaderWorld world;
  const ConnectionId learner = world.lead_with(1)[0];
  world.host.on_request = [&] {
    world.propose("asked");
    world.leader.sync();
  };
  world.request(learner, 77, 1);
  EXPECT_THAT(world.heard(learner), ElementsAre("PROPOSAL 2:1 asked"));
}

TEST(LeaderRequests, TheHostMayProposeWhileItCommits) {
  LeaderWorld world;
  const ConnectionId learner = world.lead_with(1)[0];
  world.host.on_commit = [&] {
    if (world.next_zxid < z(2, 4)) world.propose();
  };
  world.propose();
  world.host.durable_zxid = z(2, 9);
  world.leader.log_durable(world.now);
  world.ack(learner, z(2, 1));
  EXPECT_THAT(world.heard(learner),
              ElementsAre("PROPOSAL 2:1 new1", "COMMIT 2:1", "PROPOSAL 2:2 new2"));
}

TEST(LeaderRequests, ALearnerMayEndTheLeaderFromWithin) {
  LeaderWorld world;
  const ConnectionId learner = world.lead_with(1)[0];
  world.host.on_request = [&] { world.leader.abandon(); };
  std::string two;
  std::string data;
  jute::Writer out(data);
  write(out, quorum::ForwardedRequest{SessionId(1), Xid(1), 1, ""});
  quorum::append_packet(two, PacketType::kRequest, Zxid(-1), data);
  two += two;
  world.say_raw(learner, two);
  EXPECT_EQ(world.host.calls.size(), 1u);
  EXPECT_TRUE(world.is_closed(learner));
}

TEST(LeaderRequests, Revalidation) {
  LeaderWorld world;
  const ConnectionId learner = world.lead_with(1)[0];
  std::string data;
  jute::Writer out(data);
  out.i64(78);
  out.i32(4'000);
  world.say(learner, PacketType::kRevalidate, Zxid(-1), data);
  EXPECT_THAT(world.host.calls, ElementsAre("revalidates 1 78"));
  std::string expected, answer;
  jute::Writer answer_out(answer);
  answer_out.i64(78);
  answer_out.boolean(true);
  quorum::append_packet(expected, PacketType::kRevalidate, Zxid(-1), answer);
  EXPECT_EQ(world.host.connections[learner].sent, expected);
  world.say(learner, PacketType::kRevalidate, Zxid(-1), "short");
  EXPECT_TRUE(world.is_closed(learner));
}

TEST(LeaderRequests, TouchedSessionsComeWithThePing) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  world.half_ticks(1);
  std::string touches;
  jute::Writer out(touches);
  for (const int64_t session : {5, 6}) {
    out.i64(session);
    out.i32(4'000);
  }
  world.pong(learners[1], touches);
  EXPECT_THAT(world.host.calls, ElementsAre("touched 2 5 4000", "touched 2 6 4000"));
  world.half_ticks(1);
  world.pong(learners[1], touches.substr(1));
  EXPECT_TRUE(world.is_closed(learners[1]));
  // One answer to a ping.
  world.pong(learners[0]);
  world.pong(learners[0]);
  EXPECT_FALSE(world.is_closed(learners[0]));
  world.pong(learners[0]);
  EXPECT_TRUE(world.is_closed(learners[0]));
}

TEST(LeaderSyncRequest, AQuorumConfirmsTheLeaderFirst) {
  LeaderWorld world(5);
  const std::vector<ConnectionId> learners = world.lead_with(3);
  world.half_ticks(1);
  for (const ConnectionId learner : learners) world.heard(learner);
  world.request(learners[0], 77, kSync);
  world.leader.sync();
  // Pings of before say nothing about now.
  for (const ConnectionId learner : learners) world.pong(learner);
  world.batch_end();
  EXPECT_THAT(world.heard(learners[0]), ElementsAre("PING 2:0"));
  world.batch_end();
  EXPECT_THAT(world.heard(learners[0]), IsEmpty());
  world.pong(learners[0]);
  EXPECT_EQ(world.host.syncs, 0u);
  world.pong(learners[1]);
  EXPECT_THAT(world.heard(learners[0]), ElementsAre("SYNC 0:0"));
  EXPECT_EQ(world.host.syncs, 1u);
  EXPECT_THAT(world.host.calls, IsEmpty());
}

TEST(LeaderSyncRequest, AnAcknowledgementOfALaterProposalConfirmsToo) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const Zxid before = world.propose();
  world.make_durable(before);
  world.leader.sync();
  world.ack(learners[0], before);
  EXPECT_EQ(world.host.committed, before);
  world.batch_end();
  EXPECT_EQ(world.host.syncs, 0u);
  const Zxid later = world.propose();
  world.ack(learners[0], later);
  EXPECT_EQ(world.host.syncs, 1u);
}

TEST(LeaderSyncRequest, ItComesBehindTheCommitOfWhatWasProposed) {
  LeaderWorld world;
  world.config.sync_by_quorum = false;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  world.request(learners[1], 77, kSync);
  EXPECT_THAT(world.heard(learners[1]), ElementsAre("SYNC 0:0"));
  const Zxid zxid = world.propose();
  world.request(learners[1], 77, kSync);
  world.propose();
  world.make_durable(zxid);
  world.heard(learners[1]);
  world.ack(learners[0], zxid);
  EXPECT_THAT(world.heard(learners[1]), ElementsAre("COMMIT 2:1", "SYNC 0:0"));
}

TEST(LeaderSyncRequest, ObserversAskAndDoNotConfirm) {
  LeaderWorld world(3, 1);
  const ConnectionId follower = world.lead_with(1)[0];
  const ConnectionId observer = world.come_up(4, z(1, 3), true);
  world.request(observer, 77, kSync);
  world.batch_end();
  world.heard(observer);
  world.pong(observer);
  EXPECT_THAT(world.heard(observer), IsEmpty());
  world.pong(follower);
  EXPECT_THAT(world.heard(observer), ElementsAre("SYNC 0:0"));
}

TEST(LeaderSyncRequest, TheOnlyMemberConfirmsItself) {
  LeaderWorld world(1);
  world.begin();
  world.write_epochs();
  world.leader.sync();
  EXPECT_EQ(world.host.syncs, 0u);
  world.batch_end();
  EXPECT_EQ(world.host.syncs, 1u);
}

TEST(LeaderSyncRequest, ThoseOfALostLearnerAreForgotten) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  world.request(learners[0], 77, kSync);
  world.leader.sync();
  world.batch_end();
  world.lose(learners[0]);
  world.pong(learners[1]);
  EXPECT_EQ(world.host.syncs, 1u);
}

// A learner that comes later has not seen the pings of before: its answers are counted from then.
TEST(LeaderSyncRequest, ALateLearnerConfirmsOnlyWhatItWasAsked) {
  LeaderWorld world(5);
  world.lead_with(2);
  world.half_ticks(3);
  const ConnectionId late = world.come_up(4, z(1, 3));
  world.leader.sync();
  world.pong(late);
  EXPECT_TRUE(world.is_closed(late));
  EXPECT_EQ(world.host.syncs, 0u);
}

}  // namespace
}  // namespace zoetrope::zab
