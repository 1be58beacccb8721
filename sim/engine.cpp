#include "sim/engine.hpp"

#include <utility>

#include "core/node/server.hpp"
#include "core/storage/recovery.hpp"

namespace zoetrope::sim {
namespace {

class ServerEngine : public Engine {
 public:
  ServerEngine(const node::Config& config, storage::RecoveredState recovered, uint64_t seed,
               Now now)
      : server_(config, std::move(recovered), seed, now) {}

  void start(Now now, node::Effects& out) override { server_.start(now, out); }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    server_.step(now, input, out);
  }
  std::optional<MonotonicTime> next_deadline() const override { return server_.next_deadline(); }
  uint64_t fingerprint() const override { return server_.fingerprint(); }
  Zxid last_processed() const override { return server_.tree().last_processed_zxid(); }
  const tree::Tree* tree() const override { return &server_.tree(); }

 private:
  node::Server server_;
};

}  // namespace

std::expected<std::unique_ptr<Engine>, std::string> make_server(const node::Config& config,
                                                                storage::Disk& disk, uint64_t seed,
                                                                Now now) {
  storage::RecoveryOptions options;
  options.tree.digest_enabled = config.digest_enabled;
  options.tree.extended_types_enabled = config.extended_types_enabled;
  auto recovered = storage::recover(disk, options);
  if (!recovered) return std::unexpected(recovered.error().message);
  return std::make_unique<ServerEngine>(config, std::move(*recovered), seed, now);
}

}  // namespace zoetrope::sim
