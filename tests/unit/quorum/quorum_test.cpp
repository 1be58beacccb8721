#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "core/quorum/ensemble.hpp"
#include "tests/unit/quorum/random_ensemble.hpp"

namespace zoetrope::quorum {
namespace {

using testing::HasSubstr;

Ensemble ensemble_of(const std::string& text) {
  const auto ensemble = Ensemble::parse(text);
  EXPECT_TRUE(ensemble.has_value()) << ensemble.error();
  return ensemble.value_or(Ensemble{});
}

// `participants` servers from 1 on, then `observers` of them.
Ensemble plain(int participants, int observers = 0) {
  std::string text;
  for (int id = 1; id <= participants + observers; ++id) {
    text += "server." + std::to_string(id) + "=h" + std::to_string(id) + ":1:2" +
            (id > participants ? ":observer\n" : "\n");
  }
  return ensemble_of(text);
}

bool is_quorum(const Ensemble& ensemble, const std::set<int64_t>& ids) {
  return ensemble.is_quorum([&](ServerId id) { return ids.contains(id.value); });
}

// Nine servers in three groups of three, all of weight 1.
Ensemble three_by_three(const std::string& weights = "") {
  std::string text;
  for (int id = 1; id <= 9; ++id) {
    text += "server." + std::to_string(id) + "=h" + std::to_string(id) + ":1:2\n";
  }
  return ensemble_of(text + "group.1=1:2:3\ngroup.2=4:5:6\ngroup.3=7:8:9\n" + weights);
}

TEST(Majority, IsMoreThanHalfOfTheParticipants) {
  EXPECT_FALSE(is_quorum(plain(0), {}));
  EXPECT_FALSE(is_quorum(plain(1), {}));
  EXPECT_TRUE(is_quorum(plain(1), {1}));
  EXPECT_FALSE(is_quorum(plain(2), {1}));
  EXPECT_FALSE(is_quorum(plain(3), {2}));
  EXPECT_TRUE(is_quorum(plain(3), {2, 3}));
  EXPECT_FALSE(is_quorum(plain(4), {1, 2}));
  EXPECT_TRUE(is_quorum(plain(4), {1, 2, 4}));
}

TEST(Majority, ObserversAndStrangersDoNotCount) {
  EXPECT_FALSE(is_quorum(plain(3, 2), {1, 4, 5}));
  EXPECT_FALSE(is_quorum(plain(3), {1, 7, 8}));
  EXPECT_TRUE(is_quorum(plain(3, 2), {1, 3}));
}

TEST(Majority, EveryParticipantWeighsOne) {
  const Ensemble ensemble = plain(2, 1);
  EXPECT_EQ(ensemble.weight(ServerId(2)), 1);
  EXPECT_EQ(ensemble.weight(ServerId(3)), 0);
  EXPECT_EQ(ensemble.weight(ServerId(4)), 0);
}

TEST(Hierarchy, IsMostGroupsByMoreThanHalfOfTheirWeight) {
  const Ensemble ensemble = three_by_three();
  EXPECT_TRUE(is_quorum(ensemble, {1, 2, 4, 5}));
  EXPECT_TRUE(is_quorum(ensemble, {1, 2, 8, 9}));
  // More servers, but only one group.
  EXPECT_FALSE(is_quorum(ensemble, {1, 2, 3, 4, 7}));
  EXPECT_FALSE(is_quorum(ensemble, {1, 2, 3}));
  EXPECT_FALSE(is_quorum(ensemble, {}));
}

TEST(Hierarchy, HalfOfAGroupIsNotEnough) {
  const Ensemble ensemble =
      ensemble_of("server.1=a:1:2\nserver.2=b:1:2\ngroup.1=1:2\nweight.1=2\nweight.2=2");
  EXPECT_FALSE(is_quorum(ensemble, {1}));
  EXPECT_TRUE(is_quorum(ensemble, {1, 2}));
}

TEST(Hierarchy, GroupsWithoutWeightAreLeftOut) {
  const Ensemble ensemble = three_by_three("weight.7=0\nweight.8=0\nweight.9=0\n");
  EXPECT_EQ(ensemble.weight(ServerId(7)), 0);
  EXPECT_EQ(ensemble.weight(ServerId(1)), 1);
  // Two groups are left, and both are needed.
  EXPECT_FALSE(is_quorum(ensemble, {1, 2, 3, 7, 8, 9}));
  EXPECT_TRUE(is_quorum(ensemble, {1, 2, 4, 5}));
}

TEST(Hierarchy, WeightsDecideWithinAGroup) {
  const Ensemble ensemble = three_by_three("weight.1=3\nweight.4=3\n");
  EXPECT_TRUE(is_quorum(ensemble, {1, 4}));
  EXPECT_FALSE(is_quorum(ensemble, {2, 3, 5, 6}));
}

// As upstream: an observer that is given a weight in a group adds to what is needed there.
TEST(Hierarchy, AnObserverInAGroupWeighsButDoesNotVote) {
  const Ensemble ensemble = ensemble_of(
      "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2:observer\n"
      "group.1=1:2:3\nweight.3=1\n");
  EXPECT_FALSE(is_quorum(ensemble, {1, 3}));
  EXPECT_TRUE(is_quorum(ensemble, {1, 2}));
  EXPECT_EQ(ensemble.weight(ServerId(3)), 0);
}

// What makes a quorum a quorum. Every pair of disjoint sets of servers is tried: if one of them is
// a quorum then its complement is none (and so is every part of that, since more servers never
// make less of a quorum).
void check_intersection(const Ensemble& ensemble) {
  std::vector<ServerId> ids;
  for (const auto& [id, member] : ensemble.members) ids.push_back(id);
  const auto chosen = [&](uint32_t set) {
    return ensemble.is_quorum([&](ServerId id) {
      const auto at = std::find(ids.begin(), ids.end(), id) - ids.begin();
      return (set >> at & 1) != 0;
    });
  };
  const uint32_t all = (uint32_t{1} << ids.size()) - 1;
  for (uint32_t set = 0; set <= all; ++set) {
    if (!chosen(set)) continue;
    RC_ASSERT(!chosen(all & ~set));
    for (size_t i = 0; i < ids.size(); ++i) RC_ASSERT(chosen(set | uint32_t{1} << i));
  }
}

RC_GTEST_PROP(Hierarchy, AnyTwoQuorumsIntersect, ()) {
  test::Any any;
  check_intersection(random_ensemble(any, true));
}

RC_GTEST_PROP(Majority, AnyTwoQuorumsIntersect, ()) {
  test::Any any;
  check_intersection(random_ensemble(any, false));
}

TEST(Defect, NoneInUsualEnsembles) {
  EXPECT_EQ(plain(3, 1).defect(), std::nullopt);
  EXPECT_EQ(three_by_three().defect(), std::nullopt);
  // Different machines, each behind its own wildcard or its own proxy.
  EXPECT_EQ(ensemble_of("server.1=a:1:2;2181\nserver.2=b:1:2;2181").defect(), std::nullopt);
  EXPECT_EQ(ensemble_of("server.1=a:1:2;127.0.0.1:2181\nserver.2=b:1:2;127.0.0.1:2181").defect(),
            std::nullopt);
}

TEST(Defect, NamesWhatIsWrong) {
  EXPECT_EQ(plain(0, 2).defect(), "there is no participant among the servers");
  EXPECT_EQ(ensemble_of("server.1=a:0:2").defect(), "server.1 has no quorum port");
  EXPECT_EQ(ensemble_of("server.1=a:1:0").defect(), "server.1 has no election port");
  EXPECT_EQ(ensemble_of("server.1=a:1:2\nserver.2=a:1:3").defect(),
            "server.1 and server.2 use one address, a:1");
  EXPECT_EQ(ensemble_of("server.1=a:1:2\nserver.2=b:3:4|a:2:9").defect(),
            "server.1 and server.2 use one address, a:2");
  EXPECT_EQ(ensemble_of("server.1=a:1:2;c:7\nserver.2=b:1:2;c:7").defect(),
            "server.1 and server.2 use one address, c:7");
  EXPECT_EQ(ensemble_of("server.1=a:1:2\ngroup.1=1\nweight.1=0").defect(),
            "groups and weights are such that no participants make a quorum");
  Ensemble ensemble = plain(2);
  ensemble.group_of[ServerId(1)] = 1;
  EXPECT_EQ(ensemble.defect(), "server.2 is in no group");
  ensemble = plain(1);
  ensemble.members.begin()->second.id = ServerId(2);
  EXPECT_THAT(ensemble.defect().value_or(""), HasSubstr("another id"));
}

TEST(SameMembers, VersionDoesNotCountAndAllElseDoes) {
  const Ensemble base = three_by_three();
  Ensemble other = base;
  other.version = 7;
  EXPECT_TRUE(base.same_members(other));
  // A weight of 1 is what a server has that is given none.
  other.weights[ServerId(3)] = 1;
  EXPECT_TRUE(base.same_members(other));
  other.weights[ServerId(3)] = 2;
  EXPECT_FALSE(base.same_members(other));
  other = base;
  other.group_of[ServerId(3)] = 2;
  EXPECT_FALSE(base.same_members(other));
  other = base;
  other.members.at(ServerId(3)).role = MemberRole::kObserver;
  EXPECT_FALSE(base.same_members(other));
  EXPECT_FALSE(plain(3).same_members(plain(2)));
}

}  // namespace
}  // namespace zoetrope::quorum
