// `zoetrope status HOST:PORT...`: who leads, who lags, and whether all is well, for ours and Java's
// servers.
#include <signal.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/ensemble_view.hpp"
#include "app/subcommands.hpp"

namespace zoetrope::app {
namespace {

struct StatusOptions {
  std::vector<std::string> servers;
  double patience_s = 3;
  double interval_s = 0;  // 0: one look
  bool json = false;
};

// Waits for an interrupt; true when it came within the time.
bool interrupted_within(double seconds) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  sigprocmask(SIG_BLOCK, &stop, nullptr);
  const auto whole = static_cast<time_t>(seconds);
  const timespec time{.tv_sec = whole,
                      .tv_nsec = static_cast<long>((seconds - static_cast<double>(whole)) * 1e9)};
  const int signal = sigtimedwait(&stop, nullptr, &time);
  sigprocmask(SIG_UNBLOCK, &stop, nullptr);
  return signal == SIGINT || signal == SIGTERM;
}

// On a terminal a later look replaces the one before it.
void print(const std::string& text, bool in_place, size_t& lines_above) {
  if (in_place && lines_above > 0) std::printf("\033[%zuA\033[J", lines_above);
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
  lines_above = static_cast<size_t>(std::ranges::count(text, '\n'));
}

int status(const StatusOptions& options, const std::vector<load::HostPort>& servers) {
  const std::chrono::milliseconds patience(static_cast<int64_t>(options.patience_s * 1000));
  const bool in_place = !options.json && isatty(STDOUT_FILENO) != 0;
  size_t lines_above = 0;
  for (;;) {
    const EnsembleView view = look_at_ensemble(servers, patience);
    print(options.json ? to_json(view) + "\n" : to_table(view), in_place, lines_above);
    const bool is_last = options.interval_s == 0 || interrupted_within(options.interval_s);
    if (is_last) return view.is_well() ? kExitHeld : kExitViolated;
  }
}

std::vector<load::HostPort> servers_of(const StatusOptions& options) {
  std::vector<load::HostPort> servers;
  for (const std::string& text : options.servers) {
    const auto parsed = load::parse_connect_string(text);
    if (!parsed) throw CLI::ValidationError("HOST:PORT", parsed.error());
    servers.insert(servers.end(), parsed->servers.begin(), parsed->servers.end());
  }
  return servers;
}

}  // namespace

void add_status(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "Show who leads an ensemble, and who lags");
  command->add_option("servers", options->servers, "HOST:PORT[,HOST:PORT...]...")->required();
  command->add_flag("--json", options->json, "Print one JSON object a look, on one line");
  command
      ->add_option("--watch", options->interval_s,
                   "Look again every so many seconds, until interrupted")
      ->check(CLI::Range(0.1, 86400.0));
  command->add_option("--timeout", options->patience_s, "Seconds to wait for a server's answer")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  command->footer(
      "Asks every server `srvr`, `mntr` and `conf`; all must be in its 4lw.commands.whitelist for\n"
      "the whole picture (srvr is by default). Where a server tells the configuration (conf), its\n"
      "members are shown too that were not named, if it has their client ports, and a server that\n"
      "was removed from it may be down. EPOCH and LAG are those of the zxid: the last transaction\n"
      "that the server has applied, and how many more the leader has. Exit status: 0 when there "
      "is\n"
      "exactly one leader (or one standalone server) and every server serves, 1 otherwise, of the\n"
      "last look.");
  command->callback([options, &exit_status] {
    const auto servers = servers_of(*options);
    exit_status = status(*options, servers);
  });
}

}  // namespace zoetrope::app
