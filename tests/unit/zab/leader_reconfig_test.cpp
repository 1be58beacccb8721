// A reconfiguration at the leader: whose quorums count when, what is told to whom, and who leads
// behind it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/jute/txn.hpp"
#include "tests/unit/zab/leader_world.hpp"

namespace zoetrope::zab {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

quorum::Ensemble members(const std::string& ids, Zxid version) {
  std::string text;
  for (const char id : ids) {
    const std::string number(1, id);
    text += "server." + number + "=10.0.0." + number + ":2888:3888:participant\n";
  }
  auto ensemble = *quorum::Ensemble::parse(text);
  ensemble.version = version.value;
  return ensemble;
}

Zxid reconfigure(LeaderWorld& world, const std::string& ids) {
  const Zxid zxid = world.next_zxid;
  std::string payload;
  jute::Writer out(payload);
  jute::write(out, jute::TxnHeader{SessionId(1), 1, zxid, 5, jute::OpCode::kReconfig});
  jute::write(out, jute::SetDataTxn{"/zookeeper/config", members(ids, zxid).to_string(), -1});
  return world.propose(payload);
}

TEST(LeaderReconfig, TheQuorumsOfBothCountAndThenTheNewOneAlone) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);  // servers 2 and 3
  const ConnectionId fourth = world.come_up(4, z(1, 3));
  const ConnectionId fifth = world.come_up(5, z(1, 3));
  const Zxid zxid = reconfigure(world, "145");
  EXPECT_EQ(world.ensembles.newest().version, zxid.value);
  world.make_durable(zxid);
  world.ack(learners[0], zxid);
  EXPECT_EQ(world.host.committed, z(1, 3));  // of the old one only
  world.ack(fourth, zxid);
  EXPECT_EQ(world.host.committed, zxid);
  EXPECT_EQ(world.ensembles.current.version, zxid.value);
  EXPECT_FALSE(world.ensembles.last_seen);
  EXPECT_THAT(world.heard(fifth), Contains(StartsWith("COMMITANDACTIVATE 2:1")));
  EXPECT_THAT(world.heard(learners[1]), Contains(StartsWith("COMMITANDACTIVATE 2:1")));
  // Servers 2 and 3 follow on, without a vote.
  const Zxid next = world.propose();
  world.make_durable(next);
  world.ack(learners[0], next);
  world.ack(learners[1], next);
  EXPECT_EQ(world.host.committed, zxid);
  world.ack(fifth, next);
  EXPECT_EQ(world.host.committed, next);
}

TEST(LeaderReconfig, ObserversAreInformedOfIt) {
  LeaderWorld world(3, 1);
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const ConnectionId observer = world.come_up(4, z(1, 3), true);
  const Zxid zxid = reconfigure(world, "123");
  world.make_durable(zxid);
  world.ack(learners[0], zxid);
  EXPECT_THAT(world.heard(observer), Contains(StartsWith("INFORMANDACTIVATE 2:1")));
}

TEST(LeaderReconfig, ALeaderThatIsRemovedHandsOver) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const Zxid zxid = reconfigure(world, "23");
  const Zxid later = world.propose();
  world.make_durable(later);
  world.ack(learners[0], zxid);
  world.ack(learners[1], later);
  EXPECT_EQ(world.host.committed, zxid);
  // Server 3 has more of what is proposed.
  EXPECT_EQ(world.leader.successor(), ServerId(3));
  EXPECT_TRUE(world.leader.is_closed());
  world.ack(learners[0], later);
  EXPECT_EQ(world.host.committed, zxid) << "the new leader is the one to commit it";
  EXPECT_FALSE(world.leader.over());
  world.lose(learners[0]);
  EXPECT_FALSE(world.leader.over());
  world.lose(learners[1]);
  EXPECT_THAT(world.leader.over().value_or(""), HasSubstr("server 3 leads the new configuration"));
}

// Behind them its clients are answered, and one of those has removed it.
TEST(LeaderReconfig, ALeaderThatIsRemovedStoresItsFilesFirst) {
  LeaderWorld world(3, 0, {"zoo.cfg", "/conf"});
  const std::vector<ConnectionId> learners = world.lead_with(2);
  world.write_files();
  const Zxid zxid = reconfigure(world, "23");
  world.make_durable(zxid);
  for (const ConnectionId learner : learners) world.ack(learner, zxid);
  ASSERT_TRUE(world.configuration.is_storing());
  for (const ConnectionId learner : learners) world.lose(learner);
  EXPECT_FALSE(world.leader.over());
  world.write_files();
  world.half_ticks(1);
  EXPECT_THAT(world.leader.over().value_or(""), HasSubstr("leads the new configuration"));
}

TEST(LeaderReconfig, FollowersThatStayDoNotHoldItForEver) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const Zxid zxid = reconfigure(world, "23");
  world.make_durable(zxid);
  world.ack(learners[0], zxid);
  world.ack(learners[1], zxid);
  for (int i = 0; i < 2 * world.config.sync_limit; ++i) {
    world.half_ticks(1);
    EXPECT_FALSE(world.leader.over());
    for (const ConnectionId learner : learners) world.pong(learner);
  }
  world.half_ticks(1);
  EXPECT_TRUE(world.leader.over());
}

// A stock learner puts the configuration of NEWLEADER in force when UPTODATE comes.
TEST(LeaderReconfig, WhoJoinsMeanwhileIsUpToDateOnlyBehindIt) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const Zxid zxid = reconfigure(world, "1234");
  const ConnectionId fourth = world.come(4, z(1, 3));
  world.heard(fourth);
  EXPECT_TRUE(world.new_leader_text.ends_with("version=200000001")) << world.new_leader_text;
  world.ack(fourth, z(2, 0));
  EXPECT_THAT(world.heard(fourth), IsEmpty());
  world.make_durable(zxid);
  world.ack(learners[0], zxid);
  EXPECT_THAT(world.heard(fourth), IsEmpty());
  world.ack(learners[1], zxid);
  EXPECT_THAT(world.heard(fourth), ElementsAre("UPTODATE", StartsWith("COMMITANDACTIVATE 2:1")));
}

TEST(LeaderReconfig, WhatTheLastLeaderProposedIsCompletedFirst) {
  LeaderWorld world;
  world.ensembles.current.version = z(1, 0).value;
  world.ensembles.last_seen = members("145", z(1, 3));
  world.begin();
  const ConnectionId second = world.join(2, 1, false, z(1, 0).value);
  const ConnectionId fourth = world.join(4, 1, false, z(1, 0).value);
  world.promise_all({second, fourth});
  world.ack(second, z(2, 0));
  EXPECT_FALSE(world.leader.is_serving());
  world.ack(fourth, z(2, 0));
  EXPECT_TRUE(world.leader.is_serving());
  EXPECT_EQ(world.ensembles.current.version, z(1, 3).value);
  EXPECT_FALSE(world.ensembles.last_seen);
}

// Server 4 has not heard of the configuration to come, of which it is a participant.
TEST(LeaderReconfig, AnObserverOfTheOldOneCountsInTheNewOne) {
  LeaderWorld world(3, 1);
  world.ensembles.current.version = z(1, 0).value;
  world.ensembles.last_seen = members("145", z(1, 3));
  world.begin();
  const ConnectionId second = world.join(2, 1, false, z(1, 0).value);
  const ConnectionId fourth = world.join(4, 1, true, z(1, 0).value);
  world.promise_all({second, fourth});
  world.ack(second, z(2, 0));
  EXPECT_FALSE(world.leader.is_serving());
  world.ack(fourth, z(2, 0));
  EXPECT_TRUE(world.leader.is_serving());
}

TEST(LeaderReconfig, WhoIsSynchronisedMakesTheQuorumOfAJoin) {
  LeaderWorld world;
  world.lead_with(1);
  EXPECT_TRUE(world.leader.has_synced_quorum(members("12", z(2, 1))));
  EXPECT_FALSE(world.leader.has_synced_quorum(members("145", z(2, 1))));
  const ConnectionId fourth = world.come(4, z(1, 3));
  EXPECT_FALSE(world.leader.has_synced_quorum(members("145", z(2, 1))));
  world.ack(fourth, z(2, 0));
  EXPECT_TRUE(world.leader.has_synced_quorum(members("145", z(2, 1))));
  EXPECT_FALSE(world.leader.has_synced_quorum(members("256", z(2, 1))));
}

}  // namespace
}  // namespace zoetrope::zab
