// One server process on one machine: the driver's role of the engine. It feeds inputs, carries out
// the effects one by one, and can be made to die between any two of them. Owns the engine, its
// sockets and dials, the queue of disk operations, the clock and the machine's disk; it knows no
// protocol.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/storage/failed_files.hpp"
#include "sim/addresses.hpp"
#include "sim/agreement.hpp"
#include "sim/choices.hpp"
#include "sim/clock.hpp"
#include "sim/disk.hpp"
#include "sim/engine.hpp"
#include "sim/event_queue.hpp"
#include "sim/latency.hpp"
#include "sim/lookout.hpp"
#include "sim/members.hpp"
#include "sim/network.hpp"
#include "sim/step.hpp"
#include "sim/trace.hpp"

namespace zoetrope::sim {

// What an input of each kind takes in the processor, in ns. What a process says to itself while it
// works costs nothing more.
struct ServiceTimes {
  int64_t opened = 0, connected = 0, closed = 0;  // connections
  int64_t received = 0, received_byte = 0;        // a piece of a stream, and each byte of it
  int64_t disk_done = 0, file_read = 0, reload = 0;
  int64_t tick = 0, batch_end = 0;

  bool operator==(const ServiceTimes&) const = default;
};

struct ProcessConfig {
  // Every byte of a preallocated log is held in memory here, so there are fewer than upstream's.
  ProcessConfig() { server.store.preallocation_kb = 64; }

  node::Config server;
  Membership member;   // of the ensemble, if its server has a peer
  std::string region;  // of the topology; empty: none
  // Of a member whose configuration changes: the content of its file at the beginning of the world.
  std::string static_config;
  Latency write_latency{5, 40, 50, 2000};
  Latency sync_latency{80, 1500, 50, 20000};
  int64_t batch_delay_us_max = 300;   // longest wait before a BatchEnd
  uint64_t batch_at_once_one_in = 3;  // BatchEnd straight after an input
  uint64_t tick_late_ms_max = 20;
  Duration connect_timeout = Duration::from_ms(20'000);  // of the machine's own TCP
  ServiceTimes service;                                  // all 0: the processor is infinitely fast
  uint64_t fingerprint_one_in = 0;  // steps whose state goes into the trace; 0: none
  // A planted defect: a sync is reported as done when it is issued.
  bool sync_completes_early = false;
};

// What a process has to say to its world.
struct ProcessReport {
  // kReloading: it is about to cut its history; an answer to that is interrupt_recovery_after().
  enum class Kind : uint8_t { kStarted, kDied, kHalted, kRefusedToStart, kReloading };
  Kind kind = Kind::kStarted;
  DeathKind death = DeathKind::kKill;
  bool excused = true;       // an injected fault explains it
  bool clean = false;        // kHalted: an orderly stop
  bool interrupted = false;  // kRefusedToStart: the machine crashed during recovery
  std::string reason;
};

class Process {
 public:
  Process(uint32_t index, ProcessConfig config, EngineFactory factory, HostId host,
          const Addresses& addresses, EventQueue& queue, Network& network, Trace& trace,
          Choices& choices);

  // --- the world's side
  // ---------------------------------------------------------------------------
  void start();
  // Whoever looks on may let it die between two effects, or between an operation of the disk and
  // the next.
  void die(DeathKind kind, Unsynced unsynced = Unsynced::kAny);
  // The process dies after that many further effects.
  void die_after(uint64_t effects, DeathKind kind, Unsynced unsynced = Unsynced::kAny);
  // The next recovery is interrupted after that many calls of the disk.
  void interrupt_recovery_after(uint64_t calls) { recovery_calls_max_ = calls; }
  void cancel_death() { effects_until_death_ = 0; }
  void request_shutdown();
  void deliver(const Delivery& delivery);
  void handle(const Event& event);
  void output_drained(ConnectionId connection);

  // --- slowness (process_inbox.cpp) --------------------------------------------------------------
  // The process does nothing more; what comes for it waits. The clock of a machine that is paused
  // stands still. Gives a number for resume(), which knows when that process is no more.
  uint64_t pause(bool machine);
  void resume(uint64_t number);
  // Every input takes `factor_percent` of its service time, and at least `input_ns`. 100 and 0 are
  // the usual ones.
  void slow_down(uint64_t factor_percent, int64_t input_ns);
  // What the disk does takes that part of its usual time, and is not done before `until`.
  void slow_disk(uint64_t factor_percent) { disk_factor_percent_ = factor_percent; }
  void stall_disk(MonotonicTime until) { disk_stalled_until_ = until; }
  // The clocks run wrong from now on; 0: right.
  void drift(int64_t ppm);
  // While it does not run: its disk becomes an empty one.
  void wipe_disk();
  // What it is at its next start.
  void configure(const node::Config& server) { config_.server = server; }

  bool running() const { return engine_ != nullptr; }
  bool is_dying() const { return dying_.has_value(); }
  // No input waits for the end of its batch and no disk operation is under way.
  bool idle() const {
    return !batch_open_ && !reload_ && reads_.empty() && no_disk_operation() && inbox_.empty();
  }
  uint32_t index() const { return index_; }
  HostId host() const { return host_; }
  std::string name() const { return server_name(config_.server.server_id); }
  const ProcessConfig& config() const { return config_; }
  const Engine* engine() const { return engine_.get(); }
  SimDisk& disk() { return disk_; }
  const SimDisk& disk() const { return disk_; }
  Clock& clock() { return clock_; }
  uint64_t steps() const { return steps_; }
  uint64_t starts() const { return generation_; }
  uint64_t effects_done() const { return effects_done_; }
  bool has_reports() const { return !reports_.empty(); }
  // Reports since the last call, in order.
  std::vector<ProcessReport> take_reports() { return std::move(reports_); }
  // (zxid, when it was first seen applied), ascending; transactions that a crash undid are not in
  // it.
  const std::vector<std::pair<Zxid, MonotonicTime>>& applied() const { return applied_; }
  // `agreement` is told of every step; it outlives the process.
  void set_agreement(Agreement* agreement) { agreement_ = agreement; }
  // Called before a file of the log is removed, with its content.
  using LogObserver = std::function<void(const storage::FileName&, const std::string&)>;
  void set_log_observer(LogObserver observer) { log_observer_ = std::move(observer); }
  // `lookout` is shown what happens here; it outlives the process.
  void set_lookout(Lookout* lookout) { lookout_ = lookout; }

 private:
  struct LaneQueue {
    std::deque<storage::DiskOp> ops;  // the first is being done
  };
  struct Socket {
    uint32_t generation = 0;
    bool open = false;
    Side side = Side::kAcceptor;  // of this process
    uint64_t reported_backlog = 0;
    std::optional<uint64_t> asked_backlog;
    std::optional<uint64_t> dial;  // its token, until the connection stands
  };

  // --- what waits for the process (process_inbox.cpp)
  // --------------------------------------------------------
  struct Drained {
    ConnectionId connection;
  };
  struct ShutdownAsked {};
  using Waiting = std::variant<Delivery, Event, node::DiskDone, Drained, ShutdownAsked>;
  void wait(Waiting waiting);
  void wait_for(const Delivery& delivery);
  void wait_for(const Event& event);
  // Takes what waits, until it is busy with something or nothing waits any more.
  void work();
  void work_off(const Waiting& waiting);
  // In ns; nullopt: it has become void.
  std::optional<int64_t> service_time(const Waiting& waiting) const;
  void served(const Event& event);

  void write_static_config();
  void take(const Delivery& delivery);
  void act_on(const Event& event);
  void step(const node::Input& input);
  void carry_out();
  void carry_out(node::Effect& effect);
  void run_deferred();
  void end_batch();
  void plan_tick();
  void plan(EventKind kind, MonotonicTime at, uint64_t detail);
  void note_applied();
  // --- for the trace (process_records.cpp)
  void record(const node::Input& input);
  void record(const node::Effect& effect);
  void record_standing();
  void record(StateChange change, uint64_t subject = 0, std::string_view text = {}) {
    trace_.state(host_.value, change, subject, text);
  }

  // --- connections that it opens itself, and ports (process_dials.cpp)
  // --------------------------------------------------------
  void dial(const node::Connect& connect);
  void abandon(uint64_t token);
  void dial_answered(const Delivery& answer);
  void dial_timed_out(ConnectionId connection);
  void fail_dial(uint64_t token, std::string_view why);
  void listen(const node::Listen& listen);

  // --- a new start of the state in the running process (process_reload.cpp)
  // ----------------------------------------------------
  void plan_reload(const node::Reload& reload);
  void reload();

  void send(const node::Send& send);
  void close(const node::Close& close);
  void plan_read(const node::ReadFile& read);
  void read_file();
  void issue(storage::DiskOp op);
  void start_next(storage::Lane lane);
  void disk_done(storage::Lane lane);
  // Carries out the first operation of the lane; what there is to say of it.
  std::optional<node::DiskDone> finish_disk(storage::Lane lane);
  void report_disk(const node::DiskDone& done);
  MonotonicTime disk_time(const Latency& latency, Site& site) const;
  void execute_unreported();
  std::expected<void, storage::DiskError> execute(const storage::DiskAction& action);
  void ask_backlog(const node::AskBacklog& ask);
  void report_backlog(ConnectionId connection);
  void halt(const node::Halt& halt);
  void gone(DeathKind kind);
  Lookout::Passage passage(ConnectionId connection, Side side) const;
  // Calls `show` with the lookout, if there is one. True when that was the process's end.
  template <typename Show>
  bool show(const Show& show_it) {
    if (lookout_ == nullptr) return false;
    is_watched_ = true;
    show_it(*lookout_);
    is_watched_ = false;
    return dying_.has_value();
  }

  Socket* socket(ConnectionId connection);
  void open_socket(ConnectionId connection, Side side);
  bool no_disk_operation() const { return lanes_[0].ops.empty() && lanes_[1].ops.empty(); }

  uint32_t index_;
  ProcessConfig config_;
  EngineFactory factory_;
  HostId host_;
  const Addresses& addresses_;
  EventQueue& queue_;
  Network& network_;
  Trace& trace_;
  // What is free in this process, by what it is about.
  struct Sites {
    Sites(Choices& choices, const std::string& name);
    Site& start;    // where its clock begins, its engine's seed
    Site& death;    // whether what the disk was doing is still done
    Site& batches;  // when a batch ends
    Site& ticks;
    Site& writes;  // how long the disk takes, by its lanes
    Site& snapshot_writes;
    Site& reads;
    Site& fingerprints;
  };
  Sites sites_;
  Clock clock_;
  SimDisk disk_;

  std::unique_ptr<Engine> engine_;
  uint64_t generation_ = 0;  // of the running process; events of an older one are ignored
  node::Effects effects_;
  std::deque<node::Input> deferred_;  // inputs without views that effects gave rise to
  std::array<LaneQueue, 2> lanes_;
  storage::FailedFiles failed_files_;  // of the running process
  std::deque<node::ReadFile> reads_;   // under way
  std::vector<Socket> sockets_;        // by slot
  // By token: the connection that is being opened, none when the failure is known already.
  std::map<uint64_t, std::optional<ConnectionId>> dials_;
  std::optional<node::Reload> reload_;  // under way
  bool batch_open_ = false;             // inputs since the last BatchEnd
  bool batch_planned_ = false;
  std::optional<MonotonicTime> tick_planned_;
  uint64_t tick_number_ = 0;          // of the tick planned last
  uint64_t effects_until_death_ = 0;  // 0: none planned
  DeathKind planned_death_ = DeathKind::kKill;
  Unsynced planned_loss_ = Unsynced::kAny;
  std::optional<DeathKind> dying_;
  std::optional<uint64_t> recovery_calls_max_;
  bool disk_failed_ = false;  // the running engine was told of a failure
  bool shutdown_asked_ = false;
  uint64_t steps_ = 0, effects_done_ = 0;
  // What waits: only while it is paused or its processor takes time.
  bool queues_ = false;
  bool is_busy_ = false;  // with the first of what waits
  bool is_working_ = false;
  bool is_served_ = false;  // while it was paused
  uint64_t bytes_max_ = 0;  // of a stream: what it has begun to read
  uint64_t pauses_ = 0;
  std::deque<Waiting> inbox_;
  uint64_t cpu_factor_percent_ = 100;
  int64_t cpu_input_ns_ = 0;
  uint64_t disk_factor_percent_ = 100;
  MonotonicTime disk_stalled_until_;
  std::vector<ProcessReport> reports_;
  std::vector<std::pair<Zxid, MonotonicTime>> applied_;
  LogObserver log_observer_;
  Agreement* agreement_ = nullptr;
  Lookout* lookout_ = nullptr;
  std::optional<Standing> recorded_;      // what the trace knows of its standing
  bool is_watched_ = false;               // the lookout is being told
  const node::Input* input_ = nullptr;    // that the engine takes; at its start none
  std::optional<storage::Lane> between_;  // in which the next operation has not begun
};

}  // namespace zoetrope::sim
