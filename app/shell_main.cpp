// `zoetrope shell HOST:PORT`: zkCli's commands at a terminal, from a pipe, or given by -c.
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <cstdio>
#include <memory>

#include "app/shell.hpp"
#include "app/shell_input.hpp"
#include "app/subcommands.hpp"

namespace zoetrope::app {
namespace {

// Commands given by -c, one after the other; a failed one does not stop the others.
int run_given(const ShellOptions& options) {
  Shell shell(options, /*tells_state=*/false);
  shell.open(/*waits=*/true);
  bool all_done = true;
  for (const std::string& command : options.commands) {
    if (shell.quits()) break;
    all_done &= shell.execute(command);
  }
  shell.close();
  return all_done ? kExitHeld : kExitViolated;
}

int run_pipe(const ShellOptions& options) {
  Shell shell(options, /*tells_state=*/true);
  shell.open(/*waits=*/true);
  const auto source = make_pipe_source([&](int fd) { shell.wait_readable(fd); });
  bool all_done = true;
  while (!shell.quits()) {
    const auto line = source->next();
    if (!line) break;
    all_done &= shell.execute(*line);
  }
  shell.close();
  return all_done ? kExitHeld : kExitViolated;
}

int run_terminal(const ShellOptions& options) {
  Shell shell(options, /*tells_state=*/true);
  std::printf("Connecting to %s\n", options.server.c_str());
  shell.open(/*waits=*/false);
  const auto source =
      make_terminal_source([&](int fd) { shell.wait_readable(fd); }, [&] { return shell.prompt(); },
                           [&](std::string_view line) { return shell.complete(line); });
  shell.on_printed([&] { source->redraw(); });
  std::printf("Welcome! help lists the commands.\n");
  while (!shell.quits()) {
    const auto line = source->next();
    if (!line) break;
    shell.execute(*line);
  }
  // Events of the end have no prompt to come back to.
  shell.on_printed({});
  shell.close();
  return kExitHeld;
}

int run_shell(const ShellOptions& options) {
  try {
    if (!options.commands.empty()) return run_given(options);
    return isatty(STDIN_FILENO) != 0 ? run_terminal(options) : run_pipe(options);
  } catch (const CommandError& error) {
    std::fprintf(stderr, "zoetrope shell: %s\n", error.what());
    return error.code() == "Usage" ? kExitUsage : kExitViolated;
  }
}

}  // namespace

void add_shell(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<ShellOptions>();
  CLI::App* shell = app.add_subcommand("shell", "Talk to an ensemble by zkCli's commands");
  shell->add_option("server", options->server, "HOST:PORT[,HOST:PORT...][/chroot]")->required();
  shell->add_option("-c,--command", options->commands, "Run this command and exit; may be repeated")
      ->allow_extra_args(false);
  shell->add_option("-t,--timeout", options->timeout_ms, "Session time-out asked for, milliseconds")
      ->check(CLI::Range(100, 3'600'000))
      ->capture_default_str();
  shell->add_flag("-r,--readonly", options->read_only, "Accept a server without a quorum");
  shell->add_flag("--json", options->json, "One JSON object a command");
  shell->callback([options, &exit_status] { exit_status = run_shell(*options); });
}

}  // namespace zoetrope::app
