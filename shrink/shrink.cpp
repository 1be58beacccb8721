#include "shrink/shrink.hpp"

#include <algorithm>
#include <utility>

#include "scenario/scenario.hpp"
#include "shrink/cuts.hpp"

namespace zoetrope::shrink {

using sim::Plan;

namespace {

class Shrinking {
 public:
  Shrinking(Plan plan, const Options& options, const TryAll& try_all, const Progress& progress)
      : plan_(std::move(plan)), options_(options), try_all_(try_all), progress_(progress) {}

  Result run() {
    bool improves = true;
    while (improves && goes_on()) {
      improves = false;
      // The coarse parts first: what they take away need not be looked at any more.
      improves |= cut_list(&steps_in, &without_steps);
      improves |= cut_list(&actions_in, &without_actions);
      improves |= cut_list(&clients_in, &without_clients);
      improves |= cut_list(&servers_in, &without_servers);
      improves |= cut_list(&steps_in, &without_steps);
      improves |= simplify();
    }
    return {std::move(plan_), runs_, goes_on()};
  }

 private:
  using Count = size_t (*)(const Plan&);
  // The plan without the elements [from, to) of the list; nullopt: that cannot be.
  using Without = std::optional<Plan> (*)(const Plan&, size_t from, size_t to);

  bool goes_on() const { return runs_ < options_.runs_max && !is_stopped_; }

  // Takes the first that fails, if one does.
  bool attempt(const std::vector<Plan>& candidates) {
    if (candidates.empty() || !goes_on()) return false;
    std::vector<Plan> tries;
    for (const Plan& candidate : candidates) {
      for (uint32_t i = 0; i < options_.seeds; ++i) {
        tries.push_back(candidate);
        tries.back().seed += i;
      }
    }
    runs_ += tries.size();
    const std::optional<size_t> found = try_all_(tries);
    if (found) plan_ = std::move(tries[*found]);
    if (!progress_(size_of(plan_), runs_)) is_stopped_ = true;
    return found.has_value();
  }

  // Pieces of half the list, then smaller ones, down to single elements.
  bool cut_list(Count count, Without without) {
    bool improved = false;
    for (size_t piece = std::max<size_t>(count(plan_), 1); piece > 0 && goes_on(); piece /= 2) {
      // From behind: what comes late seldom matters to what came before.
      size_t end = count(plan_);
      while (end > 0 && goes_on()) {
        const size_t from = end > piece ? end - piece : 0;
        std::optional<Plan> smaller = without(plan_, from, end);
        if (smaller && attempt({*std::move(smaller)})) improved = true;
        end = std::min(from, count(plan_));
      }
    }
    return improved;
  }

  bool simplify() {
    bool improved = false;
    for (size_t i = 0; goes_on(); ++i) {
      const std::optional<std::vector<Plan>> plainer = plainer_plans(plan_, i);
      if (!plainer) break;
      improved |= attempt(*plainer);
    }
    return improved;
  }

  Plan plan_;
  Options options_;
  const TryAll& try_all_;
  const Progress& progress_;
  uint64_t runs_ = 0;
  bool is_stopped_ = false;
};

}  // namespace

std::string Size::to_string() const {
  return std::to_string(servers) + " servers, " + std::to_string(clients) + " clients, " +
         std::to_string(actions) + " operations, " + std::to_string(steps) + " faults, " +
         std::to_string(settings) + " settings";
}

Size size_of(const Plan& plan) {
  return {plan.world.processes.size(), plan.world.clients.size(), actions_in(plan), steps_in(plan),
          settings_in(plan)};
}

Result shrink(Plan plan, const Options& options, const TryAll& try_all, const Progress& progress) {
  return Shrinking(std::move(plan), options, try_all, progress).run();
}

}  // namespace zoetrope::shrink
