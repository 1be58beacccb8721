#include "sim/run.hpp"

#include <utility>

namespace zoetrope::sim {

RunResult run_world(const WorldConfig& config, uint64_t seed, const EngineFactory& factory,
                    TraceSink* sink) {
  World world(config, seed, factory, sink);
  world.run();
  RunResult result;
  result.seed = seed;
  result.hash = world.hash();
  result.virtual_time = world.now();
  result.counts = world.counts();
  result.history = world.take_history();
  result.violations = world.violations();
  if (!config.keep_history) return result;
  for (properties::Violation& violation : properties::check_all(result.history)) {
    result.violations.push_back(std::move(violation));
  }
  return result;
}

RunResult run(const RunRequest& request) {
  const Random random(request.seed);
  WorldConfig config =
      draw_world(request.profile, request.overrides, random.fork(to_string(request.profile)));
  config.keep_history = request.check;
  return run_world(config, request.seed, make_server, request.sink);
}

}  // namespace zoetrope::sim
