// The ZooKeeper shell: reads command lines, runs them in one client session, keeps the numbered
// history. Owns the session; the commands themselves stand in shell_commands.hpp.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/client_session.hpp"
#include "app/shell_line.hpp"
#include "app/shell_output.hpp"

namespace zoetrope::app {

struct ShellOptions {
  std::string server;  // connect string
  std::vector<std::string> commands;
  int32_t timeout_ms = 30'000;
  bool read_only = false;
  bool json = false;
};

class Shell {
 public:
  // `tells_state`: print changes of the connection's state, as zkCli does.
  Shell(ShellOptions options, bool tells_state);

  // Makes the first session. Throws CommandError: a bad connect string, a host that does not
  // resolve, or, with `waits`, servers that all refuse.
  void open(bool waits);
  // Runs one line; says what went wrong. False when the command failed.
  bool execute(const std::string& line);
  void close();
  bool quits() const { return quits_; }
  std::string prompt() const;
  // Keeps the session alive until `fd` can be read.
  void wait_readable(int fd);
  // Completions of the last word: commands, or paths of znodes.
  std::vector<std::string> complete(std::string_view line);
  // Called after an event was printed.
  void on_printed(std::function<void()> hook) { on_printed_ = std::move(hook); }
  ShellOutput& output() { return out_; }

 private:
  void run_words(const std::vector<std::string>& words);
  // Commands that need no server; false when it is another one.
  bool run_own(const std::vector<std::string>& words);
  void redo(const std::vector<std::string>& words);
  void print_history();
  void print_help();
  void connect(const std::string& server);
  void on_event(const WatchedEvent& event);

  ShellOptions options_;
  const bool tells_state_;
  bool prints_watches_ = true;
  bool quits_ = false;
  ShellOutput out_;
  std::unique_ptr<ClientSession> session_;
  std::vector<std::string> history_;
  std::function<void()> on_printed_;
};

}  // namespace zoetrope::app
