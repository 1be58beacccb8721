#include "core/node/server.hpp"

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

namespace {

pipeline::PreparerConfig preparer_config(const Config& config) {
  pipeline::PreparerConfig result;
  result.auth = config.auth;
  result.digest_enabled = config.digest_enabled;
  result.extended_types_enabled = config.extended_types_enabled;
  result.close_session_txn_enabled = config.close_session_txn_enabled;
  result.enforce_quota = config.enforce_quota;
  result.reconfig_enabled = config.reconfig_enabled;
  result.compatible_with_3_8 = config.compatibility == Compatibility::k3_8;
  return result;
}

// What the transactions that commitLogCount keeps may hold together.
constexpr size_t kWindowBytes = 32 << 20;

// 3.8.0 knows only IPv4 addresses in ACLs.
Config for_release(Config config) {
  if (config.compatibility == Compatibility::k3_8) config.auth.ip_v6 = false;
  return config;
}

}  // namespace

Server::Impl::Impl(Config config_in, storage::RecoveredState recovered, uint64_t seed_in,
                   Now now_in, zab::Epochs epochs)
    : config(for_release(std::move(config_in))),
      tree(std::move(recovered.tree)),
      sessions(config.tick_time_ms, session::first_session_id(now_in.wall, config.server_id)),
      watches(config.compatibility == Compatibility::k3_8),
      preparer(preparer_config(config), tree, sessions),
      reads(tree, watches, config.auth, config.compatibility == Compatibility::k3_8),
      store(config.store, recovered, Random(seed_in).fork("store"), now_in.monotonic),
      committed_window(config.peer ? config.peer->commit_log_count : 1, kWindowBytes),
      local_sessions(config.tick_time_ms, SessionId(1)),
      connection_throttle(config.connection_throttle, Random(seed_in).fork("connection throttle"),
                          now_in.monotonic),
      seed(seed_in),
      replayed_txns(static_cast<int64_t>(recovered.replayed)),
      started(now_in.monotonic),
      now(now_in) {
  preparer.reset(std::max(recovered.last_zxid, tree.last_processed_zxid()));
  for (const auto& [id, timeout_ms] : recovered.sessions)
    sessions.add(id, timeout_ms, now.monotonic);
  if (!config.peer) return;
  if (config.local_sessions_enabled) sessions.accept_local(config.server_id, local_sessions);
  in_service = false;
  committed = tree.last_processed_zxid();
  zab::PeerConfig& member = *config.peer;
  const auto self = member.ensemble.members.find(config.server_id);
  if (self != member.ensemble.members.end()) {
    own_place = self->second;
    if (!own_place->client) {
      own_place->client = quorum::HostPort{"0.0.0.0", static_cast<uint16_t>(config.client_port)};
    }
  }
  // Of a configuration without a version an operator may have made the lines anew (ZOOKEEPER-3829);
  // what the history says of an older time does not count against them.
  const auto logged = configuration_in_tree();
  const bool counts = logged && member.ensemble.version > 0 &&
                      logged->version > member.ensemble.version &&
                      (!member.last_seen || logged->version > member.last_seen->version);
  if (counts && config.reconfig_enabled) member.last_seen = *logged;
  peer = std::make_unique<zab::Peer>(member, epochs, *this);
  show_ensemble();
  fill_window(recovered);
}

Server::Server(Config config, storage::RecoveredState recovered, uint64_t seed, Now now,
               zab::Epochs epochs)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(recovered), seed, now, epochs)) {}
Server::~Server() = default;

void Server::start(Now now, Effects& out) {
  impl_->now = now;
  impl_->out = &out;
  impl_->start();
}

void Server::step(Now now, const Input& input, Effects& out) {
  Impl& s = *impl_;
  if (s.halted) return;
  s.now = now;
  s.out = &out;
  std::visit(
      [&s](const auto& event) {
        using T = std::decay_t<decltype(event)>;
        if constexpr (std::is_same_v<T, Opened>)
          s.opened(event);
        else if constexpr (std::is_same_v<T, Connected>)
          s.connected(event);
        else if constexpr (std::is_same_v<T, ConnectFailed>)
          s.connect_failed(event);
        else if constexpr (std::is_same_v<T, Received>)
          s.received(event);
        else if constexpr (std::is_same_v<T, Closed>)
          s.closed_by_peer(event.connection);
        else if constexpr (std::is_same_v<T, Backlog>)
          s.backlog(event);
        else if constexpr (std::is_same_v<T, DiskDone>)
          s.disk_done(event);
        else if constexpr (std::is_same_v<T, FileRead>)
          s.file_read(event);
        else if constexpr (std::is_same_v<T, Reloaded>)
          s.reloaded(event);
        else if constexpr (std::is_same_v<T, HostFacts>)
          s.host_facts(event);
        else if constexpr (std::is_same_v<T, Tick>)
          s.tick();
        else if constexpr (std::is_same_v<T, BatchEnd>)
          s.batch_end();
        else
          s.shut_down();
      },
      input);
  s.process_resumed();
  s.settle_membership();
  s.settle_kept();
  s.settle_read_only();
  s.forget_closed();
}

std::optional<MonotonicTime> Server::next_deadline() const {
  return impl_->next_deadline();
}

uint64_t Server::fingerprint() const {
  return impl_->fingerprint();
}

const tree::Tree& Server::tree() const {
  return impl_->tree;
}
const Config& Server::config() const {
  return impl_->config;
}
Inspection Server::inspect() const {
  Inspection seen;
  seen.logged = impl_->last_logged();
  seen.durable = impl_->durable();
  seen.committed = impl_->peer != nullptr ? impl_->committed : impl_->last_applied();
  seen.outstanding = impl_->outstanding.size();
  seen.connections = impl_->connections.size();
  seen.watches = impl_->watches.watch_count() + impl_->watches.child_watch_count();
  seen.sessions = impl_->sessions.list();
  return seen;
}
const zab::Peer* Server::peer() const {
  return impl_->peer.get();
}

uint64_t Server::Impl::fingerprint() const {
  RunningHash hash;
  hash.add(tree.fingerprint());
  hash.add(sessions.fingerprint());
  hash.add(watches.fingerprint());
  hash.add(preparer.fingerprint());
  hash.add(store.fingerprint());
  if (peer != nullptr) {
    hash.add(peer->fingerprint());
    hash.add(static_cast<uint64_t>(committed.value));
    committed_window.add_to(hash);
    if (history) history->add_to(hash);
  }
  hash.add(uint64_t{outstanding.size()});
  for (const OutstandingTxn& txn : outstanding) {
    hash.add(txn.prepared.payload);
    hash.add(txn.origin.value);
  }
  if (local_sessions.size() != 0 || read_only) {
    hash.add(local_sessions.fingerprint());
    hash.add(uint64_t{read_only} + 2 * upgrading.size());
  }
  if (kept_since) hash.add(static_cast<uint64_t>(kept_since->ns));
  connection_throttle.add_to(hash);
  for (const StalledRequest& request : stalled) hash.add(request.connection.value);
  connections.for_each([&hash](const Connection& connection) {
    hash.add(connection.id.value);
    hash.add(static_cast<uint64_t>(connection.session.value));
    hash.add(static_cast<uint64_t>(connection.state));
    hash.add(uint64_t{connection.paused});
    hash.add(uint64_t{connection.queue.size()});
    hash.add(uint64_t{connection.input.unread()});
  });
  return hash.value();
}

}  // namespace zoetrope::node
