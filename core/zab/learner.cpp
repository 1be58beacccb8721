#include "core/zab/learner.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace zoetrope::zab {

namespace {

using quorum::PacketType;

constexpr Duration kPauseMin = Duration::from_ms(10);
constexpr Duration kPauseMax = Duration::from_ms(100);
// A server that has been elected listens by then; upstream tries five times.
constexpr Duration kRefusedMax = Duration::from_ms(1000);
constexpr int32_t kProtocolVersion = 0x10000;
constexpr DialToken kNoDial{0};
constexpr ConnectionId kNoConnection{0};

std::vector<quorum::HostPort> addresses_of(ServerId server, const Ensembles& ensembles) {
  std::vector<quorum::HostPort> addresses;
  const quorum::Ensemble& newest = ensembles.newest();
  for (const quorum::Ensemble* ensemble :
       {&ensembles.current, &newest, ensembles.rumoured ? &*ensembles.rumoured : &newest}) {
    const auto member = ensemble->members.find(server);
    if (member == ensemble->members.end()) continue;
    for (const quorum::HostPort& address : member->second.quorum) {
      if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
    }
  }
  return addresses;
}

void add(RunningHash& hash, MonotonicTime time) {
  hash.add(static_cast<uint64_t>(time.ns));
}

void add(RunningHash& hash, Zxid zxid) {
  hash.add(static_cast<uint64_t>(zxid.value));
}

void add(RunningHash& hash, const std::deque<Zxid>& zxids) {
  hash.add(uint64_t{zxids.size()});
  for (const Zxid zxid : zxids) add(hash, zxid);
}

void add(RunningHash& hash, const std::optional<quorum::Ensemble>& ensemble) {
  hash.add(ensemble ? ensemble->to_string() : std::string());
}

}  // namespace

Learner::Learner(const RoleConfig& config, Configuration& configuration, ServerId leader,
                 EpochFiles& epochs, uint64_t& next_token, Host& host)
    : config_(config),
      configuration_(configuration),
      leader_(leader),
      epochs_(epochs),
      next_token_(next_token),
      host_(host),
      pause_(kPauseMin),
      cutter_(config.packet_bytes_max) {}

// An observer spares the leader. Where there are no followers it has to take that.
void Learner::find_addresses() {
  addresses_ = addresses_of(leader_, configuration_.ensembles());
  const bool is_observer =
      config_.is_observer || configuration_.ensembles().current.is_observer(config_.self);
  if (!is_observer || config_.observer_master_port == 0) return;
  std::vector<quorum::HostPort> addresses;
  for (const ServerId server : configuration_.ensembles().current.participants()) {
    if (server == leader_) continue;
    for (const quorum::HostPort& at :
         configuration_.ensembles().current.members.at(server).quorum) {
      addresses.push_back({at.host, config_.observer_master_port});
      masters_.push_back(server);
    }
  }
  if (addresses.empty()) return;
  addresses_ = std::move(addresses);
  next_address_ = static_cast<size_t>(first_master_ % addresses_.size());
}

void Learner::begin(MonotonicTime now) {
  find_addresses();
  if (addresses_.empty()) return fail("is not in the configuration");
  dialling_ends_ = now + config_.connect_time();
  refusals_end_ = now + std::min(config_.connect_time(), kRefusedMax);
  dial(now);
}

// An address that swallows what is sent to it must not use up the time of the others.
void Learner::dial(MonotonicTime now) {
  redial_at_.reset();
  dial_ = DialToken(next_token_++);
  const auto addresses = static_cast<int64_t>(addresses_.size());
  attempt_ends_ = now + Duration{config_.connect_time().ns / addresses};
  host_.connect(dial_, addresses_[next_address_]);
}

void Learner::dial_failed(MonotonicTime now) {
  dial_ = kNoDial;
  next_address_ = (next_address_ + 1) % addresses_.size();
  if (next_address_ != 0) return dial(now);
  redial_at_ = now + pause_;
  pause_ = std::min(Duration{pause_.ns * 2}, kPauseMax);
}

void Learner::connected(DialToken token, ConnectionId connection, MonotonicTime now) {
  if (!owns(token)) return;
  dial_ = kNoDial;
  connection_ = connection;
  heard_ = now;
  phase_ = Phase::kDiscovery;
  introduce();
}

// The version of the configuration is that of the one in force: a leader refuses whoever knows a
// later one, and one that was only proposed may never have come to be.
void Learner::introduce() {
  const quorum::Ensemble& current = configuration_.ensembles().current;
  is_observer_ = config_.is_observer || current.is_observer(config_.self);
  scratch_.clear();
  jute::Writer out(scratch_);
  quorum::write(out, quorum::LearnerInfo{config_.self, kProtocolVersion, current.version});
  send(is_observer_ ? PacketType::kObserverInfo : PacketType::kFollowerInfo,
       Zxid(epochs_.durable().accepted << 32), scratch_);
}

void Learner::connect_failed(DialToken token, MonotonicTime now) {
  if (!owns(token)) return;
  if (now < refusals_end_) return dial_failed(now);
  dial_ = kNoDial;
  fail("refuses connections");
}

void Learner::closed(MonotonicTime) {
  if (phase_ == Phase::kOver) return;
  connection_ = kNoConnection;
  fail("closed the connection");
}

void Learner::tick(MonotonicTime now) {
  if (phase_ == Phase::kOver) return;
  if (phase_ == Phase::kDialling) return tick_dialling(now);
  if (waits_for_own_disk() || now < heard_ + silence_max()) return;
  fail("was silent for " + std::to_string(silence_max().ms()) + " ms");
}

void Learner::tick_dialling(MonotonicTime now) {
  if (now >= dialling_ends_) {
    return fail("could not be reached within " + std::to_string(config_.connect_time().ms()) +
                " ms");
  }
  if (redial_at_) {
    if (now >= *redial_at_) dial(now);
  } else if (now >= attempt_ends_) {
    host_.abandon(dial_);
    dial_failed(now);
  }
}

std::optional<MonotonicTime> Learner::next_deadline() const {
  if (phase_ == Phase::kOver || waits_for_own_disk()) return std::nullopt;
  if (phase_ == Phase::kDialling) {
    return std::min(dialling_ends_, redial_at_.value_or(attempt_ends_));
  }
  return heard_ + silence_max();
}

// Then it is the leader that waits for this server, and has nothing to say.
bool Learner::waits_for_own_disk() const {
  return phase_ == Phase::kPromising || phase_ == Phase::kReloading || phase_ == Phase::kAdopting;
}

Duration Learner::silence_max() const {
  const bool is_adopted = phase_ == Phase::kAdopted || phase_ == Phase::kServing;
  return is_adopted ? config_.sync_time() : config_.init_time();
}

void Learner::send(PacketType type, Zxid zxid, jute::BufferView data) {
  ZT_ASSERT(connection_ != kNoConnection);
  quorum::append_packet(host_.begin_send(), type, zxid, data);
  host_.end_send(connection_);
}

void Learner::fail(const std::string& why) {
  if (phase_ == Phase::kOver) return;
  const ServerId from = master();
  over_ =
      (from == leader_ ? "leader " : "observer master ") + std::to_string(from.value) + " " + why;
  end();
}

void Learner::abandon() {
  if (phase_ != Phase::kOver) end();
}

void Learner::end() {
  if (dial_ != kNoDial) host_.abandon(dial_);
  if (connection_ != kNoConnection) host_.close(connection_);
  dial_ = kNoDial;
  connection_ = kNoConnection;
  phase_ = Phase::kOver;
}

bool Learner::owns(ConnectionId connection) const {
  return connection != kNoConnection && connection == connection_;
}

bool Learner::owns(DialToken token) const {
  return token != kNoDial && token == dial_;
}

bool Learner::is_serving() const {
  return phase_ == Phase::kServing;
}

int64_t Learner::epoch() const {
  return epoch_;
}

const std::optional<std::string>& Learner::over() const {
  return over_;
}

void Learner::add_to(RunningHash& hash) const {
  hash.add(static_cast<uint64_t>(leader_.value));
  hash.add(static_cast<uint64_t>(phase_));
  hash.add(over_.value_or(std::string()));
  hash.add(uint64_t{next_address_});
  hash.add(dial_.value);
  hash.add(static_cast<uint64_t>(pause_.ns));
  add(hash, dialling_ends_);
  add(hash, refusals_end_);
  add(hash, attempt_ends_);
  add(hash, redial_at_.value_or(MonotonicTime{-1}));
  hash.add(connection_.value);
  hash.add(uint64_t{is_observer_});
  hash.add(cutter_.unread());
  add(hash, heard_);
  add_stream_to(hash);
}

void Learner::add_stream_to(RunningHash& hash) const {
  hash.add(static_cast<uint64_t>(epoch_));
  hash.add(uint64_t{is_promise_new_} | uint64_t{is_promise_issued_} << 1 |
           uint64_t{is_snapshot_unsafe_} << 2 | uint64_t{asks_for_snapshot_} << 3 |
           uint64_t{is_snapshot_refused_} << 4);
  hash.add(static_cast<uint64_t>(op_.type));
  for (const Zxid zxid : {op_.zxid, base_, last_received_, adopted_up_to_}) add(hash, zxid);
  add(hash, uncommitted_);
  add(hash, unacked_);
  hash.add(uint64_t{proposed_configs_.size()});
  for (const ProposedConfig& config : proposed_configs_) add(hash, config.zxid);
  add(hash, told_);
  hash.add(static_cast<uint64_t>(successor_.value_or(ServerId(-1)).value));
  for (const auto* asked : {&revalidations_, &syncs_}) {
    for (const ConnectionId by : *asked) hash.add(by.value);
  }
}

}  // namespace zoetrope::zab
