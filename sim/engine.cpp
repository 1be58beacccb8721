#include "sim/engine.hpp"

#include <utility>

#include "core/node/server.hpp"
#include "core/storage/recovery.hpp"

namespace zoetrope::sim {
namespace {

class ServerEngine : public Engine {
 public:
  ServerEngine(const node::Config& config, storage::RecoveredState recovered, uint64_t seed,
               Now now, zab::Epochs epochs)
      : server_(std::make_unique<node::Server>(config, std::move(recovered), seed, now, epochs)) {}
  void set_step(StepServer step) { step_ = std::move(step); }

  void start(Now now, node::Effects& out) override {
    if (step_) return step_(server_, now, nullptr, out);
    server_->start(now, out);
  }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    if (step_) return step_(server_, now, &input, out);
    server_->step(now, input, out);
  }
  std::optional<MonotonicTime> next_deadline() const override { return server_->next_deadline(); }
  uint64_t fingerprint() const override { return server_->fingerprint(); }
  Zxid last_processed() const override { return server_->tree().last_processed_zxid(); }
  const tree::Tree* tree() const override { return &server_->tree(); }
  std::string configuration() const override {
    const zab::Peer* peer = server_->peer();
    return peer == nullptr ? std::string() : peer->ensembles().current.to_string();
  }
  std::optional<node::Inspection> inspect() const override { return server_->inspect(); }
  std::optional<Standing> standing() const override {
    const zab::Peer* peer = server_->peer();
    if (peer == nullptr) return std::nullopt;
    const zab::Ensembles& ensembles = peer->ensembles();
    const zab::Leader* leader = peer->leader_role();
    return Standing{peer->state(),
                    peer->is_serving(),
                    peer->epoch(),
                    peer->leader(),
                    ensembles.current.version,
                    ensembles.last_seen.has_value(),
                    leader != nullptr && leader->has_open_proposals(),
                    peer->role_phase()};
  }

 private:
  std::unique_ptr<node::Server> server_;
  StepServer step_;
};

// Carries out what truncation() wants done; each step is durable before the next.
std::expected<void, std::string> cut(storage::Disk& disk, Zxid last) {
  const auto actions = storage::truncation(disk, last);
  if (!actions) return std::unexpected(actions.error().message);
  for (const storage::DiskAction& action : *actions) {
    std::expected<void, storage::DiskError> done;
    if (const auto* truncate = std::get_if<storage::TruncateFile>(&action)) {
      done = disk.truncate(truncate->file, truncate->size);
    } else if (const auto* remove = std::get_if<storage::RemoveFile>(&action)) {
      done = disk.remove(remove->file);
    }
    if (!done) return std::unexpected(done.error().message);
  }
  return {};
}

std::expected<storage::RecoveredState, std::string> recover(const node::Config& config,
                                                            storage::Disk& disk) {
  storage::RecoveryOptions options;
  options.tree.digest_enabled = config.digest_enabled;
  options.tree.extended_types_enabled = config.extended_types_enabled;
  if (config.peer) options.newest_count = config.peer->commit_log_count;
  auto recovered = storage::recover(disk, options);
  if (!recovered) return std::unexpected(recovered.error().message);
  return std::move(*recovered);
}

}  // namespace

std::string describe(const Standing& standing) {
  static constexpr std::string_view kNames[] = {"looking", "following", "leading", "observing"};
  std::string text(kNames[static_cast<size_t>(standing.state)]);
  if (standing.leader) text += " " + std::to_string(standing.leader->value);
  text += " in epoch " + std::to_string(standing.epoch);
  if (standing.config_version != 0) {
    text += ", configuration " + std::to_string(standing.config_version);
    if (standing.is_changing) text += " and another one proposed";
  }
  return text + (standing.serves ? ", serving" : ", not serving");
}

std::expected<storage::RecoveredState, std::string> recover_again(const node::Config& config,
                                                                  storage::Disk& disk,
                                                                  std::optional<Zxid> last) {
  if (last) {
    if (auto done = cut(disk, *last); !done) return std::unexpected(done.error());
  }
  return recover(config, disk);
}

namespace {

// A member whose configuration changes has it in files.
std::expected<node::Config, std::string> as_stored(node::Config config, storage::Disk& disk) {
  if (!config.peer || config.peer->files.static_file.empty()) return config;
  auto stored = zab::read_configuration(disk, config.peer->files.static_file);
  if (!stored) return std::unexpected(stored.error());
  config.peer->role.is_observer = stored->current.is_observer(config.server_id);
  config.peer->ensemble = std::move(stored->current);
  config.peer->last_seen = std::move(stored->last_seen);
  return config;
}

std::expected<std::unique_ptr<ServerEngine>, std::string> make_engine(const node::Config& given,
                                                                      storage::Disk& disk,
                                                                      uint64_t seed, Now now) {
  auto stored = as_stored(given, disk);
  if (!stored) return std::unexpected(stored.error());
  const node::Config config = *std::move(stored);
  auto recovered = recover(config, disk);
  if (!recovered) return std::unexpected(recovered.error());
  zab::Epochs epochs;
  if (config.peer) {
    const auto read = zab::read_epochs(disk, recovered->last_zxid);
    if (!read) return std::unexpected(read.error());
    epochs = *read;
  }
  return std::make_unique<ServerEngine>(config, std::move(*recovered), seed, now, epochs);
}

}  // namespace

std::expected<std::unique_ptr<Engine>, std::string> make_server(const node::Config& config,
                                                                storage::Disk& disk, uint64_t seed,
                                                                Now now) {
  return make_engine(config, disk, seed, now);
}

EngineFactory make_server_with(StepServer step) {
  return [step = std::move(step)](const node::Config& config, storage::Disk& disk, uint64_t seed,
                                  Now now) -> std::expected<std::unique_ptr<Engine>, std::string> {
    auto engine = make_engine(config, disk, seed, now);
    if (engine) (*engine)->set_step(step);
    return engine;
  };
}

}  // namespace zoetrope::sim
