// `zoetrope replay DIR...`: runs recorded servers once more, offline, and draws what happened.
#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/replay_recordings.hpp"
#include "app/subcommands.hpp"
#include "trace/export.hpp"

namespace zoetrope::app {
namespace {

struct ReplayOptions {
  std::vector<std::string> paths;
  std::string format, out;
  std::optional<int64_t> from_ms, to_ms;
};

int replay_paths(const ReplayOptions& options) {
  trace::Story story;
  const bool draws = !options.format.empty();
  const int status = replay_recordings(options.paths, draws ? &story : nullptr);
  if (!draws) return status;
  trace::ExportOptions drawing;
  if (options.from_ms) drawing.from = MonotonicTime::from_ms(*options.from_ms);
  if (options.to_ms) drawing.to = MonotonicTime::from_ms(*options.to_ms);
  const std::string picture = trace::draw(story, *trace::format_named(options.format), drawing);
  if (options.out.empty()) {
    std::fwrite(picture.data(), 1, picture.size(), stdout);
  } else if (!(std::ofstream(options.out, std::ios::binary) << picture).flush()) {
    throw CLI::ValidationError("--out", "cannot write " + options.out);
  }
  return status;
}

}  // namespace

void add_replay(CLI::App& app, int& exit_status) {
  CLI::App* command = app.add_subcommand("replay", "Run recorded servers once more, offline");
  auto options = std::make_shared<ReplayOptions>();
  command->add_option("DIR", options->paths, "What `serve --record` wrote, of one server each")
      ->required();
  command->add_option("--export", options->format, "Draw what happened, all servers together")
      ->check(CLI::IsMember({"text", "svg", "perfetto", "shiviz", "jsonl", "dot"}));
  command->add_option("--out", options->out, "Where to (default: standard output)");
  command->add_option("--from-ms", options->from_ms, "Draw from there, in ms from the beginning");
  command->add_option("--to-ms", options->to_ms, "Draw up to there");
  command->callback([options, &exit_status] { exit_status = replay_paths(*options); });
}

}  // namespace zoetrope::app
