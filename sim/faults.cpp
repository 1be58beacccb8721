// The faults of a run: when the next one comes, which it is, and what it does.
#include <algorithm>

#include "sim/world.hpp"

namespace zoetrope::sim {

void World::plan_fault() {
  if (calm_ || config_.faults.interval_max.ns <= 0) return;
  Event event;
  event.at = queue_.now() + Duration{fault_random_.between(config_.faults.interval_min.ns,
                                                           config_.faults.interval_max.ns)};
  event.kind = EventKind::kFault;
  queue_.push(event);
}

void World::inject_fault() {
  if (calm_) return;
  plan_fault();
  end_disk_faults();
  const FaultConfig& f = config_.faults;
  Process& process = *processes_[fault_random_.below(processes_.size())];
  const uint64_t weights[] = {
      f.kill_weight, f.power_loss_weight, f.shutdown_weight, f.disk_weight,    f.wall_jump_weight,
      f.hold_weight, f.break_weight,      f.split_weight,    f.isolate_weight, f.bridge_weight,
      f.link_weight, f.crash_many_weight, f.crash_all_weight};
  uint64_t sum = 0;
  for (const uint64_t weight : weights) sum += weight;
  if (sum == 0) return;
  uint64_t draw = fault_random_.below(sum);
  size_t kind = 0;
  while (draw >= weights[kind]) draw -= weights[kind++];
  switch (kind) {
    case 0: kill(process, DeathKind::kKill); break;
    case 1: kill(process, DeathKind::kPowerLoss); break;
    case 2: process.request_shutdown(); break;
    case 3: disturb_disk(process); break;
    case 4:
      ++counts_.wall_jumps;
      process.clock().jump_wall(fault_random_.between(-f.wall_jump_ms_max, f.wall_jump_ms_max));
      break;
    case 5: disturb_link(true); break;
    case 6: disturb_link(false); break;
    case 7: split(); break;
    case 8: isolate(); break;
    case 9: bridge(); break;
    case 10: cut_link(); break;
    case 11: crash(1 + fault_random_.below(processes_.size())); break;
    default: crash(processes_.size()); break;
  }
}

void World::kill(Process& process, DeathKind kind) {
  if (!process.running()) return;
  if (fault_random_.below(100) < config_.faults.between_effects_percent) {
    process.die_after(1 + fault_random_.below(config_.faults.effects_max), kind);
  } else {
    process.die(kind);
  }
}

// That many servers at once, of all alike or each in its own way.
void World::crash(uint64_t count) {
  const bool alike = fault_random_.one_in(2);
  const bool all_lose_power = fault_random_.one_in(2);
  size_t at = fault_random_.below(processes_.size());
  for (uint64_t i = 0; i < count; ++i) {
    const bool loses_power = alike ? all_lose_power : fault_random_.one_in(2);
    kill(*processes_[at], loses_power ? DeathKind::kPowerLoss : DeathKind::kKill);
    at = (at + 1) % processes_.size();
  }
}

void World::disturb_disk(Process& process) {
  DiskFaults& faults = process.disk().faults();
  switch (fault_random_.below(4)) {
    case 0: faults.sync_fails_one_in = 1 + fault_random_.below(8); break;
    case 1: faults.write_fails_one_in = 1 + fault_random_.below(8); break;
    case 2: faults.read_fails_one_in = 1 + fault_random_.below(8); break;
    default: faults.capacity_bytes = process.disk().used_bytes() + fault_random_.below(4096); break;
  }
  disk_fault_until_[process.index()] =
      queue_.now() + Duration{fault_random_.between(1, config_.faults.disk_fault_max.ns)};
}

// How the disks of this world behave while no fault is upon them.
DiskFaults World::disk_nature() const {
  DiskFaults nature;
  nature.sync_lies = config_.disk_lies;
  nature.failed_sync_forgets = config_.faults.failed_syncs_forget;
  return nature;
}

void World::end_disk_faults() {
  for (auto& process : processes_) {
    if (!calm_ && queue_.now() < disk_fault_until_[process->index()]) continue;
    process->disk().faults() = disk_nature();
  }
}

void World::disturb_link(bool hold) {
  if (clients_.empty()) return;
  const Client& client = *clients_[fault_random_.below(clients_.size())];
  if (!hold) {
    for (const ConnectionId id : network_.connections_of(client.host())) {
      ++counts_.broken_links;
      network_.break_connection(id);
    }
    return;
  }
  const HostId server = processes_[fault_random_.below(processes_.size())]->host();
  const MonotonicTime until =
      queue_.now() + Duration{fault_random_.between(1, config_.faults.hold_max.ns)};
  ++counts_.held_links;
  const bool towards_server = fault_random_.one_in(2);
  if (towards_server) {
    network_.hold(client.host(), server, until);
  } else {
    network_.hold(server, client.host(), until);
  }
}

}  // namespace zoetrope::sim
