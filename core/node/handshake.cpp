// The first frame of a connection: a new session, or an old one that comes back
// (facts/client-protocol.md section 4; upstream ZooKeeperServer.processConnectRequest).
#include <algorithm>

#include "core/node/server_impl.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope::node {

void Server::Impl::connect(Connection& connection, std::string_view payload) {
  jute::Reader in(payload, static_cast<size_t>(config.frame_bytes_max));
  const wire::ConnectRequest request = wire::read_connect_request(in);
  if (!in.ok()) {
    out->log(Severity::kInfo, "closed " + connection.remote.to_string() +
                                  ": malformed ConnectRequest, " + in.error().what);
    close(connection, CloseHow::kAfterFlush);
    return;
  }
  if (!is_admitted(request)) {
    ++stats.connections_rejected;
    return close(connection, CloseHow::kAfterFlush);
  }
  if (!serves_clients() || (read_only && !request.read_only)) {
    close(connection, CloseHow::kAfterFlush);
    return;
  }
  if (request.last_zxid_seen > tree.last_processed_zxid()) {
    // The client has seen a later state than ours; another server may have it.
    close(connection, CloseHow::kAfterFlush);
    return;
  }
  connection.read_only_byte = request.has_read_only;
  connection.timeout_ms =
      std::max(config.timeout_ms_min(), std::min(config.timeout_ms_max(), request.timeout_ms));
  connection.state = ConnectionState::kConnecting;
  if (request.session.value != 0) {
    renew_session(connection, request);
    return;
  }
  pause(connection, kPauseHandshake);
  if (read_only || (config.local_sessions_enabled && peer != nullptr)) {
    return open_local_session(connection);
  }
  const SessionId id = sessions.allocate();
  connection.session = id;
  if (is_learner()) return forward_connect(connection);
  append(preparer.prepare_create_session(id, connection.timeout_ms, now.wall), connection.id,
         Xid(0), jute::OpCode::kCreateSession);
}

bool Server::Impl::is_admitted(const wire::ConnectRequest& request) {
  const SessionKind kind = request.session.value != 0      ? SessionKind::kRenewed
                           : config.local_sessions_enabled ? SessionKind::kLocal
                                                           : SessionKind::kGlobal;
  return connection_throttle.admits(kind, now.monotonic);
}

void Server::Impl::renew_session(Connection& connection, const wire::ConnectRequest& request) {
  // The password is looked at before anything else happens, so that a stranger who knows an id
  // cannot cut the owner's connection.
  const bool is_owner = session::password_matches(request.session, request.password.value_or(""));
  if (is_owner && is_local(request.session)) {
    return renew_local_session(connection, request.session);
  }
  if (is_owner && read_only) return renew_read_only(connection, request.session);
  if (is_owner && is_learner()) return forward_renewal(connection, request);
  if (!is_owner || !sessions.contains(request.session) || sessions.is_closing(request.session)) {
    send_connect_response(connection, false);
    close(connection, CloseHow::kAfterFlush);
    return;
  }
  close_owner(request.session);
  connection.session = request.session;
  sessions.add(request.session, connection.timeout_ms, now.monotonic);
  session_established(connection);
}

void Server::Impl::close_owner(SessionId session) {
  const ConnectionId owner = sessions.owner(session).value_or(ConnectionId());
  if (Connection* connection = connections.find(owner); connection != nullptr) {
    close(*connection, CloseHow::kAfterFlush);
  }
}

void Server::Impl::session_established(Connection& connection) {
  const SessionId id = connection.session;
  (is_local(id) ? local_sessions : sessions).set_owner(id, connection.id);
  if (const auto at = upgrading.find(id); at != upgrading.end()) at->second = connection.id;
  connection.state = ConnectionState::kOpen;
  send_connect_response(connection, true);
  resume(connection, kPauseHandshake);
}

void Server::Impl::send_connect_response(Connection& connection, bool valid) {
  const session::Password password =
      valid ? session::password_of(connection.session) : session::Password{};
  wire::ConnectResponse response;
  response.timeout_ms = valid ? connection.timeout_ms : 0;
  response.session = valid ? connection.session : SessionId(0);
  response.password = std::string_view(password.data(), password.size());
  response.read_only = read_only;
  response.has_read_only = connection.read_only_byte;
  std::string& bytes = out->begin_send();
  const size_t start = bytes.size();
  jute::Writer writer(bytes);
  writer.i32(0);
  wire::write(writer, response);
  writer.patch_i32(start, static_cast<int32_t>(bytes.size() - start - 4));
  out->end_send(connection.id);
  ++stats.packets_sent;
  ++connection.stats.sent;
}

}  // namespace zoetrope::node
