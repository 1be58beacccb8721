#include "sim/world.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "sim/safety_only.hpp"

namespace zoetrope::sim {

namespace {

// Servers that never come to rest must not keep a campaign from its end. Ordinary runs have less
// than a tenth of it.
constexpr uint64_t kEventsMax = 30'000'000;

}  // namespace

World::World(const WorldConfig& config, uint64_t seed, const EngineFactory& factory,
             TraceSink* sink, RecordSink* records)
    : config_(config),
      trace_(sink, records),
      choices_(Random(seed), config.told ? &*config_.told : nullptr, config.keep_choices),
      factory_(factory),
      network_(config.network, queue_, choices_),
      recorder_(queue_, config.keep_history, trace_,
                static_cast<uint32_t>(config.processes.size())) {
  ZT_ASSERT(!config_.processes.empty() && config_.processes.size() <= kServersMax);
  std::vector<ServerAddress> servers;
  for (uint32_t i = 0; i < config_.processes.size(); ++i) {
    const ServerId id = config_.processes[i].server.server_id;
    const HostId host = network_.add_host(server_name(id));
    servers.push_back({host, id});
    addresses_.add_server(servers.back());
    processes_.push_back(std::make_unique<Process>(i, config_.processes[i], factory_, host,
                                                   addresses_, queue_, network_, trace_, choices_));
    process_of_host_.push_back(processes_.back().get());
    client_of_host_.push_back(nullptr);
  }
  final_nodes_.resize(processes_.size());
  final_sessions_.resize(processes_.size());
  disk_fault_until_.resize(processes_.size());
  returns_.resize(processes_.size());
  is_rotten_.resize(processes_.size());
  may_be_damaged_.resize(processes_.size());
  backups_.resize(processes_.size());
  for (uint32_t i = 0; i < config_.clients.size(); ++i) {
    const std::string name = "client-" + std::to_string(i);
    const HostId host = network_.add_host(name);
    clients_.push_back(std::make_unique<Client>(i, config_.clients[i], host, servers, queue_,
                                                network_, recorder_, choices_,
                                                Random(seed).fork(name), config.keep_choices));
    process_of_host_.push_back(nullptr);
    client_of_host_.push_back(clients_.back().get());
  }
  lay_routes();
  for (auto& process : processes_) {
    process->disk().faults() = disk_nature();
    if (is_ensemble()) process->set_agreement(&agreement_);
    if (!config_.keep_history) continue;
    process->set_log_observer([this, server = process->index()](const storage::FileName& file,
                                                                const std::string& content) {
      if (file.folder == storage::Folder::kLog) evidence_.add_file(server, content);
    });
  }
}

void World::run() {
  plan_triggers();
  for (auto& process : processes_) {
    process->start();
    handle_reports();
  }
  for (auto& client : clients_) client->begin();
  plan_steps();
  const MonotonicTime load_end = MonotonicTime{} + config_.load_max;
  while (!failed_ && !queue_.empty() && queue_.now() < load_end && !load_is_over()) {
    dispatch(queue_.pop());
  }
  if (!failed_) settle();
  for (auto& client : clients_) client->end();
  if (!failed_ && !is_stuck_) judge_recovery();
}

void World::pump_until(MonotonicTime end) {
  while (!failed_ && !queue_.empty() && queue_.now() < end) dispatch(queue_.pop());
}

void World::dispatch(const Event& event) {
  trace_.event(event);
  switch (event.kind) {
    case EventKind::kConnectArrives:
    case EventKind::kConnectAnswered:
    case EventKind::kSegmentArrives:
    case EventKind::kEndArrives:
    case EventKind::kResetArrives:
    case EventKind::kReadable:
    case EventKind::kGiveUp:
    case EventKind::kAcceptsLate:
      if (const std::optional<Delivery> delivery = network_.handle(event)) deliver(*delivery);
      break;
    case EventKind::kDiskDone:
    case EventKind::kBatchEnd:
    case EventKind::kTick:
    case EventKind::kDialTimeout:
    case EventKind::kReload:
    case EventKind::kFileRead:
    case EventKind::kServed: processes_[event.subject]->handle(event); break;
    case EventKind::kStart: {
      Process& process = *processes_[event.subject];
      if (!process.running() && !is_kept_down(event.subject) && !is_frozen(process)) {
        process.start();
      }
      break;
    }
    case EventKind::kCrash: break;
    case EventKind::kClientWake: clients_[event.subject]->wake(event); break;
    case EventKind::kFault: carry_out(event.subject); break;
    case EventKind::kDiskHeals: end_disk_fault(*processes_[event.subject]); break;
    case EventKind::kHeal: heal(event.subject); break;
    case EventKind::kFaultEnds: end_fault(event.subject); break;
    case EventKind::kErrand: go_on_errand(event.subject); break;
  }
  carry_out_due();
  handle_drained();
  handle_reports();
  note_configurations();
  if (!trace_.wants_more()) {
    trace_.end_records();
    failed_ = true;
  }
  if (trace_.event_count() < kEventsMax || failed_) return;
  violation("run_ends", "the run goes on and on", standings());
  failed_ = true;
}

void World::deliver(const Delivery& delivery) {
  if (delivery.kind == Delivery::Kind::kBytes) trace_.bytes(delivery.bytes);
  if (Process* process = process_of_host_[delivery.host.value]) {
    process->deliver(delivery);
  } else {
    trace_.delivery(delivery, false);
    if (Client* client = client_of_host_[delivery.host.value]) {
      client->deliver(delivery);
    } else {
      deliver_to_stranger(delivery);
    }
  }
  network_.release(delivery);
}

void World::handle_drained() {
  for (const Network::Drained& drained : network_.take_drained()) {
    Process* process = process_of_host_[drained.host.value];
    if (process != nullptr) process->output_drained(drained.connection);
  }
}

void World::handle_reports() {
  for (auto& process : processes_) {
    if (!process->has_reports()) continue;
    for (const ProcessReport& report : process->take_reports()) handle(*process, report);
  }
  if (!agreement_.has_breaches()) return;
  for (Agreement::Breach& breach : agreement_.take_breaches()) {
    violation(std::move(breach.property), std::move(breach.summary), std::move(breach.evidence));
  }
}

void World::handle(Process& process, const ProcessReport& report) {
  using properties::ServerEventKind;
  const ServerId server = process.config().server.server_id;
  switch (report.kind) {
    case ProcessReport::Kind::kStarted:
      ++counts_.starts;
      configurations_.started(server);
      recorder_.server_event(server, ServerEventKind::kStarted);
      break;
    case ProcessReport::Kind::kDied:
      ++(report.death == DeathKind::kKill ? counts_.kills : counts_.power_losses);
      recorder_.server_event(server, ServerEventKind::kCrashed);
      restart_later(process);
      break;
    case ProcessReport::Kind::kHalted:
      ++(report.clean ? counts_.shutdowns : counts_.halts);
      if (!report.excused && !replace_rotten(process)) {
        violation("server_keeps_running", "a server stopped without a fault: " + report.reason,
                  {"server " + std::to_string(server.value)});
        failed_ = true;
      }
      break;
    case ProcessReport::Kind::kRefusedToStart:
      ++counts_.refused_starts;
      counts_.interrupted_recoveries += report.interrupted ? 1 : 0;
      if (report.excused || replace_rotten(process)) {
        restart_later(process);
      } else {
        violation("server_recovers", "a server refused its data directory: " + report.reason,
                  {"server " + std::to_string(server.value)});
        failed_ = true;
      }
      break;
    case ProcessReport::Kind::kReloading:
      ++counts_.reloads;
      interrupt_recovery(process);
      break;
  }
}

void World::restart_later(Process& process) {
  const std::optional<Return> told = returns_[process.index()];
  if (is_kept_down(process.index())) return;
  returns_[process.index()].reset();
  Event event;
  event.at = queue_.now() + (told && told->after
                                 ? *told->after
                                 : Duration{returns(process).between(0, config_.restart_max.ns)});
  event.kind = EventKind::kStart;
  event.subject = process.index();
  queue_.push(event);
  interrupt_recovery(process);
}

bool World::is_kept_down(size_t index) const {
  return !calm_ && returns_[index] && returns_[index]->never;
}

void World::interrupt_recovery(Process& process) {
  if (!calm_ && returns(process).one_in(config_.interrupt_recovery_one_in)) {
    process.interrupt_recovery_after(returns(process).below(24));
  }
}

// When a server that died comes back, and whether the machine crashes again while it recovers.
Site& World::returns(const Process& process) {
  return choices_.site("return of " + server_name(process.config().server.server_id));
}

WorldCounts World::counts() const {
  WorldCounts counts = counts_;
  counts.events = trace_.event_count();
  counts.deliveries = network_.deliveries();
  counts.operations = recorder_.answered();
  counts.unknown = recorder_.unknown();
  counts.watch_events = recorder_.events();
  counts.sessions = recorder_.sessions();
  counts.epochs = agreement_.epochs_led();
  for (const auto& process : processes_) {
    const DiskFaultCounts& disk = process->disk().counts();
    counts.lost_data += disk.losses;
    counts.syncs_failed += disk.syncs_failed;
    counts.syncs_forgotten += disk.syncs_forgotten;
    counts.writes_failed += disk.writes_failed;
    counts.writes_without_room += disk.writes_without_room;
    counts.reads_failed += disk.reads_failed;
  }
  return counts;
}

bool World::excuses(std::string_view property) const {
  return is_unsafe_ && is_excused_by_lost_disks(property);
}

void World::violation(std::string property, std::string summary,
                      std::vector<std::string> evidence) {
  if (excuses(property)) {
    ++counts_.excused_findings;
    return;
  }
  if (trace_.records()) {
    Record record;
    record.kind = RecordKind::kViolation;
    record.lane = kWorldLane;
    const std::string text = property + ": " + summary;
    record.text = text;
    trace_.record(record);
  }
  evidence.push_back("at " + time_text(queue_.now()));
  violations_.push_back({std::move(property), std::move(summary), std::move(evidence)});
}

}  // namespace zoetrope::sim
