// The event loop of the load generator: one epoll set over many connections, one read and one
// write per connection and wake-up. Owns the connections; never decides what they send.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "app/load/connection.hpp"

namespace zoetrope::load {

class Reactor {
 public:
  // Connections go to the servers in turn. Needs at least one server.
  Reactor(std::vector<ServerAddress> servers, int32_t session_timeout_ms);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Makes a connection and starts to connect it. The reference stays valid for the reactor's life.
  Connection& open(ConnectionListener& listener, size_t index);
  // Connects a closed connection again, with a new session, to the next server.
  void reopen(Connection& connection);
  // Sends what was appended outside of this connection's own callbacks.
  void flush(Connection& connection);
  // Closes a connection without a word to the server; its listener hears nothing.
  void drop(Connection& connection);
  // Waits for events, until `until_ns` (monotonic) at the latest, and handles them.
  void poll(int64_t until_ns);
  // Monotonic time of the last wake-up.
  int64_t now_ns() const { return now_ns_; }
  size_t open_connections() const { return open_count_; }
  // Pings sent by all connections so far.
  uint64_t pings() const;

 private:
  void handle(Connection& connection, uint32_t events);
  void arm(Connection& connection);
  void lose(Connection& connection);
  void fail_later(Connection& connection);
  void send_pings();

  std::vector<ServerAddress> servers_;
  size_t next_server_ = 0;
  int32_t session_timeout_ms_;
  int epoll_fd_;
  int64_t now_ns_ = 0;
  int64_t next_ping_scan_ns_ = 0;
  size_t open_count_ = 0;
  std::deque<Connection> connections_;
  std::vector<Connection*> stillborn_;  // failed within open(); reported by the next poll()
  std::string scratch_;
};

}  // namespace zoetrope::load
