// The moments of a server's life that a step can wait for. Closed list, with the names that texts
// use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace zoetrope::sim {

enum class Moment : uint8_t {
  // Its part in the ensemble.
  kStarts,     // the process runs and has recovered
  kLooks,      // LOOKING
  kIsElected,  // LEADING, not yet serving
  kFollows,    // FOLLOWING or OBSERVING, not yet serving
  kServes,     // clients are served
  kStopsServing,
  // Discovery and synchronisation, on the connection between a learner and its leader.
  kPromisesEpoch,  // the learner sends ACKEPOCH
  kIsSentDiff,     // the leader sends DIFF, ...
  kIsSentTrunc,
  kIsSentSnap,
  kIsSentNewLeader,
  kAcksNewLeader,
  kIsSentUpToDate,
  // Broadcast.
  kProposes,  // the leader sends PROPOSAL to the first of its followers
  kAcks,      // a follower sends ACK
  kCommits,   // something was committed and applied
  // Its disk.
  kAppends,  // a log record was written and not yet synced
  kSyncs,    // a log record was synced
  kWritesAcceptedEpoch,
  kWritesCurrentEpoch,
  kBeginsSnapshot,
  kEndsSnapshot,
  kBeginsLog,  // a new log file
  kTruncatesLog,
};
inline constexpr size_t kMomentCount = static_cast<size_t>(Moment::kTruncatesLog) + 1;

// "proposes", "is sent DIFF", "appends" ...
std::string_view to_string(Moment moment);
std::optional<Moment> parse_moment(std::string_view name);

}  // namespace zoetrope::sim
