#include "net/dialer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>
#include <future>
#include <map>

#include "tests/unit/net/test_server.hpp"

namespace zoetrope::net {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Answers = std::map<std::string, std::vector<std::string>>;

struct Rig {
  explicit Rig(const Answers& answers = {})
      : dialer(
            io, false, [this](uint64_t token) { done.push_back(token); },
            [answers](const std::string& host) {
              NameLookup::Answer answer{host, {}, {}};
              if (!answers.contains(host)) return NameLookup::ask_system(host);
              for (const std::string& address : answers.at(host)) {
                answer.addresses.push_back(boost::asio::ip::make_address(address));
              }
              return answer;
            }) {}
  Dialer::Outcome outcome_of(uint64_t token) {
    while (done.empty() || done.back() != token) {
      io.restart();
      if (io.run_one_for(std::chrono::seconds(30)) == 0) break;
    }
    return dialer.take(token).value_or(Dialer::Outcome{});
  }

  boost::asio::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::vector<uint64_t> done;
  Dialer dialer;
};

TEST(Dialer, GivesASocketThatDoesNotWaitAndHoldsNothingBack) {
  const TestServer server;
  Rig rig;
  rig.dialer.dial(1, {"127.0.0.1", server.port()});
  EXPECT_TRUE(rig.done.empty());
  const auto outcome = rig.outcome_of(1);
  ASSERT_TRUE(outcome.socket.is_open()) << outcome.why;
  EXPECT_EQ(outcome.remote, Endpoint::v4(127, 0, 0, 1, server.port()));
  int is_on = 0;
  socklen_t length = sizeof is_on;
  ::getsockopt(outcome.socket.get(), IPPROTO_TCP, 1 /* TCP_NODELAY */, &is_on, &length);
  EXPECT_EQ(is_on, 1);
  char byte = 0;
  EXPECT_EQ(::recv(outcome.socket.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_FALSE(rig.dialer.take(1).has_value());
}

TEST(Dialer, TriesAllAddressesOfAName) {
  const TestServer server;
  // Nobody listens at the first two.
  Rig rig({{"member", {"::1", "127.0.0.2", "127.0.0.1"}}});
  rig.dialer.dial(1, {"member", server.port()});
  const auto outcome = rig.outcome_of(1);
  ASSERT_TRUE(outcome.socket.is_open()) << outcome.why;
  EXPECT_EQ(outcome.remote, Endpoint::v4(127, 0, 0, 1, server.port()));
}

// The first address swallows what is sent to it: its one place for a waiting connection is taken.
TEST(Dialer, AnAddressThatDoesNotAnswerKeepsNobodyFromTheNext) {
  const TestServer server;
  UniqueFd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
  address.sin_port = htons(server.port());
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(silent.get(), 0), 0);
  std::vector<UniqueFd> waiting;
  for (int i = 0; i < 8; ++i) {
    waiting.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(waiting.back().get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  Rig rig({{"member", {"127.0.0.2", "127.0.0.1"}}});
  rig.dialer.dial(1, {"member", server.port()});
  const auto outcome = rig.outcome_of(1);
  ASSERT_TRUE(outcome.socket.is_open()) << outcome.why;
  EXPECT_EQ(outcome.remote, Endpoint::v4(127, 0, 0, 1, server.port()));
}

TEST(Dialer, SaysWhyNoAddressWasOfUse) {
  const TestServer nobody(TestServer::Use::kHoldPort);
  const std::string port = std::to_string(nobody.port());
  Rig rig({{"member", {"127.0.0.2", "127.0.0.1"}}, {"nowhere", {}}});
  rig.dialer.dial(1, {"127.0.0.1", nobody.port()});
  EXPECT_EQ(rig.outcome_of(1).why, "cannot connect to 127.0.0.1:" + port + ": Connection refused");
  rig.dialer.dial(2, {"member", nobody.port()});
  EXPECT_EQ(rig.outcome_of(2).why, "cannot connect to member:" + port +
                                       " (127.0.0.1, the last of 2 addresses): Connection refused");
  rig.dialer.dial(3, {"nowhere", 1});
  EXPECT_THAT(rig.outcome_of(3).why, StartsWith("cannot resolve nowhere: "));
  rig.dialer.dial(4, {"no.such.host.invalid", 1});
  EXPECT_THAT(rig.outcome_of(4).why, StartsWith("cannot resolve no.such.host.invalid: "));
}

TEST(Dialer, ANameThatHangsHoldsNobodyUp) {
  std::promise<void> release;
  auto released = release.get_future().share();
  const TestServer server;
  boost::asio::io_context io;
  std::vector<uint64_t> done;
  Dialer dialer(
      io, false, [&](uint64_t token) { done.push_back(token); },
      [released](const std::string& host) {
        if (host == "slow") released.wait();
        return NameLookup::Answer{host, {boost::asio::ip::make_address("127.0.0.1")}, {}};
      });
  dialer.dial(1, {"slow", server.port()});
  dialer.dial(2, {"quick", server.port()});
  while (done.empty()) io.run_one_for(std::chrono::seconds(30));
  EXPECT_EQ(done, std::vector<uint64_t>{2});
  release.set_value();
  while (done.size() < 2) io.run_one_for(std::chrono::seconds(30));
  EXPECT_TRUE(dialer.take(1)->socket.is_open());
}

TEST(Dialer, OneLookUpServesAllWhoWaitForIt) {
  std::atomic<int> asked = 0;
  const TestServer server;
  boost::asio::io_context io;
  std::vector<uint64_t> done;
  std::promise<void> release;
  auto released = release.get_future().share();
  Dialer dialer(
      io, false, [&](uint64_t token) { done.push_back(token); },
      [&asked, released](const std::string& host) {
        ++asked;
        released.wait();
        return NameLookup::Answer{host, {boost::asio::ip::make_address("127.0.0.1")}, {}};
      });
  for (uint64_t token = 1; token <= 5; ++token) dialer.dial(token, {"member", server.port()});
  dialer.abandon(3);
  release.set_value();
  while (done.size() < 4) io.run_one_for(std::chrono::seconds(30));
  EXPECT_THAT(done, ::testing::UnorderedElementsAre(1, 2, 4, 5));
  EXPECT_EQ(asked, 1);
}

TEST(Dialer, AnAbandonedAttemptClosesItsSocket) {
  const TestServer server;
  Rig rig;
  rig.dialer.dial(1, {"127.0.0.1", server.port()});
  rig.io.run_one();  // begins to connect, which the kernel finishes by itself
  const UniqueFd accepted = server.accept();
  ASSERT_TRUE(accepted.is_open());
  rig.dialer.abandon(1);
  rig.io.poll();
  EXPECT_TRUE(rig.done.empty());
  EXPECT_EQ(receive_from(accepted, 1), "");
}

// A port that the kernel gave the near end of a connection once.
uint16_t port_of_a_near_end() {
  const TestServer server;
  const UniqueFd near(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  socklen_t length = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(server.port());
  EXPECT_EQ(::connect(near.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ::getsockname(near.get(), reinterpret_cast<sockaddr*>(&address), &length);
  const linger hard{1, 0};
  ::setsockopt(near.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  return ntohs(address.sin_port);
}

// Nobody listens there; sooner or later the kernel picks that very port for the near end again, and
// the two ends are one. It goes through its range of some 14,000 in order.
TEST(Dialer, NeverConnectsToItself) {
  const uint16_t port = port_of_a_near_end();
  Rig rig;
  for (uint64_t token = 1; token <= 16'000; ++token) {
    rig.dialer.dial(token, {"127.0.0.1", port});
    ASSERT_FALSE(rig.outcome_of(token).socket.is_open()) << token;
  }
}

}  // namespace
}  // namespace zoetrope::net
