// A server's part in the ensemble of its world, and what follows from it for its configuration.
// Plain values and one function.
#pragma once

#include <cstdint>

#include "core/quorum/ensemble.hpp"

namespace zoetrope::sim {

struct Membership {
  quorum::MemberRole role = quorum::MemberRole::kParticipant;
  bool is_spare = false;  // knows the ensemble and is no member of it yet
  int64_t group = 0;      // of a hierarchical quorum; 0: majority rules
  int64_t weight = 1;
};

struct WorldConfig;

// Gives every process its id (index + 1), and the members of an ensemble (whose server has a peer)
// their addresses, the ensemble, and what the reconfigurable ones need; clients get the bounds of
// their time-outs. Call it after roles, ticks or the number of servers have changed.
void seat(WorldConfig& world);

}  // namespace zoetrope::sim
