// A socket of a test that others connect to, or that only holds a port.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "net/unique_fd.hpp"

namespace zoetrope::net {

class TestServer {
 public:
  enum class Use : uint8_t { kListen, kHoldPort };

  // A free port, or the one that is given.
  explicit TestServer(Use use = Use::kListen, uint16_t port = 0, int backlog = 100)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    if (use == Use::kListen) {
      EXPECT_EQ(::listen(fd_.get(), backlog), 0);
    }
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
  }
  uint16_t port() const { return port_; }
  // The next connection; waits at most 30 s for it.
  UniqueFd accept() const {
    pollfd wait{fd_.get(), POLLIN, 0};
    if (::poll(&wait, 1, 30'000) != 1) return UniqueFd();
    UniqueFd socket(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const timeval limit{30, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return socket;
  }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  uint16_t port_ = 0;
};

// Exactly `size` bytes, or fewer when the connection ends first.
inline std::string receive_from(const UniqueFd& socket, size_t size) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t n = ::recv(socket.get(), bytes.data() + done, size - done, 0);
    if (n <= 0) break;
    done += static_cast<size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace zoetrope::net
