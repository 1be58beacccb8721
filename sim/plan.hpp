// A run as data: a world, what happens to it, and what must come of it. A seed is only where one
// came from; a plan is what is stored, edited, run again and shrunk. Plain values.
#pragma once

#include <cstdint>
#include <string>

#include "sim/expectations.hpp"
#include "sim/profile.hpp"

namespace zoetrope::sim {

struct Plan {
  std::string title;
  std::string story;  // what happens, for a person
  uint64_t seed = 1;  // of whatever the plan leaves free
  WorldConfig world;
  Expectations expect;
};

}  // namespace zoetrope::sim
