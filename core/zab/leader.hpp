// The leader's side of Zab: discovery of the epoch, synchronisation of learners, broadcast,
// liveness (facts/quorum-protocol.md sections 7 to 11; upstream Leader, LearnerHandler). A state
// machine over Host; owns what is known of each learner. It lives for one epoch and is thrown away
// when it is over.
//
// The leader counts itself only when its own disk has confirmed: for the epoch when acceptedEpoch
// is durable, for NEWLEADER when currentEpoch is, for a proposal when its record is (KB-08 to 10).
//
// A follower that serves observers has one of these, too, as a relay (observer_master.cpp).
//
// Time is counted in half ticks that were run, not on the clock: a leader that was paused hears
// what its learners said meanwhile before it misses them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/endpoint.hpp"
#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "core/quorum/packet.hpp"
#include "core/zab/configuration.hpp"
#include "core/zab/epoch_files.hpp"
#include "core/zab/host.hpp"
#include "core/zab/leader_link.hpp"
#include "core/zab/role_config.hpp"
#include "core/zab/role_phase.hpp"
#include "core/zab/sync_plan.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

class Learner;

class Leader {
 public:
  // All outlive the leader. The tree holds everything that is logged.
  Leader(const RoleConfig& config, Configuration& configuration, EpochFiles& epochs, Host& host);

  void begin(MonotonicTime now);
  // Instead of begin(): serves observers for `upstream`, which follows and outlives this. Ends when
  // it is told to; no quorum is counted.
  void begin_relay(Learner& upstream, MonotonicTime now);
  // Inputs.
  void opened(ConnectionId connection, const Endpoint& remote, MonotonicTime now);
  void received(ConnectionId connection, std::string_view bytes, MonotonicTime now);
  void closed(ConnectionId connection, MonotonicTime now);
  // Unsent output of a connection, as it rises and falls.
  void backlog(ConnectionId connection, uint64_t unsent_bytes, MonotonicTime now);
  void epochs_written(MonotonicTime now);
  void log_durable(MonotonicTime now);
  void snapshot_possible(MonotonicTime now);  // Host::begin_stream() may succeed now
  void history(const HistoryPiece& piece, MonotonicTime now);  // answer to Host::ask_history()
  // No further input is at hand: pings that confirm syncs go out.
  void batch_end(MonotonicTime now);
  void tick(MonotonicTime now);
  std::optional<MonotonicTime> next_deadline() const;

  // A server with a better history looks for a leader: without a quorum of its own this leader does
  // not wait for one much longer.
  void heard_better_candidate() { better_candidate_looks_ = true; }

  // A transaction was prepared and handed to the own log: it is proposed. Once serving. From a
  // reconfiguration on the quorums of both configurations count.
  void propose(Zxid zxid, std::string_view payload);
  // A sync of this server's own clients; answered by Host::synced(), in order, from within a later
  // input: batch_end() at the earliest.
  void sync();

  // Of a relay: everything up to `zxid` is committed and about to be applied; `designated` when a
  // configuration is put in force by it. And the answers to what it asked the leader for an
  // observer; a session that this server's own client came with is ConnectionId()'s.
  void relay_commit(Zxid zxid, std::optional<ServerId> designated);
  void relayed_sync(ConnectionId observer);
  void relayed_revalidation(ConnectionId observer, SessionId session, bool is_valid);
  // A client of this server comes back with the session.
  void retake(SessionId session) { relay_->owners[session] = ConnectionId(); }

  bool owns(ConnectionId connection) const;
  // Its state can be carried: no log is being read.
  bool is_calm() const { return !history_; }
  void resume_relay(Learner& upstream) { relay_->upstream = &upstream; }
  // A quorum has acknowledged NEWLEADER, and nothing has ended it since.
  bool is_serving() const { return phase_ == Phase::kServing && !over_; }
  RolePhase role_phase() const {
    if (phase_ < Phase::kAdopting) return RolePhase::kDiscovery;
    return phase_ < Phase::kServing ? RolePhase::kSynchronisation : RolePhase::kBroadcast;
  }
  // The epoch has no zxid left: nothing may be proposed any more. The leader ends as soon as all
  // that was proposed is committed and all syncs are answered.
  bool is_epoch_full() const {
    return phase_ == Phase::kServing && !relay_ && proposed_.counter() >= config_.last_counter;
  }
  // Nothing may be proposed any more: the epoch is full, or the leader is another one by now.
  bool is_closed() const { return is_epoch_full() || successor_.has_value(); }
  // The leader designated by a reconfiguration that this one put in force and that it is no voter
  // of. It commits nothing more, and ends when its followers have left it.
  std::optional<ServerId> successor() const { return successor_; }
  // Something is proposed and not yet committed.
  bool has_open_proposals() const { return proposed_ != committed_; }
  // Whether those of it that are synchronised with this leader, which may be one, are a quorum.
  bool has_synced_quorum(const quorum::Ensemble& ensemble) const;
  int64_t epoch() const { return epoch_; }  // 0 until it is known
  const std::optional<std::string>& over() const { return over_; }
  // Closes all connections.
  void abandon();

  // For srvr, mntr and status: learners by state.
  struct LearnerStatus {
    ServerId server;
    bool is_observer = false;
    bool is_synced = false;  // has acknowledged NEWLEADER
    Zxid acked;
  };
  std::vector<LearnerStatus> learners() const;
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  enum class Phase : uint8_t {
    kGathering,      // until a quorum has told the epochs that it accepted
    kAccepting,      // the own acceptedEpoch is being written
    kPromising,      // until a quorum has acknowledged the epoch
    kAdopting,       // the own currentEpoch is being written
    kSynchronising,  // until a quorum has acknowledged NEWLEADER
    kServing,
  };
  // The one walk through the log on disk.
  struct History {
    ConnectionId learner;
    SyncWalk walk;
    Zxid target;              // what is behind it is held for the learner
    bool is_opened = false;   // the first packet was sent
    bool is_awaited = false;  // a piece was asked for
  };
  struct PendingSync {
    ConnectionId origin;  // 0: this server
    Zxid after;           // everything proposed before it
    uint64_t round = 0;   // of pings, the first one sent after it
  };

  struct Relay {
    Learner* upstream = nullptr;
    // Which observer's clients have a session; others of no interest may be missing.
    std::map<SessionId, ConnectionId> owners;
  };

  // --- connections (leader.cpp) ---
  LearnerLink* find(ConnectionId connection);
  LearnerLink* find(ServerId server);
  const LearnerLink* find(ServerId server) const;
  void take(LearnerLink& link, const quorum::Packet& packet);
  void make_room_for_unnamed();
  // Closes the connection, for a reason that the operator is told.
  void drop(LearnerLink& link, const std::string& why);
  void forget(LearnerLink& link);
  void forget_gone();
  void end(std::string why);
  void note_bounded(bool is_warning, std::string text);
  std::string& begin_send(LearnerLink& link);
  void end_send(LearnerLink& link);
  void send(LearnerLink& link, quorum::PacketType type, Zxid zxid,
            jute::BufferView data = std::nullopt);
  // Whether those are a quorum of every configuration that counts; this server is always one.
  bool is_quorum_with_self(const std::function<bool(const LearnerLink&)>& has);
  bool is_quorum(const std::function<bool(ServerId)>& has) const;
  bool is_member(ServerId server) const;
  bool may_count(const LearnerLink& link) const;

  // --- discovery (leader_discovery.cpp) ---
  void take_info(LearnerLink& link, const quorum::Packet& packet);
  // Why the learner cannot be led; nullopt: it can.
  std::optional<std::string> objection(const quorum::LearnerInfo& info,
                                       const quorum::Packet& packet) const;
  void replace_older(const LearnerLink& link);
  void take_ack_epoch(LearnerLink& link, const quorum::Packet& packet);
  std::optional<std::string> objection_to_history(const LearnerLink& link,
                                                  int32_t current_epoch) const;
  void gather_epochs();
  void promise_epoch();
  void gather_promises();
  void invite(LearnerLink& link);
  void enter(Phase phase);

  // --- synchronisation (leader_sync.cpp) ---
  void synchronise(LearnerLink& link);
  bool has_uncommitted_of_this_epoch(const LearnerLink& link) const;
  // The packets from DIFF or TRUNC to what is applied here, unless they come from elsewhere.
  SyncSource append_history(const LearnerLink& link, std::string& out) const;
  // What is logged and not yet applied, behind `after`.
  void append_unapplied(const LearnerLink& link, Zxid after, std::string& out) const;
  void append_new_leader(LearnerLink& link, std::string& out) const;
  void start_transfers();
  void start_streams();
  void pump();
  // Behind a snapshot or the log: what was held, and NEWLEADER.
  void finish_transfer(LearnerLink& link);
  void drop_overfull();
  void take_new_leader_ack(LearnerLink& link);
  void gather_new_leader_acks();
  void serve();
  void bring_up(LearnerLink& link);

  // --- synchronisation from the log on disk (leader_history.cpp) ---
  void begin_history(LearnerLink& link);
  void ask_history();
  bool send_record(std::string& out, Zxid zxid, std::string_view payload);
  bool is_history_whole() const;
  void finish_history();
  void give_history_up(const std::string& why);

  // --- broadcast (leader_broadcast.cpp) ---
  void take_ack(LearnerLink& link, Zxid zxid);
  void take_request(LearnerLink& link, const quorum::Packet& packet);
  void take_revalidation(LearnerLink& link, const quorum::Packet& packet);
  Zxid newest_with_quorum() const;
  void commit_acknowledged();
  bool commit_some();
  void send_commits(LearnerLink& link, Zxid from, Zxid to);
  void send_informs(LearnerLink& link, Zxid from, Zxid to);
  bool is_done(const PendingSync& sync);
  void answer_syncs();
  void end_full_epoch();
  void add_sync(ConnectionId origin);

  // --- reconfiguration (leader_reconfig.cpp) ---
  quorum::Ensemble announced() const;
  void note_reconfiguration(Zxid zxid, std::string_view payload);
  ServerId designated_leader(const quorum::Ensemble& next, Zxid acked) const;
  void activate(const quorum::Ensemble& next, ServerId designated);
  void append_commit(Zxid zxid, std::string& out) const;
  void append_inform(Zxid zxid, std::string_view payload, std::string& out) const;
  void end_handed_over();

  // --- service to observers of a follower (observer_master.cpp) ---
  void relay_request(LearnerLink& link, const quorum::ForwardedRequest& request,
                     std::optional<std::string_view> auth);
  void relay_revalidation(LearnerLink& link, SessionId session, int32_t timeout_ms);
  bool is_relayed_owner(const LearnerLink& link, SessionId session) const;
  void forget_closed_owner(std::string_view payload);

  // --- liveness (leader_liveness.cpp) ---
  Duration half_tick() const {
    return Duration::from_ms(std::max<int64_t>(config_.tick_ms / 2, 1));
  }
  void take_ping_reply(LearnerLink& link, const quorum::Packet& packet);
  void ping_all();
  void expect_word_within(LearnerLink& link, int32_t ticks);
  void drop_overdue();
  void watch_acks(LearnerLink& link);
  void check_quorum();
  void check_patience();

  const RoleConfig& config_;
  Configuration& configuration_;
  EpochFiles& epochs_;
  Host& host_;

  Phase phase_ = Phase::kGathering;
  std::optional<std::string> over_;
  std::map<ConnectionId, LearnerLink> links_;
  uint64_t opened_ = 0;     // connections so far
  bool some_gone_ = false;  // of the links

  // At begin(): what a quorum of learners must not be ahead of.
  int64_t own_current_epoch_ = 0;
  Zxid own_last_;
  int64_t epoch_ = 0;
  Zxid epoch_start_;  // zxid of NEWLEADER

  // The reconfiguration that is proposed and not yet committed.
  struct Pending {
    Zxid zxid;
    quorum::Ensemble ensemble;
  };
  std::optional<Pending> pending_;
  std::map<Zxid, ServerId> designated_;  // by each one that was committed in this epoch
  std::optional<ServerId> successor_;
  uint64_t handed_over_at_ = 0;  // half ticks

  Zxid proposed_;   // the newest
  Zxid committed_;  // the newest
  Zxid durable_;    // everything up to it is, in the own log

  std::deque<ConnectionId> awaiting_stream_;
  std::optional<ConnectionId> streaming_;
  bool pumping_ = false;
  std::deque<ConnectionId> awaiting_history_;
  std::optional<History> history_;
  Zxid log_gap_;  // the log lacks records behind this one: who is not beyond it gets a snapshot
  bool some_overfull_ = false;  // of the links hold more than they may

  std::optional<Relay> relay_;
  std::deque<PendingSync> syncs_;
  uint64_t ping_rounds_ = 0;

  MonotonicTime next_half_tick_;
  uint64_t half_ticks_ = 0;
  uint64_t phase_deadline_ = 0;  // half ticks
  uint32_t notes_ = 0;           // in this tick
  bool better_candidate_looks_ = false;
};

}  // namespace zoetrope::zab
