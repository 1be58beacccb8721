// What a peer does when the configuration changes: it tells its parts, moves its ports, takes a
// newer one from a notification, and takes its place under a designated leader without an election
// (upstream QuorumPeer.processReconfig, updateServerState; FastLeaderElection.WorkerReceiver).
#include "core/zab/peer.hpp"

namespace zoetrope::zab {

using quorum::PeerState;

void Peer::follow_configuration(MonotonicTime now) {
  if (followed_changes_ == configuration_.changes()) return;
  followed_changes_ = configuration_.changes();
  const quorum::Ensemble& current = ensembles_.current;
  const quorum::Ensemble* next = ensembles_.last_seen ? &*ensembles_.last_seen : nullptr;
  ensemble_text_ = current.to_string();
  // Whoever is in no list follows without a vote.
  config_.role.is_observer = current.is_observer(config_.role.self);
  const auto self = current.members.find(config_.role.self);
  if (self != current.members.end()) {
    links_.set_own_addresses(self->second.election);
    host_.moved(self->second);
  }
  election_->set_ensembles(current, next, now, messages_);
  follow_rumour(now);
}

void Peer::follow_rumour(MonotonicTime now) {
  followed_changes_ = configuration_.changes();
  const quorum::Ensemble* next = ensembles_.last_seen ? &*ensembles_.last_seen : nullptr;
  const quorum::Ensemble* rumoured = ensembles_.rumoured ? &*ensembles_.rumoured : nullptr;
  const quorum::Ensemble* newest = rumoured != nullptr ? rumoured : next;
  proposed_text_ = newest == nullptr ? std::string() : newest->to_string();
  links_.set_members(ensembles_.current, next, rumoured);
  election_->set_rumoured(rumoured, now, messages_);
}

// A configuration that another server has in force was committed, so that whoever looks for a
// leader among servers of an older one takes it over (ZOOKEEPER-1783: one of version 0 never was).
void Peer::hear_of(std::string_view config, MonotonicTime now) {
  // While it retires, the disk may be the driver's: it hears of it again when it looks.
  if (state_ != PeerState::kLooking || retiring_) return;
  if (!config_.role.reconfig_enabled || config.empty()) return;
  if (config == ensemble_text_) return;
  const auto heard = quorum::Ensemble::parse(config);
  if (!heard || heard->version <= ensembles_.current.version || heard->defect()) return;
  host_.note(false, "heard of the configuration of version " + std::to_string(heard->version) +
                        ", newer than " + std::to_string(ensembles_.current.version));
  const bool was_observer = config_.role.is_observer;
  configuration_.activate(*heard);
  follow_configuration(now);
  if (config_.role.is_observer != was_observer) begin_election(now);
}

// Those who have a reconfiguration in their history need the votes of a quorum of the old
// configuration, too, and some of that may not have it. They would refuse to elect a server that
// they do not know, and could not follow it (upstream has no way out of that).
void Peer::hear_of_proposed(const quorum::Notification& notification, MonotonicTime now) {
  if (state_ != PeerState::kLooking || retiring_) return;
  if (notification.state != PeerState::kLooking) return;
  if (notification.proposed.empty() || notification.proposed == proposed_text_) return;
  // Who is behind the configuration in force here may have proposed what never came to be.
  if (notification.config != ensemble_text_) return;
  const auto heard = quorum::Ensemble::parse(notification.proposed);
  if (!heard || heard->defect() || !configuration_.hear_of_proposed(*heard)) return;
  host_.note(false, "heard that a configuration of version " + std::to_string(heard->version) +
                        " is proposed");
  follow_rumour(now);
}

// The leader that the old one named is tried without an election: whether a quorum follows it shows
// in its discovery, as ever, where nobody who is ahead of it promises anything.
void Peer::take_place(ServerId leader, MonotonicTime now) {
  vote_.leader = leader;
  vote_.zxid = host_.last_logged();
  vote_.peer_epoch = epochs_.durable().current;
  vote_.election_epoch = election_->round();
  settled_ = false;
  state_ = leader == config_.role.self ? PeerState::kLeading
           : config_.role.is_observer  ? PeerState::kObserving
                                       : PeerState::kFollowing;
  election_->settle(vote_, state_);
  take_role(leader, now);
}

// A leader completes what its history has, and the file of a configuration to come may be on the
// disk before the record is. Had it been committed, one of those who elected this server would have
// the record, and would not have elected it. Upstream leads with it, and puts in force what its
// followers' logs are cut of.
void Peer::forget_unlogged_configuration() {
  const auto& next = ensembles_.last_seen;
  if (!next || next->version <= host_.configuration_in_history()) return;
  host_.note(true, "the configuration of version " + std::to_string(next->version) +
                       " was proposed and is not in the history: it is dropped");
  configuration_.announce(ensembles_.current);
}

void Peer::static_config(std::optional<std::string_view> text, MonotonicTime now) {
  configuration_.static_read(text);
  check_role(now);
}

}  // namespace zoetrope::zab
