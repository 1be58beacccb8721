// Accepts connections on one address. Owns the listening socket; never spins when the process runs
// out of descriptors: it turns the waiting peer away and rests for a moment.
#pragma once

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/endpoint.hpp"
#include "net/unique_fd.hpp"
#include "net/zoo_config.hpp"

namespace zoetrope::net {

struct ListenOptions {
  ListenAddress address;
  int backlog = 0;  // 0 or less: as many as the machine allows
  bool keepalive = false;
};

class Listener {
 public:
  // Called for each connection: a non-blocking socket with TCP_NODELAY, and its peer.
  using Accepted = std::function<void(UniqueFd socket, const Endpoint& remote)>;
  using Warn = std::function<void(std::string text)>;

  explicit Listener(boost::asio::io_context& io) : acceptor_(io), pause_(io) {}

  // Binds and listens; without a host on every IPv4 and IPv6 address. Looks a name up, and waits
  // for that. Returns the port. The error is one line that names the address. Again after close().
  std::expected<uint16_t, std::string> listen(const ListenOptions& options);
  // From now on connections are accepted, until close().
  void start(Accepted accepted, Warn warn);
  void close();
  bool is_open() const { return acceptor_.is_open(); }

 private:
  void wait();
  void accept_waiting();
  void turn_one_away(int error);

  boost::asio::ip::tcp::acceptor acceptor_;
  uint64_t life_ = 0;  // counts listen() and close(), so that what waited before is known as such
  boost::asio::steady_timer pause_;
  UniqueFd
      spare_;  // given up to accept and close one connection when there are no descriptors left
  bool has_warned_ = false;
  Accepted accepted_;
  Warn warn_;
};

// The same address with its host as a number, so that listen() need not look it up. The error is
// one line. May wait for the system's resolver.
std::expected<ListenAddress, std::string> resolve_listen_address(const ListenAddress& address);

// "host:port", "*:port" without a host.
std::string shown(const ListenAddress& address);

// The engine's form of a socket address; IPv4 addresses mapped into IPv6 become IPv4, as in Java.
Endpoint endpoint_of(const sockaddr_storage& address);

}  // namespace zoetrope::net
