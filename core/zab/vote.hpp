// A vote of leader election and its total order (facts/quorum-protocol.md section 5; upstream Vote,
// FastLeaderElection.totalOrderPredicate). Values.
#pragma once

#include <compare>
#include <cstdint>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/quorum/notification.hpp"

namespace zoetrope::zab {

struct Vote {
  ServerId leader;
  Zxid zxid;                   // last logged by the proposed leader when it proposed itself
  int64_t peer_epoch = 0;      // its current epoch
  int64_t election_epoch = 0;  // round in which the vote was cast
  bool operator==(const Vote&) const = default;

  // Better candidate: epoch, then zxid, then server id; the round does not count. A total order:
  // the id decides only where epoch and zxid are equal (ZOOKEEPER-1419).
  bool beats(const Vote& other) const {
    if (peer_epoch != other.peer_epoch) return peer_epoch > other.peer_epoch;
    if (zxid != other.zxid) return zxid > other.zxid;
    return leader > other.leader;
  }

  void add_to(RunningHash& hash) const {
    hash.add(static_cast<uint64_t>(leader.value));
    hash.add(static_cast<uint64_t>(zxid.value));
    hash.add(static_cast<uint64_t>(peer_epoch));
    hash.add(static_cast<uint64_t>(election_epoch));
  }
};

// A vote together with what is known of the server that cast it.
struct CastVote {
  Vote vote;
  quorum::PeerState state = quorum::PeerState::kLooking;
  // Form of the notification; 0 for the old forms, whose peer epoch cannot be relied on.
  int32_t version = 0;
  bool operator==(const CastVote&) const = default;

  // Whether both stand for one leader (upstream Vote.equals). Among servers that have a leader the
  // zxid and the round may differ: each recorded what it saw (ZOOKEEPER-1732, 1805).
  bool agrees_with(const CastVote& other) const {
    using quorum::PeerState;
    if (state == PeerState::kLooking || other.state == PeerState::kLooking) {
      return vote == other.vote;
    }
    if (vote.leader != other.vote.leader) return false;
    if ((version > 0) != (other.version > 0)) return true;
    return vote.peer_epoch == other.vote.peer_epoch;
  }

  void add_to(RunningHash& hash) const {
    vote.add_to(hash);
    hash.add(static_cast<uint64_t>(state));
    hash.add(static_cast<uint64_t>(version));
  }
};

}  // namespace zoetrope::zab
