// The followers of the least possible leader (echo_server.cpp): each is an echo server that is sent
// one request a batch and answers when it has synced it. Owns the connections; keeps no batch and
// never reconnects.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/endian.hpp"

namespace zoetrope::bench {

inline constexpr uint32_t kReplicate = 100;  // type of the request that carries a batch

class EchoFollowers {
 public:
  explicit EchoFollowers(const std::vector<uint16_t>& ports) {
    for (const uint16_t port : ports) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      check(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
      all_.push_back({fd, 0});
      send_frame(fd, std::string(16, '\0'));
      char answer[kHandshakeBytes];
      check(::recv(fd, answer, sizeof answer, MSG_WAITALL) == kHandshakeBytes);
    }
  }

  void send(std::string_view batch) {
    std::string request(8, '\0');
    store_be32(request.data() + 4, kReplicate);
    request += batch;
    for (const Follower& follower : all_) send_frame(follower.fd, request);
    ++sent_;
  }

  // Until the last batch is synced by so many that they are a majority together with the leader.
  void await_majority() {
    const auto lags = [this](const Follower& f) { return f.bytes / kReplyBytes < sent_; };
    while (2 * std::ranges::count_if(all_, lags) > static_cast<long>(all_.size())) {
      std::vector<pollfd> polled;
      for (const Follower& follower : all_) polled.push_back({follower.fd, POLLIN, 0});
      ::poll(polled.data(), polled.size(), -1);
      for (size_t i = 0; i < all_.size(); ++i) {
        if (polled[i].revents != 0) receive(all_[i]);
      }
    }
  }

 private:
  static constexpr ssize_t kHandshakeBytes = 41;
  static constexpr uint64_t kReplyBytes = 20;

  struct Follower {
    int fd;
    uint64_t bytes;  // of its replies
  };

  static void check(bool good) {
    if (good) return;
    std::fprintf(stderr, "echo_server: a follower is gone\n");
    std::exit(1);
  }

  static void send_frame(int fd, std::string_view payload) {
    std::string frame(4, '\0');
    store_be32(frame.data(), static_cast<uint32_t>(payload.size()));
    frame += payload;
    check(::send(fd, frame.data(), frame.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(frame.size()));
  }

  static void receive(Follower& follower) {
    char replies[4096];
    const ssize_t got = ::recv(follower.fd, replies, sizeof replies, MSG_DONTWAIT);
    check(got > 0);
    follower.bytes += static_cast<uint64_t>(got);
  }

  std::vector<Follower> all_;
  uint64_t sent_ = 0;
};

}  // namespace zoetrope::bench
