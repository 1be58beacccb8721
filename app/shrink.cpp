// `zoetrope shrink`: the smallest scenario that still fails in the same way.
#include <unistd.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "app/forked_runs.hpp"
#include "app/run_report.hpp"
#include "app/scenario_files.hpp"
#include "app/subcommands.hpp"
#include "shrink/shrink.hpp"

namespace zoetrope::app {
namespace {

struct ShrinkOptions {
  std::string file, out, property;
  shrink::Options limits;
  unsigned jobs = 0;
};

// The property that is to stay broken.
std::string choose_property(const ShrinkOptions& options, const sim::Plan& plan,
                            const std::vector<std::string>& broken) {
  const auto breaks = [&](const std::string& name) {
    return std::ranges::find(broken, name) != broken.end();
  };
  if (!options.property.empty()) {
    if (breaks(options.property)) return options.property;
    throw CLI::ValidationError("--property", options.property + " does not break in this run");
  }
  for (const std::string& expected : plan.expect.breaks) {
    if (breaks(expected)) return expected;
  }
  if (broken.empty()) throw CLI::ValidationError(options.file, "nothing fails in this scenario");
  return broken[0];
}

std::string out_path(const ShrinkOptions& options) {
  if (!options.out.empty()) return options.out;
  constexpr std::string_view kEnd = ".toml";
  std::string front = options.file;
  if (front.ends_with(kEnd)) front.resize(front.size() - kEnd.size());
  return front + ".shrunk" + std::string(kEnd);
}

int shrink_file(const ShrinkOptions& options) {
  sim::Plan plan = load_scenario(options.file);
  ForkedRuns runs(options.jobs);
  const FirstRun first = runs.run_whole(plan);
  const std::string property = choose_property(options, plan, first.broken);
  // All that clients do becomes part of the plan; a run that aborts cannot say what that was.
  if (!first.plan.empty()) {
    plan = *scenario::parse(first.plan, options.file);
  }
  plan.expect = {};
  plan.expect.breaks = {property};
  std::printf("%s breaks: %s\n", property.c_str(), shrink::size_of(plan).to_string().c_str());
  const bool shows_progress = isatty(STDOUT_FILENO) == 1;
  const shrink::Result result = shrink::shrink(
      plan, options.limits,
      [&](const std::vector<sim::Plan>& plans) { return runs.first_that_breaks(plans, property); },
      [&](const shrink::Size& size, uint64_t count) {
        if (shows_progress) {
          std::printf("\r\033[K%llu runs: %s", static_cast<unsigned long long>(count),
                      size.to_string().c_str());
          std::fflush(stdout);
        }
        return true;
      });
  sim::Plan small = result.plan;
  small.title = property + " breaks";
  small.story = shrink::story_of(small);
  const std::string path = out_path(options);
  write_text("--out", path, scenario::print(small));
  if (shows_progress) std::printf("\r\033[K");
  std::printf("after %llu runs: %s%s\n", static_cast<unsigned long long>(result.runs),
              shrink::size_of(small).to_string().c_str(),
              result.is_done ? "" : " (the budget of runs is used up)");
  std::printf("%s\n%s\nrun it with:\n  zoetrope run %s\n", small.story.c_str(), path.c_str(),
              path.c_str());
  return kExitHeld;
}

}  // namespace

void add_shrink(CLI::App& app, int& exit_status) {
  CLI::App* command = app.add_subcommand(
      "shrink", "Make a failing scenario as small as it can be and still fail in the same way");
  auto options = std::make_shared<ShrinkOptions>();
  command->add_option("FILE", options->file, "A scenario that fails")->required();
  command->add_option("-o,--out", options->out, "Where the small one goes (FILE.shrunk.toml)");
  command->add_option(
      "--property", options->property,
      "What must stay broken (default: the first that the file names or that breaks)");
  command->add_option("--runs", options->limits.runs_max, "At most so many")->capture_default_str();
  command->add_option("--seeds", options->limits.seeds, "Tried for each smaller scenario")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  command->add_option("--jobs", options->jobs, "Runs at once (default: one for each core)");
  command->callback([options, &exit_status] { exit_status = shrink_file(*options); });
}

}  // namespace zoetrope::app
