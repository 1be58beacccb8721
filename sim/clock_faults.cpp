// Clocks that are wrong.
#include "sim/world.hpp"

namespace zoetrope::sim {

void World::carry_out(const WallJump& jump) {
  for (Process* process : find(jump.server)) {
    ++counts_.wall_jumps;
    process->clock().jump_wall(jump.ms);
  }
}

void World::carry_out(const ClockSkew& skew) {
  for (Process* process : find(skew.server)) process->clock().skew_wall(skew.ms);
}

void World::carry_out(const ClockDrift& drift) {
  for (Process* process : find(drift.server)) {
    process->drift(drift.ppm);
    begin("drift of the clocks of " + process->name(), drift.lasts,
          [process] { process->drift(0); });
  }
}

}  // namespace zoetrope::sim
