#include "sim/replay.hpp"

#include <utility>

namespace zoetrope::sim {

ReplayResult replay(const ReplayRequest& request) {
  const WorldConfig& config = request.plan.world;
  Comparison comparison(*request.file, static_cast<uint32_t>(config.processes.size()), request.to);
  std::vector<RecordSink*> sinks = request.others;
  sinks.insert(sinks.begin(), &comparison);
  RecordTee tee(std::move(sinks));
  World world(config, request.plan.seed, request.factory, nullptr, &tee);
  world.run();
  if (request.look) request.look(world);
  ReplayResult result;
  if (comparison.wants_more()) result.run = result_of(world, config);
  result.violations_of_world = world.violations().size();
  comparison.finish(world.hash(), world.counts().events, world.now());
  result.difference = comparison.difference();
  result.records = comparison.records();
  result.position = comparison.position();
  result.is_prefix_over = comparison.is_prefix_over();
  return result;
}

}  // namespace zoetrope::sim
