// A learner in the leader's stream: proposals, commits, pings, clients' requests, silence, its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/jute/opcode.hpp"
#include "tests/support/bytes.hpp"
#include "tests/unit/quorum/samples.hpp"
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

// --- proposals and commits ---------------------------------------------------------------------

TEST(LearnerProposals, AreAcknowledgedOneByOneAsTheyBecomeDurable) {
  LearnerBench bench({});
  bench.serve();
  for (const uint32_t counter : {1, 2, 3}) bench.propose(z(1, counter));
  bench.host.sent.clear();
  bench.make_durable(z(1, 2));
  EXPECT_THAT(bench.host.sent,
              ElementsAre(SentPacket{PacketType::kAck, z(1, 1), std::nullopt, std::nullopt},
                          SentPacket{PacketType::kAck, z(1, 2), std::nullopt, std::nullopt}));
  bench.make_durable(z(1, 2));
  EXPECT_EQ(bench.host.sent.size(), 2);
  bench.make_durable(z(1, 3));
  EXPECT_EQ(bench.host.sent.size(), 3);
  EXPECT_THAT(bench.host.violations, IsEmpty());
}

TEST(LearnerProposals, AreCommittedInTheirOrderWhetherDurableHereOrNot) {
  LearnerBench bench({});
  bench.serve();
  bench.host.calls.clear();
  bench.propose(z(1, 1));
  bench.propose(z(1, 2));
  bench.feed(PacketType::kCommit, z(1, 1));
  bench.feed(PacketType::kCommit, z(1, 2));
  EXPECT_THAT(bench.host.calls, ElementsAre("append 0x100000001", "append 0x100000002",
                                            "commit 0x100000001", "commit 0x100000002"));
}

// ZOOKEEPER-4394: a proposal on this side of NEWLEADER, its commit on the other.
TEST(LearnerProposals, MayBeCommittedBehindNewLeader) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.promise();
  bench.feed(PacketType::kDiff, z(1, 5));
  bench.propose(z(1, 6));
  bench.feed(PacketType::kNewLeader, z(2, 0));
  bench.feed(PacketType::kCommit, z(1, 6));
  bench.make_durable();
  bench.complete_disk();
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  EXPECT_THAT(bench.host.calls, ElementsAre("append 0x100000006", "commit 0x100000006", "follow"));
  EXPECT_THAT(bench.acks(), ElementsAre(z(2, 0), z(1, 6), z(2, 0)));
}

// KB-22
TEST(LearnerProposals, ACommitOfAnotherThanTheOldestIsFatal) {
  LearnerBench bench({});
  bench.serve();
  bench.propose(z(1, 1));
  bench.propose(z(1, 2));
  bench.feed(PacketType::kCommit, z(1, 2));
  EXPECT_EQ(bench.over(),
            "leader 3 sent COMMIT 0x100000002, and 0x100000001 is the oldest proposal");
  LearnerBench none({});
  none.serve();
  none.feed(PacketType::kCommit, z(1, 1));
  EXPECT_EQ(none.over(), "leader 3 sent COMMIT 0x100000001, and nothing is proposed");
}

TEST(LearnerProposals, HaveNoGaps) {
  const std::vector<std::pair<Zxid, bool>> cases = {
      {z(3, 6), true},  {z(3, 5), false}, {z(3, 7), false}, {z(4, 1), true}, {z(4, 2), false},
      {z(4, 0), false}, {z(5, 1), false}, {z(2, 1), false}, {z(5, 0), false}};
  for (const auto& [zxid, is_next] : cases) {
    LearnerBench bench({.epochs = {3, 3}, .last_logged = z(3, 4)});
    bench.promise();
    bench.feed(PacketType::kDiff, z(3, 4));
    bench.propose(z(3, 5));
    bench.propose(zxid);
    EXPECT_EQ(bench.over() == "not over", is_next) << hex_of(zxid);
    EXPECT_EQ(bench.host.log.size(), is_next ? 2 : 1) << hex_of(zxid);
    if (!is_next) {
      EXPECT_EQ(bench.over(),
                "leader 3 sent PROPOSAL " + hex_of(zxid) + " behind 0x300000005 in epoch 4");
    }
  }
}

TEST(LearnerProposals, MustBeWholeTransactionsWithTheirZxid) {
  LearnerBench other({});
  other.serve();
  other.feed(PacketType::kProposal, z(1, 1), session_txn(z(1, 2)));
  EXPECT_EQ(other.over(), "leader 3 sent PROPOSAL 0x100000001 with the transaction 0x100000002");
  for (const size_t size : {0, 20, 35}) {
    LearnerBench bench({});
    bench.serve();
    bench.feed(PacketType::kProposal, z(1, 1), session_txn(z(1, 1)).substr(0, size));
    EXPECT_THAT(bench.over(), HasSubstr("PROPOSAL 0x100000001 that is no transaction: "));
    EXPECT_THAT(bench.host.log, IsEmpty());
  }
  LearnerBench null({});
  null.serve();
  null.feed(PacketType::kProposal, z(1, 1));
  EXPECT_THAT(null.over(), HasSubstr("that is no transaction"));
}

TEST(LearnerProposals, StockBytesAreUnderstood) {
  for (const quorum::Sample& sample : quorum::samples(quorum::SampleKind::kPacket)) {
    if (!sample.title.contains("PROPOSAL zxid=0x100000001")) continue;
    LearnerBench bench({});
    bench.serve();
    bench.feed(sample.bytes);
    EXPECT_EQ(bench.over(), "not over");
    EXPECT_EQ(bench.host.last_logged(), z(1, 1));
  }
}

// --- observers ---------------------------------------------------------------------------------

TEST(LearnerObserver, LogsCommitsAndNeverAcknowledges) {
  LearnerBench bench({.self = 4, .epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.promise();
  bench.feed(PacketType::kDiff, z(1, 6));
  bench.propose(z(1, 6));
  bench.feed(PacketType::kCommit, z(1, 6));
  bench.feed(PacketType::kInform, z(1, 7), session_txn(z(1, 7)));
  bench.host.needed_by_leader = z(1, 7);
  bench.feed(PacketType::kNewLeader, z(2, 0));
  bench.make_durable();
  bench.complete_disk();
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  bench.feed(PacketType::kInform, z(2, 1), session_txn(z(2, 1)));
  bench.make_durable();
  EXPECT_THAT(bench.host.calls, ElementsAre("append 0x100000006", "commit 0x100000006",
                                            "append 0x100000007", "commit 0x100000007", "follow",
                                            "append 0x200000001", "commit 0x200000001"));
  EXPECT_THAT(bench.acks(), ElementsAre(z(2, 0), z(2, 0)));
  EXPECT_THAT(bench.host.violations, IsEmpty());
  bench.feed(PacketType::kInform, z(2, 3), session_txn(z(2, 3)));
  EXPECT_EQ(bench.over(), "leader 3 sent INFORM 0x200000003 behind 0x200000001 in epoch 2");
}

TEST(LearnerObserver, AnInformOvertakesNoProposal) {
  LearnerBench bench({.self = 4});
  bench.serve();
  bench.propose(z(1, 1));
  bench.feed(PacketType::kInform, z(1, 2), session_txn(z(1, 2)));
  EXPECT_EQ(bench.over(), "leader 3 sent INFORM 0x100000002, and 0x100000001 is not committed");
}

TEST(LearnerObserver, WhatTheSnapshotHoldsIsNotLoggedAgain) {
  LearnerBench bench({.self = 4});
  bench.promise();
  bench.feed(packet(PacketType::kSnap, z(1, 2)) + std::string(kSnapshotEnd));
  for (const uint32_t counter : {1, 2, 3}) {
    bench.feed(PacketType::kInform, z(1, counter), session_txn(z(1, counter)));
  }
  EXPECT_THAT(bench.host.calls, ElementsAre("restore 0x100000002", "persist", "append 0x100000003",
                                            "commit 0x100000003"));
}

TEST(LearnerObserver, AFollowerIsNotInformed) {
  for (const PacketType type : {PacketType::kInform, PacketType::kInformAndActivate}) {
    LearnerBench bench({});
    bench.serve();
    bench.feed(type, z(1, 1), session_txn(z(1, 1)));
    EXPECT_THAT(bench.over(), HasSubstr("after UPTODATE"));
  }
}

// --- reconfiguration ---------------------------------------------------------------------------

TEST(LearnerReconfig, ACommittedConfigurationComesIntoForce) {
  LearnerBench bench({});
  bench.serve();
  bench.feed(PacketType::kProposal, z(1, 1), reconfig_txn(z(1, 1), ensemble_text(0x55)));
  EXPECT_EQ(bench.ensembles.current.version, 7);
  EXPECT_EQ(bench.ensembles.newest().version, 0x55);
  bench.feed(PacketType::kCommitAndActivate, z(1, 1), with_designated(3));
  EXPECT_EQ(bench.ensembles.current.version, 0x55);
  EXPECT_FALSE(bench.ensembles.last_seen);
  EXPECT_EQ(bench.host.calls.back(), "commit 0x100000001");
  EXPECT_EQ(bench.over(), "not over");
}

TEST(LearnerReconfig, AnotherDesignatedLeaderEndsTheRole) {
  LearnerBench bench({});
  bench.serve();
  bench.feed(PacketType::kProposal, z(1, 1), reconfig_txn(z(1, 1), ensemble_text(0x55)));
  bench.feed(PacketType::kCommitAndActivate, z(1, 1), with_designated(2));
  EXPECT_EQ(bench.ensembles.current.version, 0x55);
  EXPECT_EQ(bench.host.calls.back(), "commit 0x100000001");
  EXPECT_THAT(bench.over(), HasSubstr("put another configuration in force"));
  EXPECT_EQ(bench.learner->successor(), ServerId(2));
}

TEST(LearnerReconfig, AnObserverIsInformedOfIt) {
  LearnerBench bench({.self = 4});
  bench.serve();
  bench.feed(PacketType::kInformAndActivate, z(1, 1),
             with_designated(3, reconfig_txn(z(1, 1), ensemble_text(0x55))));
  EXPECT_EQ(bench.ensembles.current.version, 0x55);
  EXPECT_EQ(bench.host.calls.back(), "commit 0x100000001");
}

// A follower that becomes an observer comes to the same leader in its new role.
TEST(LearnerReconfig, AChangeOfTheOwnRoleEndsIt) {
  LearnerBench bench({});
  bench.serve();
  std::string text = ensemble_text(0x55);
  const size_t own = text.find("participant", text.find("server.1="));
  text.replace(own, std::string_view("participant").size(), "observer");
  bench.feed(PacketType::kProposal, z(1, 1), reconfig_txn(z(1, 1), text));
  bench.feed(PacketType::kCommitAndActivate, z(1, 1), with_designated(3));
  EXPECT_TRUE(bench.ensembles.current.is_observer(ServerId(1)));
  EXPECT_THAT(bench.over(), HasSubstr("put another configuration in force"));
  EXPECT_EQ(bench.learner->successor(), ServerId(3));
}

// From a window or the log it comes with a plain COMMIT.
TEST(LearnerReconfig, APlainCommitPutsNothingInForce) {
  LearnerBench bench({});
  bench.serve();
  bench.feed(PacketType::kProposal, z(1, 1), reconfig_txn(z(1, 1), ensemble_text(0x55)));
  bench.feed(PacketType::kCommit, z(1, 1));
  EXPECT_EQ(bench.ensembles.current.version, 7);
  bench.feed(PacketType::kProposal, z(1, 2), reconfig_txn(z(1, 2), ensemble_text(0x66)));
  bench.feed(PacketType::kCommitAndActivate, z(1, 2), with_designated(3));
  EXPECT_EQ(bench.ensembles.current.version, 0x66);
}

// A stock leader tells who joins during a reconfiguration the proposed configuration; it may still
// come to nothing.
TEST(LearnerReconfig, WhatIsOnlyProposedIsNotInForceAtUpToDate) {
  LearnerBench bench({});
  bench.promise();
  bench.feed(PacketType::kDiff, z(0, 0));
  const int64_t version = z(1, 1).value;
  bench.feed(PacketType::kProposal, z(1, 1), reconfig_txn(z(1, 1), ensemble_text(version)));
  bench.feed(PacketType::kNewLeader, z(1, 0), ensemble_text(version));
  bench.make_durable();
  bench.complete_disk();
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  EXPECT_TRUE(bench.learner->is_serving());
  EXPECT_EQ(bench.ensembles.current.version, 0);
  EXPECT_EQ(bench.ensembles.newest().version, version);
  bench.feed(PacketType::kCommitAndActivate, z(1, 1), with_designated(3));
  EXPECT_EQ(bench.ensembles.current.version, version);
}

// What was proposed by another leader and is not in the history of this one never comes to be.
TEST(LearnerReconfig, ALeadersWordReplacesWhatWasProposed) {
  LearnerBench bench({});
  bench.ensembles.last_seen = *quorum::Ensemble::parse(ensemble_text(0x99));
  bench.adopt();
  EXPECT_EQ(bench.ensembles.newest().version, 7);
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  EXPECT_EQ(bench.ensembles.current.version, 7);
  EXPECT_FALSE(bench.ensembles.last_seen);
}

TEST(LearnerReconfig, WhatIsNoneIsRefused) {
  LearnerBench plain({});
  plain.serve();
  plain.propose(z(1, 1));
  plain.feed(PacketType::kCommitAndActivate, z(1, 1), with_designated(2));
  EXPECT_THAT(plain.over(), HasSubstr("not the oldest configuration proposed"));
  LearnerBench bad({});
  bad.serve();
  bad.feed(PacketType::kProposal, z(1, 1), reconfig_txn(z(1, 1), "nonsense"));
  EXPECT_THAT(bad.over(), HasSubstr("PROPOSAL 0x100000001 with a bad configuration"));
  EXPECT_THAT(bad.host.log, IsEmpty());
  LearnerBench cut({});
  cut.serve();
  cut.feed(PacketType::kProposal, z(1, 1), reconfig_txn(z(1, 1), ensemble_text(1)));
  cut.feed(PacketType::kCommitAndActivate, z(1, 1), "1234567");
  EXPECT_THAT(cut.over(), HasSubstr("malformed COMMITANDACTIVATE"));
  LearnerBench observer({.self = 4});
  observer.serve();
  observer.feed(PacketType::kInformAndActivate, z(1, 1), with_designated(2, session_txn(z(1, 1))));
  EXPECT_THAT(observer.over(), HasSubstr("INFORMANDACTIVATE 0x100000001 without one"));
}

// --- pings and clients -------------------------------------------------------------------------

TEST(LearnerService, APingIsAnsweredWithTheSessionsHeardFrom) {
  LearnerBench bench({});
  bench.adopt();
  bench.host.sent.clear();
  bench.feed(PacketType::kPing, z(1, 0));
  bench.host.touched = "123456789012";
  bench.feed(PacketType::kPing, z(1, 4));
  EXPECT_THAT(bench.host.sent,
              ElementsAre(SentPacket{PacketType::kPing, z(1, 0), "", std::nullopt},
                          SentPacket{PacketType::kPing, z(1, 4), "123456789012", std::nullopt}));
}

// A stock leader takes the answer for the ACK that it waits for.
TEST(LearnerService, APingBeforeTheAckOfNewLeaderIsOnlyHeard) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.promise();
  bench.feed(PacketType::kPing, z(2, 0));
  bench.feed(PacketType::kDiff, z(1, 6));
  bench.propose(z(1, 6));
  bench.feed(PacketType::kPing, z(2, 0));
  bench.feed(PacketType::kNewLeader, z(2, 0));
  bench.feed(PacketType::kPing, z(2, 0));
  EXPECT_EQ(bench.host.sent.size(), 2);
  EXPECT_EQ(bench.over(), "not over");
}

TEST(LearnerService, RequestsGoToTheLeader) {
  LearnerBench bench({});
  const std::string body = "body";
  const std::string auth = test::unhex("00000001 00000002 6970 00000001 31");
  bench.adopt();
  bench.host.sent.clear();
  bench.learner->forward({SessionId(1), Xid(1), 1, body}, auth);
  bench.learner->revalidate(SessionId(1), 1);
  bench.learner->sync(SessionId(1), Xid(1));
  EXPECT_THAT(bench.host.sent, IsEmpty()) << "not yet following";
  bench.feed(PacketType::kUpToDate, Zxid(-1));
  bench.host.sent.clear();
  bench.learner->forward({SessionId(0x1234), Xid(9), 5, body}, auth);
  bench.learner->forward({SessionId(0x1234), Xid(0), -10, body}, std::nullopt);
  bench.learner->revalidate(SessionId(0x1234), 8000);
  bench.learner->sync(SessionId(0x1234), Xid(10));
  EXPECT_THAT(
      bench.host.sent,
      ElementsAre(
          SentPacket{PacketType::kRequest, Zxid(-1),
                     test::unhex("0000000000001234 00000009 00000005") + body, auth},
          SentPacket{PacketType::kRequest, Zxid(-1),
                     test::unhex("0000000000001234 00000000 fffffff6") + body, std::nullopt},
          SentPacket{PacketType::kRevalidate, Zxid(-1), test::unhex("0000000000001234 00001f40"),
                     std::nullopt},
          SentPacket{PacketType::kRequest, Zxid(-1),
                     test::unhex("0000000000001234 0000000a 00000009 00000000"), std::nullopt}));
}

TEST(LearnerService, AnswersOfTheLeaderGoToTheHostInOrder) {
  LearnerBench bench({});
  bench.serve();
  bench.learner->sync(SessionId(0x1234), Xid(1));
  for (const int64_t session : {0x1234, 0x1235, 0x1236}) {
    bench.learner->revalidate(SessionId(session), 8000);
  }
  bench.host.calls.clear();
  bench.propose(z(1, 1));
  bench.feed(packet(PacketType::kCommit, z(1, 1)) + packet(PacketType::kSync, Zxid()) +
             packet(PacketType::kRevalidate, Zxid(-1), test::unhex("0000000000001234 01")) +
             packet(PacketType::kRevalidate, Zxid(-1), test::unhex("0000000000001235 00")));
  EXPECT_THAT(bench.host.calls, ElementsAre("append 0x100000001", "commit 0x100000001", "synced",
                                            "revalidated 4660 valid", "revalidated 4661 gone"));
  bench.feed(PacketType::kRevalidate, Zxid(-1), "12345678");
  EXPECT_THAT(bench.over(), HasSubstr("malformed REVALIDATE"));
}

TEST(LearnerService, AnswersThatNobodyAskedForAreRefused) {
  for (const PacketType type : {PacketType::kSync, PacketType::kRevalidate}) {
    LearnerBench bench({});
    bench.serve();
    bench.feed(type, Zxid(-1), test::unhex("0000000000001234 01"));
    EXPECT_THAT(bench.over(), HasSubstr("nobody had asked"));
  }
}

TEST(LearnerService, AnswersToNobodyAreRefused) {
  for (const PacketType type : {PacketType::kSync, PacketType::kRevalidate}) {
    LearnerBench bench({});
    bench.adopt();
    bench.feed(type, Zxid(-1), "123456789");
    EXPECT_THAT(bench.over(), HasSubstr("before UPTODATE"));
  }
}

TEST(LearnerService, PacketsOfAnotherTimeOrKindAreRefused) {
  for (const int32_t type : {-1, 0, 1, 3, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 77}) {
    LearnerBench bench({});
    bench.serve();
    bench.feed(static_cast<PacketType>(type), z(1, 0));
    EXPECT_THAT(bench.over(), HasSubstr("(type " + std::to_string(type) +
                                        ", zxid 0x100000000) "
                                        "after UPTODATE"));
    EXPECT_EQ(bench.host.closed.size(), 1);
  }
}

// --- silence and the end -----------------------------------------------------------------------

TEST(LearnerLiveness, InitLimitRulesUntilTheAckOfNewLeaderAndThenSyncLimit) {
  LearnerBench bench({});
  bench.begin();
  EXPECT_EQ(bench.learner->next_deadline(), bench.now + Duration::from_ms(20'000));
  bench.pass(19'999);
  EXPECT_EQ(bench.over(), "not over");
  bench.pass(1);
  EXPECT_EQ(bench.over(), "leader 3 was silent for 20000 ms");
  EXPECT_EQ(bench.learner->next_deadline(), std::nullopt);
  LearnerBench adopted({});
  adopted.adopt();
  adopted.pass(9'999);
  adopted.feed(packet(PacketType::kPing, z(1, 0)).substr(0, 3));
  EXPECT_EQ(adopted.learner->next_deadline(), adopted.now + Duration::from_ms(10'000));
  adopted.pass(10'000);
  EXPECT_EQ(adopted.over(), "leader 3 was silent for 10000 ms");
}

TEST(LearnerLiveness, TheOwnDiskIsNotTheLeadersSilence) {
  LearnerBench bench({.epochs = {1, 1}, .last_logged = z(1, 5)});
  bench.begin();
  bench.feed(leader_info(2));
  bench.pass(100'000);
  EXPECT_EQ(bench.learner->next_deadline(), std::nullopt);
  bench.complete_disk();
  EXPECT_EQ(bench.learner->next_deadline(), bench.now + Duration::from_ms(20'000));
  bench.feed(PacketType::kTrunc, z(1, 5));
  bench.pass(100'000);
  bench.reloaded();
  EXPECT_EQ(bench.learner->next_deadline(), bench.now + Duration::from_ms(20'000));
  bench.propose(z(1, 6));
  bench.feed(PacketType::kNewLeader, z(2, 0));
  bench.pass(100'000);
  bench.make_durable();
  bench.pass(100'000);
  bench.complete_disk();
  EXPECT_EQ(bench.over(), "not over");
  EXPECT_EQ(bench.learner->next_deadline(), bench.now + Duration::from_ms(10'000));
}

TEST(LearnerEnd, AClosedConnectionIsNotClosedOnceMore) {
  LearnerBench bench({});
  bench.serve();
  bench.learner->closed(bench.now);
  EXPECT_EQ(bench.over(), "leader 3 closed the connection");
  EXPECT_THAT(bench.host.closed, IsEmpty());
  bench.learner->abandon();
  EXPECT_THAT(bench.host.closed, IsEmpty());
  EXPECT_FALSE(bench.learner->is_serving());
}

TEST(LearnerEnd, AbandoningHasNoReasonAndClosesOnce) {
  LearnerBench bench({});
  bench.serve();
  bench.learner->abandon();
  bench.learner->abandon();
  bench.learner->closed(bench.now);
  EXPECT_EQ(bench.learner->over(), std::nullopt);
  EXPECT_THAT(bench.host.closed, ElementsAre(LearnerBench::kConnection));
  LearnerBench dialling({});
  dialling.learner->begin(dialling.now);
  dialling.learner->abandon();
  dialling.learner->abandon();
  EXPECT_EQ(dialling.host.abandoned.size(), 1);
  EXPECT_THAT(dialling.host.closed, IsEmpty());
}

// Whatever was asked for when it ended, its answer does nothing.
TEST(LearnerEnd, LateAnswersAreHarmless) {
  const auto end_and_answer = [](LearnerBench& bench) {
    bench.learner->abandon();
    const size_t sent = bench.host.sent.size();
    const auto calls = bench.host.calls;
    while (!bench.host.disk_ops.empty()) bench.complete_disk_op();
    if (bench.host.wants_reload) bench.reloaded();
    if (bench.host.wants_persist) bench.persisted();
    bench.make_durable();
    bench.feed(PacketType::kUpToDate, Zxid(-1));
    bench.learner->connected(DialToken(1000), LearnerBench::kConnection, bench.now);
    bench.learner->connect_failed(DialToken(1000), bench.now);
    bench.learner->sync(SessionId(1), Xid(1));
    bench.pass(1'000'000);
    EXPECT_EQ(bench.host.sent.size(), sent);
    EXPECT_EQ(bench.host.calls, calls);
    EXPECT_EQ(bench.learner->next_deadline(), std::nullopt);
    EXPECT_EQ(bench.host.closed.size(), 1);
  };
  LearnerBench promising({});
  promising.begin();
  promising.feed(leader_info(1));
  end_and_answer(promising);
  LearnerBench reloading({.epochs = {1, 1}, .last_logged = z(1, 5)});
  reloading.promise();
  reloading.feed(PacketType::kTrunc, z(1, 5));
  end_and_answer(reloading);
  LearnerBench restoring({});
  restoring.promise();
  restoring.feed(packet(PacketType::kSnap, z(0, 5)) + "treetr");
  end_and_answer(restoring);
  LearnerBench persisting({});
  persisting.promise();
  persisting.feed(packet(PacketType::kSnap, z(0, 5)) + "end.");
  persisting.feed(PacketType::kNewLeader, z(1, 0));
  end_and_answer(persisting);
  LearnerBench adopting({});
  adopting.promise();
  adopting.feed(PacketType::kDiff, z(0, 0));
  adopting.feed(PacketType::kNewLeader, z(1, 0));
  end_and_answer(adopting);
}

TEST(LearnerHash, TellsStatesApart) {
  const auto hash = [](const LearnerBench& bench) {
    RunningHash running;
    bench.learner->add_to(running);
    return running.value();
  };
  LearnerBench a({}), b({});
  a.serve();
  b.serve();
  EXPECT_EQ(hash(a), hash(b));
  a.feed("x");
  EXPECT_NE(hash(a), hash(b));
  b.feed("x");
  EXPECT_EQ(hash(a), hash(b));
  LearnerBench c({}), d({});
  c.serve();
  d.serve();
  c.propose(z(1, 1));
  d.propose(z(1, 1));
  EXPECT_EQ(hash(c), hash(d));
  c.make_durable();
  EXPECT_NE(hash(c), hash(d));
}

}  // namespace
}  // namespace zoetrope::zab
