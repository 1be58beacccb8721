// The `zoetrope` executable: reads the command line and calls the subcommand that it names.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <exception>

#include "app/subcommands.hpp"

namespace zoetrope::app {
namespace {

// In the order of the help text.
constexpr AddSubcommand kSubcommands[] = {
    add_serve, add_up,  add_status, add_shell,  add_inspect,
    add_bench, add_sim, add_run,    add_shrink, add_replay,
};

int run(int argc, char** argv) {
  CLI::App app{
      "Zoetrope: a coordination service that speaks ZooKeeper's protocol, and a world to test it "
      "in",
      "zoetrope"};
  app.require_subcommand(1);
  int exit_status = kExitHeld;
  for (const AddSubcommand add : kSubcommands) add(app, exit_status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked_for_help) {
    return app.exit(asked_for_help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kExitUsage;
  }
  return exit_status;
}

}  // namespace
}  // namespace zoetrope::app

int main(int argc, char** argv) {
  try {
    return zoetrope::app::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "zoetrope: %s\n", error.what());
    return zoetrope::app::kExitInternalError;
  }
}
