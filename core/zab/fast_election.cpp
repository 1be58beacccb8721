// Fast leader election (electionAlg=3): rounds of votes that everybody tells everybody, until a
// quorum has voted alike and nothing better is heard for a while; whoever comes late is told the
// outcome (facts/quorum-protocol.md section 5; upstream FastLeaderElection).
//
// Where it differs from upstream, none of it visible in a message:
// - Waiting for a better vote is a state, not a blocking read. Meanwhile nothing that is heard is
//   thrown away: a vote of a larger round that is not better is held back and then either counted
//   (the wait was broken off) or answered (the round is decided).
// - The time-out of repetitions counts from the last own message, not from the last one heard, and
//   starts anew at its minimum whenever this server has learnt something. So noise cannot silence
//   a server, and one that was cut off for long is quick again when it is back.
// - Whoever completes the quorum of a leader that says itself that it leads, and has nothing newer,
//   follows it at once, whatever the rounds.
// - The wait ends early when nobody is left who could cast a better vote.
// - A vote of the same round that is worse is answered, for who cast it may have begun the round
//   after our proposal came by; upstream leaves it to the next repetition.
// - A server without a vote that asks while we are LOOKING is told our proposal, not our last vote.
#include <algorithm>
#include <map>

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"
#include "core/base/state_archive.hpp"
#include "core/zab/election.hpp"
#include "core/zab/electorate.hpp"

namespace zoetrope::zab {

namespace {

using quorum::Notification;
using quorum::PeerState;

using Votes = std::map<ServerId, CastVote>;

constexpr Zxid kUnverified{-1};
// No ensemble comes near it; a message that says so is damaged, and counting on from it would end.
constexpr int64_t kRoundMax = INT64_MAX / 2;

Vote vote_of(const Notification& n) {
  return Vote{.leader = n.leader,
              .zxid = n.zxid,
              .peer_epoch = n.peer_epoch,
              .election_epoch = n.election_epoch};
}

class FastElection final : public Election {
 public:
  explicit FastElection(const ElectionConfig& config) : config_(config) {
    ZT_ASSERT(config.notification_interval_min.ns > 0);
    ZT_ASSERT(config.notification_interval_min <= config.notification_interval_max);
  }

  std::unique_ptr<Election> clone() const override { return std::make_unique<FastElection>(*this); }

  void begin(const Candidacy& candidacy, MonotonicTime now,
             std::vector<ElectionMessage>& out) override {
    candidacy_ = candidacy;
    begin_round(now, out);
  }

  void settle(const Vote& vote, PeerState state) override {
    ZT_ASSERT(state != PeerState::kLooking);
    phase_ = Phase::kSettled;
    recorded_ = vote;
    state_ = state;
    held_.clear();
  }

  void receive(ServerId from, const Notification& n, MonotonicTime now,
               std::vector<ElectionMessage>& out) override;
  void tick(MonotonicTime now, bool delivered, std::vector<ElectionMessage>& out) override;

  void stop_waiting(const std::function<bool(ServerId)>& is_out_of_reach,
                    std::vector<ElectionMessage>& out) override;

  std::optional<MonotonicTime> next_deadline() const override {
    if (phase_ == Phase::kLooking) return resend_at_;
    if (phase_ == Phase::kFinalizing) return finalize_at_;
    return std::nullopt;
  }
  const std::optional<Decision>& decision() const override { return decision_; }

  void set_ensembles(const quorum::Ensemble& current, const quorum::Ensemble* last_seen,
                     MonotonicTime now, std::vector<ElectionMessage>& out) override {
    electorate_ = Electorate(current, last_seen);
    if (is_looking()) begin_round(now, out);
  }

  void set_rumoured(const quorum::Ensemble* rumoured, MonotonicTime now,
                    std::vector<ElectionMessage>& out) override {
    electorate_.set_rumoured(rumoured);
    const bool is_void = proposal_.leader != ServerId(quorum::kNoVote) &&
                         !electorate_.is_candidate(proposal_.leader);
    if (is_looking() && is_void) begin_round(now, out);
  }

  int64_t round() const override { return round_; }
  uint64_t fingerprint() const override;
  void carry_state(StateArchive& archive) override {
    archive(config_, electorate_, candidacy_, phase_, round_, proposal_, round_votes_,
            settled_votes_, held_, answered_, interval_, resend_at_, finalize_at_, recorded_,
            state_, decision_);
  }

 private:
  enum class Phase : uint8_t { kIdle, kLooking, kFinalizing, kSettled };

  bool is_looking() const { return phase_ == Phase::kLooking || phase_ == Phase::kFinalizing; }
  Vote own_vote() const;
  void begin_round(MonotonicTime now, std::vector<ElectionMessage>& out);
  // Tells all voters the proposal, and starts the time-out of repetitions at its minimum.
  void propose(const Vote& vote, MonotonicTime now, std::vector<ElectionMessage>& out);
  void send_proposal(std::vector<ElectionMessage>& out) const;
  void answer(ServerId to, std::vector<ElectionMessage>& out) const;
  void answer_anew(ServerId to, const Vote& heard, MonotonicTime now,
                   std::vector<ElectionMessage>& out);
  void count_looking(ServerId from, const Vote& vote, MonotonicTime now,
                     std::vector<ElectionMessage>& out);
  void count_held(MonotonicTime now, std::vector<ElectionMessage>& out);
  void count_settled(ServerId from, const CastVote& cast, MonotonicTime now,
                     std::vector<ElectionMessage>& out);
  bool is_agreed(const Votes& votes, const CastVote& on) const;
  bool completes_quorum(const CastVote& cast) const;
  bool is_led_without_next(const CastVote& cast) const;
  bool is_confirmed(const Votes& votes, const Vote& vote) const;
  void decide(const Vote& vote, std::vector<ElectionMessage>& out);

  ElectionConfig config_;
  Electorate electorate_;
  Candidacy candidacy_;
  Phase phase_ = Phase::kIdle;
  int64_t round_ = 0;
  Vote proposal_;
  // Votes of this round, whatever the state of who cast them (upstream recvset).
  Votes round_votes_;
  // Latest vote of each server that has a leader, of whatever round (upstream outofelection).
  Votes settled_votes_;
  // While finalizing: LOOKING votes of larger rounds that do not beat the proposal.
  std::map<ServerId, Vote> held_;
  // What was said last to whom, and to what, in the time of a repetition.
  struct Answered {
    Vote heard, said;
    MonotonicTime until;
    bool was_looking = false;
  };
  std::map<ServerId, Answered> answered_;
  Duration interval_;
  MonotonicTime resend_at_;
  MonotonicTime finalize_at_;
  // While settled.
  Vote recorded_;
  PeerState state_ = PeerState::kLooking;
  std::optional<Decision> decision_;
};

// Whoever may not vote proposes nobody; each real candidate beats that.
Vote FastElection::own_vote() const {
  Vote vote{.leader = ServerId(quorum::kNoVote),
            .zxid = Zxid(quorum::kNoVote),
            .peer_epoch = quorum::kNoVote,
            .election_epoch = round_};
  if (candidacy_.may_vote && electorate_.is_voter(config_.self)) {
    vote.leader = config_.self;
    vote.zxid = candidacy_.last_logged;
    vote.peer_epoch = candidacy_.current_epoch;
  }
  return vote;
}

void FastElection::begin_round(MonotonicTime now, std::vector<ElectionMessage>& out) {
  phase_ = Phase::kLooking;
  decision_.reset();
  round_votes_.clear();
  settled_votes_.clear();
  held_.clear();
  ++round_;
  propose(own_vote(), now, out);
}

void FastElection::propose(const Vote& vote, MonotonicTime now, std::vector<ElectionMessage>& out) {
  proposal_ = vote;
  ZT_ASSERT(proposal_.election_epoch == round_);
  phase_ = Phase::kLooking;
  interval_ = config_.notification_interval_min;
  resend_at_ = now + interval_;
  send_proposal(out);
}

void FastElection::send_proposal(std::vector<ElectionMessage>& out) const {
  for (ServerId id : electorate_.voters()) answer(id, out);
  for (ServerId id : electorate_.candidates_elsewhere()) answer(id, out);
}

// Two servers that do not know each other as voters, or not in the same configuration, would answer
// each other for ever: the same is said to the same question once in the time of a repetition.
void FastElection::answer_anew(ServerId to, const Vote& heard, MonotonicTime now,
                               std::vector<ElectionMessage>& out) {
  std::erase_if(answered_, [&](const auto& entry) { return entry.second.until <= now; });
  const Answered answered{.heard = heard,
                          .said = is_looking() ? proposal_ : recorded_,
                          .until = now + config_.notification_interval_min};
  const auto [place, is_first] = answered_.try_emplace(to, answered);
  const bool is_same = place->second.heard == answered.heard && place->second.said == answered.said;
  if (!is_first && is_same && place->second.was_looking == is_looking()) return;
  place->second = answered;
  place->second.was_looking = is_looking();
  answer(to, out);
}

void FastElection::answer(ServerId to, std::vector<ElectionMessage>& out) const {
  const Vote& vote = is_looking() ? proposal_ : recorded_;
  Notification n;
  n.state = is_looking() ? PeerState::kLooking : state_;
  n.leader = vote.leader;
  n.zxid = vote.zxid;
  n.election_epoch = vote.election_epoch;
  n.peer_epoch = vote.peer_epoch;
  out.push_back({.to = to, .notification = n});
}

void FastElection::receive(ServerId from, const Notification& n, MonotonicTime now,
                           std::vector<ElectionMessage>& out) {
  if (phase_ == Phase::kIdle || n.election_epoch > kRoundMax) return;
  if (from == config_.self) {
    // The loop: what was said before the last change of mind is of no use any more.
    if (!is_looking() || vote_of(n) != proposal_) return;
  } else if (n.state == PeerState::kLooking) {
    const bool late = !is_looking() || n.election_epoch < round_;
    const bool worse =
        n.election_epoch == round_ && electorate_.beats(proposal_, vote_of(n)) && is_looking();
    if (late || worse || !electorate_.is_voter(from)) answer_anew(from, vote_of(n), now, out);
  }
  // From here on only votes of voters for those who may be elected matter.
  if (!is_looking() || !electorate_.is_voter(from) || !electorate_.is_candidate(n.leader)) return;
  switch (n.state) {
    case PeerState::kLooking: count_looking(from, vote_of(n), now, out); break;
    case PeerState::kFollowing:
    case PeerState::kLeading:
      count_settled(from, {.vote = vote_of(n), .state = n.state, .version = n.version}, now, out);
      break;
    case PeerState::kObserving: break;
  }
}

void FastElection::count_looking(ServerId from, const Vote& vote, MonotonicTime now,
                                 std::vector<ElectionMessage>& out) {
  if (own_vote().zxid == kUnverified || vote.zxid == kUnverified) return;
  if (vote.election_epoch < round_) return;
  const bool better = electorate_.beats(vote, proposal_);
  const bool broke_off = phase_ == Phase::kFinalizing && better;
  if (vote.election_epoch > round_) {
    if (phase_ == Phase::kFinalizing && !better) {
      held_[from] = vote;
      return;
    }
    round_ = vote.election_epoch;
    round_votes_.clear();
    const Vote own = own_vote();
    propose(electorate_.beats(vote, own) ? vote : own, now, out);
  } else if (better) {
    propose(vote, now, out);
  }
  round_votes_[from] = {.vote = vote};
  if (phase_ == Phase::kLooking && is_agreed(round_votes_, {.vote = proposal_})) {
    phase_ = Phase::kFinalizing;
    finalize_at_ = now + config_.finalize_wait;
  }
  if (broke_off) count_held(now, out);
}

void FastElection::count_held(MonotonicTime now, std::vector<ElectionMessage>& out) {
  const std::map<ServerId, Vote> held = std::move(held_);
  held_.clear();
  for (const auto& [from, vote] : held) count_looking(from, vote, now, out);
}

void FastElection::count_settled(ServerId from, const CastVote& cast, MonotonicTime now,
                                 std::vector<ElectionMessage>& out) {
  if (cast.vote.election_epoch == round_) {
    // Within one round a leader's id says it all: its peer epoch changes when it is established.
    CastVote& entry = round_votes_[from];
    entry = cast;
    entry.version = 0;
    if (is_agreed(round_votes_, cast) && is_confirmed(round_votes_, cast.vote)) {
      return decide(cast.vote, out);
    }
  }
  const auto [place, is_first] = settled_votes_.try_emplace(from, cast);
  const bool is_news = is_first || place->second != cast;
  place->second = cast;
  if (is_confirmed(settled_votes_, cast.vote) &&
      (is_led_without_next(cast) || completes_quorum(cast))) {
    round_ = cast.vote.election_epoch;
    return decide(cast.vote, out);
  }
  if (is_news && phase_ == Phase::kLooking) {
    // Somebody has a leader, so that those who could not say so yet are worth asking again soon.
    interval_ = config_.notification_interval_min;
    resend_at_ = std::min(resend_at_, now + interval_);
  }
}

bool FastElection::is_agreed(const Votes& votes, const CastVote& on) const {
  return electorate_.has_all_quorums([&](ServerId id) {
    const auto found = votes.find(id);
    return found != votes.end() && on.agrees_with(found->second);
  });
}

// Whether those who follow this leader already lack only this server, which has nothing newer. It
// may have voted too late for their round, or in another; they would wait for it in vain, and it
// for a round that nobody else begins, until the leader gave up (upstream does wait).
bool FastElection::completes_quorum(const CastVote& cast) const {
  const Vote own = own_vote();
  if (own.zxid == kUnverified || !electorate_.beats(cast.vote, own)) return false;
  return electorate_.has_all_quorums([&](ServerId id) {
    if (id == config_.self) return true;
    const auto found = settled_votes_.find(id);
    return found != settled_votes_.end() && cast.agrees_with(found->second);
  });
}

// A leader whose history does not have the configuration that is proposed here needs no quorum of
// it, and may never get one. To follow is always safe: it is the leader that counts.
bool FastElection::is_led_without_next(const CastVote& cast) const {
  return electorate_.has_quorum_in_force([&](ServerId id) {
    const auto found = settled_votes_.find(id);
    return found != settled_votes_.end() && cast.agrees_with(found->second);
  });
}

// A quorum may go on following a leader that is gone, so the leader has to say itself that it leads
// (ZOOKEEPER-975). Of this server others may only know better within the round that it is in.
bool FastElection::is_confirmed(const Votes& votes, const Vote& vote) const {
  if (vote.leader == config_.self) return vote.election_epoch == round_;
  const auto found = votes.find(vote.leader);
  return found != votes.end() && found->second.state == PeerState::kLeading;
}

void FastElection::decide(const Vote& vote, std::vector<ElectionMessage>& out) {
  ZT_ASSERT(electorate_.is_candidate(vote.leader));
  if (vote.leader == config_.self) {
    state_ = PeerState::kLeading;
  } else {
    const bool observes = electorate_.is_observer(config_.self) || !candidacy_.may_vote;
    state_ = observes ? PeerState::kObserving : PeerState::kFollowing;
  }
  phase_ = Phase::kSettled;
  recorded_ = vote;
  decision_ = Decision{.leader = vote.leader, .state = state_, .vote = vote};
  for (const auto& [from, held] : held_) answer(from, out);
  held_.clear();
}

void FastElection::tick(MonotonicTime now, bool delivered, std::vector<ElectionMessage>& out) {
  if (phase_ == Phase::kFinalizing) {
    if (now >= finalize_at_) decide(proposal_, out);
    return;
  }
  if (phase_ != Phase::kLooking || now < resend_at_) return;
  if (delivered) send_proposal(out);
  interval_ = std::min(Duration{interval_.ns * 2}, config_.notification_interval_max);
  resend_at_ = now + interval_;
}

// Upstream waits its time even when everybody has voted.
void FastElection::stop_waiting(const std::function<bool(ServerId)>& is_out_of_reach,
                                std::vector<ElectionMessage>& out) {
  if (phase_ != Phase::kFinalizing || !held_.empty()) return;
  // Of candidates that have no vote here it is not known whom they still will bring forward.
  if (!electorate_.candidates_elsewhere().empty()) return;
  const CastVote agreed{.vote = proposal_};
  const bool is_awaited = std::ranges::any_of(electorate_.voters(), [&](ServerId id) {
    const auto found = round_votes_.find(id);
    const bool agrees = found != round_votes_.end() && agreed.agrees_with(found->second);
    return !agrees && !is_out_of_reach(id);
  });
  if (!is_awaited) decide(proposal_, out);
}

void add_votes(RunningHash& hash, const Votes& votes) {
  hash.add(votes.size());
  for (const auto& [id, cast] : votes) {
    hash.add(static_cast<uint64_t>(id.value));
    cast.add_to(hash);
  }
}

uint64_t FastElection::fingerprint() const {
  RunningHash hash;
  hash.add(static_cast<uint64_t>(config_.self.value));
  electorate_.add_to(hash);
  hash.add(candidacy_.may_vote ? 1 : 0);
  hash.add(static_cast<uint64_t>(candidacy_.last_logged.value));
  hash.add(static_cast<uint64_t>(candidacy_.current_epoch));
  hash.add(static_cast<uint64_t>(phase_));
  hash.add(static_cast<uint64_t>(round_));
  (is_looking() ? proposal_ : recorded_).add_to(hash);
  add_votes(hash, round_votes_);
  add_votes(hash, settled_votes_);
  hash.add(held_.size());
  for (const auto& [id, vote] : held_) {
    hash.add(static_cast<uint64_t>(id.value));
    vote.add_to(hash);
  }
  hash.add(answered_.size());
  for (const auto& [id, answered] : answered_) {
    hash.add(static_cast<uint64_t>(id.value) * 2 + answered.was_looking);
    answered.heard.add_to(hash);
    answered.said.add_to(hash);
    hash.add(static_cast<uint64_t>(answered.until.ns));
  }
  hash.add(static_cast<uint64_t>(state_));
  if (phase_ == Phase::kLooking) {
    hash.add(static_cast<uint64_t>(interval_.ns));
    hash.add(static_cast<uint64_t>(resend_at_.ns));
  }
  if (phase_ == Phase::kFinalizing) hash.add(static_cast<uint64_t>(finalize_at_.ns));
  return hash.value();
}

}  // namespace

std::unique_ptr<Election> make_fast_election(const ElectionConfig& config) {
  return std::make_unique<FastElection>(config);
}

}  // namespace zoetrope::zab
