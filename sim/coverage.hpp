// Which states and transitions of the protocol a run has reached: a fixed table of points, each
// with a name, and the set of those that were reached. Owns the set; what cannot happen is not in
// the table, so that "reached k of n" has a meaning.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/jute/opcode.hpp"
#include "core/quorum/notification.hpp"
#include "core/quorum/packet.hpp"
#include "sim/engine.hpp"
#include "sim/moment.hpp"
#include "sim/step.hpp"

namespace zoetrope::sim {

// A server's role and how far it has come in it.
enum class Part : uint8_t {
  kAlone,
  kLooking,
  kLeadsDiscovery,
  kLeadsSync,
  kLeadsBroadcast,
  kFollowsDiscovery,
  kFollowsSync,
  kFollowsBroadcast,
  kObservesDiscovery,
  kObservesSync,
  kObservesBroadcast,
};
inline constexpr size_t kPartCount = 11;
Part part_of(const std::optional<Standing>& standing);
std::string_view to_string(Part part);

// What arrives at a server, from other servers and from clients. Notifications are told apart by
// what their senders say that they are; packets by who sends them.
inline constexpr size_t kNotificationKinds = 4;
inline constexpr size_t kPacketKinds = 8 + 14;  // of learners, of leaders
inline constexpr size_t kClientKinds = 33;
inline constexpr size_t kMessageCount = kNotificationKinds + kPacketKinds + kClientKinds;
// As an index of messages; nullopt: nothing that is counted.
size_t message_of(quorum::PeerState sender);
std::optional<size_t> message_of(quorum::PacketType type, bool is_of_leader);
// kUnserved: any request, where no client is served.
enum class ClientMessage : uint8_t { kNewSession, kOldSession, kWord, kUnserved, kMalformed };
size_t message_of(ClientMessage message);
// Clients are served alone and in broadcast, and in LOOKING by a read-only server.
bool serves_clients(Part part);
bool is_request(size_t message);
std::optional<size_t> message_of(jute::OpCode op);

// How a learner is brought to its leader's history, and which learner of which leader it is.
enum class SyncPath : uint8_t {
  kEmptyDiff,
  kDiffFromMemory,
  kDiffFromLog,
  kTrunc,
  kTruncThenMemory,
  kTruncThenLog,
  kSnap,
  kSnapThenProposals,
};
inline constexpr size_t kSyncPathCount = 8;
enum class SyncPair : uint8_t {
  kFollowerOfNewLeader,
  kFollowerOfServingLeader,
  kObserverOfNewLeader,
  kObserverOfServingLeader,
  kObserverOfFollower,
};
inline constexpr size_t kSyncPairCount = 5;

// What else may happen, one point each.
enum class Incident : uint8_t {
  // What a server finds when it starts.
  kEmptyDisk,
  kLogAlone,
  kSnapshotAlone,
  kSnapshotAndLog,
  kManyLogs,
  kUnfinishedSnapshot,
  kAcceptedAheadOfCurrent,
  kAnnouncedEpoch,
  kProposedConfiguration,
  kInterruptedRecovery,
  kRefusedForDiskFault,
  kDiesReloading,
  // What it comes back from.
  kAfterKill,
  kAfterPowerLoss,
  kAfterLoss,
  kAfterStop,
  kAfterFailedDisk,
  // Elections.
  kElectedWithHighestId,
  kElectedOverHigherId,
  kElectedAgain,
  kElectedAfterAnother,
  kElectedWithoutSome,
  kElectedWithAll,
  kTwoLead,
  kTwoLeadersServe,
  kJoinsServingLeader,
  kElectedDuringChange,
  // Configurations.
  kChangeProposedAtLeader,
  kChangeKnownToFollower,
  kChangeKnownAtStart,
  kInForceAtLeader,
  kInForceAtFollower,
  kInForceAtObserver,
  kInForceWhileSynchronising,
  kInForceWhileLooking,
  kChangeDropped,
  kDiesDuringChangeLeading,
  kDiesDuringChangeFollowing,
  kFollowerBecomesObserver,
  kObserverBecomesFollower,
};
inline constexpr size_t kIncidentCount =
    static_cast<size_t>(Incident::kObserverBecomesFollower) + 1;

// Where each group of points begins.
inline constexpr size_t kTransitionsAt = kMessageCount * kPartCount;
inline constexpr size_t kSyncsAt = kTransitionsAt + kPartCount * kPartCount;
inline constexpr size_t kDeathsAt = kSyncsAt + kSyncPathCount * kSyncPairCount;
inline constexpr size_t kMomentDeathsAt = kDeathsAt + 2 * kPartCount;
inline constexpr size_t kIncidentsAt = kMomentDeathsAt + 2 * kMomentCount;
inline constexpr size_t kPointSlots = kIncidentsAt + kIncidentCount;
using PointSet = std::bitset<kPointSlots>;

class Coverage {
 public:
  void arrives(size_t message, Part at) {
    reached_.set(message * kPartCount + static_cast<size_t>(at));
  }
  void turns(Part from, Part to) {
    reached_.set(kTransitionsAt + static_cast<size_t>(from) * kPartCount + static_cast<size_t>(to));
  }
  void synchronises(SyncPath path, SyncPair pair) {
    reached_.set(kSyncsAt + static_cast<size_t>(path) * kSyncPairCount + static_cast<size_t>(pair));
  }
  void dies(DeathKind how, Part at, std::optional<Moment> moment) {
    const auto kind = static_cast<size_t>(how);
    reached_.set(kDeathsAt + kind * kPartCount + static_cast<size_t>(at));
    if (moment) reached_.set(kMomentDeathsAt + kind * kMomentCount + static_cast<size_t>(*moment));
  }
  void happens(Incident incident) { reached_.set(kIncidentsAt + static_cast<size_t>(incident)); }

  const PointSet& reached() const { return reached_; }

 private:
  PointSet reached_;
};

// A point of the table, by its slot in the sets.
struct Point {
  size_t slot = 0;
  std::string name;
};
// All of them, in the order of their slots.
std::vector<Point> points();
// Whether the slot is a point of the table: what it stands for can happen.
bool is_point(size_t slot);
// Also of a slot that is none, should it be reached all the same.
std::string name_of_slot(size_t slot);

}  // namespace zoetrope::sim
