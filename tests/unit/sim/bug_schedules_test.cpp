// Known bugs of ZooKeeper and its like as short schedules: what went wrong there must not here. The
// servers are the real ones; server 3 leads a young ensemble of three since its id is the highest.
// Bugs of one state machine alone stand in tests/unit/zab.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sim/booted_ensemble.hpp"

namespace zoetrope::sim {
namespace {

// Learners that are behind get a snapshot.
void by_snapshot(ProcessConfig& process) {
  process.server.peer->commit_log_count = 1;
  process.server.peer->role.snapshot_factor_percent = -1;
}

class BugSchedules : public BootedEnsemble {
 protected:
  // Server 3 leads and logs "/t" where nobody else hears of it; then nobody runs.
  void log_at_leader_alone() {
    EnsembleRig::Client& client = client_at(3);
    rig_->cut_off(3);
    client.create("/t");
    rig_->run(100);
    for (int server = 1; server <= 3; ++server) rig_->kill(server);
    rig_->heal();
  }
  void make_nodes(EnsembleRig::Client& client, const std::string& prefix, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(client.created(prefix + std::to_string(i))) << rig_->describe();
    }
  }
  void TearDown() override {
    if (!rig_) return;
    EXPECT_EQ(rig_->breaches(), "") << rig_->describe();
  }
};

// A learner acknowledged NEWLEADER while the transactions of a DIFF were in its memory alone
// (3911), or only queued to its log (4646). Leader and learner lost power after a client had read
// one.
TEST_F(BugSchedules, Zookeeper3911And4646AcknowledgedBeforeItIsOnDisk) {
  for (const bool is_held : {true, false}) {
    boot(3);
    log_at_leader_alone();
    rig_->start(3);
    rig_->start(1);
    if (is_held) rig_->hold_log(1);
    const bool is_seen = rig_->run_until([&] { return rig_->leads(3); }, 1500);
    EXPECT_EQ(is_seen, !is_held);
    rig_->lose_power(3);
    rig_->lose_power(1);
    rig_->start(1);
    rig_->start(2);
    ASSERT_TRUE(converges()) << rig_->describe();
    EXPECT_TRUE(!is_seen || rig_->has(1, "/t")) << rig_->describe();
  }
}

// A follower kept the tree of a snapshot that it had not yet written when it lost its leader, said
// in the next round that it has all of it, and counted for what only its memory had.
TEST_F(BugSchedules, Zookeeper3642SnapshotInMemoryAloneIsNoHistory) {
  boot(3, 0, by_snapshot);
  rig_->kill(1);
  make_nodes(client_at(3), "/a", 5);
  log_at_leader_alone();
  rig_->start(3);
  rig_->start(1);
  rig_->hold_snapshots(1);
  ASSERT_TRUE(rig_->run_until([&] { return rig_->has(1, "/t"); }, 3000)) << rig_->describe();
  rig_->kill(3);
  rig_->run(100);
  rig_->start(3);
  const bool is_seen = rig_->run_until([&] { return rig_->leads(3); }, 1900);
  EXPECT_FALSE(is_seen) << rig_->describe();
  rig_->lose_power(3);
  rig_->lose_power(1);
  rig_->start(1);
  rig_->start(2);
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_TRUE(!is_seen || rig_->has(1, "/t")) << rig_->describe();
}

// The same, up to the hole: the next leader sent a DIFF from there on, and after a restart all that
// had been in memory alone was missing.
TEST_F(BugSchedules, Zookeeper3642ADiffBehindAnUnwrittenSnapshotLeavesNoHole) {
  boot(3, 0, by_snapshot);
  rig_->kill(1);
  make_nodes(client_at(3), "/a", 5);
  rig_->start(1);
  rig_->hold_snapshots(1);
  ASSERT_TRUE(rig_->run_until([&] { return rig_->has(1, "/a4"); }, 3000)) << rig_->describe();
  rig_->kill(3);
  rig_->run(300);
  rig_->release_disk(1);
  ASSERT_TRUE(rig_->run_until([&] { return rig_->leads(2) && rig_->follows(1, 2); }));
  ASSERT_TRUE(client_at(2).created("/b"));
  rig_->lose_power(1);
  rig_->cut_off(1);
  rig_->start(1);
  rig_->run(200);
  for (const char* path : {"/a0", "/a4"}) EXPECT_TRUE(rig_->has(1, path)) << rig_->describe();
  rig_->heal();
  ASSERT_TRUE(converges()) << rig_->describe();
}

// A deposed leader announced a zxid that hid what it had logged and not applied; nobody cut it, and
// a restart brought it back on that server alone.
TEST_F(BugSchedules, Zookeeper2845WhatADeposedLeaderLoggedIsCut) {
  boot(3);
  EnsembleRig::Client& client = client_at(3);
  rig_->cut_off(3);
  client.create("/t");
  ASSERT_TRUE(rig_->run_until([&] { return rig_->leads(2) && !rig_->serves(3); }));
  ASSERT_TRUE(client_at(2).created("/u"));
  rig_->heal();
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_FALSE(rig_->has(3, "/t"));
  EXPECT_TRUE(rig_->has(3, "/u"));
  rig_->kill(3);
  rig_->start(3);
  rig_->run(50);
  EXPECT_FALSE(rig_->has(3, "/t"));
  ASSERT_TRUE(converges()) << rig_->describe();
}

// A tail that no quorum had lay within the new leader's window, which sent what is greater and cut
// nothing (1154); and the log went on at a stale position behind a cut (1489).
TEST_F(BugSchedules, Zookeeper1154And1489ATailOfAnOldEpochIsCutAndTheLogGoesOnBehindIt) {
  boot(3);
  make_nodes(client_at(3), "/a", 2);
  log_at_leader_alone();
  rig_->start(1);
  rig_->start(2);
  ASSERT_TRUE(converges()) << rig_->describe();
  EnsembleRig::Client& client = client_at(2);
  make_nodes(client, "/u", 3);
  rig_->start(3);
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_FALSE(rig_->has(3, "/t"));
  make_nodes(client, "/v", 3);
  ASSERT_TRUE(converges()) << rig_->describe();
  rig_->lose_power(3);
  rig_->cut_off(3);
  rig_->start(3);
  rig_->run(100);
  EXPECT_FALSE(rig_->has(3, "/t"));
  for (const char* path : {"/a1", "/u0", "/u2", "/v0", "/v2"}) EXPECT_TRUE(rig_->has(3, path));
}

// A leader counted itself for a proposal before its own disk had it.
TEST_F(BugSchedules, Etcd14370TheLeadersOwnDiskCountsWhenItHasIt) {
  boot(3);
  EnsembleRig::Client& client = client_at(3);
  ASSERT_TRUE(client.created("/before"));
  rig_->cut(3, 1);
  rig_->hold_log(3);
  const bool is_acknowledged = client.created("/t", false, 700);
  EXPECT_FALSE(is_acknowledged);
  rig_->lose_power(3);
  rig_->kill(2);
  rig_->heal();
  rig_->start(3);
  // Server 1 never had it.
  if (!rig_->runs(1)) rig_->start(1);
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_TRUE(!is_acknowledged || rig_->has(1, "/t"));
}

TEST_F(BugSchedules, Etcd14370AServerAloneAnswersBehindItsDisk) {
  boot(1);
  EnsembleRig::Client& client = client_at(1);
  ASSERT_TRUE(client.created("/before"));
  rig_->hold_log(1);
  EXPECT_FALSE(client.created("/t", false, 700));
}

// A server that had entered an epoch that never was established took (epoch, 0) for its last zxid:
// it counted as ahead of those with more, and was never sent what it lacked.
TEST_F(BugSchedules, Zookeeper790AnEpochThatWasNeverEstablishedIsNoHistory) {
  rig_ = std::make_unique<EnsembleRig>(3);
  rig_->start(1);
  rig_->start(2);
  ASSERT_TRUE(rig_->run_until([&] { return rig_->leads(2); }));
  rig_->start(3);
  ASSERT_TRUE(converges()) << rig_->describe();
  EnsembleRig::Client& client = client_at(2);
  ASSERT_TRUE(client.created("/a"));
  rig_->cut_off(2);
  client.create("/t");
  rig_->run(20);
  const int64_t epoch = rig_->epoch(2);
  rig_->kill(2);
  rig_->heal();
  // Server 3 enters the next epoch and loses server 1 before that has acknowledged anything of it.
  ASSERT_TRUE(rig_->run_until([&] { return rig_->epoch(3) > epoch; })) << rig_->describe();
  ASSERT_FALSE(rig_->serves(3));
  rig_->lose_power(1);
  rig_->cut_off(3);
  rig_->start(1);
  rig_->start(2);
  ASSERT_TRUE(rig_->run_until([&] { return rig_->leads(2); })) << rig_->describe();
  ASSERT_TRUE(rig_->has(2, "/t"));
  rig_->heal();
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_TRUE(rig_->has(3, "/t")) << rig_->describe();
}

// What was committed between the reading of the history and the start of forwarding was sent on
// neither way (962); and the commit of a proposal that stood before NEWLEADER killed the learner,
// again and again under load (4394).
TEST_F(BugSchedules, Zookeeper962And4394ALearnerJoinsUnderLoad) {
  for (const bool is_snapshot : {false, true}) {
    boot(3, 0, is_snapshot ? EnsembleRig::Tweak(by_snapshot) : EnsembleRig::Tweak());
    EnsembleRig::Client& client = client_at(3);
    rig_->kill(1);
    make_nodes(client, is_snapshot ? "/s" : "/d", 20);
    rig_->start(1);
    int made = 0;
    const auto write_a_little = [&] {
      for (int i = 0; i < 3; ++i) client.create("/load" + std::to_string(made++));
      rig_->run(1);
    };
    for (int i = 0; i < 1500 && !rig_->follows(1, 3); ++i) write_a_little();
    ASSERT_TRUE(rig_->follows(1, 3)) << rig_->describe();
    for (int i = 0; i < 50; ++i) write_a_little();
    ASSERT_TRUE(converges()) << rig_->describe();
    EXPECT_TRUE(rig_->follows(1, 3));
    EXPECT_FALSE(rig_->was_noted("leader 3 sent")) << rig_->describe();
  }
}

// Sessions that a server learnt of while it was synchronised never reached its tracker: when it led
// later, they never expired.
TEST_F(BugSchedules, Zookeeper1367SessionsOfASynchronisationExpire) {
  boot(3);
  rig_->cut_off(1);
  EnsembleRig::Client& client = client_at(3);
  ASSERT_TRUE(client.created("/e", true));
  rig_->heal();
  ASSERT_TRUE(rig_->run_until([&] { return rig_->serves(1) && rig_->has(1, "/e"); }));
  // Server 1 leads next: it has more than server 2.
  rig_->kill(2);
  ASSERT_TRUE(client.created("/more"));
  rig_->kill(3);
  rig_->start(2);
  ASSERT_TRUE(rig_->run_until([&] { return rig_->leads(1); })) << rig_->describe();
  EXPECT_TRUE(rig_->has(1, "/e"));
  EXPECT_TRUE(rig_->run_until([&] { return !rig_->has(1, "/e"); }, 8000)) << rig_->describe();
}

// Reads at a follower did not reach the leader's session clock.
TEST_F(BugSchedules, ClickHouse111102ReadsAtAFollowerKeepTheSession) {
  boot(3);
  EnsembleRig::Client& client = client_at(1);
  ASSERT_TRUE(client.created("/e", true));
  for (int i = 0; i < 40; ++i) {
    client.read("/e");
    rig_->run(300);
  }
  EXPECT_FALSE(client.is_closed);
  EXPECT_TRUE(rig_->has(3, "/e"));
  // A new leader knows nothing of the past and gives everybody the whole time-out.
  rig_->kill(3);
  ASSERT_TRUE(rig_->run_until([&] { return rig_->leads(2); })) << rig_->describe();
  rig_->run(3500);
  EXPECT_TRUE(rig_->has(2, "/e"));
  EXPECT_TRUE(rig_->run_until([&] { return !rig_->has(2, "/e"); }, 3000));
}

// A commit was matched with another request than its own: the client saw a reply out of order.
TEST_F(BugSchedules, Zookeeper1863CommitsAnswerTheirOwnRequests) {
  boot(3);
  EnsembleRig::Client* clients[] = {&client_at(1), &client_at(1), &client_at(3), &client_at(2)};
  for (int i = 0; i < 60; ++i) {
    for (int c = 0; c < 4; ++c) {
      clients[c]->create("/c" + std::to_string(c) + "-" + std::to_string(i));
      if (i % 3 == c) clients[c]->read("/");
    }
    if (i % 5 == 0) rig_->run(1);
  }
  rig_->run(1000);
  for (const EnsembleRig::Client* client : clients) {
    EXPECT_EQ(client->replies, 60 + (client == clients[3] ? 0 : 20));
    EXPECT_EQ(client->errors, 0);
    EXPECT_EQ(client->out_of_order, 0);
  }
}

// A server that could not hear the leader itself settled on a leader all the same.
TEST_F(BugSchedules, Zookeeper975AJoinerDisturbsNobody) {
  boot(3);
  rig_->kill(1);
  const int64_t epoch = rig_->epoch(3);
  rig_->cut(1, 3);
  rig_->start(1);
  rig_->run(3000);
  EXPECT_FALSE(rig_->serves(1));
  EXPECT_TRUE(rig_->leads(3) && rig_->follows(2, 3)) << rig_->describe();
  EXPECT_EQ(rig_->epoch(3), epoch);
  rig_->heal();
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_EQ(rig_->epoch(1), epoch);
}

// The log of the leader could not be written any more, its heartbeats went on: nobody could write
// and nobody took over.
TEST_F(BugSchedules, Zookeeper2247ALeaderWithoutALogIsNone) {
  boot(3);
  EnsembleRig::Client& client = client_at(3);
  rig_->break_disk(3);
  EXPECT_FALSE(client.created("/t"));
  ASSERT_TRUE(rig_->run_until([&] { return rig_->leads(2); }, 5000)) << rig_->describe();
  EXPECT_FALSE(rig_->runs(3));
  EXPECT_TRUE(client_at(2).created("/u"));
}

// A crash between the snapshot of a synchronisation and currentEpoch left a server that refused to
// start.
TEST_F(BugSchedules, Zookeeper1653ACrashBeforeCurrentEpochIsNoReasonToRefuse) {
  for (const bool is_power_loss : {false, true}) {
    boot(3, 0, by_snapshot);
    rig_->kill(1);
    rig_->kill(3);
    rig_->start(3);
    ASSERT_TRUE(rig_->run_until([&] { return rig_->leads(3) || rig_->leads(2); }));
    make_nodes(client_at(rig_->leads(3) ? 3 : 2), "/a", 5);
    rig_->start(1);
    rig_->hold_current_epoch(1);
    ASSERT_TRUE(rig_->run_until([&] { return rig_->has(1, "/a4"); }, 3000)) << rig_->describe();
    rig_->run(300);
    EXPECT_FALSE(rig_->serves(1));
    is_power_loss ? rig_->lose_power(1) : rig_->kill(1);
    rig_->start(1);
    ASSERT_TRUE(rig_->runs(1)) << rig_->describe();
    EXPECT_TRUE(rig_->has(1, "/a4"));
    ASSERT_TRUE(converges()) << rig_->describe();
  }
}

// A deposed leader that has not noticed answered a sync, and the read behind it missed a write that
// others had acknowledged. Upstream still does.
TEST_F(BugSchedules, Zookeeper1675SyncIsAnsweredByAQuorum) {
  boot(3);
  EnsembleRig::Client& client = client_at(3);
  ASSERT_TRUE(client.created("/a"));
  const int before = client.replies;
  client.sync();
  rig_->run(300);
  EXPECT_EQ(client.replies, before + 1);
  rig_->cut_off(3);
  client.sync();
  rig_->run(5000);
  EXPECT_EQ(client.replies, before + 1);
}

// An observer missed what was committed between its history and UPTODATE.
TEST_F(BugSchedules, Zookeeper1551AnObserverJoinsUnderLoad) {
  boot(3, 1);
  EnsembleRig::Client& client = client_at(3);
  rig_->kill(4);
  make_nodes(client, "/a", 5);
  rig_->start(4);
  for (int i = 0; i < 1500 && !rig_->follows(4, 3); ++i) {
    client.create("/load" + std::to_string(i));
    rig_->run(1);
  }
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_FALSE(rig_->was_noted("leader 3 sent")) << rig_->describe();
}

}  // namespace
}  // namespace zoetrope::sim
