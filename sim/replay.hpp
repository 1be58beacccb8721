// Runs the plan of a trace file again and compares every record; or goes to one event of it and
// lets somebody look at the world as it is then.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/comparison.hpp"
#include "sim/plan.hpp"
#include "sim/run.hpp"
#include "trace/file.hpp"

namespace zoetrope::sim {

struct ReplayRequest {
  Plan plan;  // that of the file
  const trace::File* file = nullptr;
  EngineFactory factory = make_server;
  std::optional<uint64_t> to;              // the run ends behind that event
  std::vector<RecordSink*> others;         // that take the records, too
  std::function<void(const World&)> look;  // at the end
};

struct ReplayResult {
  std::optional<Difference> difference;
  uint64_t records = 0;  // that are equal
  trace::Position position;
  bool is_prefix_over = false;     // the file has no end, and is equal as far as it goes
  size_t violations_of_world = 0;  // of the run's: those that are records, which stand first
  RunResult run;                   // of a run that came to its end
};

ReplayResult replay(const ReplayRequest& request);

}  // namespace zoetrope::sim
