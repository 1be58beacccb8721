// Requests in front of the pipeline: no more than so many are in it at a time, and the others wait
// in the order in which they came (upstream RequestThrottler); and no more bytes of large ones than
// the server has room for (upstream ZooKeeperServer.checkRequestSize).
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

using jute::OpCode;

// --- what is in the pipeline -------------------------------------------------------------------

void Server::Impl::enqueue(Connection& connection, QueuedRequest request) {
  request.large_bytes = large_bytes_of_request;
  large_bytes += request.large_bytes;
  connection.queue.push(std::move(request));
  ++queued_requests;
}

QueuedRequest Server::Impl::dequeue(Connection& connection) {
  ZT_ASSERT(!connection.queue.empty());
  QueuedRequest request = std::move(connection.queue.front());
  connection.queue.pop();
  --queued_requests;
  large_bytes -= request.large_bytes;
  return request;
}

void Server::Impl::forget_queue(const Connection& connection) {
  queued_requests -= connection.queue.size();
  for (size_t i = 0; i < connection.queue.size(); ++i) {
    large_bytes -= connection.queue.at(i).large_bytes;
  }
}

bool Server::Impl::is_too_large_now(int64_t length) {
  const int64_t threshold = config.large_request_threshold;
  if (threshold == -1 || length <= threshold) return false;
  if (large_bytes + length <= config.large_request_bytes_max) return false;
  ++stats.large_requests_rejected;
  return true;
}

// --- what waits in front of it -----------------------------------------------------------------

bool Server::Impl::must_stall() const {
  const int32_t limit = config.request_throttle.max_requests;
  return limit > 0 && (!stalled.empty() || queued_requests >= static_cast<size_t>(limit));
}

void Server::Impl::stall(Connection& connection, const wire::RequestHeader& header,
                         std::string_view body) {
  ++stats.request_throttle_waits;
  if (stalled.empty()) note_stall();
  stalled.push_back({connection.id, connection.session, connection.timeout_ms, header.xid,
                     header.type, std::string(body), connection.ids, now.monotonic,
                     large_bytes_of_request});
  large_bytes += large_bytes_of_request;
  ++connection.stalled;
}

void Server::Impl::note_stall() {
  const int64_t stall_ms = config.request_throttle.stall_time_ms;
  stall_ends.reset();
  if (stall_ms > 0) stall_ends = now.monotonic + Duration::from_ms(stall_ms);
}

// A request that nobody waits for any more. The end of a session is to be carried out all the same.
bool Server::Impl::is_stale(const StalledRequest& request) const {
  if (request.type == OpCode::kCloseSession) return false;
  const RequestThrottleConfig& throttle_config = config.request_throttle;
  if (throttle_config.stale_connection_check && connections.find(request.connection) == nullptr) {
    return true;
  }
  return throttle_config.stale_latency_check &&
         (now.monotonic - request.received).ms() > request.timeout_ms;
}

// What came behind it on its connection must not be carried out without it.
void Server::Impl::drop_stale(ConnectionId id) {
  const auto is_of_it = [&](const StalledRequest& request) { return request.connection == id; };
  for (const StalledRequest& request : stalled) {
    if (!is_of_it(request)) continue;
    ++stats.stale_requests_dropped;
    large_bytes -= request.large_bytes;
  }
  std::erase_if(stalled, is_of_it);
  if (Connection* connection = connections.find(id); connection != nullptr) {
    close(*connection, CloseHow::kAfterFlush);
  }
}

void Server::Impl::release_stalled() {
  if (stalled.empty() || releasing_stalled) return;
  // Carrying one out may answer others, which ends here again.
  releasing_stalled = true;
  const auto limit = static_cast<size_t>(config.request_throttle.max_requests);
  while (!stalled.empty() && !epoch_is_full()) {
    if (config.request_throttle.drop_stale && is_stale(stalled.front())) {
      drop_stale(stalled.front().connection);
      continue;
    }
    if (queued_requests >= limit) break;
    StalledRequest request = std::move(stalled.front());
    stalled.pop_front();
    large_bytes -= request.large_bytes;
    let_go(request);
  }
  releasing_stalled = false;
  if (!stalled.empty()) note_stall();
}

void Server::Impl::let_go(const StalledRequest& request) {
  Connection* connection = connections.find(request.connection);
  if (connection == nullptr) return carry_out_orphan(request);
  --connection->stalled;
  large_bytes_of_request = request.large_bytes;
  const int64_t wait_ms = config.request_throttle.throttled_op_wait_ms;
  const bool may_refuse =
      request.type != OpCode::kPing && request.type != OpCode::kCloseSession && wait_ms > 0;
  if (may_refuse && (now.monotonic - request.received).ms() > wait_ms) {
    ++stats.throttled_ops;
    QueuedRequest refused{request.xid, request.type, false, {}, nullptr, request.received};
    refused.refused = ErrorCode::kThrottledOp;
    submit_read(*connection, std::move(refused), {}, request.ids);
  } else {
    carry_out_request(*connection, {request.xid, request.type}, request.body, request.ids);
  }
  large_bytes_of_request = 0;
}

// Its connection is gone, and it is to be carried out: the change is made, and nobody is told. Not
// once its client has come back: what that asks for now would be mixed up with it.
void Server::Impl::carry_out_orphan(const StalledRequest& request) {
  if (!wire::is_write(request.type) || read_only || !serving()) return;
  if (owner_of(request.session) != request.connection) return;
  if (peer != nullptr && peer->relay() != nullptr && peer->relay()->relays(request.session)) return;
  if (request.type == OpCode::kCloseSession && is_local(request.session)) {
    return local_sessions.remove(request.session);
  }
  if (wants_upgrade(request.session, request.type, request.body)) {
    upgrade(request.session, request.timeout_ms, request.connection);
  }
  if (epoch_is_full()) return;
  if (is_learner()) {
    return peer->forward(
        {request.session, request.xid, static_cast<int32_t>(request.type), request.body},
        encode_ids(*request.ids));
  }
  if (request.type == OpCode::kCloseSession) {
    return append(preparer.prepare_close_session(request.session, request.xid.value, now.wall),
                  request.connection, request.xid, request.type);
  }
  pipeline::WriteRequest write;
  write.session = request.session;
  write.cxid = request.xid.value;
  write.type = request.type;
  write.body = request.body;
  write.ids = request.ids.get();
  write.origin = request.connection;
  append(preparer.prepare(write, now.wall), request.connection, request.xid, request.type);
}

void Server::Impl::forget_stalled() {
  for (const StalledRequest& request : stalled) large_bytes -= request.large_bytes;
  stalled.clear();
  stall_ends.reset();
}

}  // namespace zoetrope::node
