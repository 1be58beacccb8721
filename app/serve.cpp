// `zoetrope serve zoo.cfg`: one real server, from its configuration to its clean end.
#include <CLI/App.hpp>
#include <chrono>
#include <cstdio>
#include <expected>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "app/subcommands.hpp"
#include "core/node/server.hpp"
#include "core/zab/epoch_files.hpp"
#include "net/clock.hpp"
#include "net/data_directory.hpp"
#include "net/driver.hpp"
#include "net/file_disk.hpp"
#include "net/history.hpp"
#include "net/host_facts.hpp"
#include "net/recording_files.hpp"
#include "net/zoo_config.hpp"
#include "record/recorder.hpp"

namespace zoetrope::app {
namespace {

struct ServeOptions {
  std::string config_file;
  std::vector<std::string> definitions;
  std::string log_level = "info";
  std::string pid_file;
  std::string record_directory;
  uint64_t record_size = uint64_t{256} << 20;
};

// The engine behind the driver's interface.
class ServerEngine final : public net::Engine {
 public:
  explicit ServerEngine(node::Server& server) : server_(server) {}
  void start(Now now, node::Effects& out) override { server_.start(now, out); }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    server_.step(now, input, out);
  }
  std::optional<MonotonicTime> next_deadline() const override { return server_.next_deadline(); }

 private:
  node::Server& server_;
};

// The same, recorded.
class RecordedEngine final : public net::Engine {
 public:
  RecordedEngine(node::Server& server, record::Files& files)
      : server_(server), recorder_(server, files, run_number()) {}
  ~RecordedEngine() override { recorder_.end(net::read_clocks()); }
  void start(Now now, node::Effects& out) override { recorder_.start(now, out); }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    recorder_.step(now, input, out);
  }
  std::optional<MonotonicTime> next_deadline() const override { return server_.next_deadline(); }

 private:
  static uint64_t run_number() {
    std::random_device random;
    return uint64_t{random()} << 32 | random();
  }

  node::Server& server_;
  record::Recorder recorder_;
};

// Error: the process will exit with a failure. Warning: a result may not be what was asked for.
void write_log(node::Severity severity, std::string_view text) {
  switch (severity) {
    case node::Severity::kInfo: spdlog::info("{}", text); return;
    case node::Severity::kWarning: spdlog::warn("{}", text); return;
    case node::Severity::kError: spdlog::error("{}", text); return;
  }
}

// Begins with the release of ZooKeeper that clients are shown, which is what they look for in it.
std::string version_text(node::Compatibility compatibility) {
  const char* release = compatibility == node::Compatibility::k3_8 ? "3.8.0" : "3.9.4";
  return std::string(release) + "-zoetrope-" ZT_VERSION;
}

std::string host_text(const net::ListenAddress& address) {
  return address.host.empty() ? "0.0.0.0" : address.host;
}

bool write_pid_file(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const bool written = std::fprintf(file, "%d\n", static_cast<int>(::getpid())) > 0;
  return std::fclose(file) == 0 && written;
}

// Those of a member of an ensemble; a standalone server has none.
std::expected<zab::Epochs, std::string> read_epochs(const net::ServerConfig& config,
                                                    const net::DataDirectory& directory,
                                                    Zxid last_logged) {
  if (!config.engine.peer) return zab::Epochs{};
  net::FileDisk disk(directory.roots());
  auto epochs = zab::read_epochs(disk, last_logged);
  if (epochs) return epochs;
  return std::unexpected(directory.roots().snapshot + ": " + epochs.error());
}

int run_server(net::ServerConfig& config, net::DataDirectory& directory, net::Driver& driver,
               uint16_t port, const ServeOptions& options, net::RecordingFiles* recording) {
  const auto begun = std::chrono::steady_clock::now();
  auto recovered = net::recover_history(directory.roots(), config.recovery);
  if (!recovered) {
    spdlog::error("{}", recovered.error());
    return kExitInternalError;
  }
  const auto epochs = read_epochs(config, directory, recovered->last_zxid);
  if (!epochs) {
    spdlog::error("{}", epochs.error());
    return kExitInternalError;
  }
  const auto spent_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::steady_clock::now() - begun)
                            .count();
  for (const std::string& note : recovered->notes) spdlog::warn("{}", note);
  config.engine.client_port = port;
  config.engine.recovery_ms = spent_ms;
  config.engine.version = version_text(config.engine.compatibility);
  config.engine.build_date = ZT_SOURCE_DATE " 00:00 UTC";
  config.engine.environment = net::environment_lines(config.engine.version);
  node::Server server(config.engine, std::move(*recovered), std::random_device{}(),
                      net::read_clocks(), *epochs);
  std::unique_ptr<net::Engine> engine = std::make_unique<ServerEngine>(server);
  if (recording != nullptr) engine = std::make_unique<RecordedEngine>(server, *recording);
  const node::Halt halt = driver.run(*engine, [&] {
    if (!options.pid_file.empty() && !write_pid_file(options.pid_file)) {
      spdlog::warn("cannot write the process id to {}", options.pid_file);
    }
    spdlog::info("serving on {}:{} (zxid 0x{:x}, {} znodes, recovered in {} ms)",
                 host_text(config.client), port, server.tree().last_processed_zxid().value,
                 server.tree().node_count(), spent_ms);
  });
  engine.reset();
  if (!options.pid_file.empty()) std::remove(options.pid_file.c_str());
  if (halt.clean) {
    spdlog::info("{}", halt.reason);
    return kExitHeld;
  }
  spdlog::error("{}", halt.reason);
  return kExitInternalError;
}

int serve(const ServeOptions& options) {
  auto logger = spdlog::stderr_logger_st("zoetrope");
  spdlog::set_default_logger(logger);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  auto config = net::load_zoo_config(options.config_file, options.definitions);
  if (!config) {
    spdlog::error("{}", config.error());
    return kExitUsage;
  }
  for (const std::string& warning : config->warnings) spdlog::warn("{}", warning);
  if (const auto wrong = net::back_up_config(options.config_file, *config)) {
    spdlog::warn("{}", *wrong);
  }
  auto directory = net::DataDirectory::open(*config);
  if (!directory) {
    spdlog::error("{}", directory.error());
    return kExitUsage;
  }
  if (directory->had_initialize_file()) config->recovery.db_autocreate = true;
  net::raise_open_files_limit();
  net::DriverConfig driver_config;
  driver_config.listen.address = config->client;
  driver_config.listen.backlog = config->engine.client_port_listen_backlog;
  driver_config.listen.keepalive = config->client_tcp_keepalive;
  driver_config.peers = config->peers;
  driver_config.peer_keepalive = config->peer_keepalive;
  driver_config.recovery = config->recovery;
  driver_config.roots = directory->roots();
  driver_config.output_bytes_high = config->engine.output_bytes_high;
  driver_config.slow_sync = Duration::from_ms(config->fsync_warning_ms);
  net::Driver driver(driver_config, write_log);
  const auto port = driver.listen();
  if (!port) {
    spdlog::error("{}", port.error());
    return kExitInternalError;
  }
  driver.handle_signals();
  std::unique_ptr<net::RecordingFiles> recording;
  if (!options.record_directory.empty()) {
    auto opened =
        net::RecordingFiles::open(options.record_directory, options.record_size,
                                  [](const std::string& line) { spdlog::warn("{}", line); });
    if (!opened) {
      spdlog::error("{}", opened.error());
      return kExitUsage;
    }
    recording = std::move(*opened);
  }
  return run_server(*config, *directory, driver, *port, options, recording.get());
}

}  // namespace

void add_serve(CLI::App& app, int& exit_status) {
  auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Run one server");
  command->add_option("config", options->config_file, "zoo.cfg, as ZooKeeper reads it")->required();
  command
      ->add_option("-D", options->definitions, "Set a property: key=value, as -D of a Java server")
      ->allow_extra_args(false);
  command->add_option("--log-level", options->log_level, "What to log, on standard error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "off"}))
      ->capture_default_str();
  command
      ->add_option("--record", options->record_directory,
                   "Keep the last of what happens to the server in files of this directory, for "
                   "zoetrope replay")
      ->type_name("DIR");
  command
      ->add_option("--record-size", options->record_size,
                   "What these files take together at most, 16M or more")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(uint64_t{16} << 20, uint64_t{1} << 44))
      ->type_name("SIZE");
  command->add_option("--pid-file", options->pid_file, "Write the process id here while serving");
  command->footer(
      "A key of zoo.cfg that is not obeyed is named in a warning. With reconfigEnabled=true a\n"
      "member of an ensemble writes files beside zoo.cfg, as Java ZooKeeper does: zoo.cfg.bak "
      "once,\n"
      "zoo.cfg.dynamic.VERSION with the servers of each configuration, zoo.cfg.dynamic.next while\n"
      "one is proposed; and zoo.cfg points to the one in force (dynamicConfigFile). Who may\n"
      "reconfigure: DigestAuthenticationProvider.superDigest, or everybody with skipACL=yes.\n"
      "standaloneEnabled=false lets an ensemble begin as one server, or shrink to it.");
  command->callback([options, &exit_status] { exit_status = serve(*options); });
}

}  // namespace zoetrope::app
