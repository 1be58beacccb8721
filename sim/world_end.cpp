// The quiet end of a run: faults stop, clients read once more, silent sessions expire, and every
// disk is recovered one last time so that the logs and the trees can be judged.
#include <algorithm>
#include <set>
#include <utility>

#include "sim/evidence.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

constexpr Duration kSettleMax = Duration::from_ms(60'000);
// An ensemble first has to find a leader, perhaps more than once.
constexpr Duration kSettleMaxOfEnsemble = Duration::from_ms(180'000);
constexpr Duration kQuietMax = Duration::from_ms(10'000);
constexpr Duration kStep = Duration::from_ms(10);

}  // namespace

bool World::load_is_over() const {
  if (config_.waits_for_steps && steps_to_come_ != 0) return false;
  return std::ranges::all_of(clients_, [](const auto& client) { return client->exhausted(); });
}

bool World::all_settled() const {
  return std::ranges::all_of(clients_, [](const auto& client) { return client->settled(); });
}

// Nothing is logged that is not applied, so that logs and trees may be compared.
bool World::quiet() const {
  const auto is_quiet = [](const auto& process) {
    if (!process->running() || !process->idle()) return false;
    const auto standing = process->engine()->standing();
    return !standing || !standing->is_proposing;
  };
  return std::ranges::all_of(survivors(), is_quiet) && (!is_ensemble() || converged());
}

// False when some client is not served.
bool World::settle_clients() {
  for (auto& client : clients_) client->settle(client->index() % 2 == 0);
  const MonotonicTime end = queue_.now() + (is_ensemble() ? kSettleMaxOfEnsemble : kSettleMax);
  while (!all_settled() && queue_.now() < end && !failed_) pump_until(queue_.now() + kStep);
  if (failed_) return false;
  if (all_settled()) return true;
  std::vector<std::string> unserved;
  for (const auto& client : clients_) {
    if (!client->settled()) unserved.push_back("client " + std::to_string(client->index()));
  }
  if (is_ensemble()) {
    for (std::string& line : standings()) unserved.push_back(std::move(line));
  }
  stuck("service_returns", "some clients are not served although all faults have ended",
        std::move(unserved));
  return false;
}

void World::settle() {
  calm_ = true;
  choose_survivors();
  for (auto& process : processes_) end_disk_fault(*process);
  heal_survivors();
  end_faults();
  start_all();
  for (auto& process : processes_) process->cancel_death();
  if (!settle_clients()) return;
  if (is_ensemble() && !wait_for_service()) return;
  replace_hidden_rot();
  if (is_ensemble() && !wait_for_service()) return;
  calm_since_ = queue_.now();
  // Time enough for every silent session to expire.
  int32_t timeout_ms_max = 0, tick_ms_max = 0;
  for (const ProcessConfig& process : config_.processes) {
    timeout_ms_max = std::max(timeout_ms_max, process.server.timeout_ms_max());
    tick_ms_max = std::max(tick_ms_max, process.server.tick_time_ms);
  }
  const Duration patience = Duration{3 * delay_bound(config_).ns + unheard_max().ns +
                                     Duration::from_ms(timeout_ms_max + 2 * tick_ms_max).ns};
  pump_until(queue_.now() + patience);
  const MonotonicTime quiet_end = queue_.now() + kQuietMax;
  while (!quiet() && queue_.now() < quiet_end && !failed_) pump_until(queue_.now() + kStep);
  if (is_ensemble() && !failed_ && !converged()) {
    stuck("servers_converge", "the servers do not come to one state although all is quiet",
          standings());
  }
}

void World::judge_recovery() {
  for (auto& process : processes_) {
    if (is_frozen(*process)) {
      evidence_.add_disk(process->index(), process->disk().after_power_loss());
    } else if (process->running() && process->engine()->tree() != nullptr) {
      judge(*process);
    }
  }
  if (is_ensemble() && config_.keep_history) judge_replicas();
}

// What a server would come back with if it lost power now must be what it serves now.
void World::judge(Process& process) {
  const tree::Tree& tree = *process.engine()->tree();
  const std::string name = "server " + std::to_string(process.config().server.server_id.value);
  if (process.config().server.digest_enabled && tree.digest() != digest_of_nodes(tree)) {
    violation("digest_is_that_of_the_tree",
              "the digest that a server kept of its tree is not what its znodes give",
              {name, "zxid " + std::to_string(process.engine()->last_processed().value)});
  }
  SimDisk disk = process.disk().after_power_loss();
  evidence_.add_disk(process.index(), disk);
  RecoveryDisk recovery(disk, UINT64_MAX);
  auto recovered =
      factory_(process.config().server, recovery, 0, process.clock().now(queue_.now()));
  if (!recovered) {
    violation("server_recovers",
              "a server refused its data directory at the end: " + recovered.error(), {name});
    return;
  }
  if (!config_.keep_history) return;
  const tree::Tree& again = *(*recovered)->tree();
  final_nodes_[process.index()] = final_nodes(again);
  // A member may stand at the beginning of an epoch in which nothing has happened yet.
  const bool same = is_ensemble() ? final_nodes_[process.index()] == final_nodes(tree)
                                  : again.fingerprint() == tree.fingerprint();
  if (same) return;
  violation("recovery_gives_what_was_served",
            "the tree that is recovered differs from the one that was served",
            {name, "live zxid " + std::to_string(process.engine()->last_processed().value),
             "recovered zxid " + std::to_string((*recovered)->last_processed().value)});
}

namespace {

// The end of a session that no log ever knew is no write: its reply has the zxid of another.
void forget_local_ends(properties::History& history) {
  std::set<SessionId> logged;
  for (const properties::CommittedTxn& txn : history.committed) {
    if (txn.type == properties::kTxnCreateSession) logged.insert(txn.session);
  }
  std::erase_if(history.operations, [&](const properties::Operation& op) {
    if (op.args.kind != properties::OpKind::kCloseSession) return false;
    const SessionId session =
        op.session.value != 0 ? op.session : history.connections[op.connection].session;
    return !logged.contains(session);
  });
}

}  // namespace

properties::History World::take_history() {
  for (const std::string& text : recorder_.anomalies()) {
    violation("protocol_is_kept", text, {});
  }
  properties::History history = recorder_.take();
  const node::Config& server = config_.processes[0].server;
  history.setup.tick_time_ms = server.tick_time_ms;
  history.setup.extended_types_enabled = server.extended_types_enabled;
  history.setup.delay_max = Duration{delay_bound(config_).ns + clock_error(config_).ns};
  history.setup.servers = static_cast<uint32_t>(processes_.size());
  history.setup.unheard_max = unheard_max();
  history.setup.calm_since = calm_since_;
  history.setup.local_sessions = server.local_sessions_enabled;
  // Which sessions were local is known from the logs of a run that came to its end.
  if (is_stuck_ && history.setup.local_sessions) {
    std::erase_if(history.operations, [](const properties::Operation& op) {
      return op.args.kind == properties::OpKind::kCloseSession;
    });
  }
  if (failed_ || is_stuck_) return history;
  const Process& process = *survivors()[0];
  if (process.engine() == nullptr || process.engine()->tree() == nullptr) return history;
  std::vector<const AppliedTimes*> applied;
  for (const auto& each : processes_) applied.push_back(&each->applied());
  history.committed = evidence_.take(part_of_history(), quorums_of_history(), applied);
  history.has_committed = true;
  history.configurations = configurations_.take();
  if (history.setup.local_sessions) forget_local_ends(history);
  history.final_nodes = std::move(final_nodes_[process.index()]);
  history.has_final_nodes = !history.final_nodes.empty();
  return history;
}

WorldConfig World::take_plan() {
  WorldConfig plan = config_;
  plan.keep_choices = false;
  plan.told = choices_.taken();
  for (size_t i = 0; i < clients_.size(); ++i) plan.clients[i].told = clients_[i]->script();
  return plan;
}

}  // namespace zoetrope::sim
