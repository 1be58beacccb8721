#include "explore/role_node.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"
#include "core/jute/txn.hpp"
#include "core/quorum/packet.hpp"
#include "core/zab/configuration.hpp"
#include "core/zab/epoch_files.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/learner.hpp"
#include "explore/role_host.hpp"

namespace zoetrope::explore {

namespace {

using quorum::PacketType;

constexpr MonotonicTime kNow = MonotonicTime::from_ms(1'000'000);
constexpr MonotonicTime kMuchLater = MonotonicTime::from_ms(1'000'000'000);
constexpr uint64_t kFirstOp = 1;

enum Own : uint8_t { kDisk, kSync, kReload, kPersist, kWrite, kGiveUp, kLead, kFollow };

quorum::Ensemble ensemble_of(int servers) {
  quorum::Ensemble ensemble;
  for (int64_t id = 1; id <= servers; ++id) {
    quorum::Member& member = ensemble.members[ServerId(id)];
    member.id = ServerId(id);
    member.quorum = {{"server", static_cast<uint16_t>(id)}};
    member.election = {{"server", static_cast<uint16_t>(1000 + id)}};
  }
  return ensemble;
}

// No two servers, and no two roles of one, write the same.
std::string transaction(Zxid zxid, int server, int64_t term) {
  std::string payload;
  jute::Writer out(payload);
  jute::write(out, jute::TxnHeader{SessionId(server * 100 + term), 0, zxid, 5,
                                   jute::OpCode::kCreateSession});
  jute::write(out, jute::CreateSessionTxn{6000});
  return payload;
}

// The epoch files for zab::read_epochs().
class FilesOf final : public storage::Disk {
 public:
  explicit FilesOf(const RoleData& data) : data_(data) {}
  std::expected<std::vector<storage::FileInfo>, storage::DiskError> list(storage::Folder) override {
    std::vector<storage::FileInfo> files;
    for (const auto& [name, text] : data_.files) files.push_back({name, text.size()});
    return files;
  }
  std::expected<std::string, storage::DiskError> read(const storage::FileName& file, uint64_t,
                                                      uint64_t) override {
    return data_.files.at(file.name);
  }
  std::expected<void, storage::DiskError> truncate(const storage::FileName&, uint64_t) override {
    return {};
  }
  std::expected<void, storage::DiskError> rewrite(const storage::FileName&, uint64_t,
                                                  std::string_view) override {
    return {};
  }
  std::expected<void, storage::DiskError> remove(const storage::FileName&) override { return {}; }

 private:
  const RoleData& data_;
};

// What the roles refer to. It stays where it is for all copies of a server; each event puts the
// copy's values in and takes them out again.
struct Rig {
  Rig(const Bounds& bounds, int server) : host(server) {
    config.self = ServerId(server + 1);
    config.tick_ms = 2;
    config.init_limit = config.sync_limit = 1;
    ensembles.current = ensemble_of(bounds.servers);
  }
  zab::RoleConfig config;
  zab::Ensembles ensembles;
  RoleHost host;
  zab::Configuration configuration{config, ensembles, {}, host};
  zab::EpochFiles epochs{zab::Epochs{}, kFirstOp};
  uint64_t next_token = 1;
};

class RoleNode final : public Node {
 public:
  RoleNode(const Bounds& bounds, int server)
      : rig_(std::make_shared<Rig>(bounds, server)),
        servers_(bounds.servers),
        self_(server),
        terms_left_(bounds.terms),
        timeouts_left_(bounds.timeouts),
        writes_left_(bounds.writes) {
    const Zxid first = Zxid::make(1, 1);
    data_.log = {{first, transaction(first, 0, 0)}};
    data_.files = {{"acceptedEpoch", "1"}, {"currentEpoch", "1"}};
    data_.recover();
    epochs_ = zab::EpochFiles(zab::Epochs{1, 1}, kFirstOp);
  }
  std::unique_ptr<Node> clone() const override { return std::make_unique<RoleNode>(*this); }

  void start(Step&) override {}
  void receive(int from, int lane, std::string_view bytes, Step& step) override;
  void lost(int peer, int lane, Step& step) override;
  void found(int, Step&) override {}
  std::vector<uint8_t> own_events() const override;
  void own(uint8_t code, Step& step) override;
  void crash() override;
  void restart(Step& step) override;
  void silence(const Silence& seen, Step& step) override;
  Standing standing() const override;
  std::string name_of_own(uint8_t code) const override;
  std::string name_of_message(std::string_view bytes) const override;
  std::string to_string() const override;
  uint64_t fingerprint() const override;

 private:
  template <class Event>
  void with_rig(Step& step, const Event& event);
  void settle();
  void take(int from, const WireMessage& message);
  void refuse_dial(ConnectionId connection);
  void lose(ConnectionId connection);
  void do_disk();
  void reload();
  void write();
  void take_role(std::optional<int> leader);
  bool is_looking() const {
    return !roles_.leader && !roles_.learner && !data_.is_retiring && data_.ops.empty();
  }

  std::shared_ptr<Rig> rig_;
  int servers_;
  int self_;
  int terms_left_, timeouts_left_, writes_left_;
  RoleData data_;
  zab::EpochFiles epochs_{zab::Epochs{}, kFirstOp};
  uint64_t next_token_ = 1;
  int following_ = -1;
  Roles roles_;  // over the rig
};

template <class Event>
void RoleNode::with_rig(Step& step, const Event& event) {
  rig_->epochs = epochs_;
  rig_->next_token = next_token_;
  rig_->host.work_on(data_, roles_, step);
  event();
  settle();
  epochs_ = rig_->epochs;
  next_token_ = rig_->next_token;
}

// As zab::Peer and the server do after each input: a role that is over ends, and a server is at
// rest when its disk is; then it has applied what it logged.
void RoleNode::settle() {
  if ((roles_.leader && roles_.leader->over()) || (roles_.learner && roles_.learner->over())) {
    roles_.end();
    data_.is_reloading = data_.is_listening = false;
    data_.restoring.reset();
    data_.is_retiring = true;
  }
  const bool is_at_rest =
      data_.durable == data_.log.size() && data_.ops.empty() && !data_.log_before_snapshot;
  if (!data_.is_retiring || !is_at_rest) return;
  data_.is_retiring = false;
  data_.apply_up_to(data_.last_logged());
}

// --- connections -------------------------------------------------------------------------------

void RoleNode::receive(int from, int, std::string_view bytes, Step& step) {
  with_rig(step, [&] { take(from, read_wire_message(bytes)); });
}

void RoleNode::take(int from, const WireMessage& message) {
  const ConnectionId connection = message.connection;
  switch (message.kind) {
    case WireKind::kConnect:
      if (!roles_.leader || !data_.is_listening) {
        return rig_->host.say(from, WireKind::kRefuse, connection);
      }
      data_.peers[connection] = from;
      rig_->host.say(from, WireKind::kAccept, connection);
      return roles_.leader->opened(connection, Endpoint(), kNow);
    case WireKind::kAccept:
      if (!data_.dial || data_.dial->second != connection) return;
      return roles_.learner->connected(std::exchange(data_.dial, {})->first, connection, kNow);
    case WireKind::kRefuse: return refuse_dial(connection);
    case WireKind::kClose: data_.peers.erase(connection); return lose(connection);
    case WireKind::kData:
      // Bytes of a connection that is closed here already come to nothing.
      if (roles_.leader && roles_.leader->owns(connection)) {
        roles_.leader->received(connection, message.bytes, kNow);
      } else if (roles_.learner && roles_.learner->owns(connection)) {
        roles_.learner->received(message.bytes, kNow);
      }
  }
}

// The last attempt: time-outs are not what is explored here.
void RoleNode::refuse_dial(ConnectionId connection) {
  if (!data_.dial || data_.dial->second != connection) return;
  data_.peers.erase(connection);
  roles_.learner->connect_failed(std::exchange(data_.dial, {})->first, kMuchLater);
}

void RoleNode::lose(ConnectionId connection) {
  refuse_dial(connection);
  if (roles_.leader && roles_.leader->owns(connection)) roles_.leader->closed(connection, kNow);
  if (roles_.learner && roles_.learner->owns(connection)) roles_.learner->closed(kNow);
}

void RoleNode::lost(int peer, int lane, Step& step) {
  with_rig(step, [&] {
    for (const auto& [connection, other] : std::map(data_.peers)) {
      if (other != peer || lane_of(connection) != lane) continue;
      data_.peers.erase(connection);
      lose(connection);
    }
  });
}

// --- what comes by itself ----------------------------------------------------------------------

std::vector<uint8_t> RoleNode::own_events() const {
  std::vector<uint8_t> codes;
  const bool is_log_durable = data_.durable == data_.log.size();
  if (!data_.ops.empty()) codes.push_back(kDisk);
  if (!is_log_durable && !data_.log_before_snapshot) codes.push_back(kSync);
  if (data_.is_reloading && data_.ops.empty() && is_log_durable) codes.push_back(kReload);
  if (data_.log_before_snapshot && data_.is_persisting) codes.push_back(kPersist);
  if (roles_.leader && roles_.leader->is_serving() && writes_left_ > 0) codes.push_back(kWrite);
  if ((roles_.leader || roles_.learner) && timeouts_left_ > 0) codes.push_back(kGiveUp);
  if (is_looking() && terms_left_ > 0) {
    codes.push_back(kLead);
    for (int server = 0; server < servers_; ++server) {
      if (server != self_) codes.push_back(static_cast<uint8_t>(kFollow + server));
    }
  }
  return codes;
}

void RoleNode::own(uint8_t code, Step& step) {
  with_rig(step, [&] {
    switch (code) {
      case kDisk: return do_disk();
      case kSync:
        ++data_.durable;
        if (roles_.leader) roles_.leader->log_durable(kNow);
        if (roles_.learner) roles_.learner->log_durable(kNow);
        return;
      case kReload: return reload();
      case kPersist:
        data_.log_before_snapshot.reset();
        data_.is_persisting = false;
        if (roles_.learner) roles_.learner->snapshot_persisted(kNow);
        return;
      case kWrite: return write();
      case kGiveUp:
        --timeouts_left_;
        if (roles_.leader) roles_.leader->abandon();
        if (roles_.learner) roles_.learner->abandon();
        roles_.end();
        data_.is_reloading = false;
        data_.restoring.reset();
        data_.is_retiring = true;
        return;
      case kLead: return take_role(std::nullopt);
      default: return take_role(code - kFollow);
    }
  });
}

// Up to the next rename: what comes before one shows nowhere.
void RoleNode::do_disk() {
  for (bool is_done = false; !is_done && !data_.ops.empty();) {
    const storage::DiskOp op = data_.ops.front();
    data_.ops.pop_front();
    if (const auto* write = std::get_if<storage::WriteFile>(&op.action)) {
      data_.files[write->file.name] = write->bytes;
    } else if (const auto* rename = std::get_if<storage::RenameFile>(&op.action)) {
      data_.files[rename->to] = data_.files.at(rename->from.name);
      data_.files.erase(rename->from.name);
      is_done = true;
    }
    ZT_ASSERT(rig_->epochs.completed(op.id));
    if (roles_.leader) roles_.leader->epochs_written(kNow);
    if (roles_.learner) roles_.learner->epochs_written(kNow);
  }
}

void RoleNode::reload() {
  data_.is_reloading = false;
  if (data_.cut) {
    std::erase_if(data_.log, [&](const Record& record) { return record.zxid > *data_.cut; });
  }
  data_.recover();
  if (roles_.learner) roles_.learner->reloaded(kNow);
}

void RoleNode::write() {
  --writes_left_;
  const Zxid last = data_.last_logged();
  const auto epoch = static_cast<uint32_t>(roles_.leader->epoch());
  const Zxid zxid = last.epoch() == epoch ? last.next() : Zxid::make(epoch, 1);
  const std::string payload = transaction(zxid, self_ + 1, data_.term);
  rig_->host.append(zxid, payload);
  roles_.leader->propose(zxid, payload);
}

void RoleNode::take_role(std::optional<int> leader) {
  --terms_left_;
  ++data_.term;
  if (!leader) {
    roles_.leader.emplace(rig_->config, rig_->configuration, rig_->epochs, rig_->host);
    return roles_.leader->begin(kNow);
  }
  following_ = *leader;
  roles_.learner.emplace(rig_->config, rig_->configuration, ServerId(*leader + 1), rig_->epochs,
                         rig_->next_token, rig_->host);
  roles_.learner->begin(kNow);
}

// --- the end of a life, and time ---------------------------------------------------------------

void RoleNode::crash() {
  roles_.end();
  if (data_.log_before_snapshot) {
    data_.log = *std::exchange(data_.log_before_snapshot, {});
  } else {
    data_.log.resize(data_.durable);
  }
  RoleData kept;
  kept.log = std::move(data_.log);
  kept.files = std::move(data_.files);
  kept.dials = data_.dials;
  kept.promised = data_.promised;
  kept.promised_term = data_.promised_term;
  kept.term = data_.term;
  data_ = std::move(kept);
  epochs_ = zab::EpochFiles(zab::Epochs{}, kFirstOp);
  next_token_ = 1;
}

void RoleNode::restart(Step& step) {
  data_.recover();
  FilesOf files(data_);
  const auto epochs = zab::read_epochs(files, data_.last_logged());
  if (!epochs) {
    step.violate("a_server_starts_again",
                 "server " + std::to_string(self_ + 1) + " does not: " + epochs.error());
    return;
  }
  epochs_ = zab::EpochFiles(*epochs, kFirstOp);
  with_rig(step, [&] {
    if (!epochs->is_ahead_of_file) return;
    std::vector<storage::DiskOp> ops;
    rig_->epochs.set_current(epochs->current, ops);
    rig_->host.disk(std::move(ops));
  });
}

// Roles that have not come to serve by now do not.
void RoleNode::silence(const Silence&, Step& step) {
  with_rig(step, [&] {
    MonotonicTime now = kNow;
    for (int half_tick = 0; roles_.leader && !roles_.leader->is_serving() && !roles_.leader->over();
         ++half_tick) {
      ZT_ASSERT(half_tick < 100);
      now = now + Duration::from_ms(1);
      roles_.leader->tick(now);
    }
    if (roles_.learner && !roles_.learner->is_serving()) roles_.learner->tick(kMuchLater);
  });
}

Standing RoleNode::standing() const {
  if (roles_.leader) return {true, self_, roles_.leader->is_serving(), roles_.leader->epoch()};
  if (roles_.learner)
    return {true, following_, roles_.learner->is_serving(), roles_.learner->epoch()};
  return {};
}

// --- for people --------------------------------------------------------------------------------

std::string RoleNode::name_of_own(uint8_t code) const {
  switch (code) {
    case kDisk: return "its disk has the next epoch file";
    case kSync: return "its disk has the next transaction";
    case kReload: return "its log is cut";
    case kPersist: return "its disk has the snapshot";
    case kWrite: return "a client writes";
    case kGiveUp: return "a time-out ends its role";
    case kLead: return "believes to be elected";
    default: return "believes that server " + std::to_string(code - kFollow + 1) + " is elected";
  }
}

std::string RoleNode::name_of_message(std::string_view bytes) const {
  const WireMessage message = read_wire_message(bytes);
  switch (message.kind) {
    case WireKind::kConnect: return "connects";
    case WireKind::kAccept: return "the connection stands";
    case WireKind::kRefuse: return "the connection is refused";
    case WireKind::kClose: return "the connection is closed";
    case WireKind::kData: break;
  }
  quorum::PacketCutter cutter(1 << 20);
  cutter.feed(message.bytes);
  quorum::Packet packet;
  std::string text;
  while (cutter.next(packet) == quorum::PacketCutter::Status::kPacket) {
    if (!text.empty()) text += ", ";
    text += std::string(quorum::to_string(packet.type)) + " " +
            std::to_string(packet.zxid.epoch()) + ":" + std::to_string(packet.zxid.counter());
  }
  return text.empty() ? "a snapshot" : text;
}

std::string RoleNode::to_string() const {
  std::string text = roles_.leader    ? "leads"
                     : roles_.learner ? "follows server " + std::to_string(following_ + 1)
                                      : "looks for a leader";
  if (roles_.is_serving()) text += ", serves";
  if (roles_.epoch() != 0) text += ", epoch " + std::to_string(roles_.epoch());
  return text + "; on its disk: acceptedEpoch " + std::to_string(data_.file("acceptedEpoch")) +
         ", currentEpoch " + std::to_string(data_.file("currentEpoch")) + ", " +
         std::to_string(data_.durable) + " transactions";
}

uint64_t RoleNode::fingerprint() const {
  RunningHash hash;
  hash.add(static_cast<uint64_t>(self_) << 32 | static_cast<uint64_t>(terms_left_) << 16 |
           static_cast<uint64_t>(timeouts_left_) << 8 | static_cast<uint64_t>(writes_left_));
  data_.add_to(hash);
  epochs_.add_to(hash);
  hash.add(next_token_);
  hash.add(uint64_t{roles_.leader.has_value()} << 1 | uint64_t{roles_.learner.has_value()});
  if (roles_.leader) roles_.leader->add_to(hash);
  if (roles_.learner) roles_.learner->add_to(hash);
  return hash.value();
}

}  // namespace

std::unique_ptr<Node> make_role_node(const Bounds& bounds, int server) {
  return std::make_unique<RoleNode>(bounds, server);
}

}  // namespace zoetrope::explore
