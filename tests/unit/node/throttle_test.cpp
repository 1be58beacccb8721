// Requests and connections that are too many at a time.
#include <gtest/gtest.h>

#include "core/node/connection_throttle.hpp"
#include "tests/unit/node/client.hpp"

namespace zoetrope::node {
namespace {

using namespace test;
using jute::OpCode;
using pipeline::test::create_body;

Config limited(int32_t max_requests) {
  Config config;
  config.request_throttle.max_requests = max_requests;
  return config;
}

std::vector<int32_t> xids_of(const std::vector<Reply>& replies) {
  std::vector<int32_t> xids;
  for (const Reply& reply : replies) xids.push_back(reply.header.xid.value);
  return xids;
}

// --- requests in front of the pipeline ---------------------------------------------------------

TEST(RequestThrottle, KeepsTheOrderOfEachClient) {
  Harness h(limited(1));
  Client a(h), b(h);
  ASSERT_TRUE(a.connect());
  ASSERT_TRUE(b.connect());
  a.send(OpCode::kCreate, create_body("/a"));
  a.send(OpCode::kExists, path_watch_body("/a", false));
  b.send(OpCode::kExists, path_watch_body("/a", false));
  a.send(OpCode::kPing, {}, Xid(-2));
  EXPECT_TRUE(a.replies().empty());
  EXPECT_TRUE(b.replies().empty()) << "one is in the pipeline, which is all there may be";
  h.settle();
  const std::vector<Reply> to_b = b.replies();
  ASSERT_EQ(to_b.size(), 1U);
  EXPECT_EQ(to_b[0].header.error, ErrorCode::kOk) << "the write before it is done by now";
  EXPECT_EQ(xids_of(a.replies()), (std::vector<int32_t>{1, 2, -2}));
}

TEST(RequestThrottle, LetsManyThroughOneAfterTheOther) {
  Harness h(limited(2));
  Client a(h);
  ASSERT_TRUE(a.connect());
  for (int i = 0; i < 20; ++i) a.send(OpCode::kCreate, create_body("/a" + std::to_string(i)));
  h.settle();
  const std::vector<Reply> replies = a.replies();
  ASSERT_EQ(replies.size(), 20U);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(replies[i].header.xid, Xid(i + 1));
    EXPECT_EQ(replies[i].header.error, ErrorCode::kOk);
  }
}

TEST(RequestThrottle, DropsWhatAClosedConnectionLeft) {
  Harness h(limited(1));
  Client a(h), b(h);
  ASSERT_TRUE(a.connect());
  ASSERT_TRUE(b.connect());
  a.send(OpCode::kCreate, create_body("/a"));
  b.send(OpCode::kCreate, create_body("/b"));
  b.send(OpCode::kCreate, create_body("/c"));
  h.close(b.id());
  h.settle();
  h.settle();
  EXPECT_NE(h.server().tree().find("/a"), tree::NodeId::kNone);
  EXPECT_EQ(h.server().tree().find("/b"), tree::NodeId::kNone);
  EXPECT_EQ(h.server().tree().find("/c"), tree::NodeId::kNone);
}

TEST(RequestThrottle, CarriesItOutWhereThatIsAskedFor) {
  for (const bool by_drop : {false, true}) {
    Config config = limited(1);
    (by_drop ? config.request_throttle.drop_stale
             : config.request_throttle.stale_connection_check) = false;
    Harness h(config);
    Client a(h), b(h);
    ASSERT_TRUE(a.connect());
    ASSERT_TRUE(b.connect());
    a.send(OpCode::kCreate, create_body("/a"));
    b.send(OpCode::kCreate, create_body("/b"));
    b.send(OpCode::kExists, path_watch_body("/b", false));
    h.close(b.id());
    h.settle();
    h.settle();
    EXPECT_NE(h.server().tree().find("/b"), tree::NodeId::kNone);
  }
}

TEST(RequestThrottle, TheEndOfASessionIsCarriedOutAlways) {
  Harness h(limited(1));
  Client a(h), b(h);
  ASSERT_TRUE(a.connect());
  ASSERT_TRUE(b.connect());
  ASSERT_EQ(b.error_of(OpCode::kCreate, create_body("/e", "", 1)), ErrorCode::kOk);
  a.send(OpCode::kCreate, create_body("/a"));
  b.send(OpCode::kCloseSession, {});
  h.close(b.id());
  h.settle();
  h.settle();
  EXPECT_EQ(h.server().tree().find("/e"), tree::NodeId::kNone);
}

TEST(RequestThrottle, DropsWhatHasWaitedLongerThanItsSession) {
  Config config = limited(1);
  config.request_throttle.stale_latency_check = true;
  config.tick_time_ms = 100'000;  // sessions live for long here, whatever was negotiated
  config.session_timeout_ms_min = 500;
  Harness h(config);
  Client a(h), b(h);
  ASSERT_TRUE(a.connect(500));
  ASSERT_TRUE(b.connect(500));
  a.send(OpCode::kCreate, create_body("/a"));
  h.step(BatchEnd{});  // the disk is slow from now on
  b.send(OpCode::kCreate, create_body("/b"));
  b.send(OpCode::kCreate, create_body("/c"));
  for (int i = 0; i < 5; ++i) {
    h.clock_ms += 100;
    h.step(Tick{});
  }
  EXPECT_FALSE(b.is_closed());
  h.clock_ms += 100;
  h.step(Tick{});
  EXPECT_TRUE(b.is_closed());
  h.settle();
  EXPECT_NE(h.server().tree().find("/a"), tree::NodeId::kNone);
  EXPECT_EQ(h.server().tree().find("/b"), tree::NodeId::kNone);
  EXPECT_EQ(h.server().tree().find("/c"), tree::NodeId::kNone);
}

TEST(RequestThrottle, RefusesWhatHasWaitedTooLong) {
  Config config = limited(1);
  config.request_throttle.throttled_op_wait_ms = 200;
  Harness h(config);
  Client a(h), b(h);
  ASSERT_TRUE(a.connect());
  ASSERT_TRUE(b.connect());
  a.send(OpCode::kCreate, create_body("/a"));
  h.step(BatchEnd{});
  b.send(OpCode::kCreate, create_body("/b"));
  b.send(OpCode::kPing, {}, Xid(-2));
  h.clock_ms += 201;
  b.send(OpCode::kCreate, create_body("/c"));
  h.settle();
  const std::vector<Reply> replies = b.replies();
  ASSERT_EQ(replies.size(), 3U);
  EXPECT_EQ(replies[0].header.error, ErrorCode::kThrottledOp);
  EXPECT_EQ(replies[1].header.error, ErrorCode::kOk);
  EXPECT_EQ(replies[2].header.error, ErrorCode::kOk) << "it did not wait so long";
  EXPECT_EQ(h.server().tree().find("/b"), tree::NodeId::kNone);
}

TEST(RequestThrottle, WhatWaitsCountsForTheOutstandingLimit) {
  Config config = limited(1);
  config.outstanding_limit = 2;
  Harness h(config);
  Client a(h), b(h);
  ASSERT_TRUE(a.connect());
  ASSERT_TRUE(b.connect());
  a.send(OpCode::kCreate, create_body("/a"));
  b.send(OpCode::kExists, path_watch_body("/", false));
  EXPECT_FALSE(h.paused[b.id()]);
  b.send(OpCode::kExists, path_watch_body("/", false));
  EXPECT_TRUE(h.paused[b.id()]);
  h.settle();
  EXPECT_FALSE(h.paused[b.id()]);
  EXPECT_EQ(b.replies().size(), 2U);
}

// --- large requests ----------------------------------------------------------------------------

TEST(LargeRequests, AreRefusedWhereOthersTakeTheRoom) {
  Config config;
  config.large_request_threshold = 1000;
  config.large_request_bytes_max = 5000;
  Harness h(config);
  Client a(h), b(h), c(h);
  ASSERT_TRUE(a.connect());
  ASSERT_TRUE(b.connect());
  ASSERT_TRUE(c.connect());
  a.send(OpCode::kCreate, create_body("/a", std::string(3000, 'x')));
  b.send(OpCode::kCreate, create_body("/b", std::string(900, 'x')));
  c.send(OpCode::kCreate, create_body("/c", std::string(3000, 'x')));
  EXPECT_TRUE(c.is_closed());
  EXPECT_FALSE(b.is_closed()) << "a small one is not counted";
  h.settle();
  EXPECT_EQ(a.replies().size(), 1U);
  EXPECT_EQ(h.server().tree().find("/c"), tree::NodeId::kNone);
  EXPECT_EQ(a.error_of(OpCode::kCreate, create_body("/d", std::string(4500, 'x'))), ErrorCode::kOk)
      << "the room is free again";
  a.send(OpCode::kCreate, create_body("/e", std::string(3000, 'x')));
  h.close(a.id());
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/f", std::string(3000, 'x'))), ErrorCode::kOk);
  b.send(OpCode::kCreate, create_body("/g", std::string(5001, 'x')));
  EXPECT_TRUE(b.is_closed()) << "no room can be enough";
}

// --- connections -------------------------------------------------------------------------------

TEST(ConnectionThrottle, IsOffByDefault) {
  ConnectionThrottle throttle({}, Random(1), MonotonicTime{});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(throttle.admits(SessionKind::kGlobal, MonotonicTime{}));
  }
}

TEST(ConnectionThrottle, GivesTokensAsTimePasses) {
  ConnectionThrottleConfig config;
  config.tokens = 2;
  config.fill_time_ms = 100;
  ConnectionThrottle throttle(config, Random(1), MonotonicTime{});
  const auto at = [&](int64_t ms) {
    return throttle.admits(SessionKind::kRenewed, MonotonicTime::from_ms(ms));
  };
  EXPECT_TRUE(at(0) && at(0));
  EXPECT_FALSE(at(0) || at(100));
  EXPECT_TRUE(at(101));
  EXPECT_FALSE(at(101));
  EXPECT_TRUE(at(10'000) && at(10'000));
  EXPECT_FALSE(at(10'000)) << "there are never more than two";
  EXPECT_EQ(throttle.deficit(), 2);
}

TEST(ConnectionThrottle, WeighsKindsOfSessions) {
  ConnectionThrottleConfig config;
  config.tokens = 2;
  config.fill_time_ms = 1'000'000;
  config.is_weighted = true;
  const auto admitted = [&](SessionKind kind) {
    ConnectionThrottle throttle(config, Random(1), MonotonicTime{});
    int count = 0;
    while (throttle.admits(kind, MonotonicTime{})) ++count;
    return count;
  };
  EXPECT_EQ(admitted(SessionKind::kGlobal), 2);
  EXPECT_EQ(admitted(SessionKind::kRenewed), 3);
  EXPECT_EQ(admitted(SessionKind::kLocal), 6);
  config.global_weight = 0;  // 3
  config.renew_weight = 1;   // not below the local one
  config.local_weight = 2;
  EXPECT_EQ(admitted(SessionKind::kGlobal), 2);
  EXPECT_EQ(admitted(SessionKind::kRenewed), 3);
}

TEST(ConnectionThrottle, RefusesMoreOfThemWhileTheBucketIsEmpty) {
  ConnectionThrottleConfig config;
  config.tokens = 10;
  config.fill_time_ms = 10;
  config.freeze_time_ms = 5;
  config.drop_increase = 100'000;
  config.drop_decrease = 300'000;
  config.decrease_ratio = 500'000;
  ConnectionThrottle throttle(config, Random(7), MonotonicTime{});
  int64_t ms = 0;
  for (; throttle.drop_chance() < 1'000'000 && ms < 10'000; ++ms) {
    while (throttle.deficit() < 10 && throttle.drop_chance() < 1'000'000) {
      throttle.admits(SessionKind::kGlobal, MonotonicTime::from_ms(ms));
    }
    throttle.admits(SessionKind::kGlobal, MonotonicTime::from_ms(ms));
  }
  EXPECT_EQ(throttle.drop_chance(), 1'000'000);
  EXPECT_FALSE(throttle.admits(SessionKind::kGlobal, MonotonicTime::from_ms(ms)));
  // Nobody comes for a while: the bucket fills, and the chance falls step by step.
  ms += 1000;
  throttle.admits(SessionKind::kGlobal, MonotonicTime::from_ms(ms));
  EXPECT_EQ(throttle.drop_chance(), 700'000);
  for (int i = 0; i < 3; ++i)
    throttle.admits(SessionKind::kGlobal, MonotonicTime::from_ms(ms += 6));
  EXPECT_EQ(throttle.drop_chance(), 0);
}

TEST(ConnectionThrottle, ClosesThoseAboveTheLimitWithoutAWord) {
  Config config;
  config.connection_throttle.tokens = 2;
  config.connection_throttle.fill_time_ms = 1000;
  Harness h(config);
  Client a(h), b(h), c(h), d(h);
  EXPECT_TRUE(a.connect());
  EXPECT_TRUE(b.connect());
  EXPECT_FALSE(c.connect());
  EXPECT_TRUE(c.is_closed());
  h.clock_ms += 1001;
  EXPECT_TRUE(d.connect());
}

}  // namespace
}  // namespace zoetrope::node
