// One run from a seed: draws the world, runs it, judges it. What a campaign, a test or a notebook
// calls. Owns nothing between two calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "properties/history.hpp"
#include "properties/property.hpp"
#include "sim/engine.hpp"
#include "sim/plan.hpp"
#include "sim/profile.hpp"
#include "sim/trace.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {

struct RunRequest {
  uint64_t seed = 1;
  Profile profile = Profile::kCrash;
  Overrides overrides;
  bool check = true;  // record a history and judge it
  bool count_coverage = false;
  TraceSink* sink = nullptr;  // a readable trace goes there
  RecordSink* records = nullptr;
};

struct RunResult {
  uint64_t seed = 0;
  uint64_t hash = 0;  // the same for the same request, on every machine and compiler
  MonotonicTime virtual_time;
  WorldCounts counts;
  std::vector<properties::Violation> violations;
  properties::History history;        // empty without `check`
  PointSet coverage;                  // empty without `count_coverage`
  std::optional<std::string> excuse;  // of a run that is stuck and yet breaks nothing
  std::vector<size_t> missed_steps;   // by index: their moments did not come
  // With WorldConfig::keep_choices: all that was chosen.
  std::optional<WorldConfig> plan;
};

RunResult run(const RunRequest& request);
// The plan of the same run, before anything of it is chosen.
Plan plan_of(const RunRequest& request);
RunResult run_plan(const Plan& plan, const EngineFactory& factory, TraceSink* sink = nullptr,
                   RecordSink* records = nullptr);
// The same with a given world and engine, for tests that plant a defect.
RunResult run_world(const WorldConfig& config, uint64_t seed, const EngineFactory& factory,
                    TraceSink* sink = nullptr, RecordSink* records = nullptr);
// What came of a world that has run: all but its seed.
RunResult result_of(World& world, const WorldConfig& config);

}  // namespace zoetrope::sim
