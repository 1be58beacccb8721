#include "net/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace zoetrope::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

// Accepted in one go before other work gets its turn.
constexpr int kAcceptsAtOnce = 64;
constexpr std::chrono::milliseconds kPauseWithoutDescriptors{100};

UniqueFd open_spare() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

std::expected<tcp::endpoint, std::string> resolve(const ListenAddress& address) {
  asio::io_context io;
  error_code error;
  tcp::resolver resolver(io);
  const auto results =
      resolver.resolve(address.host, std::to_string(address.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || results.empty()) {
    return std::unexpected("cannot resolve " + address.host +
                           ", the address to listen on at port " + std::to_string(address.port) +
                           ": " + error.message());
  }
  // As Java chooses: a name that has both kinds of addresses stands for an IPv4 one.
  const auto is_v4 = [](const auto& entry) { return entry.endpoint().address().is_v4(); };
  const auto v4 = std::find_if(results.begin(), results.end(), is_v4);
  return (v4 != results.end() ? v4 : results.begin())->endpoint();
}

error_code bind_and_listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint,
                           const ListenOptions& options) {
  error_code error;
  const auto set = [&](const auto& option) {
    if (!error) acceptor.set_option(option, error);
  };
  acceptor.open(endpoint.protocol(), error);
  set(tcp::acceptor::reuse_address(true));
  if (endpoint.protocol() == tcp::v6()) set(asio::ip::v6_only(false));
  // Linux hands these two on to the sockets that are accepted.
  set(tcp::no_delay(true));
  set(asio::socket_base::keep_alive(options.keepalive));
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(options.backlog > 0 ? options.backlog : SOMAXCONN, error);
  if (!error) acceptor.native_non_blocking(true, error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

}  // namespace

std::string shown(const ListenAddress& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + address.host + "]" : address.host;
  return (host.empty() ? "*" : host) + ":" + std::to_string(address.port);
}

std::expected<ListenAddress, std::string> resolve_listen_address(const ListenAddress& address) {
  if (address.host.empty()) return address;
  const auto endpoint = resolve(address);
  if (!endpoint) return std::unexpected(endpoint.error());
  return ListenAddress{endpoint->address().to_string(), address.port};
}

std::expected<uint16_t, std::string> Listener::listen(const ListenOptions& options) {
  const ListenAddress& address = options.address;
  error_code error;
  if (address.host.empty()) {
    error = bind_and_listen(acceptor_, tcp::endpoint(tcp::v6(), address.port), options);
    if (error == asio::error::address_family_not_supported ||
        error == error_code(EADDRNOTAVAIL, boost::system::system_category())) {
      error = bind_and_listen(acceptor_, tcp::endpoint(tcp::v4(), address.port), options);
    }
  } else {
    const auto endpoint = resolve(address);
    if (!endpoint) return std::unexpected(endpoint.error());
    error = bind_and_listen(acceptor_, *endpoint, options);
  }
  if (error) return std::unexpected("cannot listen on " + shown(address) + ": " + error.message());
  spare_ = open_spare();
  ++life_;
  return acceptor_.local_endpoint().port();
}

void Listener::start(Accepted accepted, Warn warn) {
  accepted_ = std::move(accepted);
  warn_ = std::move(warn);
  wait();
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  spare_.reset();
  ++life_;
}

void Listener::wait() {
  acceptor_.async_wait(tcp::acceptor::wait_read, [this, life = life_](const error_code& error) {
    if (!error && life == life_) accept_waiting();
  });
}

void Listener::accept_waiting() {
  const uint64_t life = life_;
  for (int i = 0; i < kAcceptsAtOnce && life == life_; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    UniqueFd socket(::accept4(acceptor_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                              &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) {
      has_warned_ = false;
      accepted_(std::move(socket), endpoint_of(address));
      continue;
    }
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) break;
    const bool is_exhausted =
        error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
    if (!is_exhausted) continue;  // that connection died while it waited
    turn_one_away(error);
    pause_.expires_after(kPauseWithoutDescriptors);
    pause_.async_wait([this, life](const error_code& cancelled) {
      if (!cancelled && life == life_) wait();
    });
    return;
  }
  if (life == life_) wait();
}

void Listener::turn_one_away(int error) {
  if (!has_warned_) {
    has_warned_ = true;
    warn_(std::string("cannot accept connections: ") + std::strerror(error) +
          "; who comes now is turned away until others leave");
  }
  spare_.reset();
  UniqueFd turned_away(::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC));
  turned_away.reset();
  spare_ = open_spare();
}

Endpoint endpoint_of(const sockaddr_storage& address) {
  Endpoint endpoint;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    std::memcpy(endpoint.address.data(), &v4.sin_addr, 4);
    endpoint.port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    endpoint.port = ntohs(v6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      std::memcpy(endpoint.address.data(), v6.sin6_addr.s6_addr + 12, 4);
    } else {
      endpoint.is_v6 = true;
      std::memcpy(endpoint.address.data(), v6.sin6_addr.s6_addr, 16);
    }
  }
  return endpoint;
}

}  // namespace zoetrope::net
