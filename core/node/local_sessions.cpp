// Local sessions: the server that a client came to keeps the session to itself, without a
// transaction, and tells the leader of it only when the client asks for an ephemeral znode; then it
// is upgraded to an ordinary one, under its id (upstream UpgradeableSessionTracker,
// QuorumZooKeeperServer.checkUpgradeSession). They end when the server leaves its leader. Clients
// of a server in read-only mode have sessions of this kind, too.
#include <algorithm>

#include "core/node/server_impl.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope::node {

using jute::OpCode;

void Server::Impl::open_local_session(Connection& connection) {
  connection.session = sessions.allocate();
  local_sessions.add(connection.session, connection.timeout_ms, now.monotonic);
  session_established(connection);
}

void Server::Impl::renew_local_session(Connection& connection, SessionId session) {
  if (local_sessions.is_closing(session)) {
    send_connect_response(connection, false);
    return close(connection, CloseHow::kAfterFlush);
  }
  if (Connection* other = connections.find(owner_of(session)); other != nullptr) {
    close(*other, CloseHow::kAfterFlush);
  }
  connection.session = session;
  // Whatever was on its way before belongs to an earlier connection of the session.
  connection.answers_after = last_logged();
  local_sessions.add(session, connection.timeout_ms, now.monotonic);
  session_established(connection);
}

ConnectionId Server::Impl::owner_of(SessionId id) const {
  if (const auto own = local_sessions.owner(id)) return *own;
  if (const auto at = upgrading.find(id); at != upgrading.end()) return at->second;
  return sessions.owner(id).value_or(ConnectionId());
}

// --- their end ---------------------------------------------------------------------------------

bool Server::Impl::is_local_close(const Connection& connection, OpCode type) const {
  return type == OpCode::kCloseSession && is_local(connection.session);
}

void Server::Impl::close_local_session(Connection& connection, const QueuedRequest& request) {
  local_sessions.remove(connection.session);
  const Zxid zxid = tree.last_processed_zxid();
  send_header_reply(connection, request.xid, zxid, ErrorCode::kOk);
  count_latency(connection, request, zxid);
  close(connection, CloseHow::kFinished);
}

void Server::Impl::expire_local_sessions() {
  if (local_sessions.size() == 0) return;
  for (const SessionId id : local_sessions.take_expired(now.monotonic)) {
    ++stats.sessions_expired;
    Connection* connection = connections.find(owner_of(id));
    local_sessions.remove(id);
    if (connection != nullptr) close(*connection, CloseHow::kAfterFlush);
  }
}

// --- upgrading ---------------------------------------------------------------------------------

namespace {

bool creates_ephemeral(OpCode type, std::string_view body) {
  jute::Reader in(body);
  if (type == OpCode::kCreate || type == OpCode::kCreate2) {
    const wire::CreateRequest request = wire::read_create_request(in, type);
    return in.ok() && wire::is_ephemeral(request.flags);
  }
  if (type != OpCode::kMulti) return false;
  const std::vector<wire::MultiOp> ops = wire::read_multi_request(in, OpCode::kMulti);
  return in.ok() && std::ranges::any_of(ops, [](const wire::MultiOp& op) {
           const auto* create = std::get_if<wire::CreateRequest>(&op.body);
           return create != nullptr && wire::is_ephemeral(create->flags);
         });
}

}  // namespace

// Without leave to upgrade the leader refuses the request, as it knows no such session.
bool Server::Impl::wants_upgrade(SessionId id, OpCode type, std::string_view body) const {
  return config.local_sessions_upgrading_enabled && is_local(id) && creates_ephemeral(type, body);
}

// The createSession goes before the request, and the session is the leader's to expire from now on.
void Server::Impl::upgrade(SessionId id, int32_t timeout_ms, ConnectionId origin) {
  local_sessions.remove(id);
  upgrading[id] = origin;
  if (is_learner()) {
    std::string body;
    jute::Writer(body).i32(timeout_ms);
    peer->forward({id, Xid(0), static_cast<int32_t>(OpCode::kCreateSession), body}, std::nullopt);
    return;
  }
  sessions.add_pending(id, timeout_ms, origin, now.monotonic);
  append(preparer.prepare_create_session(id, timeout_ms, now.wall), origin, Xid(0),
         OpCode::kCreateSession);
}

// A createSession is applied. A pending session has its owner already, which may have changed since
// the request was made.
void Server::Impl::settle_created_session(SessionId id, int32_t timeout_ms, ConnectionId origin) {
  const bool was_pending = sessions.is_pending(id);
  sessions.add(id, timeout_ms, now.monotonic);
  sessions.confirm(id);
  if (decides() && !was_pending) sessions.set_owner(id, origin);
  const auto upgraded = upgrading.find(id);
  if (upgraded == upgrading.end()) return;
  if (!decides()) sessions.set_owner(id, upgraded->second);
  upgrading.erase(upgraded);
}

}  // namespace zoetrope::node
