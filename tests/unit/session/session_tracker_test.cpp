#include "core/session/session_tracker.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace zoetrope::session {
namespace {

MonotonicTime at(int64_t ms) {
  return MonotonicTime::from_ms(ms);
}

std::string hex(const Password& password) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : password) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

TEST(Password, EqualsWhatJavaServersGive) {
  // Pairs captured from a 3.8.0 server (facts: frames-3.8.0.txt).
  EXPECT_EQ(hex(password_of(SessionId(0x0100000f1e020000))), "cc852e166971a94a8a6bd6485a0ec40c");
  EXPECT_EQ(hex(password_of(SessionId(0x0100000f1e020001))), "dfa6281609bd888f7fae3d742e97d8d9");
  EXPECT_EQ(hex(password_of(SessionId(0x0100000f1e02000e))), "8bd0f315a96562fb1e09dffa9e66910f");
}

TEST(Password, MatchesOnlyTheWholePassword) {
  const SessionId id(0x0100000f1e020000);
  const Password password = password_of(id);
  EXPECT_TRUE(password_matches(id, {password.data(), 16}));
  EXPECT_FALSE(password_matches(id, {password.data(), 15}));
  EXPECT_FALSE(password_matches(id, ""));
  EXPECT_FALSE(password_matches(SessionId(id.value + 1), {password.data(), 16}));
  const Password of_zero = password_of(SessionId(0));
  EXPECT_FALSE(password_matches(SessionId(0), {of_zero.data(), 16}));
}

TEST(SessionIds, CarryServerAndTime) {
  const SessionId id = first_session_id(WallTime{0x0000012345678900}, ServerId(1));
  EXPECT_EQ(static_cast<uint64_t>(id.value) >> 56, 1u);
  EXPECT_EQ(id.value & 0xFFFF, 0);
}

TEST(SessionIds, AreNeverGivenTwice) {
  SessionTracker tracker(1000, SessionId(7));
  tracker.add(SessionId(8), 4000, at(0));
  EXPECT_EQ(tracker.allocate(), SessionId(7));
  EXPECT_EQ(tracker.allocate(), SessionId(9)) << "8 is in use";
}

TEST(SessionTracker, ExpiresAtTheBucketAfterTheTimeout) {
  SessionTracker tracker(1000, SessionId(1));
  tracker.add(SessionId(1), 4000, at(500));
  ASSERT_TRUE(tracker.next_expiry());
  EXPECT_EQ(tracker.next_expiry()->ms(), 5000);
  EXPECT_TRUE(tracker.take_expired(at(4999)).empty());
  EXPECT_EQ(tracker.take_expired(at(5000)), std::vector<SessionId>{SessionId(1)});
  EXPECT_TRUE(tracker.is_closing(SessionId(1)));
  EXPECT_TRUE(tracker.take_expired(at(60000)).empty()) << "each is told once";
}

TEST(SessionTracker, ExactBoundaryRoundsUp) {
  SessionTracker tracker(1000, SessionId(1));
  tracker.add(SessionId(1), 4000, at(0));
  EXPECT_EQ(tracker.next_expiry()->ms(), 5000);
}

TEST(SessionTracker, TouchPostponesAndClosingRefuses) {
  SessionTracker tracker(1000, SessionId(1));
  tracker.add(SessionId(1), 4000, at(0));
  EXPECT_TRUE(tracker.touch(SessionId(1), at(3000)));
  EXPECT_TRUE(tracker.take_expired(at(7999)).empty());
  tracker.set_closing(SessionId(1));
  EXPECT_FALSE(tracker.touch(SessionId(1), at(3000)));
  EXPECT_TRUE(tracker.take_expired(at(9000)).empty()) << "its close is on its way already";
  EXPECT_FALSE(tracker.touch(SessionId(2), at(0)));
}

TEST(SessionTracker, ChecksOwner) {
  SessionTracker tracker(1000, SessionId(1));
  const ConnectionId mine = ConnectionId::make(1, 1), other = ConnectionId::make(2, 1);
  EXPECT_EQ(tracker.check(SessionId(1), mine), ErrorCode::kSessionExpired);
  tracker.add(SessionId(1), 4000, at(0));
  EXPECT_EQ(tracker.check(SessionId(1), mine), ErrorCode::kOk);
  tracker.set_owner(SessionId(1), other);
  EXPECT_EQ(tracker.check(SessionId(1), mine), ErrorCode::kSessionMoved);
  EXPECT_EQ(tracker.check(SessionId(1), other), ErrorCode::kOk);
  tracker.set_closing(SessionId(1));
  EXPECT_EQ(tracker.check(SessionId(1), other), ErrorCode::kSessionExpired);
}

// Against a plain model: a session expires in (timeout, timeout + tick] after its last touch.
TEST(SessionTracker, KnowsNothingOfUnknownSessionsUnlessTheyMayBeLocal) {
  constexpr ServerId kSelf(3);
  const SessionId own(int64_t{3} << 56 | 5), foreign(int64_t{2} << 56 | 5), global(7);
  const ConnectionId by(1), other(2);
  SessionTracker tracker(100, SessionId(1)), locals(100, SessionId(1));
  EXPECT_EQ(tracker.check(foreign, by), ErrorCode::kSessionExpired);
  tracker.accept_local(kSelf, locals);
  EXPECT_EQ(tracker.check(foreign, by), ErrorCode::kOk) << "another server may have it";
  EXPECT_EQ(tracker.check(own, by), ErrorCode::kSessionExpired) << "this one has not";
  locals.add(own, 1000, at(0));
  locals.set_owner(own, by);
  EXPECT_EQ(tracker.check(own, by), ErrorCode::kOk);
  EXPECT_EQ(tracker.check(own, other), ErrorCode::kSessionMoved);
  tracker.add(global, 1000, at(0));
  tracker.set_closing(global);
  EXPECT_EQ(tracker.check(global, by), ErrorCode::kSessionExpired);
  tracker.remove(global);
  EXPECT_EQ(tracker.check(global, by), ErrorCode::kSessionExpired) << "it was closed just now";
}

TEST(SessionTracker, ForgetsWhatWasClosedLongAgo) {
  SessionTracker tracker(100, SessionId(1)), locals(100, SessionId(1));
  tracker.accept_local(ServerId(3), locals);
  for (int64_t id = 1; id <= 10'001; ++id) {
    tracker.add(SessionId(id), 1000, at(0));
    tracker.remove(SessionId(id));
  }
  EXPECT_EQ(tracker.check(SessionId(1), ConnectionId(1)), ErrorCode::kOk);
  EXPECT_EQ(tracker.check(SessionId(2), ConnectionId(1)), ErrorCode::kSessionExpired);
}

TEST(SessionTracker, APendingSessionWritesAndIsNotListed) {
  const SessionId id(7);
  SessionTracker tracker(100, SessionId(1));
  tracker.add_pending(id, 1000, ConnectionId(1), at(0));
  EXPECT_TRUE(tracker.is_pending(id));
  EXPECT_EQ(tracker.check(id, ConnectionId(1)), ErrorCode::kOk);
  EXPECT_EQ(tracker.check(id, ConnectionId(2)), ErrorCode::kSessionMoved);
  EXPECT_TRUE(tracker.list().empty());
  tracker.add(id, 2000, at(0));
  EXPECT_TRUE(tracker.is_pending(id)) << "its client has come back, no more";
  tracker.confirm(id);
  EXPECT_FALSE(tracker.is_pending(id));
  EXPECT_EQ(tracker.list().size(), 1U);
  EXPECT_EQ(tracker.owner(id), ConnectionId(1));
  tracker.add_pending(SessionId(8), 1000, ConnectionId(1), at(0));
  tracker.restart(at(0));
  EXPECT_FALSE(tracker.contains(SessionId(8)));
}

RC_GTEST_PROP(SessionTracker, ExpiresWithinOneTickOfItsTimeout, ()) {
  const int64_t tick = *rc::gen::inRange<int64_t>(1, 3000);
  SessionTracker tracker(tick, SessionId(1));
  std::map<SessionId, std::pair<int64_t, int32_t>> last_seen;  // time, timeout
  int64_t now = 0;
  for (int i = 0; i < 200; ++i) {
    now += *rc::gen::inRange<int64_t>(0, 500);
    const SessionId id(*rc::gen::inRange<int64_t>(1, 8));
    switch (*rc::gen::inRange(0, 4)) {
      case 0: {
        const auto timeout = *rc::gen::inRange<int32_t>(1, 5000);
        if (tracker.is_closing(id)) break;
        tracker.add(id, timeout, at(now));
        last_seen[id] = {now, timeout};
        break;
      }
      case 1:
        RC_ASSERT(tracker.touch(id, at(now)) == last_seen.contains(id));
        if (last_seen.contains(id)) last_seen[id].first = now;
        break;
      case 2:
        tracker.remove(id);
        last_seen.erase(id);
        break;
      default:
        for (const SessionId expired : tracker.take_expired(at(now))) {
          RC_ASSERT(last_seen.contains(expired));
          RC_ASSERT(now > last_seen[expired].first + last_seen[expired].second);
          last_seen.erase(expired);
          tracker.remove(expired);
        }
        for (const auto& [alive, seen] : last_seen) {
          RC_ASSERT(now < seen.first + seen.second + tick + 1);
        }
    }
  }
}

}  // namespace
}  // namespace zoetrope::session
