// `zoetrope up [N]`: a local ensemble by one command, with its state shown until it is told to
// stop.
#include <signal.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/ensemble_view.hpp"
#include "app/inspect_output.hpp"
#include "app/local_ensemble.hpp"
#include "app/subcommands.hpp"

namespace zoetrope::app {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookEvery(500);
constexpr milliseconds kPatience(400);
constexpr milliseconds kStopWithin(10'000);

// The signals that end the ensemble, and the one that tells of a child's end; they are waited for,
// never handled, so that nothing is interrupted.
sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&signals, number);
  return signals;
}

// The next awaited signal, or 0 when the time is over.
int next_signal(milliseconds within) {
  const sigset_t signals = awaited_signals();
  const timespec time{.tv_sec = within.count() / 1000,
                      .tv_nsec = within.count() % 1000 * 1'000'000};
  const int number = sigtimedwait(&signals, nullptr, &time);
  return number < 0 ? 0 : number;
}

// The state of the servers on standard output: in place on a terminal, a line a change otherwise.
class StateLines {
 public:
  explicit StateLines(bool in_place) : in_place_(in_place) {}

  void show(const LocalEnsemble& ensemble, const EnsembleView& view) {
    const auto& servers = ensemble.servers();
    shown_.resize(servers.size());
    if (in_place_ && is_shown_) std::printf("\033[%zuA\033[J", servers.size());
    for (size_t i = 0; i < servers.size(); ++i) {
      const ServerView& seen = view_of(servers[i], view.servers[i], view);
      const std::string state = state_of(servers[i], seen);
      const std::string zxid = seen.zxid ? ", zxid " + hex_id(*seen.zxid) : "";
      if (!in_place_ && state == shown_[i]) continue;
      shown_[i] = state;
      std::printf("server %d: %s%s\n", servers[i].number(), state.c_str(), zxid.c_str());
    }
    is_shown_ = true;
    std::fflush(stdout);
  }
  // A line above the state, or after the last change.
  void say(const LocalEnsemble& ensemble, const std::string& line) {
    if (in_place_ && is_shown_) std::printf("\033[%zuA\033[J", ensemble.servers().size());
    is_shown_ = false;
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

 private:
  // A reconfiguration may have moved its client port: then it answers as one that was not asked.
  static const ServerView& view_of(const ChildServer& server, const ServerView& asked,
                                   const EnsembleView& view) {
    for (const ServerView& other : view.servers) {
      if (other.id == server.number()) return other;
    }
    return asked;
  }
  static std::string state_of(const ChildServer& server, const ServerView& view) {
    if (!server.runs()) return server.end_text();
    const auto epoch = server.epoch();
    const std::string role = view.serves() ? view.role : "starting or looking for a leader";
    return view.serves() && epoch ? role + ", epoch " + std::to_string(*epoch) : role;
  }

  bool in_place_;
  bool is_shown_ = false;
  std::vector<std::string> shown_;
};

void introduce(const LocalEnsemble& ensemble) {
  std::printf("data in %s%s\n", ensemble.directory().c_str(),
              ensemble.is_removed_at_the_end() ? " (removed at the end; --keep or --data keep it)"
                                               : " (kept)");
  for (const ChildServer& server : ensemble.servers()) {
    const ChildPorts& ports = server.ports();
    std::printf("server %d: port %d for clients, %d and %d for servers, pid %d%s\n",
                server.number(), ports.client, ports.quorum, ports.election,
                static_cast<int>(server.pid()), server.is_observer() ? ", observer" : "");
  }
  std::printf("connect: %s\n", ensemble.connect_string().c_str());
  std::fflush(stdout);
}

// Until a signal asks for the end, or no server is left. Counts the servers that ended by
// themselves.
int attend(LocalEnsemble& ensemble, StateLines& lines) {
  int ended = 0;
  bool was_ready = false;
  while (ensemble.any_runs()) {
    const EnsembleView view = look_at_ensemble(ensemble.client_ports(), kPatience);
    for (const int number : ensemble.reap()) {
      const ChildServer& server = ensemble.servers()[static_cast<size_t>(number - 1)];
      lines.say(ensemble, "server " + std::to_string(number) + " (pid " +
                              std::to_string(server.pid()) + ") " + server.end_text());
      ++ended;
    }
    lines.show(ensemble, view);
    if (view.is_well() && !std::exchange(was_ready, true)) {
      lines.say(ensemble, "ready: " + ensemble.connect_string() + "; Ctrl-C stops it");
      lines.show(ensemble, view);
    }
    const int number = next_signal(kLookEvery);
    if (number != 0 && number != SIGCHLD) break;
  }
  return ended;
}

int up(const LocalEnsembleOptions& options) {
  auto ensemble = LocalEnsemble::prepare(options);
  if (!ensemble) {
    std::fprintf(stderr, "zoetrope up: %s\n", ensemble.error().c_str());
    return kExitUsage;
  }
  const sigset_t signals = awaited_signals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const auto started = ensemble->start();
  if (!started) std::fprintf(stderr, "zoetrope up: %s\n", started.error().c_str());
  StateLines lines(isatty(STDOUT_FILENO) != 0);
  int ended = 0;
  if (started) {
    introduce(*ensemble);
    ended = attend(*ensemble, lines);
    lines.say(*ensemble, ensemble->any_runs() ? "stopping" : "no server is left");
  }
  const bool all_well = ensemble->stop(kStopWithin) && started.has_value();
  ensemble->clean_up();
  if (all_well) std::printf("stopped\n");
  return all_well && ended == 0 ? kExitHeld : kExitViolated;
}

void check_usage(const LocalEnsembleOptions& options) {
  for (const std::string& line : options.config) {
    const std::string key = line.substr(0, line.find('='));
    if (key.empty() || key.size() == line.size() || line.find('\n') != std::string::npos) {
      throw CLI::ValidationError("--config", "'" + line + "' is not KEY=VALUE");
    }
    const bool is_ours = key == "dataDir" || key == "clientPort" || key == "clientPortAddress" ||
                         key == "peerType" || key.starts_with("server.");
    if (is_ours) throw CLI::ValidationError("--config", key + " is set by `up` itself");
  }
}

}  // namespace

void add_up(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<LocalEnsembleOptions>();
  CLI::App* command = app.add_subcommand("up", "Run a local ensemble until it is told to stop");
  command->add_option("servers", options->participants, "How many servers that vote")
      ->check(CLI::Range(1, 15))
      ->capture_default_str();
  command->add_option("--observers", options->observers, "How many observers beside them")
      ->check(CLI::Range(0, 15))
      ->capture_default_str();
  command->add_option("--data", options->directory,
                      "Keep the data here, and go on with what is there (default: a temporary "
                      "directory that is removed at the end)");
  command->add_flag("--keep", options->keeps_directory, "Do not remove the temporary directory");
  command
      ->add_option("--port", options->base_port,
                   "First client port; the ports for servers lie 707 and 1707 above (default: "
                   "free ones from 2181, 2888 and 3888 on)")
      ->check(CLI::Range(1, 63'000));
  command->add_option("--config", options->config, "KEY=VALUE, a further line of every zoo.cfg")
      ->allow_extra_args(false);
  command->add_option("--log-level", options->log_level, "What the servers log")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
  command
      ->add_option("--record", options->record_directory,
                   "Record every server, each in its own directory below this one")
      ->type_name("DIR");
  command->add_option("--record-size", options->record_size, "Of each recording, as of serve")
      ->type_name("SIZE");
  command->footer(
      "Prints the connect string, ports and process ids, then each server's role, epoch and zxid:\n"
      "in place on a terminal, one line a change of role or epoch otherwise. Each server has its\n"
      "own directory below the data with zoo.cfg, server.log and data/. SIGINT (Ctrl-C), SIGTERM\n"
      "and SIGHUP stop all servers in order. A server that ends by itself is told of and not\n"
      "started again. Exit status: 0 after a clean stop, 1 when a server ended by itself.");
  command->callback([options, &exit_status] {
    check_usage(*options);
    exit_status = up(*options);
  });
}

}  // namespace zoetrope::app
