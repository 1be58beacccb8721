// What disks lose for good: bits that turn over, files that are gone, old states that come back. A
// member that comes back with less than it had breaks what Zab rests on, for an election may then
// go to servers that lack what was acknowledged. So, unless a world is told otherwise, a disk is
// damaged only while every quorum of the others' disks has all that this one may be needed for, and
// in one run only a minority of the disks is.
#include <algorithm>
#include <compare>
#include <utility>

#include "core/zab/epoch_files.hpp"
#include "sim/evidence.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

// So long a damage waits until the others have what the disk holds.
constexpr Duration kPatience = Duration::from_ms(2'000);
// Over that many first bits of a file its kind and version are told; nobody refuses a file of
// another kind as damaged.
constexpr uint64_t kHeaderBytes = 16;

// How far the history on a disk goes, as elections compare it, and what was promised.
struct Holding {
  int64_t epoch = 0;
  Zxid last;
  int64_t accepted = 0;

  bool covers(const Holding& other) const {
    return std::pair(epoch, last) >= std::pair(other.epoch, other.last) &&
           accepted >= other.accepted;
  }
};

// nullopt: no server would start from it.
std::optional<Holding> holding_of(const node::Config& config, SimDisk disk) {
  RecoveryDisk recovery(disk, UINT64_MAX);
  const auto state = recover_again(config, recovery, std::nullopt);
  if (!state) return std::nullopt;
  const auto epochs = zab::read_epochs(recovery, state->last_zxid);
  if (!epochs) return std::nullopt;
  return Holding{epochs->current, state->last_zxid, epochs->accepted};
}

}  // namespace

bool World::may_ever_be_damaged(const Process& process) const {
  const auto& peer = process.config().server.peer;
  if (!peer || process.config().server.reconfig_enabled) return false;
  if (peer->role.is_observer || may_be_damaged_[process.index()]) return true;
  const auto damaged = static_cast<size_t>(std::ranges::count(may_be_damaged_, true));
  return damaged < (peer->ensemble.participants().size() - 1) / 2;
}

bool World::is_dispensable(const Process& process) const {
  if (!may_ever_be_damaged(process)) return false;
  const auto& peer = process.config().server.peer;
  if (peer->role.is_observer) return true;
  const quorum::Ensemble& ensemble = peer->ensemble;
  // What nobody else has was never committed; what it has no more, after a damage, either.
  Holding needed;
  std::vector<std::pair<ServerId, Holding>> others;
  for (const auto& other : processes_) {
    const auto& role = other->config().server.peer->role;
    if (other.get() == &process || role.is_observer) continue;
    if (const auto all = holding_of(other->config().server, other->disk().as_it_is())) {
      if (std::pair(all->epoch, all->last) > std::pair(needed.epoch, needed.last)) {
        needed.epoch = all->epoch;
        needed.last = all->last;
      }
      needed.accepted = std::max(needed.accepted, all->accepted);
    }
    const auto durable = holding_of(other->config().server, other->disk().after_power_loss());
    if (durable) others.emplace_back(other->config().server.server_id, *durable);
  }
  const auto own = holding_of(process.config().server, process.disk().as_it_is());
  if (own && needed.covers(*own)) needed = *own;
  const auto lacks = [&](ServerId id) {
    const auto it = std::ranges::find(others, id, [](const auto& other) { return other.first; });
    return it == others.end() || !it->second.covers(needed);
  };
  return !ensemble.is_quorum(lacks);
}

bool World::try_damage(Process& process, const Damage& damage, bool is_last_try) {
  const bool is_safe = is_dispensable(process);
  if (!is_safe && config_.disks_recoverable) {
    if (!is_last_try && may_ever_be_damaged(process)) return false;
    ++counts_.disks_spared;
    if (trace_.readable()) trace_.note("the disk of " + process.name() + " is spared");
    return true;
  }
  if (!is_safe) {
    is_unsafe_ = true;
    ++counts_.unsafe_damages;
  }
  ++counts_.disks_damaged;
  const auto& peer = process.config().server.peer;
  if (!peer || !peer->role.is_observer) may_be_damaged_[process.index()] = true;
  damage(process);
  return true;
}

// The server goes down, and does not come back before its disk was damaged or spared.
void World::damage(const Target& target, StopKind how, std::optional<Duration> back,
                   Damage damage) {
  for (Process* process : find(target)) {
    const MonotonicTime end = queue_.now() + kPatience;
    stop(*process, how, {std::nullopt, true});
    begin_errand([this, process, back, damage, end] {
      if (calm_) return true;
      const bool is_last_try = queue_.now() >= end;
      const bool is_down = !process->running();
      if (is_down ? !try_damage(*process, damage, is_last_try) : !is_last_try) return false;
      returns_[process->index()] = Return{back, false};
      if (is_down) restart_later(*process);
      return true;
    });
  }
}

void World::note_logs(const Process& process) {
  if (config_.keep_history) evidence_.add_disk(process.index(), process.disk());
}

void World::wipe(Process& process) {
  note_logs(process);
  is_rotten_[process.index()] = false;
  process.wipe_disk();
  if (trace_.readable()) trace_.note("the disk of " + process.name() + " is empty");
}

void World::rot(const RotDisk& rot, Process& process) {
  note_logs(process);
  std::vector<std::pair<storage::FileName, uint64_t>> files;
  for (const auto& [folder, prefix, kind] :
       {std::tuple{storage::Folder::kLog, "log.", RotDisk::Files::kLogs},
        std::tuple{storage::Folder::kSnapshot, "snapshot.", RotDisk::Files::kSnapshots}}) {
    if (rot.files != RotDisk::Files::kAny && rot.files != kind) continue;
    for (const storage::FileInfo& file : process.disk().list(folder)) {
      if (!file.name.starts_with(prefix) || file.size <= kHeaderBytes) continue;
      files.emplace_back(storage::FileName{folder, file.name}, file.size);
    }
  }
  if (files.empty()) return;
  is_rotten_[process.index()] = true;
  Site& site = choices_.site("rot of " + process.name());
  for (uint64_t i = 0; i < rot.flips; ++i) {
    const auto& [file, size] = files[site.below(files.size())];
    const uint64_t bit = kHeaderBytes * 8 + site.below((size - kHeaderBytes) * 8);
    process.disk().rot(file, bit);
    trace_.number(bit);
    if (trace_.readable()) {
      trace_.note("bit " + std::to_string(bit) + " of " + file.name + " of " + process.name());
    }
  }
}

void World::carry_out(const RotDisk& rotten) {
  damage(rotten.server, StopKind::kKill, rotten.back,
         [this, rotten](Process& process) { rot(rotten, process); });
}

void World::carry_out(const WipeDisk& wiped) {
  damage(wiped.server, StopKind::kKill, wiped.back, [this](Process& process) { wipe(process); });
}

void World::carry_out(const ReplaceMember& replace) {
  damage(replace.server, StopKind::kShutdown, replace.back,
         [this](Process& process) { wipe(process); });
}

void World::carry_out(const BackUpDisk& backup) {
  for (Process* process : find(backup.server)) {
    backups_[process->index()] = process->disk().after_power_loss();
    if (trace_.readable()) trace_.note("backup of the disk of " + process->name());
  }
}

void World::carry_out(const RestoreDisk& restore) {
  damage(restore.server, StopKind::kKill, restore.back, [this](Process& process) {
    const auto& backup = backups_[process.index()];
    if (!backup) return wipe(process);
    note_logs(process);
    process.disk().become(*backup);
    if (trace_.readable()) trace_.note("the disk of " + process.name() + " is an old one");
  });
}

// At the end of the faults: whoever would refuse its files when it starts begins anew now.
void World::replace_hidden_rot() {
  constexpr Duration kStep = Duration::from_ms(10);
  for (const auto& process : processes_) {
    if (!is_rotten_[process->index()] || failed_) continue;
    if (holding_of(process->config().server, process->disk().after_power_loss())) continue;
    const MonotonicTime end = queue_.now() + Duration::from_ms(20'000);
    while (config_.disks_recoverable && !is_dispensable(*process) && queue_.now() < end) {
      pump_until(queue_.now() + kStep);
    }
    ++counts_.disks_refused;
    process->die(DeathKind::kKill);
    static_cast<void>(try_damage(*process, [this](Process& rotten) { wipe(rotten); }, true));
  }
}

bool World::replace_rotten(Process& process) {
  if (!is_rotten_[process.index()]) return false;
  ++counts_.disks_refused;
  const Damage empty = [this](Process& rotten) { wipe(rotten); };
  // While the others do not make up for it, it tries again and again.
  static_cast<void>(try_damage(process, empty, false));
  return true;
}

}  // namespace zoetrope::sim
