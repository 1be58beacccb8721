// Processes that die, stop, stand still or are slow.
#include <algorithm>

#include "sim/world.hpp"

namespace zoetrope::sim {

void World::carry_out(const Kill& kill) {
  for (Process* process : find(kill.server)) {
    if (!process->running()) continue;
    if (kill.back || kill.stays_down) {
      returns_[process->index()] = Return{kill.back, kill.stays_down};
    }
    if (kill.effects != 0) {
      process->die_after(kill.effects, kill.how, kill.unsynced);
    } else {
      process->die(kill.how, kill.unsynced);
    }
  }
}

void World::carry_out(const Shutdown& shutdown) {
  for (Process* process : find(shutdown.server)) process->request_shutdown();
}

void World::carry_out(const Pause& pause) {
  for (Process* process : find(pause.server)) {
    if (!process->running()) continue;
    ++counts_.pauses;
    const bool is_machine = pause.kind == Pause::Kind::kMachine;
    if (is_machine) {
      // Its kernel answers nobody either.
      const auto host_count = static_cast<uint32_t>(process_of_host_.size());
      for (uint32_t host = 0; host < host_count; ++host) {
        if (HostId(host) == process->host()) continue;
        network_.hold(HostId(host), process->host(), queue_.now() + pause.lasts);
      }
    }
    const uint64_t number = process->pause(is_machine);
    begin(
        "pause of " + process->name(), pause.lasts, [process, number] { process->resume(number); },
        process);
  }
}

void World::carry_out(const SlowCpu& slow) {
  for (Process* process : find(slow.server)) {
    process->slow_down(slow.factor_percent, slow.input_us * 1000);
    begin("slow processor of " + process->name(), slow.lasts,
          [process] { process->slow_down(100, 0); });
  }
}

// Those that were to stay down for as long as there are faults.
void World::start_all() {
  for (const auto& process : processes_) {
    const auto& back = returns_[process->index()];
    if (process->running() || !back || !back->never) continue;
    returns_[process->index()].reset();
    restart_later(*process);
  }
}

}  // namespace zoetrope::sim
