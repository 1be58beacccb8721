// Simulated runs in processes of their own, so that a run that breaks an invariant or never ends
// takes nothing else with it. Owns nothing between two calls.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sim/plan.hpp"

namespace zoetrope::app {

// What stands for a broken assertion among the names of properties.
inline constexpr const char* kBrokenInvariant = "broken_invariant";

// What the first run of a plan says.
struct FirstRun {
  std::vector<std::string> broken;  // properties, in the order of the violations
  std::string plan;  // as text, with all that clients did; empty when the run did not end
};

class ForkedRuns {
 public:
  // 0: as many runs at once as there are cores.
  explicit ForkedRuns(unsigned jobs);
  ~ForkedRuns();
  ForkedRuns(const ForkedRuns&) = delete;
  ForkedRuns& operator=(const ForkedRuns&) = delete;

  FirstRun run_whole(const sim::Plan& plan) const;
  // The lowest index of a plan that breaks the property.
  std::optional<size_t> first_that_breaks(const std::vector<sim::Plan>& plans,
                                          const std::string& property);

 private:
  // A child that runs one plan after the other, until one ends it.
  struct Worker {
    pid_t pid = 0;
    int fd = -1;
    std::optional<size_t> plan;  // that it runs
  };
  void start(Worker& worker);
  void give(Worker& worker, size_t number, const sim::Plan& plan, const std::string& property);
  // Whether the plan that it ran breaks the property.
  bool take(Worker& worker, const std::string& property);
  void end(Worker& worker);

  std::vector<Worker> workers_;
};

}  // namespace zoetrope::app
