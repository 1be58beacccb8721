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

#include "app/sim_campaign.hpp"
#include "app/subcommands.hpp"
#include "properties/history_json.hpp"

namespace zoetrope::app {
namespace {

constexpr uint64_t kSeedsDefault = 100;
constexpr size_t kFailuresShown = 10;
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
  std::string history_file, trace_file;
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

std::string virtual_text(uint64_t ms) {
  char text[40];
  const uint64_t seconds = ms / 1000;
  if (seconds < 3600) {
    std::snprintf(text, sizeof text, "%llum%02llus", static_cast<unsigned long long>(seconds / 60),
                  static_cast<unsigned long long>(seconds % 60));
  } else {
    std::snprintf(text, sizeof text, "%lluh%02llum",
                  static_cast<unsigned long long>(seconds / 3600),
                  static_cast<unsigned long long>(seconds / 60 % 60));
  }
  return text;
}

std::string totals_text(const CampaignTotals& t) {
  char text[256];
  const double rate = t.seconds > 0 ? static_cast<double>(t.runs) / t.seconds : 0;
  std::snprintf(
      text, sizeof text,
      "%llu/%llu runs, %.0f a second, %s of virtual time, %llu crashes, %llu operations, "
      "%llu failed",
      static_cast<unsigned long long>(t.runs), static_cast<unsigned long long>(t.runs_wanted), rate,
      virtual_text(t.virtual_ms).c_str(), static_cast<unsigned long long>(t.crashes),
      static_cast<unsigned long long>(t.operations), static_cast<unsigned long long>(t.failed));
  return text;
}

void show_violations(const std::vector<properties::Violation>& violations) {
  for (const properties::Violation& violation : violations) {
    std::printf("  %s: %s\n", violation.property.c_str(), violation.summary.c_str());
    for (const std::string& line : violation.evidence) std::printf("      %s\n", line.c_str());
  }
}

void show_failures(const CampaignResult& result, const sim::Overrides& overrides) {
  for (size_t i = 0; i < result.failures.size() && i < kFailuresShown; ++i) {
    const Failure& failure = result.failures[i];
    std::printf("seed %llu, profile %s, broke:\n", static_cast<unsigned long long>(failure.seed),
                std::string(sim::to_string(failure.profile)).c_str());
    show_violations(failure.violations);
    std::printf("  replay: %s\n", replay_command(failure.seed, failure.profile, overrides).c_str());
  }
  if (result.failures.size() > kFailuresShown) {
    std::printf("and %zu more failures\n", result.failures.size() - kFailuresShown);
  }
}

std::string failures_json(const CampaignResult& result, const sim::Overrides& overrides) {
  std::string out = "[";
  for (const Failure& failure : result.failures) {
    if (out.size() > 1) out += ',';
    out += "{\"seed\":" + std::to_string(failure.seed) + ",\"profile\":\"" +
           std::string(sim::to_string(failure.profile)) + "\",\"replay\":";
    properties::append_json_string(out, replay_command(failure.seed, failure.profile, overrides));
    out += ",\"violations\":[";
    for (size_t i = 0; i < failure.violations.size(); ++i) {
      if (i != 0) out += ',';
      out += properties::to_json(failure.violations[i]);
    }
    out += "]}";
  }
  return out + ']';
}

void show_json(const CampaignResult& result, const sim::Overrides& overrides) {
  const CampaignTotals& t = result.totals;
  const auto field = [](const char* name, uint64_t value) {
    return std::string("\"") + name + "\":" + std::to_string(value) + ',';
  };
  char hash[20];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(result.hash));
  std::string out = "{" + field("runs", t.runs) + field("runs_wanted", t.runs_wanted) +
                    field("failed", t.failed) + field("events", t.events) +
                    field("deliveries", t.deliveries) + field("operations", t.operations) +
                    field("unknown_outcomes", t.unknown) + field("watch_events", t.watch_events) +
                    field("sessions", t.sessions) + field("crashes", t.crashes) +
                    field("crashes_that_lost_data", t.lost_data) +
                    field("virtual_ms", t.virtual_ms) +
                    field("elapsed_ms", static_cast<uint64_t>(t.seconds * 1000));
  out += "\"hash\":\"" + std::string(hash) + "\",\"failures\":" + failures_json(result, overrides) +
         "}";
  std::printf("%s\n", out.c_str());
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
  const bool shows = isatty(STDERR_FILENO) != 0 && !options.quiet;
  const CampaignResult result = run_campaign(campaign, [&](const CampaignTotals& totals) {
    if (shows) std::fprintf(stderr, "\r\033[K%s", totals_text(totals).c_str());
    return interrupted == 0;
  });
  if (shows) std::fprintf(stderr, "\r\033[K");
  if (!result.internal_error.empty()) {
    std::fprintf(stderr, "zoetrope sim: %s\n", result.internal_error.c_str());
    return kExitInternalError;
  }
  if (options.json) {
    show_json(result, options.overrides);
  } else {
    show_failures(result, options.overrides);
    std::printf(
        "%s in %.1f s; %llu sessions, %llu watch events, %llu outcomes unknown, %llu crashes "
        "lost unsynced data; hash %016llx\n",
        totals_text(result.totals).c_str(), result.totals.seconds,
        static_cast<unsigned long long>(result.totals.sessions),
        static_cast<unsigned long long>(result.totals.watch_events),
        static_cast<unsigned long long>(result.totals.unknown),
        static_cast<unsigned long long>(result.totals.lost_data),
        static_cast<unsigned long long>(result.hash));
  }
  return result.failures.empty() ? kExitHeld : kExitViolated;
}

class FileSink : public sim::TraceSink {
 public:
  explicit FileSink(const std::string& path) : file_(std::fopen(path.c_str(), "w")) {
    if (file_ == nullptr) throw CLI::ValidationError("--trace", "cannot write " + path);
    // Whole lines, so that a trace is complete up to a broken assertion.
    std::setvbuf(file_, nullptr, _IOLBF, 1 << 16);
  }
  ~FileSink() override { std::fclose(file_); }
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;

  void line(std::string_view text) override {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fputc('\n', file_);
  }

 private:
  std::FILE* file_;
};

void write_history(const std::string& path, const properties::History& history) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) throw CLI::ValidationError("--history", "cannot write " + path);
  const std::string lines = properties::to_json_lines(history);
  std::fwrite(lines.data(), 1, lines.size(), file);
  std::fclose(file);
}

// One run, with everything that can be seen of it.
int single_run(const SimOptions& options, sim::Profile profile) {
  std::unique_ptr<FileSink> sink;
  if (!options.trace_file.empty()) sink = std::make_unique<FileSink>(options.trace_file);
  sim::RunRequest request;
  request.seed = options.seed;
  request.profile = profile;
  request.overrides = options.overrides;
  request.check = !options.no_check;
  request.sink = sink.get();
  set_current_run(request.seed, request.profile);
  const sim::RunResult result = sim::run(request);
  if (!options.history_file.empty()) write_history(options.history_file, result.history);
  const sim::WorldCounts& c = result.counts;
  std::printf(
      "seed %llu, profile %s: hash %016llx, %llu events, %s of virtual time, %llu operations "
      "(%llu outcomes unknown), %llu watch events, %llu sessions, %llu kills, %llu power losses "
      "(%llu lost unsynced data), %llu orderly stops, %llu stops for a failed disk\n",
      static_cast<unsigned long long>(request.seed), std::string(sim::to_string(profile)).c_str(),
      static_cast<unsigned long long>(result.hash), static_cast<unsigned long long>(c.events),
      virtual_text(static_cast<uint64_t>(result.virtual_time.ms())).c_str(),
      static_cast<unsigned long long>(c.operations), static_cast<unsigned long long>(c.unknown),
      static_cast<unsigned long long>(c.watch_events), static_cast<unsigned long long>(c.sessions),
      static_cast<unsigned long long>(c.kills), static_cast<unsigned long long>(c.power_losses),
      static_cast<unsigned long long>(c.lost_data), static_cast<unsigned long long>(c.shutdowns),
      static_cast<unsigned long long>(c.halts));
  if (c.epochs != 0) {
    std::printf(
        "%llu epochs led, %llu partitions of %llu directions, %llu cuts of a history\n",
        static_cast<unsigned long long>(c.epochs), static_cast<unsigned long long>(c.partitions),
        static_cast<unsigned long long>(c.cut_links), static_cast<unsigned long long>(c.reloads));
  }
  show_violations(result.violations);
  return result.violations.empty() ? kExitHeld : kExitViolated;
}

int simulate(const SimOptions& options) {
  name_runs_on_abort(options.overrides);
  if (options.seed == 0) {
    if (!options.trace_file.empty() || !options.history_file.empty()) {
      throw CLI::ValidationError("--trace and --history", "want one run: --seed N --profile NAME");
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
  command->add_option("--threads", options->threads, "Runs at once (default: one for each core)");
  command->add_option("--stop-after", options->failures_max, "Failed runs that end the campaign")
      ->capture_default_str();
  command->add_flag("--no-check", options->no_check, "Only run, judge nothing");
  command->add_flag("--json", options->json, "Print one JSON object");
  command->add_flag("--quiet", options->quiet, "No progress line");
  command->add_option("--history", options->history_file, "Write the run's history, as JSON lines");
  command->add_option("--trace", options->trace_file, "Write the run's readable trace");
  command->callback([options, &exit_status] { exit_status = simulate(*options); });
}

}  // namespace zoetrope::app
