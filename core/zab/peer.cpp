#include "core/zab/peer.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::zab {

using quorum::PeerState;

namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};

std::unique_ptr<Election> make_election(const PeerConfig& config) {
  return config.algorithm == ElectionAlgorithm::kBasic ? make_basic_election(config.election)
                                                       : make_fast_election(config.election);
}

}  // namespace

Peer::Peer(PeerConfig config, Epochs epochs, Host& host)
    : config_(std::move(config)),
      host_(host),
      ensembles_{config_.ensemble, std::nullopt},
      configuration_(config_.role, ensembles_, config_.files, host),
      ensemble_text_(ensembles_.current.to_string()),
      epochs_(epochs, kFirstEpochOp),
      election_(make_election(config_)),
      links_(config_.links) {
  const auto& seen = config_.last_seen;
  if (config_.role.reconfig_enabled && seen && seen->version > ensembles_.current.version) {
    ensembles_.last_seen = seen;
  }
}

Peer::~Peer() = default;

void Peer::start(MonotonicTime now) {
  const quorum::Ensemble* next = ensembles_.last_seen ? &*ensembles_.last_seen : nullptr;
  election_->set_ensembles(ensembles_.current, next, now, messages_);
  follow_rumour(now);
  if (epochs_.durable().is_ahead_of_file) {
    is_mending_ = true;
    std::vector<storage::DiskOp> ops;
    epochs_.set_current(epochs_.durable().current, ops);
    host_.disk(std::move(ops));
    return;
  }
  retiring_ = false;
  look(now);
}

// --- looking for a leader ----------------------------------------------------------------------

void Peer::look(MonotonicTime now) {
  state_ = PeerState::kLooking;
  settled_ = false;
  configuration_.forget_rumour();
  follow_configuration(now);
  begin_election(now);
  run_election(now);
}

void Peer::begin_election(MonotonicTime now) {
  Candidacy candidacy;
  candidacy.may_vote = !config_.role.is_observer;
  candidacy.last_logged = host_.last_logged();
  candidacy.current_epoch = epochs_.durable().current;
  election_->begin(candidacy, now, messages_);
}

// Until nothing more is to be said: what one server tells itself may call for another message.
void Peer::run_election(MonotonicTime now) {
  do {
    for (ElectionMessage& message : std::exchange(messages_, {})) {
      message.notification.config = ensemble_text_;
      message.notification.proposed = proposed_text_;
      if (message.to == config_.role.self) {
        election_->receive(message.to, message.notification, now, messages_);
        continue;
      }
      std::string framed;
      quorum::append_notification(framed, message.notification);
      links_.send(message.to, std::move(framed), now, link_actions_);
    }
    carry_out(now);
    if (messages_.empty() && link_actions_.empty()) stop_waiting();
  } while (!messages_.empty() || !link_actions_.empty());
  if (state_ == PeerState::kLooking && !retiring_ && election_->decision()) {
    decide(*election_->decision(), now);
  }
}

void Peer::stop_waiting() {
  if (state_ != PeerState::kLooking || retiring_) return;
  election_->stop_waiting([this](ServerId id) { return links_.is_out_of_reach(id); }, messages_);
}

void Peer::carry_out(MonotonicTime now) {
  for (LinkAction& action : std::exchange(link_actions_, {})) {
    std::visit(Match{
                   [&](LinkConnect& a) { host_.connect(a.token, a.to); },
                   [&](LinkAbandon& a) { host_.abandon(a.token); },
                   [&](LinkSend& a) {
                     host_.begin_send() += a.bytes;
                     host_.end_send(a.connection);
                   },
                   [&](LinkClose& a) {
                     election_connections_.erase(a.connection);
                     host_.close(a.connection);
                   },
                   [&](LinkDeliver& a) { deliver(a.from, a.message, now); },
                   [&](LinkLog& a) { host_.note(a.is_warning, std::move(a.text)); },
               },
               action);
  }
}

void Peer::deliver(ServerId from, std::string_view message, MonotonicTime now) {
  const auto notification = quorum::read_notification(message);
  if (!notification) {
    host_.note(true, "a notification from server " + std::to_string(from.value) +
                         " was dropped: " + notification.error().what);
    return;
  }
  hear_of(notification->config, now);
  hear_of_proposed(*notification, now);
  if (leader_ && is_better_candidate(from, *notification)) leader_->heard_better_candidate();
  election_->receive(from, *notification, now, messages_);
}

// It speaks for itself, so that it is there to lead.
bool Peer::is_better_candidate(ServerId from, const quorum::Notification& notification) const {
  if (notification.state != PeerState::kLooking || notification.leader != from) return false;
  if (!ensembles_.current.is_participant(from) || ensembles_.current.weight(from) == 0) {
    return false;
  }
  return std::pair(notification.peer_epoch, notification.zxid) >
         std::pair(vote_.peer_epoch, vote_.zxid);
}

void Peer::decide(const Decision& decision, MonotonicTime now) {
  state_ = decision.state;
  vote_ = decision.vote;
  election_->settle(vote_, state_);
  links_.forget_messages();
  take_role(decision.leader, now);
}

void Peer::take_role(ServerId leader, MonotonicTime now) {
  host_.note(false, std::string(quorum::to_string(state_)) + ", leader is server " +
                        std::to_string(leader.value));
  if (state_ == PeerState::kLeading) {
    forget_unlogged_configuration();
    leader_ = std::make_unique<Leader>(config_.role, configuration_, epochs_, host_);
    leader_->begin(now);
  } else {
    learner_ = std::make_unique<Learner>(config_.role, configuration_, leader, epochs_, next_token_,
                                         host_);
    if (wants_snapshot_ && !std::exchange(snapshot_was_refused_, false)) {
      learner_->ask_for_snapshot();
    }
    learner_->start_with_master(next_master_++);
    learner_->begin(now);
  }
  check_role(now);
}

// --- the role of the moment --------------------------------------------------------------------

// After each input: whether the role is over, or has just been established.
void Peer::check_role(MonotonicTime now) {
  follow_configuration(now);
  if (leader_ && leader_->over()) return retire(*leader_->over());
  if (learner_ && learner_->over()) return retire(*learner_->over());
  if (settled_ || !is_serving()) return;
  settled_ = true;
  if (wants_snapshot_ && !take_stock()) return;
  // Whoever looks for a leader is told the epoch that was established, not the one voted with.
  vote_.peer_epoch = leader_ ? leader_->epoch() : learner_->epoch();
  election_->settle(vote_, state_);
  serve_observers(now);
  run_election(now);
}

// Whether a server that wanted a snapshot may go on in the role that was just established.
bool Peer::take_stock() {
  if (leader_) {
    host_.note(true, "leads with a tree that is known to differ from what others had");
    wants_snapshot_ = false;
  } else if (learner_->was_restored()) {
    host_.note(false, "has the tree of server " + std::to_string(vote_.leader.value) +
                          " again, by a snapshot");
    wants_snapshot_ = false;
    resynchronised_ = learner_->epoch();
  } else {
    give_up("the own tree still differs, so it asks for a snapshot again");
    return false;
  }
  return true;
}

void Peer::diverged(Zxid zxid) {
  if (wants_snapshot_ || leader_) return;
  const std::string where = "at 0x" + storage::zxid_hex(zxid);
  if (resynchronised_ == epochs_.durable().current) {
    host_.note(true, "the tree differs " + where +
                         " although the leader's snapshot was taken: it "
                         "is the leader whose digest is wrong");
    return;
  }
  wants_snapshot_ = true;
  give_up("the own tree differs from the leader's " + where + ", so it asks for a snapshot");
}

void Peer::retire(const std::string& why) {
  host_.note(true, std::string(quorum::to_string(state_)) + " no more: " + why);
  snapshot_was_refused_ = learner_ && learner_->is_snapshot_refused();
  successor_ = leader_ ? leader_->successor() : learner_->successor();
  end_relay();
  leader_.reset();
  learner_.reset();
  state_ = PeerState::kLooking;
  retiring_ = true;
  host_.retire();
}

// --- observers of a follower -------------------------------------------------------------------

void Peer::serve_observers(MonotonicTime now) {
  const bool follows = state_ == PeerState::kFollowing && learner_ && learner_->is_serving();
  if (!follows || config_.role.observer_master_port == 0) return;
  relay_ = std::make_unique<Leader>(config_.role, configuration_, epochs_, host_);
  relay_->begin_relay(*learner_, now);
  learner_->set_relay(relay_.get());
}

void Peer::end_relay() {
  if (!relay_) return;
  if (learner_) learner_->set_relay(nullptr);
  relay_->abandon();
  relay_.reset();
}

std::optional<ServerId> Peer::observer_master() const {
  if (!learner_ || state_ != PeerState::kObserving) return std::nullopt;
  return learner_->master();
}

void Peer::give_up(const std::string& why) {
  if (leader_) leader_->abandon();
  if (learner_) learner_->abandon();
  if (leader_ || learner_) retire(why);
}

void Peer::shut_down() {
  if (leader_) leader_->abandon();
  if (learner_) learner_->abandon();
  end_relay();
  leader_.reset();
  learner_.reset();
  state_ = PeerState::kLooking;
  stopped_ = true;
}

// --- inputs ------------------------------------------------------------------------------------

void Peer::opened_election(ConnectionId connection, const Endpoint& remote, MonotonicTime now) {
  if (stopped_) return host_.close(connection);
  links_.opened(connection, remote, now, link_actions_);
  election_connections_.insert(connection);
  run_election(now);
}

void Peer::opened_quorum(ConnectionId connection, const Endpoint& remote, MonotonicTime now) {
  // The port may have been closed while the connection was on its way.
  if (master() == nullptr) return host_.close(connection);
  master()->opened(connection, remote, now);
  check_role(now);
}

void Peer::connected(DialToken token, ConnectionId connection, MonotonicTime now) {
  if (token.value >= kFirstLearnerToken) {
    if (!learner_ || !learner_->owns(token)) return host_.close(connection);
    learner_->connected(token, connection, now);
    check_role(now);
  } else if (stopped_) {
    host_.close(connection);
  } else {
    election_connections_.insert(connection);
    links_.connected(token, connection, now, link_actions_);
    run_election(now);
  }
}

void Peer::connect_failed(DialToken token, MonotonicTime now) {
  if (token.value >= kFirstLearnerToken) {
    if (!learner_ || !learner_->owns(token)) return;
    learner_->connect_failed(token, now);
    check_role(now);
  } else if (!stopped_) {
    links_.connect_failed(token, now, link_actions_);
    run_election(now);
  }
}

bool Peer::received(ConnectionId connection, std::string_view bytes, MonotonicTime now) {
  if (learner_ && learner_->owns(connection)) {
    learner_->received(bytes, now);
    check_role(now);
  } else if (master() != nullptr && master()->owns(connection)) {
    master()->received(connection, bytes, now);
    check_role(now);
  } else if (election_connections_.contains(connection)) {
    if (stopped_) return true;
    links_.received(connection, bytes, now, link_actions_);
    run_election(now);
  } else {
    return false;
  }
  return true;
}

bool Peer::closed(ConnectionId connection, MonotonicTime now) {
  if (learner_ && learner_->owns(connection)) {
    learner_->closed(now);
    check_role(now);
  } else if (master() != nullptr && master()->owns(connection)) {
    master()->closed(connection, now);
    check_role(now);
  } else if (election_connections_.erase(connection) != 0) {
    if (stopped_) return true;
    links_.closed(connection, now, link_actions_);
    run_election(now);
  } else {
    return false;
  }
  return true;
}

void Peer::backlog(ConnectionId connection, uint64_t unsent_bytes, MonotonicTime now) {
  if (master() == nullptr || !master()->owns(connection)) return;
  master()->backlog(connection, unsent_bytes, now);
  check_role(now);
}

bool Peer::disk_done(uint64_t op, const std::optional<storage::DiskError>& error,
                     MonotonicTime now) {
  if (configuration_.completed(op, error)) return true;
  if (!epochs_.completed(op)) return false;
  if (is_mending_ && !epochs_.busy()) {
    is_mending_ = false;
    at_rest(now);
    return true;
  }
  if (leader_) leader_->epochs_written(now);
  if (learner_) learner_->epochs_written(now);
  check_role(now);
  return true;
}

void Peer::log_durable(MonotonicTime now) {
  if (leader_) leader_->log_durable(now);
  if (learner_) learner_->log_durable(now);
  check_role(now);
}

void Peer::snapshot_possible(MonotonicTime now) {
  if (master() == nullptr) return;
  master()->snapshot_possible(now);
  check_role(now);
}

void Peer::history(const HistoryPiece& piece, MonotonicTime now) {
  if (master() == nullptr) return;
  master()->history(piece, now);
  check_role(now);
}

void Peer::at_rest(MonotonicTime now) {
  ZT_ASSERT(retiring_);
  retiring_ = false;
  const std::optional<ServerId> successor = std::exchange(successor_, std::nullopt);
  successor ? take_place(*successor, now) : look(now);
}

void Peer::reloaded(MonotonicTime now) {
  if (!learner_) return;
  learner_->reloaded(now);
  check_role(now);
}

void Peer::snapshot_persisted(MonotonicTime now) {
  if (!learner_) return;
  learner_->snapshot_persisted(now);
  check_role(now);
}

void Peer::batch_end(MonotonicTime now) {
  if (master() == nullptr) return;
  master()->batch_end(now);
  check_role(now);
}

void Peer::tick(MonotonicTime now) {
  if (stopped_) return;
  if (master() != nullptr) master()->tick(now);
  if (learner_) learner_->tick(now);
  check_role(now);
  links_.tick(now, link_actions_);
  if (!retiring_) election_->tick(now, links_.has_delivered(), messages_);
  run_election(now);
}

std::optional<MonotonicTime> Peer::next_deadline() const {
  if (stopped_) return std::nullopt;
  std::optional<MonotonicTime> first;
  const auto consider = [&first](std::optional<MonotonicTime> time) {
    if (time && (!first || *time < *first)) first = time;
  };
  if (master() != nullptr) consider(master()->next_deadline());
  if (learner_) consider(learner_->next_deadline());
  consider(links_.next_deadline());
  if (!retiring_) consider(election_->next_deadline());
  return first;
}

// --- for the host ------------------------------------------------------------------------------

void Peer::propose(Zxid zxid, std::string_view payload) {
  ZT_ASSERT(leader_);
  leader_->propose(zxid, payload);
}

void Peer::forward(const quorum::ForwardedRequest& request, std::optional<std::string_view> auth) {
  ZT_ASSERT(learner_);
  learner_->forward(request, auth);
}

void Peer::revalidate(SessionId session, int32_t timeout_ms) {
  ZT_ASSERT(learner_);
  learner_->revalidate(session, timeout_ms);
}

void Peer::sync(SessionId session, Xid cxid) {
  if (leader_) return leader_->sync();
  ZT_ASSERT(learner_);
  learner_->sync(session, cxid);
}

bool Peer::is_serving() const {
  return (leader_ && leader_->is_serving()) || (learner_ && learner_->is_serving());
}

std::optional<ServerId> Peer::leader() const {
  if (state_ == PeerState::kLooking) return std::nullopt;
  return vote_.leader;
}

uint64_t Peer::fingerprint() const {
  RunningHash hash;
  hash.add(static_cast<uint64_t>(state_));
  configuration_.add_to(hash);
  hash.add(static_cast<uint64_t>(successor_.value_or(ServerId(-1)).value));
  epochs_.add_to(hash);
  hash.add(election_->fingerprint());
  hash.add(links_.fingerprint());
  vote_.add_to(hash);
  hash.add(retiring_ * 4U + settled_ * 2U + stopped_);
  hash.add(wants_snapshot_ * 2U + snapshot_was_refused_);
  hash.add(static_cast<uint64_t>(resynchronised_));
  hash.add(next_token_);
  if (leader_) leader_->add_to(hash);
  if (learner_) learner_->add_to(hash);
  if (relay_) relay_->add_to(hash);
  return hash.value();
}

}  // namespace zoetrope::zab
