// `zoetrope run`: runs scenario files in the deterministic world and says whether what must hold
// does.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>

#include "app/run_report.hpp"
#include "app/scenario_files.hpp"
#include "app/subcommands.hpp"
#include "app/trace_files.hpp"
#include "sim/run.hpp"

namespace zoetrope::app {
namespace {

struct RunOptions {
  std::vector<std::string> files;
  std::optional<uint64_t> seed;
  bool list_steps = false;
  bool quiet = false;
  std::string trace_file, history_file, save_file, record_file;
  bool save_choices = false;
};

// True when the run is what it has to be.
bool run_one(const RunOptions& options, const std::string& path) {
  sim::Plan plan = load_scenario(path);
  if (options.seed) plan.seed = *options.seed;
  plan.world.keep_choices = !options.save_file.empty();
  const std::unique_ptr<sim::TraceSink> sink = open_trace(options.trace_file);
  name_run_on_abort("zoetrope run " + path +
                    (options.seed ? " --seed " + std::to_string(*options.seed) : ""));
  const std::unique_ptr<TraceFile> saved = save_trace(options.record_file, plan);
  const sim::RunResult result =
      sim::run_plan(plan, sim::make_server, sink.get(), records_of(saved));
  if (saved) saved->finish(result);
  if (!options.history_file.empty()) write_history(options.history_file, result.history);
  if (!options.save_file.empty()) {
    save_plan(options.save_file, plan, result, options.save_choices);
  }
  const std::vector<std::string> unmet = sim::unmet(plan.expect, result);
  std::printf("%s: %s%s%s\n", path.c_str(), unmet.empty() ? "as it must be" : "NOT as it must be",
              plan.title.empty() ? "" : " - ", plan.title.c_str());
  if (!options.quiet) show_counts(result);
  for (const std::string& line : unmet) std::printf("  %s\n", line.c_str());
  if (!unmet.empty() || !options.quiet) show_violations(result.violations);
  show_trace_commands(options.record_file);
  return unmet.empty();
}

int run(const RunOptions& options) {
  if (options.list_steps) {
    std::fputs(scenario::list_of_steps().c_str(), stdout);
    return kExitHeld;
  }
  if (options.files.empty()) {
    throw CLI::ValidationError("FILE", "which scenario? (--list-steps says what may stand in one)");
  }
  const bool writes = !options.trace_file.empty() || !options.history_file.empty() ||
                      !options.save_file.empty() || !options.record_file.empty();
  if (options.files.size() > 1 && writes) {
    throw CLI::ValidationError("--trace, --history, --save and --save-plan", "want one scenario");
  }
  bool all = true;
  for (const std::string& path : options.files) all = run_one(options, path) && all;
  return all ? kExitHeld : kExitViolated;
}

}  // namespace

void add_run(CLI::App& app, int& exit_status) {
  CLI::App* command =
      app.add_subcommand("run", "Run scenario files in the deterministic world and judge each");
  auto options = std::make_shared<RunOptions>();
  command->add_option("FILE", options->files, "Scenarios (docs/scenarios.md)");
  command->add_option("--seed", options->seed, "Instead of the one in the file");
  command->add_option("--trace", options->trace_file, "Write the run's readable trace");
  command->add_option("--history", options->history_file, "Write its history, as JSON lines");
  command->add_option("--save", options->record_file,
                      "Write its trace, for `zoetrope replay`: every event, compact");
  command->add_option("--save-plan", options->save_file,
                      "Write what was done in this run as a scenario: every step and operation");
  command->add_flag("--choices", options->save_choices, "With it: every delay and cut too");
  command->add_flag("--list-steps", options->list_steps, "Say what steps a scenario may have");
  command->add_flag("--quiet", options->quiet, "One line a scenario, unless it fails");
  command->callback([options, &exit_status] { exit_status = run(*options); });
}

}  // namespace zoetrope::app
