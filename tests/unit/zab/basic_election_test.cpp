// The basic election, rule by rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/zab/election.hpp"
#include "tests/unit/zab/election_world.hpp"

namespace zoetrope::zab {
namespace {

using quorum::kNoVote;
using quorum::Notification;
using quorum::PeerState;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class BasicElectionTest : public ::testing::Test {
 protected:
  void make(int64_t self, const quorum::Ensemble& ensemble, const Candidacy& candidacy) {
    election_ = make_basic_election({.self = ServerId(self)});
    election_->set_ensembles(ensemble, nullptr, now_, sent_);
    EXPECT_THAT(sent_, IsEmpty());
    election_->begin(candidacy, now_, sent_);
  }
  // The answer of a server that votes for `leader`, to the latest question unless said otherwise.
  void answer(int64_t from, int64_t leader, int64_t zxid = 0, PeerState state = PeerState::kLooking,
              int64_t late = 0) {
    Notification n;
    n.state = state;
    n.leader = ServerId(leader);
    n.zxid = Zxid(zxid);
    n.election_epoch = election_->round() - late;
    sent_.clear();
    election_->receive(ServerId(from), n, now_, sent_);
    EXPECT_THAT(sent_, IsEmpty());
  }
  // What the server says its vote is; kNoVote when it stays silent.
  int64_t vote() {
    Notification question;
    question.leader = ServerId(kNoVote);
    question.election_epoch = 77;
    std::vector<ElectionMessage> out;
    election_->receive(ServerId(99), question, now_, out);
    if (out.empty()) return kNoVote;
    EXPECT_EQ(out[0].to, ServerId(99));
    EXPECT_EQ(out[0].notification.election_epoch, 77);
    return out[0].notification.leader.value;
  }
  void end_turn() {
    ASSERT_TRUE(election_->next_deadline().has_value());
    now_ = *election_->next_deadline();
    sent_.clear();
    election_->tick(now_, true, sent_);
  }
  bool is_decided() const { return election_->decision().has_value(); }

  MonotonicTime now_;
  std::unique_ptr<Election> election_;
  std::vector<ElectionMessage> sent_;
};

TEST_F(BasicElectionTest, AsksEveryOtherVoter) {
  make(1, majority_ensemble(3, 1), {});
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(sent_[0].to, ServerId(2));
  EXPECT_EQ(sent_[1].notification.leader, ServerId(kNoVote));
  EXPECT_EQ(sent_[1].notification.election_epoch, 1);
  EXPECT_EQ(vote(), 1);
  end_turn();
  ASSERT_THAT(sent_, SizeIs(2));
  EXPECT_EQ(sent_[0].notification.election_epoch, 2);
}

TEST_F(BasicElectionTest, AdoptsTheBestVoteAndDecidesOnceAMajorityAgrees) {
  make(1, majority_ensemble(3), {});
  answer(2, 2, 5);
  answer(3, 3, 4);
  EXPECT_FALSE(is_decided());
  end_turn();
  EXPECT_EQ(vote(), 2);
  answer(2, 2, 5);
  EXPECT_FALSE(is_decided());
  answer(3, 2, 5);
  ASSERT_TRUE(is_decided());
  EXPECT_EQ(election_->decision()->leader, ServerId(2));
  EXPECT_EQ(election_->decision()->state, PeerState::kFollowing);
  EXPECT_EQ(election_->decision()->vote.zxid, Zxid(5));
}

TEST_F(BasicElectionTest, WithoutAllAnswersAMajorityDecidesAtTheEndOfTheTurn) {
  make(3, majority_ensemble(3), {});
  answer(2, 3);
  EXPECT_FALSE(is_decided());
  end_turn();
  ASSERT_TRUE(is_decided());
  EXPECT_EQ(election_->decision()->state, PeerState::kLeading);
}

TEST_F(BasicElectionTest, VotesForASilentServerAreLeftOut) {
  make(1, majority_ensemble(3), {});
  answer(2, 3, 9);
  end_turn();
  EXPECT_EQ(vote(), 1);
}

TEST_F(BasicElectionTest, AVoteOutlivesASilentTurnButNotThree) {
  make(1, majority_ensemble(3), {});
  answer(2, 2, 1);
  answer(3, 3, 9);
  end_turn();
  EXPECT_EQ(vote(), 3);
  answer(2, 3, 9);
  end_turn();
  EXPECT_EQ(vote(), 3);
  EXPECT_FALSE(is_decided());
  answer(2, 3, 9);
  end_turn();
  answer(2, 2, 1);
  end_turn();
  EXPECT_EQ(vote(), 2);
}

TEST_F(BasicElectionTest, LateAnswersDoNotCount) {
  make(3, majority_ensemble(3), {});
  end_turn();
  answer(1, 3, 0, PeerState::kLooking, 1);
  answer(2, 3, 0, PeerState::kLooking, 1);
  end_turn();
  EXPECT_FALSE(is_decided());
}

TEST_F(BasicElectionTest, JoinsAnEstablishedLeaderThoughItHasABetterLog) {
  make(3, majority_ensemble(3), {.last_logged = Zxid(99)});
  answer(1, 1, 5, PeerState::kLeading);
  answer(2, 1, 5, PeerState::kFollowing);
  ASSERT_TRUE(is_decided());
  EXPECT_EQ(election_->decision()->leader, ServerId(1));
}

// KB-24: others may go on following a server that follows somebody else by now.
TEST_F(BasicElectionTest, NobodyLeadsWhoDoesNotVoteForItself) {
  make(3, majority_ensemble(5), {});
  for (int64_t id : {2, 4, 5}) answer(id, 1, 5, PeerState::kFollowing);
  end_turn();
  EXPECT_FALSE(is_decided());
  for (int64_t id : {2, 4, 5}) answer(id, 1, 5, PeerState::kFollowing);
  answer(1, 2, 5, PeerState::kFollowing);
  end_turn();
  EXPECT_FALSE(is_decided());
}

TEST_F(BasicElectionTest, WaitsLongerWhileNoQuorumAnswers) {
  make(1, majority_ensemble(3), {});
  for (int64_t ms : {200, 400, 800, 1600, 3200, 3200}) {
    const MonotonicTime began = now_;
    end_turn();
    EXPECT_EQ((now_ - began).ms(), ms);
  }
  answer(2, 2);
  EXPECT_EQ((*election_->next_deadline() - now_).ms(), 200);
}

TEST_F(BasicElectionTest, WithoutAVoteItStaysSilent) {
  make(4, majority_ensemble(3, 1), {.may_vote = false});
  EXPECT_EQ(vote(), kNoVote);
  answer(1, 3);
  answer(2, 3);
  answer(3, 3);
  ASSERT_TRUE(is_decided());
  EXPECT_EQ(election_->decision()->state, PeerState::kObserving);
  EXPECT_EQ(vote(), 3);
  make(1, majority_ensemble(3), {.last_logged = Zxid(-1)});
  EXPECT_EQ(vote(), kNoVote);
}

TEST_F(BasicElectionTest, AnswersWithTheSettledVoteAndAsksNoMore) {
  make(1, majority_ensemble(3), {});
  election_->settle({ServerId(3), Zxid(4), 5, 0}, PeerState::kFollowing);
  EXPECT_EQ(vote(), 3);
  EXPECT_FALSE(election_->next_deadline().has_value());
}

}  // namespace
}  // namespace zoetrope::zab
