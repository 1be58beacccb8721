// The connections that a process opens itself, and the ports at which it accepts.
#include "sim/process.hpp"

namespace zoetrope::sim {

void Process::dial(const node::Connect& connect) {
  if (trace_.readable()) trace_.note("dial " + connect.to.to_string());
  const std::optional<HostId> to = addresses_.resolve(connect.to.host);
  const std::optional<node::Port> port = port_of(connect.to.port);
  // One connection has one id, so both ends of one may not lie in the same process.
  const bool possible = to && port && *to != host_;
  if (!possible) {
    return fail_dial(connect.token, !to ? "unknown host" : "connection refused");
  }
  const ConnectionId connection = network_.connect(host_, *to, *port);
  open_socket(connection, Side::kOpener);
  sockets_[connection.slot()].dial = connect.token;
  dials_[connect.token] = connection;
  plan(EventKind::kDialTimeout, queue_.now() + config_.connect_timeout, connection.value);
}

void Process::fail_dial(uint64_t token, std::string_view why) {
  dials_[token] = std::nullopt;
  deferred_.emplace_back(node::ConnectFailed{token, why});
}

void Process::abandon(uint64_t token) {
  const auto it = dials_.find(token);
  if (it == dials_.end()) return;
  if (it->second) {
    sockets_[it->second->slot()].open = false;
    network_.close(*it->second, Side::kOpener);
  }
  dials_.erase(it);
}

// The connection may be gone again when a process that was paused or slow hears of it.
void Process::dial_answered(const Delivery& answer) {
  const ConnectionId connection = answer.connection;
  if (connection.slot() >= sockets_.size()) return;
  Socket& socket = sockets_[connection.slot()];
  if (!socket.open || !socket.dial || socket.generation != connection.generation()) return;
  const uint64_t token = *socket.dial;
  if (answer.kind != Delivery::Kind::kConnected) {
    socket.open = false;
    return fail_dial(token, "connection refused");
  }
  socket.dial.reset();
  dials_.erase(token);
  step(node::Connected{token, connection, addresses_.endpoint(answer.peer, number_of(answer.port)),
                       addresses_.endpoint(host_, number_of_opener(connection))});
}

void Process::dial_timed_out(ConnectionId connection) {
  if (connection.slot() >= sockets_.size()) return;
  Socket& socket = sockets_[connection.slot()];
  if (!socket.open || !socket.dial || socket.generation != connection.generation()) return;
  socket.open = false;
  network_.close(connection, Side::kOpener);
  fail_dial(*socket.dial, "connection timed out");
  run_deferred();
}

void Process::listen(const node::Listen& listen) {
  if (listen.on) {
    network_.listen(host_, listen.port);
  } else {
    network_.stop_listening(host_, listen.port);
  }
}

}  // namespace zoetrope::sim
