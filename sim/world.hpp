// The deterministic world: hosts, processes, clients, a network and one queue of events under one
// seed. Owns them all and runs them to the end; equal seed and configuration give an equal run.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "properties/history.hpp"
#include "properties/property.hpp"
#include "sim/addresses.hpp"
#include "sim/agreement.hpp"
#include "sim/choices.hpp"
#include "sim/client.hpp"
#include "sim/engine.hpp"
#include "sim/event_queue.hpp"
#include "sim/evidence.hpp"
#include "sim/lookout.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/profile.hpp"
#include "sim/recorder.hpp"
#include "sim/step.hpp"
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
  // Steps that were carried out, by kind: the index of their alternative in Action.
  std::array<uint64_t, std::variant_size_v<Action>> steps{};
  uint64_t impaired_links = 0;  // directions
  uint64_t forgotten_ends = 0, pauses = 0, strangers = 0;
  uint64_t disks_damaged = 0;  // wiped, rotten or put back to an old state
  uint64_t disks_spared = 0;   // because the others could not have made up for it
  uint64_t disks_refused = 0;  // rotten, and found out
  uint64_t unsafe_damages = 0, excused_findings = 0;  // without WorldConfig::disks_recoverable
  // Of the liveness phase: what was not healed.
  uint64_t frozen_servers = 0, frozen_down = 0, frozen_links = 0;
  uint64_t reloads = 0;    // servers that cut their history and recovered while they ran
  uint64_t epochs = 0;     // that had a leader who served
  uint64_t lost_data = 0;  // power losses that lost something unsynced
  uint64_t syncs_failed = 0, syncs_forgotten = 0, writes_failed = 0, writes_without_room = 0,
           reads_failed = 0;
};

class World {
 public:
  World(const WorldConfig& config, uint64_t seed, const EngineFactory& factory, TraceSink* sink,
        RecordSink* records = nullptr);

  // Runs load, faults and the quiet end. Call once.
  void run();

  uint64_t hash() const { return trace_.hash(); }
  MonotonicTime now() const { return queue_.now(); }
  WorldCounts counts() const;
  // A disk has lost what the others do not make up for (WorldConfig::disks_recoverable).
  bool is_unsafe() const { return is_unsafe_; }
  // Whether that excuses that the property is broken.
  bool excuses(std::string_view property) const;
  // What broke while it ran and is no matter of the history: a server that would not start, say.
  const std::vector<properties::Violation>& violations() const { return violations_; }
  // The world with all that was chosen in it, if choices are kept: it gives this run again without
  // drawing anything. After run().
  WorldConfig take_plan();
  // The history, with the log and the final tree; after run().
  properties::History take_history();
  // The steps, by index, whose moment did not come before the faults ended.
  std::vector<size_t> missed_steps() const;
  // To look at, during the run or after it.
  const Process& process(size_t index) const { return *processes_[index]; }
  size_t process_count() const { return processes_.size(); }
  const Network& network() const { return network_; }
  // Empty without WorldConfig::count_coverage.
  const PointSet& coverage() const { return coverage_.reached(); }
  // Why the run is stuck and yet breaks nothing; nullopt: it is not, or nothing excuses it.
  const std::optional<std::string>& excused() const { return excuse_; }

 private:
  void pump_until(MonotonicTime end);
  void dispatch(const Event& event);
  void deliver(const Delivery& delivery);
  void handle_drained();
  void handle_reports();
  void handle(Process& process, const ProcessReport& report);
  void restart_later(Process& process);
  void interrupt_recovery(Process& process);
  bool is_kept_down(size_t index) const;
  Site& returns(const Process& process);

  // --- faults (faults.cpp)
  // -------------------------------------------------------------------------
  void plan_steps();
  void plan_step(size_t step, MonotonicTime at);
  void carry_out(size_t step);
  void carry_out(const Step& step);
  // Something that lasts: `end` is called when its time is over, or when all faults end.
  // One of `frozen_with` does not end if that process is not healed.
  void begin(std::string name, Duration lasts, std::function<void()> end,
             const Process* frozen_with = nullptr);
  void end_fault(size_t number);
  void end_faults();
  // Something that goes on step by step: `step` is called soon and again until it gives true.
  void begin_errand(std::function<bool()> step);
  void go_on_errand(size_t number);

  // --- processes (process_faults.cpp)
  // ----------------------------------------------------------------
  // How a server that goes down comes back, if that is not left to chance.
  struct Return {
    std::optional<Duration> after;
    bool never = false;  // before all faults end
  };
  void carry_out(const Kill& kill);
  void carry_out(const Shutdown& shutdown);
  void carry_out(const Pause& pause);
  void carry_out(const SlowCpu& slow);
  void start_all();

  // --- clocks (clock_faults.cpp)
  // ---------------------------------------------------------------------
  void carry_out(const WallJump& jump);
  void carry_out(const ClockSkew& skew);
  void carry_out(const ClockDrift& drift);

  // --- links and listeners (network_faults.cpp)
  // ------------------------------------------------------
  using Ways = std::vector<std::pair<HostId, HostId>>;
  void carry_out(const HoldLink& hold);
  void carry_out(const BreakLinks& links);
  void carry_out(const SlowLinks& slow);
  void carry_out(const LoseSegments& loss);
  void carry_out(const LimitBandwidth& limit);
  void carry_out(const SmallSegments& small);
  void carry_out(const HalfOpen& half);
  void carry_out(const FailConnects& fail);
  Ways ways_of(const Links& links);
  void impair(const std::string& name, const Ways& ways, const Impairment& impairment,
              Duration lasts);
  void fail_connects(Process& process, std::optional<node::Port> port, ConnectFault fault,
                     Duration lasts);

  // --- the topology (wan_faults.cpp)
  // -----------------------------------------------------------------
  void carry_out(const CutWanLink& cut);
  void carry_out(const CutRegion& cut);
  void lay_routes();
  void cut_links(const std::vector<size_t>& links, std::string name, const CutTerms& terms);
  void reroute(Duration give_up);
  std::vector<std::pair<HostId, size_t>> placed_hosts() const;

  // --- disks (disk_faults.cpp)
  // -----------------------------------------------------------------------
  void carry_out(const DiskFault& fault);
  void carry_out(const SlowDisk& slow);
  void carry_out(const StallDisk& stall);
  void begin(const DiskFault& fault, Process& process);
  DiskFaults disk_nature() const;
  void end_disk_fault(Process& process);

  // --- what disks lose for good (disk_damage.cpp)
  // ----------------------------------------------------
  using Damage = std::function<void(Process&)>;
  void carry_out(const RotDisk& rot);
  void carry_out(const WipeDisk& wipe);
  void carry_out(const BackUpDisk& backup);
  void carry_out(const RestoreDisk& restore);
  void carry_out(const ReplaceMember& replace);
  void damage(const Target& target, StopKind how, std::optional<Duration> back, Damage damage);
  void rot(const RotDisk& rot, Process& process);
  void wipe(Process& process);
  void note_logs(const Process& process);
  bool try_damage(Process& process, const Damage& damage, bool is_last_try);
  // Whether the others make up for all that this disk may be the only one to have.
  bool is_dispensable(const Process& process) const;
  bool may_ever_be_damaged(const Process& process) const;
  void replace_hidden_rot();
  // True when a server that refuses its files is right to do so; it gets an empty disk as soon as
  // the others make up for it.
  bool replace_rotten(Process& process);

  // --- clients (client_faults.cpp)
  // -------------------------------------------------------------------
  void carry_out(const Herd& herd);
  void carry_out(const MigrateClients& migrate);
  void carry_out(const SlowReader& slow);
  void carry_out(const EdgeOfTimeout& edge);
  void carry_out(const Strangers& strangers);
  void deliver_to_stranger(const Delivery& delivery);

  // --- operations (operation_faults.cpp)
  // -------------------------------------------------------------
  void carry_out(const RollingRestart& restart);
  void carry_out(const RollingUpgrade& upgrade);
  using Change = std::function<void(node::Config&)>;
  void roll(const RollingRestart& restart, Change change);
  void stop(Process& process, StopKind how, Return back);

  // Whom a target means now, ascending by index (targets.cpp).
  std::vector<Process*> find(const Target& target);
  // --- steps that wait for a moment (triggers.cpp)
  // ---------------------------------------------------
  struct WaitingStep {
    size_t step = 0;
    uint64_t seen = 0;               // how often its moment came
    std::optional<uint32_t> server;  // at which it came for the last time
  };
  void plan_triggers();
  void see(const Sighting& sighting);
  bool concerns(const Target& target, const Sighting& sighting);
  void carry_out_due();

  // --- partitions (partitions.cpp)
  // -------------------------------------------------------------------
  // Directions that are cut together.
  struct Cuts {
    std::vector<std::pair<HostId, HostId>> ways;
    bool active = false;
    std::string name;
  };
  void carry_out(const Split& split);
  void carry_out(const Isolate& isolate);
  void carry_out(const Bridge& bridge);
  void carry_out(const CutLink& link);
  void begin(Cuts cuts, const CutTerms& terms);
  void cut_sides(Cuts& cuts, const std::vector<bool>& side, std::optional<size_t> middle);
  static void cut_both_ways(Cuts& cuts, HostId a, HostId b);
  void heal(size_t number);
  bool is_ensemble() const { return config_.processes[0].server.peer.has_value(); }

  // --- who is healed at the end (liveness.cpp)
  // ----------------------------------------------------
  void choose_survivors();
  bool is_frozen(const Process& process) const;
  std::vector<Process*> survivors() const;
  void heal_survivors();
  bool is_half_connected(const Process& process) const;
  void cut_off(const Process& process);
  std::optional<std::string> excuse() const;
  void stuck(std::string property, std::string summary, std::vector<std::string> evidence);

  // --- the end (world_end.cpp)
  // ---------------------------------------------------------------------
  bool load_is_over() const;
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
  Choices choices_;
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
  std::vector<Cuts> cuts_;
  Coverage coverage_;
  std::unique_ptr<Lookout> lookout_;  // nullptr: nobody wants to know
  std::vector<WaitingStep> waiting_;
  std::vector<size_t> due_;            // after the present event
  std::optional<uint32_t> triggered_;  // of the step that is being carried out
  std::optional<MonotonicTime> calm_since_;
  std::vector<properties::Violation> violations_;
  std::vector<MonotonicTime> disk_fault_until_;  // by process
  struct Ongoing {
    std::string name;
    std::function<void()> end;  // empty: it is over
    const Process* frozen_with = nullptr;
  };
  std::vector<Ongoing> ongoing_;
  std::vector<std::function<bool()>> errands_;
  uint64_t next_number_ = 1;                     // of impairments and the like
  std::vector<std::optional<Return>> returns_;   // by process
  std::vector<bool> is_rotten_;                  // by process
  std::vector<bool> may_be_damaged_;             // by process; once so many are, no others
  std::vector<std::optional<SimDisk>> backups_;  // by process
  std::optional<HostId> stranger_;
  std::map<uint64_t, Strangers::Says> strangers_;  // by connection: what it is going to say
  std::vector<Pipe> pipes_;          // of the topology: one for each direction of a link
  std::vector<uint64_t> link_cuts_;  // of the topology, by link: how many faults cut it now
  std::set<std::pair<HostId, HostId>> separated_;
  bool is_unsafe_ = false;    // a disk lost what the others do not make up for
  std::vector<bool> frozen_;  // by process; empty before the end
  std::optional<std::string> excuse_;
  size_t steps_to_come_ = 0;
  WorldCounts counts_;
  bool calm_ = false;      // no faults any more
  bool is_stuck_ = false;  // what has to come about at the end did not, so that nothing is over
  bool failed_ = false;    // a server cannot go on: the run ends
};

}  // namespace zoetrope::sim
