// Makes a failing plan small: fewer servers, clients, operations and faults, shorter times and
// plainer settings, as long as the same property breaks. Delta debugging (Zeller, Hildebrandt,
// "Simplifying and Isolating Failure-Inducing Input", 2002) over the parts of a plan, with other
// seeds for what the plan leaves free, because a smaller world has other delays. Runs nothing
// itself: whoever calls it tries plans, on as many threads as it likes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/plan.hpp"

namespace zoetrope::shrink {

// What a plan consists of, for progress lines and for judging what is smaller.
struct Size {
  size_t servers = 0, clients = 0, actions = 0, steps = 0, settings = 0;
  std::string to_string() const;
};
Size size_of(const sim::Plan& plan);

struct Options {
  uint64_t runs_max = 20'000;
  // Seeds that are tried for each smaller plan, the present one first.
  uint32_t seeds = 4;
};

// The index of the first of these plans that still breaks the property; nullopt: none does. "First"
// is by index, however many run at a time: so the result does not depend on threads.
using TryAll = std::function<std::optional<size_t>(const std::vector<sim::Plan>&)>;
// Called after every improvement and now and then; false: stop and be content.
using Progress = std::function<bool(const Size&, uint64_t runs)>;

struct Result {
  sim::Plan plan;
  uint64_t runs = 0;
  bool is_done = true;  // false: the budget ended first
};

// `plan` has all that its clients do (ClientConfig::told) and fails.
Result shrink(sim::Plan plan, const Options& options, const TryAll& try_all,
              const Progress& progress);

// What happens in the plan, in a few sentences, for its title and story.
std::string story_of(const sim::Plan& plan);

}  // namespace zoetrope::shrink
