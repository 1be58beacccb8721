// The subcommands of the `zoetrope` executable: one file each, and one registration function each.
// Owns nothing; the table that calls these functions stands in main.cpp.
#pragma once

#include <CLI/App.hpp>

namespace zoetrope::app {

// Exit statuses of every subcommand.
inline constexpr int kExitHeld = 0;      // all held
inline constexpr int kExitViolated = 1;  // a property was violated, or the thing asked for failed
inline constexpr int kExitUsage = 2;     // bad usage or bad input
inline constexpr int kExitInternalError = 3;  // we cannot go on

// Adds one subcommand to `app`. Its callback does the work and writes `exit_status`, which outlives
// it. A callback reports bad usage by throwing CLI::ValidationError, which ends the program with
// status 2.
using AddSubcommand = void (*)(CLI::App& app, int& exit_status);

void add_serve(CLI::App& app, int& exit_status);
void add_up(CLI::App& app, int& exit_status);
void add_status(CLI::App& app, int& exit_status);
void add_inspect(CLI::App& app, int& exit_status);
void add_shell(CLI::App& app, int& exit_status);
void add_bench(CLI::App& app, int& exit_status);
void add_sim(CLI::App& app, int& exit_status);
void add_run(CLI::App& app, int& exit_status);
void add_shrink(CLI::App& app, int& exit_status);
void add_replay(CLI::App& app, int& exit_status);

}  // namespace zoetrope::app
