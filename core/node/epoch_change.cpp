// Clients over the end of an epoch whose zxids are used up: they stay connected and are served what
// needs no leader; what they have asked for and nobody has proposed waits, and the next epoch takes
// it. Everything that was proposed is committed and answered by then, so that nothing is carried
// out twice.
//
// It is by its own log that each server knows that the epoch has ended so, and not by a failure:
// it ends with the last zxid there is, and all of it is committed. If the next leader is long in
// coming, or there was another one in between, the clients are let go as at any other change.
#include <algorithm>
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

// --- the end -----------------------------------------------------------------------------------

// Of the epoch that is served, and not the one before it, whose last zxid it may still be that the
// log ends with.
bool Server::Impl::epoch_has_ended() const {
  const Zxid last = last_logged();
  return in_service && outstanding.empty() && !stopping && !halted &&
         last.counter() == config.peer->role.last_counter && peer->epoch() == last.epoch();
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
  pending_syncs.clear();
  let_go_of_moved();
  // Which sessions are over is the next leader's to say.
  sessions.restart(now.monotonic);
  connections.for_each([this](const Connection& connection) {
    if (connection.state == ConnectionState::kOpen) {
      sessions.set_owner(connection.session, connection.id);
    }
  });
  let_go_of_overdue();
  return true;
}

// The next leader does not know which of its servers a session's client is with, and a request that
// the client has left behind at an earlier one must not come to be carried out after later ones.
void Server::Impl::let_go_of_moved() {
  connections.for_each([this](Connection& connection) {
    if (connection.state != ConnectionState::kOpen) return;
    if (connection.is_superseded || owner_of(connection.session) != connection.id) {
      close(connection, CloseHow::kAfterFlush);
    }
  });
  std::erase_if(stalled, [this](const StalledRequest& request) {
    if (connections.find(request.connection) != nullptr) return false;
    large_bytes -= request.large_bytes;
    return true;
  });
}

// --- until the next epoch ----------------------------------------------------------------------

// A client needs the rest of its time-out to find another server, should this one find no leader.
MonotonicTime Server::Impl::kept_until(const Connection& connection) const {
  const Duration longest = config.peer->role.sync_time();
  if (connection.state == ConnectionState::kFresh) return *kept_since + longest;
  return *kept_since + std::min(longest, Duration::from_ms(connection.timeout_ms / 2));
}

void Server::Impl::let_go_of_overdue() {
  const MonotonicTime last = *kept_since + config.peer->role.sync_time();
  if (now.monotonic >= last) return let_go_of_kept();
  next_let_go = last;
  connections.for_each([this](Connection& connection) {
    const MonotonicTime until = kept_until(connection);
    if (now.monotonic >= until) {
      close(connection, CloseHow::kAfterFlush);
    } else {
      next_let_go = std::min(next_let_go, until);
    }
  });
}

void Server::Impl::let_go_of_kept() {
  if (!kept_since) return;
  kept_since.reset();
  forget_forwarded();
  forget_stalled();
  connections.for_each(
      [this](Connection& connection) { close(connection, CloseHow::kAfterFlush); });
}

// A transaction comes from the next leader. One of an epoch that this server was no part of may not
// last, so that clients must not see it, and their later requests may be among those.
void Server::Impl::note_history_of_next(Zxid zxid) {
  if (kept_since && zxid.epoch() != peer->epochs().accepted) let_go_of_kept();
}

// --- the next epoch ----------------------------------------------------------------------------

// Of two clients that come with one session to observers of one master only the master could tell
// who is the later one, and it is as new to them as the leader.
bool Server::Impl::may_take_up() const {
  const std::optional<ServerId> master = peer->observer_master();
  return serves_clients() && (!master || master == peer->leader());
}

// Called at the end of each step.
void Server::Impl::settle_kept() {
  if (!kept_since || halted || stopping) return;
  if (!in_service) {
    if (now.monotonic >= next_let_go) let_go_of_overdue();
    return;
  }
  if (!may_take_up()) return let_go_of_kept();
  kept_since.reset();
  take_up_handshakes();
  std::vector<ConnectionId> kept;
  connections.for_each([&](Connection& connection) {
    if (connection.state != ConnectionState::kOpen) return;
    kept.push_back(connection.id);
    if (!is_learner()) sessions.set_owner(connection.session, connection.id);
    touch(connection);
  });
  for (const ConnectionId id : kept) {
    if (Connection* connection = connections.find(id); connection != nullptr) take_up(*connection);
  }
  std::erase_if(upgrading,
                [this](const auto& entry) { return connections.find(entry.second) == nullptr; });
  connections.for_each([this](Connection& connection) { resume(connection, kPauseEpoch); });
  release_throttled();
  process_resumed();
}

void Server::Impl::take_up_handshakes() {
  for (const auto& [session, id] : std::exchange(connecting, {})) {
    if (Connection* connection = connections.find(id); connection != nullptr) {
      ask_for_session(*connection);
    }
  }
  for (const Renewal& renewal : std::exchange(renewals, {})) {
    if (Connection* connection = connections.find(renewal.connection); connection != nullptr) {
      ask_for_renewal(*connection, renewal.session);
    }
  }
}

// In the order in which they came.
void Server::Impl::take_up(Connection& connection) {
  // Nothing that is logged by now answers them.
  connection.answers_after = last_logged();
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
    // An upgrade that waited, too, may have made the end of a local session a write.
    const bool is_end = request.type == OpCode::kCloseSession;
    const bool is_write = is_end ? !is_local_close(connection, request.type) : request.is_write;
    if (is_write && body.empty() && !is_end) {
      close(connection, CloseHow::kAfterFlush);
    } else if (is_write) {
      submit_write(connection, request.xid, request.type, body, ids);
    } else if (is_waiting_sync(request)) {
      ask_sync(connection, request.xid, body);
    } else {
      submit_read(connection, std::move(request), body, ids);
    }
    large_bytes_of_request = 0;
  }
}

}  // namespace zoetrope::node
