// What operators do: restarts and upgrades, one server after the other.
#include <algorithm>
#include <memory>
#include <utility>

#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

bool serves(const Process& process) {
  if (!process.running()) return false;
  const auto standing = process.engine()->standing();
  return !standing || standing->serves;
}

void change(node::Config& server, const RollingUpgrade& upgrade) {
  if (upgrade.digest != RollingUpgrade::Switch::kAsIs) {
    server.digest_enabled = upgrade.digest == RollingUpgrade::Switch::kOn;
  }
  auto& store = server.store;
  switch (upgrade.compression) {
    case RollingUpgrade::Compression::kAsIs: break;
    case RollingUpgrade::Compression::kNone:
      store.snapshot.compression = storage::Compression::kNone;
      break;
    case RollingUpgrade::Compression::kGzip:
      store.snapshot.compression = storage::Compression::kGzip;
      break;
    case RollingUpgrade::Compression::kSnappy:
      store.snapshot.compression = storage::Compression::kSnappy;
      break;
  }
  if (upgrade.snap_count != 0) store.snap_count = upgrade.snap_count;
}

}  // namespace

void World::stop(Process& process, StopKind how, Return back) {
  returns_[process.index()] = back;
  if (!process.running()) return;
  switch (how) {
    case StopKind::kShutdown: return process.request_shutdown();
    case StopKind::kKill: return process.die(DeathKind::kKill);
    case StopKind::kPowerLoss: return process.die(DeathKind::kPowerLoss);
  }
}

void World::roll(const RollingRestart& restart, Change change) {
  struct Rolling {
    std::vector<Process*> left;  // the next one is the last
    Process* current = nullptr;
    uint64_t starts_before = 0;
    MonotonicTime end;
  };
  auto rolling = std::make_shared<Rolling>();
  rolling->left = find(restart.servers);
  std::ranges::reverse(rolling->left);
  begin_errand([this, restart, change = std::move(change), rolling] {
    Rolling& r = *rolling;
    if (calm_) return true;
    const bool is_back = r.current == nullptr ||
                         (r.current->starts() > r.starts_before && serves(*r.current)) ||
                         queue_.now() >= r.end;
    if (!is_back) return false;
    if (r.left.empty()) return true;
    r.current = r.left.back();
    r.left.pop_back();
    r.starts_before = r.current->starts();
    r.end = queue_.now() + restart.patience;
    if (trace_.readable()) trace_.note("it is the turn of " + r.current->name());
    if (change) {
      node::Config server = r.current->config().server;
      change(server);
      r.current->configure(server);
    }
    if (r.current->running()) stop(*r.current, restart.how, {restart.down, false});
    return false;
  });
}

void World::carry_out(const RollingRestart& restart) {
  roll(restart, nullptr);
}

void World::carry_out(const RollingUpgrade& upgrade) {
  roll(upgrade.restart, [upgrade](node::Config& server) { change(server, upgrade); });
}

}  // namespace zoetrope::sim
