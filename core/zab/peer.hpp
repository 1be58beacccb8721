// One server's part in the ensemble: looks for a leader, leads or follows, and looks again when
// that ends (upstream QuorumPeer.run). Owns the election, its connections, the epoch files and the
// role of the moment, and hands each input to the one that it concerns.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/endpoint.hpp"
#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "core/quorum/notification.hpp"
#include "core/zab/configuration.hpp"
#include "core/zab/election.hpp"
#include "core/zab/election_links.hpp"
#include "core/zab/epoch_files.hpp"
#include "core/zab/host.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/learner.hpp"
#include "core/zab/peer_config.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

class Peer {
 public:
  Peer(PeerConfig config, Epochs epochs, Host& host);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Looks for a leader; the host is not yet serving and its log is at rest.
  void start(MonotonicTime now);

  // --- inputs --------------------------------------------------------------------------------
  void opened_election(ConnectionId connection, const Endpoint& remote, MonotonicTime now);
  void opened_quorum(ConnectionId connection, const Endpoint& remote, MonotonicTime now);
  void connected(DialToken token, ConnectionId connection, MonotonicTime now);
  void connect_failed(DialToken token, MonotonicTime now);
  // False when the connection is none of the peer's.
  bool received(ConnectionId connection, std::string_view bytes, MonotonicTime now);
  bool closed(ConnectionId connection, MonotonicTime now);
  void backlog(ConnectionId connection, uint64_t unsent_bytes, MonotonicTime now);
  // True when the operation was one of the epoch files' or of the configuration's. Only of the
  // latter may one have failed.
  bool disk_done(uint64_t op, const std::optional<storage::DiskError>& error, MonotonicTime now);
  // Answer to Host::read_static_config().
  void static_config(std::optional<std::string_view> text, MonotonicTime now);
  void log_durable(MonotonicTime now);
  void snapshot_possible(MonotonicTime now);
  void history(const HistoryPiece& piece, MonotonicTime now);
  // Answers of the host.
  void at_rest(MonotonicTime now);
  void reloaded(MonotonicTime now);
  void snapshot_persisted(MonotonicTime now);
  void batch_end(MonotonicTime now);
  void tick(MonotonicTime now);
  std::optional<MonotonicTime> next_deadline() const;
  // Ends every connection; nothing is done any more.
  void shut_down();

  // --- for the host --------------------------------------------------------------------------
  void propose(Zxid zxid, std::string_view payload);  // leading
  void forward(const quorum::ForwardedRequest& request,
               std::optional<std::string_view> auth);      // following
  void revalidate(SessionId session, int32_t timeout_ms);  // following
  void sync(SessionId session, Xid cxid);                  // either
  // Something makes it impossible to go on in this role (a commit out of order, say).
  void give_up(const std::string& why);
  // The tree differs from what the transaction `zxid` says of it. A learner says so and comes to
  // its leader again for a snapshot, once in an epoch: when that does not help it is the leader's
  // own word that is wrong.
  void diverged(Zxid zxid);

  quorum::PeerState state() const { return state_; }
  bool is_serving() const;
  // Of the role of the moment; discovery while it looks.
  RolePhase role_phase() const {
    if (leader_) return leader_->role_phase();
    return learner_ ? learner_->role_phase() : RolePhase::kDiscovery;
  }
  bool is_leading() const { return leader_ != nullptr; }
  // Leading, and nothing may be proposed any more.
  bool is_closed() const { return leader_ && leader_->is_closed(); }
  // The leader that it follows or is; nullopt while it looks.
  std::optional<ServerId> leader() const;
  int64_t epoch() const { return epochs_.durable().current; }
  const Epochs& epochs() const { return epochs_.durable(); }
  const Ensembles& ensembles() const { return ensembles_; }
  // What is logged from now on waits for the configuration's files, and so does the answer to a
  // reconfiguration.
  bool is_storing_configuration() const { return configuration_.is_storing(); }
  bool standalone_enabled() const { return config_.standalone_enabled; }
  bool has_synced_quorum(const quorum::Ensemble& ensemble) const {
    return leader_ && leader_->has_synced_quorum(ensemble);
  }
  const Leader* leader_role() const { return leader_.get(); }
  // Serves observers while it follows; nullptr when it does not.
  const Leader* relay() const { return relay_.get(); }
  // The server that an observer is connected to.
  std::optional<ServerId> observer_master() const;
  uint64_t fingerprint() const;
  bool is_calm() const;  // its state can be carried
  void carry_state(StateArchive& archive);

 private:
  void look(MonotonicTime now);
  void begin_election(MonotonicTime now);
  void run_election(MonotonicTime now);
  void decide(const Decision& decision, MonotonicTime now);
  void check_role(MonotonicTime now);
  bool take_stock();
  void follow_configuration(MonotonicTime now);
  void hear_of(std::string_view config, MonotonicTime now);
  void hear_of_proposed(const quorum::Notification& notification, MonotonicTime now);
  void follow_rumour(MonotonicTime now);
  void forget_unlogged_configuration();
  void take_place(ServerId leader, MonotonicTime now);
  void take_role(ServerId leader, MonotonicTime now);
  void retire(const std::string& why);
  void stop_waiting();
  void carry_out(MonotonicTime now);
  // Who takes connections of learners, if anybody does.
  Leader* master() const { return leader_ ? leader_.get() : relay_.get(); }
  void serve_observers(MonotonicTime now);
  void end_relay();
  void deliver(ServerId from, std::string_view message, MonotonicTime now);
  bool is_better_candidate(ServerId from, const quorum::Notification& notification) const;

  PeerConfig config_;
  Host& host_;
  Ensembles ensembles_;
  Configuration configuration_;
  uint64_t followed_changes_ = 0;  // of the configuration, that are known to all parts
  std::string ensemble_text_;
  std::string proposed_text_;  // the newest that is proposed, here or elsewhere
  EpochFiles epochs_;
  std::unique_ptr<Election> election_;
  ElectionLinks links_;
  std::unique_ptr<Leader> leader_;
  std::unique_ptr<Learner> learner_;
  std::unique_ptr<Leader> relay_;  // while learner_ follows
  uint64_t next_master_ = 0;       // of an observer
  quorum::PeerState state_ = quorum::PeerState::kLooking;
  Vote vote_;                          // that decided
  std::optional<ServerId> successor_;  // to be tried first when the host is at rest
  bool retiring_ = true;               // LOOKING has to wait for at_rest()
  bool settled_ = false;               // the new epoch is part of the vote
  bool is_mending_ = false;            // the epoch file has to be durable before anything is said
  bool stopped_ = false;
  bool wants_snapshot_ = false;        // the own tree is wrong
  bool snapshot_was_refused_ = false;  // asking for one as if empty did not help last time
  int64_t resynchronised_ = -1;        // epoch in which one came
  uint64_t next_token_ = kFirstLearnerToken;
  std::set<ConnectionId> election_connections_;
  std::vector<LinkAction> link_actions_;
  std::vector<ElectionMessage> messages_;
};

}  // namespace zoetrope::zab
