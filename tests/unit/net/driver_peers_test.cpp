// The driver's dealings with other servers: connecting to them and listening for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/unit/net/driver_world.hpp"
#include "tests/unit/net/test_server.hpp"

namespace zoetrope::net {
namespace {

using node::Port;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Seen = ScriptedEngine::Seen;

PeerPorts free_peer_ports() {
  PeerPorts ports;
  ports.quorum = ports.election = {{"127.0.0.1", 0}};
  ports.pause = Duration::from_ms(1);
  return ports;
}

// Does what a test says when a client sends the word for it, and answers "ok" with the same
// effects; echoes everything else.
class Orders {
 public:
  using Order = std::function<void(node::Effects& out)>;
  static constexpr char kNoise = '.';  // input that begins with it is not answered

  World& start() {
    world.engine.behaviour = [this](Now, const node::Input& input, node::Effects& out) {
      if (always) always(input, out);
      const auto* received = std::get_if<node::Received>(&input);
      if (received == nullptr || received->bytes.starts_with(kNoise)) return;
      const auto order = orders.find(std::string(received->bytes));
      if (order != orders.end()) order->second(out);
      out.send(received->connection, order != orders.end() ? "ok" : received->bytes);
    };
    world.start();
    client.emplace(world.port);
    return world;
  }
  // Returns when the effects were carried out.
  void give(const std::string& word) {
    client->send(word);
    ASSERT_EQ(client->receive(2), "ok");
  }

  std::map<std::string, Order> orders;
  std::function<void(const node::Input& input, node::Effects& out)> always;
  World world;
  std::optional<Client> client;
};

node::Connect connect(uint64_t token, uint16_t port, const std::string& host = "127.0.0.1") {
  return {token, {host, port}};
}

TEST(DriverPeers, AConnectionThatWasDialledIsLikeAnAcceptedOne) {
  const TestServer server;
  Orders run;
  run.orders["dial"] = [&](node::Effects& out) { out.add(connect(7, server.port())); };
  World& world = run.start();
  run.give("dial");
  const UniqueFd accepted = server.accept();
  ASSERT_TRUE(accepted.is_open());
  const Seen seen = world.engine.wait_until([](const Seen& s) { return s.connected.contains(7); });
  EXPECT_EQ(seen.remotes.back(), Endpoint::v4(127, 0, 0, 1, server.port()));
  ASSERT_EQ(::send(accepted.get(), "hello", 5, MSG_NOSIGNAL), 5);
  EXPECT_EQ(receive_from(accepted, 5), "hello");
  ::shutdown(accepted.get(), SHUT_RDWR);
  world.engine.wait_until([](const Seen& s) { return s.closed == 1; });
}

TEST(DriverPeers, OutputThatAPeerDoesNotTakeIsReported) {
  const TestServer server;
  Orders run;
  run.orders["dial"] = [&](node::Effects& out) { out.add(connect(1, server.port())); };
  run.always = [](const node::Input& input, node::Effects& out) {
    if (const auto* connected = std::get_if<node::Connected>(&input)) {
      out.send(connected->connection, std::string(32 << 20, 'x'));
    }
  };
  World& world = run.start();
  run.give("dial");
  const UniqueFd accepted = server.accept();
  const Seen seen = world.engine.wait_until([](const Seen& s) { return !s.backlogs.empty(); });
  EXPECT_GT(seen.backlogs.front(), 4u << 20);
  EXPECT_EQ(receive_from(accepted, 32 << 20).size(), 32u << 20);
}

TEST(DriverPeers, APortWithoutAListenerIsAClearFailure) {
  const TestServer nobody(TestServer::Use::kHoldPort);
  Orders run;
  run.orders["dial"] = [&](node::Effects& out) { out.add(connect(3, nobody.port())); };
  World& world = run.start();
  run.give("dial");
  const Seen seen =
      world.engine.wait_until([](const Seen& s) { return s.not_connected.contains(3); });
  EXPECT_EQ(seen.not_connected.at(3), "cannot connect to 127.0.0.1:" +
                                          std::to_string(nobody.port()) + ": Connection refused");
}

TEST(DriverPeers, ANameThatDoesNotResolveIsAClearFailure) {
  Orders run;
  run.orders["dial"] = [&](node::Effects& out) { out.add(connect(3, 1, "no.such.host.invalid")); };
  World& world = run.start();
  run.give("dial");
  const Seen seen =
      world.engine.wait_until([](const Seen& s) { return s.not_connected.contains(3); });
  EXPECT_THAT(seen.not_connected.at(3), StartsWith("cannot resolve no.such.host.invalid: "));
}

TEST(DriverPeers, NothingIsHeardOfAnAbandonedAttempt) {
  const TestServer server;
  const TestServer nobody(TestServer::Use::kHoldPort);
  Orders run;
  run.orders["dial"] = [&](node::Effects& out) {
    out.add(connect(1, server.port()));
    out.add(connect(2, nobody.port()));
    out.add(connect(3, 1, "no.such.host.invalid"));
    for (uint64_t token = 1; token <= 3; ++token) out.add(node::AbandonConnect{token});
    out.add(connect(4, 1, "no.such.host.invalid"));
    out.add(connect(5, server.port()));
  };
  World& world = run.start();
  run.give("dial");
  const Seen seen = world.engine.wait_until(
      [](const Seen& s) { return s.connected.contains(5) && s.not_connected.contains(4); });
  EXPECT_EQ(seen.connected.size(), 1u);
  EXPECT_EQ(seen.not_connected.size(), 1u);
}

// Whichever of two is connected first abandons the other, also when both are connected by then: a
// driver that is busy with other input hears of many at once.
TEST(DriverPeers, AnAttemptIsAbandonedUpToTheLastMoment) {
  constexpr uint64_t kPairs = 200;
  const TestServer server(TestServer::Use::kListen, 0, 1000);
  Orders run;
  run.orders["dial"] = [&](node::Effects& out) {
    for (uint64_t token = 2; token < 2 + 2 * kPairs; ++token) {
      out.add(connect(token, server.port()));
    }
  };
  run.always = [](const node::Input& input, node::Effects& out) {
    if (const auto* connected = std::get_if<node::Connected>(&input)) {
      out.add(node::AbandonConnect{connected->token ^ 1});
    }
  };
  World& world = run.start();
  world.engine.keep_bytes = false;
  std::atomic<bool> is_done = false;
  std::thread noise([&] {
    Client client(world.port);
    const std::string bytes(1 << 20, Orders::kNoise);
    while (!is_done) client.send(bytes);
  });
  run.give("dial");
  world.engine.wait_until([&](const Seen& s) { return s.connected.size() >= kPairs; });
  is_done = true;
  noise.join();
  world.stop();
  const Seen seen = world.engine.seen();
  EXPECT_EQ(seen.connected.size(), kPairs);
  EXPECT_TRUE(seen.not_connected.empty());
}

TEST(DriverPeers, AbandoningAfterSuccessLeavesTheConnectionAlone) {
  const TestServer server;
  Orders run;
  run.orders["dial"] = [&](node::Effects& out) { out.add(connect(1, server.port())); };
  run.orders["abandon"] = [&](node::Effects& out) { out.add(node::AbandonConnect{1}); };
  World& world = run.start();
  run.give("dial");
  const UniqueFd accepted = server.accept();
  world.engine.wait_until([](const Seen& s) { return s.connected.contains(1); });
  run.give("abandon");
  ASSERT_EQ(::send(accepted.get(), "still here", 10, MSG_NOSIGNAL), 10);
  EXPECT_EQ(receive_from(accepted, 10), "still here");
}

TEST(DriverPeers, TheElectionPortIsOpenFromTheStartAndTheQuorumPortIsNot) {
  Orders run;
  run.world.peers = free_peer_ports();
  World& world = run.start();
  const Client elector(world.election_port);
  EXPECT_TRUE(elector.is_connected());
  const Seen seen = world.engine.wait_until([](const Seen& s) { return s.opened == 2; });
  EXPECT_EQ(seen.ports.at(seen.connections.at(0)), Port::kClient);
  EXPECT_EQ(seen.ports.at(seen.connections.at(1)), Port::kElection);
  EXPECT_FALSE(Client(world.quorum_port).is_connected());
}

TEST(DriverPeers, APortIsOpenedAndClosedAndOpenedAgain) {
  Orders run;
  run.world.peers = free_peer_ports();
  for (const Port port : {Port::kQuorum, Port::kElection}) {
    const std::string name = port == Port::kQuorum ? "quorum" : "election";
    run.orders[name + " on"] = [port](node::Effects& out) { out.add(node::Listen{port, true}); };
    run.orders[name + " off"] = [port](node::Effects& out) { out.add(node::Listen{port, false}); };
  }
  World& world = run.start();
  for (const std::string name : {"quorum", "election"}) {
    const uint16_t port = name == "quorum" ? world.quorum_port : world.election_port;
    for (int round = 0; round < 3; ++round) {
      run.give(name + " on");
      run.give(name + " on");
      Client peer(port);
      ASSERT_TRUE(peer.is_connected());
      peer.send("before");
      EXPECT_EQ(peer.receive(6), "before");
      run.give(name + " off");
      EXPECT_FALSE(Client(port).is_connected());
      peer.send("after");
      EXPECT_EQ(peer.receive(5), "after");
    }
  }
  const Seen seen = world.engine.seen();
  EXPECT_EQ(std::ranges::count_if(seen.ports,
                                  [](const auto& entry) { return entry.second == Port::kQuorum; }),
            3);
}

TEST(DriverPeers, ATakenElectionPortKeepsTheServerFromStarting) {
  const TestServer holder;
  std::vector<std::string> log;
  DriverConfig config;
  config.listen.address = {"127.0.0.1", 0};
  config.peers = free_peer_ports();
  config.peers->election = {{"127.0.0.1", holder.port()}};
  Driver driver(config, [&](node::Severity, std::string_view text) { log.emplace_back(text); });
  const std::string wrong =
      "election port: cannot listen on 127.0.0.1:" + std::to_string(holder.port()) +
      ": Address already in use";
  EXPECT_EQ(driver.listen().error(), wrong);
  EXPECT_THAT(log, ElementsAre(wrong + "; trying again", wrong + "; trying again"));
}

TEST(DriverPeers, AQuorumPortThatSomebodyElseHasIsKnownAtTheStart) {
  const TestServer holder;
  DriverConfig config;
  config.listen.address = {"127.0.0.1", 0};
  config.peers = free_peer_ports();
  config.peers->quorum = {{"127.0.0.1", holder.port()}};
  Driver driver(config, [](node::Severity, std::string_view) {});
  EXPECT_THAT(driver.listen().error(), StartsWith("quorum port: cannot listen on 127.0.0.1:"));
}

TEST(DriverPeers, AnElectionPortThatBecomesFreeIsTaken) {
  TestServer holder;
  DriverConfig config;
  config.listen.address = {"127.0.0.1", 0};
  config.peers = free_peer_ports();
  config.peers->election = {{"127.0.0.1", holder.port()}};
  config.peers->election_tries_max = 0;
  int warnings = 0;
  Driver driver(config, [&](node::Severity, std::string_view) {
    if (++warnings == 10) holder.close();
  });
  EXPECT_TRUE(driver.listen().has_value());
  EXPECT_EQ(warnings, 10);
}

TEST(DriverPeers, OneAddressOfSeveralIsEnough) {
  const TestServer holder;
  std::vector<std::string> log;
  DriverConfig config;
  config.listen.address = {"127.0.0.1", 0};
  config.peers = free_peer_ports();
  config.peers->election = {{"127.0.0.1", holder.port()}, {"127.0.0.2", holder.port()}};
  Driver driver(config, [&](node::Severity, std::string_view text) { log.emplace_back(text); });
  EXPECT_TRUE(driver.listen().has_value());
  EXPECT_THAT(log, ElementsAre(HasSubstr("cannot listen on 127.0.0.1:")));
}

TEST(DriverPeers, ALeaderThatNeverGetsItsPortStops) {
  Orders run;
  run.world.peers = free_peer_ports();
  run.orders["on"] = [](node::Effects& out) { out.add(node::Listen{Port::kQuorum, true}); };
  World& world = run.start();
  const TestServer thief(TestServer::Use::kListen, world.quorum_port);
  run.give("on");
  world.join();
  EXPECT_FALSE(world.halt.clean);
  EXPECT_EQ(world.halt.reason,
            "quorum port: cannot listen on 127.0.0.1:" + std::to_string(world.quorum_port) +
                ": Address already in use: this server stops, so that another "
                "one leads");
  EXPECT_EQ(world.log().size(), 4u);
}

TEST(DriverPeers, ALeaderWaitsAWhileForItsPort) {
  Orders run;
  std::optional<TestServer> thief;
  int warnings = 0;
  std::promise<void> is_free;
  run.world.peers = free_peer_ports();
  run.world.on_log = [&](std::string_view) {
    if (++warnings != 3) return;
    thief.reset();
    is_free.set_value();
  };
  run.orders["on"] = [](node::Effects& out) { out.add(node::Listen{Port::kQuorum, true}); };
  World& world = run.start();
  thief.emplace(TestServer::Use::kListen, world.quorum_port);
  run.give("on");
  is_free.get_future().wait();
  while (!Client(world.quorum_port).is_connected()) {
  }
  world.engine.wait_until([](const Seen& s) {
    return std::ranges::any_of(s.ports,
                               [](const auto& entry) { return entry.second == Port::kQuorum; });
  });
  EXPECT_EQ(world.log().size(), 3u);
}

TEST(DriverPeers, ALeaderThatIsNoneAnyMoreTriesNoLonger) {
  Orders run;
  run.world.peers = free_peer_ports();
  run.world.peers->quorum_tries_max = 2;
  run.orders["on and off"] = [](node::Effects& out) {
    out.add(node::Listen{Port::kQuorum, true});
    out.add(node::Listen{Port::kQuorum, false});
  };
  World& world = run.start();
  const TestServer thief(TestServer::Use::kListen, world.quorum_port);
  for (int i = 0; i < 100; ++i) run.give("on and off");
  world.stop();
  EXPECT_TRUE(world.halt.clean) << world.halt.reason;
}

}  // namespace
}  // namespace zoetrope::net
