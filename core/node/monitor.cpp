// `mntr`: gauges, counters and summaries under upstream's names, as far as they mean something in a
// server without a Java virtual machine (facts/client-protocol.md sections 16 and 17).
#include <algorithm>

#include "core/node/server_impl.hpp"

namespace zoetrope::node {

class MonitorText {
 public:
  void line(std::string_view key, std::string_view value) {
    text_ += "zk_";
    text_ += key;
    text_ += '\t';
    text_ += value;
    text_ += '\n';
  }
  void line(std::string_view key, int64_t value) {
    line(key, std::string_view(std::to_string(value)));
  }
  void summary(const std::string& key, const Summary& s) {
    line("avg_" + key, std::string_view(average_text(s.sum, s.count)));
    line("min_" + key, s.min);
    line("max_" + key, s.max);
    line("cnt_" + key, s.count);
    line("sum_" + key, s.sum);
  }
  void distribution(const std::string& key, const Distribution& d) {
    summary(key, d.summary());
    line("p50_" + key, d.percentile(500));
    line("p95_" + key, d.percentile(950));
    line("p99_" + key, d.percentile(990));
    line("p999_" + key, d.percentile(999));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Upstream's words, as far as they say something of us.
std::string_view Server::Impl::detailed_state() const {
  const bool is_broadcasting = peer->is_serving();
  switch (peer->state()) {
    case quorum::PeerState::kLeading:
      return is_broadcasting ? "leading - broadcast" : "leading - synchronization";
    case quorum::PeerState::kFollowing:
      return is_broadcasting ? "following - broadcast" : "following - synchronization";
    case quorum::PeerState::kObserving:
      return is_broadcasting ? "observing - broadcast" : "observing - synchronization";
    case quorum::PeerState::kLooking: break;
  }
  return "looking";
}

void Server::Impl::add_membership(MonitorText& text) const {
  text.line("peer_state", detailed_state());
  if (const auto master = peer->observer_master()) text.line("observer_master_id", master->value);
  if (const zab::Leader* relay = peer->relay()) {
    const auto observers = relay->learners();
    text.line("synced_observers",
              std::ranges::count_if(observers, &zab::Leader::LearnerStatus::is_synced));
  }
  if (!peer->is_leading()) return;
  int64_t synced = 0, without_vote = 0, observers = 0;
  for (const zab::Leader::LearnerStatus& learner : peer->leader_role()->learners()) {
    if (!learner.is_synced) continue;
    const bool has_vote = peer->ensembles().current.is_participant(learner.server);
    ++(learner.is_observer ? observers : has_vote ? synced : without_vote);
  }
  text.line("learners", static_cast<int64_t>(peer->leader_role()->learners().size()));
  text.line("synced_followers", synced);
  text.line("synced_non_voting_followers", without_vote);
  text.line("synced_observers", observers);
  text.line("pending_syncs", static_cast<int64_t>(pending_syncs.size()));
  text.line("leader_uptime", (now.monotonic - led_since).ms());
  text.line("last_proposal_size", stats.proposal_size_last);
  text.line("max_proposal_size", stats.proposal_size_max);
  text.line("min_proposal_size", stats.proposal_size_min);
}

std::string Server::Impl::monitor(const HostFacts& facts) const {
  MonitorText text;
  text.line("version", config.version + ", built on " + config.build_date);
  text.line("server_state", mode());
  text.line("ephemerals_count", static_cast<int64_t>(tree.ephemeral_count()));
  text.line("num_alive_connections", static_cast<int64_t>(connections.size()));
  text.line("avg_latency", std::string_view(average_text(stats.latency.sum, stats.latency.count)));
  text.line("outstanding_requests", static_cast<int64_t>(outstanding.size()));
  text.line("znode_count", static_cast<int64_t>(node_count()));
  text.line("global_sessions", static_cast<int64_t>(sessions.size()));
  text.line("local_sessions", static_cast<int64_t>(local_sessions.size()));
  text.line("last_client_response_size", stats.response_size_last);
  text.line("min_client_response_size", stats.response_size_min);
  text.line("max_client_response_size", stats.response_size_max);
  text.line("packets_sent", stats.packets_sent);
  text.line("packets_received", stats.packets_received);
  text.line("connection_drop_probability",
            std::string_view(average_text(connection_throttle.drop_chance(), 1'000'000)));
  text.line("watch_count",
            static_cast<int64_t>(watches.watch_count() + watches.child_watch_count()));
  text.line("throttled_ops", stats.throttled_ops);
  text.line("stale_requests_dropped", stats.stale_requests_dropped);
  text.line("request_throttle_wait_count", stats.request_throttle_waits);
  text.line("outstanding_tls_handshake", 0);
  text.line("connection_drop_count", stats.connections_dropped);
  text.line("response_bytes", stats.response_bytes);
  text.line("watch_bytes", stats.watch_bytes);
  text.line("auth_failed_count", stats.auth_failed);
  text.line("min_latency", stats.latency.min);
  text.line("max_latency", stats.latency.max);
  text.line("max_file_descriptor_count", facts.open_files_max);
  text.line("open_file_descriptor_count", facts.open_files);
  text.line("approximate_data_size", tree.approximate_data_size());
  text.line("resident_set_size", facts.resident_bytes);
  text.line("uptime", (now.monotonic - started).ms());
  text.line("proposal_count", stats.proposals);
  text.line("commit_count", stats.commits);
  text.line("snap_count", stats.snapshots);
  text.line("bytes_received_count", stats.bytes_received);
  text.line("connection_request_count", stats.connections_accepted);
  text.line("connection_rejected", stats.connections_rejected);
  text.line("large_requests_rejected", stats.large_requests_rejected);
  text.line("sessionless_connections_expired", stats.sessionless_expired);
  text.line("stale_sessions_expired", stats.sessions_expired);
  text.line("digest_mismatches_count", stats.digest_mismatches);
  text.line("unrecoverable_error_count", stats.unrecoverable_errors);
  text.line("outstanding_changes_queued", static_cast<int64_t>(preparer.changes().size()));
  if (peer != nullptr) add_membership(text);
  text.distribution("readlatency", stats.read_latency);
  text.distribution("updatelatency", stats.update_latency);
  text.summary("fsynctime", stats.sync_time);
  text.summary("snapshottime", stats.snapshot_time);
  text.summary("sync_processor_batch_size", stats.sync_batch_size);
  text.summary("dbinittime", {config.recovery_ms, config.recovery_ms, config.recovery_ms, 1});
  text.summary("startup_txns_loaded", {replayed_txns, replayed_txns, replayed_txns, 1});
  text.summary("node_created_watch_count", stats.created);
  text.summary("node_deleted_watch_count", stats.deleted);
  text.summary("node_changed_watch_count", stats.changed);
  text.summary("node_children_watch_count", stats.children_changed);
  return text.take();
}

}  // namespace zoetrope::node
