// Every moment of a server's life comes, in its order and at its server, and what is done at one
// hits exactly there. Server 3 leads a young ensemble of three since its id is the highest.
#include "sim/moment.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/sim/booted_ensemble.hpp"

namespace zoetrope::sim {
namespace {

using enum Moment;

void by_snapshot(ProcessConfig& process) {
  process.server.peer->commit_log_count = 1;
  process.server.peer->role.snapshot_factor_percent = -1;
}

class Moments : public BootedEnsemble {
 protected:
  // Those of one server since the last call of forget(), one after the other.
  std::vector<std::string> of(int server) const {
    std::vector<std::string> names;
    for (const Sighting& sighting : rig_->sightings) {
      if (sighting.server + 1 == static_cast<uint32_t>(server)) {
        names.emplace_back(to_string(sighting.moment));
      }
    }
    return names;
  }
  void forget() { rig_->sightings.clear(); }
  size_t count(Moment moment, int server) const {
    return static_cast<size_t>(std::ranges::count(of(server), to_string(moment)));
  }
  // Whether these moments of these servers came in this order, others between them.
  using Place = std::pair<Moment, int>;
  ::testing::AssertionResult in_order(const std::vector<Place>& places) const {
    size_t next = 0;
    for (const Sighting& sighting : rig_->sightings) {
      if (next < places.size() && places[next].first == sighting.moment &&
          places[next].second == static_cast<int>(sighting.server) + 1) {
        ++next;
      }
    }
    if (next == places.size()) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure()
           << "\"" << to_string(places[next].first) << "\" of server " << places[next].second
           << " does not come after the moments before it";
  }
  // What is done when that moment comes for the first time from now on.
  void at(Moment moment, int server, std::function<void()> act) {
    rig_->on_sighting = [this, moment, server, act = std::move(act)](const Sighting& sighting) {
      const bool is_it =
          sighting.moment == moment && static_cast<int>(sighting.server) + 1 == server;
      if (!is_it) return;
      const auto once = std::exchange(rig_->on_sighting, {});
      act();
    };
  }
};

TEST_F(Moments, NamesGoBothWays) {
  for (size_t i = 0; i < kMomentCount; ++i) {
    const auto moment = static_cast<Moment>(i);
    EXPECT_EQ(parse_moment(to_string(moment)), moment);
  }
  EXPECT_EQ(parse_moment("sneezes"), std::nullopt);
}

TEST_F(Moments, OfALeaderThatIsElected) {
  boot(3);
  EXPECT_EQ(of(3), (std::vector<std::string>{
                       "starts", "looks", "begins a snapshot", "ends a snapshot", "is elected",
                       "writes acceptedEpoch", "writes currentEpoch", "serves"}));
}

TEST_F(Moments, OfAFollowerThatComesToItsLeader) {
  boot(3);
  EXPECT_EQ(of(1),
            (std::vector<std::string>{"starts", "looks", "begins a snapshot", "ends a snapshot",
                                      "follows", "writes acceptedEpoch", "promises an epoch",
                                      "is sent DIFF", "is sent NEWLEADER", "writes currentEpoch",
                                      "acknowledges NEWLEADER", "is sent UPTODATE", "serves"}));
  EXPECT_TRUE(
      in_order({{kIsElected, 3}, {kPromisesEpoch, 1}, {kIsSentNewLeader, 1}, {kServes, 3}}));
}

TEST_F(Moments, OfATransaction) {
  boot(3);
  EnsembleRig::Client& client = client_at(1);
  rig_->run(100);
  forget();
  ASSERT_TRUE(client.created("/a"));
  rig_->run(100);
  for (const int follower : {1, 2}) {
    EXPECT_TRUE(in_order({{kProposes, 3},
                          {kAppends, follower},
                          {kSyncs, follower},
                          {kAcks, follower},
                          {kCommits, follower}}));
    EXPECT_EQ(count(kAcks, follower), 1U);
    EXPECT_EQ(count(kCommits, follower), 1U);
  }
  EXPECT_TRUE(in_order({{kProposes, 3}, {kAcks, 1}, {kCommits, 3}, {kCommits, 1}}));
  EXPECT_EQ(count(kProposes, 3), 1U) << "that it goes to two followers is one proposal";
  EXPECT_EQ(count(kProposes, 1) + count(kAcks, 3), 0U);
}

TEST_F(Moments, OfASnapshotAndTheLogBehindIt) {
  boot(3, 0, [](ProcessConfig& process) { process.server.store.snap_count = 4; });
  EnsembleRig::Client& client = client_at(1);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.created("/n" + std::to_string(i)));
  rig_->run(200);
  EXPECT_TRUE(in_order({{kBeginsLog, 1}, {kAppends, 1}, {kBeginsSnapshot, 1}, {kEndsSnapshot, 1}}));
  EXPECT_TRUE(in_order({{kBeginsSnapshot, 1}, {kBeginsLog, 1}, {kAppends, 1}, {kSyncs, 1}}));
}

TEST_F(Moments, OfAServerThatLosesItsLeader) {
  boot(3);
  forget();
  rig_->kill(3);
  ASSERT_TRUE(rig_->run_until([this] { return rig_->leads(2); })) << rig_->describe();
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_TRUE(in_order({{kStopsServing, 1}, {kLooks, 1}, {kFollows, 1}, {kServes, 1}}));
  EXPECT_TRUE(in_order({{kStopsServing, 2}, {kLooks, 2}, {kIsElected, 2}, {kServes, 2}}));
  EXPECT_TRUE(of(3).empty());
}

TEST_F(Moments, OfAFollowerThatIsSentASnapshot) {
  boot(3, 0, by_snapshot);
  EnsembleRig::Client& client = client_at(3);
  rig_->kill(1);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.created("/n" + std::to_string(i)));
  forget();
  rig_->start(1);
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_TRUE(in_order({{kIsSentSnap, 1}, {kIsSentNewLeader, 1}, {kIsSentUpToDate, 1}}));
  EXPECT_EQ(count(kIsSentDiff, 1) + count(kProposes, 3), 0U);
}

TEST_F(Moments, OfAServerWhoseLogIsCut) {
  boot(3);
  EnsembleRig::Client& other = client_at(1);
  EnsembleRig::Client& client = client_at(3);
  ASSERT_TRUE(other.created("/before"));
  rig_->cut_off(3);
  client.create("/t");
  rig_->run(100);
  rig_->kill(3);
  ASSERT_TRUE(rig_->run_until([this] { return rig_->leads(2); })) << rig_->describe();
  rig_->heal();
  forget();
  rig_->start(3);
  ASSERT_TRUE(converges()) << rig_->describe();
  EXPECT_TRUE(in_order({{kIsSentTrunc, 3}, {kTruncatesLog, 3}, {kAcksNewLeader, 3}}))
      << ::testing::PrintToString(of(3)) << rig_->describe();
}

// --- what is done at a moment hits exactly there -----------------------------------------------

TEST_F(Moments, DeathBetweenTheTwoEpochFiles) {
  boot(3);
  const int64_t epoch = rig_->epoch(1);
  rig_->kill(3);
  at(kWritesAcceptedEpoch, 1, [this] { rig_->kill(1); });
  ASSERT_TRUE(rig_->run_until([this] { return !rig_->runs(1); })) << rig_->describe();
  EXPECT_EQ(rig_->file(1, "acceptedEpoch"), std::to_string(epoch + 1));
  EXPECT_EQ(rig_->file(1, "currentEpoch"), std::to_string(epoch));
  EXPECT_EQ(rig_->sightings.back().moment, kWritesAcceptedEpoch)
      << "nothing comes of a dead server";
}

// Many times, because an operation under way at a death may be done or not.
TEST_F(Moments, DeathAfterTheAppendAndBeforeTheSync) {
  boot(3);
  for (int i = 0; i < 12; ++i) {
    EnsembleRig::Client& client = client_at(3);
    const int64_t acks = static_cast<int64_t>(count(kAcks, 1));
    at(kAppends, 1, [this] { rig_->kill(1); });
    ASSERT_TRUE(client.created("/n" + std::to_string(i))) << rig_->describe();
    ASSERT_FALSE(rig_->runs(1));
    EXPECT_GT(rig_->unsynced_bytes(1), 0U) << "the sync was not even begun";
    EXPECT_EQ(count(kAcks, 1), static_cast<size_t>(acks));
    rig_->start(1);
    ASSERT_TRUE(converges()) << rig_->describe();
  }
}

TEST_F(Moments, DeathOfALeaderBetweenItsFollowers) {
  boot(3);
  EnsembleRig::Client& client = client_at(3);
  at(kProposes, 3, [this] { rig_->kill(3); });
  rig_->run(200);
  forget();
  client.create("/a");
  ASSERT_TRUE(rig_->run_until([this] { return !rig_->runs(3); }));
  rig_->run(3);
  EXPECT_FALSE(rig_->runs(3));
  EXPECT_EQ(count(kAppends, 1) + count(kAppends, 2), 1U) << "one of them alone was sent it";
}

TEST_F(Moments, DeathOfAnotherServerThanTheOneOfTheMoment) {
  boot(3);
  EnsembleRig::Client& client = client_at(3);
  rig_->cut(2, 3);
  forget();
  at(kAcks, 1, [this] { rig_->kill(3); });
  client.create("/a");
  ASSERT_TRUE(rig_->run_until([this] { return !rig_->runs(3); }));
  EXPECT_TRUE(rig_->runs(1));
  EXPECT_EQ(count(kCommits, 3), 0U) << "the ACK does not reach the leader";
}

}  // namespace
}  // namespace zoetrope::sim
