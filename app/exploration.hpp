// All orders of events of a small ensemble, explored by several threads. Owns the threads while it
// runs, and the set of the states that were seen.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "explore/search.hpp"

namespace zoetrope::app {

struct ExplorationOptions {
  explore::Bounds bounds;
  std::string command;  // that explores the same
  bool reduce = true;
  unsigned jobs = 0;           // 0: one for each core
  uint64_t states_max = 0;     // 0: any number
  double seconds_max = 0;      // 0: any time
  uint64_t memory_max_mb = 0;  // 0: as much as there is
};

struct ExplorationResult {
  explore::Counters totals;
  std::optional<explore::Found> found;
  std::string stopped_by;  // the limit that ended it early; empty: it is complete
  double seconds = 0;
  uint64_t memory_mb = 0;  // of the process, at its peak
};

ExplorationResult explore_all(const explore::Scope& scope, const ExplorationOptions& options,
                              const std::function<void(const explore::Counters&, double)>& show);

}  // namespace zoetrope::app
