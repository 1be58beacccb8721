// Requests of an established session: routing, order, and replies. A read is answered at once
// unless a write of the same connection is still on its way; then it waits behind it (per-session
// FIFO).
#include <algorithm>

#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope::node {

using jute::OpCode;

namespace {
constexpr size_t kReplyHeaderSize = 16;
}  // namespace

void Server::Impl::request(Connection& connection, std::string_view payload) {
  jute::Reader in(payload);
  const wire::RequestHeader header = wire::read_request_header(in);
  if (!in.ok()) {
    close(connection, CloseHow::kAfterFlush);
    return;
  }
  const std::string_view body = in.rest();
  if (header.type == OpCode::kAuth) {
    authenticate(connection, header.xid, body);
    return;
  }
  if (header.type == OpCode::kSasl) {
    // Without a SASL provider stock servers answer with a null token, out of order like auth.
    const size_t start = begin_reply();
    jute::Writer(out->sending()).i32(-1);
    finish_reply(connection, start, header.xid, Zxid(0), ErrorCode::kOk);
    return;
  }
  const auto size = static_cast<int64_t>(payload.size());
  const int64_t threshold = config.large_request_threshold;
  large_bytes_of_request = threshold != -1 && size > threshold ? size : 0;
  // What waits for the next epoch must not make a client believe that this server is gone.
  const bool is_at_once = holds_requests() && header.type == OpCode::kPing;
  must_stall() && !is_at_once ? stall(connection, header, body)
                              : carry_out_request(connection, header, body, connection.ids);
  large_bytes_of_request = 0;
  throttle(connection);
}

// `ids`: the identities of the client when it sent the request.
void Server::Impl::carry_out_request(Connection& connection, const wire::RequestHeader& header,
                                     std::string_view body, const Identities& ids) {
  if (header.type == OpCode::kPing) {
    connection.queue.release_memory();
    const Zxid zxid = tree.last_processed_zxid();
    send_header_reply(connection, header.xid, zxid, ErrorCode::kOk);
    count_latency(connection, {header.xid, header.type, false, {}, nullptr, now.monotonic}, zxid);
    return;
  }
  if (read_only && is_refused_read_only(header.type)) {
    send_header_reply(connection, header.xid, tree.last_processed_zxid(), ErrorCode::kNotReadOnly);
    return;
  }
  if (!wire::is_client_op(header.type)) {
    send_header_reply(connection, header.xid, Zxid(-1), ErrorCode::kUnimplemented);
    close(connection, CloseHow::kAfterFlush);
    return;
  }
  if (peer != nullptr && header.type == OpCode::kSync) {
    ask_sync(connection, header.xid, body);
  } else if (wire::is_write(header.type) && !is_local_close(connection, header.type)) {
    submit_write(connection, header.xid, header.type, body, ids);
  } else {
    QueuedRequest read{header.xid, header.type, false, {}, nullptr, now.monotonic};
    if (sessions.is_closing(connection.session)) read.refused = ErrorCode::kSessionExpired;
    submit_read(connection, std::move(read), body, ids);
  }
}

// What no transaction comes of: it is answered at once, or behind the writes before it.
void Server::Impl::submit_read(Connection& connection, QueuedRequest read, std::string_view body,
                               const Identities& ids) {
  if (connection.queue.empty() && ids == connection.ids) return answer_read(connection, read, body);
  read.ids = ids;
  if (connection.queue.empty()) return answer_read(connection, read, body);
  read.body = body;
  enqueue(connection, std::move(read));
}

void Server::Impl::submit_write(Connection& connection, Xid xid, OpCode type, std::string_view body,
                                const Identities& ids) {
  if (!holds_requests() && wants_upgrade(connection.session, type, body)) {
    upgrade(connection.session, connection.timeout_ms, connection.id);
  }
  // The upgrade may have taken the last zxid.
  if (holds_requests()) {
    QueuedRequest held{xid, type, true, {}, ids, now.monotonic};
    held.body = body;
    return enqueue(connection, std::move(held));
  }
  if (is_learner()) return forward_write(connection, xid, type, body, ids);
  enqueue(connection, QueuedRequest{xid, type, true, {}, nullptr, now.monotonic});
  if (type == OpCode::kCloseSession) {
    append(preparer.prepare_close_session(connection.session, xid.value, now.wall), connection.id,
           xid, type);
    return;
  }
  pipeline::WriteRequest write;
  write.session = connection.session;
  write.cxid = xid.value;
  write.type = type;
  write.body = body;
  write.ids = ids.get();
  write.origin = connection.id;
  pipeline::Membership ensemble;
  if (type == OpCode::kReconfig && peer != nullptr) {
    ensemble = membership();
    write.membership = &ensemble;
  }
  append(preparer.prepare(write, now.wall), connection.id, xid, type);
}

void Server::Impl::append(pipeline::Prepared prepared, ConnectionId origin, Xid xid, OpCode type) {
  ++stats.proposals;
  outstanding.push_back(OutstandingTxn{std::move(prepared), origin, xid, type, now.monotonic});
  const pipeline::Prepared& last = outstanding.back().prepared;
  store.append(last.zxid, last.payload);
  if (peer == nullptr) return;
  stats.proposed(static_cast<int64_t>(last.payload.size()));
  peer->propose(last.zxid, last.payload);
}

void Server::Impl::authenticate(Connection& connection, Xid xid, std::string_view body) {
  jute::Reader in(body);
  const wire::AuthPacket packet = wire::read_auth_packet(in);
  tree::AuthOutcome outcome;
  if (in.ok() && packet.auth) {
    outcome = tree::authenticate(packet.scheme, *packet.auth, config.auth);
  } else {
    outcome.error = ErrorCode::kAuthFailed;
  }
  if (outcome.error != ErrorCode::kOk) {
    ++stats.auth_failed;
    send_header_reply(connection, xid, Zxid(0), ErrorCode::kAuthFailed);
    close(connection, CloseHow::kAfterFlush);
    return;
  }
  // Requests read before keep the identities that they were read with.
  auto ids = std::make_shared<std::vector<jute::Id>>(*connection.ids);
  for (jute::Id& id : outcome.ids) {
    if (std::find(ids->begin(), ids->end(), id) == ids->end()) ids->push_back(std::move(id));
  }
  connection.ids = std::move(ids);
  send_header_reply(connection, xid, Zxid(0), ErrorCode::kOk);
}

void Server::Impl::answer_read(Connection& connection, const QueuedRequest& request,
                               std::string_view body) {
  if (request.type == OpCode::kCloseSession) return close_local_session(connection, request);
  const std::vector<jute::Id>& ids = request.ids != nullptr ? *request.ids : *connection.ids;
  const Zxid zxid = tree.last_processed_zxid();
  ErrorCode error = ErrorCode::kOk;
  if (request.type == OpCode::kSetWatches || request.type == OpCode::kSetWatches2) {
    std::vector<jute::Trigger> missed;
    error = reads.set_watches(request.type, body, connection.id, missed);
    for (const jute::Trigger& trigger : missed) send_event(connection, trigger, Zxid(-1));
  }
  const size_t start = begin_reply();
  if (request.type != OpCode::kSetWatches && request.type != OpCode::kSetWatches2) {
    const pipeline::Asker asker{connection.id, connection.session, &ids};
    jute::Writer writer(out->sending());
    error = request.refused != ErrorCode::kOk ? request.refused
                                              : reads.execute(request.type, body, asker, writer);
  }
  finish_reply(connection, start, request.xid, zxid, error);
  count_latency(connection, request, zxid);
}

void Server::Impl::drain_reads(Connection& connection) {
  while (!connection.queue.empty() && !connection.queue.front().is_write &&
         !is_waiting_sync(connection.queue.front()) &&
         connection.state != ConnectionState::kClosing) {
    const QueuedRequest request = dequeue(connection);
    answer_read(connection, request, request.body);
  }
}

size_t Server::Impl::begin_reply() {
  std::string& bytes = out->begin_send();
  const size_t start = bytes.size();
  bytes.append(4 + kReplyHeaderSize, '\0');
  return start;
}

void Server::Impl::finish_reply(Connection& connection, size_t start, Xid xid, Zxid zxid,
                                ErrorCode error) {
  std::string& bytes = out->sending();
  // A reply with an error has no body.
  if (error != ErrorCode::kOk) bytes.resize(start + 4 + kReplyHeaderSize);
  const size_t length = bytes.size() - start - 4;
  char* p = bytes.data() + start;
  store_be32(p, static_cast<uint32_t>(length));
  store_be32(p + 4, static_cast<uint32_t>(xid.value));
  store_be64(p + 8, static_cast<uint64_t>(zxid.value));
  store_be32(p + 16, static_cast<uint32_t>(error));
  out->end_send(connection.id);
  stats.response(static_cast<int64_t>(length));
  ++stats.packets_sent;
  ++connection.stats.sent;
}

void Server::Impl::send_header_reply(Connection& connection, Xid xid, Zxid zxid, ErrorCode error) {
  finish_reply(connection, begin_reply(), xid, zxid, error);
}

void Server::Impl::send_event(Connection& connection, const jute::Trigger& trigger, Zxid zxid) {
  const size_t start = begin_reply();
  jute::Writer writer(out->sending());
  wire::write(writer, wire::WatcherEvent{trigger.type, 3, trigger.path});
  stats.watch_bytes += static_cast<int64_t>(out->sending().size() - start);
  finish_reply(connection, start, wire::kEventXid, zxid, ErrorCode::kOk);
}

void Server::Impl::count_latency(Connection& connection, const QueuedRequest& request, Zxid zxid) {
  const int64_t latency = (now.monotonic - request.received).ms();
  stats.latency.add(latency);
  (request.is_write ? stats.update_latency : stats.read_latency).add(latency);
  ConnectionStats& mine = connection.stats;
  mine.latency_min = mine.latency_count == 0 ? latency : std::min(mine.latency_min, latency);
  mine.latency_max = std::max(mine.latency_max, latency);
  mine.latency_sum += latency;
  ++mine.latency_count;
  mine.last_latency = latency;
  mine.last_response_ms = now.monotonic.ms();
  mine.last_op = request.type;
  mine.last_cxid = request.xid.value;
  mine.last_zxid = zxid.value;
}

void Server::Impl::throttle(Connection& connection) {
  if (queued_requests + stalled.size() <= static_cast<size_t>(config.outstanding_limit) ||
      (connection.queue.empty() && connection.stalled == 0) ||
      connection.state == ConnectionState::kClosing ||
      (connection.paused & kPauseOutstanding) != 0) {
    return;
  }
  pause(connection, kPauseOutstanding);
  throttled.push_back(connection.id);
}

void Server::Impl::release_throttled() {
  release_stalled();
  const size_t waiting = queued_requests + stalled.size();
  if (throttled.empty() || waiting > static_cast<size_t>(config.outstanding_limit)) return;
  for (const ConnectionId id : throttled) {
    if (Connection* connection = connections.find(id); connection != nullptr) {
      resume(*connection, kPauseOutstanding);
    }
  }
  throttled.clear();
}

}  // namespace zoetrope::node
