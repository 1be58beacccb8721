// One run from a seed: draws the world, runs it, judges it. What a campaign, a test or a notebook
// calls. Owns nothing between two calls.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/history.hpp"
#include "properties/property.hpp"
#include "sim/engine.hpp"
#include "sim/profile.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {

struct RunRequest {
  uint64_t seed = 1;
  Profile profile = Profile::kCrash;
  Overrides overrides;
  bool check = true;          // record a history and judge it
  TraceSink* sink = nullptr;  // a readable trace goes there
};

struct RunResult {
  uint64_t seed = 0;
  uint64_t hash = 0;  // the same for the same request, on every machine and compiler
  MonotonicTime virtual_time;
  WorldCounts counts;
  std::vector<properties::Violation> violations;
  properties::History history;  // empty without `check`
};

RunResult run(const RunRequest& request);
// The same with a given world and engine, for tests that plant a defect.
RunResult run_world(const WorldConfig& config, uint64_t seed, const EngineFactory& factory,
                    TraceSink* sink = nullptr);

}  // namespace zoetrope::sim
