// The draws of the profile "modes".
#include "sim/profile.hpp"

namespace zoetrope::sim {

namespace {

template <class T, size_t N>
T pick(Random& random, const T (&choices)[N]) {
  return choices[random.below(N)];
}

// What all servers have alike.
void draw_service(node::Config& server, size_t participants, Random random) {
  server.read_only_mode = !random.one_in(3);
  server.local_sessions_enabled = random.one_in(2);
  // Without upgrades every ephemeral is refused, and little would be left to judge.
  server.local_sessions_upgrading_enabled = server.local_sessions_enabled;
  server.leader_serves = participants < 3 || !random.one_in(3);
  server.peer->role.observer_master_port = random.one_in(3) ? 0 : kObserverMasterPort;
}

void draw_limits(node::Config& server, Random random) {
  node::RequestThrottleConfig& requests = server.request_throttle;
  requests.max_requests = pick<int32_t>(random, {0, 0, 1, 3, 20});
  requests.stall_time_ms = pick<int64_t>(random, {0, 10, 100});
  requests.drop_stale = !random.one_in(3);
  requests.stale_connection_check = !random.one_in(3);
  requests.stale_latency_check = random.one_in(3);
  node::ConnectionThrottleConfig& connections = server.connection_throttle;
  connections.tokens = pick<int32_t>(random, {0, 0, 2, 10});
  connections.fill_time_ms = pick<int64_t>(random, {5, 50});
  connections.freeze_time_ms = pick<int64_t>(random, {-1, 20});
  connections.drop_decrease = 200'000;
  connections.decrease_ratio = 500'000;
  connections.is_weighted = random.one_in(2);
  if (random.one_in(3)) {
    server.large_request_threshold = 500;
    server.large_request_bytes_max = pick<int64_t>(random, {7'000, 20'000});
  }
}

}  // namespace

void draw_modes(WorldConfig& world, Random random) {
  const size_t participants = world.processes[0].server.peer->ensemble.participants().size();
  for (ProcessConfig& process : world.processes) {
    draw_service(process.server, participants, random.fork("service"));
  }
  for (size_t i = 0; i < world.processes.size(); ++i) {
    draw_limits(world.processes[i].server, random.fork("limits" + std::to_string(i)));
  }
  Random readers = random.fork("readers");
  for (ClientConfig& client : world.clients) client.read_only = readers.one_in(2);
}

}  // namespace zoetrope::sim
