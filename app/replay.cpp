// `zoetrope replay`: what a trace of a simulated run or the recordings of real servers tell of is
// run once more, compared, looked into and drawn.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>

#include "app/picture.hpp"
#include "app/replay_recordings.hpp"
#include "app/replay_trace.hpp"
#include "app/subcommands.hpp"

namespace zoetrope::app {
namespace {

struct ReplayOptions {
  std::vector<std::string> paths;
  TraceReplay trace;
  RecordingOptions recordings;
};

void refuse(const CLI::App& command, std::initializer_list<const char*> names, const char* of) {
  for (const char* name : names) {
    if (command.count(name) != 0) {
      throw CLI::ValidationError(name, std::string("is for the replay of ") + of);
    }
  }
}

int replay(const CLI::App& command, ReplayOptions& options) {
  const auto is_directory = [](const std::string& path) {
    std::error_code error;
    return std::filesystem::is_directory(path, error);
  };
  if (std::ranges::all_of(options.paths, is_directory)) {
    refuse(command, {"--from", "--to", "--server", "--compare", "--around"}, "a trace file");
    options.recordings.directories = options.paths;
    options.recordings.picture = options.trace.picture;
    return replay_recordings(options.recordings);
  }
  if (options.paths.size() != 1) {
    throw CLI::ValidationError("PATH", "is one trace file, or directories with recordings; '" +
                                           *std::ranges::find_if_not(options.paths, is_directory) +
                                           "' is no directory");
  }
  refuse(command, {"--from-ms", "--to-ms"}, "recordings");
  options.trace.file = options.paths[0];
  return replay_trace(options.trace);
}

}  // namespace

void add_replay(CLI::App& app, int& exit_status) {
  CLI::App* command = app.add_subcommand(
      "replay",
      "Run a saved trace, or recorded servers, once more, compare everything, and look into it");
  auto options = std::make_shared<ReplayOptions>();
  TraceReplay& trace = options->trace;
  const CLI::Range events(uint64_t{1}, UINT64_MAX);
  command
      ->add_option("PATH", options->paths,
                   "A trace file that `sim --save` or `run --save` wrote (docs/traces.md), or "
                   "directories that `serve --record` wrote, of one server each "
                   "(docs/flight-recorder.md)")
      ->required();
  add_picture_options(*command, trace.picture);
  command->add_option("--from-ms", options->recordings.from_ms,
                      "Of recordings: draw from there, in ms from the beginning");
  command->add_option("--to-ms", options->recordings.to_ms, "Of recordings: draw up to there");
  command->add_option("--to", trace.to, "Of a trace: stop behind that event, and show it")
      ->check(events);
  command->add_option("--from", trace.from, "Of a trace: draw from that event on; --to is its end")
      ->check(events);
  command->add_option("--server", trace.server,
                      "Of a trace: show the state of that server then, by its id");
  command
      ->add_option("--compare", trace.compare,
                   "Of a trace: A,B: what differs between two servers then")
      ->delimiter(',')
      ->expected(2);
  command
      ->add_option(
          "--around", trace.around,
          "Of a trace: show the records about that event, and what led to it; runs nothing")
      ->check(events);
  command->callback([command, options, &exit_status] { exit_status = replay(*command, *options); });
}

}  // namespace zoetrope::app
