#include "sim/network.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/sim/network_rig.hpp"

namespace zoetrope::sim {
namespace {

using Kind = Delivery::Kind;
using Kinds = NetworkRig::Kinds;

constexpr Side kOpener = Side::kOpener, kAcceptor = Side::kAcceptor;

// Whole segments that take 1 ms.
NetworkConfig plain() {
  NetworkConfig config;
  config.latency = {1000, 1000, 0, 0};
  config.cut_one_in = 0;
  config.late_pause_one_in = 0;
  return config;
}

// Segments cut anywhere, with any latency.
NetworkConfig rough() {
  NetworkConfig config;
  config.latency = {5, 5000, 3, 100'000};
  config.cut_one_in = 2;
  config.window_bytes = 1000;
  return config;
}

std::string numbered_bytes(Random& random, size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += static_cast<char>(random.below(256));
  return bytes;
}

TEST(Network, BytesArriveOnceAndInOrderHoweverTheyAreCut) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    NetworkRig rig(rough(), seed);
    const ConnectionId id = rig.open();
    Random random(seed);
    std::string sent[2];
    for (int i = 0; i < 30; ++i) {
      const Side side = random.one_in(2) ? kOpener : kAcceptor;
      const std::string bytes = numbered_bytes(random, random.below(700));
      rig.network.send(id, side, bytes);
      sent[static_cast<size_t>(side)] += bytes;
      rig.run(rig.queue.now() + Duration::from_us(random.between(0, 4000)));
    }
    rig.run();
    ASSERT_TRUE(rig.received(kAcceptor) == sent[0]) << "seed " << seed;
    ASSERT_TRUE(rig.received(kOpener) == sent[1]) << "seed " << seed;
    ASSERT_EQ(rig.network.unsent(id, kOpener), 0U);
  }
}

TEST(Network, LatencyStaysWithinItsBounds) {
  NetworkConfig config = plain();
  config.latency = {200, 900, 4, 3000};
  int64_t least = INT64_MAX, most = 0, above_range = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    NetworkRig rig(config, seed);
    const ConnectionId id = rig.open();
    const MonotonicTime start = rig.queue.now();
    rig.network.send(id, kOpener, "x");
    rig.run();
    ASSERT_EQ(rig.told.size(), 1U);
    const int64_t us = (rig.told[0].at - start).ns / 1000;
    least = std::min(least, us);
    most = std::max(most, us);
    above_range += us > 900 ? 1 : 0;
  }
  EXPECT_GE(least, 200);
  EXPECT_LT(least, 230);
  EXPECT_LE(most, config.latency.longest().ns / 1000);
  EXPECT_GT(most, 2500) << "there is a tail";
  EXPECT_GT(above_range, 30);
  EXPECT_LT(above_range, 100) << "and it is rare";
}

TEST(Network, MoreThanTheWindowWaitsAndItsEndIsReported) {
  NetworkConfig config = plain();
  config.window_bytes = 10;
  NetworkRig rig(config);
  const ConnectionId id = rig.open();
  rig.network.send(id, kOpener, std::string(25, 'x'));
  EXPECT_EQ(rig.network.unsent(id, kOpener), 15U);
  rig.run(rig.queue.now() + Duration::from_us(1500));
  EXPECT_EQ(rig.received(kAcceptor).size(), 10U);
  EXPECT_EQ(rig.network.unsent(id, kOpener), 5U);
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor).size(), 25U);
  EXPECT_EQ(rig.network.unsent(id, kOpener), 0U);
  const auto drained = rig.network.take_drained();
  ASSERT_FALSE(drained.empty());
  EXPECT_EQ(drained[0].connection, id);
  EXPECT_EQ(drained[0].side, kOpener);
  EXPECT_EQ(drained[0].host, rig.a);
}

TEST(Network, NobodyListensOrNobodyIsThere) {
  NetworkRig rig(plain());
  rig.network.stop_listening(rig.b);
  rig.network.connect(rig.a, rig.b, node::Port::kClient);
  rig.run();
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kRefused, kOpener}}));
  EXPECT_EQ(rig.network.connection_count(), 0U);

  rig.told.clear();
  rig.network.power_lost(rig.b);
  const ConnectionId id = rig.network.connect(rig.a, rig.b, node::Port::kClient);
  rig.run();
  EXPECT_EQ(rig.kinds(), Kinds{}) << "a host without power does not even refuse";
  rig.network.close(id, kOpener);
  rig.run();
  EXPECT_EQ(rig.network.connection_count(), 0U);
}

TEST(Network, ACloseComesAfterWhatWasSent) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    NetworkRig rig(rough(), seed);
    const ConnectionId id = rig.open();
    rig.network.send(id, kOpener, std::string(5000, 'x'));
    rig.network.close(id, kOpener);
    rig.network.send(id, kOpener, "never");
    rig.run();
    ASSERT_EQ(rig.received(kAcceptor), std::string(5000, 'x')) << "seed " << seed;
    ASSERT_EQ(rig.kinds(), (Kinds{{Kind::kBytes, kAcceptor}, {Kind::kClosed, kAcceptor}}));
    ASSERT_EQ(rig.network.connection_count(), 0U);
  }
}

TEST(Network, AResetLosesWhatHadNotLeft) {
  NetworkConfig config = plain();
  config.window_bytes = 10;
  NetworkRig rig(config);
  const ConnectionId id = rig.open();
  rig.network.send(id, kOpener, std::string(25, 'x'));
  rig.network.reset(id, kOpener);
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor).size(), 10U);
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kBytes, kAcceptor}, {Kind::kClosed, kAcceptor}}));
  EXPECT_EQ(rig.network.connection_count(), 0U);
}

TEST(Network, BytesToAnEndThatIsGoneAreAnsweredByAReset) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.send(id, kOpener, "hello");
  rig.network.close(id, kAcceptor);
  rig.run();
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kClosed, kOpener}}));
  EXPECT_EQ(rig.network.connection_count(), 0U);
}

TEST(Network, AHeldLinkDeliversLaterAndInOrder) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  const MonotonicTime until = rig.queue.now() + Duration::from_ms(50);
  rig.network.send(id, kOpener, "1");  // under way already
  rig.network.hold(rig.a, rig.b, until);
  rig.network.send(id, kOpener, "2");
  rig.network.send(id, kAcceptor, "back");
  rig.run(until + Duration{-1});
  EXPECT_EQ(rig.received(kAcceptor), "1");
  EXPECT_EQ(rig.received(kOpener), "back") << "the other direction is free";
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "12");
  EXPECT_EQ(rig.told.back().at, until);
  // A hold that is over holds nothing.
  const MonotonicTime later = rig.queue.now();
  rig.network.send(id, kOpener, "3");
  rig.run();
  EXPECT_EQ((rig.told.back().at - later).ms(), 1);
}

TEST(Network, ABrokenConnectionIsToldToBothEnds) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.break_connection(id);
  rig.run();
  Kinds kinds = rig.kinds();
  std::ranges::sort(kinds);
  EXPECT_EQ(kinds, (Kinds{{Kind::kClosed, kOpener}, {Kind::kClosed, kAcceptor}}));
  EXPECT_EQ(rig.network.connection_count(), 0U);
}

TEST(Network, APausedReaderGetsNothingUntilItResumes) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.pause_reading(id, kAcceptor);
  rig.network.send(id, kOpener, "abc");
  rig.network.close(id, kOpener);
  rig.run();
  EXPECT_EQ(rig.kinds(), Kinds{}) << "neither bytes nor the end of the stream";
  rig.network.resume_reading(id, kAcceptor);
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "abc");
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kBytes, kAcceptor}, {Kind::kClosed, kAcceptor}}));
}

TEST(Network, APauseMayComeTooLateForOnePiece) {
  NetworkConfig config = plain();
  config.late_pause_one_in = 1;
  NetworkRig rig(config);
  const ConnectionId id = rig.open();
  rig.network.pause_reading(id, kAcceptor);
  rig.network.send(id, kOpener, "1");
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "1");
  rig.network.send(id, kOpener, "2");
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "1");
}

TEST(Network, ADeadProcessIsToldAndAPrefixOfItsBytesArrives) {
  bool whole = false, cut = false;
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    NetworkConfig config = rough();
    NetworkRig rig(config, seed);
    const ConnectionId id = rig.open();
    const std::string sent = std::string(400, 'x') + std::string(200 * (seed % 10), 'y');
    rig.network.send(id, kAcceptor, sent);
    rig.network.process_died(rig.b);
    rig.run();
    ASSERT_TRUE(sent.starts_with(rig.received(kOpener))) << "seed " << seed;
    (rig.received(kOpener) == sent ? whole : cut) = true;
    ASSERT_EQ(rig.kinds().back(), (std::pair{Kind::kClosed, kOpener}));
    ASSERT_EQ(rig.network.connection_count(), 0U);
  }
  EXPECT_TRUE(whole && cut) << "half a reply may arrive";
}

TEST(Network, ALostHostTellsNobodyUntilItIsBackAndSpokenTo) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.power_lost(rig.b);
  rig.network.send(id, kOpener, "anybody?");
  rig.run();
  EXPECT_EQ(rig.kinds(), Kinds{});
  rig.network.power_returned(rig.b);
  rig.run();
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kClosed, kOpener}})) << "what was repeated is answered";
  EXPECT_EQ(rig.network.connection_count(), 0U);
}

TEST(Network, AnOldConnectionsEventsDoNotReachItsSuccessor) {
  NetworkRig rig(plain());
  const ConnectionId first = rig.open();
  rig.network.send(first, kOpener, "old");
  rig.network.reset(first, kOpener);
  rig.network.break_connection(first);
  rig.network.close(first, kAcceptor);
  const ConnectionId second = rig.network.connect(rig.a, rig.b, node::Port::kClient);
  EXPECT_EQ(second.slot(), first.slot());
  EXPECT_NE(second.generation(), first.generation());
  rig.run();
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kAccepted, kAcceptor}, {Kind::kConnected, kOpener}}));
  EXPECT_EQ(rig.network.connections_of(rig.a), std::vector<ConnectionId>{second});
}

}  // namespace
}  // namespace zoetrope::sim
