#include "core/quorum/notification.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/quorum/ensemble.hpp"
#include "tests/support/any.hpp"
#include "tests/unit/quorum/samples.hpp"

namespace zoetrope::quorum {
namespace {

using testing::StartsWith;

std::string encoded(const Notification& notification) {
  std::string bytes;
  append_notification(bytes, notification);
  return bytes;
}

// All fields up to the round.
const char* const kOldest = "00000002 0000000000000003 0000000500000007 0000000000000009";

TEST(Notification, EverySampleDecodesAndEncodesToTheSameBytes) {
  size_t seen = 0;
  for (const Sample& sample : samples(SampleKind::kNotification)) {
    SCOPED_TRACE(sample.title);
    const auto notification = read_notification(std::string_view(sample.bytes).substr(4));
    ASSERT_TRUE(notification.has_value()) << notification.error().what;
    EXPECT_EQ(notification->version, 2);
    EXPECT_TRUE(Ensemble::parse(notification->config).has_value());
    EXPECT_EQ(encoded(*notification), sample.bytes);
    ++seen;
  }
  EXPECT_EQ(seen, 4u);
}

// Behind what stock servers read.
TEST(Notification, TheProposedConfigurationIsAnAppendix) {
  Notification sent;
  sent.config = "server.1=a:1:2";
  const std::string without = encoded(sent);
  sent.proposed = "server.2=b:1:2";
  const std::string with = encoded(sent);
  EXPECT_EQ(with.substr(4, without.size() - 4), without.substr(4));
  const auto read = read_notification(std::string_view(with).substr(4));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->config, sent.config);
  EXPECT_EQ(read->proposed, sent.proposed);
  EXPECT_EQ(read_notification(std::string_view(without).substr(4))->proposed, "");
  const auto cut = read_notification(std::string_view(with).substr(4, with.size() - 5));
  ASSERT_TRUE(cut.has_value());
  EXPECT_EQ(cut->proposed, "");
}

TEST(Notification, FieldsOfANonVoter) {
  const Sample sample = samples(SampleKind::kNotification).at(3);
  const auto notification = read_notification(std::string_view(sample.bytes).substr(4));
  ASSERT_TRUE(notification.has_value());
  EXPECT_EQ(notification->state, PeerState::kLooking);
  EXPECT_EQ(notification->leader, ServerId(kNoVote));
  EXPECT_EQ(notification->zxid, Zxid(kNoVote));
  EXPECT_EQ(notification->election_epoch, 1);
  EXPECT_EQ(notification->peer_epoch, kNoVote);
}

TEST(Notification, FormWithoutPeerEpochTakesThatOfTheZxid) {
  const auto notification = read_notification(test::unhex(kOldest));
  ASSERT_TRUE(notification.has_value());
  EXPECT_EQ(notification->state, PeerState::kLeading);
  EXPECT_EQ(notification->leader, ServerId(3));
  EXPECT_EQ(notification->zxid, Zxid::make(5, 7));
  EXPECT_EQ(notification->election_epoch, 9);
  EXPECT_EQ(notification->peer_epoch, 5);
  EXPECT_EQ(notification->version, 0);
  EXPECT_EQ(notification->config, "");
}

TEST(Notification, FormWithoutVersion) {
  const auto notification =
      read_notification(test::unhex(std::string(kOldest) + "0000000000000006 00000002"));
  ASSERT_TRUE(notification.has_value());
  EXPECT_EQ(notification->peer_epoch, 6);
  EXPECT_EQ(notification->version, 0);
}

TEST(Notification, VersionOneHasNoConfiguration) {
  const auto notification =
      read_notification(test::unhex(std::string(kOldest) + "0000000000000006 00000001 ffffffff"));
  ASSERT_TRUE(notification.has_value());
  EXPECT_EQ(notification->version, 1);
  EXPECT_EQ(notification->config, "");
}

TEST(Notification, NeverTrustsTheLengthOfTheConfiguration) {
  for (const char* length : {"ffffffff", "80000000", "7fffffff", "00000003", "0000"}) {
    const auto notification = read_notification(
        test::unhex(std::string(kOldest) + "0000000000000006 00000002" + length + "6162"));
    EXPECT_FALSE(notification.has_value()) << length;
  }
}

TEST(Notification, EveryOtherSizeIsRefused) {
  const std::string whole = samples(SampleKind::kNotification).at(0).bytes.substr(4);
  for (size_t size = 0; size < whole.size(); ++size) {
    const test::ExactCopy copy(std::string_view(whole).substr(0, size));
    EXPECT_EQ(read_notification(copy.view()).has_value(), size == 28 || size == 40) << size;
  }
}

TEST(Notification, UnknownStateIsRefused) {
  for (const char* state : {"00000004", "ffffffff"}) {
    const auto notification =
        read_notification(test::unhex(state + std::string(kOldest).substr(8)));
    ASSERT_FALSE(notification.has_value());
    EXPECT_THAT(notification.error().what, StartsWith("unknown server state"));
  }
}

TEST(Notification, NamesOfStates) {
  EXPECT_EQ(to_string(PeerState::kLooking), "LOOKING");
  EXPECT_EQ(to_string(PeerState::kFollowing), "FOLLOWING");
  EXPECT_EQ(to_string(PeerState::kLeading), "LEADING");
  EXPECT_EQ(to_string(PeerState::kObserving), "OBSERVING");
  EXPECT_EQ(to_string(static_cast<PeerState>(-1)), "UNKNOWN");
}

RC_GTEST_PROP(Notification, RoundTrip, ()) {
  test::Any any;
  Notification sent;
  sent.state = static_cast<PeerState>(any.below(4));
  sent.leader = ServerId(any.i64());
  sent.zxid = Zxid(any.i64());
  sent.election_epoch = any.i64();
  sent.peer_epoch = any.i64();
  sent.config = any.text();
  const std::string bytes = encoded(sent);
  const test::ExactCopy copy(std::string_view(bytes).substr(4));
  RC_ASSERT(load_be32(bytes.data()) == copy.view().size());
  const auto read = read_notification(copy.view());
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->state == sent.state);
  RC_ASSERT(read->leader == sent.leader);
  RC_ASSERT(read->zxid == sent.zxid);
  RC_ASSERT(read->election_epoch == sent.election_epoch);
  RC_ASSERT(read->peer_epoch == sent.peer_epoch);
  RC_ASSERT(read->config == sent.config);
}

}  // namespace
}  // namespace zoetrope::quorum
