// A learner until it serves: dialling, the promise of the epoch, DIFF, TRUNC, SNAP, NEWLEADER.
#include "core/zab/learner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/bytes.hpp"
#include "tests/unit/zab/scripted_learner_host.hpp"

namespace zoetrope::zab {
namespace {

using quorum::PacketType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Zxid z(uint32_t epoch, uint32_t counter) {
  return Zxid::make(epoch, counter);
}

std::string int32_bytes(int32_t value) {
  std::string bytes;
  jute::Writer(bytes).i32(value);
  return bytes;
}

std::string stream_of(int words) {
  std::string bytes;
  for (int i = 0; i < words; ++i) bytes += kSnapshotWord;
  return bytes + std::string(kSnapshotEnd);
}

// --- dialling ----------------------------------------------------------------------------------

TEST(LearnerDialling, ALeaderThatNobodyKnowsIsGivenUpAtOnce) {
  LearnerBench bench({.leader = 9});
  bench.learner->begin(bench.now);
  EXPECT_EQ(bench.over(), "leader 9 is not in the configuration");
  EXPECT_THAT(bench.host.dials, IsEmpty());
  EXPECT_EQ(bench.learner->next_deadline(), std::nullopt);
}

TEST(LearnerDialling, ALeaderOfTheConfigurationToComeIsDialledToo) {
  LearnerBench bench({.leader = 9});
  bench.ensembles.last_seen = bench.ensembles.current;
  bench.ensembles.last_seen->members[ServerId(9)] = {.id = ServerId(9),
                                                     .quorum = {{"10.0.0.9", 2881}}};
  bench.learner->begin(bench.now);
  ASSERT_EQ(bench.host.dials.size(), 1);
  EXPECT_EQ(bench.host.dials[0].second, (quorum::HostPort{"10.0.0.9", 2881}));
}

TEST(LearnerDialling, ARefusedConnectionIsTriedAgainAfterGrowingPausesForASecond) {
  LearnerBench bench({});
  bench.config.init_limit = 1;
  bench.learner->begin(bench.now);
  const MonotonicTime start = bench.now;
  std::vector<int64_t> dialled_at;
  while (!bench.learner->over()) {
    dialled_at.push_back((bench.now - start).ms());
    bench.learner->connect_failed(bench.host.dials.back().first, bench.now);
    const size_t dials = bench.host.dials.size();
    while (!bench.learner->over() && bench.host.dials.size() == dials) {
      const MonotonicTime deadline = *bench.learner->next_deadline();
      ASSERT_GT(deadline, bench.now);
      bench.pass((deadline - bench.now).ms());
    }
  }
  // The first attempt behind it is the last.
  EXPECT_EQ((bench.now - start).ms(), 1050);
  dialled_at.resize(7);
  EXPECT_THAT(dialled_at, ElementsAre(0, 10, 30, 70, 150, 250, 350));
  EXPECT_EQ(bench.over(), "leader 3 refuses connections");
  EXPECT_THAT(bench.host.abandoned, IsEmpty());
}

TEST(LearnerDialling, SeveralAddressesAreTriedOneAfterTheOtherAndASilentOneIsLeft) {
  LearnerBench bench({});
  bench.ensembles.current.members[ServerId(3)].quorum = {{"a", 1}, {"b", 2}};
  bench.learner->begin(bench.now);
  bench.pass(9'999);
  EXPECT_EQ(bench.host.dials.size(), 1);
  bench.pass(1);
  ASSERT_EQ(bench.host.dials.size(), 2);
  EXPECT_THAT(bench.host.abandoned, ElementsAre(bench.host.dials[0].first));
  EXPECT_EQ(bench.host.dials[1].second, (quorum::HostPort{"b", 2}));
  // What comes of the first one is of no interest any more.
  EXPECT_FALSE(bench.learner->owns(bench.host.dials[0].first));
  bench.learner->connect_failed(bench.host.dials[0].first, bench.now);
  bench.learner->connected(bench.host.dials[0].first, ConnectionId(5), bench.now);
  EXPECT_THAT(bench.host.sent, IsEmpty());
  EXPECT_TRUE(bench.learner->owns(bench.host.dials[1].first));
  bench.pass(10'000);
  EXPECT_EQ(bench.over(), "leader 3 could not be reached within 20000 ms");
  EXPECT_EQ(bench.host.abandoned.size(), 2);
}

TEST(LearnerDialling, ItsOwnLimitGoesBeforeInitLimit) {
  LearnerBench bench({});
  bench.config.connect_tick_limit = 2;
  bench.learner->begin(bench.now);
  bench.pass(4'000);
  EXPECT_EQ(bench.over(), "leader 3 could not be reached within 4000 ms");
}

// --- discovery ---------------------------------------------------------------------------------

TEST(LearnerDiscovery, AFollowerIntroducesItself) {
  LearnerBench bench({.epochs = {5, 4}});
  bench.ensembles.current.version = 0x77;
  // What was only proposed does not count: a leader would refuse it.
  bench.ensembles.last_seen = bench.ensembles.current;
  bench.ensembles.last_seen->version = 0x88;
  bench.begin();
  EXPECT_THAT(bench.host.sent,
              ElementsAre(SentPacket{PacketType::kFollowerInfo, z(5, 0),
                                     test::unhex("0000000000000001 00010000 0000000000000077"),
                                     std::nullopt}));
  EXPECT_TRUE(bench.learner->owns(LearnerBench::kConnection));
  EXPECT_FALSE(bench.learner->owns(ConnectionId(3)));
  EXPECT_EQ(bench.learner->epoch(), 0);
}

TEST(LearnerDiscovery, AnObserverIntroducesItselfAsOne) {
  LearnerBench listed({.self = 4});
  listed.begin();
  EXPECT_EQ(listed.host.sent[0].type, PacketType::kObserverInfo);
  LearnerBench configured({.self = 8});
  configured.config.is_observer = true;
  configured.begin();
  EXPECT_EQ(configured.host.sent[0].type, PacketType::kObserverInfo);
  LearnerBench stranger({.self = 8});
  stranger.begin();
  EXPECT_EQ(stranger.host.sent[0].type, PacketType::kFollowerInfo);
}

// KB-08: the promise is durable before it is made, at every step of the disk.
TEST(LearnerDiscovery, ANewEpochIsAcknowledgedOnceBothFilesAreDurable) {
  LearnerBench bench({.epochs = {5, 4}, .last_logged = z(4, 9)});
  bench.begin();
  bench.feed(leader_info(6));
  EXPECT_EQ(bench.learner->epoch(), 6);
  while (!bench.host.disk_ops.empty()) {
    EXPECT_EQ(bench.host.sent.size(), 1);
    bench.complete_disk_op();
  }
  EXPECT_EQ(bench.host.file("acceptedEpoch"), 6);
  EXPECT_EQ(bench.host.file("currentEpoch.tmp"), 6);
  EXPECT_EQ(bench.host.file("currentEpoch"), 4);
  ASSERT_EQ(bench.host.sent.size(), 2);
  EXPECT_EQ(bench.host.sent[1],
            (SentPacket{PacketType::kAckEpoch, z(4, 9), int32_bytes(4), std::nullopt}));
  EXPECT_THAT(bench.host.violations, IsEmpty());
}

TEST(LearnerDiscovery, AnEpochThatWasPromisedBeforeDoesNotCountAndIsAnnouncedAllTheSame) {
  LearnerBench bench({.epochs = {6, 4}, .last_logged = z(4, 9)});
  bench.host.leader_epoch = 6;
  bench.begin();
  bench.feed(leader_info(6));
  EXPECT_EQ(bench.host.sent.size(), 1);
  bench.complete_disk();
  ASSERT_EQ(bench.host.sent.size(), 2);
  EXPECT_EQ(bench.host.sent[1],
            (SentPacket{PacketType::kAckEpoch, z(4, 9), int32_bytes(-1), std::nullopt}));
  EXPECT_EQ(bench.host.file("currentEpoch.tmp"), 6);
  EXPECT_THAT(bench.host.violations, IsEmpty());
}

TEST(LearnerDiscovery, AnEpochThatWasAdoptedBeforeNeedsNoDisk) {
  LearnerBench bench({.epochs = {6, 6}, .last_logged = z(6, 9)});
  bench.host.leader_epoch = 6;
  bench.begin();
  bench.feed(leader_info(6));
  EXPECT_THAT(bench.host.disk_ops, IsEmpty());
  ASSERT_EQ(bench.host.sent.size(), 2);
  EXPECT_EQ(bench.host.sent[1].data, int32_bytes(-1));
  bench.feed(PacketType::kDiff, z(6, 9));
  bench.feed(PacketType::kNewLeader, z(6, 0));
  EXPECT_THAT(bench.acks(), ElementsAre(z(6, 0)));
}

TEST(LearnerDiscovery, ALowerEpochIsRefused) {
  LearnerBench bench({.epochs = {6, 4}});
  bench.begin();
  bench.feed(leader_info(5));
  EXPECT_EQ(bench.over(), "leader 3 has epoch 5, and epoch 6 was promised to another");
  EXPECT_THAT(bench.host.closed, ElementsAre(LearnerBench::kConnection));
  EXPECT_THAT(bench.host.disk_ops, IsEmpty());
}

// An attempt that ended in the middle of its writes leaves them to be waited for.
TEST(LearnerDiscovery, WritesOfAnEarlierAttemptAreWaitedFor) {
  LearnerBench bench({.epochs = {5, 4}});
  bench.begin();
  bench.feed(leader_info(6));
  bench.complete_disk_op();
  bench.learner->closed(bench.now);
  bench.learner.emplace(bench.config, bench.configuration, ServerId(3), bench.epochs,
                        bench.next_token, bench.host);
  bench.learner->begin(bench.now);
  bench.learner->connected(bench.host.dials.back().first, LearnerBench::kConnection, bench.now);
  bench.host.leader_epoch = 7;
  bench.feed(leader_info(7));
  EXPECT_EQ(bench.host.sent.size(), 2);
  bench.complete_disk();
  EXPECT_EQ(bench.host.file("acceptedEpoch"), 7);
  EXPECT_EQ(bench.host.file("currentEpoch.tmp"), 7);
  ASSERT_EQ(bench.host.sent.size(), 3);
  EXPECT_EQ(bench.host.sent[2].data, int32_bytes(4));
  EXPECT_THAT(bench.host.violations, IsEmpty());
}

TEST(LearnerDiscovery, WhatIsNoLeaderInfoIsRefused) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {packet(PacketType::kDiff, z(1, 0)),
       "sent DIFF (type 13, zxid 0x100000000) where LEADERINFO"},
      {packet(PacketType::kPing, z(1, 0)), "sent PING"},
      {packet(PacketType::kNewLeader, z(1, 0)), "sent NEWLEADER"},
      {packet(static_cast<PacketType>(99), z(1, 0)), "sent UNKNOWN (type 99,"},
      {packet(PacketType::kLeaderInfo, z(1, 0)), "protocol"},
      {packet(PacketType::kLeaderInfo, z(1, 0), "123"), "protocol"},
      {leader_info(1, 0xffff), "protocol"},
      {packet(PacketType::kLeaderInfo, z(1, 1), int32_bytes(0x10000)), "no start of an epoch"},
      {leader_info(0), "no start of an epoch"},
      {leader_info(-1), "no start of an epoch"},
      {test::unhex("00000011 0000000100000000 fffffffe"), "malformed packet: unreasonable length"},
  };
  for (const auto& [bytes, reason] : cases) {
    LearnerBench bench({});
    bench.begin();
    bench.feed(bytes);
    EXPECT_THAT(bench.over(), HasSubstr(reason));
    EXPECT_EQ(bench.host.closed.size(), 1);
    EXPECT_EQ(bench.host.sent.size(), 1);
  }
}

TEST(LearnerDiscovery, NothingIsDueBeforeAckEpoch) {
  LearnerBench bench({});
  bench.begin();
  bench.feed(leader_info(1) + packet(PacketType::kDiff, z(0, 0)));
  EXPECT_THAT(bench.over(), HasSubstr("sent DIFF (type 13, zxid 0x0) before ACKEPOCH"));
  // The writes go on and are nobody's any more.
  bench.complete_disk();
  EXPECT_EQ(bench.host.sent.size(), 1);
}

// --- DIFF, TRUNC, SNAP -------------------------------------------------------------------------

TEST(LearnerSync, OnlyASyncOpFollowsAckEpoch) {
  for (const PacketType type : {PacketType::kProposal, PacketType::kNewLeader,
                                PacketType::kUpToDate, PacketType::kLeaderInfo}) {
    LearnerBench bench({});
    bench.promise();
    bench.feed(type, z(1, 0), int32_bytes(0x10000));
    EXPECT_THAT(bench.over(), HasSubstr("where DIFF, TRUNC or SNAP was due"));
  }
}

TEST(LearnerSync, TheOpIsOfTheLeadersHistory) {
  for (const PacketType type : {PacketType::kDiff, PacketType::kSnap, PacketType::kTrunc}) {
    for (const Zxid zxid : {z(2, 1), Zxid(-5)}) {
      LearnerBench bench({});
      bench.promise();
      bench.feed(type, zxid);
      EXPECT_THAT(bench.over(), HasSubstr("not of its epoch 1"));
    }
  }
}

// KB-05: the zxid of DIFF is a promise and no state.
TEST(LearnerSync, ADiffBringsNothingByItself) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.promise();
  bench.feed(PacketType::kDiff, z(1, 7));
  EXPECT_EQ(bench.host.last_logged(), z(1, 5));
  bench.propose(z(1, 6));
  bench.feed(PacketType::kNewLeader, z(2, 0));
  EXPECT_EQ(bench.over(),
            "leader 3 sent NEWLEADER after 0x100000006, and DIFF had promised 0x100000007");
}

TEST(LearnerSync, TruncWaitsForTheReloadAndReadsOnBehindIt) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.host.log = {{z(1, 6), ""}, {z(1, 7), ""}, {z(1, 8), ""}};
  bench.host.durable_log = z(1, 8);
  bench.promise();
  EXPECT_EQ(bench.host.sent[1].zxid, z(1, 8));
  const std::string next = packet(PacketType::kProposal, z(1, 7), session_txn(z(1, 7)));
  bench.feed(packet(PacketType::kTrunc, z(1, 6)) + next.substr(0, 20));
  EXPECT_THAT(bench.host.calls, ElementsAre("reload 0x100000006"));
  bench.feed(next.substr(20) + packet(PacketType::kCommit, z(1, 7)));
  EXPECT_THAT(bench.host.calls, ElementsAre("reload 0x100000006"));
  bench.reloaded();
  EXPECT_THAT(bench.host.calls,
              ElementsAre("reload 0x100000006", "append 0x100000007", "commit 0x100000007"));
  EXPECT_EQ(bench.over(), "not over");
}

TEST(LearnerSync, ATruncThatDoesNotEndAtItsZxidIsNotGoneOnFrom) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.host.log = {{z(1, 6), ""}, {z(1, 8), ""}};
  bench.promise();
  bench.feed(PacketType::kTrunc, z(1, 7));
  bench.reloaded();
  EXPECT_EQ(bench.over(),
            "leader 3 sent TRUNC to 0x100000007, and the log ends at 0x100000006 after the cut");
  LearnerBench beyond({.epochs = {1, 1}, .last_logged = z(1, 5)});
  beyond.promise();
  beyond.feed(PacketType::kTrunc, z(1, 7));
  EXPECT_EQ(beyond.over(), "leader 3 sent TRUNC to 0x100000007, and the log ends at 0x100000005");
  EXPECT_THAT(beyond.host.calls, IsEmpty());
}

TEST(LearnerSync, WhatIsKeptDuringAReloadIsBounded) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.promise();
  bench.feed(PacketType::kTrunc, z(1, 5));
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) bench.feed(piece);
  EXPECT_EQ(bench.over(), "not over");
  bench.feed("x");
  EXPECT_EQ(bench.over(), "leader 3 sent more than 67108864 bytes that could not be taken in yet");
}

TEST(LearnerSync, AFreshServerIsRestored) {
  LearnerBench bench({});
  bench.promise();
  bench.feed(packet(PacketType::kSnap, z(1, 0)) + stream_of(5).substr(0, 10));
  bench.feed(stream_of(5).substr(10) + packet(PacketType::kNewLeader, z(1, 0)));
  EXPECT_THAT(bench.host.calls, ElementsAre("restore 0x100000000", "persist"));
  bench.complete_disk();
  EXPECT_THAT(bench.acks(), IsEmpty());
  bench.persisted();
  bench.complete_disk();
  EXPECT_THAT(bench.acks(), ElementsAre(z(1, 0)));
  EXPECT_THAT(bench.host.violations, IsEmpty());
}

TEST(LearnerSync, WhatTheLogHoldsBeyondTheSnapshotIsCutFirst) {
  LearnerBench bench({.epochs = {2, 2}, .last_logged = z(1, 5)});
  bench.host.log = {{z(2, 1), ""}, {z(2, 2), ""}};
  bench.host.durable_log = z(2, 2);
  bench.promise();
  bench.feed(packet(PacketType::kSnap, z(2, 1)) + stream_of(2) +
             packet(PacketType::kProposal, z(3, 1), session_txn(z(3, 1))));
  EXPECT_THAT(bench.host.calls, ElementsAre("reload 0x200000001"));
  bench.reloaded();
  EXPECT_THAT(bench.host.calls, ElementsAre("reload 0x200000001", "restore 0x200000001", "persist",
                                            "append 0x300000001"));
  EXPECT_THAT(bench.host.violations, IsEmpty());
}

// Its log counts in elections as ever; only the leader is told that there is nothing.
TEST(LearnerSync, AServerWhoseTreeIsWrongAsksForASnapshotAsIfItWereEmpty) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.learner->ask_for_snapshot();
  bench.promise();
  EXPECT_EQ(bench.host.sent.back().type, PacketType::kAckEpoch);
  EXPECT_EQ(bench.host.sent.back().zxid, Zxid());
  EXPECT_EQ(bench.host.sent.back().data, int32_bytes(1));
  bench.feed(packet(PacketType::kSnap, z(1, 5)) + stream_of(3) +
             packet(PacketType::kNewLeader, z(2, 0)));
  EXPECT_THAT(bench.host.calls, ElementsAre("restore 0x100000005", "persist"));
  bench.persisted();
  bench.complete_disk();
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  EXPECT_TRUE(bench.learner->is_serving());
  EXPECT_TRUE(bench.learner->was_restored());
  EXPECT_THAT(bench.host.violations, ElementsAre("ACKEPOCH names another zxid"));
}

// What a leader without the end of this log sends would take back what was acknowledged.
TEST(LearnerSync, NothingButAWholeSnapshotIsTakenThen) {
  for (const auto& [type, zxid] :
       {std::pair(PacketType::kSnap, z(1, 4)), std::pair(PacketType::kDiff, z(1, 5)),
        std::pair(PacketType::kTrunc, z(1, 3))}) {
    LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
    bench.learner->ask_for_snapshot();
    bench.promise();
    bench.feed(type, zxid);
    EXPECT_EQ(bench.over(), "leader 3 has no snapshot of all that is logged here");
    EXPECT_TRUE(bench.learner->is_snapshot_refused());
    EXPECT_THAT(bench.host.calls, IsEmpty());
  }
}

TEST(LearnerSync, ASnapshotThatIsNoneEndsIt) {
  LearnerBench bench({});
  bench.promise();
  bench.feed(packet(PacketType::kSnap, z(1, 0)) + "treebush");
  EXPECT_EQ(bench.over(), "leader 3 sent a snapshot that is none: no tree");
  EXPECT_EQ(bench.host.closed.size(), 1);
}

// The stream of a leader that went on meanwhile stands for more than it knew when it decided what
// to send behind it.
TEST(LearnerSync, ProposalsThatTheSnapshotHoldsAreCommittedAndAcknowledgedAndNotLogged) {
  LearnerBench bench({.epochs = {2, 0}});
  bench.promise();
  bench.feed(packet(PacketType::kSnap, z(3, 4)) + stream_of(1));
  for (const uint32_t counter : {3, 4, 5}) {
    bench.propose(z(3, counter));
    bench.feed(PacketType::kCommit, z(3, counter));
  }
  EXPECT_THAT(bench.host.calls, ElementsAre("restore 0x300000004", "persist", "append 0x300000005",
                                            "commit 0x300000005"));
  bench.feed(PacketType::kNewLeader, z(3, 0));
  bench.persisted();
  bench.make_durable();
  bench.complete_disk();
  EXPECT_THAT(bench.acks(), ElementsAre(z(3, 0), z(3, 3), z(3, 4), z(3, 5)));
  EXPECT_THAT(bench.host.violations, IsEmpty());
  // Behind them, one that was known comes too late.
  bench.propose(z(3, 4));
  EXPECT_THAT(bench.over(), HasSubstr("PROPOSAL 0x300000004 behind 0x300000005"));
}

// --- NEWLEADER ---------------------------------------------------------------------------------

// KB-01, KB-02, KB-09: log, then currentEpoch, then the word to the leader.
TEST(LearnerNewLeader, IsAcknowledgedOnceTheLogAndThenCurrentEpochAreDurable) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.promise();
  bench.feed(PacketType::kDiff, z(1, 7));
  bench.propose(z(1, 6));
  bench.propose(z(1, 7));
  bench.host.needed_by_leader = z(1, 7);
  bench.feed(PacketType::kNewLeader, z(2, 0), ensemble_text(9));
  // What comes behind it does not have to be waited for.
  bench.propose(z(2, 1));
  EXPECT_THAT(bench.host.disk_ops, IsEmpty());
  bench.make_durable(z(1, 6));
  EXPECT_THAT(bench.host.disk_ops, IsEmpty());
  bench.make_durable(z(1, 7));
  EXPECT_FALSE(bench.host.disk_ops.empty());
  EXPECT_THAT(bench.acks(), IsEmpty());
  bench.complete_disk();
  EXPECT_EQ(bench.host.file("currentEpoch"), 2);
  EXPECT_THAT(bench.acks(), ElementsAre(z(2, 0), z(1, 6), z(1, 7)));
  bench.make_durable(z(2, 1));
  EXPECT_THAT(bench.acks(), ElementsAre(z(2, 0), z(1, 6), z(1, 7), z(2, 1)));
  EXPECT_THAT(bench.host.violations, IsEmpty());
}

// KB-03: a restored tree is no history before it is on the disk.
TEST(LearnerNewLeader, WaitsForTheSnapshotToo) {
  LearnerBench bench({});
  bench.promise();
  bench.feed(packet(PacketType::kSnap, z(0, 9)) + stream_of(1));
  bench.feed(PacketType::kNewLeader, z(1, 0));
  bench.make_durable(z(0, 9));
  EXPECT_THAT(bench.host.disk_ops, IsEmpty());
  bench.persisted();
  bench.complete_disk();
  EXPECT_THAT(bench.acks(), ElementsAre(z(1, 0)));
  EXPECT_THAT(bench.host.violations, IsEmpty());
}

TEST(LearnerNewLeader, IsOfTheEpochAndHasAReadableConfiguration) {
  LearnerBench other({.epochs = {1, 1}});
  other.promise();
  other.feed(PacketType::kDiff, z(0, 0));
  other.feed(PacketType::kNewLeader, z(3, 0));
  EXPECT_EQ(other.over(), "leader 3 sent NEWLEADER with 0x300000000 in epoch 2");
  LearnerBench bad({});
  bad.promise();
  bad.feed(PacketType::kDiff, z(0, 0));
  bad.feed(PacketType::kNewLeader, z(1, 0), "server.x=nonsense");
  EXPECT_THAT(bad.over(), HasSubstr("leader 3 sent NEWLEADER with a bad configuration: "));
  LearnerBench twice({});
  twice.adopt();
  twice.feed(PacketType::kNewLeader, z(1, 0));
  EXPECT_THAT(twice.over(), HasSubstr("before UPTODATE"));
}

TEST(LearnerNewLeader, UpToDateIsServiceAndItsConfigurationThen) {
  LearnerBench bench({});
  bench.adopt();
  EXPECT_FALSE(bench.learner->is_serving());
  EXPECT_EQ(bench.ensembles.current.version, 0);
  EXPECT_EQ(bench.ensembles.newest().version, 7);
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  EXPECT_TRUE(bench.learner->is_serving());
  EXPECT_EQ(bench.ensembles.current.version, 7);
  EXPECT_THAT(bench.host.calls, ElementsAre("follow"));
  EXPECT_THAT(bench.acks(), ElementsAre(z(1, 0), z(1, 0)));
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  EXPECT_THAT(bench.over(), HasSubstr("after UPTODATE"));
}

TEST(LearnerNewLeader, ANullConfigurationLeavesTheOwnOne) {
  LearnerBench bench({});
  bench.promise();
  bench.feed(PacketType::kDiff, z(0, 0));
  bench.feed(PacketType::kNewLeader, z(1, 0));
  bench.complete_disk();
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  EXPECT_TRUE(bench.learner->is_serving());
  EXPECT_EQ(bench.ensembles.current.version, 0);
}

TEST(LearnerNewLeader, UpToDateBeforeTheAckIsRefused) {
  LearnerBench bench({});
  bench.promise();
  bench.feed(PacketType::kDiff, z(0, 0));
  bench.feed(PacketType::kNewLeader, z(1, 0));
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  EXPECT_THAT(bench.over(), HasSubstr("sent UPTODATE (type 12, zxid 0xffffffffffffffff) before"
                                      " NEWLEADER was acknowledged"));
  EXPECT_THAT(bench.host.calls, IsEmpty());
}

}  // namespace
}  // namespace zoetrope::zab
