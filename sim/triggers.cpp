// Steps that wait for a moment of a server's life.
#include <algorithm>

#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

// What may come between two effects of a server; anything else waits until it has done them.
bool comes_between_effects(const Action& action) {
  return std::holds_alternative<Kill>(action) || std::holds_alternative<DiskFault>(action) ||
         std::holds_alternative<Split>(action) || std::holds_alternative<Isolate>(action) ||
         std::holds_alternative<Bridge>(action) || std::holds_alternative<CutLink>(action);
}

}  // namespace

void World::plan_triggers() {
  for (uint32_t i = 0; i < config_.steps.size(); ++i) {
    if (config_.steps[i].on) waiting_.push_back({.step = i});
  }
  if (waiting_.empty() && !config_.count_coverage) return;
  Lookout::Heard heard;
  if (!waiting_.empty()) heard = [this](const Sighting& sighting) { see(sighting); };
  lookout_ = std::make_unique<Lookout>(processes_.size(), std::move(heard),
                                       config_.count_coverage ? &coverage_ : nullptr);
  for (auto& process : processes_) process->set_lookout(lookout_.get());
}

void World::see(const Sighting& sighting) {
  // It is at its end already, by another step.
  if (calm_ || processes_[sighting.server]->is_dying()) return;
  for (WaitingStep& waiting : waiting_) {
    const Step& step = config_.steps[waiting.step];
    const Trigger& trigger = *step.on;
    if (waiting.server || trigger.moment != sighting.moment || queue_.now() < step.at) continue;
    if (!concerns(trigger.server, sighting)) continue;
    if (++waiting.seen < trigger.nth) continue;
    waiting.server = sighting.server;
    if (trace_.readable()) {
      trace_.note(server_name(processes_[sighting.server]->config().server.server_id) + " " +
                  std::string(to_string(trigger.moment)) + ": step " +
                  std::to_string(waiting.step + 1));
    }
    if (step.after.ns > 0) {
      plan_step(waiting.step, queue_.now() + step.after);
    } else if (comes_between_effects(step.action)) {
      carry_out(waiting.step);
    } else {
      due_.push_back(waiting.step);
    }
  }
}

// Whether a trigger that names `target` means this server now. What is any server's is every one's.
bool World::concerns(const Target& target, const Sighting& sighting) {
  using Kind = Target::Kind;
  const auto is = [&](quorum::PeerState state) { return sighting.role == state; };
  const auto is_one_of = [&](const std::vector<Process*>& found) {
    return std::ranges::any_of(found, [&](const Process* process) {
      return process != nullptr && process->index() == sighting.server;
    });
  };
  switch (target.kind) {
    case Kind::kAll:
    case Kind::kAnyServer:
    case Kind::kTriggered: return true;
    case Kind::kLeader: return is(quorum::PeerState::kLeading);
    case Kind::kAnyFollower: return is(quorum::PeerState::kFollowing);
    case Kind::kFollower: return is(quorum::PeerState::kFollowing) && is_one_of(find(target));
    case Kind::kObserver: return is(quorum::PeerState::kObserving) && is_one_of(find(target));
    default: return is_one_of(find(target));
  }
}

// What could not come between two effects.
void World::carry_out_due() {
  while (!due_.empty()) {
    const size_t step = due_.front();
    due_.erase(due_.begin());
    carry_out(step);
  }
}

void World::carry_out(size_t step) {
  const auto waiting = std::ranges::find(waiting_, step, &WaitingStep::step);
  triggered_ = waiting == waiting_.end() ? std::nullopt : waiting->server;
  carry_out(config_.steps[step]);
  triggered_.reset();
}

std::vector<size_t> World::missed_steps() const {
  std::vector<size_t> missed;
  for (const WaitingStep& waiting : waiting_) {
    if (!waiting.server) missed.push_back(waiting.step);
  }
  return missed;
}

}  // namespace zoetrope::sim
