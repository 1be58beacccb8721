#include "tests/unit/zab/election_world.hpp"

#include <algorithm>

namespace zoetrope::zab {

using quorum::Notification;
using quorum::PeerState;

namespace {

constexpr Duration kLook = Duration::from_ms(50);
constexpr Duration kPatience = Duration::from_ms(600);     // of a follower (syncLimit)
constexpr Duration kInitLimit = Duration::from_ms(2'000);  // of a leader without a quorum

std::string name(ServerId id) {
  return std::to_string(id.value);
}

}  // namespace

quorum::Ensemble majority_ensemble(int64_t participants, int64_t observers) {
  quorum::Ensemble ensemble;
  for (int64_t i = 1; i <= participants + observers; ++i) {
    quorum::Member member;
    member.id = ServerId(i);
    const std::string host = "server" + std::to_string(i);
    member.quorum = {{host, 2888}};
    member.election = {{host, 3888}};
    member.role =
        i <= participants ? quorum::MemberRole::kParticipant : quorum::MemberRole::kObserver;
    ensemble.members[member.id] = member;
  }
  return ensemble;
}

ElectionWorld::ElectionWorld(const WorldOptions& options)
    : options_(options), electorate_(options.ensemble, nullptr), random_(options.seed) {
  std::vector<ServerId> ids;
  Random logs = random_.fork("logs");
  for (const auto& [id, member] : options_.ensemble.members) {
    ids.push_back(id);
    Server server;
    server.id = id;
    server.candidacy.may_vote = member.role == quorum::MemberRole::kParticipant;
    const int64_t epoch = logs.between(0, 2);
    server.candidacy.current_epoch = epoch;
    // The current epoch may be ahead of the log, never behind it.
    server.candidacy.last_logged = Zxid::make(static_cast<uint32_t>(logs.between(0, epoch)),
                                              static_cast<uint32_t>(logs.between(0, 2)));
    server.starts_at = MonotonicTime{random_.between(0, options_.start_spread.ns)};
    servers_.push_back(std::move(server));
  }
  network_ = options_.has_links
                 ? make_link_network(options_.ensemble, random_.fork("net"), options_.delay_max)
                 : make_pair_network(ids, random_.fork("net"), options_.delay_max);
  if (options_.fault_time.ns > 0) next_fault_ = MonotonicTime{random_.between(1, 500'000'000)};
}

Vote ElectionWorld::candidate_vote(const Server& server) const {
  if (!server.candidacy.may_vote) return Vote{ServerId(quorum::kNoVote), {}, 0, 0};
  return Vote{server.id, server.candidacy.last_logged, server.candidacy.current_epoch, 0};
}

ServerId ElectionWorld::best_candidate() const {
  Vote best{ServerId(quorum::kNoVote), {}, 0, 0};
  for (const Server& server : servers_) {
    if (electorate_.beats(candidate_vote(server), best)) best = candidate_vote(server);
  }
  return best.leader;
}

void ElectionWorld::start(Server& server) {
  server.starts_at.reset();
  server.is_up = true;
  const ElectionConfig config{.self = server.id};
  server.election = options_.is_basic ? make_basic_election(config) : make_fast_election(config);
  std::vector<ElectionMessage> out;
  server.election->set_ensembles(options_.ensemble, nullptr, now_, out);
  network_->start(server.id, now_);
  look(server);
}

void ElectionWorld::look(Server& server) {
  server.state = PeerState::kLooking;
  server.is_established = false;
  server.term.reset();
  std::vector<ElectionMessage> out;
  server.election->begin(server.candidacy, now_, out);
  pump(server, out);
}

void ElectionWorld::crash(Server& server) {
  server.is_up = false;
  server.is_established = false;
  server.term.reset();
  server.state = PeerState::kLooking;
  server.election.reset();
  network_->crash(server.id, now_);
}

void ElectionWorld::receive(ServerId to, ServerId from, const Notification& notification) {
  Server& server = at(to);
  if (!server.is_up) return;
  trace_.add(static_cast<uint64_t>(to.value * 1000 + from.value));
  trace_.add(static_cast<uint64_t>(notification.leader.value));
  std::vector<ElectionMessage> out;
  server.election->receive(from, notification, now_, out);
  pump(server, out);
}

// Sends what is for others and loops back what is for the server itself, until nothing is left.
void ElectionWorld::pump(Server& server, std::vector<ElectionMessage>& out) {
  for (size_t i = 0; i < out.size(); ++i) {
    const ElectionMessage message = out[i];
    record_cast(server, message.notification);
    if (message.to == server.id) {
      server.election->receive(server.id, message.notification, now_, out);
    } else {
      network_->send(server.id, message.to, message.notification, now_);
    }
  }
  stop_waiting(server);
  if (server.state != PeerState::kLooking || !server.election->decision().has_value()) return;
  const Decision& decision = *server.election->decision();
  check_decision(server, decision);
  server.state = decision.state;
  server.leader = decision.leader;
  server.last_contact = now_;
  if (options_.seed / 2 % 2 == 0) network_->forget(server.id);
  trace_.add(static_cast<uint64_t>(now_.ns));
  trace_.add(static_cast<uint64_t>(decision.leader.value));
  if (decision.state == PeerState::kLeading) {
    leads_.push_back({server.id, decision.vote.election_epoch});
    server.term = ++terms_;
  }
}

// As the owner of connections would: others are out of reach as soon as they are cut off. Those
// that never started are waited for, so that the best one wins when nothing fails.
void ElectionWorld::stop_waiting(Server& server) {
  if (server.state != PeerState::kLooking || options_.seed % 3 == 0) return;
  std::vector<ElectionMessage> out;
  const auto is_out_of_reach = [&](ServerId id) {
    return !at(id).starts_at && !is_connected(server, at(id));
  };
  server.election->stop_waiting(is_out_of_reach, out);
  for (const ElectionMessage& message : out) {
    network_->send(server.id, message.to, message.notification, now_);
  }
}

void ElectionWorld::record_cast(const Server& server, const Notification& n) {
  if (!server.candidacy.may_vote || n.leader == ServerId(quorum::kNoVote)) return;
  const Vote vote{n.leader, n.zxid, n.peer_epoch, n.election_epoch};
  const int64_t round = options_.is_basic ? 0 : n.election_epoch;
  casts_[{round, n.leader}].push_back({server.id, vote, candidate_vote(server)});
}

// A leader was voted for, in that round, by a quorum of servers none of which was better than what
// it voted for. Also of what a follower believes.
void ElectionWorld::check_decision(const Server& server, const Decision& decision) {
  const int64_t round = options_.is_basic ? 0 : decision.vote.election_epoch;
  const auto found = casts_.find({round, decision.leader});
  std::set<ServerId> voters;
  // The basic algorithm has no message to itself.
  if (options_.is_basic && !electorate_.beats(candidate_vote(server), decision.vote)) {
    voters.insert(server.id);
  }
  if (found != casts_.end()) {
    for (const Cast& cast : found->second) {
      if (!electorate_.beats(cast.candidate, cast.vote)) voters.insert(cast.voter);
    }
  }
  if (!electorate_.has_all_quorums([&](ServerId id) { return voters.contains(id); })) {
    violation_ += "server " + name(server.id) + " decided for " + name(decision.leader) +
                  " in round " + std::to_string(round) + " without a quorum that may elect it; ";
  }
  if (!electorate_.is_voter(decision.leader)) violation_ += "the leader has no vote; ";
}

bool ElectionWorld::is_connected(const Server& a, const Server& b) const {
  return a.is_up && b.is_up &&
         (a.id == b.id || !cuts_.contains({std::min(a.id, b.id), std::max(a.id, b.id)}));
}

// What the quorum port would bring about: leaders with a quorum of followers become established,
// those without give up, and so do servers that do not find their leader leading.
void ElectionWorld::look_around() {
  for (Server& server : servers_) {
    if (!server.is_up || server.state == PeerState::kLooking) continue;
    if (server.state == PeerState::kLeading) {
      look_around(server);
      continue;
    }
    const Server& leader = at(server.leader);
    if (server.term.has_value() && leader.term != server.term) {
      look(server);
    } else if (is_connected(server, leader) && leader.state == PeerState::kLeading) {
      server.last_contact = now_;
      server.term = leader.term;
      if (leader.is_established && !server.is_established) {
        server.is_established = true;
        server.candidacy.last_logged = leader.candidacy.last_logged;
        server.candidacy.current_epoch = leader.candidacy.current_epoch;
        Vote vote = server.election->decision()->vote;
        vote.peer_epoch = server.candidacy.current_epoch;
        server.election->settle(vote, server.state);
      }
    } else if (now_ - server.last_contact > kPatience) {
      look(server);
    }
  }
}

void ElectionWorld::look_around(Server& leader) {
  const bool has_quorum = electorate_.has_all_quorums([&](ServerId id) {
    const Server& other = at(id);
    return id == leader.id || (other.state == PeerState::kFollowing && other.leader == leader.id &&
                               other.term == leader.term && is_connected(other, leader));
  });
  if (has_quorum) leader.last_contact = now_;
  if (has_quorum && !leader.is_established) {
    leader.is_established = true;
    int64_t epoch = 0;
    for (const Server& server : servers_) epoch = std::max(epoch, server.candidacy.current_epoch);
    leader.candidacy.current_epoch = epoch + 1;
    Vote vote = leader.election->decision()->vote;
    vote.peer_epoch = epoch + 1;
    leader.election->settle(vote, PeerState::kLeading);
  } else if (has_quorum && random_.one_in(4)) {
    const Zxid logged = leader.candidacy.last_logged;
    const auto epoch = static_cast<uint32_t>(leader.candidacy.current_epoch);
    leader.candidacy.last_logged = logged.epoch() == epoch ? logged.next() : Zxid::make(epoch, 1);
    for (Server& other : servers_) {
      if (other.is_established && other.leader == leader.id && is_connected(other, leader) &&
          !random_.one_in(3)) {
        other.candidacy.last_logged = leader.candidacy.last_logged;
      }
    }
  } else if (now_ - leader.last_contact > (leader.is_established ? kPatience : kInitLimit)) {
    look(leader);
  }
}

void ElectionWorld::inject_fault() {
  next_fault_ = now_ + Duration{random_.between(1, 1'500'000'000)};
  Server& victim = servers_[random_.below(servers_.size())];
  Server& other = servers_[random_.below(servers_.size())];
  switch (random_.below(4)) {
    case 0:
      if (victim.is_up) {
        crash(victim);
        victim.starts_at = now_ + Duration{random_.between(1, 3'000'000'000)};
      }
      break;
    case 1:  // a partition between a random set and the rest
      for (const Server& a : servers_) {
        for (const Server& b : servers_) {
          if (a.id < b.id && random_.one_in(2) && cuts_.insert({a.id, b.id}).second) {
            network_->set_cut(a.id, b.id, true, now_);
          }
        }
      }
      break;
    case 2:
      for (const auto& [a, b] : std::exchange(cuts_, {})) network_->set_cut(a, b, false, now_);
      break;
    case 3:
      if (victim.id != other.id) network_->break_connection(victim.id, other.id, now_);
      break;
  }
}

void ElectionWorld::stop_faults() {
  next_fault_.reset();
  for (const auto& [a, b] : std::exchange(cuts_, {})) network_->set_cut(a, b, false, now_);
  for (Server& server : servers_) {
    if (server.starts_at.has_value()) server.starts_at = std::min(*server.starts_at, now_);
  }
}

void ElectionWorld::step(MonotonicTime limit) {
  MonotonicTime next = std::min(limit, next_look_);
  const auto consider = [&](const std::optional<MonotonicTime>& time) {
    if (time.has_value()) next = std::min(next, *time);
  };
  consider(network_->next_event());
  consider(next_fault_);
  for (const Server& server : servers_) {
    consider(server.starts_at);
    if (server.is_up) consider(server.election->next_deadline());
  }
  now_ = std::max(now_, next);
  network_->run_until(
      now_, [&](ServerId to, ServerId from, const Notification& n) { receive(to, from, n); });
  for (Server& server : servers_) {
    if (server.starts_at.has_value() && *server.starts_at <= now_) start(server);
    if (!server.is_up || server.state != PeerState::kLooking) continue;
    const std::optional<MonotonicTime> deadline = server.election->next_deadline();
    if (!deadline.has_value() || *deadline > now_) continue;
    std::vector<ElectionMessage> out;
    server.election->tick(now_, network_->is_delivered(server.id), out);
    pump(server, out);
  }
  if (next_fault_.has_value() && *next_fault_ <= now_) {
    if (now_ >= faults_end()) {
      stop_faults();
    } else {
      inject_fault();
    }
  }
  if (next_look_ <= now_) {
    look_around();
    next_look_ = now_ + kLook;
  }
}

bool ElectionWorld::is_settled() const {
  if (next_fault_.has_value() || !servers_.front().is_up) return false;
  const ServerId leader = servers_.front().leader;
  return std::all_of(servers_.begin(), servers_.end(), [&](const Server& server) {
    const PeerState expected = server.id == leader         ? PeerState::kLeading
                               : server.candidacy.may_vote ? PeerState::kFollowing
                                                           : PeerState::kObserving;
    return server.is_up && server.is_established && server.leader == leader &&
           server.state == expected;
  });
}

bool ElectionWorld::run_until_settled(MonotonicTime limit) {
  while (now_ < limit && !is_settled()) step(limit);
  return is_settled();
}

void ElectionWorld::run_until(MonotonicTime limit) {
  while (now_ < limit) step(limit);
}

uint64_t ElectionWorld::fingerprint() const {
  RunningHash hash = trace_;
  for (const Server& server : servers_) {
    hash.add(server.election == nullptr ? 0 : server.election->fingerprint());
  }
  hash.add(network_->fingerprint());
  hash.add(static_cast<uint64_t>(now_.ns));
  return hash.value();
}

std::string ElectionWorld::describe() const {
  std::string text = "seed " + std::to_string(options_.seed) + " at " + std::to_string(now_.ms()) +
                     " ms: " + violation_;
  for (const Server& server : servers_) {
    text += "\n  server " + name(server.id);
    if (!server.is_up) {
      text += " down";
      continue;
    }
    text += " " + std::string(to_string(server.state)) + " leader " + name(server.leader) +
            (server.is_established ? " established" : "") + " epoch " +
            std::to_string(server.candidacy.current_epoch) + " zxid " +
            std::to_string(server.candidacy.last_logged.value) + " round " +
            std::to_string(server.election->round());
  }
  return text;
}

}  // namespace zoetrope::zab
