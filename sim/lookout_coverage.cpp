// What of the protocol was reached, as the lookout sees it.
#include <algorithm>
#include <utility>
#include <variant>

#include "sim/lookout.hpp"

namespace zoetrope::sim {

using quorum::PacketType;
using quorum::PeerState;

// --- lives
// -----------------------------------------------------------------------------------------

void Lookout::recovers(uint32_t server, const SimDisk& disk) {
  if (coverage_ == nullptr) return;
  if (const auto end = std::exchange(pasts_[server].end, std::nullopt)) coverage_->happens(*end);
  size_t logs = 0, snapshots = 0;
  std::optional<std::string> accepted, current;
  for (const storage::Folder folder : {storage::Folder::kLog, storage::Folder::kSnapshot}) {
    for (const storage::FileInfo& file : disk.list(folder)) {
      const std::string_view name = file.name;
      logs += name.starts_with("log.") ? 1 : 0;
      snapshots += name.starts_with("snapshot.") ? 1 : 0;
      if (name.starts_with("tmp.snapshot.")) coverage_->happens(Incident::kUnfinishedSnapshot);
      if (name == "currentEpoch.tmp") coverage_->happens(Incident::kAnnouncedEpoch);
      if (name == "acceptedEpoch") accepted = *disk.content({folder, file.name});
      if (name == "currentEpoch") current = *disk.content({folder, file.name});
    }
  }
  for (const storage::FileInfo& file : disk.list(storage::Folder::kConfig)) {
    if (file.name.ends_with(".next")) coverage_->happens(Incident::kProposedConfiguration);
  }
  if (accepted && accepted != current) coverage_->happens(Incident::kAcceptedAheadOfCurrent);
  if (logs > 1) coverage_->happens(Incident::kManyLogs);
  coverage_->happens(logs == 0 ? snapshots == 0 ? Incident::kEmptyDisk : Incident::kSnapshotAlone
                     : snapshots == 0 ? Incident::kLogAlone
                                      : Incident::kSnapshotAndLog);
}

void Lookout::refuses_to_start(uint32_t server, bool is_interrupted) {
  if (coverage_ == nullptr) return;
  if (servers_[server].runs) {
    coverage_->happens(Incident::kDiesReloading);
  } else {
    coverage_->happens(is_interrupted ? Incident::kInterruptedRecovery
                                      : Incident::kRefusedForDiskFault);
  }
}

void Lookout::halts(uint32_t server, bool is_orderly) {
  pasts_[server].is_halted = true;
  pasts_[server].end = is_orderly ? Incident::kAfterStop : Incident::kAfterFailedDisk;
}

void Lookout::dies(uint32_t server, DeathKind how, bool loses_data) {
  const Server seen = std::exchange(servers_[server], {});
  if (coverage_ == nullptr) return;
  Past& past = pasts_[server];
  if (std::exchange(past.is_halted, false)) return;
  past.end = how == DeathKind::kKill ? Incident::kAfterKill
             : loses_data            ? Incident::kAfterLoss
                                     : Incident::kAfterPowerLoss;
  coverage_->dies(how, part_of(seen.standing), seen.last_moment);
  if (!seen.standing || !seen.standing->is_changing) return;
  const bool leads = seen.standing->state == PeerState::kLeading;
  const bool follows = seen.standing->state == PeerState::kFollowing;
  if (leads) coverage_->happens(Incident::kDiesDuringChangeLeading);
  if (follows) coverage_->happens(Incident::kDiesDuringChangeFollowing);
}

// --- roles
// -----------------------------------------------------------------------------------------

// `now` is not yet what is known of the server.
void Lookout::count_turn(uint32_t server, const std::optional<Standing>& now) {
  const std::optional<Standing> before = servers_[server].standing;
  if (!now || !before) return;
  const Part from = part_of(before), to = part_of(now);
  if (from != to) coverage_->turns(from, to);
  count_change(*before, *now);
  if (now->state != before->state && now->state == PeerState::kLeading) count_election(server);
  if (now->serves && !before->serves) {
    Past& past = pasts_[server];
    const auto role = std::exchange(past.role, now->state);
    if (role == PeerState::kFollowing && now->state == PeerState::kObserving) {
      coverage_->happens(Incident::kFollowerBecomesObserver);
    }
    if (role == PeerState::kObserving && now->state == PeerState::kFollowing) {
      coverage_->happens(Incident::kObserverBecomesFollower);
    }
    if (now->state == PeerState::kLeading) {
      if (leaders(true) > 0) coverage_->happens(Incident::kTwoLeadersServe);
      last_leader_ = server;
    }
  }
  const bool follows = now->state != before->state && now->state != PeerState::kLooking;
  if (follows && now->state != PeerState::kLeading && leaders(true) > 0) {
    coverage_->happens(Incident::kJoinsServingLeader);
  }
}

size_t Lookout::leaders(bool serving) const {
  return static_cast<size_t>(std::ranges::count_if(servers_, [&](const Server& server) {
    return server.standing && server.standing->state == PeerState::kLeading &&
           (server.serves || !serving);
  }));
}

void Lookout::count_election(uint32_t server) {
  if (leaders(false) > 0) coverage_->happens(Incident::kTwoLead);
  if (last_leader_) {
    coverage_->happens(*last_leader_ == server ? Incident::kElectedAgain
                                               : Incident::kElectedAfterAnother);
  }
  bool is_highest = true, is_lower = false, all_run = true;
  for (uint32_t other = 0; other < servers_.size(); ++other) {
    const Server& seen = servers_[other];
    all_run = all_run && seen.runs;
    const bool votes = seen.standing && seen.standing->state != PeerState::kObserving;
    if (other <= server || !votes || pasts_[other].role == PeerState::kObserving) continue;
    is_highest = false;
    is_lower = true;
  }
  if (is_highest) coverage_->happens(Incident::kElectedWithHighestId);
  if (is_lower) coverage_->happens(Incident::kElectedOverHigherId);
  coverage_->happens(all_run ? Incident::kElectedWithAll : Incident::kElectedWithoutSome);
  if (servers_[server].standing->is_changing) {
    coverage_->happens(Incident::kElectedDuringChange);
  }
}

void Lookout::count_change(const Standing& before, const Standing& now) {
  if (now.is_changing && !before.is_changing) {
    coverage_->happens(now.state == PeerState::kLeading   ? Incident::kChangeProposedAtLeader
                       : now.state == PeerState::kLooking ? Incident::kChangeKnownAtStart
                                                          : Incident::kChangeKnownToFollower);
  }
  if (now.config_version > before.config_version) {
    const bool in_sync =
        before.phase == zab::RolePhase::kSynchronisation && before.state != PeerState::kLooking;
    coverage_->happens(before.state == PeerState::kLooking   ? Incident::kInForceWhileLooking
                       : in_sync                             ? Incident::kInForceWhileSynchronising
                       : before.state == PeerState::kLeading ? Incident::kInForceAtLeader
                       : before.state == PeerState::kFollowing ? Incident::kInForceAtFollower
                                                               : Incident::kInForceAtObserver);
  } else if (before.is_changing && !now.is_changing) {
    coverage_->happens(Incident::kChangeDropped);
  }
}

// --- messages
// --------------------------------------------------------------------------------------

void Lookout::receives(uint32_t server, const Passage& received, std::string_view bytes) {
  Server& seen = servers_[server];
  const Part at = part_of(seen.standing);
  Link& of = link(seen, received.connection);
  switch (received.port) {
    case node::Port::kQuorum:
    case node::Port::kObserverMaster:
      of.received.take(bytes, [&](const quorum::Packet& packet) {
        const auto message = message_of(packet.type, received.side == Side::kOpener);
        if (message) coverage_->arrives(*message, at);
      });
      break;
    case node::Port::kElection:
      of.heard.take(bytes, received.side == Side::kAcceptor, [&](const auto& notification) {
        if (static_cast<size_t>(notification.state) < kNotificationKinds) {
          coverage_->arrives(message_of(notification.state), at);
        }
      });
      break;
    case node::Port::kClient:
      of.asked.take(bytes, [&](size_t message) {
        const bool is_unserved = is_request(message) && !serves_clients(at);
        coverage_->arrives(is_unserved ? message_of(ClientMessage::kUnserved) : message, at);
      });
      break;
  }
}

void Lookout::count_synchronisation(uint32_t leader, Link& link, const Passage& sent,
                                    const quorum::Packet& packet) {
  const bool opens = packet.type == PacketType::kDiff || packet.type == PacketType::kTrunc ||
                     packet.type == PacketType::kSnap;
  if (opens) link.opened_by = packet.type;
  if (!link.opened_by) return;
  link.is_from_log = link.is_from_log || servers_[leader].reads_log;
  link.has_proposals = link.has_proposals || packet.type == PacketType::kProposal;
  if (packet.type != PacketType::kNewLeader || sent.peer.value >= servers_.size()) return;
  const auto path = [&] {
    const bool is_trunc = link.opened_by == PacketType::kTrunc;
    if (link.opened_by == PacketType::kSnap) {
      return link.has_proposals ? SyncPath::kSnapThenProposals : SyncPath::kSnap;
    }
    if (!link.has_proposals) return is_trunc ? SyncPath::kTrunc : SyncPath::kEmptyDiff;
    if (link.is_from_log) return is_trunc ? SyncPath::kTruncThenLog : SyncPath::kDiffFromLog;
    return is_trunc ? SyncPath::kTruncThenMemory : SyncPath::kDiffFromMemory;
  }();
  const auto& learner = servers_[sent.peer.value].standing;
  const bool observes = learner && learner->state == PeerState::kObserving;
  const Server& seen = servers_[leader];
  const bool relays = seen.standing && seen.standing->state == PeerState::kFollowing;
  coverage_->synchronises(path, relays        ? SyncPair::kObserverOfFollower
                                : observes    ? seen.serves ? SyncPair::kObserverOfServingLeader
                                                            : SyncPair::kObserverOfNewLeader
                                : seen.serves ? SyncPair::kFollowerOfServingLeader
                                              : SyncPair::kFollowerOfNewLeader);
  link.opened_by.reset();
}

}  // namespace zoetrope::sim
