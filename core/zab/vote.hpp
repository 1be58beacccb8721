// A vote of leader election and its total order (facts/quorum-protocol.md section 5; upstream Vote,
// FastLeaderElection.totalOrderPredicate). A value.
#pragma once

#include <compare>
#include <cstdint>

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
};

}  // namespace zoetrope::zab
