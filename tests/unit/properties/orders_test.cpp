// The properties about order alone: replies, views, zxids, real time.
#include <gtest/gtest.h>

#include "tests/unit/properties/story.hpp"

namespace zoetrope::properties {
namespace {

TEST(RepliesComeInOrder, HoldsForPipelinedRequests) {
  Story s;
  const uint32_t c = s.connect(7);
  Operation& first = s.send(c, 1, OpKind::kCreate, "/a");
  Operation& ping = s.send(c, -2, OpKind::kPing);
  Operation& second = s.send(c, 2, OpKind::kGetData, "/a");
  s.answer(ping, 0);  // out of turn by design
  s.answer(first, 1);
  s.answer(second, 1);
  EXPECT_TRUE(violations(check_replies_come_in_order, s.history).empty());
}

TEST(RepliesComeInOrder, FindsTwoRepliesExchanged) {
  Story s;
  const uint32_t c = s.connect(7);
  Operation& first = s.send(c, 1, OpKind::kGetData, "/a");
  Operation& second = s.send(c, 2, OpKind::kGetData, "/b");
  s.answer(second, 1);
  s.answer(first, 1);
  EXPECT_EQ(violations(check_replies_come_in_order, s.history).size(), 1u);
}

TEST(RepliesComeInOrder, FindsARequestPassedOver) {
  Story s;
  const uint32_t c = s.connect(7);
  s.send(c, 1, OpKind::kGetData, "/a");
  s.read(c, 2, OpKind::kGetData, "/b", 1);
  EXPECT_EQ(violations(check_replies_come_in_order, s.history).size(), 1u);
}

TEST(RepliesComeInOrder, FindsWritesOfASessionTakingEffectTheWrongWayRound) {
  Story s;
  const uint32_t c = s.connect(7);
  Operation& first = s.send(c, 1, OpKind::kCreate, "/a");
  Operation& second = s.send(c, 2, OpKind::kCreate, "/b");
  s.commit(second, 1);
  s.commit(first, 2);
  s.answer(first, 2);
  s.answer(second, 1);
  // Both the replies and the log show it.
  EXPECT_EQ(violations(check_replies_come_in_order, s.history).size(), 2u);
}

TEST(SessionViewNeverGoesBack, HoldsAcrossConnections) {
  Story s;
  const uint32_t c = s.connect(7);
  s.read(c, 1, OpKind::kExists, "/a", 5);
  const uint32_t again = s.connect(7, 4000, 7);
  s.event(again, 6, EventType::kNodeCreated, "/a");
  s.read(again, 2, OpKind::kExists, "/a", 6);
  EXPECT_TRUE(violations(check_session_view_never_goes_back, s.history).empty());
}

TEST(SessionViewNeverGoesBack, FindsAnOlderStateAfterAReconnect) {
  Story s;
  const uint32_t c = s.connect(7);
  s.read(c, 1, OpKind::kExists, "/a", 5);
  const uint32_t again = s.connect(7, 4000, 7);
  s.read(again, 2, OpKind::kExists, "/a", 4);
  EXPECT_EQ(violations(check_session_view_never_goes_back, s.history).size(), 1u);
}

TEST(ZxidsAreUnique, FindsOneZxidGivenToTwoWrites) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  EXPECT_TRUE(violations(check_zxids_are_unique, s.history).empty());
  s.answer(s.send(c, 2, OpKind::kDelete, "/a"), 1);
  EXPECT_EQ(violations(check_zxids_are_unique, s.history).size(), 1u);
}

TEST(ZxidsAreUnique, FindsALogThatDoesNotRise) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 2);
  s.commit(s.send(c, 2, OpKind::kDelete, "/a"), 2);
  EXPECT_EQ(violations(check_zxids_are_unique, s.history).size(), 1u);
}

TEST(WritesFollowRealTime, HoldsForConcurrentWrites) {
  Story s;
  const uint32_t a = s.connect(7), b = s.connect(8);
  Operation& first = s.send(a, 1, OpKind::kCreate, "/a");
  Operation& second = s.send(b, 1, OpKind::kCreate, "/b");
  s.answer(second, 1);
  s.answer(first, 2);
  EXPECT_TRUE(violations(check_writes_follow_real_time, s.history).empty());
}

TEST(WritesFollowRealTime, FindsAWriteBeforeOneThatWasOverWhenItWasSent) {
  Story s;
  const uint32_t a = s.connect(7), b = s.connect(8);
  s.answer(s.send(a, 1, OpKind::kCreate, "/a"), 2);
  s.answer(s.send(b, 1, OpKind::kCreate, "/b"), 1);
  EXPECT_EQ(violations(check_writes_follow_real_time, s.history).size(), 1u);
}

TEST(SyncSeesAcknowledgedWrites, FindsAStaleSync) {
  Story s;
  const uint32_t a = s.connect(7), b = s.connect(8);
  Operation& early = s.send(b, 1, OpKind::kSync, "/");
  s.create(a, 1, "/a", 3);
  s.answer(early, 2);  // sent before the write was acknowledged
  s.read(b, 2, OpKind::kSync, "/", 3);
  EXPECT_TRUE(violations(check_sync_sees_acknowledged_writes, s.history).empty());
  s.read(b, 3, OpKind::kSync, "/", 2);
  EXPECT_EQ(violations(check_sync_sees_acknowledged_writes, s.history).size(), 1u);
}

TEST(RepliesComeInOrder, AllowsALateWriteThatIsRefusedBecauseTheSessionMoved) {
  for (const ErrorCode error : {ErrorCode::kSessionMoved, ErrorCode::kNoNode}) {
    Story s;
    const uint32_t first = s.connect(7), second = s.connect(7, 4000, 7);
    const Operation& late = s.send(first, 1, OpKind::kDelete, "/a");
    s.create(second, 2, "/b", 1);
    s.commit(late, 2, error);
    EXPECT_EQ(violations(check_replies_come_in_order, s.history).empty(),
              error == ErrorCode::kSessionMoved);
  }
}

}  // namespace
}  // namespace zoetrope::properties
