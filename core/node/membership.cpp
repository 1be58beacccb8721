// A member's service to clients follows its part in the ensemble: it begins when a leader is
// established, ends when that is lost, and between the two the state may be replaced by another's
// (zab::Host; upstream QuorumPeer, Learner.syncWithLeader).
#include <algorithm>

#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

void Server::Impl::connected(const Connected& input) {
  if (peer != nullptr) {
    peer->connected(zab::DialToken(input.token), input.connection, now.monotonic);
  }
}

void Server::Impl::connect_failed(const ConnectFailed& input) {
  if (peer != nullptr) peer->connect_failed(zab::DialToken(input.token), now.monotonic);
}

// --- service -----------------------------------------------------------------------------------

void Server::Impl::lead(Zxid epoch_start) {
  ZT_ASSERT(outstanding.empty());
  preparer.reset(epoch_start);
  // Nobody was watching the clock for them; each client gets its whole time-out to come back.
  sessions.restart(now.monotonic);
  committed = tree.last_processed_zxid();
  in_service = true;
  led_since = now.monotonic;
  next_container_check_ms = now.monotonic.ms() + config.container_check_interval_ms;
  close_orphans();
}

void Server::Impl::follow() {
  in_service = true;
}

void Server::Impl::retire() {
  const bool keeps = keep_clients();
  in_service = false;
  stream.reset();
  end_history();
  receiver.reset();
  is_persisting = false;
  end_read_only();
  if (!keeps) {
    forget_forwarded();
    forget_stalled();
    connections.for_each(
        [this](Connection& connection) { close(connection, CloseHow::kAfterFlush); });
  }
  if (stopping || halted) return;
  // The state of a restart: everything that is logged. What should not be part of the history is
  // cut when the next leader says so.
  committed = last_logged();
  apply_committed();
  is_retiring = true;
}

// Clients read the configuration in force at /zookeeper/config. Where it never changes
// (reconfigEnabled=false) that is this server's own, whatever another's snapshot had there
// (ZOOKEEPER-2819); where it does, a transaction that the tree has may be ahead.
void Server::Impl::show_ensemble() {
  const quorum::Ensemble& ensemble = peer->ensembles().current;
  shown_version = ensemble.version;
  const tree::NodeId node = tree.find(tree::kConfigPath);
  if (config.reconfig_enabled && node != tree::NodeId::kNone) {
    const int64_t has = tree.stat_persisted(node).mzxid;
    if (has > ensemble.version || (has == ensemble.version && has != 0)) return;
  }
  // The transaction that brings it is about to be applied.
  const auto brings_it = [&](const OutstandingTxn& txn) {
    return txn.prepared.zxid.value == ensemble.version;
  };
  if (config.reconfig_enabled && std::ranges::any_of(outstanding, brings_it)) return;
  tree.show_config(ensemble.to_string(), Zxid(ensemble.version));
}

// What was replayed is as much part of this server's history as what it applies from now on, and a
// learner that lacks little of it need not get a snapshot.
void Server::Impl::fill_window(const storage::RecoveredState& state) {
  committed_window.clear();
  for (const auto& [zxid, payload] : state.newest) committed_window.add(zxid, payload);
}

bool Server::Impl::disk_is_idle() const {
  return log_ops.empty() && snapshot_ops.empty() && store.pending_records() == 0 &&
         !store.snapshot_in_progress() && !peer->is_storing_configuration();
}

// Records wait for the configuration that they are logged under, as upstream, which writes its
// files before it goes on: so what is durable in the log was logged with those files in place.
void Server::Impl::flush_log() {
  store.hold_log(peer != nullptr && peer->is_storing_configuration());
  store.flush(disk_ops);
}

// Answers the peer as soon as what it waits for has come true. Called at the end of each step, so
// that no answer comes within the question.
void Server::Impl::settle_membership() {
  if (peer == nullptr || halted || stopping || is_reloading) return;
  if (diverged_at) peer->diverged(*std::exchange(diverged_at, std::nullopt));
  if (peer->ensembles().current.version != shown_version) show_ensemble();
  if (is_persisting && !store.log_waits()) {
    is_persisting = false;
    peer->snapshot_persisted(now.monotonic);
  }
  if (!tree.snapshot_in_progress()) peer->snapshot_possible(now.monotonic);
  read_history();
  if (reload_wanted || is_retiring) {
    flush_log();
    emit_disk_ops();
  }
  if (reload_wanted) {
    if (!disk_is_idle()) return;
    is_reloading = true;
    out->add(Reload{reload_last});
  } else if (is_retiring && log_ops.empty() && store.pending_records() == 0 && !store.log_waits()) {
    // A snapshot that was restored has to be on the disk, too: until then the tree shows more than
    // this server has, and it would vote for that and acknowledge it (ZOOKEEPER-3642).
    is_retiring = false;
    peer->at_rest(now.monotonic);
  }
}

// --- another's state ---------------------------------------------------------------------------

void Server::Impl::reload(std::optional<Zxid> last) {
  reload_wanted = true;
  reload_last = last;
}

void Server::Impl::reloaded(const Reloaded& input) {
  ZT_ASSERT(is_reloading);
  is_reloading = reload_wanted = false;
  storage::RecoveredState& state = *input.state;
  ++reloads;
  diverged_at.reset();
  store = storage::Store(config.store, state, Random(seed).fork("store " + std::to_string(reloads)),
                         now.monotonic);
  adopt_state(std::move(state.tree), {state.sessions.begin(), state.sessions.end()});
  fill_window(state);
  peer->reloaded(now.monotonic);
  batch_end();
}

void Server::Impl::adopt_state(tree::Tree&& new_tree, const storage::SessionList& open_sessions) {
  ZT_ASSERT(!in_service);
  let_go_of_kept();
  tree = std::move(new_tree);
  show_ensemble();
  sessions.clear();
  for (const auto& [id, timeout_ms] : open_sessions) sessions.add(id, timeout_ms, now.monotonic);
  outstanding.clear();
  committed_window.clear();
  committed = tree.last_processed_zxid();
  preparer.reset(tree.last_processed_zxid());
}

void Server::Impl::begin_restore(Zxid zxid) {
  // It would write a tree that is about to be replaced.
  store.abandon_snapshot();
  receiver.emplace(tree.config(), zxid);
}

zab::Host::Restore Server::Impl::restore(std::string_view bytes) {
  ZT_ASSERT(receiver);
  const storage::SnapshotReceiver::Progress progress = receiver->feed(bytes);
  if (progress.done) {
    adopt_state(std::move(receiver->tree()), receiver->sessions());
    store.restored(tree.last_processed_zxid());
    receiver.reset();
  }
  return {progress.consumed, progress.done, progress.error};
}

void Server::Impl::persist_snapshot() {
  is_persisting = true;
}

// --- our state for others ----------------------------------------------------------------------

bool Server::Impl::begin_stream() {
  if (tree.snapshot_in_progress()) return false;
  stream.emplace(tree, sessions.list());
  return true;
}

bool Server::Impl::next_piece(std::string& bytes, size_t bytes_min) {
  ZT_ASSERT(stream);
  const bool more = stream->next(bytes, bytes_min);
  if (!more) stream.reset();
  return more;
}

void Server::Impl::end_stream() {
  stream.reset();
}

}  // namespace zoetrope::node
