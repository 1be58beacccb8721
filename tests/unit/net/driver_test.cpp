#include "net/driver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/base/random.hpp"
#include "tests/unit/net/driver_world.hpp"

namespace zoetrope::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Seen = ScriptedEngine::Seen;

std::string random_bytes(size_t size, uint64_t seed) {
  Random random(seed);
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random.next());
  return bytes;
}

TEST(Driver, EchoesWhatComesInAnyPieces) {
  World world;
  world.start();
  Client client(world.port);
  Random random(7);
  const std::string sent = random_bytes(300'000, 1);
  std::string echoed;
  for (size_t at = 0; at < sent.size();) {
    const size_t size = std::min<size_t>(random.between(1, 9000), sent.size() - at);
    client.send(std::string_view(sent).substr(at, size));
    at += size;
    echoed += client.receive(size);
  }
  EXPECT_TRUE(echoed == sent);
}

TEST(Driver, ALargeInputArrivesWhole) {
  World world;
  world.start();
  Client client(world.port);
  const std::string sent = random_bytes(8 << 20, 2);
  std::thread sender([&] { client.send(sent); });
  const std::string echoed = client.receive(sent.size());
  sender.join();
  EXPECT_TRUE(echoed == sent);
}

TEST(Driver, TellsBothAddressesOfAConnection) {
  Endpoint local;
  World world([&](Now, const node::Input& input, node::Effects&) {
    if (const auto* opened = std::get_if<node::Opened>(&input)) local = opened->local;
  });
  world.start();
  Client client(world.port);
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&address), &length);
  const Seen seen = world.engine.wait_until([](const Seen& s) { return s.opened == 1; });
  EXPECT_THAT(seen.remotes, ElementsAre(endpoint_of(address)));
  world.stop();
  EXPECT_EQ(local, Endpoint::v4(127, 0, 0, 1, world.port));
}

TEST(Driver, EveryBatchOfInputsIsEnded) {
  World world;
  world.start();
  Client client(world.port);
  for (int i = 0; i < 20; ++i) {
    client.send("x");
    EXPECT_EQ(client.receive(1), "x");
    // The answer goes out after the batch's end.
    EXPECT_FALSE(world.engine.seen().input_since_batch_end);
  }
}

TEST(Driver, ManyPiecesOfOutputGoOutInTheirOrder) {
  // Answers to three connections, interleaved.
  std::vector<ConnectionId> connections;
  World world([&](Now, const node::Input& input, node::Effects& out) {
    if (const auto* opened = std::get_if<node::Opened>(&input)) {
      connections.push_back(opened->connection);
    } else if (std::holds_alternative<node::Received>(input)) {
      for (int i = 0; i < 1000; ++i) out.send(connections[i % 3], std::to_string(i) + ";");
    }
  });
  world.start();
  Client a(world.port), b(world.port), c(world.port);
  world.engine.wait_until([](const Seen& s) { return s.opened == 3; });
  a.send("go");
  std::string expected[3];
  for (int i = 0; i < 1000; ++i) expected[i % 3] += std::to_string(i) + ";";
  // Which slot is whose follows from the order of connecting.
  EXPECT_EQ(a.receive(expected[0].size()), expected[0]);
  EXPECT_EQ(b.receive(expected[1].size()), expected[1]);
  EXPECT_EQ(c.receive(expected[2].size()), expected[2]);
}

TEST(Driver, APausedConnectionIsNotReadUntilItIsResumed) {
  ConnectionId paused;
  World world([&](Now, const node::Input& input, node::Effects& out) {
    const auto* received = std::get_if<node::Received>(&input);
    if (received == nullptr) return;
    if (received->bytes == "pause") {
      paused = received->connection;
      out.add(node::PauseReading{paused});
      out.send(paused, "ok");
    } else if (received->bytes == "resume") {
      out.add(node::ResumeReading{paused});
    } else if (received->bytes == "ping") {
      out.send(received->connection, "pong");
    }
  });
  world.start();
  Client client(world.port), other(world.port);
  client.send("pause");
  ASSERT_EQ(client.receive(2), "ok");
  const std::string sent = random_bytes(100'000, 3);
  client.send_some(sent.substr(0, 50'000));
  // Others are served, and what was sent to the paused connection stays with the kernel.
  for (int i = 0; i < 50; ++i) {
    other.send("ping");
    ASSERT_EQ(other.receive(4), "pong");
  }
  EXPECT_EQ(world.engine.seen().bytes[paused], "pause");
  other.send("resume");
  const Seen seen =
      world.engine.wait_until([&](const Seen& s) { return s.bytes.at(paused).size() == 50'005; });
  EXPECT_TRUE(seen.bytes.at(paused) == "pause" + sent.substr(0, 50'000));
}

TEST(Driver, AResumedConnectionThatEndedMeanwhileIsReadToItsEnd) {
  ConnectionId paused;
  World world([&](Now, const node::Input& input, node::Effects& out) {
    const auto* received = std::get_if<node::Received>(&input);
    if (received == nullptr) return;
    if (received->bytes == "pause") {
      paused = received->connection;
      out.add(node::PauseReading{paused});
      out.send(paused, "ok");
    } else if (received->bytes == "resume") {
      out.add(node::ResumeReading{paused});
    }
  });
  world.start();
  Client client(world.port), other(world.port);
  client.send("pause");
  ASSERT_EQ(client.receive(2), "ok");
  client.send("last words");
  client.close();
  other.send("resume");
  const Seen seen = world.engine.wait_until([](const Seen& s) { return s.closed == 1; });
  EXPECT_EQ(seen.bytes.at(paused), "pauselast words");
}

TEST(Driver, ASlowReaderIsReportedAndItsOutputKept) {
  constexpr uint64_t kHigh = 256 * 1024;
  constexpr size_t kChunk = 64 * 1024;
  const std::string chunk = random_bytes(kChunk, 4);
  size_t chunks = 0;
  bool is_held = false;
  World world(
      [&](Now, const node::Input& input, node::Effects& out) {
        if (const auto* received = std::get_if<node::Received>(&input)) {
          // Each byte asks for a chunk.
          for (size_t i = 0; i < received->bytes.size(); ++i, ++chunks) {
            out.send(received->connection, chunk);
          }
        } else if (const auto* backlog = std::get_if<node::Backlog>(&input)) {
          const bool must_hold = backlog->unsent_bytes > kHigh;
          if (must_hold && !is_held) out.add(node::PauseReading{backlog->connection});
          if (!must_hold) out.add(node::ResumeReading{backlog->connection});
          is_held = must_hold;
        }
      },
      kHigh);
  world.start();
  Client client(world.port, 64 * 1024);
  size_t asked = 0;
  // One request at a time, until the driver stops reading.
  while (world.engine.seen().backlogs.empty()) {
    client.send("x");
    ++asked;
    world.engine.wait_until(
        [&](const Seen& s) { return s.received_bytes >= asked || !s.backlogs.empty(); });
    ASSERT_LT(asked, 2000u);
  }
  EXPECT_GT(world.engine.seen().backlogs[0], kHigh);
  EXPECT_LE(world.engine.seen().backlogs[0], kHigh + 4 * kChunk);
  client.send("yyyy");
  asked += 4;
  const std::string got = client.receive(asked * kChunk);
  ASSERT_EQ(got.size(), asked * kChunk);
  for (size_t i = 0; i < asked; ++i) ASSERT_TRUE(got.compare(i * kChunk, kChunk, chunk) == 0) << i;
  const Seen seen =
      world.engine.wait_until([](const Seen& s) { return s.backlogs.back() < kHigh / 2; });
  EXPECT_GE(seen.backlogs.size(), 2u);
}

TEST(Driver, AnotherHalfOfTheBoundIsReportedAgain) {
  constexpr uint64_t kHigh = 1 << 20;
  const std::string chunk(kHigh / 4, 'x');
  World world(
      [&](Now, const node::Input& input, node::Effects& out) {
        const auto* received = std::get_if<node::Received>(&input);
        if (received != nullptr) out.send(received->connection, chunk);
        const auto* backlog = std::get_if<node::Backlog>(&input);
        if (backlog != nullptr && backlog->unsent_bytes > 4 * kHigh) {
          out.add(node::Close{backlog->connection, node::CloseHow::kReset});
        }
      },
      kHigh);
  world.start();
  Client client(world.port, 64 * 1024);
  size_t asked = 0;
  while (world.engine.seen().backlogs.empty() || world.engine.seen().backlogs.back() <= 4 * kHigh) {
    client.send_some("x");
    ++asked;
    world.engine.wait_until([&](const Seen& s) {
      return s.received_bytes >= asked || (!s.backlogs.empty() && s.backlogs.back() > 4 * kHigh);
    });
    ASSERT_LT(asked, 1000u);
  }
  const auto backlogs = world.engine.seen().backlogs;
  for (size_t i = 1; i < backlogs.size(); ++i) {
    EXPECT_GE(backlogs[i], backlogs[i - 1] + kHigh / 2);
    EXPECT_LE(backlogs[i], backlogs[i - 1] + kHigh);
  }
  client.receive_all();
  EXPECT_EQ(client.last_error(), ECONNRESET);
}

TEST(Driver, ACloseAfterFlushDeliversEverythingOverUnreadInput) {
  const std::string answer = random_bytes(3 << 20, 5);
  World world([&](Now, const node::Input& input, node::Effects& out) {
    const auto* received = std::get_if<node::Received>(&input);
    if (received == nullptr) return;
    out.send(received->connection, answer);
    out.add(node::Close{received->connection, node::CloseHow::kAfterFlush});
  });
  world.start();
  for (int i = 0; i < 5; ++i) {
    Client client(world.port, 64 * 1024);
    client.send("go");
    // More input than anybody will read; a plain close would turn into a reset.
    client.send_some(std::string(100'000, 'z'));
    const std::string got = client.receive_all();
    EXPECT_TRUE(got == answer) << got.size();
    EXPECT_EQ(client.last_error(), 0) << std::strerror(client.last_error());
    client.send_some("after the end");
  }
  EXPECT_EQ(world.engine.seen().closed, 0u);
}

TEST(Driver, AFinishedCloseDeliversEverythingToAPeerThatSendsNothingMore) {
  const std::string large = random_bytes(16 << 20, 6);
  World world([&](Now, const node::Input& input, node::Effects& out) {
    const auto* received = std::get_if<node::Received>(&input);
    if (received == nullptr) return;
    out.send(received->connection, received->bytes.front() == 'l' ? large : "small");
    out.add(node::Close{received->connection, node::CloseHow::kFinished});
  });
  world.start();
  for (const bool is_large : {false, true}) {
    Client client(world.port, 64 * 1024);
    client.send(is_large ? "l" : "s");
    EXPECT_TRUE(client.receive_all() == (is_large ? large : "small"));
    EXPECT_EQ(client.last_error(), 0) << std::strerror(client.last_error());
  }
  EXPECT_EQ(world.engine.seen().closed, 0u);
}

TEST(Driver, ACloseWithResetIsAReset) {
  World world([&](Now, const node::Input& input, node::Effects& out) {
    const auto* opened = std::get_if<node::Opened>(&input);
    if (opened == nullptr || opened->connection.generation() != 1) return;
    out.send(opened->connection, "never seen");
    out.add(node::Close{opened->connection, node::CloseHow::kReset});
  });
  world.start();
  Client client(world.port);
  client.receive_all();
  EXPECT_EQ(client.last_error(), ECONNRESET);
  EXPECT_EQ(world.engine.seen().closed, 0u);
}

TEST(Driver, AClientThatShutsItsHalfDownStillGetsItsAnswer) {
  World world([&](Now, const node::Input& input, node::Effects& out) {
    const auto* received = std::get_if<node::Received>(&input);
    if (received == nullptr || received->bytes != "ruok") return;
    out.send(received->connection, "imok");
    out.add(node::Close{received->connection, node::CloseHow::kAfterFlush});
  });
  world.start();
  for (int i = 0; i < 100; ++i) {
    Client client(world.port);
    client.send("ruok");
    client.shut_down_sending();
    ASSERT_EQ(client.receive_all(), "imok");
    ASSERT_EQ(client.last_error(), 0);
  }
}

TEST(Driver, AnEndOrAResetByTheClientIsReportedOnce) {
  World world;
  world.start();
  {
    Client a(world.port), b(world.port);
    a.send("x");
    b.send("y");
    ASSERT_EQ(a.receive(1), "x");
    ASSERT_EQ(b.receive(1), "y");
    a.close();
    b.reset();
  }
  const Seen seen = world.engine.wait_until([](const Seen& s) { return s.closed == 2; });
  EXPECT_EQ(seen.opened, 2u);
}

TEST(Driver, TwentyThousandConnectionsComeAndGo) {
  World world;
  world.engine.keep_bytes = false;
  world.start();
  constexpr size_t kConnections = 20'000;
  for (size_t i = 0; i < kConnections; ++i) {
    Client client(world.port);
    ASSERT_TRUE(client.is_connected()) << i << " " << std::strerror(errno);
    if (i % 3 == 0) client.send("hello");
    // A reset leaves no socket in TIME_WAIT, of which the machine has a limited number.
    client.reset();
  }
  // A connection that was reset before it was accepted may never be seen.
  const Seen seen = world.engine.wait_until(
      [](const Seen& s) { return s.opened == s.closed && s.opened >= kConnections * 9 / 10; });
  EXPECT_LT(seen.slot_max, 5000u);
  Client client(world.port);
  client.send("still here");
  EXPECT_EQ(client.receive(10), "still here");
}

TEST(Driver, TicksComeWhenTheyAreDue) {
  std::vector<int64_t> late_ns;
  World world;
  world.engine.on_start = [&](Now now, node::Effects&) {
    world.engine.deadline = now.monotonic + Duration::from_ms(30);
  };
  world.engine.behaviour = [&](Now now, const node::Input& input, node::Effects&) {
    if (!std::holds_alternative<node::Tick>(input)) return;
    late_ns.push_back((now.monotonic - *world.engine.deadline).ns);
    // Later and then sooner, so that the timer has to follow both ways.
    world.engine.deadline = now.monotonic + Duration::from_ms(late_ns.size() == 1 ? 40 : 5);
  };
  world.start();
  world.engine.wait_until([](const Seen& s) { return s.ticks >= 5; });
  world.stop();
  for (const int64_t late : late_ns) EXPECT_GE(late, 0);
}

TEST(Driver, AnEarlierDeadlineIsNoticed) {
  World world;
  world.engine.on_start = [&](Now now, node::Effects&) {
    world.engine.deadline = now.monotonic + Duration::from_ms(3'600'000);
  };
  world.engine.behaviour = [&](Now now, const node::Input& input, node::Effects&) {
    if (std::holds_alternative<node::Received>(input)) {
      world.engine.deadline = now.monotonic + Duration::from_ms(10);
    } else if (std::holds_alternative<node::Tick>(input)) {
      world.engine.deadline = std::nullopt;
    }
  };
  world.start();
  Client client(world.port);
  client.send("x");
  EXPECT_EQ(world.engine.wait_until([](const Seen& s) { return s.ticks == 1; }).ticks, 1u);
}

TEST(Driver, AHaltInTheFirstEffectsEndsTheRun) {
  World world;
  world.engine.on_start = [](Now, node::Effects& out) {
    out.log(node::Severity::kError, "no disk");
    out.add(node::Halt{false, "cannot go on"});
  };
  world.start();
  world.join();
  EXPECT_FALSE(world.halt.clean);
  EXPECT_EQ(world.halt.reason, "cannot go on");
  EXPECT_THAT(world.log(), ElementsAre("no disk"));
}

TEST(Driver, AnswersSaidBeforeAHaltGoOut) {
  World world([](Now, const node::Input& input, node::Effects& out) {
    const auto* received = std::get_if<node::Received>(&input);
    if (received == nullptr) return;
    out.send(received->connection, "goodbye");
    out.add(node::Halt{true, "done"});
  });
  world.start();
  Client client(world.port);
  client.send("x");
  EXPECT_EQ(client.receive_all(), "goodbye");
  world.join();
  EXPECT_TRUE(world.halt.clean);
}

TEST(Driver, HostFactsAreAnswered) {
  node::HostFacts facts;
  World world([&](Now, const node::Input& input, node::Effects& out) {
    if (const auto* received = std::get_if<node::Received>(&input)) {
      out.add(node::HostFactsQuery{});
      out.send(received->connection, "ok");
    } else if (const auto* known = std::get_if<node::HostFacts>(&input)) {
      facts = *known;
    }
  });
  world.start();
  Client client(world.port);
  client.send("x");
  ASSERT_EQ(client.receive(2), "ok");
  world.stop();
  EXPECT_GT(facts.open_files, 5);
  EXPECT_GE(facts.open_files_max, facts.open_files);
  EXPECT_GT(facts.resident_bytes, 1 << 20);
}

TEST(Driver, ATakenPortIsNamed) {
  World world;
  world.start();
  DriverConfig config;
  config.listen.address = {"127.0.0.1", world.port};
  Driver second(config, [](node::Severity, std::string_view) {});
  const auto port = second.listen();
  ASSERT_FALSE(port.has_value());
  EXPECT_EQ(port.error(), "client port: cannot listen on 127.0.0.1:" + std::to_string(world.port) +
                              ": Address already in use");
  config.listen.address = {"no.such.host.invalid", 1};
  Driver third(config, [](node::Severity, std::string_view) {});
  EXPECT_THAT(third.listen().error(),
              HasSubstr("client port: cannot resolve no.such.host.invalid"));
}

}  // namespace
}  // namespace zoetrope::net
