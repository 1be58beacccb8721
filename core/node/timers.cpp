// What happens because time passed, a batch ended, a disk operation completed, or the server stops.
#include <algorithm>

#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

using jute::OpCode;

void Server::Impl::start() {
  next_container_check_ms = now.monotonic.ms() + config.container_check_interval_ms;
  if (peer == nullptr) close_orphans();
  batch_end();
  if (peer != nullptr) peer->start(now.monotonic);
  settle_membership();
  settle_read_only();
}

void Server::Impl::close_orphans() {
  // Ephemerals whose session is nowhere to be found: their owner ended in a crash of another kind
  // of server. They go the ordinary way, so that the log tells of it.
  for (const SessionId id : tree.sessions_with_ephemerals()) {
    if (!sessions.contains(id) && !epoch_is_full()) {
      append(preparer.prepare_close_session(id, 0, now.wall), ConnectionId(), Xid(0),
             OpCode::kCloseSession);
    }
  }
}

void Server::Impl::emit_disk_ops() {
  for (storage::DiskOp& op : disk_ops) {
    note_disk_op(op);
    if (peer != nullptr) (op.lane == storage::Lane::kLog ? log_ops : snapshot_ops).insert(op.id);
    out->add(Disk{std::move(op)});
  }
  disk_ops.clear();
  if (store.failure() && !halted) {
    halt(*store.failure());
  }
}

void Server::Impl::halt(const std::string& why) {
  halted = true;
  ++stats.unrecoverable_errors;
  out->add(Halt{false, why});
}

void Server::Impl::note_disk_op(const storage::DiskOp& op) {
  if (op.lane != storage::Lane::kLog) return;
  if (std::holds_alternative<storage::WriteFile>(op.action)) {
    stats.sync_batch_size.add(stats.proposals - proposals_written);
    proposals_written = stats.proposals;
  } else if (std::holds_alternative<storage::SyncFile>(op.action)) {
    syncs.emplace_back(op.id, now.monotonic);
  }
}

void Server::Impl::note_completion(uint64_t op) {
  if (!syncs.empty() && syncs.front().first == op) {
    stats.sync_time.add((now.monotonic - syncs.front().second).ms());
    syncs.pop_front();
  }
  if (snapshot_begun && !store.snapshot_in_progress()) {
    stats.snapshot_time.add((now.monotonic - *snapshot_begun).ms());
    snapshot_begun.reset();
  }
}

void Server::Impl::batch_end() {
  if (peer != nullptr) peer->batch_end(now.monotonic);
  flush_log();
  // A stream to a learner reads the tree in the same way; a reload would overtake a snapshot, and
  // so would the state that a leader sends.
  const bool is_tree_ours = !reload_wanted && !receiver && !tree.snapshot_in_progress();
  if (!stopping && is_tree_ours && store.snapshot_due()) {
    ++stats.snapshots;
    snapshot_begun = now.monotonic;
    store.begin_snapshot(tree, sessions.list(), disk_ops);
  }
  emit_disk_ops();
  apply_committed();
  halt_if_done();
}

void Server::Impl::disk_done(const DiskDone& input) {
  if (log_ops.erase(input.op) == 0) snapshot_ops.erase(input.op);
  const Zxid durable_before = store.durable();
  if (peer != nullptr && input.op >= zab::kFirstEpochOp) {
    const bool is_config = input.op >= zab::kFirstConfigOp;
    if (input.error && !is_config) return halt(input.error->message);
    peer->disk_done(input.op, input.error, now.monotonic);
    if (is_config) flush_log();
  } else {
    store.hold_log(peer != nullptr && peer->is_storing_configuration());
    store.completed(input.op, input.error, disk_ops);
    note_completion(input.op);
  }
  emit_disk_ops();
  if (halted) return;
  if (peer != nullptr && store.durable() != durable_before) peer->log_durable(now.monotonic);
  apply_committed();
  halt_if_done();
}

void Server::Impl::tick() {
  if (halted || stopping) return;
  if (peer != nullptr) peer->tick(now.monotonic);
  expire_sessionless();
  expire_local_sessions();
  if (!stalled.empty()) release_throttled();
  if (decides()) {
    expire_sessions();
    delete_containers();
  }
  store.tick(now.monotonic, disk_ops);
  emit_disk_ops();
}

void Server::Impl::expire_sessions() {
  if (epoch_is_full()) return;
  for (const SessionId id : sessions.take_expired(now.monotonic)) {
    // The next epoch gives the others their time anew.
    if (epoch_is_full()) return;
    ++stats.sessions_expired;
    append(preparer.prepare_close_session(id, 0, now.wall), ConnectionId(), Xid(0),
           OpCode::kCloseSession);
  }
}

void Server::Impl::expire_sessionless() {
  while (!sessionless.empty() && sessionless.front().first <= now.monotonic) {
    const ConnectionId id = sessionless.front().second;
    sessionless.pop_front();
    Connection* connection = connections.find(id);
    if (connection == nullptr || connection->state != ConnectionState::kFresh) continue;
    ++stats.sessionless_expired;
    close(*connection, CloseHow::kAfterFlush);
  }
}

void Server::Impl::delete_containers() {
  if (config.container_check_interval_ms <= 0 || now.monotonic.ms() < next_container_check_ms)
    return;
  if (epoch_is_full()) return;
  next_container_check_ms = now.monotonic.ms() + config.container_check_interval_ms;
  const int64_t limit = std::max<int64_t>(
      1, config.containers_per_minute_max * config.container_check_interval_ms / 60000);
  const std::vector<std::string> paths = tree.expired_containers(
      now.wall.ms, config.container_never_used_interval_ms, static_cast<size_t>(limit));
  for (const std::string& path : paths) {
    if (epoch_is_full()) return;
    pipeline::NodeRecord record;
    // What an outstanding transaction has deleted or filled again needs no error in the log.
    if (!preparer.changes().load(path, record) || record.num_children > 0) continue;
    // One that has written it anew has made its time start again.
    if (record.stat.mzxid > tree.last_processed_zxid().value) continue;
    std::string body;
    jute::Writer(body).string(path);
    pipeline::WriteRequest request;
    request.type = OpCode::kDeleteContainer;
    request.body = body;
    append(preparer.prepare(request, now.wall), ConnectionId(), Xid(0), OpCode::kDeleteContainer);
  }
}

std::optional<MonotonicTime> Server::Impl::next_deadline() const {
  if (halted || stopping) return std::nullopt;
  std::optional<MonotonicTime> first;
  const auto consider = [&first](std::optional<MonotonicTime> time) {
    if (time && (!first || *time < *first)) first = time;
  };
  if (!sessionless.empty()) consider(sessionless.front().first);
  consider(stall_ends);
  if (decides() && !epoch_is_full()) {
    consider(sessions.next_expiry());
    if (config.container_check_interval_ms > 0) {
      consider(MonotonicTime::from_ms(next_container_check_ms));
    }
  }
  if (peer != nullptr) {
    consider(peer->next_deadline());
    consider(read_only_begins());
    if (kept_since && !in_service) consider(next_let_go);
    if (local_sessions.size() != 0) consider(local_sessions.next_expiry());
  }
  consider(store.next_deadline());
  return first;
}

void Server::Impl::shut_down() {
  if (stopping || halted) return;
  stopping = true;
  if (peer != nullptr) {
    peer->shut_down();
    // What is not committed is in the log; that is enough.
    outstanding.clear();
  }
  forget_stalled();
  connections.for_each([this](Connection& connection) { pause(connection, kPauseShutdown); });
  batch_end();
}

void Server::Impl::halt_if_done() {
  if (!stopping || halted || store.pending_records() != 0 || !outstanding.empty()) return;
  // A snapshot that is begun is finished: it is short, and the next start need not replay the log.
  if (store.snapshot_in_progress()) return;
  halted = true;
  // Sessions stay open: their clients come back to this or another server.
  connections.for_each(
      [this](Connection& connection) { close(connection, CloseHow::kAfterFlush); });
  out->add(Halt{true, "stopped"});
}

}  // namespace zoetrope::node
