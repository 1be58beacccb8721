// Directions between two hosts in which nothing passes.
#include <gtest/gtest.h>

#include "tests/unit/sim/network_rig.hpp"

namespace zoetrope::sim {
namespace {

using Kind = Delivery::Kind;
using Kinds = NetworkRig::Kinds;

constexpr Side kOpener = Side::kOpener, kAcceptor = Side::kAcceptor;
constexpr Duration kWaits{};

// Whole segments that take 1 ms.
NetworkConfig plain() {
  NetworkConfig config;
  config.latency = {1000, 1000, 0, 0};
  config.cut_one_in = 0;
  config.late_pause_one_in = 0;
  config.window_bytes = 10;
  return config;
}

TEST(Cuts, WhatIsSentMeanwhileArrivesAfterwardsInOrder) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.send(id, kOpener, "on the w");
  rig.network.cut(rig.a, rig.b, kWaits);
  rig.network.send(id, kOpener, "ay and later");
  rig.network.send(id, kAcceptor, "answer");
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "on the w") << "what was under way arrives";
  EXPECT_EQ(rig.received(kOpener), "answer") << "the other direction is open";
  rig.network.send(id, kOpener, std::string(20, 'x'));
  EXPECT_GE(rig.network.unsent(id, kOpener), 20U) << "nothing confirms what fills the window";
  rig.network.close(id, kOpener);
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "on the w");
  rig.network.heal(rig.a, rig.b);
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "on the way and later" + std::string(20, 'x'));
  EXPECT_EQ(rig.told.back().kind, Kind::kClosed);
  EXPECT_EQ(rig.network.connection_count(), 0U);
}

TEST(Cuts, LastUntilEachOfThemIsHealed) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.cut(rig.a, rig.b, kWaits);
  rig.network.cut(rig.a, rig.b, kWaits);
  rig.network.send(id, kOpener, "x");
  rig.network.heal(rig.a, rig.b);
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "");
  EXPECT_TRUE(rig.network.is_cut(rig.a, rig.b));
  rig.network.heal(rig.a, rig.b);
  rig.run();
  EXPECT_EQ(rig.received(kAcceptor), "x");
  EXPECT_FALSE(rig.network.is_cut(rig.a, rig.b));
}

TEST(Cuts, ASenderGivesUpAndTheOtherEndHearsOfItWhenItSpeaks) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.cut(rig.a, rig.b, Duration::from_ms(50));
  const MonotonicTime sent = rig.queue.now();
  rig.network.send(id, kOpener, "lost");
  rig.run();
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kClosed, kOpener}}));
  EXPECT_EQ(rig.told[0].at, sent + Duration::from_ms(50));
  rig.network.heal(rig.a, rig.b);
  rig.run();
  EXPECT_EQ(rig.told.size(), 1U) << "the other end is half-open";
  rig.network.send(id, kAcceptor, "still there?");
  rig.run();
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kClosed, kOpener}, {Kind::kClosed, kAcceptor}}));
  EXPECT_EQ(rig.network.connection_count(), 0U);
}

TEST(Cuts, NobodyGivesUpWhatPassedInTime) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.cut(rig.a, rig.b, Duration::from_ms(50));
  rig.network.send(id, kOpener, "one");
  rig.run(rig.queue.now() + Duration::from_ms(40));
  rig.network.heal(rig.a, rig.b);
  rig.network.cut(rig.a, rig.b, Duration::from_ms(50));
  rig.network.send(id, kOpener, "two");
  rig.run(rig.queue.now() + Duration::from_ms(30));
  EXPECT_EQ(rig.received(kAcceptor), "one");
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kBytes, kAcceptor}})) << "the time began anew";
  rig.run();
  EXPECT_EQ(rig.told.back().kind, Kind::kClosed);
}

TEST(Cuts, AHandshakeNeedsBothDirections) {
  for (const bool way_there : {true, false}) {
    NetworkRig rig(plain());
    const HostId from = way_there ? rig.a : rig.b, to = way_there ? rig.b : rig.a;
    rig.network.cut(from, to, Duration::from_ms(5));
    const ConnectionId id = rig.network.connect(rig.a, rig.b, node::Port::kClient);
    rig.run();
    EXPECT_TRUE(rig.told.empty());
    rig.network.heal(from, to);
    rig.run();
    EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kAccepted, kAcceptor}, {Kind::kConnected, kOpener}}));
    rig.network.send(id, kOpener, "x");
    rig.run();
    EXPECT_EQ(rig.received(kAcceptor), "x");
  }
}

TEST(Cuts, AResetIsLost) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.cut(rig.a, rig.b, kWaits);
  rig.network.reset(id, kOpener);
  rig.network.heal(rig.a, rig.b);
  rig.run();
  EXPECT_TRUE(rig.told.empty());
  rig.network.send(id, kAcceptor, "still there?");
  rig.run();
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kClosed, kAcceptor}}));
}

// Else the sender would wait for ever behind a window that nobody empties.
TEST(Cuts, WhatWasAnsweredByALostResetIsAnsweredAgain) {
  NetworkRig rig(plain());
  const ConnectionId id = rig.open();
  rig.network.cut(rig.a, rig.b, kWaits);
  rig.network.reset(id, kOpener);
  rig.network.send(id, kAcceptor, "more than fits into the window");
  rig.run();
  EXPECT_TRUE(rig.told.empty());
  rig.network.heal(rig.a, rig.b);
  rig.run();
  EXPECT_EQ(rig.kinds(), (Kinds{{Kind::kClosed, kAcceptor}}));
}

}  // namespace
}  // namespace zoetrope::sim
