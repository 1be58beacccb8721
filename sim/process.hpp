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
#include <vector>

#include "core/base/random.hpp"
#include "sim/addresses.hpp"
#include "sim/agreement.hpp"
#include "sim/clock.hpp"
#include "sim/disk.hpp"
#include "sim/engine.hpp"
#include "sim/event_queue.hpp"
#include "sim/latency.hpp"
#include "sim/network.hpp"
#include "sim/trace.hpp"

namespace zoetrope::sim {

enum class DeathKind : uint8_t {
  kKill,       // kill -9: the page cache and the machine live on
  kPowerLoss,  // the machine goes: unsynced data, half-open connections
};

struct ProcessConfig {
  node::Config server;
  // Of a member whose configuration changes: the content of its file at the beginning of the world.
  std::string static_config;
  Latency write_latency{5, 40, 50, 2000};
  Latency sync_latency{80, 1500, 50, 20000};
  int64_t batch_delay_us_max = 300;   // longest wait before a BatchEnd
  uint64_t batch_at_once_one_in = 3;  // BatchEnd straight after an input
  uint64_t tick_late_ms_max = 20;
  Duration connect_timeout = Duration::from_ms(20'000);  // of the machine's own TCP
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
          Random random);

  // --- the world's side
  // ---------------------------------------------------------------------------
  void start();
  void die(DeathKind kind);
  // The process dies after that many further effects.
  void die_after(uint64_t effects, DeathKind kind);
  // The next recovery is interrupted after that many calls of the disk.
  void interrupt_recovery_after(uint64_t calls) { recovery_calls_max_ = calls; }
  void cancel_death() { effects_until_death_ = 0; }
  void request_shutdown();
  void deliver(const Delivery& delivery);
  void handle(const Event& event);
  void output_drained(ConnectionId connection);

  bool running() const { return engine_ != nullptr; }
  // No input waits for the end of its batch and no disk operation is under way.
  bool idle() const { return !batch_open_ && !reload_ && reads_.empty() && no_disk_operation(); }
  uint32_t index() const { return index_; }
  HostId host() const { return host_; }
  const ProcessConfig& config() const { return config_; }
  const Engine* engine() const { return engine_.get(); }
  SimDisk& disk() { return disk_; }
  const SimDisk& disk() const { return disk_; }
  Clock& clock() { return clock_; }
  uint64_t steps() const { return steps_; }
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

  void step(const node::Input& input);
  void carry_out();
  void carry_out(node::Effect& effect);
  void run_deferred();
  void end_batch();
  void plan_tick();
  void plan(EventKind kind, MonotonicTime at, uint64_t detail);
  void note_applied();

  // --- connections that it opens itself, and ports (process_dials.cpp)
  // --------------------------------------------------------
  void dial(const node::Connect& connect);
  void abandon(uint64_t token);
  void dial_answered(ConnectionId connection, HostId peer, bool accepted);
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
  void execute_unreported();
  std::expected<void, storage::DiskError> execute(const storage::DiskAction& action);
  void ask_backlog(const node::AskBacklog& ask);
  void report_backlog(ConnectionId connection);
  void halt(const node::Halt& halt);
  void gone(DeathKind kind);

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
  Random random_;
  Clock clock_;
  SimDisk disk_;

  std::unique_ptr<Engine> engine_;
  uint64_t generation_ = 0;  // of the running process; events of an older one are ignored
  node::Effects effects_;
  std::deque<node::Input> deferred_;  // inputs without views that effects gave rise to
  std::array<LaneQueue, 2> lanes_;
  std::deque<node::ReadFile> reads_;  // under way
  std::vector<Socket> sockets_;       // by slot
  // By token: the connection that is being opened, none when the failure is known already.
  std::map<uint64_t, std::optional<ConnectionId>> dials_;
  std::optional<node::Reload> reload_;  // under way
  bool batch_open_ = false;             // inputs since the last BatchEnd
  bool batch_planned_ = false;
  std::optional<MonotonicTime> tick_planned_;
  uint64_t tick_number_ = 0;          // of the tick planned last
  uint64_t effects_until_death_ = 0;  // 0: none planned
  DeathKind planned_death_ = DeathKind::kKill;
  std::optional<DeathKind> dying_;
  std::optional<uint64_t> recovery_calls_max_;
  bool disk_failed_ = false;  // the running engine was told of a failure
  bool shutdown_asked_ = false;
  uint64_t steps_ = 0, effects_done_ = 0;
  std::vector<ProcessReport> reports_;
  std::vector<std::pair<Zxid, MonotonicTime>> applied_;
  LogObserver log_observer_;
  Agreement* agreement_ = nullptr;
};

}  // namespace zoetrope::sim
