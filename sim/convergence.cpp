// What an ensemble has to come to once nothing disturbs it: one leader that everybody follows, one
// history and one tree.
#include <algorithm>

#include "sim/evidence.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

constexpr Duration kServiceMax = Duration::from_ms(180'000);
constexpr Duration kStep = Duration::from_ms(10);

}  // namespace

// A transaction needs a quorum of the configuration that is in force when its turn comes, and one
// that changes it also a quorum of the new one.
LogEvidence::IsQuorum World::quorums_of_history() const {
  if (!is_ensemble()) return [](const auto&, const auto& has) { return has(0); };
  std::map<ServerId, uint32_t> index_of;
  for (uint32_t i = 0; i < config_.processes.size(); ++i) {
    index_of.emplace(config_.processes[i].server.server_id, i);
  }
  return [index_of, current = config_.processes[0].server.peer->ensemble](
             const properties::CommittedTxn& txn, const auto& has) mutable {
    const auto has_server = [&](ServerId id) {
      const auto index = index_of.find(id);
      return index != index_of.end() && has(index->second);
    };
    const bool is_enough = current.is_quorum(has_server);
    if (txn.type != properties::kTxnReconfig || txn.paths.empty()) return is_enough;
    if (auto next = quorum::Ensemble::parse(txn.paths[0])) current = *std::move(next);
    return is_enough && current.is_quorum(has_server);
  };
}

// Which zxids belong to the history that the servers have come to.
std::function<bool(Zxid)> World::part_of_history() const {
  const Engine& engine = *survivors()[0]->engine();
  const auto standing = engine.standing();
  if (!standing) return [](Zxid) { return true; };
  auto ranges = agreement_.history(standing->epoch, engine.last_processed());
  std::ranges::reverse(ranges);
  return [ranges = std::move(ranges)](Zxid zxid) {
    const auto it = std::ranges::lower_bound(ranges, zxid, {}, &Agreement::Range::last);
    return it != ranges.end() && zxid > it->after;
  };
}

// A follower that hears nothing of its leader any more serves on until it gives up.
Duration World::unheard_max() const {
  if (!is_ensemble()) return clock_error(config_);
  const zab::RoleConfig& role = config_.processes[0].server.peer->role;
  return Duration{role.sync_time().ns + Duration::from_ms(2 * role.tick_ms).ns +
                  delay_bound(config_).ns + clock_error(config_).ns};
}

// One leader, and everybody who is healed serves under it; it may be another one. An engine without
// a standing is not asked.
bool World::all_serve() const {
  const std::vector<Process*> survivors = this->survivors();
  size_t silent = 0;
  std::optional<ServerId> leader;
  for (const Process* process : survivors) {
    if (!process->running()) return false;
    const auto standing = process->engine()->standing();
    if (!standing) {
      ++silent;
      continue;
    }
    if (!standing->serves) return false;
    // One that goes to followers may have heard of a former leader and be served all the same.
    const auto& peer = process->config().server.peer;
    const bool goes_to_followers = standing->state == quorum::PeerState::kObserving && peer &&
                                   peer->role.observer_master_port != 0;
    if (goes_to_followers) continue;
    if (leader && standing->leader != leader) return false;
    leader = standing->leader;
  }
  if (silent == survivors.size()) return true;
  return std::ranges::any_of(processes_, [&](const auto& process) {
    if (!process->running() || process->config().server.server_id != leader) return false;
    const auto standing = process->engine()->standing();
    return standing && standing->serves && standing->state == quorum::PeerState::kLeading;
  });
}

void World::note_configurations() {
  if (!config_.keep_history || !config_.processes[0].server.reconfig_enabled) return;
  for (const auto& process : processes_) {
    if (!process->running()) continue;
    const ServerId server = process->config().server.server_id;
    const auto standing = process->engine()->standing();
    if (!standing || !configurations_.is_news(server, standing->config_version)) continue;
    configurations_.note({.server = server,
                          .version = standing->config_version,
                          .text = process->engine()->configuration(),
                          .epoch = standing->epoch,
                          .is_at_start = false,
                          .when = recorder_.moment()});
  }
}

// One configuration is in force everywhere and no other one is on its way.
bool World::configured_alike() const {
  std::optional<int64_t> version;
  return std::ranges::all_of(survivors(), [&](const auto& process) {
    const auto standing = process->engine()->standing();
    if (!standing) return true;
    const bool is_alike = !version || *version == standing->config_version;
    version = standing->config_version;
    return is_alike && !standing->is_changing;
  });
}

bool World::converged() const {
  if (!all_serve() || !configured_alike()) return false;
  const std::vector<Process*> survivors = this->survivors();
  const Engine& first = *survivors[0]->engine();
  return std::ranges::all_of(survivors, [&](const auto& process) {
    const Engine& engine = *process->engine();
    if (engine.last_processed() != first.last_processed()) return false;
    if (engine.tree() == nullptr || first.tree() == nullptr) return true;
    const uint64_t digest = engine.tree()->digest(), other = first.tree()->digest();
    return digest == other || digest == 0 || other == 0;  // 0: it keeps none
  });
}

std::vector<std::string> World::standings() const {
  std::vector<std::string> lines;
  for (const auto& process : processes_) {
    std::string& line = lines.emplace_back(
        "server " + std::to_string(process->config().server.server_id.value) + ": ");
    if (!process->running()) {
      line += is_frozen(*process) ? "down for ever" : "down";
      continue;
    }
    const auto standing = process->engine()->standing();
    line += standing ? describe(*standing) : "runs";
    line += ", last zxid " + std::to_string(process->engine()->last_processed().value);
    if (!process->idle()) line += ", busy";
    if (is_frozen(*process)) line += ", not healed";
  }
  return lines;
}

bool World::wait_for_service() {
  const MonotonicTime end = queue_.now() + kServiceMax;
  while (!all_serve() && queue_.now() < end && !failed_) pump_until(queue_.now() + kStep);
  if (failed_) return false;
  if (all_serve()) return true;
  stuck("live", "some servers do not serve although all faults have ended", standings());
  return false;
}

// What the disks of all servers hold is one history: the same znodes, the same sessions.
void World::judge_replicas() {
  for (const std::string& conflict : evidence_.conflicts()) {
    violation("logs_agree", "two servers logged different transactions under one zxid", {conflict});
  }
  const std::vector<Process*> survivors = this->survivors();
  const Process* first = survivors[0];
  for (const Process* process : survivors) {
    const std::string name = "server " + std::to_string(process->config().server.server_id.value);
    SimDisk disk = process->disk().after_power_loss();
    RecoveryDisk recovery(disk, UINT64_MAX);
    if (auto state = recover_again(process->config().server, recovery, std::nullopt)) {
      final_sessions_[process->index()] = std::move(state->sessions);
    }
    if (process == first) continue;
    if (final_nodes_[process->index()] != final_nodes_[first->index()]) {
      violation("replicas_agree", "two servers have different trees at the end",
                {name + " and server " + std::to_string(first->config().server.server_id.value)});
    }
    if (final_sessions_[process->index()] != final_sessions_[first->index()]) {
      violation("replicas_agree", "two servers have different sessions at the end",
                {name + " has " + std::to_string(final_sessions_[process->index()].size()) +
                 ", server " + std::to_string(first->config().server.server_id.value) + " has " +
                 std::to_string(final_sessions_[first->index()].size())});
    }
  }
}

}  // namespace zoetrope::sim
