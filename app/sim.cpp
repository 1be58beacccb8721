// `zoetrope sim`: runs a server or an ensemble in the deterministic world under many seeds and
// judges what its clients saw; or one seed, with its trace and its history.
#include <signal.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <charconv>
#include <cstdio>
#include <memory>

#include "app/campaign_report.hpp"
#include "app/run_report.hpp"
#include "app/scenario_files.hpp"
#include "app/sim_campaign.hpp"
#include "app/subcommands.hpp"
#include "app/trace_files.hpp"
#include "properties/history_json.hpp"

namespace zoetrope::app {
namespace {

constexpr uint64_t kSeedsDefault = 100;
// Of each kind; together they are within sim::kServersMax.
constexpr uint64_t kServersMax = sim::kServersMax / 2;

struct SimOptions {
  std::string seeds;
  uint64_t seed = 0;
  std::string profile = "all";
  sim::Overrides overrides;
  unsigned threads = 0;
  uint64_t failures_max = 100;
  bool no_check = false;
  bool json = false;
  bool quiet = false;
  bool guided = false, lists_coverage = false, no_coverage = false;
  std::vector<std::string> redraw;
  std::string history_file, trace_file, plan_file, record_file;
  bool save_choices = false;
};

volatile sig_atomic_t interrupted = 0;
void on_interrupt(int) {
  interrupted = 1;
}

// "A..B" or "N" for 1..N.
std::pair<uint64_t, uint64_t> parse_seeds(const std::string& text) {
  const auto number = [&](std::string_view part) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc{} || end != part.data() + part.size()) {
      throw CLI::ValidationError("--seeds", "wants A..B or a count, not '" + text + "'");
    }
    return value;
  };
  const size_t dots = text.find("..");
  if (dots == std::string::npos) return {1, number(text)};
  const std::pair seeds = {number(std::string_view(text).substr(0, dots)),
                           number(std::string_view(text).substr(dots + 2))};
  if (seeds.second < seeds.first) {
    throw CLI::ValidationError("--seeds", "ends before it begins: '" + text + "'");
  }
  return seeds;
}

// "calm, crash, ... and <last>".
std::string profile_names(const std::string& last) {
  std::string text;
  for (const sim::Profile profile : sim::kProfiles) {
    text += std::string(sim::to_string(profile)) + ", ";
  }
  text.resize(text.size() - 2);
  return text + " or " + last;
}

std::vector<sim::Profile> parse_profiles(const std::string& name) {
  if (name == "all") return {std::begin(sim::kProfiles), std::end(sim::kProfiles)};
  if (const auto profile = sim::parse_profile(name)) return {*profile};
  throw CLI::ValidationError("--profile", "is " + profile_names("all") + ", not '" + name + "'");
}

int campaign(const SimOptions& options) {
  CampaignOptions campaign;
  std::tie(campaign.seed_first, campaign.seed_last) =
      options.seeds.empty() ? std::pair<uint64_t, uint64_t>(1, kSeedsDefault)
                            : parse_seeds(options.seeds);
  campaign.profiles = parse_profiles(options.profile);
  campaign.overrides = options.overrides;
  campaign.check = !options.no_check;
  campaign.threads = options.threads;
  campaign.failures_max = options.failures_max;
  campaign.coverage = !options.no_coverage;
  campaign.guided = options.guided;
  const bool shows = isatty(STDERR_FILENO) != 0 && !options.quiet;
  const CampaignResult result = run_campaign(campaign, [&](const CampaignTotals& totals) {
    if (shows) std::fprintf(stderr, "\r\033[K%s", progress_text(totals).c_str());
    return interrupted == 0;
  });
  if (shows) std::fprintf(stderr, "\r\033[K");
  if (!result.internal_error.empty()) {
    std::fprintf(stderr, "zoetrope sim: %s\n", result.internal_error.c_str());
    return kExitInternalError;
  }
  if (options.json) {
    show_campaign_json(result, options.lists_coverage);
  } else {
    show_campaign(result, options.lists_coverage);
  }
  return result.failures.empty() ? kExitHeld : kExitViolated;
}

// One run, with everything that can be seen of it.
int single_run(const SimOptions& options, sim::Profile profile) {
  sim::RunRequest request;
  request.seed = options.seed;
  request.profile = profile;
  request.overrides = options.overrides;
  request.check = !options.no_check;
  set_current_run({request.seed, request.profile, request.overrides});
  sim::Plan plan = plan_of(request);
  plan.title = "Seed " + std::to_string(request.seed) + " of the profile " +
               std::string(sim::to_string(profile));
  plan.world.keep_choices = !options.plan_file.empty();
  const std::unique_ptr<sim::TraceSink> sink = open_trace(options.trace_file);
  const std::unique_ptr<TraceFile> saved = save_trace(options.record_file, plan);
  const sim::RunResult result =
      sim::run_plan(plan, sim::make_server, sink.get(), records_of(saved));
  if (saved) saved->finish(result);
  if (!options.history_file.empty()) write_history(options.history_file, result.history);
  if (!options.plan_file.empty()) {
    save_plan(options.plan_file, plan, result, options.save_choices);
  }
  std::printf("seed %llu, profile %s: ", static_cast<unsigned long long>(request.seed),
              std::string(sim::to_string(profile)).c_str());
  show_counts(result);
  if (result.excuse) std::printf("stuck, and excused: %s\n", result.excuse->c_str());
  show_violations(result.violations);
  if (!options.plan_file.empty()) {
    std::printf("%s; run it with:\n  zoetrope run %s\n", options.plan_file.c_str(),
                options.plan_file.c_str());
    if (!result.violations.empty()) {
      std::printf("make it small with:\n  zoetrope shrink %s\n", options.plan_file.c_str());
    }
  }
  show_trace_commands(options.record_file);
  return result.violations.empty() ? kExitHeld : kExitViolated;
}

// "steps=5": that part of the world is drawn from 5 instead of the seed.
void parse_redraw(SimOptions& options) {
  for (const std::string& text : options.redraw) {
    const size_t equals = text.find('=');
    uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const char* const begin = equals == std::string::npos ? end : text.data() + equals + 1;
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (begin == end || error != std::errc{} || stop != end) {
      throw CLI::ValidationError("--redraw", "wants PART=NUMBER, not '" + text + "'");
    }
    options.overrides.redraw[text.substr(0, equals)] = number;
  }
}

int simulate(SimOptions& options) {
  name_runs_on_abort();
  parse_redraw(options);
  if (options.seed == 0) {
    if (!options.trace_file.empty() || !options.history_file.empty() ||
        !options.plan_file.empty() || !options.record_file.empty()) {
      throw CLI::ValidationError("--trace, --history, --save and --save-plan",
                                 "want one run: --seed N --profile NAME");
    }
    signal(SIGINT, on_interrupt);
    return campaign(options);
  }
  const std::vector<sim::Profile> profiles = parse_profiles(options.profile);
  if (profiles.size() != 1) {
    throw CLI::ValidationError("--seed", "wants one --profile, not all");
  }
  return single_run(options, profiles[0]);
}

}  // namespace

void add_sim(CLI::App& app, int& exit_status) {
  CLI::App* command = app.add_subcommand(
      "sim", "Run the server in the deterministic world under many seeds and judge every run");
  auto options = std::make_shared<SimOptions>();
  command->add_option("--seeds", options->seeds, "Seeds A..B, or a count from 1 (default 100)");
  CLI::Option* seeds = command->get_option("--seeds");
  command->add_option("--seed", options->seed, "One run of this seed")
      ->check(CLI::Range(uint64_t{1}, UINT64_MAX))
      ->excludes(seeds);
  command->add_option("--profile", options->profile, profile_names("all") + " (default all)");
  command->add_option("--ops", options->overrides.operations, "Operations of all clients together");
  command->add_option("--clients", options->overrides.clients, "Number of clients");
  command
      ->add_option("--servers", options->overrides.servers,
                   "Voting servers; more than one make an ensemble (default: by the profile)")
      ->check(CLI::Range(uint64_t{1}, kServersMax));
  command->add_option("--observers", options->overrides.observers, "Observers beside them")
      ->check(CLI::Range(uint64_t{0}, kServersMax));
  command->add_option("--redraw", options->redraw,
                      "PART=NUMBER: draws one part of the world (steps, faults, network, run, "
                      "client0 ...) from that number instead of the seed; may be repeated");
  command->add_flag("--guided", options->guided,
                    "Prefer runs like those that reached what few others did");
  command->add_flag("--coverage", options->lists_coverage,
                    "List the points of the protocol that were reached, and the others");
  command->add_flag("--no-coverage", options->no_coverage, "Do not count them");
  command->add_option("--threads", options->threads, "Runs at once (default: one for each core)");
  command->add_option("--stop-after", options->failures_max, "Failed runs that end the campaign")
      ->capture_default_str();
  command->add_flag("--no-check", options->no_check, "Only run, judge nothing");
  command->add_flag("--json", options->json, "Print one JSON object");
  command->add_flag("--quiet", options->quiet, "No progress line");
  command->add_option("--history", options->history_file, "Write the run's history, as JSON lines");
  command->add_option("--trace", options->trace_file, "Write the run's readable trace");
  command->add_option("--save", options->record_file,
                      "Write the run's trace, for `zoetrope replay`: every event, compact");
  command->add_option("--save-plan", options->plan_file,
                      "Write the run as a scenario: every step and operation");
  command->add_flag("--choices", options->save_choices, "With it: every delay and cut too");
  command->callback([options, &exit_status] { exit_status = simulate(*options); });
}

}  // namespace zoetrope::app
