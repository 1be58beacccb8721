// The liveness phase: what is healed when the load is over, and what stays as it is for ever. A
// quorum that runs, sees itself and has whole disks must lead, serve and converge, whatever the
// others do.
#include <algorithm>

#include "core/base/assert.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {

// A random quorum, and some of the others with it.
void World::choose_survivors() {
  frozen_.assign(processes_.size(), false);
  if (config_.liveness != Liveness::kQuorum || !is_ensemble()) return;
  Site& site = choices_.site("liveness");
  const quorum::Ensemble& ensemble = config_.processes[0].server.peer->ensemble;
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < processes_.size(); ++i) {
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(site.below(order.size() + 1)), i);
  }
  frozen_.assign(processes_.size(), true);
  // A rotten disk is not whole; fewer than a quorum ever are.
  const auto is_rotten = [this](uint32_t index) { return is_rotten_[index]; };
  std::erase_if(order, is_rotten);
  const auto survives = [this](ServerId id) {
    return std::ranges::any_of(processes_, [&](const auto& process) {
      return process->config().server.server_id == id && !frozen_[process->index()];
    });
  };
  for (const uint32_t index : order) {
    const ServerId id = processes_[index]->config().server.server_id;
    const bool is_wanted = !ensemble.is_observer(id) && !ensemble.is_quorum(survives);
    if (is_wanted || site.one_in(4)) frozen_[index] = false;
  }
  ZT_ASSERT(ensemble.is_quorum(survives));
  if (!trace_.readable()) return;
  std::string text = "these servers are healed:";
  for (const Process* process : survivors()) {
    text += ' ' + std::to_string(process->config().server.server_id.value);
  }
  trace_.note(text);
}

bool World::is_frozen(const Process& process) const {
  return !frozen_.empty() && frozen_[process.index()];
}

std::vector<Process*> World::survivors() const {
  std::vector<Process*> survivors;
  for (const auto& process : processes_) {
    if (!is_frozen(*process)) survivors.push_back(process.get());
  }
  return survivors;
}

// Directions that begin or end at a frozen server stay cut.
void World::heal_survivors() {
  const auto is_at_frozen = [this](HostId host) {
    const Process* process = process_of_host_[host.value];
    return process != nullptr && is_frozen(*process);
  };
  for (size_t i = 0; i < cuts_.size(); ++i) {
    Cuts& cuts = cuts_[i];
    if (!cuts.active) continue;
    const auto stay = std::ranges::stable_partition(cuts.ways, [&](const auto& way) {
      return !is_at_frozen(way.first) && !is_at_frozen(way.second);
    });
    const std::vector<std::pair<HostId, HostId>> frozen(stay.begin(), stay.end());
    cuts.ways.erase(stay.begin(), stay.end());
    heal(i);
    counts_.frozen_links += frozen.size();
  }
  for (const auto& process : processes_) {
    if (!is_frozen(*process)) continue;
    ++counts_.frozen_servers;
    counts_.frozen_down += process->running() ? 0 : 1;
    if (is_half_connected(*process) && choices_.site("liveness").one_in(2)) cut_off(*process);
  }
}

// Some of what passes between it and the healed servers is cut, and some is not.
bool World::is_half_connected(const Process& process) const {
  size_t open = 0, cut = 0;
  for (const Process* survivor : survivors()) {
    for (const bool is_cut : {network_.is_cut(process.host(), survivor->host()),
                              network_.is_cut(survivor->host(), process.host())}) {
      ++(is_cut ? cut : open);
    }
  }
  return open != 0 && cut != 0;
}

void World::cut_off(const Process& process) {
  for (const Process* survivor : survivors()) {
    network_.cut(process.host(), survivor->host(), {});
    network_.cut(survivor->host(), process.host(), {});
  }
  if (trace_.readable()) {
    trace_.note("cut off for ever: " + server_name(process.config().server.server_id));
  }
}

// Why a run that is stuck may be so; nullopt: nothing excuses it.
//
// A server that only some of the healed ones hear, or that hears only some, is beyond what an
// election can see: whoever hears it may go on electing it, and it may lead those, a quorum, while
// the others of the healed cannot come to it (upstream's election is the same in that).
std::optional<std::string> World::excuse() const {
  for (const auto& process : processes_) {
    if (!is_frozen(*process) || !process->running() || !is_half_connected(*process)) continue;
    return "server " + std::to_string(process->config().server.server_id.value) +
           " is not healed, runs, and is connected with the healed ones only in part";
  }
  return std::nullopt;
}

// What does not come about although it has to.
void World::stuck(std::string property, std::string summary, std::vector<std::string> evidence) {
  is_stuck_ = true;
  if (std::optional<std::string> reason = excuse()) {
    if (trace_.readable()) trace_.note("excused: " + *reason);
    excuse_ = std::move(reason);
    return;
  }
  violation(std::move(property), std::move(summary), std::move(evidence));
}

}  // namespace zoetrope::sim
