// Opening, reading, pausing and closing of client connections.
#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

void Server::Impl::opened(const Opened& input) {
  if (input.port != Port::kClient) {
    if (peer == nullptr || halted || stopping) {
      out->add(Close{input.connection, CloseHow::kReset});
    } else if (input.port == Port::kElection) {
      peer->opened_election(input.connection, input.remote, now.monotonic);
    } else {
      peer->opened_quorum(input.connection, input.remote, now.monotonic);
    }
    return;
  }
  const bool too_many_here = config.connections_per_address_max > 0 &&
                             connections.count_from(input.remote) >=
                                 static_cast<size_t>(config.connections_per_address_max);
  const bool too_many = config.connections_max > 0 &&
                        connections.size() >= static_cast<size_t>(config.connections_max);
  if (halted || stopping || too_many_here || too_many) {
    ++stats.connections_rejected;
    if (too_many_here && stats.connections_rejected % 1000 == 1) {
      out->log(Severity::kWarning,
               "too many connections from " + input.remote.address_text() + " (maxClientCnxns " +
                   std::to_string(config.connections_per_address_max) + "): refused");
    }
    out->add(Close{input.connection, CloseHow::kReset});
    return;
  }
  ++stats.connections_accepted;
  Connection& connection = connections.open(input.connection, input.remote);
  connection.stats.established_ms = now.wall.ms;
  // The ip scheme needs no packet: the address is the identity.
  connection.ids = std::make_shared<const std::vector<jute::Id>>(
      std::vector<jute::Id>{{"ip", input.remote.address_text()}});
  sessionless.emplace_back(now.monotonic + Duration::from_ms(config.sessionless_timeout_ms),
                           connection.id);
}

void Server::Impl::received(const Received& input) {
  Connection* connection = connections.find(input.connection);
  if (connection == nullptr) {
    if (peer != nullptr) peer->received(input.connection, input.bytes, now.monotonic);
    return;
  }
  stats.bytes_received += static_cast<int64_t>(input.bytes.size());
  if (connection->state == ConnectionState::kOpen) touch(*connection);
  connection->input.feed(input.bytes);
  process_input(*connection);
  connection->input.keep();
}

void Server::Impl::process_input(Connection& connection) {
  while (connection.paused == 0 && connection.state != ConnectionState::kClosing) {
    if (connection.state == ConnectionState::kFresh && four_letter_word(connection)) return;
    if (epoch_is_full()) return pause(connection, kPauseEpoch);
    if (int32_t length = 0; config.large_request_threshold != -1 &&
                            connection.input.peek_length(length) && is_too_large_now(length)) {
      out->log(Severity::kInfo, "closed " + connection.remote.to_string() +
                                    ": large requests under way leave no room for its request");
      return close(connection, CloseHow::kAfterFlush);
    }
    std::string_view payload;
    const wire::FrameCutter::Status status = connection.input.next(payload, config.frame_bytes_max);
    if (status == wire::FrameCutter::Status::kNeedMore) return;
    if (status == wire::FrameCutter::Status::kBadLength) {
      out->log(Severity::kInfo,
               "closed " + connection.remote.to_string() + ": unreasonable frame length");
      close(connection, CloseHow::kAfterFlush);
      return;
    }
    ++stats.packets_received;
    ++connection.stats.received;
    if (connection.state == ConnectionState::kFresh)
      connect(connection, payload);
    else
      request(connection, payload);
  }
}

void Server::Impl::process_resumed() {
  // A resumed connection may be paused again by its own next request, so this ends.
  while (!resumed.empty()) {
    const ConnectionId id = resumed.back();
    resumed.pop_back();
    Connection* connection = connections.find(id);
    if (connection == nullptr || connection->paused != 0) continue;
    connection->input.feed({});
    process_input(*connection);
    connection->input.keep();
  }
}

void Server::Impl::pause(Connection& connection, PauseReason reason) {
  if (connection.paused == 0) out->add(PauseReading{connection.id});
  connection.paused |= reason;
}

void Server::Impl::resume(Connection& connection, PauseReason reason) {
  if ((connection.paused & reason) == 0) return;
  connection.paused &= static_cast<uint8_t>(~reason);
  if (connection.paused != 0) return;
  out->add(ResumeReading{connection.id});
  resumed.push_back(connection.id);
}

void Server::Impl::backlog(const Backlog& input) {
  Connection* connection = connections.find(input.connection);
  if (connection == nullptr) {
    if (peer != nullptr) peer->backlog(input.connection, input.unsent_bytes, now.monotonic);
    return;
  }
  if (input.unsent_bytes > config.output_bytes_max) {
    out->log(Severity::kWarning, "closed " + connection->remote.to_string() + ": it left " +
                                     std::to_string(input.unsent_bytes) +
                                     " bytes of replies unread");
    close(*connection, CloseHow::kReset);
  } else if (input.unsent_bytes > config.output_bytes_high) {
    pause(*connection, kPauseOutput);
  } else if (input.unsent_bytes <= config.output_bytes_high / 2) {
    resume(*connection, kPauseOutput);
  }
}

void Server::Impl::close(Connection& connection, CloseHow how) {
  if (connection.state == ConnectionState::kClosing) return;
  out->add(Close{connection.id, how});
  drop(connection);
}

void Server::Impl::drop(Connection& connection) {
  watches.remove_all(connection.id);
  forget_queue(connection);
  connection.state = ConnectionState::kClosing;
  closed.push_back(connection.id);
  // The session keeps its owner: what an earlier connection of it left on the way, by another
  // server perhaps, is refused until the client has come back and owns it anew.
}

void Server::Impl::closed_by_peer(ConnectionId id) {
  Connection* connection = connections.find(id);
  if (connection == nullptr) {
    if (peer != nullptr) peer->closed(id, now.monotonic);
    return;
  }
  ++stats.connections_dropped;
  drop(*connection);
}

void Server::Impl::forget_closed() {
  for (const ConnectionId id : closed) connections.erase(id);
  closed.clear();
}

}  // namespace zoetrope::node
