// The properties about sessions: ephemerals, silence after the end, expiry, sequential names.
#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/properties/story.hpp"

namespace zoetrope::properties {
namespace {

Stat owned_by(int64_t session, int64_t zxid) {
  Stat stat = Story::fresh_stat(zxid);
  stat.ephemeral_owner = session;
  return stat;
}

TEST(EphemeralsLiveWithTheirSession, HoldsFromCreationToExpiry) {
  Story s;
  const uint32_t c = s.connect(7), other = s.connect(8);
  s.create(c, 1, "/e", 1, NodeMode::kEphemeral);
  s.read(other, 1, OpKind::kExists, "/e", 1).result.stat = owned_by(7, 1);
  s.expire(7, 2);
  s.read(other, 2, OpKind::kExists, "/e", 2, ErrorCode::kNoNode);
  s.history.has_final_nodes = true;
  EXPECT_TRUE(violations(check_ephemerals_live_with_their_session, s.history).empty());
}

TEST(EphemeralsLiveWithTheirSession, FindsOneThatOutlivesItsSession) {
  Story s;
  const uint32_t c = s.connect(7), other = s.connect(8);
  s.create(c, 1, "/e", 1, NodeMode::kEphemeral);
  s.expire(7, 2);
  s.read(other, 1, OpKind::kExists, "/e", 2).result.stat = owned_by(7, 1);
  EXPECT_EQ(violations(check_ephemerals_live_with_their_session, s.history).size(), 1u);
}

TEST(EphemeralsLiveWithTheirSession, FindsOneThatGoesTooEarly) {
  Story s;
  const uint32_t c = s.connect(7), other = s.connect(8);
  s.create(c, 1, "/e", 1, NodeMode::kEphemeral);
  s.read(other, 1, OpKind::kExists, "/e", 1, ErrorCode::kNoNode);
  s.history.has_final_nodes = true;
  // Both in what was read and at the end.
  EXPECT_EQ(violations(check_ephemerals_live_with_their_session, s.history).size(), 2u);
}

TEST(EphemeralsLiveWithTheirSession, AllowsADelete) {
  Story s;
  const uint32_t c = s.connect(7), other = s.connect(8);
  s.create(c, 1, "/e", 1, NodeMode::kEphemeral);
  s.write(other, 1, OpKind::kDelete, "/e", 2);
  s.read(other, 2, OpKind::kExists, "/e", 2, ErrorCode::kNoNode);
  s.history.has_final_nodes = true;
  EXPECT_TRUE(violations(check_ephemerals_live_with_their_session, s.history).empty());
}

TEST(EphemeralsLiveWithTheirSession, FindsChildren) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/e", 1, NodeMode::kEphemeral);
  Stat stat = owned_by(7, 1);
  stat.num_children = 1;
  s.read(c, 2, OpKind::kExists, "/e", 1).result.stat = stat;
  EXPECT_EQ(violations(check_ephemerals_live_with_their_session, s.history).size(), 1u);
}

TEST(ClosedSessionsAreSilent, HoldsUpToTheReplyOfTheClose) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  s.write(c, 2, OpKind::kCloseSession, "", 2);
  EXPECT_TRUE(violations(check_closed_sessions_are_silent, s.history).empty());
}

TEST(ClosedSessionsAreSilent, FindsAWriteAfterTheEnd) {
  Story s;
  const uint32_t c = s.connect(7);
  s.expire(7, 1);
  s.commit(s.send(c, 1, OpKind::kCreate, "/a"), 2);
  EXPECT_EQ(violations(check_closed_sessions_are_silent, s.history).size(), 1u);
}

TEST(ClosedSessionsAreSilent, AMultiWithoutPartsIsNothing) {
  Story s;
  const uint32_t c = s.connect(7);
  s.expire(7, 1);
  s.commit(s.send(c, 1, OpKind::kMulti, ""), 2);
  EXPECT_TRUE(violations(check_closed_sessions_are_silent, s.history).empty());
}

TEST(ClosedSessionsAreSilent, AnExpiredSessionMayBeClosedAgain) {
  Story s;
  const uint32_t c = s.connect(7);
  s.expire(7, 1);
  s.commit(s.send(c, 1, OpKind::kCloseSession, ""), 2);
  EXPECT_TRUE(violations(check_closed_sessions_are_silent, s.history).empty());
}

TEST(ClosedSessionsAreSilent, FindsASessionThatExpiresTwice) {
  Story s;
  s.connect(7);
  s.expire(7, 1);
  s.expire(7, 2);
  EXPECT_EQ(violations(check_closed_sessions_are_silent, s.history).size(), 1u);
}

TEST(ClosedSessionsAreSilent, FindsAReadAfterTheEnd) {
  Story s;
  const uint32_t c = s.connect(7), other = s.connect(8);
  s.expire(7, 1);
  s.create(other, 1, "/a", 2);
  s.read(c, 1, OpKind::kExists, "/a", 2);
  EXPECT_EQ(violations(check_closed_sessions_are_silent, s.history).size(), 1u);
}

TEST(ClosedSessionsAreSilent, FindsAResumedSession) {
  Story s;
  const uint32_t c = s.connect(7);
  s.write(c, 1, OpKind::kCloseSession, "", 1);
  s.connect(7, 4000, 7);
  // By its own reply and by the log.
  EXPECT_EQ(violations(check_closed_sessions_are_silent, s.history).size(), 2u);
}

TEST(ClosedSessionsAreSilent, FindsASessionIdGivenTwice) {
  Story s;
  s.connect(7);
  s.connect(7);
  EXPECT_EQ(violations(check_closed_sessions_are_silent, s.history).size(), 1u);
}

TEST(SessionExpiryIsTimely, HoldsAtTheBounds) {
  Story s;
  s.history.setup.delay_max = Duration::from_ms(100);
  const uint32_t c = s.connect(7, 4000);
  s.read(c, 1, OpKind::kExists, "/a", 0);
  s.wait_ms(4000);
  s.expire(7, 1);
  s.end();
  EXPECT_TRUE(violations(check_session_expiry_is_timely, s.history).empty());
}

TEST(SessionExpiryIsTimely, FindsAnEarlyExpiry) {
  Story s;
  const uint32_t c = s.connect(7, 4000);
  s.wait_ms(3000);
  s.read(c, 1, OpKind::kExists, "/a", 0);
  s.wait_ms(2000);
  s.expire(7, 1);
  EXPECT_EQ(violations(check_session_expiry_is_timely, s.history).size(), 1u);
}

TEST(SessionExpiryIsTimely, FindsAnExpiryRightAfterARestart) {
  Story s;
  s.connect(7, 4000);
  s.wait_ms(5000);
  s.history.server_events.push_back({ServerId(1), ServerEventKind::kStarted, s.moment()});
  s.expire(7, 1);
  EXPECT_EQ(violations(check_session_expiry_is_timely, s.history).size(), 1u);
}

TEST(SessionExpiryIsTimely, FindsALateExpiry) {
  Story s;
  s.history.setup.delay_max = Duration::from_ms(100);
  s.connect(7, 4000);
  s.wait_ms(5300);  // time-out, one tick and twice the delay are 5200
  s.expire(7, 1);
  s.end();
  EXPECT_EQ(violations(check_session_expiry_is_timely, s.history).size(), 1u);
}

TEST(SessionExpiryIsTimely, FindsASessionThatIsNeverExpired) {
  Story s;
  s.history.setup.delay_max = Duration::from_ms(100);
  s.connect(7, 4000);
  s.wait_ms(5300);
  EXPECT_EQ(violations(check_session_expiry_is_timely, s.end()).size(), 1u);
}

// A client that comes back with session 7 and is told that it is no more.
void refuse(Story& s) {
  Connection connection;
  connection.requested_session = SessionId(7);
  connection.opened = s.moment();
  connection.refused = true;
  connection.closed = s.moment();
  s.history.connections.push_back(connection);
}

TEST(SessionExpiryIsTimely, AllowsTheRefusalOfASessionThatIsOver) {
  Story expired;
  expired.connect(7, 4000);
  expired.wait_ms(4000);
  expired.expire(7, 1);
  refuse(expired);
  EXPECT_TRUE(violations(check_session_expiry_is_timely, expired.history).empty());
  // Its end was lost with its server's unsynced log, but it was sent.
  Story closed;
  closed.send(closed.connect(7, 4000), 1, OpKind::kCloseSession);
  refuse(closed);
  EXPECT_TRUE(violations(check_session_expiry_is_timely, closed.history).empty());
  // Nobody knows whether its end was on its way.
  Story silent;
  silent.connect(7, 4000);
  silent.wait_ms(4000);
  refuse(silent);
  EXPECT_TRUE(violations(check_session_expiry_is_timely, silent.history).empty());
}

TEST(SessionExpiryIsTimely, FindsARefusalOfALivingSession) {
  Story s;
  s.connect(7, 4000);
  s.wait_ms(3000);
  refuse(s);
  EXPECT_EQ(violations(check_session_expiry_is_timely, s.history).size(), 1u);
}

Operation& sequential(Story& s, uint32_t c, int32_t xid, std::string asked, std::string given,
                      int64_t zxid) {
  Operation& op = s.create(c, xid, std::move(asked), zxid, NodeMode::kPersistentSequential);
  op.result.path = std::move(given);
  return op;
}

TEST(SequentialNamesIncrease, HoldsAcrossPrefixesAndDeletes) {
  Story s;
  const uint32_t c = s.connect(7);
  sequential(s, c, 1, "/a-", "/a-0000000000", 1);
  s.write(c, 2, OpKind::kDelete, "/a-0000000000", 2);
  sequential(s, c, 3, "/b-", "/b-0000000001", 3);
  EXPECT_TRUE(violations(check_sequential_names_increase, s.history).empty());
}

TEST(SequentialNamesIncrease, FindsANumberUsedAgain) {
  Story s;
  const uint32_t c = s.connect(7);
  sequential(s, c, 1, "/a-", "/a-0000000000", 1);
  s.write(c, 2, OpKind::kDelete, "/a-0000000000", 2);
  sequential(s, c, 3, "/a-", "/a-0000000000", 3);
  EXPECT_EQ(violations(check_sequential_names_increase, s.history).size(), 1u);
}

TEST(SequentialNamesIncrease, FindsANameWithoutANumber) {
  Story s;
  sequential(s, s.connect(7), 1, "/a-", "/a-", 1);
  EXPECT_EQ(violations(check_sequential_names_increase, s.history).size(), 1u);
}

// The leader of an ensemble may have heard of a client only so long ago.
TEST(SessionExpiryIsTimely, AllowsForWhatALeaderDoesNotHear) {
  for (const int64_t wait_ms : {2500, 3500}) {
    Story s;
    const uint32_t c = s.connect(7, 4000);
    s.read(c, 1, OpKind::kExists, "/a", 1, ErrorCode::kNoNode);
    s.wait_ms(wait_ms);
    s.expire(7, 1);
    s.history.setup.servers = 3;
    s.history.setup.unheard_max = Duration::from_ms(1000);
    EXPECT_EQ(violations(check_session_expiry_is_timely, s.history).empty(), wait_ms > 3000);
  }
}

// A session of 4000 ms that expires 2500 ms after its client was heard, of which a leader hears
// within 1000 ms; `end` happens to what heard it, `later_ms` after that.
bool may_expire_early(int64_t later_ms, const std::function<void(Story&, uint32_t)>& end) {
  Story s;
  const uint32_t c = s.connect(7, 4000);
  s.history.connections[c].server = ServerId(2);
  s.read(c, 1, OpKind::kExists, "/a", 1, ErrorCode::kNoNode);
  s.wait_ms(later_ms);
  end(s, c);
  s.wait_ms(2500 - later_ms);
  s.expire(7, 1);
  s.history.setup.servers = 3;
  s.history.setup.unheard_max = Duration::from_ms(1000);
  return violations(check_session_expiry_is_timely, s.history).empty();
}

TEST(SessionExpiryIsTimely, AllowsForWhatAServerHeardJustBeforeItEnded) {
  const auto server_ends = [](Story& s, uint32_t) {
    s.history.server_events.push_back({ServerId(2), ServerEventKind::kCrashed, s.moment()});
  };
  EXPECT_TRUE(may_expire_early(500, server_ends));
  EXPECT_FALSE(may_expire_early(1500, server_ends));
}

TEST(SessionExpiryIsTimely, AllowsForWhatAServerHeardJustBeforeItClosed) {
  const auto connection_ends = [](Story& s, uint32_t c) {
    s.history.connections[c].closed = s.moment();
  };
  EXPECT_TRUE(may_expire_early(500, connection_ends));
  EXPECT_FALSE(may_expire_early(1500, connection_ends));
}

TEST(SessionExpiryIsTimely, FindsASilentSessionOnceAnEnsembleIsCalm) {
  for (const bool long_enough : {true, false}) {
    Story s;
    s.connect(7, 4000);
    s.history.setup.servers = 3;
    s.history.setup.unheard_max = Duration::from_ms(1000);
    s.history.setup.delay_max = Duration::from_ms(10);
    s.wait_ms(20'000);
    EXPECT_TRUE(violations(check_session_expiry_is_timely, s.end()).empty())
        << "nobody says that the ensemble was calm";
    s.history.setup.calm_since = s.moment().at;
    s.wait_ms(long_enough ? 7000 : 5000);
    EXPECT_EQ(violations(check_session_expiry_is_timely, s.end()).empty(), !long_enough);
  }
}

}  // namespace
}  // namespace zoetrope::properties
