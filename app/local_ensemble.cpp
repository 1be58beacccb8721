#include "app/local_ensemble.hpp"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "net/unique_fd.hpp"

namespace zoetrope::app {
namespace {

namespace fs = std::filesystem;

constexpr uint16_t kUsualPort = 2181;
// From a client port to the same server's other ports: 2888 and 3888 for 2181, as is usual.
constexpr int kToQuorum = 2888 - 2181;
constexpr int kToElection = 3888 - 2181;
// How far the search for free ports goes, and by how much a step.
constexpr int kPortTries = 200;
constexpr int kPortStep = 20;

bool is_free(int port) {
  if (port > UINT16_MAX) return false;
  const net::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // As the server itself does: what the last run has left in TIME_WAIT is no obstacle.
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// The first port that is taken, of all that `count` servers from `base` on need.
std::optional<int> taken_port(int base, int count) {
  for (int i = 0; i < count; ++i) {
    for (const int port : {base + i, base + kToQuorum + i, base + kToElection + i}) {
      if (!is_free(port)) return port;
    }
  }
  return std::nullopt;
}

std::expected<int, std::string> choose_base(uint16_t wanted, int count) {
  if (wanted != 0) {
    const auto taken = taken_port(wanted, count);
    if (!taken) return wanted;
    return std::unexpected("port " + std::to_string(*taken) + " is not free");
  }
  for (int i = 0; i < kPortTries; ++i) {
    const int base = kUsualPort + i * kPortStep;
    if (!taken_port(base, count)) return base;
  }
  return std::unexpected(std::string("no free ports found; --port names the first one"));
}

std::expected<std::string, std::string> fresh_directory() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  std::string name = (parent / "zoetrope-up-XXXXXX").string();
  if (!error && ::mkdtemp(name.data()) != nullptr) return name;
  return std::unexpected("cannot create " + name + ": " + std::strerror(errno));
}

std::string directory_of(const std::string& directory, int number) {
  return directory + "/server-" + std::to_string(number);
}

// A number of servers that is not the one which the data was written by would be another ensemble.
std::expected<void, std::string> check_size(const std::string& directory, int count) {
  int there = 0;
  while (fs::exists(directory_of(directory, there + 1))) ++there;
  if (there == 0 || there == count) return {};
  return std::unexpected(directory + " holds an ensemble of " + std::to_string(there) +
                         " servers, not " + std::to_string(count));
}

std::expected<std::string, std::string> choose_directory(const LocalEnsembleOptions& options) {
  if (options.directory.empty()) return fresh_directory();
  std::error_code error;
  const std::string directory = fs::absolute(options.directory, error).lexically_normal().string();
  fs::create_directories(directory, error);
  if (error) return std::unexpected("cannot create " + directory + ": " + error.message());
  const auto right = check_size(directory, options.participants + options.observers);
  if (!right) return std::unexpected(right.error());
  return directory;
}

}  // namespace

std::expected<LocalEnsemble, std::string> LocalEnsemble::prepare(
    const LocalEnsembleOptions& options) {
  const int count = options.participants + options.observers;
  const auto base = choose_base(options.base_port, count);
  if (!base) return std::unexpected(base.error());
  const auto directory = choose_directory(options);
  if (!directory) return std::unexpected(directory.error());
  LocalEnsemble ensemble;
  ensemble.directory_ = *directory;
  ensemble.is_removed_at_the_end_ = options.directory.empty() && !options.keeps_directory;
  ensemble.options_ = options;
  for (int i = 0; i < count; ++i) {
    const ChildPorts ports{.client = static_cast<uint16_t>(*base + i),
                           .quorum = static_cast<uint16_t>(*base + kToQuorum + i),
                           .election = static_cast<uint16_t>(*base + kToElection + i)};
    ensemble.servers_.emplace_back(i + 1, directory_of(*directory, i + 1), ports,
                                   i >= options.participants);
  }
  for (const ChildServer& server : ensemble.servers_) {
    const auto written =
        server.prepare(ensemble.configuration_of(server, options.config), count > 1);
    if (written) continue;
    ensemble.clean_up();
    return std::unexpected(written.error());
  }
  return ensemble;
}

// Ticks are shorter than usual: on one machine a member that is gone is soon known to be.
std::string LocalEnsemble::configuration_of(const ChildServer& server,
                                            const std::vector<std::string>& further) const {
  std::string text = "tickTime=500\ninitLimit=20\nsyncLimit=10\n4lw.commands.whitelist=*\n";
  text += "clientPortAddress=127.0.0.1\nclientPort=" + std::to_string(server.ports().client) + "\n";
  text += "dataDir=" + server.data() + "\n";
  if (server.is_observer()) text += "peerType=observer\n";
  for (const std::string& line : further) text += line + "\n";
  if (servers_.size() == 1) return text;
  for (const ChildServer& member : servers_) {
    text += "server." + std::to_string(member.number()) +
            "=127.0.0.1:" + std::to_string(member.ports().quorum) + ":" +
            std::to_string(member.ports().election) +
            (member.is_observer() ? ":observer\n" : ":participant\n");
  }
  return text;
}

std::expected<void, std::string> LocalEnsemble::start() {
  std::error_code error;
  const std::string binary = fs::read_symlink("/proc/self/exe", error).string();
  if (error) return std::unexpected("cannot find this program: " + error.message());
  for (ChildServer& server : servers_) {
    std::vector<std::string> options{"--log-level", options_.log_level};
    if (!options_.record_directory.empty()) {
      options.push_back("--record=" + options_.record_directory + "/server" +
                        std::to_string(server.number()));
    }
    if (!options_.record_size.empty()) options.push_back("--record-size=" + options_.record_size);
    if (auto started = server.start(binary, options); !started) return started;
  }
  return {};
}

std::vector<int> LocalEnsemble::reap() {
  std::vector<int> ended;
  for (ChildServer& server : servers_) {
    int status = 0;
    if (!server.runs() || ::waitpid(server.pid(), &status, WNOHANG) != server.pid()) continue;
    server.ended(status);
    ended.push_back(server.number());
  }
  return ended;
}

// SIGCHLD is blocked by the caller, or ignored by nobody: a short nap between looks is enough here.
bool LocalEnsemble::stop(std::chrono::milliseconds patience) {
  constexpr auto kNap = std::chrono::milliseconds(10);
  bool all_well = true;
  std::vector<int> stopped;
  for (const ChildServer& server : servers_) {
    if (server.runs()) stopped.push_back(server.number());
    server.signal(SIGTERM);
  }
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (any_runs()) {
    reap();
    if (std::chrono::steady_clock::now() > deadline) {
      for (const ChildServer& server : servers_) server.signal(SIGKILL);
    }
    ::usleep(static_cast<useconds_t>(std::chrono::microseconds(kNap).count()));
  }
  for (const int number : stopped) {
    all_well &= servers_[static_cast<size_t>(number - 1)].ended_well();
  }
  return all_well;
}

void LocalEnsemble::clean_up() const {
  std::error_code ignored;
  if (is_removed_at_the_end_) fs::remove_all(directory_, ignored);
}

bool LocalEnsemble::any_runs() const {
  return std::ranges::any_of(servers_, [](const ChildServer& server) { return server.runs(); });
}

std::vector<load::HostPort> LocalEnsemble::client_ports() const {
  std::vector<load::HostPort> ports;
  for (const ChildServer& server : servers_) ports.push_back({"127.0.0.1", server.ports().client});
  return ports;
}

std::string LocalEnsemble::connect_string() const {
  std::string text;
  for (const load::HostPort& server : client_ports()) {
    text += (text.empty() ? "" : ",") + server.host + ":" + std::to_string(server.port);
  }
  return text;
}

}  // namespace zoetrope::app
