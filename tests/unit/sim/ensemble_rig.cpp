#include "tests/unit/sim/ensemble_rig.hpp"

#include <utility>

#include "core/base/endian.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope::sim {

// Whether the operations of each kind are held, and those that are.
struct EnsembleRig::DiskHold {
  bool of_log = false, of_snapshots = false, of_current_epoch = false;
  std::vector<storage::DiskOp> ops;

  // Whatever stands behind a held sync in its lane waits, too; the files of the epochs do not.
  bool holds(const storage::DiskOp& op) const {
    const auto is = [&op](std::string_view prefix) {
      return std::visit(
          [&](const auto& action) {
            if constexpr (requires { action.from; }) {
              return action.from.name.starts_with(prefix);
            } else {
              return action.file.name.starts_with(prefix);
            }
          },
          op.action);
    };
    const auto* rename = std::get_if<storage::RenameFile>(&op.action);
    if (of_current_epoch && rename != nullptr && rename->to == "currentEpoch") return true;
    const bool is_concerned = (of_log && is("log.")) || (of_snapshots && is("tmp.snapshot."));
    if (!is_concerned) return false;
    if (std::holds_alternative<storage::SyncFile>(op.action)) return true;
    for (const storage::DiskOp& held : ops) {
      if (held.lane == op.lane) return true;
    }
    return false;
  }
};

struct EnsembleRig::Notes : TraceSink {
  void line(std::string_view text) override {
    if (text.find("log: ") != std::string_view::npos) all += std::string(text) + '\n';
  }
  std::string all;
};

namespace {

// The real server, behind a disk that can be held.
class Held : public Engine {
 public:
  Held(std::unique_ptr<Engine> inner, std::function<bool(const storage::DiskOp&)> holds,
       std::vector<storage::DiskOp>& ops)
      : inner_(std::move(inner)), holds_(std::move(holds)), ops_(ops) {}

  void start(Now now, node::Effects& out) override {
    inner_->start(now, out);
    take(out);
  }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    inner_->step(now, input, out);
    take(out);
  }
  std::optional<MonotonicTime> next_deadline() const override { return inner_->next_deadline(); }
  uint64_t fingerprint() const override { return inner_->fingerprint(); }
  Zxid last_processed() const override { return inner_->last_processed(); }
  const tree::Tree* tree() const override { return inner_->tree(); }
  std::optional<Standing> standing() const override { return inner_->standing(); }

 private:
  void take(node::Effects& out) {
    auto& list = out.list();
    for (size_t i = 0; i < list.size();) {
      auto* disk = std::get_if<node::Disk>(&list[i]);
      if (disk == nullptr || !holds_(disk->op)) {
        ++i;
        continue;
      }
      ops_.push_back(std::move(disk->op));
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
    }
    // What is not held any more goes out in its order.
    std::vector<storage::DiskOp> held = std::exchange(ops_, {});
    for (storage::DiskOp& op : held) {
      if (holds_(op)) {
        ops_.push_back(std::move(op));
      } else {
        out.add(node::Disk{std::move(op)});
      }
    }
  }

  std::unique_ptr<Engine> inner_;
  std::function<bool(const storage::DiskOp&)> holds_;
  std::vector<storage::DiskOp>& ops_;
};

}  // namespace

ProcessConfig plain_process() {
  ProcessConfig process;
  process.server.tick_time_ms = 200;
  process.server.session_timeout_ms_min = 1000;
  process.server.session_timeout_ms_max = 8000;
  process.server.connections_per_address_max = 0;
  process.server.store.preallocation_kb = 0;
  process.write_latency = {5, 5, 0, 0};
  process.sync_latency = {200, 200, 0, 0};
  process.batch_delay_us_max = 0;
  process.batch_at_once_one_in = 1;
  process.tick_late_ms_max = 0;
  process.connect_timeout = Duration::from_ms(1000);
  return process;
}

namespace {

zab::PeerConfig plain_peer(int participants, int observers) {
  zab::PeerConfig peer;
  peer.role.tick_ms = 200;
  peer.election.finalize_wait = Duration::from_ms(50);
  peer.election.notification_interval_min = Duration::from_ms(50);
  peer.election.notification_interval_max = Duration::from_ms(1000);
  peer.links.redial_max = Duration::from_ms(500);
  for (int i = 1; i <= participants + observers; ++i) {
    peer.ensemble.members.emplace(
        ServerId(i), member_of(ServerId(i), i <= participants ? quorum::MemberRole::kParticipant
                                                              : quorum::MemberRole::kObserver));
  }
  return peer;
}

NetworkConfig plain_network() {
  NetworkConfig network;
  network.latency = {500, 500, 0, 0};
  network.cut_one_in = 0;
  return network;
}

}  // namespace

EnsembleRig::EnsembleRig(int participants, int observers, const Tweak& tweak)
    : notes_(std::make_unique<Notes>()),
      trace_(notes_.get()),
      choices_(Random(1), nullptr, false),
      network_(plain_network(), queue_, choices_),
      lookout_(std::make_unique<Lookout>(static_cast<size_t>(participants + observers),
                                         [this](const Sighting& sighting) {
                                           sightings.push_back(sighting);
                                           if (on_sighting) on_sighting(sighting);
                                         })) {
  for (int i = 1; i <= participants + observers; ++i) {
    ProcessConfig process = plain_process();
    zab::PeerConfig peer = plain_peer(participants, observers);
    process.server.server_id = peer.role.self = peer.election.self = peer.links.self = ServerId(i);
    peer.role.is_observer = i > participants;
    peer.links.own_addresses = {{server_name(ServerId(i)), kElectionPort}};
    process.server.peer = peer;
    if (tweak) tweak(process);
    const HostId host = network_.add_host(server_name(ServerId(i)));
    addresses_.add_server({host, ServerId(i)});
    auto hold = holds_.emplace_back(std::make_shared<DiskHold>());
    const EngineFactory factory =
        [hold](const node::Config& config, storage::Disk& disk, uint64_t seed,
               Now now) -> std::expected<std::unique_ptr<Engine>, std::string> {
      auto inner = make_server(config, disk, seed, now);
      if (!inner) return inner;
      return std::make_unique<Held>(
          std::move(*inner), [hold](const storage::DiskOp& op) { return hold->holds(op); },
          hold->ops);
    };
    processes_.push_back(std::make_unique<Process>(static_cast<uint32_t>(i - 1), process, factory,
                                                   host, addresses_, queue_, network_, trace_,
                                                   choices_));
    processes_.back()->set_agreement(&agreement_);
    processes_.back()->set_lookout(lookout_.get());
  }
}

EnsembleRig::~EnsembleRig() = default;

void EnsembleRig::start(int server) {
  at(server).start();
}

void EnsembleRig::kill(int server) {
  at(server).die(DeathKind::kKill);
  *holds_[static_cast<size_t>(server - 1)] = {};
}

void EnsembleRig::lose_power(int server) {
  at(server).die(DeathKind::kPowerLoss);
  *holds_[static_cast<size_t>(server - 1)] = {};
}

void EnsembleRig::hold_log(int server) {
  holds_[static_cast<size_t>(server - 1)]->of_log = true;
}

void EnsembleRig::hold_snapshots(int server) {
  holds_[static_cast<size_t>(server - 1)]->of_snapshots = true;
}

void EnsembleRig::hold_current_epoch(int server) {
  holds_[static_cast<size_t>(server - 1)]->of_current_epoch = true;
}

void EnsembleRig::break_disk(int server) {
  at(server).disk().faults().write_fails_one_in = 1;
}

// They go out with the next step of the server, which is not far.
void EnsembleRig::release_disk(int server) {
  DiskHold& hold = *holds_[static_cast<size_t>(server - 1)];
  hold.of_log = hold.of_snapshots = hold.of_current_epoch = false;
}

void EnsembleRig::cut(int a, int b) {
  for (const auto& [from, to] : {std::pair{a, b}, std::pair{b, a}}) {
    cuts_.emplace_back(at(from).host(), at(to).host());
    network_.cut(cuts_.back().first, cuts_.back().second, {});
  }
}

void EnsembleRig::cut_off(int server) {
  for (int other = 1; other <= static_cast<int>(processes_.size()); ++other) {
    if (other != server) cut(server, other);
  }
}

void EnsembleRig::heal() {
  for (const auto& [from, to] : std::exchange(cuts_, {})) network_.heal(from, to);
}

void EnsembleRig::run(int64_t ms) {
  static_cast<void>(run_until([] { return false; }, ms));
}

bool EnsembleRig::run_until(const std::function<bool()>& condition, int64_t ms) {
  Event mark;
  mark.at = queue_.now() + Duration::from_ms(ms);
  mark.kind = EventKind::kFault;
  queue_.push(mark);
  while (!condition()) {
    const Event event = queue_.pop();
    if (event.kind == EventKind::kFault && event.at >= mark.at) return condition();
    if (event.kind != EventKind::kFault) step(event);
  }
  return true;
}

void EnsembleRig::step(const Event& event) {
  trace_.event(event);
  switch (event.kind) {
    case EventKind::kConnectArrives:
    case EventKind::kConnectAnswered:
    case EventKind::kSegmentArrives:
    case EventKind::kEndArrives:
    case EventKind::kResetArrives:
    case EventKind::kReadable:
    case EventKind::kGiveUp: {
      const std::optional<Delivery> delivery = network_.handle(event);
      if (!delivery) break;
      for (auto& process : processes_) {
        if (process->host() == delivery->host) process->deliver(*delivery);
      }
      for (auto& client : clients_) {
        if (client->connection_ != delivery->connection || client->host_ != delivery->host)
          continue;
        if (delivery->kind == Delivery::Kind::kBytes) client->take(delivery->bytes);
        if (delivery->kind == Delivery::Kind::kClosed) client->is_closed = true;
      }
      network_.release(*delivery);
      break;
    }
    default: processes_[event.subject]->handle(event); break;
  }
  for (const Network::Drained& drained : network_.take_drained()) {
    for (auto& process : processes_) {
      if (process->host() == drained.host) process->output_drained(drained.connection);
    }
  }
  for (auto& process : processes_) process->take_reports();
}

// --- what is to be seen --------------------------------------------------------------------------

bool EnsembleRig::serves(int server) const {
  return runs(server) && at(server).engine()->standing()->serves;
}

bool EnsembleRig::leads(int server) const {
  return serves(server) && at(server).engine()->standing()->state == quorum::PeerState::kLeading;
}

bool EnsembleRig::follows(int server, int leader) const {
  return serves(server) && at(server).engine()->standing()->leader == ServerId(leader) &&
         server != leader;
}

int64_t EnsembleRig::epoch(int server) const {
  return at(server).engine()->standing()->epoch;
}

bool EnsembleRig::has(int server, std::string_view path) const {
  return at(server).engine()->tree()->find(path) != tree::NodeId::kNone;
}

bool EnsembleRig::is_converged() const {
  const Process* first = nullptr;
  for (const auto& process : processes_) {
    if (!process->running()) continue;
    if (first == nullptr) first = process.get();
    const Standing standing = *process->engine()->standing();
    if (!standing.serves || standing.leader != first->engine()->standing()->leader ||
        process->engine()->last_processed() != first->engine()->last_processed() ||
        process->engine()->tree()->digest() != first->engine()->tree()->digest()) {
      return false;
    }
  }
  return first != nullptr;
}

bool EnsembleRig::was_noted(std::string_view part) const {
  return notes_->all.find(part) != std::string::npos;
}

std::string EnsembleRig::describe() const {
  std::string text;
  for (const auto& process : processes_) {
    text += "server " + std::to_string(process->index() + 1) + ": ";
    text += process->running() ? sim::describe(*process->engine()->standing()) + ", zxid " +
                                     std::to_string(process->engine()->last_processed().value)
                               : "down";
    text += '\n';
  }
  return text + notes_->all;
}

std::string EnsembleRig::file(int server, std::string_view name) const {
  for (const storage::Folder folder : {storage::Folder::kLog, storage::Folder::kSnapshot}) {
    const std::string* content = at(server).disk().content({folder, std::string(name)});
    if (content != nullptr) return *content;
  }
  return {};
}

std::string EnsembleRig::breaches() {
  std::string text;
  for (const Agreement::Breach& breach : agreement_.take_breaches()) text += breach.summary + '\n';
  return text;
}

// --- clients -------------------------------------------------------------------------------------

EnsembleRig::Client& EnsembleRig::client() {
  clients_.push_back(std::unique_ptr<Client>(new Client(*this)));
  clients_.back()->host_ = network_.add_host("client-" + std::to_string(clients_.size()));
  return *clients_.back();
}

namespace {

std::string framed(std::string_view payload) {
  std::string bytes;
  jute::Writer(bytes).string(payload);
  return bytes;
}

}  // namespace

bool EnsembleRig::Client::open(int server, int32_t timeout_ms) {
  connection_ = rig_.network_.connect(host_, rig_.at(server).host(), node::Port::kClient);
  const std::string password(16, '\0');
  wire::ConnectRequest request;
  request.timeout_ms = timeout_ms;
  request.password = password;
  std::string payload;
  jute::Writer out(payload);
  wire::write(out, request);
  // The connection stands long before that.
  rig_.run(5);
  rig_.network_.send(connection_, Side::kOpener, framed(payload));
  return rig_.run_until([this] { return is_open || is_closed; }, 2000) && is_open;
}

void EnsembleRig::Client::send(int32_t type, std::string_view body) {
  std::string payload;
  jute::Writer out(payload);
  wire::write(out, wire::RequestHeader{Xid(++last_xid_), static_cast<jute::OpCode>(type)});
  out.raw(body);
  rig_.network_.send(connection_, Side::kOpener, framed(payload));
}

void EnsembleRig::Client::create(std::string_view path, bool ephemeral) {
  std::string body;
  jute::Writer out(body);
  wire::write(out, wire::CreateRequest{path, "", jute::open_acl_bytes(), ephemeral ? 1 : 0, 0},
              jute::OpCode::kCreate);
  send(static_cast<int32_t>(jute::OpCode::kCreate), body);
}

bool EnsembleRig::Client::created(std::string_view path, bool ephemeral, int64_t ms) {
  const int before = replies;
  create(path, ephemeral);
  static_cast<void>(rig_.run_until([&] { return replies > before || is_closed; }, ms));
  return replies > before;
}

void EnsembleRig::Client::read(std::string_view path) {
  std::string body;
  jute::Writer out(body);
  wire::write(out, wire::PathWatchRequest{path, false});
  send(static_cast<int32_t>(jute::OpCode::kExists), body);
}

void EnsembleRig::Client::sync() {
  std::string body;
  jute::Writer(body).string("/");
  send(static_cast<int32_t>(jute::OpCode::kSync), body);
}

void EnsembleRig::Client::take(std::string_view bytes) {
  unread_ += bytes;
  while (unread_.size() >= 4) {
    const auto length = static_cast<size_t>(load_be32(unread_.data()));
    if (unread_.size() < 4 + length) return;
    jute::Reader in(std::string_view(unread_).substr(4, length));
    if (!is_open) {
      const wire::ConnectResponse response = wire::read_connect_response(in);
      session = response.session.value;
      is_open = session != 0;
    } else {
      const wire::ReplyHeader header = wire::read_reply_header(in);
      out_of_order += header.xid.value != ++answered_;
      ++(header.error == ErrorCode::kOk ? replies : errors);
    }
    unread_.erase(0, 4 + length);
  }
}

}  // namespace zoetrope::sim
