// What a simulated process runs: node::Server, or in tests something that takes its place (a fake,
// or the real one with a planted defect). Owns nothing itself.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/node/config.hpp"
#include "core/node/effects.hpp"
#include "core/node/input.hpp"
#include "core/node/server.hpp"
#include "core/quorum/notification.hpp"
#include "core/storage/disk.hpp"
#include "core/storage/recovery.hpp"
#include "core/tree/tree.hpp"
#include "core/zab/role_phase.hpp"

namespace zoetrope::sim {

// A server's part in its ensemble, as it sees it itself.
struct Standing {
  quorum::PeerState state = quorum::PeerState::kLooking;
  bool serves = false;  // clients
  int64_t epoch = 0;    // of the leader that it follows or is; of the last one while it looks
  std::optional<ServerId> leader;
  int64_t config_version = 0;  // of the configuration in force
  bool is_changing = false;    // another one is proposed
  bool is_proposing = false;   // it leads, and something is proposed and not yet committed
  zab::RolePhase phase = zab::RolePhase::kDiscovery;

  bool operator==(const Standing&) const = default;
};
std::string describe(const Standing& standing);

class Engine {
 public:
  virtual ~Engine() = default;
  virtual void start(Now now, node::Effects& out) = 0;
  virtual void step(Now now, const node::Input& input, node::Effects& out) = 0;
  virtual std::optional<MonotonicTime> next_deadline() const = 0;
  virtual uint64_t fingerprint() const = 0;
  // Newest transaction that is applied, and so may be seen by clients.
  virtual Zxid last_processed() const = 0;
  // nullptr for an engine without a tree.
  virtual const tree::Tree* tree() const = 0;
  // The configuration in force, with its version; empty for an engine without one.
  virtual std::string configuration() const { return {}; }
  // nullopt for an engine that has nothing of it.
  virtual std::optional<node::Inspection> inspect() const { return std::nullopt; }
  // nullopt for a server that stands alone.
  virtual std::optional<Standing> standing() const { return std::nullopt; }
};

// Cuts the history behind `last`, if one is given, and recovers: what node::Reload asks for.
std::expected<storage::RecoveredState, std::string> recover_again(const node::Config& config,
                                                                  storage::Disk& disk,
                                                                  std::optional<Zxid> last);

// Recovers the data directory and makes an engine of it, or says why it refuses.
using EngineFactory = std::function<std::expected<std::unique_ptr<Engine>, std::string>(
    const node::Config& config, storage::Disk& disk, uint64_t seed, Now now)>;

// The real server.
std::expected<std::unique_ptr<Engine>, std::string> make_server(const node::Config& config,
                                                                storage::Disk& disk, uint64_t seed,
                                                                Now now);

// The same with somebody who does each step himself, and may put another server in the place of
// the one that is there: one made from its state, for instance. No input: start() is meant.
using StepServer = std::function<void(std::unique_ptr<node::Server>& server, Now now,
                                      const node::Input* input, node::Effects& out)>;
EngineFactory make_server_with(StepServer step);

}  // namespace zoetrope::sim
