// A running server as bytes and back: what it is made of besides its parts' own.
#include "core/base/assert.hpp"
#include "core/base/state_archive.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

void Config::carry_state(StateArchive& archive) {
  archive(server_id, compatibility, tick_time_ms, session_timeout_ms_min, session_timeout_ms_max,
          connections_per_address_max, connections_max, sessionless_timeout_ms, frame_bytes_max,
          buffer_extra_bytes, large_request_threshold, large_request_bytes_max, outstanding_limit,
          request_throttle, connection_throttle, output_bytes_high, output_bytes_max);
  archive(extended_types_enabled, digest_enabled, close_session_txn_enabled, reconfig_enabled,
          enforce_quota, container_check_interval_ms, containers_per_minute_max,
          container_never_used_interval_ms, read_only_mode, local_sessions_enabled,
          local_sessions_upgrading_enabled, leader_serves, peer, auth, store);
  archive(four_letter_words, version, build_date, recovery_ms, client_port,
          client_port_listen_backlog, data_dir, data_log_dir, environment);
}

void RequestQueue::carry_state(StateArchive& archive) {
  archive(items_, head_);
}

void ConnectionTable::carry_state(StateArchive& archive) {
  size_t slots = archive.count(slots_.size());
  if (archive.is_loading()) {
    slots_.clear();
    slots_.resize(slots);
  }
  for (auto& slot : slots_) archive.owned(slot, [] { return std::make_unique<Connection>(); });
  archive(per_address_, size_);
}

void ConnectionThrottle::carry_state(StateArchive& archive) {
  archive(random_, tokens_max_, fill_count_, tokens_, drop_, filled_, frozen_);
}

void Distribution::carry_state(StateArchive& archive) {
  archive(summary_, counts_);
}

bool Server::Impl::is_calm() const {
  return !store.snapshot_in_progress() && !stream && !receiver && !history &&
         (peer == nullptr || peer->is_calm()) && !tree.snapshot_in_progress();
}

void Server::Impl::carry_state(StateArchive& archive) {
  archive(tree, sessions, watches, preparer, store, connections, outstanding);
  if (peer != nullptr) archive(*peer);
  archive(in_service, led_since, shown_version, committed, committed_window, history_after,
          history_checked, history_wanted, file_reads, history_read, config_read, own_place,
          is_retiring, is_persisting, reload_wanted, is_reloading, reload_last, diverged_at,
          log_ops, snapshot_ops, reloads, connecting, renewals, pending_syncs, held_syncs, touched,
          relayed_touches, local_sessions, upgrading, kept_since, kept_at, next_let_go, read_only,
          looking_since);
  archive(queued_requests, stalled, stall_ends, releasing_stalled, large_bytes,
          large_bytes_of_request, connection_throttle, throttled, resumed, closed, sessionless,
          waiting_for_facts, next_container_check_ms);
  archive(stats, syncs, snapshot_begun, proposals_written, replayed_txns, started, trace_mask,
          stopping, halted);
}

bool Server::can_be_saved() const {
  return impl_->is_calm() && !impl_->halted;
}

std::string Server::save() const {
  ZT_ASSERT(can_be_saved());
  std::string state;
  StateArchive archive(state);
  archive(impl_->config, impl_->seed, *impl_);
  return state;
}

std::unique_ptr<Server> Server::restored(std::string_view state) {
  StateArchive archive(state);
  Config config;
  uint64_t seed = 0;
  archive(config, seed);
  if (!archive.ok()) return nullptr;
  auto server = std::make_unique<Server>(std::move(config), storage::RecoveredState(), seed, Now());
  archive(*server->impl_);
  if (!archive.ok() || !archive.at_end()) return nullptr;
  return server;
}

}  // namespace zoetrope::node
