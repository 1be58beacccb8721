// `zoetrope explore`: every order of events of a small ensemble, within bounds.
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>

#include "app/exploration.hpp"
#include "app/subcommands.hpp"
#include "properties/history_json.hpp"

namespace zoetrope::app {
namespace {

using Number = unsigned long long;

struct ExploreOptions {
  std::string scope = "election";
  ExplorationOptions exploration;
  std::string path;
  bool all_orders = false;
  bool json = false;
  bool quiet = false;
  bool list = false;
};

// The bounds that were given, and the scope's own for the others.
struct GivenBounds {
  int servers = 0, crashes = 0, timeouts = 0, terms = 0, writes = 0, silences = 0;
};

std::string thousands(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

std::string bounds_text(const explore::Scope& scope, const explore::Bounds& bounds) {
  std::string text = "servers " + std::to_string(bounds.servers) + ", crashes " +
                     std::to_string(bounds.crashes) + ", early time-outs of each server " +
                     std::to_string(bounds.timeouts);
  if (!scope.uses_terms) return text;
  return text + ", roles of each " + std::to_string(bounds.terms) + ", writes of each " +
         std::to_string(bounds.writes);
}

// The options that make this run again.
std::string replay_command(const explore::Scope& scope, const explore::Bounds& bounds) {
  const explore::Bounds& usual = scope.bounds;
  std::string text = "zoetrope explore --scope " + scope.name;
  const auto add = [&](const char* option, int value, int default_value) {
    if (value != default_value) text += std::string(" ") + option + " " + std::to_string(value);
  };
  add("--servers", bounds.servers, usual.servers);
  add("--crashes", bounds.crashes, usual.crashes);
  add("--timeouts", bounds.timeouts, usual.timeouts);
  add("--terms", bounds.terms, usual.terms);
  add("--writes", bounds.writes, usual.writes);
  add("--silences", bounds.silences, usual.silences);
  return text;
}

std::string verdict(const ExplorationResult& result) {
  if (result.found) return "violated: " + result.found->violation.property;
  if (!result.stopped_by.empty()) return "not complete: stopped by " + result.stopped_by;
  if (result.totals.cycles != 0) return "not complete: a run can come back to where it was";
  return "complete: every order within these bounds";
}

void show_steps(const explore::Replay& replay) {
  for (size_t i = 0; i < replay.steps.size(); ++i) {
    std::printf("  %3zu  %-8s %s\n", i + 1, explore::to_string({replay.path[i]}).c_str(),
                replay.steps[i].c_str());
  }
}

void show(const explore::Scope& scope, const explore::Bounds& bounds,
          const ExplorationResult& result) {
  const explore::Counters& totals = result.totals;
  std::printf("%s: %s\nbounds: %s\n", scope.name.c_str(), scope.title.c_str(),
              bounds_text(scope, bounds).c_str());
  std::printf("%s states, %s transitions, %s runs, the longest of %s steps\n",
              thousands(totals.states).c_str(), thousands(totals.transitions).c_str(),
              thousands(totals.runs).c_str(), thousands(totals.depth).c_str());
  std::printf("%s states at rest with a leader, %s without one as the bounds allow\n",
              thousands(totals.led).c_str(), thousands(totals.excused).c_str());
  std::printf("the reduction left orders out in %s states; the engine took %s different steps\n",
              thousands(totals.reduced).c_str(), thousands(totals.engine_steps).c_str());
  std::printf("%.1f s, %s states/s, %llu MB\n", result.seconds,
              thousands(static_cast<uint64_t>(static_cast<double>(totals.states) /
                                              std::max(result.seconds, 0.001)))
                  .c_str(),
              Number{result.memory_mb});
  std::printf("%s\n", verdict(result).c_str());
  if (!result.found) return;
  explore::World world(scope, bounds);
  show_steps(explore::replay(world, result.found->path, false));
  std::printf("%s: %s\nsee it again:\n  %s --path %s\n", result.found->violation.property.c_str(),
              result.found->violation.text.c_str(), replay_command(scope, bounds).c_str(),
              explore::to_string(result.found->path).c_str());
}

void show_json(const explore::Scope& scope, const explore::Bounds& bounds,
               const ExplorationResult& result) {
  std::string out = "{\"scope\":";
  properties::append_json_string(out, scope.name);
  const explore::Counters& totals = result.totals;
  const std::pair<const char*, uint64_t> numbers[] = {
      {"servers", static_cast<uint64_t>(bounds.servers)},
      {"crashes", static_cast<uint64_t>(bounds.crashes)},
      {"timeouts", static_cast<uint64_t>(bounds.timeouts)},
      {"terms", static_cast<uint64_t>(bounds.terms)},
      {"writes", static_cast<uint64_t>(bounds.writes)},
      {"states", totals.states},
      {"transitions", totals.transitions},
      {"runs", totals.runs},
      {"depth", totals.depth},
      {"led", totals.led},
      {"excused", totals.excused},
      {"reduced", totals.reduced},
      {"engine_steps", totals.engine_steps},
      {"milliseconds", static_cast<uint64_t>(result.seconds * 1000)},
      {"memory_mb", result.memory_mb}};
  for (const auto& [name, value] : numbers) {
    out += ",\"" + std::string(name) + "\":" + std::to_string(value);
  }
  const bool is_complete = !result.found && result.stopped_by.empty() && totals.cycles == 0;
  out += std::string(",\"complete\":") + (is_complete ? "true" : "false") + ",\"verdict\":";
  properties::append_json_string(out, verdict(result));
  if (result.found) {
    out += ",\"property\":";
    properties::append_json_string(out, result.found->violation.property);
    out += ",\"violation\":";
    properties::append_json_string(out, result.found->violation.text);
    out += ",\"path\":";
    properties::append_json_string(out, explore::to_string(result.found->path));
  }
  std::printf("%s}\n", out.c_str());
}

int replay_path(const explore::Scope& scope, const ExploreOptions& options) {
  const auto path = explore::parse_path(options.path);
  if (!path) throw CLI::ValidationError("--path", path.error());
  explore::World world(scope, options.exploration.bounds);
  const explore::Replay replay = explore::replay(world, *path, false);
  show_steps(replay);
  if (!replay.is_whole) {
    throw CLI::ValidationError("--path", "step " + std::to_string(replay.path.size() + 1) + ", '" +
                                             explore::to_string({(*path)[replay.path.size()]}) +
                                             "', is not possible there");
  }
  for (int server = 0; server < world.servers(); ++server) {
    std::printf("%s\n", world.describe(replay.state, server).c_str());
  }
  if (replay.violations.empty()) {
    std::vector<explore::Choice> choices;
    world.choices(replay.state, choices);
    std::printf("nothing is violated; next: %s\n", explore::to_string(choices).c_str());
    return kExitHeld;
  }
  for (const explore::Violation& violation : replay.violations) {
    std::printf("%s: %s\n", violation.property.c_str(), violation.text.c_str());
  }
  return kExitViolated;
}

int list_scopes() {
  for (const explore::Scope& scope : explore::scopes()) {
    std::printf("%-10s %s (%s)\n", scope.name.c_str(), scope.title.c_str(),
                bounds_text(scope, scope.bounds).c_str());
  }
  return kExitHeld;
}

int explore_scope(const explore::Scope& scope, const ExploreOptions& options) {
  if (!options.path.empty()) return replay_path(scope, options);
  const bool shows = isatty(STDERR_FILENO) != 0 && !options.quiet;
  const explore::Bounds& bounds = options.exploration.bounds;
  ExplorationResult result =
      explore_all(scope, options.exploration, [&](const explore::Counters& totals, double seconds) {
        if (!shows) return;
        std::fprintf(stderr, "\r\033[K%s states, %s runs, %.0f s", thousands(totals.states).c_str(),
                     thousands(totals.runs).c_str(), seconds);
      });
  if (shows) std::fprintf(stderr, "\r\033[K");
  if (result.found) result.found = explore::shorten(scope, bounds, *result.found);
  options.json ? show_json(scope, bounds, result) : show(scope, bounds, result);
  return result.found ? kExitViolated : kExitHeld;
}

}  // namespace

void add_explore(CLI::App& app, int& exit_status) {
  CLI::App* command =
      app.add_subcommand("explore", "Try every order of events of a small ensemble, within bounds");
  auto options = std::make_shared<ExploreOptions>();
  auto given = std::make_shared<GivenBounds>();
  ExplorationOptions& exploration = options->exploration;
  command->add_flag("--list", options->list, "The scopes and their bounds");
  command->add_option("--scope", options->scope, "What is explored")->capture_default_str();
  const auto bound = [&](const char* name, int& value, int min, int max, const char* text) {
    return command->add_option(name, value, text)->check(CLI::Range(min, max));
  };
  CLI::Option* servers = bound("--servers", given->servers, 1, explore::kServersMax, "Servers");
  CLI::Option* crashes =
      bound("--crashes", given->crashes, 0, 4, "Crashes in a run, of any server");
  CLI::Option* timeouts =
      bound("--timeouts", given->timeouts, 0, 4, "Time-outs of each server that pass early");
  CLI::Option* terms = bound("--terms", given->terms, 1, 4, "Roles that a server takes");
  CLI::Option* writes = bound("--writes", given->writes, 0, 4, "Writes of each leader");
  CLI::Option* silences = bound("--silences", given->silences, 0, 8,
                                "Every time-out passes so often until a leader must be there");
  command->add_option("--max-states", exploration.states_max, "Stop after so many");
  command->add_option("--seconds", exploration.seconds_max, "Stop after so long")
      ->check(CLI::PositiveNumber);
  command->add_option("--memory", exploration.memory_max_mb, "Stop at so many MB");
  command->add_option("--jobs", exploration.jobs, "Threads (default: one for each core)")
      ->check(CLI::Range(1, 256));
  command->add_flag("--all-orders", options->all_orders,
                    "Also orders that differ in nothing: no reduction");
  command->add_option("--path", options->path, "Follow this one run, as a violation prints it");
  command->add_flag("--json", options->json, "The result as JSON");
  command->add_flag("--quiet", options->quiet, "No progress line");
  command->callback([=, &exit_status] {
    if (options->list) {
      exit_status = list_scopes();
      return;
    }
    const explore::Scope* scope = explore::find_scope(options->scope);
    if (scope == nullptr) {
      throw CLI::ValidationError(
          "--scope", "there is no scope '" + options->scope + "' (explore --list names them)");
    }
    explore::Bounds& bounds = options->exploration.bounds;
    bounds = scope->bounds;
    if (!servers->empty()) bounds.servers = given->servers;
    if (!crashes->empty()) bounds.crashes = given->crashes;
    if (!timeouts->empty()) bounds.timeouts = given->timeouts;
    if (!terms->empty()) bounds.terms = given->terms;
    if (!writes->empty()) bounds.writes = given->writes;
    if (!silences->empty()) bounds.silences = given->silences;
    options->exploration.reduce = !options->all_orders;
    options->exploration.command = replay_command(*scope, bounds);
    exit_status = explore_scope(*scope, *options);
  });
}

}  // namespace zoetrope::app
