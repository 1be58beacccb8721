#include "sim/run.hpp"

#include <utility>

#include "sim/safety_only.hpp"

namespace zoetrope::sim {

RunResult run_world(const WorldConfig& config, uint64_t seed, const EngineFactory& factory,
                    TraceSink* sink, RecordSink* records) {
  World world(config, seed, factory, sink, records);
  world.run();
  RunResult result = result_of(world, config);
  result.seed = seed;
  return result;
}

RunResult result_of(World& world, const WorldConfig& config) {
  RunResult result;
  result.hash = world.hash();
  result.virtual_time = world.now();
  result.counts = world.counts();
  result.coverage = world.coverage();
  result.excuse = world.excused();
  result.missed_steps = world.missed_steps();
  result.history = world.take_history();
  result.violations = world.violations();
  if (config.keep_choices) result.plan = world.take_plan();
  if (!config.keep_history) return result;
  for (properties::Violation& violation : properties::check_all(result.history)) {
    if (world.excuses(violation.property)) {
      ++result.counts.excused_findings;
    } else {
      result.violations.push_back(std::move(violation));
    }
  }
  if (!world.is_unsafe()) return result;
  for (properties::Violation& violation : foreign_data(result.history)) {
    result.violations.push_back(std::move(violation));
  }
  return result;
}

Plan plan_of(const RunRequest& request) {
  Plan plan;
  const auto redrawn = request.overrides.redraw.find("run");
  plan.seed = redrawn == request.overrides.redraw.end() ? request.seed : redrawn->second;
  plan.world = draw_world(request.profile, request.overrides,
                          Random(request.seed).fork(to_string(request.profile)));
  plan.world.keep_history = request.check;
  plan.world.count_coverage = request.count_coverage;
  return plan;
}

RunResult run_plan(const Plan& plan, const EngineFactory& factory, TraceSink* sink,
                   RecordSink* records) {
  return run_world(plan.world, plan.seed, factory, sink, records);
}

RunResult run(const RunRequest& request) {
  RunResult result = run_plan(plan_of(request), make_server, request.sink, request.records);
  result.seed = request.seed;
  return result;
}

}  // namespace zoetrope::sim
