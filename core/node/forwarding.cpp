// What a learner has its leader decide: sessions, writes and syncs of its clients go out as
// requests and are answered when the transaction comes back (upstream FollowerRequestProcessor,
// CommitProcessor, LearnerSessionTracker). And the leader's side of the same.
#include <algorithm>

#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope::node {

using jute::OpCode;

std::string encode_ids(const std::vector<jute::Id>& ids) {
  std::string bytes;
  jute::Writer out(bytes);
  out.i32(static_cast<int32_t>(ids.size()));
  for (const jute::Id& id : ids) {
    out.string(id.scheme);
    out.string(id.id);
  }
  return bytes;
}

namespace {

// What a learner says of its client; nobody at all when it cannot be read.
std::vector<jute::Id> decode_ids(std::optional<std::string_view> bytes) {
  std::vector<jute::Id> ids;
  if (!bytes) return ids;
  jute::Reader in(*bytes);
  const int32_t n = in.count(8);
  for (int32_t i = 0; i < n && in.ok(); ++i) {
    jute::Id id;
    id.scheme = in.string();
    id.id = in.string();
    ids.push_back(std::move(id));
  }
  if (!in.ok()) ids.clear();
  return ids;
}

}  // namespace

// --- the learner's side ------------------------------------------------------------------------

void Server::Impl::forward_connect(Connection& connection) {
  connecting[connection.session] = connection.id;
  std::string body;
  jute::Writer(body).i32(connection.timeout_ms);
  peer->forward({connection.session, Xid(0), static_cast<int32_t>(OpCode::kCreateSession), body},
                std::nullopt);
}

void Server::Impl::forward_renewal(Connection& connection, SessionId session) {
  // What still comes on an earlier connection would be told to the leader behind the renewal, which
  // would take it for a request of this one, and out of order.
  close_owner(session);
  drop_stalled_of(session);
  pause(connection, kPauseHandshake);
  connection.session = session;
  renewals.push_back({session, connection.id});
  peer->revalidate(session, connection.timeout_ms);
}

void Server::Impl::revalidated(SessionId session, bool valid) {
  const auto renewal = std::find_if(renewals.begin(), renewals.end(),
                                    [&](const Renewal& r) { return r.session == session; });
  if (renewal == renewals.end()) return;
  Connection* connection = connections.find(renewal->connection);
  renewals.erase(renewal);
  if (connection == nullptr) return;
  if (!valid) {
    send_connect_response(*connection, false);
    close(*connection, CloseHow::kAfterFlush);
    return;
  }
  close_owner(session);
  sessions.add(session, connection->timeout_ms, now.monotonic);
  // Whatever was on its way before belongs to an earlier connection of the session.
  connection->answers_after = last_logged();
  session_established(*connection);
  touch(*connection);
}

void Server::Impl::forward_write(Connection& connection, Xid xid, OpCode type,
                                 std::string_view body, const Identities& ids) {
  QueuedRequest request{xid, type, true, {}, nullptr, now.monotonic};
  // The transaction does not tell what exactly a multi was asked for.
  if (type == OpCode::kMulti || epoch_ends_soon()) {
    request.body = body;
    request.ids = ids;
  }
  enqueue(connection, std::move(request));
  peer->forward({connection.session, xid, static_cast<int32_t>(type), body}, encode_ids(*ids));
}

// Whose request a transaction answers (KB-22: told by session and cxid, never by the order alone).
void Server::Impl::find_asker(OutstandingTxn& txn, const jute::Txn& decoded) {
  // What waits for the next epoch was never proposed.
  if (kept_since) return;
  const SessionId session = decoded.header.client_id;
  if (decoded.header.type == OpCode::kCreateSession) {
    const auto found = connecting.find(session);
    if (found == connecting.end()) return;
    txn.origin = found->second;
    txn.type = OpCode::kCreateSession;
    connecting.erase(found);
    return;
  }
  const ConnectionId owner = owner_of(session);
  Connection* connection = connections.find(owner);
  if (connection == nullptr || decoded.header.zxid <= connection->answers_after) return;
  const RequestQueue& queue = connection->queue;
  size_t first_write = 0;
  while (first_write < queue.size() && !queue.at(first_write).is_write) ++first_write;
  if (first_write == queue.size() || queue.at(first_write).xid.value != decoded.header.cxid) {
    return note_foreign_txn(*connection, decoded);
  }
  const QueuedRequest& request = queue.at(first_write);
  txn.origin = owner;
  txn.xid = request.xid;
  txn.type = request.type;
  txn.received = request.received;
  if (const auto* error = std::get_if<jute::ErrorTxn>(&decoded.body)) {
    txn.prepared.error = error->error;
    // Stock leaders know no local session when it is about an ephemeral.
    if (error->error == ErrorCode::kSessionExpired && is_local(session)) {
      txn.prepared.error = ErrorCode::kEphemeralOnLocalSession;
    }
  } else if (request.type == OpCode::kMulti) {
    jute::Reader in(request.body);
    for (const wire::MultiOp& op : wire::read_multi_request(in, OpCode::kMulti)) {
      txn.prepared.multi_types.push_back(op.type);
    }
  }
}

// The session acts by another server, unless that was refused or it was the leader who acted: its
// client has left this one.
void Server::Impl::note_foreign_txn(Connection& connection, const jute::Txn& txn) {
  const auto* error = std::get_if<jute::ErrorTxn>(&txn.body);
  const bool is_refused = error != nullptr && error->error == ErrorCode::kSessionMoved;
  if (!is_refused && txn.header.type != OpCode::kCloseSession) connection.is_superseded = true;
}

void Server::Impl::ask_sync(Connection& connection, Xid xid, std::string_view body) {
  // Reads behind it wait with it.
  QueuedRequest request{xid, OpCode::kSync, false, {}, connection.ids, now.monotonic};
  request.body = body;
  enqueue(connection, std::move(request));
  if (holds_requests()) return;
  pending_syncs.push_back({connection.id});
  peer->sync(connection.session, xid);
}

void Server::Impl::synced() {
  ZT_ASSERT(!pending_syncs.empty());
  // What is committed before it waits for the files of a configuration, and so does this.
  if (is_held_up()) return static_cast<void>(++held_syncs);
  const PendingSync sync = pending_syncs.front();
  pending_syncs.pop_front();
  Connection* connection = connections.find(sync.connection);
  if (connection == nullptr || sync.is_answered) return;
  // Its earlier writes are committed and answered, so it is the first.
  ZT_ASSERT(!connection->queue.empty() && is_waiting_sync(connection->queue.front()));
  answer_sync(*connection);
  release_throttled();
}

bool Server::Impl::is_waiting_sync(const QueuedRequest& request) const {
  return peer != nullptr && request.type == OpCode::kSync && request.refused == ErrorCode::kOk;
}

// The sync at the front of the queue, and the reads behind it.
void Server::Impl::answer_sync(Connection& connection) {
  const QueuedRequest request = dequeue(connection);
  answer_read(connection, request, request.body);
  drain_reads(connection);
}

// A write is committed that was asked for behind these syncs: a quorum has followed the leader
// since then, and what came before them is applied. The leader's own word on them is still to come.
void Server::Impl::answer_syncs_before_write(Connection& connection) {
  for (PendingSync& sync : pending_syncs) {
    if (connection.queue.empty() || !is_waiting_sync(connection.queue.front())) return;
    if (sync.connection != connection.id || sync.is_answered) continue;
    sync.is_answered = true;
    answer_sync(connection);
  }
}

void Server::Impl::touch(Connection& connection) {
  if (local_sessions.size() != 0 && local_sessions.touch(connection.session, now.monotonic)) return;
  if (!is_learner()) {
    sessions.touch(connection.session, now.monotonic);
  } else if (!connection.touched) {
    connection.touched = true;
    touched.push_back(connection.id);
  }
}

void Server::Impl::take_touched(std::string& bytes) {
  jute::Writer writer(bytes);
  for (const ConnectionId id : touched) {
    Connection* connection = connections.find(id);
    if (connection == nullptr) continue;
    connection->touched = false;
    writer.i64(connection->session.value);
    writer.i32(connection->timeout_ms);
  }
  touched.clear();
  for (const auto& [session, timeout_ms] : relayed_touches) {
    writer.i64(session.value);
    writer.i32(timeout_ms);
  }
  relayed_touches.clear();
}

void Server::Impl::forget_forwarded() {
  connecting.clear();
  renewals.clear();
  pending_syncs.clear();
  held_syncs = 0;
  touched.clear();
  relayed_touches.clear();
  local_sessions.clear();
  upgrading.clear();
}

// --- the leader's side -------------------------------------------------------------------------

void Server::Impl::learner_request(ConnectionId learner, const quorum::ForwardedRequest& request,
                                   std::optional<std::string_view> auth) {
  ZT_ASSERT(!epoch_is_full());
  const auto type = static_cast<OpCode>(request.type);
  if (type == OpCode::kCreateSession) {
    jute::Reader in(request.body);
    const int32_t timeout_ms = in.i32();
    if (!in.ok() || request.session.value == 0) return;
    // It may be an upgrade, with the request for an ephemeral behind it.
    if (config.local_sessions_enabled) {
      sessions.add_pending(request.session, timeout_ms, learner, now.monotonic);
    }
    append(preparer.prepare_create_session(request.session, timeout_ms, now.wall), learner, Xid(0),
           type);
    return;
  }
  if (type == OpCode::kCloseSession) {
    append(preparer.prepare_close_session(request.session, request.cxid.value, now.wall), learner,
           request.cxid, type);
    return;
  }
  // After a change of epoch whose clients have stayed: the first server that acts for a session has
  // it, until the client comes to another.
  if (sessions.owner(request.session) == ConnectionId()) {
    sessions.set_owner(request.session, learner);
  }
  const std::vector<jute::Id> ids = decode_ids(auth);
  pipeline::WriteRequest write;
  write.session = request.session;
  write.cxid = request.cxid.value;
  write.type = type;
  write.body = request.body;
  write.ids = &ids;
  write.origin = learner;
  pipeline::Membership ensemble;
  if (type == OpCode::kReconfig) {
    ensemble = membership();
    write.membership = &ensemble;
  }
  append(preparer.prepare(write, now.wall), learner, request.cxid, type);
}

void Server::Impl::learner_touched(ConnectionId, SessionId session, int32_t timeout_ms) {
  if (is_learner()) {
    relayed_touches[session] = timeout_ms;
    return;
  }
  sessions.touch(session, now.monotonic);
}

// To an observer of this server. A renewal that is under way here was asked for before its.
void Server::Impl::give_away(SessionId session) {
  close_owner(session);
  drop_stalled_of(session);
  for (Renewal& renewal : renewals) {
    if (renewal.session != session) continue;
    Connection* connection = connections.find(renewal.connection);
    if (connection != nullptr) close(*connection, CloseHow::kAfterFlush);
  }
}

bool Server::Impl::learner_revalidates(ConnectionId learner, SessionId session,
                                       int32_t timeout_ms) {
  if (is_learner()) {
    give_away(session);
    return true;
  }
  if (session.value == 0 || !sessions.contains(session) || sessions.is_closing(session)) {
    return false;
  }
  close_owner(session);
  sessions.add(session, timeout_ms, now.monotonic);
  sessions.set_owner(session, learner);
  return true;
}

}  // namespace zoetrope::node
