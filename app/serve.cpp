// `zoetrope serve zoo.cfg`: one real server.
#include "app/subcommands.hpp"

namespace zoetrope::app {

void add_serve(CLI::App& app, int& exit_status) {
  app.add_subcommand("serve", "Run one server")->callback([&exit_status] {
    exit_status = kExitHeld;
  });
}

}  // namespace zoetrope::app
