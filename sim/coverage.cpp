#include "sim/coverage.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace zoetrope::sim {
namespace {

using jute::OpCode;
using quorum::PacketType;

constexpr std::string_view kParts[] = {"a server alone",
                                       "LOOKING",
                                       "LEADING in discovery",
                                       "LEADING in synchronisation",
                                       "LEADING in broadcast",
                                       "FOLLOWING in discovery",
                                       "FOLLOWING in synchronisation",
                                       "FOLLOWING in broadcast",
                                       "OBSERVING in discovery",
                                       "OBSERVING in synchronisation",
                                       "OBSERVING in broadcast"};
static_assert(std::size(kParts) == kPartCount);

constexpr PacketType kOfLearner[] = {PacketType::kFollowerInfo, PacketType::kObserverInfo,
                                     PacketType::kAckEpoch,     PacketType::kAck,
                                     PacketType::kRequest,      PacketType::kPing,
                                     PacketType::kRevalidate,   PacketType::kSync};
constexpr PacketType kOfLeader[] = {PacketType::kLeaderInfo,
                                    PacketType::kDiff,
                                    PacketType::kTrunc,
                                    PacketType::kSnap,
                                    PacketType::kNewLeader,
                                    PacketType::kUpToDate,
                                    PacketType::kProposal,
                                    PacketType::kCommit,
                                    PacketType::kCommitAndActivate,
                                    PacketType::kInform,
                                    PacketType::kInformAndActivate,
                                    PacketType::kPing,
                                    PacketType::kRevalidate,
                                    PacketType::kSync};
static_assert(std::size(kOfLearner) + std::size(kOfLeader) == kPacketKinds);

constexpr std::string_view kClientMessages[] = {"connect for a new session",
                                                "connect for an old session", "four-letter word",
                                                "request that cannot be served", "malformed frame"};
constexpr OpCode kOps[] = {OpCode::kCreate,
                           OpCode::kCreate2,
                           OpCode::kCreateContainer,
                           OpCode::kCreateTtl,
                           OpCode::kDelete,
                           OpCode::kExists,
                           OpCode::kGetData,
                           OpCode::kSetData,
                           OpCode::kGetAcl,
                           OpCode::kSetAcl,
                           OpCode::kGetChildren,
                           OpCode::kGetChildren2,
                           OpCode::kSync,
                           OpCode::kPing,
                           OpCode::kMulti,
                           OpCode::kMultiRead,
                           OpCode::kReconfig,
                           OpCode::kCheckWatches,
                           OpCode::kRemoveWatches,
                           OpCode::kAuth,
                           OpCode::kSetWatches,
                           OpCode::kSetWatches2,
                           OpCode::kAddWatch,
                           OpCode::kGetEphemerals,
                           OpCode::kGetAllChildrenNumber,
                           OpCode::kWhoAmI,
                           OpCode::kSasl,
                           OpCode::kCloseSession};
static_assert(std::size(kClientMessages) + std::size(kOps) == kClientKinds);

constexpr size_t kOfLearnerAt = kNotificationKinds;
constexpr size_t kOfLeaderAt = kOfLearnerAt + std::size(kOfLearner);
constexpr size_t kClientAt = kOfLeaderAt + std::size(kOfLeader);
constexpr size_t kOpsAt = kClientAt + std::size(kClientMessages);

constexpr std::string_view kSyncPaths[] = {"an empty DIFF",
                                           "a DIFF from memory",
                                           "a DIFF from the log",
                                           "a TRUNC",
                                           "a TRUNC and proposals from memory",
                                           "a TRUNC and proposals from the log",
                                           "a SNAP",
                                           "a SNAP and proposals behind it"};
constexpr std::string_view kSyncPairs[] = {
    "a follower of a new leader", "a follower of a serving leader", "an observer of a new leader",
    "an observer of a serving leader", "an observer of a follower"};
static_assert(std::size(kSyncPaths) == kSyncPathCount && std::size(kSyncPairs) == kSyncPairCount);

constexpr std::string_view kIncidents[] = {
    "a server starts with an empty disk",
    "a server starts with a log alone",
    "a server starts with a snapshot alone",
    "a server starts with a snapshot and a log",
    "a server starts with several logs",
    "a server starts and finds an unfinished snapshot",
    "a server starts with acceptedEpoch ahead of currentEpoch",
    "a server starts and finds a currentEpoch that was announced and not put in place",
    "a server starts and finds a proposed configuration",
    "the machine crashes during recovery",
    "a server refuses to start for a failing disk",
    "the machine crashes while the log is cut",
    "a server comes back from a kill",
    "a server comes back from a power loss",
    "a server comes back from a power loss that lost unsynced data",
    "a server comes back from an orderly stop",
    "a server comes back from a stop for a failed disk",
    "a leader is elected that has the highest id of those who vote",
    "a leader is elected over a voter of a higher id that runs",
    "a server is elected that led last",
    "a server is elected after another one",
    "a leader is elected while a voter is down",
    "a leader is elected while all voters run",
    "two servers lead at a time",
    "two servers lead and serve at a time",
    "a server finds a leader that serves already",
    "a leader is elected while a change of the configuration is proposed",
    "a leader has proposed a configuration",
    "a follower knows of a proposed configuration",
    "a server that looks for a leader knows of a proposed configuration",
    "a configuration comes in force at a leader",
    "a configuration comes in force at a follower",
    "a configuration comes in force at an observer",
    "a configuration comes in force in a synchronisation",
    "a configuration comes in force at a server that looks for a leader",
    "a proposed configuration is dropped",
    "a leader dies while a configuration is proposed",
    "a follower dies while a configuration is proposed",
    "a follower becomes an observer",
    "an observer becomes a follower"};
static_assert(std::size(kIncidents) == kIncidentCount);

// --- what can happen ---------------------------------------------------------------------------

bool is_one_of(Part part, std::initializer_list<Part> parts) {
  return std::ranges::find(parts, part) != parts.end();
}

// A learner says who it is and promises before it has a history to speak of; the rest comes once it
// is up. Observers come to followers, too.
bool comes_from_learner(PacketType type, Part at) {
  switch (type) {
    case PacketType::kFollowerInfo:
      return is_one_of(at, {Part::kLeadsDiscovery, Part::kLeadsSync, Part::kLeadsBroadcast});
    case PacketType::kObserverInfo:
    case PacketType::kAckEpoch:
      return is_one_of(at, {Part::kLeadsDiscovery, Part::kLeadsSync, Part::kLeadsBroadcast,
                            Part::kFollowsBroadcast});
    case PacketType::kAck:
      return is_one_of(at, {Part::kLeadsSync, Part::kLeadsBroadcast, Part::kFollowsBroadcast});
    case PacketType::kSync: return false;  // they ask for it by a REQUEST
    default: return is_one_of(at, {Part::kLeadsBroadcast, Part::kFollowsBroadcast});
  }
}

bool comes_from_leader(PacketType type, Part at) {
  const bool follows = is_one_of(at, {Part::kFollowsSync, Part::kFollowsBroadcast});
  const bool observes = is_one_of(at, {Part::kObservesSync, Part::kObservesBroadcast});
  const bool in_sync = is_one_of(at, {Part::kFollowsSync, Part::kObservesSync});
  switch (type) {
    case PacketType::kLeaderInfo:
      return is_one_of(at, {Part::kFollowsDiscovery, Part::kObservesDiscovery});
    case PacketType::kDiff:
    case PacketType::kTrunc:
    case PacketType::kSnap:
    case PacketType::kNewLeader:
    case PacketType::kUpToDate: return in_sync;
    case PacketType::kProposal:
    case PacketType::kCommit: return follows || at == Part::kObservesSync;
    case PacketType::kCommitAndActivate: return follows;
    case PacketType::kInform:
    case PacketType::kInformAndActivate: return observes;
    default: return is_one_of(at, {Part::kFollowsBroadcast, Part::kObservesBroadcast});
  }
}

// Whoever connects where no client is served, or is connected still, is turned away after a word.
bool comes_from_client(size_t message, Part at) {
  if (message == message_of(ClientMessage::kUnserved)) return !serves_clients(at);
  return message <= message_of(ClientMessage::kWord) || serves_clients(at);
}

bool can_arrive(size_t message, Part at) {
  if (message < kOfLearnerAt) return at != Part::kAlone;
  if (message < kOfLeaderAt) return comes_from_learner(kOfLearner[message - kOfLearnerAt], at);
  if (message < kClientAt) return comes_from_leader(kOfLeader[message - kOfLeaderAt], at);
  return comes_from_client(message, at);
}

// One role goes on phase by phase, and ends in LOOKING at any time. A leader that a reconfiguration
// has replaced takes its place at once.
bool can_turn(Part from, Part to) {
  if (from == to || from == Part::kAlone || to == Part::kAlone) return false;
  if (to == Part::kLooking) return true;
  if (from == Part::kLooking) {
    return is_one_of(to,
                     {Part::kLeadsDiscovery, Part::kFollowsDiscovery, Part::kObservesDiscovery});
  }
  const bool is_first =
      is_one_of(to, {Part::kLeadsDiscovery, Part::kFollowsDiscovery, Part::kObservesDiscovery});
  if (is_first) return from == Part::kLeadsBroadcast;
  return static_cast<size_t>(to) == static_cast<size_t>(from) + 1;
}

std::string message_name(size_t message) {
  static constexpr std::string_view kStates[] = {"LOOKING", "FOLLOWING", "LEADING", "OBSERVING"};
  if (message < kOfLearnerAt) {
    return "the notification of a server that is " + std::string(kStates[message]);
  }
  if (message < kOfLeaderAt) {
    return std::string(quorum::to_string(kOfLearner[message - kOfLearnerAt])) + " of a learner";
  }
  if (message < kClientAt) {
    return std::string(quorum::to_string(kOfLeader[message - kOfLeaderAt])) + " of a leader";
  }
  if (message < kOpsAt) {
    return "a client's " + std::string(kClientMessages[message - kClientAt]);
  }
  return "a client's " + std::string(jute::to_string(kOps[message - kOpsAt]));
}

std::string_view name_of_death(size_t kind) {
  return kind == 0 ? "is killed" : "loses power";
}

}  // namespace

Part part_of(const std::optional<Standing>& standing) {
  if (!standing) return Part::kAlone;
  const auto in = [&](Part first) {
    return static_cast<Part>(static_cast<size_t>(first) + static_cast<size_t>(standing->phase));
  };
  switch (standing->state) {
    case quorum::PeerState::kLooking: return Part::kLooking;
    case quorum::PeerState::kLeading: return in(Part::kLeadsDiscovery);
    case quorum::PeerState::kFollowing: return in(Part::kFollowsDiscovery);
    case quorum::PeerState::kObserving: return in(Part::kObservesDiscovery);
  }
  return Part::kLooking;
}

std::string_view to_string(Part part) {
  return kParts[static_cast<size_t>(part)];
}

bool serves_clients(Part part) {
  return is_one_of(part, {Part::kAlone, Part::kLooking, Part::kLeadsBroadcast,
                          Part::kFollowsBroadcast, Part::kObservesBroadcast});
}

bool is_request(size_t message) {
  return message >= kOpsAt || message == message_of(ClientMessage::kMalformed);
}

size_t message_of(quorum::PeerState sender) {
  return static_cast<size_t>(sender);
}

std::optional<size_t> message_of(PacketType type, bool is_of_leader) {
  if (is_of_leader) {
    const auto* const it = std::ranges::find(kOfLeader, type);
    if (it == std::end(kOfLeader)) return std::nullopt;
    return kOfLeaderAt + static_cast<size_t>(it - std::begin(kOfLeader));
  }
  const auto* const it = std::ranges::find(kOfLearner, type);
  if (it == std::end(kOfLearner)) return std::nullopt;
  return kOfLearnerAt + static_cast<size_t>(it - std::begin(kOfLearner));
}

size_t message_of(ClientMessage message) {
  return kClientAt + static_cast<size_t>(message);
}

std::optional<size_t> message_of(OpCode op) {
  const auto* const it = std::ranges::find(kOps, op);
  if (it == std::end(kOps)) return std::nullopt;
  return kOpsAt + static_cast<size_t>(it - std::begin(kOps));
}

bool is_point(size_t slot) {
  if (slot < kTransitionsAt) {
    return can_arrive(slot / kPartCount, static_cast<Part>(slot % kPartCount));
  }
  if (slot < kSyncsAt) {
    const size_t turn = slot - kTransitionsAt;
    return can_turn(static_cast<Part>(turn / kPartCount), static_cast<Part>(turn % kPartCount));
  }
  return true;
}

std::string name_of_slot(size_t slot) {
  const auto part = [](size_t number) { return std::string(kParts[number]); };
  if (slot < kTransitionsAt) {
    const std::string at = slot % kPartCount == 0 ? " arrives at " : " arrives in ";
    return message_name(slot / kPartCount) + at + part(slot % kPartCount);
  }
  if (slot < kSyncsAt) {
    const size_t turn = slot - kTransitionsAt;
    return "from " + part(turn / kPartCount) + " to " + part(turn % kPartCount);
  }
  if (slot < kDeathsAt) {
    const size_t sync = slot - kSyncsAt;
    return std::string(kSyncPairs[sync % kSyncPairCount]) + " is brought along by " +
           std::string(kSyncPaths[sync / kSyncPairCount]);
  }
  if (slot < kMomentDeathsAt) {
    const size_t death = slot - kDeathsAt;
    return "a server " + std::string(name_of_death(death / kPartCount)) + " as " +
           part(death % kPartCount);
  }
  if (slot < kIncidentsAt) {
    const size_t death = slot - kMomentDeathsAt;
    return "a server " + std::string(name_of_death(death / kMomentCount)) + " when it " +
           std::string(to_string(static_cast<Moment>(death % kMomentCount)));
  }
  return std::string(kIncidents[slot - kIncidentsAt]);
}

std::vector<Point> points() {
  std::vector<Point> all;
  for (size_t slot = 0; slot < kPointSlots; ++slot) {
    if (is_point(slot)) all.push_back({slot, name_of_slot(slot)});
  }
  return all;
}

}  // namespace zoetrope::sim
