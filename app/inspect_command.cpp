// `zoetrope inspect PATH`: the command line of the printing code in inspect.hpp.
#include <CLI/App.hpp>
#include <memory>

#include "app/inspect.hpp"
#include "app/subcommands.hpp"

namespace zoetrope::app {

void add_inspect(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command =
      app.add_subcommand("inspect", "Print a transaction log, a snapshot or a data directory");
  command
      ->add_option("path", options->path,
                   "log.<zxid>, snapshot.<zxid>, or the data directory; Java's or ours")
      ->required();
  command->add_option("--log-dir", options->log_path,
                      "dataLogDir, when it is not the data directory");
  command->add_flag("--json", options->json, "One JSON object a line");
  command->callback([options, &exit_status] { exit_status = run_inspect(*options); });
}

}  // namespace zoetrope::app
