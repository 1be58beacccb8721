// Carries out the steps of a run: what begins, lasts and ends. The faults themselves are in a file
// for each family.
#include <utility>

#include "sim/step_fields.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

constexpr Duration kErrandStep = Duration::from_ms(50);

}  // namespace

void World::plan_steps() {
  steps_to_come_ = config_.steps.size();
  for (size_t i = 0; i < config_.steps.size(); ++i) {
    if (!config_.steps[i].on) plan_step(i, config_.steps[i].at);
  }
}

void World::plan_step(size_t step, MonotonicTime at) {
  Event event;
  event.at = at;
  event.kind = EventKind::kFault;
  event.subject = step;
  queue_.push(event);
}

void World::carry_out(const Step& step) {
  --steps_to_come_;
  if (calm_) return;
  ++counts_.steps[step.action.index()];
  const auto number = static_cast<uint64_t>(&step - config_.steps.data());
  std::visit(
      [&](const auto& action) {
        trace_.fault(FaultPhase::kStep, number, name_of(action).name);
        carry_out(action);
      },
      step.action);
}

void World::begin(std::string name, Duration lasts, std::function<void()> end,
                  const Process* frozen_with) {
  Event event;
  event.at = queue_.now() + lasts;
  event.kind = EventKind::kFaultEnds;
  event.subject = ongoing_.size();
  queue_.push(event);
  if (trace_.readable()) trace_.note(name + " until " + time_text(event.at));
  trace_.fault(FaultPhase::kBegins, ongoing_.size(), name);
  ongoing_.push_back({std::move(name), std::move(end), frozen_with});
}

void World::end_fault(size_t number) {
  const Process* frozen_with = ongoing_[number].frozen_with;
  if (frozen_with != nullptr && is_frozen(*frozen_with)) return;
  const auto end = std::exchange(ongoing_[number].end, nullptr);
  if (!end) return;
  if (trace_.readable()) trace_.note(ongoing_[number].name + " ends");
  trace_.fault(FaultPhase::kEnds, number, ongoing_[number].name);
  end();
}

void World::end_faults() {
  for (size_t i = 0; i < ongoing_.size(); ++i) end_fault(i);
}

void World::begin_errand(std::function<bool()> step) {
  errands_.push_back(std::move(step));
  go_on_errand(errands_.size() - 1);
}

void World::go_on_errand(size_t number) {
  // An errand may begin another one: it is not called where it lies.
  const auto step = errands_[number];
  if (step()) return;
  Event event;
  event.at = queue_.now() + kErrandStep;
  event.kind = EventKind::kErrand;
  event.subject = number;
  queue_.push(event);
}

}  // namespace zoetrope::sim
