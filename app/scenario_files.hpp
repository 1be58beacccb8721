// Scenario files: read, checked and written. Owns nothing.
#pragma once

#include <string>

#include "scenario/scenario.hpp"
#include "sim/run.hpp"

namespace zoetrope::app {

// Throws CLI::ValidationError with every mistake, each with file and line.
sim::Plan load_scenario(const std::string& path);

// Writes the plan of a run that kept its choices: its steps and all that its clients did, and with
// `choices` every other choice too. Without them these depend on the seed, which is in the file.
// What the run broke must break again.
void save_plan(const std::string& path, sim::Plan plan, const sim::RunResult& result, bool choices);

// From now on a broken assertion prints the command that leads to it.
void name_run_on_abort(const std::string& command);

}  // namespace zoetrope::app
