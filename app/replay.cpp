// `zoetrope replay DIR...`: runs recorded servers once more, offline, and draws what happened.
#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <memory>

#include "app/replay_recordings.hpp"
#include "app/subcommands.hpp"

namespace zoetrope::app {
void add_replay(CLI::App& app, int& exit_status) {
  CLI::App* command = app.add_subcommand("replay", "Run recorded servers once more, offline");
  auto options = std::make_shared<RecordingOptions>();
  command
      ->add_option("DIR", options->directories, "What `serve --record` wrote, of one server each")
      ->required();
  command->add_option("--export", options->format, "Draw what happened, all servers together")
      ->check(CLI::IsMember({"text", "svg", "perfetto", "shiviz", "jsonl", "dot"}));
  command->add_option("--out", options->out, "Where to (default: standard output)");
  command->add_option("--from-ms", options->from_ms, "Draw from there, in ms from the beginning");
  command->add_option("--to-ms", options->to_ms, "Draw up to there");
  command->callback([options, &exit_status] { exit_status = replay_recordings(*options); });
}

}  // namespace zoetrope::app
