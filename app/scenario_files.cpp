#include "app/scenario_files.hpp"

#include <CLI/Error.hpp>
#include <algorithm>

#include "app/run_report.hpp"
#include "app/sim_campaign.hpp"

namespace zoetrope::app {

sim::Plan load_scenario(const std::string& path) {
  auto plan = scenario::parse(read_text(path), path);
  if (plan) return *std::move(plan);
  std::string lines;
  for (const std::string& mistake : plan.error()) lines += (lines.empty() ? "" : "\n") + mistake;
  // No name in front: every line has its own.
  throw CLI::ValidationError(lines);
}

void save_plan(const std::string& path, sim::Plan plan, const sim::RunResult& result,
               bool choices) {
  plan.world = *result.plan;
  if (!choices) plan.world.told.reset();
  if (plan.expect.breaks.empty()) {
    for (const properties::Violation& violation : result.violations) {
      if (std::ranges::find(plan.expect.breaks, violation.property) == plan.expect.breaks.end()) {
        plan.expect.breaks.push_back(violation.property);
      }
    }
  }
  write_text("--save-plan", path, scenario::print(plan));
}

void name_run_on_abort(const std::string& command) {
  name_runs_on_abort();
  set_current_command(command);
}

}  // namespace zoetrope::app
