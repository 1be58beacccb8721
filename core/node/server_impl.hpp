// The parts of a server and how they work on each other; private to node/. One file a concern:
// connections.cpp, handshake.cpp, requests.cpp, commits.cpp, timers.cpp, four_letter*.cpp; for
// members of an ensemble membership.cpp, reconfiguration.cpp, history.cpp, forwarding.cpp,
// peer_links.cpp.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/node/connection.hpp"
#include "core/node/server.hpp"
#include "core/node/statistics.hpp"
#include "core/pipeline/preparer.hpp"
#include "core/pipeline/reads.hpp"
#include "core/session/session_tracker.hpp"
#include "core/storage/log_reader.hpp"
#include "core/storage/snapshot_stream.hpp"
#include "core/storage/store.hpp"
#include "core/tree/tree.hpp"
#include "core/watch/watch_table.hpp"
#include "core/zab/peer.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::node {

// A transaction that is logged but not yet committed, and where its reply goes.
struct OutstandingTxn {
  pipeline::Prepared prepared;
  ConnectionId origin;  // 0: the server itself asked for it
  Xid xid;
  jute::OpCode type = jute::OpCode::kError;
  MonotonicTime received;
};

class MonitorText;  // the lines of `mntr`

using Identities = std::shared_ptr<const std::vector<jute::Id>>;

// As a learner tells its leader who its client is.
std::string encode_ids(const std::vector<jute::Id>& ids);

// sum / count rounded to four decimals, as Java prints a double.
std::string average_text(int64_t sum, int64_t count);
// Upstream's short names of operations in `cons`.
std::string_view short_name(jute::OpCode op);

struct Server::Impl final : public zab::Host {
  Impl(Config config, storage::RecoveredState recovered, uint64_t seed, Now now,
       zab::Epochs epochs);

  // --- connections.cpp
  void opened(const Opened& input);
  void received(const Received& input);
  void closed_by_peer(ConnectionId id);
  void backlog(const Backlog& input);
  void close(Connection& connection, CloseHow how);
  void drop(Connection& connection);
  void pause(Connection& connection, PauseReason reason);
  void resume(Connection& connection, PauseReason reason);
  void process_input(Connection& connection);
  void process_resumed();
  void forget_closed();

  // --- handshake.cpp
  void connect(Connection& connection, std::string_view payload);
  bool is_admitted(const wire::ConnectRequest& request);
  void renew_session(Connection& connection, const wire::ConnectRequest& request);
  void ask_for_session(Connection& connection);
  void ask_for_renewal(Connection& connection, SessionId session);
  void send_connect_response(Connection& connection, bool valid);
  void close_owner(SessionId session);
  void session_established(Connection& connection);

  // --- requests.cpp
  void request(Connection& connection, std::string_view payload);
  void carry_out_request(Connection& connection, const wire::RequestHeader& header,
                         std::string_view body, const Identities& ids);
  void submit_write(Connection& connection, Xid xid, jute::OpCode type, std::string_view body,
                    const Identities& ids);
  void submit_read(Connection& connection, QueuedRequest read, std::string_view body,
                   const Identities& ids);
  void append(pipeline::Prepared prepared, ConnectionId origin, Xid xid, jute::OpCode type);
  void authenticate(Connection& connection, Xid xid, std::string_view body);
  void answer_read(Connection& connection, const QueuedRequest& request, std::string_view body);
  void drain_reads(Connection& connection);
  void throttle(Connection& connection);
  void release_throttled();

  // --- request_throttle.cpp
  void enqueue(Connection& connection, QueuedRequest request);
  QueuedRequest dequeue(Connection& connection);
  void forget_queue(const Connection& connection);
  bool is_too_large_now(int64_t length);
  bool must_stall() const;
  void stall(Connection& connection, const wire::RequestHeader& header, std::string_view body);
  void note_stall();
  bool is_stale(const StalledRequest& request) const;
  void drop_stale(ConnectionId id);
  void drop_stalled_of(SessionId session);
  template <class Predicate>
  void drop_stalled(Predicate is_dropped);
  void release_stalled();
  void let_go(const StalledRequest& request);
  void carry_out_orphan(const StalledRequest& request);
  void forget_stalled();

  // --- commits.cpp
  void apply_committed();
  void commit(OutstandingTxn& txn);
  void apply_to_sessions(const jute::Txn& txn, const OutstandingTxn& outstanding);
  void fire_watches(const jute::Txn& txn);
  void note_deleted_acls(SessionId session, const jute::TxnBody& body);
  void note_created_acl(const jute::TxnBody& body);
  bool may_see(const jute::Trigger& trigger, const Connection& watcher) const;
  void reply_to_write(const OutstandingTxn& txn, const jute::Txn& decoded);
  void write_result_body(const OutstandingTxn& txn, jute::Writer& out);

  // --- membership.cpp: how the member's part in the ensemble and its service go together
  void connected(const Connected& input);
  void connect_failed(const ConnectFailed& input);
  void reloaded(const Reloaded& input);
  void settle_membership();
  void adopt_state(tree::Tree&& new_tree, const storage::SessionList& open_sessions);
  bool disk_is_idle() const;
  void show_ensemble();
  void flush_log();
  void fill_window(const storage::RecoveredState& state);
  void close_orphans();

  // --- reconfiguration.cpp
  std::optional<quorum::Ensemble> configuration_in_tree() const;
  int64_t configuration_in_history() const override;
  pipeline::Membership membership() const;
  bool is_to_be_stored_first(const OutstandingTxn& txn) const;
  bool is_held_up() const;

  // --- local_sessions.cpp: sessions that no other server knows
  bool is_local(SessionId id) const { return local_sessions.contains(id); }
  bool is_local_close(const Connection& connection, jute::OpCode type) const;
  void open_local_session(Connection& connection);
  void renew_local_session(Connection& connection, SessionId session);
  void close_local_session(Connection& connection, const QueuedRequest& request);
  void expire_local_sessions();
  bool wants_upgrade(SessionId id, jute::OpCode type, std::string_view body) const;
  void upgrade(SessionId id, int32_t timeout_ms, ConnectionId origin);
  void forward_upgrade(SessionId id, int32_t timeout_ms, ConnectionId origin);
  void settle_created_session(SessionId id, int32_t timeout_ms, ConnectionId origin);
  ConnectionId owner_of(SessionId id) const;

  // --- epoch_change.cpp: clients over the end of an epoch that is full
  bool epoch_ends_soon() const;
  bool epoch_has_ended() const;
  bool keep_clients();
  void let_go_of_moved();
  void let_go_of_overdue();
  void let_go_of_kept();
  MonotonicTime kept_until(const Connection& connection) const;
  void note_history_of_next(Zxid zxid);
  bool may_take_up() const;
  void settle_kept();
  void take_up_handshakes();
  void take_up(Connection& connection);

  // --- read_only.cpp: service while there is no leader
  void settle_read_only();
  void begin_read_only();
  void end_read_only();
  std::optional<MonotonicTime> read_only_begins() const;
  static bool is_refused_read_only(jute::OpCode type);
  void renew_read_only(Connection& connection, SessionId session);

  // --- history.cpp
  void read_history();
  void file_read(const FileRead& input);

  // --- forwarding.cpp: what a learner has its leader decide, and how the answers come back
  void forward_connect(Connection& connection);
  void forward_renewal(Connection& connection, SessionId session);
  void give_away(SessionId session);
  void forward_write(Connection& connection, Xid xid, jute::OpCode type, std::string_view body,
                     const Identities& ids);
  void ask_sync(Connection& connection, Xid xid, std::string_view body);
  bool is_waiting_sync(const QueuedRequest& request) const;
  void answer_sync(Connection& connection);
  void answer_syncs_before_write(Connection& connection);
  void find_asker(OutstandingTxn& txn, const jute::Txn& decoded);
  static void note_foreign_txn(Connection& connection, const jute::Txn& txn);
  void forget_forwarded();
  void touch(Connection& connection);

  // --- zab::Host, connections and history (peer_links.cpp)
  void connect(zab::DialToken token, const quorum::HostPort& to) override;
  void abandon(zab::DialToken token) override;
  void listen(bool on) override;
  void listen_for_observers(bool on) override;
  std::string& begin_send() override;
  void end_send(ConnectionId connection) override;
  void close(ConnectionId connection) override;
  void ask_backlog(ConnectionId connection, uint64_t at_most) override;
  void disk(std::vector<storage::DiskOp> ops) override;
  void read_static_config() override;
  void moved(const quorum::Member& self) override;
  void note(bool is_warning, std::string text) override;
  Zxid last_logged() const override;
  Zxid durable() const override;
  Zxid last_applied() const override;
  void append(Zxid zxid, std::string_view payload) override;
  void commit(Zxid zxid) override;
  const zab::CommittedWindow& window() const override;
  void visit_unapplied(Zxid after,
                       const std::function<void(Zxid, std::string_view)>& visit) const override;
  // --- zab::Host, synchronisation (membership.cpp)
  void reload(std::optional<Zxid> last) override;
  void begin_restore(Zxid zxid) override;
  Restore restore(std::string_view bytes) override;
  void persist_snapshot() override;
  bool begin_stream() override;
  bool next_piece(std::string& bytes, size_t bytes_min) override;
  void end_stream() override;
  // --- zab::Host, the log on the disk (history.cpp)
  bool begin_history(Zxid after, int32_t snapshot_percent) override;
  void ask_history() override;
  void end_history() override;
  void lead(Zxid epoch_start) override;
  void follow() override;
  void retire() override;
  // --- zab::Host, requests (forwarding.cpp)
  void learner_request(ConnectionId learner, const quorum::ForwardedRequest& request,
                       std::optional<std::string_view> auth) override;
  void learner_touched(ConnectionId learner, SessionId session, int32_t timeout_ms) override;
  bool learner_revalidates(ConnectionId learner, SessionId session, int32_t timeout_ms) override;
  void take_touched(std::string& bytes) override;
  void revalidated(SessionId session, bool valid) override;
  void synced() override;

  // --- replies (requests.cpp): begin_reply ... finish_reply encloses one frame in effects
  size_t begin_reply();
  void finish_reply(Connection& connection, size_t start, Xid xid, Zxid zxid, ErrorCode error);
  void send_header_reply(Connection& connection, Xid xid, Zxid zxid, ErrorCode error);
  void send_event(Connection& connection, const jute::Trigger& trigger, Zxid zxid);
  void count_latency(Connection& connection, const QueuedRequest& request, Zxid zxid);

  // --- timers.cpp
  void tick();
  void expire_sessions();
  void expire_sessionless();
  void delete_containers();
  void batch_end();
  void disk_done(const DiskDone& input);
  void shut_down();
  void halt(const std::string& why);
  void halt_if_done();
  std::optional<MonotonicTime> next_deadline() const;
  void start();
  void emit_disk_ops();
  void note_disk_op(const storage::DiskOp& op);
  void note_completion(uint64_t op);

  // --- four_letter.cpp
  // True when the first four bytes are a word; it is answered and the connection closed.
  bool four_letter_word(Connection& connection);
  std::string answer_word(std::string_view word, Connection& connection);
  void host_facts(const HostFacts& facts);
  std::string server_text(bool with_clients, const Connection& asker) const;
  std::string configuration_text() const;
  std::string membership_text() const;
  std::string_view mode() const;
  std::string dump_text() const;
  std::string watches_text(std::string_view word) const;
  std::string hash_text() const;
  // --- monitor.cpp
  std::string_view detailed_state() const;
  void add_membership(MonitorText& text) const;
  std::string monitor(const HostFacts& facts) const;
  uint64_t fingerprint() const;

  // --- state.cpp
  bool is_calm() const;
  void carry_state(StateArchive& archive);

  Zxid event_zxid(Zxid zxid) const {
    return config.compatibility == Compatibility::k3_8 ? Zxid(-1) : zxid;
  }
  // Upstream's table has the root twice, as "" and as "/", and says so.
  size_t node_count() const { return tree.node_count() + 1; }
  // Clients are served.
  bool serving() const { return !halted && !stopping && in_service; }
  bool serves_clients() const {
    if (halted || stopping) return false;
    return read_only || (in_service && (config.leader_serves || is_learner() || peer == nullptr));
  }
  // Whoever wants a transaction waits for the next epoch, of this leader or another.
  bool epoch_is_full() const { return peer != nullptr && peer->is_closed(); }
  // What clients ask of a leader waits for the next epoch.
  bool holds_requests() const { return kept_since || epoch_is_full(); }
  // It is this server that turns requests into transactions.
  bool decides() const { return serving() && (peer == nullptr || peer->is_leading()); }
  bool is_learner() const { return peer != nullptr && !peer->is_leading(); }

  Config config;
  tree::Tree tree;
  session::SessionTracker sessions;
  watch::WatchTable watches;
  pipeline::Preparer preparer;
  pipeline::Reads reads;
  storage::Store store;
  ConnectionTable connections;
  std::deque<OutstandingTxn> outstanding;  // logged or on the way there, not yet applied

  // --- of a member of an ensemble
  // A client that waits for the leader's word on its session.
  struct Renewal {
    SessionId session;
    ConnectionId connection;
  };
  struct PendingSync {
    ConnectionId connection;
    bool is_answered = false;
  };
  std::unique_ptr<zab::Peer> peer;  // none: a standalone server
  bool in_service = true;
  MonotonicTime led_since;
  int64_t shown_version = 0;  // of the configuration that /zookeeper/config shows
  Zxid committed;             // what is outstanding up to here is applied
  zab::CommittedWindow committed_window;
  std::optional<storage::SnapshotSender> stream;
  std::optional<storage::SnapshotReceiver> receiver;
  std::optional<storage::LogReader> history;  // of the own log, for a learner
  Zxid history_after;                         // it begins there
  bool history_checked = false;               // it hangs together
  bool history_wanted = false;                // its next piece, by the peer
  uint64_t file_reads = 0;                    // asked for so far
  uint64_t history_read = 0;                  // the one under way for `history`; 0: none
  uint64_t config_read = 0;                   // the one of the static configuration file
  std::optional<quorum::Member> own_place;    // where the ports are
  bool is_retiring = false;                   // the peer waits for at_rest()
  bool is_persisting = false;                 // the peer waits for snapshot_persisted()
  bool reload_wanted = false;                 // the peer waits for reloaded()
  bool is_reloading = false;                  // the driver is at it
  std::optional<Zxid> reload_last;
  std::optional<Zxid> diverged_at;           // the peer is to be told
  std::set<uint64_t> log_ops, snapshot_ops;  // under way
  uint64_t reloads = 0;
  std::map<SessionId, ConnectionId> connecting;  // their createSession is with the leader
  std::deque<Renewal> renewals;
  std::deque<PendingSync> pending_syncs;
  size_t held_syncs = 0;                         // of those, done and not yet told
  std::vector<ConnectionId> touched;             // heard from since the leader was told last
  std::map<SessionId, int32_t> relayed_touches;  // the same of observers' clients: time-outs, ms
  session::SessionTracker local_sessions;
  // Of local sessions whose createSession is with the leader: the connection.
  std::map<SessionId, ConnectionId> upgrading;
  // Clients wait for the next epoch since then; the log ended there; when the first is let go.
  std::optional<MonotonicTime> kept_since;
  Zxid kept_at;
  MonotonicTime next_let_go;
  bool read_only = false;
  std::optional<MonotonicTime> looking_since;  // for a leader

  size_t queued_requests = 0;               // in all connections' queues
  std::deque<StalledRequest> stalled;       // in front of the pipeline, oldest first
  std::optional<MonotonicTime> stall_ends;  // when they are looked at again
  bool releasing_stalled = false;
  int64_t large_bytes = 0;             // of the large requests in the queues and stalled
  int64_t large_bytes_of_request = 0;  // of the one that is being handed on
  ConnectionThrottle connection_throttle;
  std::vector<ConnectionId> throttled;  // paused for kPauseOutstanding
  std::vector<ConnectionId> resumed;    // to be looked at again before the step ends
  std::vector<ConnectionId> closed;     // to be forgotten when the step ends
  std::deque<std::pair<MonotonicTime, ConnectionId>> sessionless;  // by deadline
  std::vector<ConnectionId> waiting_for_facts;                     // mntr asked for HostFacts
  int64_t next_container_check_ms = 0;

  // Kept over steps so that the hot path allocates nothing.
  tree::ApplyResult result;
  std::vector<ConnectionId> notified;
  std::vector<storage::DiskOp> disk_ops;
  std::vector<std::pair<std::string, jute::AclList>> deleted_acls;

  uint64_t seed = 0;
  Statistics stats;
  // Syncs of the log under way, by operation, and when the snapshot in progress was begun.
  std::deque<std::pair<uint64_t, MonotonicTime>> syncs;
  std::optional<MonotonicTime> snapshot_begun;
  int64_t proposals_written = 0;
  int64_t replayed_txns = 0;
  MonotonicTime started;
  int64_t trace_mask = 306;
  bool stopping = false;
  bool halted = false;

  // The step under way.
  Now now;
  Effects* out = nullptr;
};

}  // namespace zoetrope::node
