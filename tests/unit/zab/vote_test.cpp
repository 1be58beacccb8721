#include "core/zab/vote.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/zab/electorate.hpp"
#include "tests/unit/zab/election_world.hpp"

namespace zoetrope::zab {
namespace {

using quorum::PeerState;

Vote vote(int64_t leader, int64_t zxid, int64_t epoch, int64_t round = 1) {
  return {ServerId(leader), Zxid(zxid), epoch, round};
}

// KB-23: a total order over epoch, zxid and id, in that order.
TEST(Vote, OrderIsTotalAndLexicographic) {
  std::vector<Vote> ascending;
  for (int64_t epoch : {INT64_MIN, int64_t{-1}, int64_t{0}, int64_t{1}}) {
    for (int64_t zxid : {INT64_MIN, int64_t{0}, int64_t{5}}) {
      for (int64_t id : {1, 2, 3}) ascending.push_back(vote(id, zxid, epoch));
    }
  }
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(ascending[i].beats(ascending[j]), i > j) << i << " " << j;
    }
  }
}

TEST(Vote, RoundDoesNotMakeItBetter) {
  EXPECT_FALSE(vote(1, 1, 1, 9).beats(vote(1, 1, 1, 1)));
  EXPECT_FALSE(vote(1, 1, 1, 1).beats(vote(1, 1, 1, 9)));
}

TEST(Vote, WithALookingServerAllFieldsCount) {
  const CastVote looking{.vote = vote(1, 2, 3, 4)};
  for (PeerState state : {PeerState::kLooking, PeerState::kFollowing, PeerState::kLeading}) {
    const auto agrees = [&](const Vote& other) {
      const CastVote cast{.vote = other, .state = state, .version = 2};
      EXPECT_EQ(looking.agrees_with(cast), cast.agrees_with(looking));
      return looking.agrees_with(cast);
    };
    EXPECT_TRUE(agrees(vote(1, 2, 3, 4)));
    EXPECT_FALSE(agrees(vote(2, 2, 3, 4)));
    EXPECT_FALSE(agrees(vote(1, 3, 3, 4)));
    EXPECT_FALSE(agrees(vote(1, 2, 4, 4)));
    EXPECT_FALSE(agrees(vote(1, 2, 3, 5)));
  }
}

TEST(Vote, AmongServersWithALeaderItsIdAndEpochCount) {
  const CastVote following{.vote = vote(1, 2, 3, 4), .state = PeerState::kFollowing, .version = 2};
  CastVote other{.vote = vote(1, 9, 3, 8), .state = PeerState::kLeading, .version = 1};
  EXPECT_TRUE(following.agrees_with(other));
  other.vote.peer_epoch = 4;
  EXPECT_FALSE(following.agrees_with(other));
  // An old form on one side alone: its peer epoch says nothing.
  other.version = 0;
  EXPECT_TRUE(following.agrees_with(other));
  other.vote.leader = ServerId(2);
  EXPECT_FALSE(following.agrees_with(other));
}

TEST(Electorate, QuorumsOfBothConfigurationsCountWhileTheNextIsNewer) {
  quorum::Ensemble current = majority_ensemble(3);
  quorum::Ensemble next = majority_ensemble(5);
  next.version = 7;
  const auto has = [](ServerId id) { return id.value <= 2; };
  EXPECT_TRUE(Electorate(current, nullptr).has_all_quorums(has));
  EXPECT_FALSE(Electorate(current, &next).has_all_quorums(has));
  EXPECT_TRUE(Electorate(current, &next).has_all_quorums([](ServerId id) { return id.value < 4; }));
  EXPECT_FALSE(
      Electorate(current, &next).has_all_quorums([](ServerId id) { return id.value > 2; }));
  EXPECT_EQ(Electorate(current, &next).voters().size(), 5);
  current.version = 7;
  EXPECT_EQ(Electorate(current, &next).voters().size(), 3);
}

TEST(Electorate, ServersOfWeightZeroNeverWin) {
  quorum::Ensemble ensemble = majority_ensemble(6);
  for (int64_t i = 1; i <= 6; ++i) ensemble.group_of[ServerId(i)] = (i + 1) / 2;
  ensemble.weights[ServerId(6)] = 0;
  const Electorate electorate(ensemble, nullptr);
  EXPECT_FALSE(electorate.beats(vote(6, 9, 9), vote(1, 0, 0)));
  EXPECT_TRUE(electorate.beats(vote(1, 0, 0), vote(6, 9, 9)));
  EXPECT_FALSE(electorate.beats(vote(6, 9, 9), vote(6, 0, 0)));
  EXPECT_FALSE(electorate.beats(vote(99, 9, 9), vote(1, 0, 0)));
  EXPECT_TRUE(electorate.beats(vote(2, 0, 0), vote(1, 0, 0)));
}

// A joiner may win where it has a say, by the weight that the next configuration gives it.
TEST(Electorate, AJoinerMayWin) {
  quorum::Ensemble next = majority_ensemble(4);
  next.version = 1;
  const Electorate electorate(majority_ensemble(3), &next);
  EXPECT_TRUE(electorate.beats(vote(4, 0, 0), vote(3, 0, 0)));
}

}  // namespace
}  // namespace zoetrope::zab
