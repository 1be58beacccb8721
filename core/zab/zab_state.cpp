// What a peer and its roles are made of, for a copy of a running server. What refers to its
// surroundings is made anew by the owner and then filled.
#include "core/base/assert.hpp"
#include "core/base/state_archive.hpp"
#include "core/zab/electorate.hpp"
#include "core/zab/peer.hpp"

namespace zoetrope::zab {

void CommittedWindow::carry_state(StateArchive& archive) {
  archive(count_max_, bytes_max_, bytes_, proposals_);
}

void ConfigFiles::carry_state(StateArchive& archive) {
  archive(names_, self_, next_op_, steps_, under_way_, first_under_way_, has_failed_, read_wish_,
          is_reading_, failure_);
}

void Configuration::carry_state(StateArchive& archive) {
  archive(files_, changes_);
}

void Electorate::carry_state(StateArchive& archive) {
  archive(current_, next_, voters_, elsewhere_);
}

void EpochFiles::carry_state(StateArchive& archive) {
  archive(durable_, next_op_, accepted_, current_, announced_, under_way_);
}

void ElectionLinks::carry_state(StateArchive& archive) {
  archive(config_, peers_, connections_, dials_, nameless_);
}

void LearnerLink::carry_state(StateArchive& archive) {
  archive(connection, remote, cutter, bytes_received, opened_as, gone, stage, server, is_observer,
          accepted_epoch, counts_for_epoch, last, is_forwarding, had, awaits, commits_held_behind,
          acked, deadline, watched, watched_since, is_held, held, unsent, unsent_at_renewal,
          pings_before, pings_answered);
}

void Leader::carry_state(StateArchive& archive) {
  ZT_ASSERT(is_calm());
  size_t links = archive.count(links_.size());
  if (archive.is_loading()) {
    links_.clear();
    for (; links > 0 && archive.ok(); --links) {
      LearnerLink link({}, {}, config_.packet_bytes_max);
      archive(link);
      links_.emplace(link.connection, std::move(link));
    }
    awaiting_history_.clear();
  } else {
    for (auto& [connection, link] : links_) archive(link);
  }
  archive(phase_, over_, opened_, some_gone_, own_current_epoch_, own_last_, epoch_, epoch_start_,
          pending_, designated_, successor_, handed_over_at_, proposed_, committed_, durable_,
          awaiting_stream_, streaming_, pumping_, awaiting_history_, log_gap_, some_overfull_,
          syncs_, ping_rounds_, next_half_tick_, half_ticks_, phase_deadline_, notes_,
          better_candidate_looks_);
  bool is_relay = relay_.has_value();
  archive(is_relay);
  if (archive.is_loading() && is_relay) relay_.emplace(Relay{});
  if (is_relay) archive(relay_->owners);
}

void Learner::carry_state(StateArchive& archive) {
  archive(phase_, over_, revalidations_, syncs_, addresses_, masters_, first_master_, next_address_,
          dial_, pause_, dialling_ends_, refusals_end_, attempt_ends_, redial_at_, connection_,
          is_observer_, cutter_, heard_, epoch_, is_promise_new_, is_promise_issued_, op_,
          asks_for_snapshot_, is_snapshot_refused_, is_snapshot_unsafe_, base_, last_received_,
          adopted_up_to_, uncommitted_, unacked_, proposed_configs_, told_, successor_);
}

bool Peer::is_calm() const {
  return messages_.empty() && link_actions_.empty() && (!leader_ || leader_->is_calm()) &&
         (!relay_ || relay_->is_calm());
}

void Peer::carry_state(StateArchive& archive) {
  archive(config_, ensembles_, configuration_, followed_changes_, ensemble_text_, proposed_text_,
          epochs_, *election_, links_, next_master_, state_, vote_, successor_, retiring_, settled_,
          is_mending_, stopped_, wants_snapshot_, snapshot_was_refused_, resynchronised_,
          next_token_, election_connections_);
  const auto make_leader = [this] {
    return std::make_unique<Leader>(config_.role, configuration_, epochs_, host_);
  };
  archive.owned(leader_, make_leader);
  ServerId followed = learner_ ? learner_->leader() : ServerId();
  archive(followed);
  archive.owned(learner_, [&] {
    return std::make_unique<Learner>(config_.role, configuration_, followed, epochs_, next_token_,
                                     host_);
  });
  archive.owned(relay_, make_leader);
  if (!archive.is_loading() || !relay_) return;
  if (!learner_) return archive.fail();
  relay_->resume_relay(*learner_);
  learner_->set_relay(relay_.get());
}

}  // namespace zoetrope::zab
