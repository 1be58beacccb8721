// Basic leader election (electionAlg=0). Upstream had it over UDP and dropped it; here it speaks in
// notifications, and only servers of this project understand it, so that a whole ensemble has to
// use it.
//
// The algorithm. A LOOKING server goes through turns. In each it asks every voter for its vote and
// answers itself; what is a question is told by its leader, kNoVote, and the number of the question
// stands in the election epoch of question and answer alike, so that late answers are known as
// such. A LOOKING server answers with its present vote, one that has a leader with that leader. A
// turn ends when all voters have answered, or at its time-out. Then
// 1. votes for servers that did not answer themselves are left out: their candidate may be dead;
// 2. if a quorum agrees on one leader (by id: the zxid may have been read at different times), that
//    server leads;
// 3. else the best of the votes and of the own candidacy becomes the present vote, and the next
// turn
//    begins at the time-out of this one.
// The time-out of the first turn is the shortest notification interval; each turn that no quorum
// answered in time doubles it for those that follow, up to kTurnsMax times (and never above the
// longest interval).
//
// What holds: the winner is at least as good as each server of the quorum that chose it, because a
// LOOKING server's vote is never worse than itself. What does not hold, and does with rounds: two
// servers may both believe to be chosen, when a voter answered one of them, saw a better candidate
// and then answered the other. Only one of them finds a quorum of followers; the other gives up at
// initLimit.
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

constexpr ServerId kNobody{quorum::kNoVote};
constexpr Zxid kUnverified{-1};
// Longest time-out, in shortest ones: 3.2 s by default, so that a server that was alone is soon
// heard.
constexpr int64_t kTurnsMax = 16;
constexpr int kSilentTurnsMax = 3;

struct Answer {
  Vote vote;
  PeerState state = PeerState::kLooking;
};

class BasicElection final : public Election {
 public:
  explicit BasicElection(const ElectionConfig& config) : config_(config) {
    ZT_ASSERT(config.notification_interval_min.ns > 0);
    ZT_ASSERT(config.notification_interval_min <= config.notification_interval_max);
  }

  std::unique_ptr<Election> clone() const override {
    return std::make_unique<BasicElection>(*this);
  }

  void begin(const Candidacy& candidacy, MonotonicTime now,
             std::vector<ElectionMessage>& out) override {
    candidacy_ = candidacy;
    start_over(now, out);
  }

  void settle(const Vote& vote, PeerState state) override {
    ZT_ASSERT(state != PeerState::kLooking);
    vote_ = vote;
    state_ = state;
    turn_ends_.reset();
  }

  void receive(ServerId from, const Notification& n, MonotonicTime now,
               std::vector<ElectionMessage>& out) override;
  void tick(MonotonicTime now, bool delivered, std::vector<ElectionMessage>& out) override;
  std::optional<MonotonicTime> next_deadline() const override { return turn_ends_; }
  const std::optional<Decision>& decision() const override { return decision_; }

  void set_ensembles(const quorum::Ensemble& current, const quorum::Ensemble* last_seen,
                     MonotonicTime now, std::vector<ElectionMessage>& out) override {
    electorate_ = Electorate(current, last_seen);
    if (is_looking()) start_over(now, out);
  }

  int64_t round() const override { return question_; }
  uint64_t fingerprint() const override;
  void carry_state(StateArchive& archive) override {
    archive(config_, electorate_, candidacy_, state_, vote_, silent_turns_, question_, answers_,
            interval_, turn_began_, turn_ends_, decision_);
  }

 private:
  bool is_looking() const { return turn_ends_.has_value(); }
  Vote own_vote() const;
  void start_over(MonotonicTime now, std::vector<ElectionMessage>& out);
  void ask(MonotonicTime now, std::vector<ElectionMessage>& out);
  void answer(ServerId to, int64_t question, std::vector<ElectionMessage>& out) const;
  bool is_valid(const Answer& answer) const;
  bool has_quorum_answered() const;
  bool try_to_decide();
  void adopt_best();

  ElectionConfig config_;
  Electorate electorate_;
  Candidacy candidacy_;
  PeerState state_ = PeerState::kLooking;
  Vote vote_;
  int silent_turns_ = 0;  // of the candidate of vote_
  int64_t question_ = 0;
  std::map<ServerId, Answer> answers_;
  Duration interval_;
  MonotonicTime turn_began_;
  std::optional<MonotonicTime> turn_ends_;  // set while LOOKING
  std::optional<Decision> decision_;
};

Vote BasicElection::own_vote() const {
  Vote vote{.leader = kNobody, .zxid = Zxid(quorum::kNoVote), .peer_epoch = quorum::kNoVote};
  if (candidacy_.may_vote && electorate_.is_voter(config_.self) &&
      candidacy_.last_logged != kUnverified) {
    vote.leader = config_.self;
    vote.zxid = candidacy_.last_logged;
    vote.peer_epoch = candidacy_.current_epoch;
  }
  return vote;
}

void BasicElection::start_over(MonotonicTime now, std::vector<ElectionMessage>& out) {
  state_ = PeerState::kLooking;
  decision_.reset();
  vote_ = own_vote();
  silent_turns_ = 0;
  interval_ = config_.notification_interval_min;
  ask(now, out);
}

void BasicElection::ask(MonotonicTime now, std::vector<ElectionMessage>& out) {
  ++question_;
  turn_began_ = now;
  turn_ends_ = now + interval_;
  answers_.clear();
  Notification n;
  n.leader = kNobody;
  n.zxid = Zxid(quorum::kNoVote);
  n.peer_epoch = quorum::kNoVote;
  n.election_epoch = question_;
  for (ServerId id : electorate_.voters()) {
    if (id != config_.self) {
      out.push_back({.to = id, .notification = n});
    } else if (vote_.leader != kNobody) {
      answers_[id] = {.vote = vote_};
    }
  }
}

// A server that has no vote stays silent: it counts for nothing.
void BasicElection::answer(ServerId to, int64_t question, std::vector<ElectionMessage>& out) const {
  if (vote_.leader == kNobody) return;
  Notification n;
  n.state = state_;
  n.leader = vote_.leader;
  n.zxid = vote_.zxid;
  n.peer_epoch = vote_.peer_epoch;
  n.election_epoch = question;
  out.push_back({.to = to, .notification = n});
}

void BasicElection::receive(ServerId from, const Notification& n, MonotonicTime now,
                            std::vector<ElectionMessage>& out) {
  if (from == config_.self) return;
  if (n.state == PeerState::kLooking && n.leader == kNobody) {
    answer(from, n.election_epoch, out);
    return;
  }
  if (!is_looking() || n.election_epoch != question_ || !electorate_.is_voter(from)) return;
  const Vote vote{.leader = n.leader, .zxid = n.zxid, .peer_epoch = n.peer_epoch};
  answers_[from] = {.vote = vote, .state = n.state};
  if (answers_.size() == electorate_.voters().size() && try_to_decide()) return;
  if (!has_quorum_answered()) return;
  const Duration wait = std::max(config_.finalize_wait, now - turn_began_);
  turn_ends_ = std::min(*turn_ends_, now + wait);
}

void BasicElection::tick(MonotonicTime now, bool /*delivered*/, std::vector<ElectionMessage>& out) {
  if (!is_looking() || now < *turn_ends_ || try_to_decide()) return;
  if (!has_quorum_answered()) {
    const Duration longest{config_.notification_interval_min.ns * kTurnsMax};
    interval_ = std::min({Duration{interval_.ns * 2}, longest, config_.notification_interval_max});
  }
  adopt_best();
  ask(now, out);
}

// A vote counts only for a voter that answered itself, with a zxid that somebody vouches for.
bool BasicElection::is_valid(const Answer& answer) const {
  return electorate_.is_voter(answer.vote.leader) && answer.vote.zxid != kUnverified &&
         answers_.contains(answer.vote.leader);
}

bool BasicElection::has_quorum_answered() const {
  return electorate_.has_all_quorums([&](ServerId id) { return answers_.contains(id); });
}

bool BasicElection::try_to_decide() {
  for (const auto& [candidate, own] : answers_) {
    const bool agreed = electorate_.has_all_quorums([&](ServerId id) {
      const auto found = answers_.find(id);
      return found != answers_.end() && is_valid(found->second) &&
             found->second.vote.leader == candidate;
    });
    // One that follows somebody else is not going to lead, whatever others remember of it.
    const bool may_lead = own.vote.leader == candidate &&
                          (own.state == PeerState::kLooking || own.state == PeerState::kLeading);
    if (!agreed || !may_lead) continue;
    if (candidate == config_.self) {
      state_ = PeerState::kLeading;
    } else {
      const bool observes = electorate_.is_observer(config_.self) || !candidacy_.may_vote;
      state_ = observes ? PeerState::kObserving : PeerState::kFollowing;
    }
    vote_ = own.vote;
    turn_ends_.reset();
    decision_ = Decision{.leader = candidate, .state = state_, .vote = vote_};
    return true;
  }
  return false;
}

void BasicElection::adopt_best() {
  silent_turns_ = answers_.contains(vote_.leader) ? 0 : silent_turns_ + 1;
  if (silent_turns_ >= kSilentTurnsMax || !electorate_.beats(vote_, own_vote())) {
    vote_ = own_vote();
    silent_turns_ = 0;
  }
  for (const auto& [id, answer] : answers_) {
    if (is_valid(answer) && electorate_.beats(answer.vote, vote_)) {
      vote_ = answer.vote;
      silent_turns_ = 0;
    }
  }
}

uint64_t BasicElection::fingerprint() const {
  RunningHash hash;
  hash.add(static_cast<uint64_t>(config_.self.value));
  electorate_.add_to(hash);
  hash.add(candidacy_.may_vote ? 1 : 0);
  hash.add(static_cast<uint64_t>(candidacy_.last_logged.value));
  hash.add(static_cast<uint64_t>(candidacy_.current_epoch));
  hash.add(static_cast<uint64_t>(state_));
  vote_.add_to(hash);
  hash.add(static_cast<uint64_t>(silent_turns_));
  hash.add(static_cast<uint64_t>(question_));
  hash.add(answers_.size());
  for (const auto& [id, answer] : answers_) {
    hash.add(static_cast<uint64_t>(id.value));
    answer.vote.add_to(hash);
    hash.add(static_cast<uint64_t>(answer.state));
  }
  hash.add(static_cast<uint64_t>(interval_.ns));
  hash.add(turn_ends_ ? static_cast<uint64_t>(turn_began_.ns) : 0);
  hash.add(turn_ends_ ? static_cast<uint64_t>(turn_ends_->ns) : 0);
  return hash.value();
}

}  // namespace

std::unique_ptr<Election> make_basic_election(const ElectionConfig& config) {
  return std::make_unique<BasicElection>(config);
}

}  // namespace zoetrope::zab
