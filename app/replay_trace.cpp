#include "app/replay_trace.hpp"

#include <CLI/Error.hpp>
#include <algorithm>
#include <cstdio>
#include <deque>
#include <memory>

#include "app/run_report.hpp"
#include "app/scenario_files.hpp"
#include "app/subcommands.hpp"
#include "sim/replay.hpp"
#include "sim/server_view.hpp"
#include "sim/story.hpp"
#include "sim/trace_reader.hpp"
#include "trace/export.hpp"

namespace zoetrope::app {
namespace {

constexpr uint64_t kEventsAround = 3;
constexpr size_t kCausesShown = 24, kRootsShown = 4;

using Number = unsigned long long;

// A trace file with what it says.
struct Loaded {
  std::string bytes;
  trace::File file;
  sim::Plan plan;
  uint32_t servers() const { return static_cast<uint32_t>(plan.world.processes.size()); }
};

Loaded load(const std::string& path) {
  Loaded loaded;
  loaded.bytes = read_text(path);
  auto file = trace::read_file(loaded.bytes);
  if (!file) {
    throw CLI::ValidationError(
        path, file.error().what + " (byte " + std::to_string(file.error().offset) + ")");
  }
  loaded.file = *std::move(file);
  auto plan = scenario::parse(loaded.file.plan, path);
  if (!plan) throw CLI::ValidationError(path, "its plan cannot be run: " + plan.error()[0]);
  loaded.plan = *std::move(plan);
  if (!loaded.file.damage) return loaded;
  std::fprintf(stderr,
               "%s: %s, at byte %llu of %zu; what stands before that is used: %llu events\n",
               path.c_str(), loaded.file.damage->what.c_str(), Number{loaded.file.damage->offset},
               loaded.bytes.size(), Number{sim::last_event(loaded.file)});
  return loaded;
}

void show_records(const Loaded& loaded, uint64_t first, uint64_t last) {
  const auto error = sim::visit_records(loaded.file, first, [&](const sim::Record& record) {
    if (record.number > last) return false;
    std::printf("  %s\n", sim::line_of(record, loaded.servers()).c_str());
    return true;
  });
  if (error) std::printf("  %s, at byte %llu\n", error->what.c_str(), Number{error->offset});
}

// From the event back to what it goes back to.
void show_causes(const Loaded& loaded, uint64_t number) {
  const std::vector<sim::Record> chain = sim::causes_of(loaded.file, number);
  std::printf("%s", chain.size() > 1 ? "it was planned by:\n" : "it was planned before the run\n");
  for (size_t i = 1; i < chain.size(); ++i) {
    if (i == kCausesShown && chain.size() > kCausesShown + kRootsShown) {
      const size_t left_out = chain.size() - kRootsShown - i;
      std::printf("  ... %zu more ...\n", left_out);
      i += left_out;
    }
    std::printf("  %s\n", sim::line_of(chain[i], loaded.servers()).c_str());
  }
}

// When the event happened.
MonotonicTime time_of(const Loaded& loaded, uint64_t number) {
  MonotonicTime at;
  static_cast<void>(sim::visit_records(loaded.file, number, [&](const sim::Record& record) {
    at = record.at;
    return false;
  }));
  return at;
}

void need_event(const char* option, std::optional<uint64_t> number, uint64_t last) {
  if (!number || *number <= last) return;
  throw CLI::ValidationError(option, "the trace has the events 1 to " + std::to_string(last));
}

int show_around(const TraceReplay& options, const Loaded& loaded) {
  const uint64_t number = *options.around;
  need_event("--around", number, sim::last_event(loaded.file));
  show_records(loaded, number - std::min(number, kEventsAround), number + kEventsAround);
  show_causes(loaded, number);
  return loaded.file.damage ? kExitUsage : kExitHeld;
}

int show_difference(const TraceReplay& options, const Loaded& loaded,
                    const sim::Difference& difference) {
  std::printf("%s: this run is another one from event %llu on, at %s\n", options.file.c_str(),
              Number{difference.number}, sim::time_text(difference.at).c_str());
  const auto shown = [](const std::string& text) {
    return text.empty() ? "nothing more" : text.substr(text.find_first_not_of(' '));
  };
  std::printf("  expected: %s\n  found:    %s\n", shown(difference.expected).c_str(),
              shown(difference.found).c_str());
  std::printf("as the trace tells it:\n");
  show_records(loaded, difference.number - std::min(difference.number, kEventsAround),
               difference.number);
  show_causes(loaded, difference.number);
  return kExitViolated;
}

// The index of a server that a person names by its id.
size_t server_index(const Loaded& loaded, const char* option, uint64_t id) {
  const auto& processes = loaded.plan.world.processes;
  const auto found = std::ranges::find_if(processes, [&](const sim::ProcessConfig& process) {
    return process.server.server_id.value == static_cast<int64_t>(id);
  });
  if (found != processes.end()) return static_cast<size_t>(found - processes.begin());
  throw CLI::ValidationError(option, "there is no server " + std::to_string(id) + " among the " +
                                         std::to_string(processes.size()) + " of this trace");
}

std::string look_at(const TraceReplay& options, const Loaded& loaded, const sim::World& world) {
  std::string text;
  if (options.server) {
    text += sim::to_text(sim::view_of(world, server_index(loaded, "--server", *options.server)));
  }
  if (!options.compare.empty()) {
    const sim::ServerView a =
        sim::view_of(world, server_index(loaded, "--compare", options.compare[0]));
    const sim::ServerView b =
        sim::view_of(world, server_index(loaded, "--compare", options.compare[1]));
    const std::string lines = sim::compare(a, b);
    text += a.name + " | " + b.name + "\n" + (lines.empty() ? "nothing differs\n" : lines);
  }
  return text;
}

void show_end(const Loaded& loaded, const sim::ReplayResult& result) {
  std::printf("bit for bit the same: %llu events, %llu records", Number{result.position.number},
              Number{result.records});
  if (!loaded.file.end || result.is_prefix_over) {
    std::printf(", %s of virtual time, as far as the file is good\n",
                sim::time_text(result.position.at).c_str());
    return;
  }
  std::printf(", hash %016llx, %s of virtual time\n", Number{loaded.file.end->hash},
              virtual_text(static_cast<uint64_t>(loaded.file.end->virtual_time.ms())).c_str());
  for (const std::string& property : loaded.file.end->broken) {
    std::printf("  broke: %s\n", property.c_str());
  }
}

// Draws what the run has told; to a file, or alone on the standard output.
void write_story(const TraceReplay& options, const Loaded& loaded, sim::StoryTeller& teller,
                 const sim::ReplayResult& result) {
  // Those that the world found are among the records.
  const auto& violations = result.run.violations;
  for (size_t i = result.violations_of_world; i < violations.size(); ++i) {
    teller.judged(violations[i]);
  }
  trace::ExportOptions how;
  if (options.from) how.from = time_of(loaded, *options.from);
  write_picture(teller.take(), options.picture, how);
}

std::unique_ptr<sim::StoryTeller> story_teller(const TraceReplay& options, const Loaded& loaded) {
  if (options.picture.format.empty()) return nullptr;
  const std::string title = loaded.plan.title.empty() ? options.file : loaded.plan.title;
  return std::make_unique<sim::StoryTeller>(
      title, loaded.servers(), static_cast<uint32_t>(loaded.plan.world.clients.size()));
}

// What there is to say of a run that is the same; a picture has the standard output for itself.
void show_same(const TraceReplay& options, const Loaded& loaded, const sim::ReplayResult& result,
               bool is_whole) {
  if (!options.picture.format.empty() && options.picture.out.empty()) return;
  if (options.to) {
    std::printf("event %llu:\n", Number{*options.to});
    show_records(loaded, *options.to, *options.to);
  } else if (is_whole) {
    show_end(loaded, result);
  }
}

}  // namespace

int replay_trace(const TraceReplay& options) {
  const Loaded loaded = load(options.file);
  if (options.around) return show_around(options, loaded);
  sim::ReplayRequest request;
  request.plan = loaded.plan;
  request.file = &loaded.file;
  request.to = options.to;
  const uint64_t last = sim::last_event(loaded.file);
  need_event("--to", options.to, last);
  need_event("--from", options.from, last);
  // To look at servers the run stops there, and goes on to no judgement.
  if (!options.to && options.looks()) request.to = last;
  std::string seen;
  request.look = [&](const sim::World& world) { seen = look_at(options, loaded, world); };
  const std::unique_ptr<sim::StoryTeller> teller = story_teller(options, loaded);
  if (teller) request.others = {teller.get()};
  name_run_on_abort("zoetrope replay " + options.file);
  const sim::ReplayResult result = sim::replay(request);
  const bool shows_alone = options.picture.out.empty() && result.difference;
  if (teller && !shows_alone) write_story(options, loaded, *teller, result);
  if (result.difference) return show_difference(options, loaded, *result.difference);
  show_same(options, loaded, result, !request.to);
  std::fputs(seen.c_str(), stdout);
  return loaded.file.damage ? kExitUsage : kExitHeld;
}

}  // namespace zoetrope::app
