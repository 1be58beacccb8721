// Fast leader election, rule by rule, with messages made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "core/zab/election.hpp"
#include "tests/unit/zab/election_world.hpp"

namespace zoetrope::zab {
namespace {

using quorum::Notification;
using quorum::PeerState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr PeerState kLooking = PeerState::kLooking;
constexpr PeerState kFollowing = PeerState::kFollowing;
constexpr PeerState kLeading = PeerState::kLeading;
constexpr PeerState kObserving = PeerState::kObserving;

struct Said {
  PeerState state;
  int64_t leader;
  int64_t zxid;
  int64_t epoch;
  int64_t round;
};

Notification notification(const Said& said, int32_t version = 2) {
  Notification n;
  n.state = said.state;
  n.leader = ServerId(said.leader);
  n.zxid = Zxid(said.zxid);
  n.peer_epoch = said.epoch;
  n.election_epoch = said.round;
  n.version = version;
  return n;
}

// One server, with what it sends to others; what it sends to itself is looped back.
class FastElectionTest : public ::testing::Test {
 protected:
  void make(int64_t self, const quorum::Ensemble& ensemble, Candidacy candidacy = {}) {
    self_ = ServerId(self);
    election_ = make_fast_election({.self = self_});
    election_->set_ensembles(ensemble, nullptr, now_, out_);
    EXPECT_THAT(out_, IsEmpty());
    begin(candidacy);
  }
  void make(int64_t self, int64_t servers, int64_t zxid = 0, int64_t epoch = 0) {
    make(self, majority_ensemble(servers), {.last_logged = Zxid(zxid), .current_epoch = epoch});
  }
  void begin(const Candidacy& candidacy) {
    election_->begin(candidacy, now_, out_);
    loop_back();
  }
  void hear(int64_t from, const Said& said, int32_t version = 2) {
    sent_.clear();
    election_->receive(ServerId(from), notification(said, version), now_, out_);
    loop_back();
  }
  void pass_ms(int64_t ms, bool delivered = true) {
    const MonotonicTime end = now_ + Duration::from_ms(ms);
    sent_.clear();
    while (election_->next_deadline().has_value() && *election_->next_deadline() <= end) {
      now_ = *election_->next_deadline();
      election_->tick(now_, delivered, out_);
      loop_back();
    }
    now_ = end;
  }
  void stop_waiting(const std::set<int64_t>& out_of_reach) {
    election_->stop_waiting([&](ServerId id) { return out_of_reach.contains(id.value); }, out_);
    loop_back();
  }
  void loop_back() {
    for (size_t i = 0; i < out_.size(); ++i) {
      const ElectionMessage message = out_[i];
      if (message.to == self_) {
        election_->receive(self_, message.notification, now_, out_);
      } else {
        sent_.push_back(message);
      }
    }
    out_.clear();
  }
  std::vector<int64_t> receivers() const {
    std::vector<int64_t> ids;
    for (const ElectionMessage& message : sent_) ids.push_back(message.to.value);
    return ids;
  }
  void expect_sent(const std::vector<int64_t>& to, const Said& said) {
    EXPECT_EQ(receivers(), to);
    for (const ElectionMessage& message : sent_) {
      const Notification& n = message.notification;
      EXPECT_EQ(n.state, said.state);
      EXPECT_EQ(n.leader.value, said.leader);
      EXPECT_EQ(n.zxid.value, said.zxid);
      EXPECT_EQ(n.peer_epoch, said.epoch);
      EXPECT_EQ(n.election_epoch, said.round);
    }
  }
  bool is_decided() const { return election_->decision().has_value(); }
  void expect_decision(PeerState state, int64_t leader) {
    ASSERT_TRUE(is_decided());
    EXPECT_EQ(election_->decision()->state, state);
    EXPECT_EQ(election_->decision()->leader.value, leader);
    EXPECT_EQ(election_->decision()->vote.leader.value, leader);
  }

  ServerId self_;
  MonotonicTime now_ = MonotonicTime::from_ms(1'000);
  std::unique_ptr<Election> election_;
  std::vector<ElectionMessage> out_;
  std::vector<ElectionMessage> sent_;
};

TEST_F(FastElectionTest, BeginsARoundByProposingItselfToAllVoters) {
  make(2, 3, 7, 5);
  expect_sent({1, 3}, {kLooking, 2, 7, 5, 1});
  sent_.clear();
  begin({.last_logged = Zxid(8), .current_epoch = 6});
  expect_sent({1, 3}, {kLooking, 2, 8, 6, 2});
  EXPECT_EQ(election_->round(), 2);
}

TEST_F(FastElectionTest, ABetterVoteIsAdoptedAndTold) {
  make(2, 3, 7, 5);
  hear(3, {kLooking, 3, 7, 5, 1});
  expect_sent({1, 3}, {kLooking, 3, 7, 5, 1});
}

// KB-23: an id does not make up for a lower epoch, nor a zxid.
TEST_F(FastElectionTest, AWorseVoteIsNot) {
  make(2, 5, 7, 5);
  hear(3, {kLooking, 3, 7, 4, 1});
  expect_sent({3}, {kLooking, 2, 7, 5, 1});
  hear(3, {kLooking, 3, 9, 4, 1});
  expect_sent({3}, {kLooking, 2, 7, 5, 1});
  hear(1, {kLooking, 1, 7, 5, 1});
  expect_sent({1}, {kLooking, 2, 7, 5, 1});
}

TEST_F(FastElectionTest, AVoteThatIsAsGoodIsNotAnswered) {
  make(2, 5, 7, 5);
  hear(3, {kLooking, 2, 7, 5, 1});
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(FastElectionTest, AQuorumDecidesOnlyAfterTheFinalizeWait) {
  make(3, 3);
  hear(1, {kLooking, 3, 0, 0, 1});
  pass_ms(199);
  EXPECT_FALSE(is_decided());
  pass_ms(1);
  expect_decision(kLeading, 3);
  EXPECT_FALSE(election_->next_deadline().has_value());
}

TEST_F(FastElectionTest, TheWaitEndsWhenAllHaveVoted) {
  make(3, 3);
  hear(1, {kLooking, 3, 0, 0, 1});
  stop_waiting({});
  EXPECT_FALSE(is_decided());
  hear(2, {kLooking, 3, 0, 0, 1});
  stop_waiting({});
  expect_decision(kLeading, 3);
}

TEST_F(FastElectionTest, OrWhenThoseWhoHaveNotAreOutOfReach) {
  make(2, 5);
  stop_waiting({1, 3, 4, 5});
  EXPECT_FALSE(is_decided());  // no quorum
  hear(1, {kLooking, 2, 0, 0, 1});
  hear(3, {kLooking, 2, 0, 0, 1});
  stop_waiting({4});
  EXPECT_FALSE(is_decided());
  stop_waiting({4, 5});
  expect_decision(kLeading, 2);
}

TEST_F(FastElectionTest, OneThatVotesOtherwiseIsWaitedFor) {
  make(2, 3);
  hear(1, {kLooking, 2, 0, 0, 1});
  hear(3, {kFollowing, 1, 0, 0, 1});
  stop_waiting({});
  EXPECT_FALSE(is_decided());
}

TEST_F(FastElectionTest, ABetterVoteBreaksOffTheWait) {
  make(2, 5);
  hear(1, {kLooking, 2, 0, 0, 1});
  hear(3, {kLooking, 2, 0, 0, 1});
  pass_ms(150);
  hear(5, {kLooking, 5, 0, 0, 1});
  expect_sent({1, 3, 4, 5}, {kLooking, 5, 0, 0, 1});
  pass_ms(190);
  EXPECT_FALSE(is_decided());
  hear(1, {kLooking, 5, 0, 0, 1});
  pass_ms(200);
  expect_decision(kFollowing, 5);
}

// Not thrown away: counted when the wait is broken off, answered when it is over.
TEST_F(FastElectionTest, AWorseVoteOfALargerRoundIsHeldBackWhileWaiting) {
  make(3, 5);
  hear(1, {kLooking, 3, 0, 0, 1});
  hear(2, {kLooking, 3, 0, 0, 1});
  hear(4, {kLooking, 1, 0, 0, 9});
  EXPECT_THAT(sent_, IsEmpty());
  const std::unique_ptr<Election> other = election_->clone();
  pass_ms(200);
  expect_decision(kLeading, 3);
  expect_sent({4}, {kLeading, 3, 0, 0, 1});

  election_ = other->clone();
  hear(5, {kLooking, 5, 0, 0, 1});
  EXPECT_EQ(election_->round(), 9);
  ASSERT_FALSE(sent_.empty());
  EXPECT_EQ(sent_.back().notification.election_epoch, 9);
}

TEST_F(FastElectionTest, ALargerRoundIsAdoptedWithTheBetterOfTheVoteAndItself) {
  make(2, 5, 7, 5);
  hear(1, {kLooking, 1, 6, 5, 4});
  expect_sent({1, 3, 4, 5}, {kLooking, 2, 7, 5, 4});
  hear(3, {kLooking, 3, 8, 5, 6});
  expect_sent({1, 3, 4, 5}, {kLooking, 3, 8, 5, 6});
  // The proposal of an earlier round is no part of it.
  hear(1, {kLooking, 1, 6, 5, 7});
  expect_sent({1, 3, 4, 5}, {kLooking, 2, 7, 5, 7});
}

TEST_F(FastElectionTest, VotesOfAnEarlierRoundDoNotCount) {
  make(3, 5);
  hear(1, {kLooking, 3, 0, 0, 1});
  hear(2, {kLooking, 1, 0, 0, 2});
  EXPECT_EQ(election_->round(), 2);
  hear(4, {kLooking, 3, 0, 0, 2});
  pass_ms(1'000);
  EXPECT_FALSE(is_decided());
}

TEST_F(FastElectionTest, ASmallerRoundIsIgnoredAndAnswered) {
  make(2, 3, 7, 5);
  hear(1, {kLooking, 1, 0, 0, 4});
  hear(3, {kLooking, 3, 9, 9, 3});
  expect_sent({3}, {kLooking, 2, 7, 5, 4});
  EXPECT_EQ(election_->round(), 4);
}

TEST_F(FastElectionTest, RepeatsItselfEverLessOften) {
  make(1, 3);
  for (int64_t wait = 200; wait <= 60'000; wait = std::min<int64_t>(2 * wait, 60'001)) {
    pass_ms(wait - 1);
    EXPECT_THAT(sent_, IsEmpty()) << wait;
    pass_ms(1);
    expect_sent({2, 3}, {kLooking, 1, 0, 0, 1});
  }
  pass_ms(60'000);
  pass_ms(60'000);
  expect_sent({2, 3}, {kLooking, 1, 0, 0, 1});
}

TEST_F(FastElectionTest, DoesNotRepeatWhatStillWaitsInAllConnections) {
  make(1, 3);
  pass_ms(200, false);
  EXPECT_THAT(sent_, IsEmpty());
  pass_ms(399);
  EXPECT_THAT(sent_, IsEmpty());
  pass_ms(1);
  EXPECT_THAT(receivers(), ElementsAre(2, 3));
}

TEST_F(FastElectionTest, IsQuickAgainOnceItHasLearntSomething) {
  make(1, 5);
  pass_ms(30'000);
  hear(2, {kLooking, 2, 0, 0, 1});
  pass_ms(200);
  EXPECT_THAT(receivers(), ElementsAre(2, 3, 4, 5));
  pass_ms(30'000);
  hear(3, {kFollowing, 5, 0, 1, 7});
  pass_ms(200);
  EXPECT_THAT(receivers(), ElementsAre(2, 3, 4, 5));
}

// ZOOKEEPER-975, KB-24.
TEST_F(FastElectionTest, OneLeadingServerIsNotBelieved) {
  make(1, 5);
  hear(3, {kLeading, 3, 0, 1, 1});
  hear(3, {kLeading, 3, 0, 1, 1});
  hear(3, {kLeading, 3, 0, 1, 5});
  EXPECT_FALSE(is_decided());
}

TEST_F(FastElectionTest, AQuorumThatFollowsIsNotBelievedWithoutItsLeader) {
  make(1, 5);
  hear(2, {kFollowing, 5, 0, 1, 3});
  hear(3, {kFollowing, 5, 0, 1, 3});
  hear(4, {kFollowing, 5, 0, 1, 3});
  EXPECT_FALSE(is_decided());
  hear(5, {kLooking, 5, 0, 1, 1});
  EXPECT_FALSE(is_decided());
  hear(5, {kLeading, 5, 0, 1, 3});
  expect_decision(kFollowing, 5);
  EXPECT_EQ(election_->round(), 3);
  EXPECT_EQ(election_->decision()->vote.election_epoch, 3);
}

TEST_F(FastElectionTest, LateComersMayHearOfDifferentRoundsAndZxids) {
  make(1, 3);
  hear(2, {kFollowing, 3, 4, 1, 3});
  hear(3, {kLeading, 3, 9, 1, 8});
  expect_decision(kFollowing, 3);
}

TEST_F(FastElectionTest, ButNotOfDifferentEpochs) {
  make(1, 5);
  hear(2, {kFollowing, 3, 4, 1, 3});
  hear(3, {kLeading, 3, 4, 2, 8});
  EXPECT_FALSE(is_decided());
  hear(2, {kFollowing, 3, 4, 2, 3});
  expect_decision(kFollowing, 3);
}

TEST_F(FastElectionTest, OfAnOldServerOnlyTheLeaderCounts) {
  make(1, 3);
  hear(2, {kFollowing, 3, 4, 0, 3}, 0);
  hear(3, {kLeading, 3, 4, 2, 8});
  expect_decision(kFollowing, 3);
}

// In the round that a server is in, one vote of a LOOKING and one of a LEADING server will do.
TEST_F(FastElectionTest, WithinTheRoundAllVotesCountTogether) {
  make(1, 5, 0, 0);
  hear(2, {kLooking, 5, 0, 0, 1});
  hear(3, {kFollowing, 5, 0, 0, 1});
  EXPECT_FALSE(is_decided());
  hear(5, {kLeading, 5, 0, 0, 1});
  expect_decision(kFollowing, 5);
}

TEST_F(FastElectionTest, MayBeToldThatItLeadsOnlyInItsOwnRound) {
  make(3, 3);
  hear(1, {kFollowing, 3, 0, 0, 4});
  hear(2, {kFollowing, 3, 0, 0, 4});
  EXPECT_FALSE(is_decided());
  make(3, 3);
  hear(1, {kFollowing, 3, 0, 0, 1});
  hear(2, {kFollowing, 3, 0, 0, 1});
  expect_decision(kLeading, 3);
}

// Two of three survivors of five voted with one that has died since; the third voted too late.
TEST_F(FastElectionTest, WhoeverCompletesTheQuorumOfALeaderFollowsIt) {
  make(2, 5, 10, 1);
  hear(3, {kFollowing, 4, 10, 1, 7});
  EXPECT_FALSE(is_decided()) << "the leader has not said that it leads";
  hear(4, {kLeading, 4, 10, 1, 7});
  expect_decision(kFollowing, 4);
}

TEST_F(FastElectionTest, WhoeverHasMoreThanALeaderWithoutQuorumDoesNotFollowIt) {
  make(2, 5, 11, 1);
  hear(3, {kFollowing, 4, 10, 1, 7});
  hear(4, {kLeading, 4, 10, 1, 7});
  EXPECT_FALSE(is_decided());
}

TEST_F(FastElectionTest, AServerWithALeaderAnswersLookingServersOnly) {
  make(1, 3);
  hear(2, {kFollowing, 3, 6, 0, 4});
  hear(3, {kLeading, 3, 6, 0, 4});
  expect_decision(kFollowing, 3);
  hear(2, {kLooking, 2, 0, 0, 9});
  expect_sent({2}, {kFollowing, 3, 6, 0, 4});
  hear(3, {kLeading, 3, 0, 0, 9});
  EXPECT_THAT(sent_, IsEmpty());
  // Established: the epoch of the recorded vote is the new one.
  Vote vote = election_->decision()->vote;
  vote.peer_epoch = 1;
  election_->settle(vote, kFollowing);
  hear(2, {kLooking, 2, 0, 0, 9});
  expect_sent({2}, {kFollowing, 3, 6, 1, 4});
  EXPECT_FALSE(election_->next_deadline().has_value());
}

TEST_F(FastElectionTest, ServersWithoutAVoteAreAnsweredAndNotCounted) {
  make(1, majority_ensemble(3, 1), {});
  hear(4, {kLooking, 3, 9, 9, 7});
  expect_sent({4}, {kLooking, 1, 0, 0, 1});
  hear(4, {kObserving, 3, 9, 9, 7});
  EXPECT_THAT(sent_, IsEmpty());
  hear(99, {kLooking, quorum::kNoVote, quorum::kNoVote, quorum::kNoVote, 1});
  expect_sent({99}, {kLooking, 1, 0, 0, 1});
  EXPECT_EQ(election_->round(), 1);
}

TEST_F(FastElectionTest, VotesForServersWithoutAVoteAreIgnored) {
  make(1, majority_ensemble(3, 1), {});
  hear(2, {kLooking, 4, 9, 9, 7});
  hear(3, {kLooking, 99, 9, 9, 7});
  EXPECT_THAT(sent_, IsEmpty());
  hear(2, {kFollowing, 99, 9, 9, 1});
  hear(3, {kFollowing, 99, 9, 9, 1});
  EXPECT_FALSE(is_decided());
}

TEST_F(FastElectionTest, ObservingServersAreIgnored) {
  make(1, 5);
  hear(2, {kObserving, 3, 0, 0, 1});
  hear(3, {kLeading, 3, 0, 0, 1});
  EXPECT_FALSE(is_decided());
}

TEST_F(FastElectionTest, AnObserverProposesNobodyAndObservesWhomVotersElect) {
  make(4, majority_ensemble(3, 1), {.may_vote = false});
  expect_sent({1, 2, 3}, {kLooking, quorum::kNoVote, quorum::kNoVote, quorum::kNoVote, 1});
  hear(1, {kLooking, 3, 0, 0, 1});
  hear(2, {kLooking, 3, 0, 0, 1});
  pass_ms(200);
  expect_decision(kObserving, 3);
}

TEST_F(FastElectionTest, AServerOutsideOfTheConfigurationFollowsWithoutAVote) {
  make(9, 3);
  expect_sent({1, 2, 3}, {kLooking, quorum::kNoVote, quorum::kNoVote, quorum::kNoVote, 1});
  hear(1, {kFollowing, 3, 0, 1, 5});
  hear(3, {kLeading, 3, 0, 1, 5});
  expect_decision(kFollowing, 3);
}

TEST_F(FastElectionTest, AnUnverifiedDatabaseNeitherElectsNorIsElected) {
  make(3, 3, -1);
  hear(1, {kLooking, 3, -1, 0, 1});
  hear(2, {kLooking, 2, 5, 5, 4});
  EXPECT_EQ(election_->round(), 1);
  pass_ms(1'000);
  EXPECT_FALSE(is_decided());
  hear(1, {kFollowing, 2, 5, 5, 4});
  hear(2, {kLeading, 2, 5, 5, 4});
  expect_decision(kFollowing, 2);

  make(1, 3, 0);
  hear(3, {kLooking, 3, -1, 9, 4});
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_EQ(election_->round(), 1);
}

TEST_F(FastElectionTest, AnImpossibleRoundIsIgnored) {
  make(1, 3);
  hear(3, {kLooking, 3, 0, 0, INT64_MAX});
  hear(3, {kLeading, 3, 0, 0, INT64_MAX});
  EXPECT_EQ(election_->round(), 1);
  hear(3, {kLooking, 3, 0, 0, INT64_MIN});
  EXPECT_EQ(election_->round(), 1);
}

TEST_F(FastElectionTest, ANewConfigurationBeginsTheRoundAnew) {
  make(2, 3);
  hear(1, {kLooking, 2, 0, 0, 1});
  quorum::Ensemble next = majority_ensemble(5);
  next.version = 1;
  sent_.clear();
  election_->set_ensembles(majority_ensemble(3), &next, now_, out_);
  loop_back();
  expect_sent({1, 3, 4, 5}, {kLooking, 2, 0, 0, 2});
  hear(1, {kLooking, 2, 0, 0, 2});
  pass_ms(1'000);
  EXPECT_FALSE(is_decided());
  hear(4, {kLooking, 2, 0, 0, 2});
  pass_ms(200);
  expect_decision(kLeading, 2);
  // With a leader, nothing begins.
  election_->set_ensembles(next, nullptr, now_, out_);
  EXPECT_THAT(out_, IsEmpty());
  EXPECT_TRUE(is_decided());
}

// They follow a leader that has not the configuration that is proposed here.
TEST_F(FastElectionTest, AQuorumInForceThatFollowsIsEnoughToFollow) {
  make(4, 3, 9, 1);
  quorum::Ensemble next = majority_ensemble(5);
  next.version = 1;
  election_->set_ensembles(majority_ensemble(3), &next, now_, out_);
  loop_back();
  hear(1, {kLeading, 1, 5, 2, 1});
  EXPECT_FALSE(is_decided());
  hear(2, {kFollowing, 1, 5, 2, 1});
  expect_decision(kFollowing, 1);
}

TEST_F(FastElectionTest, WhoMayBeElectedElsewhereIsVotedFor) {
  make(1, 3);
  hear(2, {kLooking, 5, 9, 0, 1});
  expect_sent({2}, {kLooking, 1, 0, 0, 1});
  const quorum::Ensemble rumoured = majority_ensemble(5);
  election_->set_rumoured(&rumoured, now_, out_);
  hear(2, {kLooking, 5, 9, 0, 1});
  expect_sent({2, 3, 4, 5}, {kLooking, 5, 9, 0, 1});
  // It has no vote here all the same.
  hear(5, {kLooking, 5, 9, 0, 1});
  pass_ms(1'000);
  expect_decision(kFollowing, 5);
}

TEST_F(FastElectionTest, ACandidateThatIsNoneAnyMoreEndsTheRound) {
  make(1, 3);
  const quorum::Ensemble rumoured = majority_ensemble(5);
  election_->set_rumoured(&rumoured, now_, out_);
  hear(2, {kLooking, 5, 9, 0, 1});
  sent_.clear();
  const quorum::Ensemble other = majority_ensemble(4);
  election_->set_rumoured(&other, now_, out_);
  loop_back();
  EXPECT_EQ(election_->round(), 2);
  pass_ms(1'000);
  EXPECT_FALSE(is_decided());
}

TEST_F(FastElectionTest, ToTheSameQuestionTheSameIsSaidOnceInAWhile) {
  make(2, 3);
  hear(7, {kLooking, 7, 9, 9, 4});  // a stranger, who takes this server for one
  expect_sent({7}, {kLooking, 2, 0, 0, 1});
  hear(7, {kLooking, 7, 9, 9, 4});
  EXPECT_THAT(sent_, IsEmpty());
  hear(7, {kLooking, 7, 9, 9, 5});  // another question
  expect_sent({7}, {kLooking, 2, 0, 0, 1});
  hear(3, {kLooking, 3, 0, 0, 1});  // another answer
  hear(7, {kLooking, 7, 9, 9, 5});
  expect_sent({7}, {kLooking, 3, 0, 0, 1});
  pass_ms(200);
  hear(7, {kLooking, 7, 9, 9, 5});
  EXPECT_THAT(receivers(), ElementsAre(7));
}

TEST_F(FastElectionTest, AServerAloneElectsItself) {
  make(1, 1);
  pass_ms(200);
  expect_decision(kLeading, 1);
}

TEST_F(FastElectionTest, SaysNothingBeforeItBegins) {
  election_ = make_fast_election({.self = ServerId(1)});
  election_->set_ensembles(majority_ensemble(3), nullptr, now_, out_);
  election_->receive(ServerId(2), notification({kLooking, 2, 0, 0, 1}), now_, out_);
  EXPECT_THAT(out_, IsEmpty());
}

TEST_F(FastElectionTest, FingerprintsTellStatesApart) {
  make(1, 3);
  const std::unique_ptr<Election> same = election_->clone();
  EXPECT_EQ(election_->fingerprint(), same->fingerprint());
  hear(2, {kLooking, 1, 0, 0, 1});
  EXPECT_NE(election_->fingerprint(), same->fingerprint());
}

}  // namespace
}  // namespace zoetrope::zab
