#include "net/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>

#include "tests/unit/net/driver_world.hpp"

namespace zoetrope::net {
namespace {

int option_of(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  ::getsockopt(fd, level, name, &value, &length);
  return value;
}

struct Accepting {
  boost::asio::io_context io;
  Listener listener{io};
  uint16_t port = 0;
  std::vector<UniqueFd> sockets;
  std::vector<Endpoint> remotes;

  explicit Accepting(const ListenOptions& options) {
    const auto bound = listener.listen(options);
    EXPECT_TRUE(bound.has_value()) << bound.error();
    port = bound.value_or(0);
    listener.start(
        [this](UniqueFd socket, const Endpoint& remote) {
          sockets.push_back(std::move(socket));
          remotes.push_back(remote);
        },
        [](const std::string&) {});
  }
  void accept(size_t count) {
    while (sockets.size() < count) io.run_one();
  }
};

TEST(Listener, AcceptedSocketsAreSetUpForUs) {
  for (const bool keepalive : {false, true}) {
    Accepting accepting({{"127.0.0.1", 0}, 10, keepalive});
    Client client(accepting.port);
    accepting.accept(1);
    const int fd = accepting.sockets[0].get();
    EXPECT_NE(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_EQ(option_of(fd, SOL_SOCKET, SO_KEEPALIVE) != 0, keepalive);
    EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(Listener, WithoutAHostBothFamiliesAreServed) {
  Accepting accepting(ListenOptions{.address = {"", 0}});
  Client v4(accepting.port);
  accepting.accept(1);
  EXPECT_EQ(accepting.remotes[0].address_text(), "127.0.0.1");
  EXPECT_FALSE(accepting.remotes[0].is_v6);

  UniqueFd v6(::socket(AF_INET6, SOCK_STREAM, 0));
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(accepting.port);
  address.sin6_addr = in6addr_loopback;
  if (::connect(v6.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    GTEST_SKIP() << "this machine has no IPv6 loopback";
  }
  accepting.accept(2);
  EXPECT_TRUE(accepting.remotes[1].is_v6);
  EXPECT_EQ(accepting.remotes[1].address_text(), "0:0:0:0:0:0:0:1");
}

TEST(Listener, AClosedListenerRefuses) {
  Accepting accepting(ListenOptions{.address = {"127.0.0.1", 0}});
  accepting.listener.close();
  accepting.io.run();
  EXPECT_FALSE(Client(accepting.port).is_connected());
}

}  // namespace
}  // namespace zoetrope::net
