#include "explore/election_node.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"
#include "core/quorum/notification.hpp"

namespace zoetrope::explore {

namespace {

using quorum::Notification;
using quorum::PeerState;

// So far apart that a deadline tells which time-out it is.
constexpr Duration kFinalizeWait = Duration::from_ms(1);
constexpr Duration kRepetition = Duration::from_ms(1000);
constexpr Duration kSilence = Duration::from_ms(1'000'000);

enum Own : uint8_t { kFinalize, kRepeat, kGiveUp, kEstablish };

quorum::Ensemble ensemble_of(int servers) {
  quorum::Ensemble ensemble;
  for (int64_t id = 1; id <= servers; ++id) ensemble.members[ServerId(id)].id = ServerId(id);
  return ensemble;
}

int index_of(ServerId id) {
  return static_cast<int>(id.value - 1);
}

std::string zxid_text(Zxid zxid) {
  return std::to_string(zxid.epoch()) + ":" + std::to_string(zxid.counter());
}

class ElectionNode final : public Node {
 public:
  ElectionNode(const Bounds& bounds, const zab::Candidacy& candidacy, int server)
      : servers_(bounds.servers),
        self_(server + 1),
        candidacy_(candidacy),
        timeouts_left_(bounds.timeouts) {}
  ElectionNode(const ElectionNode& other)
      : servers_(other.servers_),
        self_(other.self_),
        candidacy_(other.candidacy_),
        timeouts_left_(other.timeouts_left_),
        election_(other.election_ ? other.election_->clone() : nullptr),
        now_(other.now_),
        state_(other.state_),
        leader_(other.leader_),
        is_established_(other.is_established_),
        epoch_to_come_(other.epoch_to_come_),
        peers_(other.peers_),
        backers_(other.backers_) {}
  std::unique_ptr<Node> clone() const override { return std::make_unique<ElectionNode>(*this); }

  void start(Step& step) override {
    election_ = zab::make_fast_election(
        {.self = self_, .finalize_wait = kFinalizeWait, .notification_interval_min = kRepetition});
    std::vector<zab::ElectionMessage> out;
    election_->set_ensembles(ensemble_of(servers_), nullptr, now_, out);
    look(step);
  }
  void receive(int from, int lane, std::string_view bytes, Step& step) override;
  void lost(int peer, int lane, Step& step) override;
  void found(int peer, Step& step) override {
    peers_[peer].is_out_of_reach = false;
    if (!peers_[peer].last.empty()) step.sends.push_back({peer, 0, peers_[peer].last});
    run({}, step);
  }
  std::vector<uint8_t> own_events() const override;
  void own(uint8_t code, Step& step) override;
  void crash() override {
    election_.reset();
    now_ = {};
    state_ = PeerState::kLooking;
    is_established_ = false;
    epoch_to_come_.reset();
    peers_ = {};
    backers_.clear();
  }
  void restart(Step& step) override { start(step); }
  void silence(const Silence& seen, Step& step) override;
  Standing standing() const override {
    const bool is_settled = election_ && state_ != PeerState::kLooking;
    return {is_settled, is_settled ? index_of(leader_) : -1, is_established_,
            candidacy_.current_epoch};
  }
  std::string name_of_own(uint8_t code) const override;
  std::string name_of_message(std::string_view bytes) const override;
  std::string to_string() const override;
  uint64_t fingerprint() const override;

 private:
  void look(Step& step);
  void run(std::vector<zab::ElectionMessage> out, Step& step);
  void check_cast(const Notification& cast, Step& step) const;
  void hear_backer(ServerId from, const Notification& vote);
  void take_decision(Step& step);
  void establish(int64_t epoch);
  bool is_finalizing() const {
    return election_->next_deadline() && *election_->next_deadline() - now_ <= kFinalizeWait;
  }

  struct Peer {
    std::string last;  // said again on a new connection, until a leader is found
    bool is_out_of_reach = false;
  };

  int servers_;
  ServerId self_;
  zab::Candidacy candidacy_;
  int timeouts_left_;
  std::unique_ptr<zab::Election> election_;
  MonotonicTime now_;
  PeerState state_ = PeerState::kLooking;
  ServerId leader_;
  bool is_established_ = false;
  std::optional<int64_t> epoch_to_come_;
  std::array<Peer, kServersMax> peers_;
  std::map<int64_t, unsigned> backers_;  // who has voted for this server, by round
};

void ElectionNode::look(Step& step) {
  state_ = PeerState::kLooking;
  is_established_ = false;
  epoch_to_come_.reset();
  std::vector<zab::ElectionMessage> out;
  election_->begin(candidacy_, now_, out);
  run(std::move(out), step);
}

// As zab::Peer does: what is said to itself comes back at once, and waiting ends with the last who
// could say anything.
void ElectionNode::run(std::vector<zab::ElectionMessage> out, Step& step) {
  for (size_t i = 0; i < out.size() || state_ == PeerState::kLooking; ++i) {
    if (i == out.size()) {
      election_->stop_waiting([&](ServerId id) { return peers_[index_of(id)].is_out_of_reach; },
                              out);
      if (i == out.size()) break;
    }
    const zab::ElectionMessage message = out[i];
    check_cast(message.notification, step);
    if (message.to == self_) {
      hear_backer(self_, message.notification);
      election_->receive(self_, message.notification, now_, out);
      continue;
    }
    std::string& bytes = peers_[index_of(message.to)].last;
    bytes.clear();
    quorum::append_notification(bytes, message.notification);
    step.sends.push_back({index_of(message.to), 0, bytes});
  }
  if (state_ == PeerState::kLooking && election_->decision()) take_decision(step);
}

// Of its own accord nobody votes for a history that is behind its own.
void ElectionNode::check_cast(const Notification& cast, Step& step) const {
  if (cast.state != PeerState::kLooking || cast.leader == ServerId(quorum::kNoVote)) return;
  if (std::tuple(cast.peer_epoch, cast.zxid) >=
      std::tuple(candidacy_.current_epoch, candidacy_.last_logged)) {
    return;
  }
  step.violate("votes_go_to_the_newest_history",
               "server " + std::to_string(self_.value) + " has epoch " +
                   std::to_string(candidacy_.current_epoch) + ", zxid " +
                   zxid_text(candidacy_.last_logged) + " and votes for server " +
                   std::to_string(cast.leader.value) + " with epoch " +
                   std::to_string(cast.peer_epoch) + ", zxid " + zxid_text(cast.zxid));
}

void ElectionNode::hear_backer(ServerId from, const Notification& vote) {
  backers_.erase(backers_.begin(), backers_.lower_bound(election_->round()));
  if (vote.leader != self_ || vote.election_epoch < election_->round()) return;
  backers_[vote.election_epoch] |= 1U << index_of(from);
}

void ElectionNode::take_decision(Step& step) {
  const zab::Decision decision = *election_->decision();
  state_ = decision.state;
  leader_ = decision.leader;
  election_->settle(decision.vote, state_);
  for (Peer& peer : peers_) peer.last.clear();
  if (state_ != PeerState::kLeading) return;
  const auto found = backers_.find(decision.vote.election_epoch);
  const int votes = found == backers_.end() ? 0 : __builtin_popcount(found->second);
  if (2 * votes > servers_) return;
  step.violate("leaders_have_a_quorum",
               "server " + std::to_string(self_.value) + " leads, elected in round " +
                   std::to_string(decision.vote.election_epoch) + " by " + std::to_string(votes) +
                   " of " + std::to_string(servers_));
}

void ElectionNode::receive(int from, int, std::string_view bytes, Step& step) {
  const auto notification = quorum::read_notification(bytes.substr(sizeof(int32_t)));
  ZT_ASSERT(notification);
  hear_backer(ServerId(from + 1), *notification);
  std::vector<zab::ElectionMessage> out;
  election_->receive(ServerId(from + 1), *notification, now_, out);
  run(std::move(out), step);
}

// A follower leaves a leader that is gone, and a leader goes when no quorum is connected.
void ElectionNode::lost(int peer, int, Step& step) {
  peers_[peer].is_out_of_reach = true;
  const auto reached =
      1 + std::ranges::count_if(peers_, [&](const Peer& other) {
        const auto index = &other - peers_.data();
        return index < servers_ && index != index_of(self_) && !other.is_out_of_reach;
      });
  const bool is_left = state_ == PeerState::kFollowing && index_of(leader_) == peer;
  const bool is_alone = state_ == PeerState::kLeading && 2 * reached <= servers_;
  is_left || is_alone ? look(step) : run({}, step);
}

std::vector<uint8_t> ElectionNode::own_events() const {
  std::vector<uint8_t> codes;
  if (!election_) return codes;
  const bool is_looking = state_ == PeerState::kLooking;
  if (is_looking && is_finalizing()) codes.push_back(kFinalize);
  if (timeouts_left_ > 0 && is_looking && !is_finalizing()) codes.push_back(kRepeat);
  if (timeouts_left_ > 0 && !is_looking) codes.push_back(kGiveUp);
  if (epoch_to_come_) codes.push_back(kEstablish);
  return codes;
}

void ElectionNode::own(uint8_t code, Step& step) {
  if (code == kEstablish) return establish(*epoch_to_come_);
  if (code != kFinalize) --timeouts_left_;
  if (code == kGiveUp) return look(step);
  // Waiting is over within no time, as nothing else depends on it; a repetition takes its time, so
  // that what was answered before may be answered again.
  const MonotonicTime then = *election_->next_deadline();
  if (code == kRepeat) now_ = then;
  std::vector<zab::ElectionMessage> out;
  election_->tick(then, true, out);
  run(std::move(out), step);
}

void ElectionNode::establish(int64_t epoch) {
  is_established_ = true;
  epoch_to_come_.reset();
  candidacy_.current_epoch = epoch;
  zab::Vote vote = election_->decision()->vote;
  vote.peer_epoch = epoch;
  election_->settle(vote, state_);
}

// A leader with a quorum is established meanwhile; its followers know it sooner or later.
void ElectionNode::silence(const Silence& seen, Step& step) {
  now_ = now_ + kSilence;
  if (state_ == PeerState::kLooking) {
    std::vector<zab::ElectionMessage> out;
    election_->tick(now_, true, out);
    return run(std::move(out), step);
  }
  if (state_ == PeerState::kLeading) {
    if (!seen.has_quorum) return look(step);
    if (!is_established_) establish(seen.epoch + 1);
  } else if (!seen.leader_is_there) {
    look(step);
  } else if (!is_established_ && seen.leader_is_established) {
    epoch_to_come_ = seen.epoch;
  }
}

std::string ElectionNode::name_of_own(uint8_t code) const {
  switch (code) {
    case kFinalize: return "has waited long enough for a better vote";
    case kRepeat: return "repeats its vote";
    case kGiveUp: return "gives its role up";
    default: return "is synchronised with its leader";
  }
}

std::string ElectionNode::name_of_message(std::string_view bytes) const {
  const auto vote = quorum::read_notification(bytes.substr(sizeof(int32_t)));
  return std::string(quorum::to_string(vote->state)) + ", votes for server " +
         std::to_string(vote->leader.value) + " with epoch " + std::to_string(vote->peer_epoch) +
         ", zxid " + zxid_text(vote->zxid) + ", round " + std::to_string(vote->election_epoch);
}

std::string ElectionNode::to_string() const {
  std::string text(quorum::to_string(state_));
  if (state_ != PeerState::kLooking) text += ", leader is server " + std::to_string(leader_.value);
  if (is_established_) text += ", established";
  return text + ", epoch " + std::to_string(candidacy_.current_epoch) + ", round " +
         std::to_string(election_ ? election_->round() : 0);
}

uint64_t ElectionNode::fingerprint() const {
  RunningHash hash;
  hash.add(static_cast<uint64_t>(self_.value));
  hash.add(static_cast<uint64_t>(timeouts_left_));
  hash.add(static_cast<uint64_t>(candidacy_.current_epoch));
  hash.add(static_cast<uint64_t>(candidacy_.last_logged.value));
  hash.add(election_ ? election_->fingerprint() : 0);
  hash.add(static_cast<uint64_t>(now_.ns));
  hash.add(static_cast<uint64_t>(state_));
  hash.add(state_ == PeerState::kLooking ? 0 : static_cast<uint64_t>(leader_.value));
  hash.add(uint64_t{is_established_});
  hash.add(static_cast<uint64_t>(epoch_to_come_.value_or(-1)));
  for (const Peer& peer : peers_) {
    hash.add(uint64_t{peer.is_out_of_reach});
    hash.add(peer.last);
  }
  for (const auto& [round, mask] : backers_) {
    hash.add(static_cast<uint64_t>(round));
    hash.add(uint64_t{mask});
  }
  return hash.value();
}

}  // namespace

std::unique_ptr<Node> make_election_node(const Bounds& bounds, const Candidates& candidates,
                                         int server) {
  return std::make_unique<ElectionNode>(bounds, candidates[static_cast<size_t>(server)], server);
}

}  // namespace zoetrope::explore
