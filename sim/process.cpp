#include "sim/process.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::sim {
namespace {

constexpr uint64_t kNoLimit = UINT64_MAX;
constexpr int64_t kMonotonicOriginMax = int64_t{30} * 24 * 3600 * 1'000'000'000;

}  // namespace

Process::Sites::Sites(Choices& choices, const std::string& name)
    : start(choices.site("start of " + name)),
      death(choices.site("death of " + name)),
      batches(choices.site("batches of " + name)),
      ticks(choices.site("ticks of " + name)),
      writes(choices.site("writes of " + name)),
      snapshot_writes(choices.site("snapshot writes of " + name)),
      reads(choices.site("reads of " + name)),
      fingerprints(choices.site("fingerprints of " + name)) {}

Process::Process(uint32_t index, ProcessConfig config, EngineFactory factory, HostId host,
                 const Addresses& addresses, EventQueue& queue, Network& network, Trace& trace,
                 Choices& choices)
    : index_(index),
      config_(std::move(config)),
      factory_(std::move(factory)),
      host_(host),
      addresses_(addresses),
      queue_(queue),
      network_(network),
      trace_(trace),
      sites_(choices, server_name(config_.server.server_id)),
      disk_(choices.site("disk of " + server_name(config_.server.server_id))),
      queues_(config_.service != ServiceTimes{}) {
  write_static_config();
}

void Process::write_static_config() {
  if (config_.static_config.empty()) return;
  const storage::FileName file{storage::Folder::kConfig, config_.server.peer->files.static_file};
  const auto written = disk_.execute(storage::WriteFile{file, 0, config_.static_config, 0});
  const auto synced = disk_.execute(storage::SyncFile{file});
  ZT_ASSERT(written && synced);
}

void Process::wipe_disk() {
  ZT_ASSERT(engine_ == nullptr);
  disk_.wipe();
  write_static_config();
}

void Process::plan(EventKind kind, MonotonicTime at, uint64_t detail) {
  Event event;
  event.at = std::max(at, queue_.now());
  event.kind = kind;
  event.subject = index_;
  event.detail = detail;
  queue_.push(event);
}

// --- life and death
// ---------------------------------------------------------------------------------

void Process::start() {
  ZT_ASSERT(engine_ == nullptr);
  ++generation_;
  ++tick_number_;
  clock_.set_monotonic_offset(Duration{sites_.start.between(0, kMonotonicOriginMax - 1)});
  network_.power_returned(host_);
  if (lookout_ != nullptr) lookout_->recovers(index_, disk_);
  RecoveryDisk recovery(disk_, recovery_calls_max_.value_or(kNoLimit));
  recovery_calls_max_.reset();
  auto engine = factory_(config_.server, recovery, sites_.start.next(), clock_.now(queue_.now()));
  if (!engine) {
    ProcessReport report;
    report.kind = ProcessReport::Kind::kRefusedToStart;
    report.excused = recovery.interfered();
    report.interrupted = recovery.stopped();
    if (lookout_ != nullptr) lookout_->refuses_to_start(index_, report.interrupted);
    report.reason = engine.error();
    trace_.note("refused to start: " + report.reason);
    record(StateChange::kRefused, 0, report.reason);
    if (report.excused && sites_.start.one_in(2)) disk_.power_loss();
    reports_.push_back(std::move(report));
    return;
  }
  engine_ = std::move(*engine);
  shutdown_asked_ = disk_failed_ = false;
  reports_.push_back({});
  recorded_.reset();
  record(StateChange::kStarted, static_cast<uint64_t>(engine_->last_processed().value));
  note_applied();
  network_.listen(host_, node::Port::kClient);
  if (config_.server.peer) network_.listen(host_, node::Port::kElection);
  if (show([this](Lookout& lookout) { lookout.starts(index_, *engine_); })) return gone(*dying_);
  engine_->start(clock_.now(queue_.now()), effects_);
  carry_out();
}

void Process::die(DeathKind kind, Unsynced unsynced) {
  if (!running()) return;
  planned_loss_ = unsynced;
  if (is_watched_) {
    dying_ = kind;
    lookout_->ends(index_);
  } else {
    gone(kind);
  }
}

void Process::die_after(uint64_t effects, DeathKind kind, Unsynced unsynced) {
  ZT_ASSERT(effects > 0);
  effects_until_death_ = effects;
  planned_death_ = kind;
  planned_loss_ = unsynced;
}

void Process::gone(DeathKind kind) {
  trace_.number(static_cast<uint64_t>(kind) + 1);
  if (trace_.readable()) trace_.note(kind == DeathKind::kKill ? "process killed" : "power lost");
  record(kind == DeathKind::kKill ? StateChange::kKilled : StateChange::kPowerLost);
  execute_unreported();
  between_.reset();
  const uint64_t losses = disk_.counts().losses;
  engine_.reset();
  effects_.clear();
  deferred_.clear();
  sockets_.clear();
  dials_.clear();
  reload_.reset();
  reads_.clear();
  for (LaneQueue& lane : lanes_) lane.ops.clear();
  failed_files_ = {};
  batch_open_ = batch_planned_ = false;
  tick_planned_.reset();
  effects_until_death_ = 0;
  dying_.reset();
  inbox_.clear();
  is_busy_ = is_served_ = false;
  pauses_ = 0;
  if (kind == DeathKind::kPowerLoss) {
    network_.power_lost(host_);
    disk_.power_loss(planned_loss_);
  } else {
    network_.process_died(host_);
  }
  planned_loss_ = Unsynced::kAny;
  if (lookout_ != nullptr) lookout_->dies(index_, kind, disk_.counts().losses > losses);
  ProcessReport report;
  report.kind = ProcessReport::Kind::kDied;
  report.death = kind;
  reports_.push_back(std::move(report));
}

// The operation that the disk was working on may or may not have been done.
void Process::execute_unreported() {
  for (const storage::Lane which : {storage::Lane::kLog, storage::Lane::kSnapshot}) {
    const LaneQueue& lane = lanes_[static_cast<size_t>(which)];
    if (lane.ops.empty() || between_ == which || !sites_.death.one_in(2)) continue;
    static_cast<void>(execute(lane.ops.front().action));
  }
}

void Process::request_shutdown() {
  if (!running() || shutdown_asked_) return;
  shutdown_asked_ = true;
  if (pauses_ > 0) return wait(ShutdownAsked{});
  step(node::Shutdown{});
  run_deferred();
}

void Process::halt(const node::Halt& halt) {
  trace_.note("halt: " + halt.reason);
  record(StateChange::kHalted, 0, halt.reason);
  if (lookout_ != nullptr) lookout_->halts(index_, halt.clean);
  ProcessReport report;
  report.kind = ProcessReport::Kind::kHalted;
  report.clean = halt.clean;
  report.excused = halt.clean ? shutdown_asked_ : disk_failed_;
  report.reason = halt.reason;
  reports_.push_back(std::move(report));
  dying_ = DeathKind::kKill;
}

// --- inputs
// -----------------------------------------------------------------------------------------

void Process::step(const node::Input& input) {
  ++steps_;
  batch_open_ = true;
  input_ = &input;
  if (trace_.records()) record(input);
  engine_->step(clock_.now(queue_.now()), input, effects_);
  carry_out();
  input_ = nullptr;
}

void Process::run_deferred() {
  while (running() && !deferred_.empty()) {
    const node::Input input = std::move(deferred_.front());
    deferred_.pop_front();
    // Of an attempt that was given up nothing more is told.
    const auto* failed = std::get_if<node::ConnectFailed>(&input);
    if (failed != nullptr && dials_.erase(failed->token) == 0) continue;
    step(input);
  }
  if (running() && batch_open_) end_batch();
}

void Process::end_batch() {
  if (sites_.batches.one_in(config_.batch_at_once_one_in)) {
    step(node::BatchEnd{});
    batch_open_ = false;
    if (!deferred_.empty()) run_deferred();
    return;
  }
  if (batch_planned_) return;
  batch_planned_ = true;
  const int64_t delay_us = sites_.batches.between(0, config_.batch_delay_us_max);
  plan(EventKind::kBatchEnd, queue_.now() + Duration::from_us(delay_us), generation_);
}

void Process::deliver(const Delivery& delivery) {
  if (!running()) return;
  trace_.delivery(delivery, queues_);
  if (queues_) [[unlikely]]
    return wait_for(delivery);
  take(delivery);
}

void Process::take(const Delivery& delivery) {
  const ConnectionId connection = delivery.connection;
  switch (delivery.kind) {
    case Delivery::Kind::kAccepted: {
      open_socket(connection, Side::kAcceptor);
      node::Opened opened;
      opened.connection = connection;
      opened.port = delivery.port;
      opened.remote = addresses_.endpoint(delivery.peer, number_of_opener(connection));
      opened.local = addresses_.endpoint(host_, number_of(delivery.port));
      step(opened);
      break;
    }
    case Delivery::Kind::kBytes:
      if (socket(connection) == nullptr) return;
      if (lookout_ != nullptr && lookout_->counts_arrivals() && network_.exists(connection)) {
        lookout_->receives(index_, passage(connection, delivery.side), delivery.bytes);
      }
      step(node::Received{connection, delivery.bytes});
      break;
    case Delivery::Kind::kClosed: {
      Socket* closed = socket(connection);
      if (closed == nullptr) return;
      closed->open = false;
      step(node::Closed{connection});
      break;
    }
    case Delivery::Kind::kConnected:
    case Delivery::Kind::kRefused: dial_answered(delivery); break;
  }
  run_deferred();
}

void Process::handle(const Event& event) {
  if (queues_ || disk_stalled_until_ > queue_.now()) [[unlikely]]
    return wait_for(event);
  act_on(event);
}

void Process::act_on(const Event& event) {
  if (event.kind == EventKind::kDiskDone) {
    const auto lane = static_cast<storage::Lane>(event.detail & 1);
    if (event.detail >> 1 == generation_ && running()) disk_done(lane);
    return;
  }
  if (event.kind == EventKind::kDialTimeout) {
    if (running()) dial_timed_out(ConnectionId(event.detail));
    return;
  }
  // A tick that was planned anew counts only in its newest form.
  const uint64_t current = event.kind == EventKind::kTick ? tick_number_ : generation_;
  if (event.detail != current || !running()) return;
  if (event.kind == EventKind::kBatchEnd) {
    batch_planned_ = false;
    if (!batch_open_) return;
    step(node::BatchEnd{});
    batch_open_ = false;
  } else if (event.kind == EventKind::kReload) {
    reload();
  } else if (event.kind == EventKind::kFileRead) {
    read_file();
  } else if (event.kind == EventKind::kTick) {
    tick_planned_.reset();
    const auto deadline = engine_->next_deadline();
    const bool due = deadline && *deadline <= clock_.now(queue_.now()).monotonic;
    // A tick out of time is harmless by contract; now and then one is given.
    if (due || sites_.ticks.one_in(16)) {
      step(node::Tick{});
    } else {
      plan_tick();
    }
  }
  run_deferred();
}

void Process::plan_tick() {
  const auto deadline = engine_->next_deadline();
  if (!deadline) return;
  MonotonicTime at = std::max(clock_.world_time(*deadline), queue_.now());
  if (tick_planned_ && *tick_planned_ <= at) return;
  if (sites_.ticks.one_in(4)) {
    at = at +
         Duration::from_ms(sites_.ticks.between(0, static_cast<int64_t>(config_.tick_late_ms_max)));
  }
  tick_planned_ = at;
  plan(EventKind::kTick, at, ++tick_number_);
}

void Process::note_applied() {
  const Zxid zxid = engine_->last_processed();
  if (!applied_.empty() && applied_.back().first == zxid) return;
  // After a crash the applied may stand lower than before: what is above was undone.
  while (!applied_.empty() && applied_.back().first > zxid) applied_.pop_back();
  if (!applied_.empty() && applied_.back().first == zxid) return;
  applied_.emplace_back(zxid, queue_.now());
  record(StateChange::kApplied, static_cast<uint64_t>(zxid.value));
}

// --- effects
// ----------------------------------------------------------------------------------------

void Process::carry_out() {
  if (agreement_ != nullptr) agreement_->note(config_.server.server_id, *engine_);
  show([this](Lookout& lookout) { lookout.steps(index_, *engine_, input_); });
  if (trace_.records()) record_standing();
  for (node::Effect& effect : effects_.list()) {
    if (effects_until_death_ != 0 && --effects_until_death_ == 0) dying_ = planned_death_;
    if (dying_) break;
    ++effects_done_;
    if (trace_.records()) record(effect);
    carry_out(effect);
  }
  effects_.clear();
  if (dying_) return gone(*dying_);
  note_applied();
  plan_tick();
  if (sites_.fingerprints.one_in(config_.fingerprint_one_in)) {
    trace_.number(engine_->fingerprint());
  }
}

void Process::carry_out(node::Effect& effect) {
  struct Visit {
    Process& p;
    void operator()(const node::Send& e) { p.send(e); }
    void operator()(const node::Close& e) { p.close(e); }
    void operator()(const node::PauseReading& e) {
      if (const Socket* s = p.socket(e.connection)) p.network_.pause_reading(e.connection, s->side);
    }
    void operator()(const node::ResumeReading& e) {
      if (const Socket* s = p.socket(e.connection)) {
        p.network_.resume_reading(e.connection, s->side);
      }
    }
    void operator()(const node::AskBacklog& e) { p.ask_backlog(e); }
    void operator()(node::Disk& e) { p.issue(std::move(e.op)); }
    void operator()(const node::ReadFile& e) { p.plan_read(e); }
    void operator()(const node::Connect& e) { p.dial(e); }
    void operator()(const node::AbandonConnect& e) { p.abandon(e.token); }
    void operator()(const node::Listen& e) { p.listen(e); }
    // Simulated servers have one address for each port, for ever.
    void operator()(const node::Rebind&) {}
    void operator()(const node::Reload& e) { p.plan_reload(e); }
    void operator()(const node::HostFactsQuery&) {
      p.deferred_.emplace_back(node::HostFacts{20, 1024, 1 << 20});
    }
    void operator()(const node::Log& e) {
      if (!p.trace_.readable()) return;
      p.trace_.note("server " + std::to_string(p.config_.server.server_id.value) + " at " +
                    time_text(p.queue_.now()) + " log: " + e.text);
    }
    void operator()(const node::Halt& e) { p.halt(e); }
  };
  std::visit(Visit{*this}, effect);
}

Process::Socket* Process::socket(ConnectionId connection) {
  if (connection.slot() >= sockets_.size()) return nullptr;
  Socket& socket = sockets_[connection.slot()];
  return socket.open && !socket.dial && socket.generation == connection.generation() ? &socket
                                                                                     : nullptr;
}

void Process::open_socket(ConnectionId connection, Side side) {
  if (sockets_.size() <= connection.slot()) sockets_.resize(connection.slot() + 1);
  const Socket& old = sockets_[connection.slot()];
  // What is gone and has another in its place already; a process that was paused or slow would hear
  // of it only later.
  if (old.open && old.dial) {
    fail_dial(*old.dial, "connection refused");
  } else if (old.open) {
    deferred_.emplace_back(node::Closed{ConnectionId::make(connection.slot(), old.generation)});
  }
  sockets_[connection.slot()] = {
      connection.generation(), true, side, 0, std::nullopt, std::nullopt};
}

Lookout::Passage Process::passage(ConnectionId connection, Side side) const {
  return {connection, network_.port(connection), side, network_.host(connection, other(side))};
}

void Process::send(const node::Send& send) {
  const Socket* sender = socket(send.connection);
  if (sender == nullptr) return;
  network_.send(send.connection, sender->side, effects_.bytes(send));
  // A process that was paused does not know yet of what is gone.
  if (!network_.exists(send.connection)) return;
  show([&](Lookout& lookout) {
    lookout.sends(index_, passage(send.connection, sender->side), effects_.bytes(send));
  });
  report_backlog(send.connection);
}

void Process::close(const node::Close& close) {
  Socket* closed = socket(close.connection);
  if (closed == nullptr) return;
  closed->open = false;
  if (close.how == node::CloseHow::kReset) {
    network_.reset(close.connection, closed->side);
  } else {
    network_.close(close.connection, closed->side);
  }
}

void Process::output_drained(ConnectionId connection) {
  if (!running() || socket(connection) == nullptr) return;
  if (queues_) return wait(Drained{connection});
  report_backlog(connection);
  run_deferred();
}

void Process::ask_backlog(const node::AskBacklog& ask) {
  Socket* asked = socket(ask.connection);
  if (asked == nullptr) return;
  asked->asked_backlog = ask.at_most;
  report_backlog(ask.connection);
}

// Config::output_bytes_high and the words at node::Backlog say when the server wants to know.
void Process::report_backlog(ConnectionId connection) {
  Socket& s = *socket(connection);
  const uint64_t unsent = network_.unsent(connection, s.side);
  const uint64_t high = config_.server.output_bytes_high;
  const uint64_t next = s.reported_backlog == 0 ? high : s.reported_backlog + high / 2;
  const bool risen = unsent > next;
  const bool fallen = s.reported_backlog != 0 && unsent < high / 2;
  const bool asked = s.asked_backlog && unsent <= *s.asked_backlog;
  if (!risen && !fallen && !asked) return;
  if (risen || fallen) s.reported_backlog = risen ? unsent : 0;
  if (asked) s.asked_backlog.reset();
  deferred_.emplace_back(node::Backlog{connection, unsent});
}

}  // namespace zoetrope::sim
