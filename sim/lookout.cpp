#include "sim/lookout.hpp"

#include <variant>

namespace zoetrope::sim {

using quorum::PacketType;
using quorum::PeerState;

void Lookout::tell(Moment moment, uint32_t server) {
  if (servers_[server].is_ending) return;
  const auto& standing = servers_[server].standing;
  servers_[server].last_moment = moment;
  if (heard_) heard_({moment, server, standing ? std::optional(standing->state) : std::nullopt});
}

// --- the standing
// ---------------------------------------------------------------------------------

void Lookout::starts(uint32_t server, const Engine& engine) {
  servers_[server] = {};
  servers_[server].runs = true;
  servers_[server].last_processed = engine.last_processed();
  tell(Moment::kStarts, server);
}

void Lookout::steps(uint32_t server, const Engine& engine, const node::Input* input) {
  Server& seen = servers_[server];
  const bool is_reload = input != nullptr && std::holds_alternative<node::Reloaded>(*input);
  seen.reads_log = input != nullptr && std::holds_alternative<node::FileRead>(*input);
  seen.last_moment.reset();
  const bool served = seen.serves;
  tell_of_standing(server, engine.standing());
  const Zxid last = engine.last_processed();
  const bool is_news = last > seen.last_processed && !is_reload && served && seen.serves;
  seen.last_processed = last;
  if (is_news) tell(Moment::kCommits, server);
}

// What ends is told as of the standing in which it was.
void Lookout::tell_of_standing(uint32_t server, const std::optional<Standing>& now) {
  Server& seen = servers_[server];
  const bool serves = !now || now->serves;
  const bool is_other = now && (!seen.standing || seen.standing->state != now->state);
  if (seen.serves && !serves) tell(Moment::kStopsServing, server);
  if (is_other && now->state == PeerState::kLooking) tell(Moment::kLooks, server);
  const bool begins_to_serve = serves && !seen.serves;
  if (coverage_ != nullptr) count_turn(server, now);
  seen.standing = now;
  seen.serves = serves;
  if (is_other && now->state == PeerState::kLeading) tell(Moment::kIsElected, server);
  if (is_other && (now->state == PeerState::kFollowing || now->state == PeerState::kObserving)) {
    tell(Moment::kFollows, server);
  }
  if (begins_to_serve) tell(Moment::kServes, server);
}

// --- packets
// ---------------------------------------------------------------------------------

Lookout::Link& Lookout::link(Server& server, ConnectionId connection) {
  if (server.links.size() <= connection.slot()) server.links.resize(connection.slot() + 1);
  Link& link = server.links[connection.slot()];
  if (link.generation != connection.generation()) {
    link = {};
    link.generation = connection.generation();
  }
  return link;
}

void Lookout::sends(uint32_t server, const Passage& sent, std::string_view bytes) {
  if (sent.port != node::Port::kQuorum && sent.port != node::Port::kObserverMaster) return;
  Link& of = link(servers_[server], sent.connection);
  of.sent.take(bytes, [&](const quorum::Packet& packet) {
    if (sent.side == Side::kOpener) {
      see_of_learner(server, of, packet);
    } else {
      see_of_leader(server, of, sent, packet);
    }
  });
}

// The first ACK of a connection is that of NEWLEADER, which is said again after UPTODATE.
void Lookout::see_of_learner(uint32_t server, Link& link, const quorum::Packet& packet) {
  if (packet.type == PacketType::kAckEpoch) return tell(Moment::kPromisesEpoch, server);
  if (packet.type != PacketType::kAck) return;
  const bool is_of_new_leader = !std::exchange(link.has_acked_new_leader, true);
  if (is_of_new_leader) {
    tell(Moment::kAcksNewLeader, server);
  } else if (packet.zxid.counter() != 0) {
    tell(Moment::kAcks, server);
  }
}

void Lookout::see_of_leader(uint32_t server, Link& link, const Passage& sent,
                            const quorum::Packet& packet) {
  if (coverage_ != nullptr) count_synchronisation(server, link, sent, packet);
  const auto tell_learner = [&](Moment moment) {
    if (sent.peer.value < servers_.size()) tell(moment, sent.peer.value);
  };
  switch (packet.type) {
    case PacketType::kDiff: return tell_learner(Moment::kIsSentDiff);
    case PacketType::kTrunc: return tell_learner(Moment::kIsSentTrunc);
    case PacketType::kSnap: return tell_learner(Moment::kIsSentSnap);
    case PacketType::kNewLeader: return tell_learner(Moment::kIsSentNewLeader);
    case PacketType::kUpToDate: return tell_learner(Moment::kIsSentUpToDate);
    case PacketType::kProposal: break;
    default: return;
  }
  // What it sends of an older history, or once more to another follower, is no new proposal.
  Server& seen = servers_[server];
  const bool leads = seen.standing && seen.standing->state == PeerState::kLeading && seen.serves;
  const bool is_new =
      leads && packet.zxid > seen.proposed && int64_t{packet.zxid.epoch()} == seen.standing->epoch;
  if (!is_new) return;
  seen.proposed = packet.zxid;
  tell(Moment::kProposes, server);
}

// --- the disk
// -------------------------------------------------------------------------------------

namespace {

bool is_log(const storage::FileName& file) {
  return file.folder == storage::Folder::kLog && file.name.starts_with("log.");
}

}  // namespace

void Lookout::writes(uint32_t server, const storage::DiskAction& action) {
  if (const auto* write = std::get_if<storage::WriteFile>(&action)) {
    const bool begins = write->offset == 0;
    if (begins && write->file.name.starts_with("tmp.snapshot.")) {
      tell(Moment::kBeginsSnapshot, server);
    }
    if (!is_log(write->file)) return;
    if (begins) tell(Moment::kBeginsLog, server);
    tell(Moment::kAppends, server);
  } else if (const auto* sync = std::get_if<storage::SyncFile>(&action)) {
    if (is_log(sync->file)) tell(Moment::kSyncs, server);
  } else if (const auto* rename = std::get_if<storage::RenameFile>(&action)) {
    if (rename->to == "acceptedEpoch") tell(Moment::kWritesAcceptedEpoch, server);
    if (rename->to == "currentEpoch") tell(Moment::kWritesCurrentEpoch, server);
    if (rename->to.starts_with("snapshot.")) tell(Moment::kEndsSnapshot, server);
  }
}

void Lookout::cuts_log(uint32_t server) {
  tell(Moment::kTruncatesLog, server);
}

}  // namespace zoetrope::sim
