// Clients over the end of an epoch whose zxids are used up: they stay connected, what they have
// asked for and nobody has proposed waits, and the next epoch takes it. Everything that was
// proposed is committed by then and answered, so that nothing is carried out twice.
//
// It is by its own log that each server knows that the epoch has ended so, and not by a failure:
// it ends with the last zxid there is, and all of it is committed. If the next leader is long in
// coming, or has another history, the clients are let go as at any other change.
#include <utility>

#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

using jute::OpCode;

namespace {

// Far more requests than a learner has under way at a time.
constexpr uint32_t kMargin = 1'000'000;

}  // namespace

// From then on what is forwarded is kept whole, as it may have to be forwarded again.
bool Server::Impl::epoch_ends_soon() const {
  const uint32_t last = config.peer->role.last_counter;
  return last <= kMargin || last_logged().counter() >= last - kMargin;
}

// Of the epoch that is served, and not the one before it, whose last zxid it may still be that the
// log ends with.
bool Server::Impl::epoch_has_ended() const {
  const Zxid last = last_logged();
  return in_service && outstanding.empty() && !stopping && !halted &&
         last.counter() >= config.peer->role.last_counter && peer->epoch() == last.epoch();
}

// Called as the service ends. False: the clients are to be let go.
bool Server::Impl::keep_clients() {
  if (kept_since) {
    // A leader was followed meanwhile, in vain: what it told may not last.
    if (last_logged() == kept_at) return true;
    kept_since.reset();
    return false;
  }
  if (!epoch_has_ended()) return false;
  kept_since = now.monotonic;
  kept_at = last_logged();
  connecting.clear();
  renewals.clear();
  pending_syncs.clear();
  connections.for_each([this](Connection& connection) {
    if (connection.state == ConnectionState::kOpen) {
      pause(connection, kPauseEpoch);
    } else {
      close(connection, CloseHow::kAfterFlush);
    }
  });
  return true;
}

void Server::Impl::let_go_of_kept() {
  if (!kept_since) return;
  kept_since.reset();
  forget_forwarded();
  forget_stalled();
  connections.for_each(
      [this](Connection& connection) { close(connection, CloseHow::kAfterFlush); });
}

std::optional<MonotonicTime> Server::Impl::kept_until() const {
  if (!kept_since || in_service) return std::nullopt;
  return *kept_since + config.peer->role.sync_time();
}

// Called at the end of each step.
void Server::Impl::settle_kept() {
  if (!kept_since || halted || stopping) return;
  if (!in_service) {
    if (now.monotonic >= *kept_until()) let_go_of_kept();
    return;
  }
  kept_since.reset();
  std::vector<ConnectionId> kept;
  connections.for_each([&](Connection& connection) {
    if ((connection.paused & kPauseEpoch) != 0) kept.push_back(connection.id);
  });
  for (const ConnectionId id : kept) {
    if (Connection* connection = connections.find(id); connection != nullptr) take_up(*connection);
  }
  std::erase_if(upgrading,
                [this](const auto& entry) { return connections.find(entry.second) == nullptr; });
  for (const ConnectionId id : kept) {
    if (Connection* connection = connections.find(id); connection != nullptr) {
      resume(*connection, kPauseEpoch);
    }
  }
  release_throttled();
  process_resumed();
}

// In the order in which they came.
void Server::Impl::take_up(Connection& connection) {
  if (!is_learner()) sessions.set_owner(connection.session, connection.id);
  forget_queue(connection);
  RequestQueue waiting = std::exchange(connection.queue, {});
  if (upgrading.contains(connection.session)) {
    forward_upgrade(connection.session, connection.timeout_ms, connection.id);
  }
  while (!waiting.empty() && connection.state == ConnectionState::kOpen) {
    QueuedRequest request = std::move(waiting.front());
    waiting.pop();
    const std::string body = std::exchange(request.body, {});
    const Identities ids = request.ids != nullptr ? request.ids : connection.ids;
    large_bytes_of_request = std::exchange(request.large_bytes, 0);
    const bool is_whole = !body.empty() || request.type == OpCode::kCloseSession;
    if (request.is_write && !is_whole) {
      close(connection, CloseHow::kAfterFlush);
    } else if (request.is_write) {
      submit_write(connection, request.xid, request.type, body, ids);
    } else if (request.type == OpCode::kSync && request.refused == ErrorCode::kOk) {
      ask_sync(connection, request.xid, body);
    } else {
      submit_read(connection, std::move(request), body, ids);
    }
    large_bytes_of_request = 0;
  }
}

}  // namespace zoetrope::node
