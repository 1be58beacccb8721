// Disks that fail, are full, slow, or stand still for a while, and are whole afterwards.
#include <algorithm>

#include "sim/world.hpp"

namespace zoetrope::sim {

void World::carry_out(const DiskFault& fault) {
  for (Process* process : find(fault.server)) begin(fault, *process);
}

void World::begin(const DiskFault& fault, Process& process) {
  DiskFaults& faults = process.disk().faults();
  switch (fault.kind) {
    case DiskFault::Kind::kSyncFails: faults.sync_fails_one_in = fault.one_in; break;
    case DiskFault::Kind::kWriteFails: faults.write_fails_one_in = fault.one_in; break;
    case DiskFault::Kind::kReadFails: faults.read_fails_one_in = fault.one_in; break;
    case DiskFault::Kind::kFull:
      faults.capacity_bytes = process.disk().used_bytes() + fault.room_bytes;
      break;
  }
  MonotonicTime& until = disk_fault_until_[process.index()];
  until = std::max(until, queue_.now() + fault.lasts);
  Event event;
  event.at = until;
  event.kind = EventKind::kDiskHeals;
  event.subject = process.index();
  queue_.push(event);
}

// How the disks of this world behave while no fault is upon them.
DiskFaults World::disk_nature() const {
  DiskFaults nature;
  nature.sync_lies = config_.disk_lies;
  nature.failed_sync_forgets = config_.failed_syncs_forget;
  return nature;
}

void World::end_disk_fault(Process& process) {
  if (is_frozen(process)) return;
  if (calm_ || queue_.now() >= disk_fault_until_[process.index()]) {
    process.disk().faults() = disk_nature();
  }
}

void World::carry_out(const SlowDisk& slow) {
  for (Process* process : find(slow.server)) {
    process->slow_disk(slow.factor_percent);
    begin("slow disk of " + process->name(), slow.lasts, [process] { process->slow_disk(100); });
  }
}

void World::carry_out(const StallDisk& stall) {
  for (Process* process : find(stall.server)) {
    const MonotonicTime until = queue_.now() + stall.lasts;
    process->stall_disk(until);
    begin("stalled disk of " + process->name(), stall.lasts,
          [this, process] { process->stall_disk(queue_.now()); });
  }
}

}  // namespace zoetrope::sim
