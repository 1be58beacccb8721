// The deterministic world: hosts, processes, clients, a network and one queue of events under one
// seed. Owns them all and runs them to the end; equal seed and configuration give an equal run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "properties/history.hpp"
#include "properties/property.hpp"
#include "sim/addresses.hpp"
#include "sim/agreement.hpp"
#include "sim/client.hpp"
#include "sim/engine.hpp"
#include "sim/event_queue.hpp"
#include "sim/evidence.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/profile.hpp"
#include "sim/recorder.hpp"
#include "sim/trace.hpp"

namespace zoetrope::sim {

struct WorldCounts {
  uint64_t events = 0;
  uint64_t deliveries = 0;  // segments that arrived
  uint64_t operations = 0, unknown = 0, watch_events = 0, sessions = 0;
  uint64_t starts = 0, kills = 0, power_losses = 0, halts = 0, shutdowns = 0;
  uint64_t refused_starts = 0;
  uint64_t interrupted_recoveries = 0;
  uint64_t wall_jumps = 0, held_links = 0, broken_links = 0;
  uint64_t partitions = 0, cut_links = 0;
  uint64_t reloads = 0;    // servers that cut their history and recovered while they ran
  uint64_t epochs = 0;     // that had a leader who served
  uint64_t lost_data = 0;  // power losses that lost something unsynced
  uint64_t syncs_failed = 0, syncs_forgotten = 0, writes_failed = 0, writes_without_room = 0,
           reads_failed = 0;
};

class World {
 public:
  World(const WorldConfig& config, uint64_t seed, const EngineFactory& factory, TraceSink* sink);

  // Runs load, faults and the quiet end. Call once.
  void run();

  uint64_t hash() const { return trace_.hash(); }
  MonotonicTime now() const { return queue_.now(); }
  WorldCounts counts() const;
  // What broke while it ran and is no matter of the history: a server that would not start, say.
  const std::vector<properties::Violation>& violations() const { return violations_; }
  // The history, with the log and the final tree; after run().
  properties::History take_history();

 private:
  void pump_until(MonotonicTime end);
  void dispatch(const Event& event);
  void deliver(const Delivery& delivery);
  void handle_drained();
  void handle_reports();
  void handle(Process& process, const ProcessReport& report);
  void restart_later(Process& process);
  void interrupt_recovery(Process& process);

  // --- faults (faults.cpp)
  // -------------------------------------------------------------------------
  void plan_fault();
  void inject_fault();
  void kill(Process& process, DeathKind kind);
  void disturb_disk(Process& process);
  DiskFaults disk_nature() const;
  void end_disk_faults();
  void disturb_link(bool hold);
  void crash(uint64_t count);

  // --- partitions (partitions.cpp)
  // -------------------------------------------------------------------
  // Directions that are cut together.
  struct Partition {
    std::vector<std::pair<HostId, HostId>> cuts;
    bool active = false;
    std::string name;
  };
  void split();
  void isolate();
  void bridge();
  void cut_link();
  void cut_both_ways(Partition& partition, HostId a, HostId b);
  void begin(Partition partition);
  void heal(size_t number);
  void heal_all();
  size_t active_partitions() const;
  bool is_ensemble() const { return config_.processes[0].server.peer.has_value(); }

  // --- the end (world_end.cpp)
  // ---------------------------------------------------------------------
  bool all_exhausted() const;
  bool all_settled() const;
  void settle();
  bool settle_clients();
  bool quiet() const;
  void judge_recovery();
  void judge(Process& process);

  // --- the ensemble at the end (convergence.cpp)
  // --------------------------------------------------
  bool all_serve() const;
  bool configured_alike() const;
  bool converged() const;
  bool wait_for_service();
  std::vector<std::string> standings() const;
  void judge_replicas();
  std::function<bool(Zxid)> part_of_history() const;
  LogEvidence::IsQuorum quorums_of_history() const;
  Duration unheard_max() const;
  void note_configurations();
  void violation(std::string property, std::string summary, std::vector<std::string> evidence);

  WorldConfig config_;
  EventQueue queue_;
  Trace trace_;
  Random random_;
  Random fault_random_;
  EngineFactory factory_;
  Network network_;
  Addresses addresses_;
  Recorder recorder_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Process*> process_of_host_;  // nullptr: a client's
  std::vector<Client*> client_of_host_;
  LogEvidence evidence_;
  ConfigurationEvidence configurations_;
  Agreement agreement_;
  std::vector<std::vector<properties::FinalNode>> final_nodes_;  // by process
  std::vector<std::map<SessionId, int32_t>> final_sessions_;     // on disk, by process
  std::vector<Partition> partitions_;
  std::optional<MonotonicTime> calm_since_;
  std::vector<properties::Violation> violations_;
  std::vector<MonotonicTime> disk_fault_until_;  // by process
  WorldCounts counts_;
  bool calm_ = false;    // no faults any more
  bool failed_ = false;  // a server cannot go on: the run ends
};

}  // namespace zoetrope::sim
