// A follower's or observer's side of Zab, from the connection to the leader to its loss: discovery,
// synchronisation, broadcast (facts/quorum-protocol.md sections 7 to 12; upstream Learner,
// Follower, Observer). A state machine over Host; owns the connection's unread bytes and what is to
// be acknowledged. It lives for one leader and is thrown away when it is over.
//
// The safe order (KB-01, 02, 03, 08, 09): acceptedEpoch, and word of the currentEpoch to come, are
// durable before ACKEPOCH; everything received before NEWLEADER, and a snapshot that was restored,
// and then currentEpoch, are durable before ACK(NEWLEADER).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "core/quorum/ensemble.hpp"
#include "core/quorum/packet.hpp"
#include "core/zab/configuration.hpp"
#include "core/zab/epoch_files.hpp"
#include "core/zab/host.hpp"
#include "core/zab/role_config.hpp"
#include "core/zab/role_phase.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

class Leader;

class Learner {
 public:
  // All outlive the learner. Dial tokens are drawn from `next_token`, shared with other dialling.
  Learner(const RoleConfig& config, Configuration& configuration, ServerId leader,
          EpochFiles& epochs, uint64_t& next_token, Host& host);

  // The own tree is wrong and the log is not: to be called before begin(). The log stays and counts
  // in elections, but the leader is told that it is empty, which every leader answers by SNAP; no
  // other answer is accepted then, nor a snapshot that does not reach to the end of the log,
  // because by its zxid a leader would have known that this server is ahead.
  void ask_for_snapshot() { asks_for_snapshot_ = true; }
  // Where observerMasterPort is set an observer goes to the followers one after the other,
  // beginning with this one. To be called before begin().
  void start_with_master(uint64_t number) { first_master_ = number; }
  // The server that it is connected to or tries to connect to.
  ServerId master() const { return masters_.empty() ? leader_ : masters_[next_address_]; }
  // `relay` serves observers; nullptr: nobody does any more.
  void set_relay(Leader* relay) { relay_ = relay; }
  bool was_restored() const { return op_.type == quorum::PacketType::kSnap; }  // once serving
  bool is_snapshot_refused() const { return is_snapshot_refused_; }
  void begin(MonotonicTime now);
  // Inputs. Those of connections that are not its own are the caller's mistake.
  void connected(DialToken token, ConnectionId connection, MonotonicTime now);
  void connect_failed(DialToken token, MonotonicTime now);
  void received(std::string_view bytes, MonotonicTime now);
  void closed(MonotonicTime now);
  void epochs_written(MonotonicTime now);  // something of the epoch files became durable
  void log_durable(MonotonicTime now);     // Host::durable() rose
  void reloaded(MonotonicTime now);
  void snapshot_persisted(MonotonicTime now);
  void tick(MonotonicTime now);
  std::optional<MonotonicTime> next_deadline() const;

  // Requests of this server's clients, once following.
  void forward(const quorum::ForwardedRequest& request, std::optional<std::string_view> auth);
  // Answered by Host::revalidated(), or by the relay for an observer of its.
  void revalidate(SessionId session, int32_t timeout_ms, ConnectionId observer = {});
  // Answered by Host::synced(), or by the relay, in order. `session`, `cxid`: of the client that
  // asked.
  void sync(SessionId session, Xid cxid, ConnectionId observer = {});

  ServerId leader() const { return leader_; }
  bool owns(ConnectionId connection) const;
  bool owns(DialToken token) const;
  bool is_serving() const;  // UPTODATE came
  RolePhase role_phase() const {
    if (phase_ < Phase::kAwaitingOp) return RolePhase::kDiscovery;
    return phase_ < Phase::kServing ? RolePhase::kSynchronisation : RolePhase::kBroadcast;
  }
  int64_t epoch() const;  // of the leader; 0 before LEADERINFO
  // Why it ended; the owner then throws it away and looks for a leader. The connection is closed.
  const std::optional<std::string>& over() const;
  // The leader that the old one named when a reconfiguration ended this role: no election is needed
  // to try it. This server itself perhaps.
  std::optional<ServerId> successor() const { return successor_; }
  // Ends it (the server stops or looks for another leader).
  void abandon();
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  enum class Phase : uint8_t {
    kDialling,
    kDiscovery,      // FOLLOWERINFO or OBSERVERINFO went out: LEADERINFO is next
    kPromising,      // acceptedEpoch and word of currentEpoch are on their way to the disk
    kAwaitingOp,     // ACKEPOCH went out: DIFF, TRUNC or SNAP is next
    kReloading,      // the log is cut; what comes in is kept unread
    kRestoring,      // the snapshot stream comes in
    kSynchronising,  // proposals come in, up to NEWLEADER
    kAdopting,       // NEWLEADER came: log and snapshot, then currentEpoch, go to the disk
    kAdopted,        // ACK(NEWLEADER) went out: UPTODATE is next
    kServing,
    kOver,
  };
  // The packet that opened the synchronisation.
  struct SyncOp {
    quorum::PacketType type = quorum::PacketType::kDiff;
    Zxid zxid;
  };
  struct ProposedConfig {
    Zxid zxid;
    quorum::Ensemble ensemble;
  };

  // --- learner.cpp: connection and its end
  void find_addresses();
  void dial(MonotonicTime now);
  void dial_failed(MonotonicTime now);
  void tick_dialling(MonotonicTime now);
  bool waits_for_own_disk() const;
  Duration silence_max() const;
  void introduce();
  void send(quorum::PacketType type, Zxid zxid, jute::BufferView data = std::nullopt);
  void fail(const std::string& why);
  void end();
  void add_stream_to(RunningHash& hash) const;

  // --- learner_stream.cpp: bytes to packets, packets to whom they concern
  void read(MonotonicTime now);
  bool read_packet(MonotonicTime now);
  bool read_snapshot();
  void take(const quorum::Packet& packet, MonotonicTime now);
  void take_in_stream(const quorum::Packet& packet, MonotonicTime now);
  void misplaced(const quorum::Packet& packet);
  void answer_ping(const quorum::Packet& packet);
  void take_revalidation(const quorum::Packet& packet);
  void take_sync();

  // --- learner_sync.cpp: discovery and synchronisation
  void take_leader_info(const quorum::Packet& packet);
  void promise(MonotonicTime now);
  void take_sync_op(const quorum::Packet& packet);
  void start_restore();
  void start_from(Zxid base);
  void take_new_leader(const quorum::Packet& packet, MonotonicTime now);
  void adopt(MonotonicTime now);
  bool is_undecided(Zxid version) const;
  void take_up_to_date();

  // --- learner_proposals.cpp: the leader's transactions
  void take_proposal(const quorum::Packet& packet);
  void take_commit(const quorum::Packet& packet);
  void take_inform(const quorum::Packet& packet);
  void take_commit_and_activate(const quorum::Packet& packet);
  void take_inform_and_activate(const quorum::Packet& packet);
  bool take_oldest(const quorum::Packet& packet);
  void commit(Zxid zxid, std::optional<ServerId> designated = {});
  void commit_activation(Zxid zxid, const quorum::Ensemble& ensemble, ServerId designated);
  bool is_role_over(const quorum::Ensemble& next, std::optional<ServerId> designated) const;
  void leave(std::optional<ServerId> designated);
  bool log(const char* name, Zxid zxid, std::string_view payload,
           std::optional<quorum::Ensemble>& config);
  bool is_in_order(const char* name, Zxid zxid);
  Zxid durable() const;
  void acknowledge();

  const RoleConfig& config_;
  Configuration& configuration_;
  const ServerId leader_;
  EpochFiles& epochs_;
  uint64_t& next_token_;
  Host& host_;

  Phase phase_ = Phase::kDialling;
  std::optional<std::string> over_;

  Leader* relay_ = nullptr;
  // Who asked the leader, in order: an observer of the relay, or this server.
  std::deque<ConnectionId> revalidations_, syncs_;

  std::vector<quorum::HostPort> addresses_;  // of the leader, or of the masters
  std::vector<ServerId> masters_;            // by address, when it is not the leader
  uint64_t first_master_ = 0;
  size_t next_address_ = 0;
  DialToken dial_;
  Duration pause_;
  MonotonicTime dialling_ends_;
  MonotonicTime refusals_end_;  // a refusal behind it is the last
  MonotonicTime attempt_ends_;
  std::optional<MonotonicTime> redial_at_;

  ConnectionId connection_;
  bool is_observer_ = false;  // as it introduced itself
  quorum::PacketCutter cutter_;
  MonotonicTime heard_;  // from the leader, or of the own disk when the leader had to wait for it

  int64_t epoch_ = 0;
  bool is_promise_new_ = false;  // of a higher epoch than any before: ACKEPOCH counts
  bool is_promise_issued_ = false;
  SyncOp op_;
  bool asks_for_snapshot_ = false;
  bool is_snapshot_refused_ = false;
  bool is_snapshot_unsafe_ = false;  // restored and not yet persisted
  // Everything up to it was here, by the log or the snapshot, when the proposals began.
  Zxid base_;
  Zxid last_received_;
  Zxid adopted_up_to_;            // has to be durable before ACK(NEWLEADER)
  std::deque<Zxid> uncommitted_;  // proposals, oldest first
  std::deque<Zxid> unacked_;      // proposals, oldest first; none of an observer's
  std::deque<ProposedConfig> proposed_configs_;
  std::optional<quorum::Ensemble> told_;  // by NEWLEADER
  std::optional<ServerId> successor_;
  std::string scratch_;
};

}  // namespace zoetrope::zab
