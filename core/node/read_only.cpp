// Read-only mode: a member that has looked for a leader for a while serves its tree as it stands to
// clients that have asked for no more (upstream ReadOnlyZooKeeperServer, ReadOnlyRequestProcessor).
// Their sessions are this server's own and end with the mode.
#include <algorithm>
#include <utility>

#include "core/node/server_impl.hpp"

namespace zoetrope::node {

using jute::OpCode;

namespace {

constexpr int64_t kGraceMin = 2000;  // ms

}  // namespace

// Called at the end of each step.
void Server::Impl::settle_read_only() {
  if (peer == nullptr || !config.read_only_mode || halted || stopping) return;
  // Before it is at rest a server has still to apply what it has logged.
  const bool is_looking = peer->state() == quorum::PeerState::kLooking && !is_retiring &&
                          !reload_wanted && !is_reloading;
  if (!is_looking) return end_read_only();
  if (!looking_since) looking_since = now.monotonic;
  const auto begins = read_only_begins();
  if (begins && now.monotonic >= *begins) begin_read_only();
}

std::optional<MonotonicTime> Server::Impl::read_only_begins() const {
  if (!looking_since || read_only) return std::nullopt;
  return *looking_since + Duration::from_ms(std::max<int64_t>(kGraceMin, config.tick_time_ms));
}

void Server::Impl::begin_read_only() {
  read_only = true;
  out->log(Severity::kWarning, "there is no leader: serves read-only clients");
}

void Server::Impl::end_read_only() {
  looking_since.reset();
  if (!std::exchange(read_only, false)) return;
  out->log(Severity::kInfo, "serves read-only clients no more");
  local_sessions.clear();
  forget_stalled();
  connections.for_each(
      [this](Connection& connection) { close(connection, CloseHow::kAfterFlush); });
}

bool Server::Impl::is_refused_read_only(OpCode type) {
  switch (type) {
    case OpCode::kSync:
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateTtl:
    case OpCode::kCreateContainer:
    case OpCode::kDelete:
    case OpCode::kDeleteContainer:
    case OpCode::kSetData:
    case OpCode::kSetAcl:
    case OpCode::kReconfig:
    case OpCode::kMulti:
    case OpCode::kCheck: return true;
    default: return false;
  }
}

// A session of the whole ensemble may be alive where the quorum is, also one that this server does
// not know: it is not said to be over, the client tries another server (upstream says so of those
// that it does not know). Of those that this process gave it knows which are open.
void Server::Impl::renew_read_only(Connection& connection, SessionId session) {
  const bool is_over = sessions.has_made(session) && !sessions.contains(session);
  if (is_over) send_connect_response(connection, false);
  close(connection, CloseHow::kAfterFlush);
}

}  // namespace zoetrope::node
