// Faults of links and listeners: each changes what it is said to change, and the ensemble lives
// through it.
#include <gtest/gtest.h>

#include "tests/unit/sim/fault_rig.hpp"
#include "tests/unit/sim/network_rig.hpp"

namespace zoetrope::sim {
namespace {

constexpr Duration kLasts = Duration::from_ms(1500);
constexpr int64_t kEndMs = kFaultMs + 1500;

Links links_of(Target server, Links::Peers peers = Links::Peers::kAll) {
  return {std::move(server), peers, std::nullopt, Links::Way::kBoth};
}
Target all_servers() {
  return {Target::Kind::kAll, 0, {}, {}};
}

// --- the network alone ---------------------------------------------------------------------------

NetworkConfig even_network() {
  NetworkConfig config;
  config.latency = Latency::fixed(1000);
  config.cut_one_in = 0;
  return config;
}

TEST(LinkConditions, ANarrowLinkLetsBytesThroughOneAfterTheOther) {
  NetworkRig rig(even_network());
  const ConnectionId id = rig.open();
  const MonotonicTime began = rig.queue.now();
  rig.network.impair(rig.a, rig.b, 1, {.bytes_per_second = 10'000});
  rig.network.send(id, Side::kOpener, std::string(10'000, 'x'));
  rig.run();
  EXPECT_EQ(rig.received(Side::kAcceptor).size(), 10'000U);
  EXPECT_GE((rig.queue.now() - began).ms(), 1000);
  EXPECT_LE((rig.queue.now() - began).ms(), 1100);
  EXPECT_GT(rig.told.size(), 5U) << "in packets";
  rig.network.repair(rig.a, rig.b, 1);
  const MonotonicTime again = rig.queue.now();
  rig.network.send(id, Side::kOpener, std::string(10'000, 'x'));
  rig.run();
  EXPECT_EQ((rig.queue.now() - again).ms(), 1) << "as wide as before";
}

TEST(LinkConditions, WhatIsLostComesAfterARetransmissionAndInOrder) {
  NetworkRig rig(even_network());
  const ConnectionId id = rig.open();
  const MonotonicTime began = rig.queue.now();
  rig.network.impair(
      rig.a, rig.b, 1,
      {.loss_one_in = 2, .retransmit_after = Duration::from_ms(100), .tries_max = 60});
  std::string sent;
  for (int i = 0; i < 100; ++i) {
    sent += static_cast<char>(i);
    rig.network.send(id, Side::kOpener, sent.substr(static_cast<size_t>(i)));
  }
  rig.run();
  EXPECT_EQ(rig.received(Side::kAcceptor), sent);
  EXPECT_GE((rig.queue.now() - began).ms(), 101);
}

TEST(LinkConditions, ASenderWhoseSegmentsAreAllLostGivesUp) {
  NetworkRig rig(even_network());
  const ConnectionId id = rig.open();
  rig.network.impair(
      rig.a, rig.b, 1,
      {.loss_one_in = 1, .retransmit_after = Duration::from_ms(100), .tries_max = 2});
  rig.network.send(id, Side::kOpener, "hello");
  rig.run();
  ASSERT_EQ(rig.kinds(), (NetworkRig::Kinds{{Delivery::Kind::kClosed, Side::kOpener}}));
  EXPECT_EQ(rig.told[0].at.ms() - 1, 701) << "100 + 200 + 400 ms behind the connect";
}

TEST(LinkConditions, StreamsComeInSmallPieces) {
  NetworkRig rig(even_network());
  const ConnectionId id = rig.open();
  rig.network.impair(rig.a, rig.b, 1, {.segment_bytes_max = 1});
  rig.network.send(id, Side::kOpener, "a stream");
  rig.run();
  EXPECT_EQ(rig.told.size(), 8U);
  EXPECT_EQ(rig.received(Side::kAcceptor), "a stream");
}

TEST(LinkConditions, AnEndThatIsForgottenAnswersWithAReset) {
  NetworkRig rig(even_network());
  const ConnectionId id = rig.open();
  rig.network.forget(id, Side::kAcceptor);
  rig.run();
  EXPECT_EQ(rig.kinds(), (NetworkRig::Kinds{{Delivery::Kind::kClosed, Side::kAcceptor}}))
      << "the other end hears nothing";
  rig.told.clear();
  rig.network.send(id, Side::kOpener, "are you there?");
  rig.run();
  EXPECT_EQ(rig.kinds(), (NetworkRig::Kinds{{Delivery::Kind::kClosed, Side::kOpener}}));
  EXPECT_EQ(rig.network.connection_count(), 0U);
}

TEST(LinkConditions, ConnectsAreRefusedSlowOrIgnored) {
  using Kind = ConnectFault::Kind;
  const auto answered_ms = [](Kind kind) {
    NetworkRig rig(even_network());
    rig.network.begin_connect_fault(rig.b, node::Port::kClient, 1, {kind, Duration::from_ms(500)});
    rig.network.connect(rig.a, rig.b, node::Port::kClient);
    rig.run(MonotonicTime::from_ms(4000));
    rig.network.end_connect_fault(1);
    rig.run(MonotonicTime::from_ms(20'000));
    EXPECT_FALSE(rig.told.empty());
    const NetworkRig::Told& last = rig.told.back();
    EXPECT_EQ(last.kind == Delivery::Kind::kRefused, kind == Kind::kRefused);
    EXPECT_EQ(last.side, Side::kOpener);
    return last.at.ms();
  };
  EXPECT_EQ(answered_ms(Kind::kRefused), 2);
  EXPECT_EQ(answered_ms(Kind::kSlow), 502);
  EXPECT_EQ(answered_ms(Kind::kIgnored), 7002) << "it asked after 1, 2 and 4 s";
}

TEST(LinkConditions, AListenerThatAcceptsLateReadsWhatWaits) {
  NetworkRig rig(even_network());
  rig.network.begin_connect_fault(rig.b, std::nullopt, 1, {ConnectFault::Kind::kNotAccepted, {}});
  const ConnectionId id = rig.network.connect(rig.a, rig.b, node::Port::kClient);
  rig.run();
  ASSERT_EQ(rig.kinds(), (NetworkRig::Kinds{{Delivery::Kind::kConnected, Side::kOpener}}));
  rig.network.send(id, Side::kOpener, "hello?");
  rig.run();
  EXPECT_EQ(rig.told.size(), 1U) << "the process has not accepted";
  rig.network.end_connect_fault(1);
  rig.run();
  EXPECT_EQ(rig.kinds(), (NetworkRig::Kinds{{Delivery::Kind::kConnected, Side::kOpener},
                                            {Delivery::Kind::kAccepted, Side::kAcceptor},
                                            {Delivery::Kind::kBytes, Side::kAcceptor}}));
  EXPECT_EQ(rig.received(Side::kAcceptor), "hello?");
}

TEST(LinkConditions, WhatIsPutBackIsReadLater) {
  NetworkRig rig(even_network());
  const ConnectionId id = rig.open();
  rig.network.send(id, Side::kOpener, "abcdef");
  const auto told = rig.network.handle(rig.queue.pop());
  ASSERT_TRUE(told && told->bytes == "abcdef");
  rig.network.put_back(*told);
  EXPECT_EQ(rig.network.readable(id, Side::kAcceptor), 6U);
  const auto some = rig.network.read_again(id, Side::kAcceptor, 2);
  ASSERT_TRUE(some && some->bytes == "ab");
  rig.network.release(*some);
  EXPECT_EQ(rig.network.readable(id, Side::kAcceptor), 4U);
}

// --- in an ensemble ------------------------------------------------------------------------------

TEST(LinkFaults, SlowLinksSlowOperationsDownForAsLongAsTheyLast) {
  const RunResult without = run_small(small_world());
  const RunResult with =
      run_with(small_world(), SlowLinks{links_of(all_servers()), Latency::fixed(30'000), kLasts});
  const Latencies usual = latencies(without, kFaultMs, kEndMs - 300);
  const Latencies slow = latencies(with, kFaultMs + 10, kEndMs - 300);
  EXPECT_LT(usual.median_us, 10'000);
  EXPECT_GT(slow.median_us, 60'000) << "there and back";
  EXPECT_LT(latencies(with, kEndMs + 100, kEndMs + 1000).median_us, 10'000);
  EXPECT_EQ(with.counts.impaired_links, 3U * 2 * 2 / 2 + 3 * 3 * 2);
  EXPECT_EQ(breaches(with), "");
}

TEST(LinkFaults, ADelayInOneDirectionTowardsOneServerIsThatAndNoMore) {
  Links links = links_of(Target::server(0), Links::Peers::kServers);
  links.others = Target::server(1);
  links.way = Links::Way::kIn;
  const RunResult with = run_with(small_world(), SlowLinks{links, Latency::fixed(30'000), kLasts});
  EXPECT_EQ(with.counts.impaired_links, 1U);
  EXPECT_EQ(breaches(with), "");
}

TEST(LinkFaults, AHeavyTailMakesSomeOperationsVerySlow) {
  const RunResult with =
      run_with(small_world(),
               SlowLinks{links_of(all_servers()), Latency::pareto(1000, 110, 1'000'000), kLasts});
  const Latencies slow = latencies(with, kFaultMs, kEndMs);
  EXPECT_GT(slow.max_us, 8 * slow.median_us);
  EXPECT_EQ(breaches(with), "");
}

TEST(LinkFaults, LostSegmentsStallOperationsForARetransmission) {
  const RunResult with = run_with(
      small_world(), LoseSegments{links_of(all_servers()), 8, Duration::from_ms(150), 8, kLasts});
  const Latencies slow = latencies(with, kFaultMs, kEndMs);
  EXPECT_GT(slow.max_us, 150'000);
  EXPECT_EQ(breaches(with), "");
}

TEST(LinkFaults, ALinkThatLosesAllBreaksItsConnections) {
  const RunResult without = run_small(small_world());
  const RunResult with =
      run_with(small_world(), LoseSegments{links_of(all_servers(), Links::Peers::kClients), 1,
                                           Duration::from_ms(20), 2, Duration::from_ms(500)});
  EXPECT_GT(connections(with, kFaultMs, kEndMs), connections(without, kFaultMs, kEndMs));
  EXPECT_EQ(breaches(with), "");
}

TEST(LinkFaults, ANarrowLinkMakesRepliesWait) {
  const RunResult with =
      run_with(small_world(),
               LimitBandwidth{links_of(all_servers(), Links::Peers::kClients), 3'000, kLasts});
  EXPECT_GT(latencies(with, kFaultMs, kEndMs).median_us, 25'000);
  EXPECT_EQ(breaches(with), "");
}

TEST(LinkFaults, SmallSegmentsAreManyAndChangeNothingElse) {
  const RunResult without = run_small(small_world());
  const RunResult with = run_with(small_world(), SmallSegments{links_of(all_servers()), 1, kLasts});
  EXPECT_GT(with.counts.deliveries, 3 * without.counts.deliveries);
  EXPECT_EQ(with.counts.unknown, 0U);
  EXPECT_EQ(with.counts.epochs, without.counts.epochs);
  EXPECT_EQ(breaches(with), "");
}

TEST(LinkFaults, HalfOpenConnectionsOfClientsAreOpenedAgain) {
  const RunResult without = run_small(small_world());
  ASSERT_EQ(connections(without, kFaultMs, kEndMs), 0U);
  for (const bool at_peers : {false, true}) {
    const RunResult with = run_with(
        small_world(), HalfOpen{links_of(all_servers(), Links::Peers::kClients), at_peers});
    EXPECT_EQ(with.counts.forgotten_ends, 3U);
    EXPECT_GE(connections(with, kFaultMs, kEndMs), 3U) << at_peers;
    EXPECT_EQ(breaches(with), "");
  }
}

TEST(LinkFaults, ALeaderWhoseFollowersForgetItIsReplaced) {
  const RunResult with =
      run_with(small_world(), HalfOpen{links_of(Target::leader(), Links::Peers::kServers), true});
  EXPECT_GT(with.counts.epochs, run_small(small_world()).counts.epochs);
  EXPECT_EQ(breaches(with), "");
}

TEST(LinkFaults, ConnectsFailAndClientsGoElsewhere) {
  for (const auto kind : {FailConnects::Kind::kRefused, FailConnects::Kind::kSlow,
                          FailConnects::Kind::kIgnored, FailConnects::Kind::kNotAccepted}) {
    WorldConfig world = small_world();
    for (ClientConfig& client : world.clients) client.script.break_one_in = 15;
    const RunResult without = run_small(world);
    add_step(world, FailConnects{Target::server(0), kind, PortKind::kClient,
                                 Duration::from_ms(3000), Duration::from_ms(3000)});
    const RunResult with = run_small(world);
    EXPECT_GT(connections(without, kFaultMs, kFaultMs + 3000, 0), 0U);
    // A handshake that waits in the kernel was opened before; its session comes with the end.
    size_t in_time = 0;
    for (const properties::Connection& c : with.history.connections) {
      in_time += c.server == ServerId(1) && c.established && c.opened.at.ms() >= kFaultMs &&
                 c.established->at.ms() < kFaultMs + 3000;
    }
    EXPECT_EQ(in_time, 0U) << static_cast<int>(kind);
    EXPECT_EQ(breaches(with), "");
  }
}

TEST(LinkFaults, AListenerThatAcceptsNobodyHoldsUpAnElection) {
  WorldConfig world = small_world();
  add_step(world, FailConnects{all_servers(),
                               FailConnects::Kind::kNotAccepted,
                               PortKind::kAll,
                               {},
                               Duration::from_ms(1200)});
  add_step(world, Kill{Target::leader(), DeathKind::kKill}, kFaultMs + 1);
  WorldConfig open = small_world();
  add_step(open, Kill{Target::leader(), DeathKind::kKill}, kFaultMs + 1);
  const RunResult with = run_small(world);
  EXPECT_GT(silence_ms(with, kFaultMs, 6000), silence_ms(run_small(open), kFaultMs, 6000));
  EXPECT_EQ(breaches(with), "");
}

}  // namespace
}  // namespace zoetrope::sim
