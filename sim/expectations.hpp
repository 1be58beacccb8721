// What must come of a run, and whether it did. Pure functions over a run's result.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::sim {

struct RunResult;
struct WorldCounts;

struct Expectations {
  // Properties that must be violated: a kept failure fails in the same way. Empty: all must hold.
  std::vector<std::string> breaks;
  // Properties that do not matter here.
  std::vector<std::string> ignores;
  // Bounds of the run's counts, by name.
  std::map<std::string, uint64_t> at_least, at_most;
};

// One line for each way in which the run is not what it had to be; empty: it is.
std::vector<std::string> unmet(const Expectations& expect, const RunResult& result);

// Of WorldCounts, in a fixed order.
std::vector<std::string_view> count_names();
uint64_t count_of(const WorldCounts& counts, std::string_view name);

// Whatever may be violated: the properties of histories, and those that a world judges itself.
std::vector<std::string_view> property_names();

}  // namespace zoetrope::sim
