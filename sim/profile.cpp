#include "sim/profile.hpp"

#include <algorithm>
#include <array>

#include "sim/members.hpp"

namespace zoetrope::sim {
namespace {

constexpr std::array<std::string_view, 9> kNames = {"calm",        "crash",    "churn",
                                                    "disk-faults", "ensemble", "ensemble-disk",
                                                    "reconfig",    "modes",    "swarm"};

template <class T, size_t N>
T pick(Random& random, const T (&choices)[N]) {
  return choices[random.below(N)];
}

NetworkConfig draw_network(Random random) {
  NetworkConfig network;
  network.latency.us_min = pick<int64_t>(random, {5, 50, 500});
  network.latency.us_max = network.latency.us_min * pick<int64_t>(random, {1, 3, 20});
  network.latency.tail_one_in = pick<uint64_t>(random, {0, 50, 500});
  network.latency.tail_us_max = 200'000;
  network.cut_one_in = pick<uint64_t>(random, {0, 2, 16});
  network.window_bytes = pick<uint64_t>(random, {2 << 10, 16 << 10, 64 << 10});
  return network;
}

storage::StoreConfig draw_store(Random random) {
  storage::StoreConfig store;
  store.snap_count = pick<int64_t>(random, {4, 30, 200, 100000});
  store.preallocation_kb = pick<int64_t>(random, {0, 1, 16, 64});
  store.log_size_limit_kb = pick<int64_t>(random, {-1, -1, 4, 32});
  store.batch_size_max = pick<int64_t>(random, {1, 3, 100, 1000});
  store.purge_interval_ms = pick<int64_t>(random, {0, 300, 2000});
  store.snapshot_chunk_bytes = pick<size_t>(random, {128, 2048, 65536});
  store.snapshot.compression = pick<storage::Compression>(
      random, {storage::Compression::kNone, storage::Compression::kNone,
               storage::Compression::kGzip, storage::Compression::kSnappy});
  return store;
}

ProcessConfig draw_process(Random random) {
  ProcessConfig process;
  node::Config& server = process.server;
  server.tick_time_ms = pick<int32_t>(random, {200, 500});
  server.session_timeout_ms_min = 1000;
  server.session_timeout_ms_max = 8000;
  server.extended_types_enabled = !random.one_in(4);
  server.container_check_interval_ms = pick<int64_t>(random, {100, 1000});
  server.container_never_used_interval_ms = pick<int64_t>(random, {0, 1000});
  server.outstanding_limit = pick<int32_t>(random, {2, 20, 1000});
  server.output_bytes_high = pick<uint64_t>(random, {4 << 10, 64 << 10, 4 << 20});
  server.connections_per_address_max = 0;
  server.store = draw_store(random.fork("store"));
  process.batch_delay_us_max = pick<int64_t>(random, {0, 100, 2000});
  process.batch_at_once_one_in = pick<uint64_t>(random, {0, 1, 3, 20});
  process.sync_latency.us_max = pick<int64_t>(random, {200, 2000, 10000});
  process.fingerprint_one_in = 256;
  return process;
}

// Clients of an ensemble move, and take their time, so that there is something to disturb.
void draw_moves(ClientConfig& client, Random random) {
  client.script.move_one_in = pick<uint64_t>(random, {0, 60, 12});
  client.script.think_us_max = pick<int64_t>(random, {500, 20'000, 200'000});
  client.script.close_session_one_in = random.one_in(4) ? 60 : 0;
  client.script.abandon_one_in = random.one_in(6) ? 60 : 0;
  client.script.vanish_one_in = random.one_in(6) ? 60 : 0;
}

ClientConfig draw_client(const node::Config& server, bool churn, Random random) {
  ClientConfig client;
  client.timeout_ms = static_cast<int32_t>(random.between(500, 6000));
  client.timeout_ms_min = server.timeout_ms_min();
  client.timeout_ms_max = server.timeout_ms_max();
  client.pipeline_max = pick<size_t>(random, {1, 3, 12});
  client.script.think_us_max = pick<int64_t>(random, {0, 500, 20'000});
  client.authenticates = random.one_in(3);
  client.eager = random.one_in(3);
  client.script.workload.write_percent = pick<uint64_t>(random, {20, 55, 90});
  client.script.workload.watch_percent = pick<uint64_t>(random, {0, 25, 80});
  client.script.workload.ttls = server.extended_types_enabled || random.one_in(8);
  client.script.malformed_one_in = random.one_in(4) ? 60 : 0;
  client.script.slow_read_one_in = random.one_in(4) ? 60 : 0;
  client.script.drop_one_in = churn ? 25 : random.one_in(4) ? 80 : 0;
  if (!churn) return client;
  client.script.break_one_in = pick<uint64_t>(random, {0, 30});
  client.script.close_session_one_in = pick<uint64_t>(random, {0, 30});
  client.script.abandon_one_in = pick<uint64_t>(random, {0, 40});
  client.script.vanish_one_in = pick<uint64_t>(random, {0, 40});
  client.garbage_connect_one_in = pick<uint64_t>(random, {0, 8});
  return client;
}

void draw_cuts(FaultConfig& faults, Random random) {
  faults.split_weight = pick<uint64_t>(random, {0, 2, 6});
  faults.isolate_weight = pick<uint64_t>(random, {0, 2, 6});
  faults.bridge_weight = pick<uint64_t>(random, {0, 0, 2});
  faults.link_weight = pick<uint64_t>(random, {0, 2, 6});
  faults.hold_weight = pick<uint64_t>(random, {0, 1});
  faults.break_weight = pick<uint64_t>(random, {0, 2});
  faults.cut_max = Duration::from_ms(pick<int64_t>(random, {100, 1000, 8000}));
  faults.cuts_at_once = pick<size_t>(random, {1, 3});
  faults.give_up_percent = pick<uint64_t>(random, {0, 50, 100});
  faults.give_up_max = Duration::from_ms(pick<int64_t>(random, {50, 1000, 5000}));
}

// Faults of an ensemble: any number of servers may be down or cut off for a while.
FaultConfig draw_ensemble_faults(WorldConfig& world, bool disk, Random random) {
  FaultConfig faults;
  faults.interval_min = Duration::from_ms(1);
  faults.interval_max = Duration::from_ms(pick<int64_t>(random, {100, 500, 3000}));
  faults.effects_max = pick<uint64_t>(random, {5, 60, 600});
  world.restart_max = Duration::from_ms(pick<int64_t>(random, {10, 500, 5000}));
  faults.kill_weight = pick<uint64_t>(random, {0, 2, 6});
  faults.power_loss_weight = pick<uint64_t>(random, {0, 2, 6});
  faults.shutdown_weight = pick<uint64_t>(random, {0, 1});
  faults.crash_many_weight = pick<uint64_t>(random, {0, 1});
  faults.crash_all_weight = pick<uint64_t>(random, {0, 0, 1});
  world.interrupt_recovery_one_in = pick<uint64_t>(random, {0, 2, 6});
  draw_cuts(faults, random.fork("cuts"));
  if (!disk) return faults;
  faults.disk_weight = 4;
  world.failed_syncs_forget = random.one_in(2);
  return faults;
}

FaultConfig draw_faults(WorldConfig& world, Profile profile, Random random) {
  if (profile == Profile::kSwarm) return draw_swarm_faults(world, random);
  if (is_ensemble(profile)) {
    // Every fourth run changes an ensemble that nothing else disturbs.
    if (profile == Profile::kReconfig && random.one_in(4)) return {};
    return draw_ensemble_faults(world, profile == Profile::kEnsembleDisk, random);
  }
  FaultConfig faults;
  if (profile == Profile::kCalm) return faults;
  faults.interval_min = Duration::from_ms(1);
  faults.interval_max = Duration::from_ms(pick<int64_t>(random, {20, 100, 400}));
  faults.effects_max = pick<uint64_t>(random, {5, 60, 600});
  world.restart_max = Duration::from_ms(pick<int64_t>(random, {1, 100, 2000}));
  if (profile == Profile::kCrash) {
    faults.kill_weight = pick<uint64_t>(random, {1, 4});
    faults.power_loss_weight = pick<uint64_t>(random, {2, 8});
    faults.shutdown_weight = pick<uint64_t>(random, {0, 1});
    faults.wall_jump_weight = random.one_in(8) ? 1 : 0;
    world.interrupt_recovery_one_in = pick<uint64_t>(random, {0, 2, 6});
  } else if (profile == Profile::kChurn) {
    faults.hold_weight = 4;
    faults.break_weight = 4;
    faults.shutdown_weight = random.one_in(4) ? 1 : 0;
    faults.wall_jump_weight = random.one_in(4) ? 1 : 0;
  } else {
    faults.disk_weight = 6;
    faults.kill_weight = random.one_in(2) ? 1 : 0;
    faults.power_loss_weight = random.one_in(2) ? 2 : 0;
    world.failed_syncs_forget = random.one_in(2);
  }
  return faults;
}

}  // namespace

std::string_view to_string(Profile profile) {
  return kNames[static_cast<size_t>(profile)];
}

std::optional<Profile> parse_profile(std::string_view name) {
  for (const Profile profile : kProfiles) {
    if (to_string(profile) == name) return profile;
  }
  return std::nullopt;
}

namespace {

zab::PeerConfig draw_peer(const node::Config& server, Random random) {
  zab::PeerConfig peer;
  peer.role.tick_ms = server.tick_time_ms;
  peer.role.init_limit = pick<int32_t>(random, {5, 10});
  peer.role.sync_limit = pick<int32_t>(random, {3, 5, 10});
  peer.role.snapshot_factor_percent = pick<int32_t>(random, {33, 0, -1, 300});
  peer.role.force_snapshot = random.one_in(12);
  if (random.one_in(4)) peer.role.last_counter = pick<uint32_t>(random, {60, 300});
  peer.commit_log_count = pick<size_t>(random, {1, 5, 20, 500});
  peer.role.stream_bytes_high = pick<uint64_t>(random, {2 << 10, 64 << 10, 1 << 20});
  peer.election.finalize_wait = Duration::from_ms(pick<int64_t>(random, {20, 200}));
  peer.election.notification_interval_min = peer.election.finalize_wait;
  peer.election.notification_interval_max =
      Duration::from_ms(pick<int64_t>(random, {500, 2000, 10'000}));
  peer.links.connect_timeout = Duration::from_ms(pick<int64_t>(random, {500, 5000}));
  peer.links.redial_max = Duration::from_ms(pick<int64_t>(random, {500, 5000}));
  return peer;
}

// What differs between the servers of one ensemble: disks, delays, files.
void draw_own_part(ProcessConfig& process, Random random) {
  ProcessConfig own = draw_process(random);
  process.server.store = own.server.store;
  process.server.outstanding_limit = own.server.outstanding_limit;
  process.server.output_bytes_high = own.server.output_bytes_high;
  process.batch_delay_us_max = own.batch_delay_us_max;
  process.batch_at_once_one_in = own.batch_at_once_one_in;
  process.sync_latency = own.sync_latency;
  process.connect_timeout = Duration::from_ms(pick<int64_t>(random, {1000, 20'000}));
}

// How a family of runs looks; what is drawn here is drawn for every run.
struct Shape {
  uint64_t servers = 1, observers = 0;
  bool ensemble = false, churn = false, reconfig = false, modes = false, wide_area = false;
  Liveness liveness = Liveness::kAll;
};

// Draws every part of a world by its name.
class Parts {
 public:
  Parts(Random random, const Overrides& overrides) : random_(random), overrides_(overrides) {}
  Random fork(const std::string& name) const {
    const auto it = overrides_.redraw.find(name);
    return it == overrides_.redraw.end() ? random_.fork(name) : Random(it->second).fork(name);
  }

 private:
  Random random_;
  const Overrides& overrides_;
};

Shape draw_shape(Profile profile, const Overrides& overrides, const Parts& parts) {
  Shape shape;
  Random servers = parts.fork("servers"), observers = parts.fork("observers");
  if (profile == Profile::kSwarm) {
    const SwarmFeatures swarm = draw_swarm_features(parts.fork("swarm"));
    shape.servers = swarm.servers;
    shape.observers = swarm.observers;
    shape.churn = swarm.churn;
    shape.reconfig = swarm.reconfig;
    shape.modes = swarm.modes;
    shape.wide_area = swarm.wide_area;
    shape.liveness = swarm.liveness;
  } else if (is_ensemble(profile)) {
    shape.servers = pick<uint64_t>(servers, {3, 3, 3, 5, 5, 7});
    shape.observers = profile == Profile::kModes ? pick(observers, {0U, 1U, 2U, 3U})
                                                 : pick(observers, {0U, 0U, 1U, 2U});
    shape.reconfig = profile == Profile::kReconfig;
    shape.modes = profile == Profile::kModes;
  }
  shape.churn = shape.churn || profile == Profile::kChurn;
  if (overrides.servers != 0) shape.servers = overrides.servers;
  shape.observers = overrides.observers.value_or(shape.observers);
  const bool always = is_ensemble(profile) && profile != Profile::kSwarm;
  shape.ensemble = always || shape.servers > 1 || shape.observers > 0;
  shape.reconfig = shape.reconfig && shape.ensemble;
  shape.modes = shape.modes && shape.ensemble;
  return shape;
}

void draw_clients(WorldConfig& world, const Shape& shape, const Overrides& overrides,
                  const Parts& parts) {
  Random sizes = parts.fork("sizes");
  const uint64_t drawn_clients = static_cast<uint64_t>(sizes.between(1, 12));
  const uint64_t clients = overrides.clients != 0 ? overrides.clients : drawn_clients;
  const uint64_t drawn_operations = static_cast<uint64_t>(sizes.between(50, 700));
  const uint64_t operations = overrides.operations != 0 ? overrides.operations : drawn_operations;
  for (uint64_t i = 0; i < clients; ++i) {
    ClientConfig client = draw_client(world.processes[0].server, shape.churn,
                                      parts.fork("client" + std::to_string(i)));
    if (shape.ensemble) draw_moves(client, parts.fork("moves" + std::to_string(i)));
    client.script.actions = operations / clients + (i < operations % clients ? 1 : 0);
    world.clients.push_back(client);
  }
}

}  // namespace

void make_ensemble(WorldConfig& world, uint64_t participants, uint64_t observers, Random random) {
  ProcessConfig first = world.processes.at(0);
  first.server.peer = draw_peer(first.server, random.fork("peer"));
  world.processes.assign(participants + observers, first);
  for (uint64_t i = 0; i < world.processes.size(); ++i) {
    ProcessConfig& process = world.processes[i];
    draw_own_part(process, random.fork("process" + std::to_string(i)));
    if (i >= participants) process.member.role = quorum::MemberRole::kObserver;
  }
  seat(world);
}

void make_changeable(WorldConfig& world, uint64_t spares, Random random) {
  const ProcessConfig first = world.processes.at(0);
  ClientConfig operator_client = world.clients.empty() ? ClientConfig{} : world.clients[0];
  for (uint64_t i = 0; i < spares; ++i) {
    ProcessConfig spare = first;
    draw_own_part(spare, random.fork("spare" + std::to_string(i)));
    spare.member.is_spare = true;
    spare.member.role =
        random.one_in(3) ? quorum::MemberRole::kObserver : quorum::MemberRole::kParticipant;
    world.processes.push_back(std::move(spare));
  }
  const bool standalone_enabled = random.one_in(2);
  for (ProcessConfig& process : world.processes) {
    process.server.reconfig_enabled = true;
    process.server.peer->standalone_enabled = standalone_enabled;
  }
  operator_client.is_super = true;
  operator_client.pipeline_max = 1;
  operator_client.script.think_us_max = pick<int64_t>(random, {50'000, 500'000, 3'000'000});
  operator_client.script.actions = static_cast<uint64_t>(random.between(4, 40));
  operator_client.script.malformed_one_in = operator_client.script.slow_read_one_in = 0;
  world.clients.push_back(operator_client);
  seat(world);
  for (const ProcessConfig& process : world.processes) {
    world.clients.back().script.workload.members.push_back(process.server.server_id);
  }
}

WorldSize size_of(const WorldConfig& world) {
  WorldSize size{static_cast<uint32_t>(world.processes.size()),
                 static_cast<uint32_t>(world.clients.size()),
                 world.topology.regions,
                 {}};
  for (const WanLink& link : world.topology.links) size.links.emplace_back(link.from, link.to);
  return size;
}

WorldConfig draw_world(Profile profile, const Overrides& overrides, Random random) {
  const Parts parts(random, overrides);
  WorldConfig world;
  world.interrupt_recovery_one_in = 4;
  world.network = draw_network(parts.fork("network"));
  world.processes.push_back(draw_process(parts.fork("process")));
  FaultConfig faults = draw_faults(world, profile, parts.fork("faults"));
  const Shape shape = draw_shape(profile, overrides, parts);
  world.liveness = shape.liveness;
  if (shape.ensemble) {
    make_ensemble(world, shape.servers, shape.observers, parts.fork("ensemble"));
    world.load_max = Duration::from_ms(60'000);
  }
  draw_clients(world, shape, overrides, parts);
  if (shape.reconfig) {
    Random changes = parts.fork("changes");
    const Random spares = changes.fork("spares");
    make_changeable(world, static_cast<uint64_t>(changes.between(1, 3)), spares);
  }
  if (shape.modes) draw_modes(world, parts.fork("modes"));
  if (shape.wide_area && shape.ensemble) {
    draw_swarm_topology(world, faults, parts.fork("wide area"));
  }
  world.waits_for_steps = false;
  world.steps =
      draw_steps(faults, size_of(world), MonotonicTime{} + world.load_max, parts.fork("steps"));
  if (profile == Profile::kSwarm) draw_triggers(world.steps, parts.fork("triggers"));
  return world;
}

}  // namespace zoetrope::sim
