#include "app/load/reactor.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "app/load/process_usage.hpp"
#include "core/base/assert.hpp"

namespace zoetrope::load {
namespace {

constexpr int64_t kPingScanNs = 10'000'000;
constexpr int kEventsMax = 512;

}  // namespace

Reactor::Reactor(std::vector<ServerAddress> servers, int32_t session_timeout_ms)
    : servers_(std::move(servers)),
      session_timeout_ms_(session_timeout_ms),
      epoll_fd_(::epoll_create1(EPOLL_CLOEXEC)),
      now_ns_(monotonic_ns()) {
  ZT_ASSERT(!servers_.empty());
  if (epoll_fd_ < 0) throw std::runtime_error("cannot make an epoll set");
}

Reactor::~Reactor() {
  ::close(epoll_fd_);
}

Connection& Reactor::open(ConnectionListener& listener, size_t index) {
  Connection& connection = connections_.emplace_back(listener, index);
  reopen(connection);
  return connection;
}

void Reactor::reopen(Connection& connection) {
  const ServerAddress& server = servers_[next_server_++ % servers_.size()];
  ++open_count_;
  if (!connection.start(server, session_timeout_ms_).empty()) {
    stillborn_.push_back(&connection);
    return;
  }
  epoll_event event{};
  connection.watches_write = connection.wants_write();
  event.events = connection.watches_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, connection.fd(), &event) != 0) {
    throw std::runtime_error(std::string("cannot watch a socket: ") + std::strerror(errno));
  }
}

void Reactor::arm(Connection& connection) {
  if (connection.wants_write() == connection.watches_write) return;
  connection.watches_write = connection.wants_write();
  epoll_event event{};
  event.events = connection.watches_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  ::epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, connection.fd(), &event);
}

void Reactor::flush(Connection& connection) {
  if (connection.fd() < 0) return;
  if (connection.flush(now_ns_))
    arm(connection);
  else
    lose(connection);
}

void Reactor::lose(Connection& connection) {
  // A copy: shutting overwrites the reason that the connection keeps.
  const std::string why = connection.close_reason();
  connection.shut(why);
  --open_count_;
  connection.listener().on_closed(connection, why, now_ns_);
}

void Reactor::drop(Connection& connection) {
  if (connection.fd() < 0) return;
  connection.shut("dropped");
  --open_count_;
}

void Reactor::handle(Connection& connection, uint32_t events) {
  if (connection.fd() < 0) return;  // closed by an earlier event of this batch
  if (connection.state() == Connection::State::kConnecting) {
    if (!connection.finish_connect()) return lose(connection);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    if (!connection.receive(scratch_, now_ns_)) return lose(connection);
    if (connection.fd() < 0) return;  // dropped by its own callback
  }
  flush(connection);
}

void Reactor::poll(int64_t until_ns) {
  for (Connection* connection : std::exchange(stillborn_, {})) {
    --open_count_;
    connection->listener().on_closed(*connection, connection->close_reason(), now_ns_);
  }
  now_ns_ = monotonic_ns();
  const int64_t wait_ns = std::clamp<int64_t>(until_ns - now_ns_, 0, kPingScanNs);
  timespec wait{};
  wait.tv_nsec = wait_ns;
  epoll_event events[kEventsMax];
  const int count = ::epoll_pwait2(epoll_fd_, events, kEventsMax, &wait, nullptr);
  now_ns_ = monotonic_ns();
  for (int i = 0; i < count; ++i) {
    // Each connection's replies are stamped by the time at which they are read.
    if (i > 0) now_ns_ = monotonic_ns();
    handle(*static_cast<Connection*>(events[i].data.ptr), events[i].events);
  }
  if (now_ns_ >= next_ping_scan_ns_) send_pings();
}

void Reactor::send_pings() {
  next_ping_scan_ns_ = now_ns_ + kPingScanNs;
  for (Connection& connection : connections_) {
    const uint64_t before = connection.pings();
    connection.ping_if_idle(now_ns_);
    if (connection.pings() != before) flush(connection);
  }
}

uint64_t Reactor::pings() const {
  uint64_t sum = 0;
  for (const Connection& connection : connections_) sum += connection.pings();
  return sum;
}

}  // namespace zoetrope::load
