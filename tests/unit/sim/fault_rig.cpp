#include "tests/unit/sim/fault_rig.hpp"

#include <algorithm>
#include <functional>

#include "tests/unit/sim/ensemble_rig.hpp"

namespace zoetrope::sim {
namespace {

WorldConfig plain_world(uint32_t clients) {
  WorldConfig world;
  world.network.latency = Latency::fixed(500);
  world.network.cut_one_in = 0;
  world.processes.push_back(plain_process());
  world.interrupt_recovery_one_in = 0;
  world.restart_max = Duration::from_ms(200);
  ClientConfig client;
  client.timeout_ms = 2000;
  client.timeout_ms_min = 1000;
  client.timeout_ms_max = 8000;
  client.script.actions = 300;
  client.script.think_us_max = 40'000;
  client.script.workload.ttls = false;
  world.clients.assign(clients, client);
  return world;
}

bool is_write(const properties::Operation& op) {
  using properties::OpKind;
  return op.args.kind == OpKind::kCreate || op.args.kind == OpKind::kSetData ||
         op.args.kind == OpKind::kDelete;
}

Latencies measured(const RunResult& run, int64_t from_ms, int64_t to_ms, bool only_writes) {
  std::vector<int64_t> us;
  for (const properties::Operation& op : run.history.operations) {
    const int64_t at = op.invoked.at.ms();
    if (!op.completed || at < from_ms || at >= to_ms || (only_writes && !is_write(op))) continue;
    us.push_back((op.completed->at - op.invoked.at).ns / 1000);
  }
  if (us.empty()) return {};
  std::ranges::sort(us);
  return {us.size(), us[us.size() / 2], us.back()};
}

}  // namespace

WorldConfig lone_world(uint32_t clients) {
  return plain_world(clients);
}

WorldConfig small_world(uint32_t servers, uint32_t clients) {
  WorldConfig world = plain_world(clients);
  ProcessConfig member = world.processes[0];
  zab::PeerConfig& peer = member.server.peer.emplace();
  peer.role.tick_ms = member.server.tick_time_ms;
  peer.election.finalize_wait = Duration::from_ms(50);
  peer.election.notification_interval_min = Duration::from_ms(50);
  peer.election.notification_interval_max = Duration::from_ms(1000);
  peer.links.connect_timeout = Duration::from_ms(500);
  peer.links.redial_max = Duration::from_ms(500);
  world.processes.assign(servers, member);
  seat(world);
  return world;
}

void add_step(WorldConfig& world, Action action, int64_t at_ms) {
  world.steps.push_back({MonotonicTime::from_ms(at_ms), std::nullopt, {}, std::move(action)});
}

RunResult run_small(const WorldConfig& world, uint64_t seed) {
  return run_world(world, seed, make_server);
}

RunResult run_with(WorldConfig world, Action action, uint64_t seed) {
  add_step(world, std::move(action));
  return run_small(world, seed);
}

Latencies latencies(const RunResult& run, int64_t from_ms, int64_t to_ms) {
  return measured(run, from_ms, to_ms, false);
}

Latencies write_latencies(const RunResult& run, int64_t from_ms, int64_t to_ms) {
  return measured(run, from_ms, to_ms, true);
}

size_t answered(const RunResult& run, int64_t from_ms, int64_t to_ms) {
  return static_cast<size_t>(
      std::ranges::count_if(run.history.operations, [&](const properties::Operation& op) {
        return op.completed && op.completed->at.ms() >= from_ms && op.completed->at.ms() < to_ms;
      }));
}

size_t connections(const RunResult& run, int64_t from_ms, int64_t to_ms, int64_t server) {
  return static_cast<size_t>(
      std::ranges::count_if(run.history.connections, [&](const properties::Connection& c) {
        return c.established && c.opened.at.ms() >= from_ms && c.opened.at.ms() < to_ms &&
               (server < 0 || c.server.value == server + 1);
      }));
}

int64_t silence_ms(const RunResult& run, int64_t from_ms, int64_t to_ms) {
  std::vector<int64_t> times = {from_ms, to_ms};
  for (const properties::Operation& op : run.history.operations) {
    if (!op.completed) continue;
    const int64_t at = op.completed->at.ms();
    if (at >= from_ms && at < to_ms) times.push_back(at);
  }
  std::ranges::sort(times);
  int64_t longest = 0;
  for (size_t i = 1; i < times.size(); ++i) longest = std::max(longest, times[i] - times[i - 1]);
  return longest;
}

size_t server_events(const RunResult& run, properties::ServerEventKind kind, int64_t server) {
  return static_cast<size_t>(
      std::ranges::count_if(run.history.server_events, [&](const properties::ServerEvent& event) {
        return event.kind == kind && (server < 0 || event.server.value == server + 1);
      }));
}

std::string breaches(const RunResult& run) {
  std::string text;
  for (const properties::Violation& violation : run.violations) {
    text += violation.property + ": " + violation.summary + "\n";
    for (const std::string& line : violation.evidence) text += "  " + line + "\n";
  }
  return text;
}

}  // namespace zoetrope::sim
