// Discovery, the quorums of the three phases, connections and liveness.
#include "core/zab/leader.hpp"

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

TEST(LeaderDiscovery, TheEpochIsAboveWhatAQuorumHasAccepted) {
  LeaderWorld world;
  world.begin();
  EXPECT_TRUE(world.host.is_listening);
  EXPECT_THAT(world.host.ops, IsEmpty());
  const ConnectionId learner = world.join(2, 6);
  world.write_epochs();
  EXPECT_EQ(world.leader.epoch(), 7);
  EXPECT_EQ(world.epochs.durable().accepted, 7);
  EXPECT_THAT(world.heard(learner), ElementsAre("LEADERINFO 7:0"));
}

TEST(LeaderDiscovery, TheOwnAcceptedEpochCountsToo) {
  LeaderWorld world;
  world.epochs = EpochFiles(Epochs{9, 1}, 1);
  world.begin();
  world.join(2, 6);
  EXPECT_EQ(world.leader.epoch(), 10);
}

TEST(LeaderDiscovery, ObserversAndStrangersMakeNoQuorum) {
  LeaderWorld world(3, 1);
  world.begin();
  const ConnectionId observer = world.join(4, 5, true);
  world.join(9, 8);        // no member
  world.join(3, 1, true);  // a participant that comes as an observer does not vote
  EXPECT_EQ(world.leader.epoch(), 0);
  world.join(2);
  // Above what the observer knows; the stranger is not heard.
  EXPECT_EQ(world.leader.epoch(), 6);
  world.write_epochs();
  EXPECT_THAT(world.heard(observer), ElementsAre("LEADERINFO 6:0"));
}

TEST(LeaderDiscovery, NobodyHearsOfAnEpochThatIsNotDurableHere) {
  LeaderWorld world;
  world.begin();
  const ConnectionId learner = world.join(2);
  EXPECT_EQ(world.host.ops.size(), 5u);
  EXPECT_THAT(world.heard(learner), IsEmpty());
  const ConnectionId later = world.join(3);
  EXPECT_THAT(world.heard(later), IsEmpty());
  world.write_epochs();
  EXPECT_THAT(world.heard(learner), ElementsAre("LEADERINFO 2:0"));
  EXPECT_THAT(world.heard(later), ElementsAre("LEADERINFO 2:0"));
}

TEST(LeaderDiscovery, AWriteOfAnEpochIsDoneWhenItsLastOperationIs) {
  LeaderWorld world;
  world.begin();
  const ConnectionId learner = world.join(2);
  const auto write_all_but_one = [&] {
    while (world.host.ops.size() > 1) {
      EXPECT_TRUE(world.epochs.completed(world.host.ops.front().id));
      world.host.ops.erase(world.host.ops.begin());
      world.leader.epochs_written(world.now);
    }
    return world.heard(learner);
  };
  EXPECT_THAT(write_all_but_one(), IsEmpty());
  world.write_epochs();
  EXPECT_THAT(world.heard(learner), ElementsAre("LEADERINFO 2:0"));
  world.ack_epoch(learner);
  EXPECT_THAT(write_all_but_one(), IsEmpty());
  world.write_epochs();
  EXPECT_THAT(world.heard(learner), ElementsAre("DIFF 1:3", "NEWLEADER 2:0"));
}

TEST(LeaderDiscovery, BothConfigurationsNeedAQuorum) {
  LeaderWorld world;
  quorum::Ensemble next = *quorum::Ensemble::parse(
      "server.1=10.0.0.1:1:2\nserver.4=10.0.0.4:1:2\nserver.5=10.0.0.5:1:2\n");
  next.version = 5;
  world.ensembles.last_seen = next;
  world.begin();
  world.join(2);
  EXPECT_EQ(world.leader.epoch(), 0);
  world.join(4);
  EXPECT_EQ(world.leader.epoch(), 2);
}

TEST(LeaderDiscovery, WhoeverIsAheadIsClosedBeforeTheEpochBegins) {
  LeaderWorld world;
  world.begin();
  const ConnectionId by_epoch = world.join(2);
  const ConnectionId by_zxid = world.join(3);
  world.write_epochs();
  world.ack_epoch(by_epoch, 2, z(1, 1));
  world.ack_epoch(by_zxid, 1, z(1, 4));
  EXPECT_TRUE(world.is_closed(by_epoch));
  EXPECT_TRUE(world.is_closed(by_zxid));
  EXPECT_TRUE(world.was_noted("ahead of the leader"));
  world.write_epochs();
  EXPECT_EQ(world.epochs.durable().current, 1);
}

TEST(LeaderDiscovery, ARepeatedPromiseAndAnUnknownHistoryDoNotCount) {
  LeaderWorld world;
  world.begin();
  const ConnectionId repeated = world.join(2);
  const ConnectionId unknown = world.join(3);
  world.write_epochs();
  world.ack_epoch(repeated, -1, z(1, 9));
  world.ack_epoch(unknown, 1, Zxid(-1));
  world.write_epochs();
  EXPECT_EQ(world.epochs.durable().current, 1);
  // It comes again, now with a promise.
  world.lose(unknown);
  const ConnectionId known = world.join(3);
  world.ack_epoch(known);
  world.write_epochs();
  EXPECT_EQ(world.epochs.durable().current, 2);
  // The others are synchronised all the same.
  EXPECT_THAT(world.heard(repeated), ElementsAre("LEADERINFO 2:0", "TRUNC 1:3", "NEWLEADER 2:0"));
}

TEST(LeaderDiscovery, NewLeaderWaitsForTheOwnCurrentEpoch) {
  LeaderWorld world;
  world.begin();
  const ConnectionId learner = world.join(2);
  world.write_epochs();
  world.heard(learner);
  world.ack_epoch(learner);
  EXPECT_THAT(world.heard(learner), IsEmpty());
  world.write_epochs();
  EXPECT_EQ(world.epochs.durable().current, 2);
  EXPECT_THAT(world.heard(learner), ElementsAre("DIFF 1:3", "NEWLEADER 2:0"));
  // No configuration was in force before: it gets its version from the epoch.
  EXPECT_TRUE(world.new_leader_text.ends_with("version=200000000")) << world.new_leader_text;
  EXPECT_EQ(world.ensembles.current.version, 0);
}

TEST(LeaderDiscovery, AConfigurationInForceKeepsItsVersion) {
  LeaderWorld world;
  world.ensembles.current.version = 0x100000000;
  world.begin();
  const ConnectionId learner = world.join(2, 1, false, 0x100000000);
  world.promise_all({learner});
  world.ack(learner, z(2, 0));
  world.heard(learner);
  EXPECT_TRUE(world.new_leader_text.ends_with("version=100000000")) << world.new_leader_text;
  EXPECT_EQ(world.ensembles.current.version, 0x100000000);
}

TEST(LeaderEstablishment, AQuorumOfAcknowledgementsServes) {
  LeaderWorld world(5);
  world.begin();
  const ConnectionId b = world.join(2);
  const ConnectionId c = world.join(3);
  world.promise_all({b, c});
  world.ack(b, z(2, 0));
  world.ack(b, z(2, 0));
  EXPECT_FALSE(world.leader.is_serving());
  world.heard(b);
  world.ack(c, z(2, 0));
  EXPECT_TRUE(world.leader.is_serving());
  EXPECT_EQ(world.host.led, z(2, 0));
  EXPECT_THAT(world.heard(b), ElementsAre("UPTODATE"));
  world.ack(b, z(2, 0));  // as every learner does, once more
  EXPECT_THAT(world.heard(b), IsEmpty());
  EXPECT_EQ(world.ensembles.current.version, z(2, 0).value);
}

TEST(LeaderEstablishment, TheOwnLogHasToBeDurable) {
  LeaderWorld world;
  world.host.log(z(1, 4), "late");
  world.host.committed = z(1, 4);
  world.begin();
  const ConnectionId b = world.join(2);
  world.promise_all({b});
  world.ack(b, z(2, 0));
  EXPECT_FALSE(world.leader.is_serving());
  world.make_durable(z(1, 4));
  EXPECT_TRUE(world.leader.is_serving());
}

TEST(LeaderEstablishment, TheOnlyMemberLeadsAlone) {
  LeaderWorld world(1);
  world.begin();
  EXPECT_FALSE(world.leader.is_serving());
  world.write_epochs();
  EXPECT_TRUE(world.leader.is_serving());
  EXPECT_EQ(world.epochs.durable(), (Epochs{2, 2}));
}

TEST(LeaderEstablishment, ObserversMakeNoQuorumOfAcknowledgements) {
  LeaderWorld world(3, 1);
  world.begin();
  const ConnectionId b = world.join(2);
  const ConnectionId o = world.join(4, 1, true);
  world.promise_all({b, o});
  world.ack(o, z(2, 0));
  EXPECT_FALSE(world.leader.is_serving());
  world.ack(b, z(2, 0));
  world.heard(o);
  EXPECT_TRUE(world.leader.is_serving());
}

TEST(LeaderEstablishment, AParticipantThatComesAsAnObserverMakesNoQuorum) {
  LeaderWorld world;
  world.begin();
  const ConnectionId b = world.join(2);
  const ConnectionId c = world.join(3, 1, true);
  world.promise_all({b, c});
  world.ack(c, z(2, 0));
  EXPECT_FALSE(world.leader.is_serving());
  world.ack(b, z(2, 0));
  EXPECT_TRUE(world.leader.is_serving());
}

TEST(LeaderEstablishment, EachPhaseHasItsTime) {
  for (int phase = 0; phase < 3; ++phase) {
    LeaderWorld world;
    world.begin();
    ConnectionId b;
    if (phase > 0) {
      b = world.join(2);
      world.write_epochs();
    }
    if (phase > 1) {
      world.ack_epoch(b);
      world.write_epochs();
    }
    world.half_ticks(2 * world.config.init_limit);
    EXPECT_FALSE(world.leader.over().has_value()) << phase;
    world.half_ticks(1);
    EXPECT_TRUE(world.leader.over().has_value()) << phase;
    EXPECT_FALSE(world.host.is_listening);
    EXPECT_EQ(world.leader.next_deadline(), std::nullopt);
  }
}

TEST(LeaderDiscovery, AMemberThatPromisedMoreMakesTheLeaderStepDown) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(1);
  const ConnectionId stranger = world.join(9, 5);
  EXPECT_TRUE(world.is_closed(stranger));
  EXPECT_TRUE(world.leader.is_serving());
  world.join(3, 5);
  ASSERT_TRUE(world.leader.over().has_value());
  EXPECT_TRUE(world.is_closed(learners[0]));
  EXPECT_FALSE(world.leader.is_serving());
}

TEST(LeaderConnections, WhatIsRefused) {
  LeaderWorld world;
  world.begin();
  EXPECT_TRUE(world.is_closed(world.join(1)));                       // its own id
  EXPECT_TRUE(world.is_closed(world.join(2, 1, false, 1)));          // a newer configuration
  EXPECT_TRUE(world.is_closed(world.join(2, 1, false, 0, 0xffff)));  // an old protocol
  EXPECT_TRUE(world.is_closed(world.join(2, 0x7fffffff)));           // no such epoch
  const ConnectionId silent = world.open();
  world.say(silent, PacketType::kFollowerInfo, z(1, 0));  // without a body
  EXPECT_TRUE(world.is_closed(silent));
  const ConnectionId garbage = world.open();
  world.say_raw(garbage, "GET / HTTP/1.1\r\nHost: quorum.example\r\n\r\n");
  EXPECT_TRUE(world.is_closed(garbage));
  const ConnectionId early = world.open();
  world.ack(early, z(2, 0));
  EXPECT_TRUE(world.is_closed(early));
  EXPECT_EQ(world.host.notes.size(), 7u);
  EXPECT_TRUE(world.was_noted("it has the id of this server"));
  EXPECT_FALSE(world.leader.over().has_value());
  EXPECT_THAT(world.leader.learners(), IsEmpty());
}

TEST(LeaderConnections, AConfigurationThatTheLeaderGaveIsNoNewerOne) {
  LeaderWorld world;
  world.lead_with(1);
  // The owner has not put it in force yet.
  EXPECT_FALSE(world.is_closed(world.join(3, 2, false, z(2, 0).value)));
  EXPECT_TRUE(world.is_closed(world.join(3, 2, false, z(2, 1).value)));
}

TEST(LeaderConnections, TheNewerConnectionOfAServerReplacesTheOlder) {
  LeaderWorld world;
  world.begin();
  const ConnectionId older = world.join(2);
  const ConnectionId newer = world.join(2);
  EXPECT_TRUE(world.is_closed(older));
  EXPECT_FALSE(world.leader.owns(older));
  EXPECT_TRUE(world.leader.owns(newer));
  world.ack(older, z(2, 0));  // bytes that were on their way
  EXPECT_EQ(world.leader.learners().size(), 1u);
}

TEST(LeaderConnections, ThoseWithoutANameAreBounded) {
  LeaderWorld world;
  world.begin();
  const ConnectionId first = world.open();
  const ConnectionId named = world.join(2);
  for (int i = 0; i < 63; ++i) world.open();
  EXPECT_FALSE(world.is_closed(first));
  world.open();
  EXPECT_TRUE(world.is_closed(first));
  EXPECT_FALSE(world.is_closed(named));
}

TEST(LeaderConnections, NotesAboutThemAreBounded) {
  LeaderWorld world;
  world.begin();
  for (int i = 0; i < 500; ++i) world.join(1);
  EXPECT_EQ(world.host.notes.size(), 20u);
  world.half_ticks(2);
  world.join(1);
  EXPECT_EQ(world.host.notes.size(), 21u);
}

TEST(LeaderConnections, ASilentOneIsClosedInTime) {
  LeaderWorld world;
  world.lead_with(2);
  const ConnectionId silent = world.open();
  const std::vector<Leader::LearnerStatus> before = world.leader.learners();
  EXPECT_EQ(before.size(), 2u);
  for (int i = 0; i < 2 * (world.config.init_limit + world.config.sync_limit); ++i) {
    world.half_ticks(1);
    EXPECT_FALSE(world.is_closed(silent));
    world.pong(ConnectionId::make(1, 1));
    world.pong(ConnectionId::make(2, 1));
  }
  world.half_ticks(1);
  EXPECT_TRUE(world.is_closed(silent));
}

TEST(LeaderConnections, PacketsInPiecesAreOnePacket) {
  LeaderWorld world;
  world.begin();
  const ConnectionId learner = world.open();
  std::string info, bytes;
  jute::Writer out(info);
  write(out, quorum::LearnerInfo{ServerId(2), 0x10000, 0});
  quorum::append_packet(bytes, PacketType::kFollowerInfo, z(1, 0), info);
  for (const char byte : bytes) {
    EXPECT_EQ(world.leader.epoch(), 0);
    world.say_raw(learner, std::string_view(&byte, 1));
  }
  EXPECT_EQ(world.leader.epoch(), 2);
}

// Those who elected it are gone, and whoever is left has more than it.
TEST(LeaderLiveness, ABetterCandidateIsWaitedForOnlyAMoment) {
  LeaderWorld alone;
  alone.begin();
  alone.leader.heard_better_candidate();
  alone.half_ticks(2);
  EXPECT_FALSE(alone.leader.over());
  alone.half_ticks(1);
  EXPECT_TRUE(alone.leader.over());
  LeaderWorld led;
  led.begin();
  led.leader.heard_better_candidate();
  led.join(2);
  led.half_ticks(5);
  EXPECT_FALSE(led.leader.over()) << "a quorum has come: the better one will follow";
  LeaderWorld nobody;
  nobody.begin();
  nobody.half_ticks(2 * nobody.config.init_limit);
  EXPECT_FALSE(nobody.leader.over());
}

TEST(LeaderLiveness, AFollowerThatIsNotHeardFromIsMissed) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  for (int i = 0; i < 30; ++i) {
    world.half_ticks(1);
    EXPECT_THAT(world.heard(learners[0]), ElementsAre("PING 2:0"));
    world.pong(learners[0]);
    EXPECT_EQ(world.is_closed(learners[1]), i + 1 > 2 * world.config.sync_limit) << i;
  }
  EXPECT_TRUE(world.leader.is_serving());
  world.half_ticks(2 * world.config.sync_limit);
  EXPECT_FALSE(world.is_closed(learners[0]));
  world.half_ticks(2);
  EXPECT_TRUE(world.leader.over().has_value());
}

TEST(LeaderLiveness, ObserversDoNotKeepALeaderUp) {
  LeaderWorld world(3, 1);
  const std::vector<ConnectionId> learners = world.lead_with(1);
  const ConnectionId observer = world.come_up(4, z(1, 3), true);
  world.lose(learners[0]);
  world.half_ticks(1);
  EXPECT_FALSE(world.leader.over().has_value());
  world.pong(observer);
  world.half_ticks(1);
  EXPECT_TRUE(world.leader.over().has_value());
}

TEST(LeaderLiveness, TheConfigurationToComeNeedsItsQuorumToo) {
  LeaderWorld world;
  world.lead_with(2);
  world.half_ticks(2);
  EXPECT_TRUE(world.leader.is_serving());
  quorum::Ensemble next = *quorum::Ensemble::parse(
      "server.1=10.0.0.1:1:2\nserver.4=10.0.0.4:1:2\nserver.5=10.0.0.5:1:2\n");
  next.version = z(2, 1).value;
  world.ensembles.last_seen = next;
  world.half_ticks(2);
  EXPECT_TRUE(world.leader.over().has_value());
}

TEST(LeaderLiveness, APausedLeaderHearsItsFollowersBeforeItMissesThem) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(1);
  world.now = world.now + Duration::from_ms(1'000'000);
  world.leader.tick(world.now);
  EXPECT_TRUE(world.leader.is_serving());
  EXPECT_GT(*world.leader.next_deadline(), world.now);
  world.pong(learners[0]);
}

TEST(LeaderLiveness, AProposalIsAcknowledgedInTime) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  const auto tick = [&] {
    world.half_ticks(1);
    for (const ConnectionId learner : learners) {
      if (!world.is_closed(learner)) world.pong(learner);
    }
  };
  world.propose();
  for (int i = 0; i <= 2 * world.config.sync_limit; ++i) {
    tick();
    world.ack(learners[0], world.propose());
  }
  EXPECT_FALSE(world.is_closed(learners[1]));
  tick();
  EXPECT_TRUE(world.is_closed(learners[1]));
  EXPECT_FALSE(world.is_closed(learners[0]));
}

TEST(LeaderLiveness, TheEndClosesEverythingAndStaysTheEnd) {
  LeaderWorld world;
  const std::vector<ConnectionId> learners = world.lead_with(2);
  world.leader.abandon();
  ASSERT_TRUE(world.leader.over().has_value());
  EXPECT_TRUE(world.is_closed(learners[0]) && world.is_closed(learners[1]));
  EXPECT_FALSE(world.host.is_listening);
  EXPECT_FALSE(world.leader.is_serving());
  // Inputs that were on their way.
  EXPECT_TRUE(world.is_closed(world.open()));
  world.ack(learners[0], z(2, 0));
  world.propose();
  world.leader.sync();
  world.batch_end();
  world.make_durable(z(2, 1));
  world.half_ticks(50);
  world.leader.snapshot_possible(world.now);
  world.leader.epochs_written(world.now);
  EXPECT_EQ(world.host.committed, z(1, 3));
}

TEST(LeaderState, EverythingThatMattersIsInTheHash) {
  LeaderWorld a;
  LeaderWorld b;
  const ConnectionId learner = a.lead_with(2)[0];
  b.lead_with(2);
  EXPECT_EQ(a.hash(), b.hash());
  a.propose();
  EXPECT_NE(a.hash(), b.hash());
  b.propose();
  EXPECT_EQ(a.hash(), b.hash());
  a.ack(learner, z(2, 1));
  EXPECT_NE(a.hash(), b.hash());
}

}  // namespace
}  // namespace zoetrope::zab
