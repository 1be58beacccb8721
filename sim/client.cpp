// The client's connection and session: when it connects, how it comes back, and when it gives up.
#include "sim/client.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/tree/acl.hpp"
#include "sim/client_codec.hpp"

namespace zoetrope::sim {
namespace {

constexpr Side kSide = Side::kOpener;
constexpr size_t kPasswordBytes = 16;
constexpr int32_t kFrameBytesMax = 8 << 20;

}  // namespace

Client::Sites::Sites(Choices& choices, const std::string& name)
    : times(choices.site("times of " + name)),
      servers(choices.site("servers of " + name)),
      manners(choices.site("manners of " + name)) {}

Client::Client(uint32_t index, ClientConfig config, HostId host, std::vector<ServerAddress> servers,
               EventQueue& queue, Network& network, Recorder& recorder, Choices& choices,
               Random random, bool keeps_script)
    : index_(index),
      config_(config),
      host_(host),
      servers_(std::move(servers)),
      queue_(queue),
      network_(network),
      recorder_(recorder),
      sites_(choices, "client-" + std::to_string(index)),
      script_(config.script, std::move(config_.told), "c" + std::to_string(index) + "x", random,
              keeps_script),
      timeout_ms_(config.timeout_ms) {
  if (config_.is_super) {
    auth_ = kSuperAuth;
    identities_.push_back({"super", ""});
  } else if (config_.authenticates) {
    auth_ = "user" + std::to_string(index_ % 3) + ":secret";
    identities_.push_back({"digest", *tree::digest_of(auth_, "SHA1")});
  }
}

void Client::begin() {
  until_ = now() + Duration::from_us(sites_.times.between(0, 20'000));
  plan_wake();
}

Duration Client::part_of_timeout(int64_t numerator, int64_t denominator) const {
  return Duration{Duration::from_ms(timeout_ms_).ns * numerator / denominator};
}

void Client::wake(const Event& event) {
  if (event.detail != wake_number_) return;
  wake_planned_.reset();
  act();
  plan_wake();
}

void Client::deliver(const Delivery& delivery) {
  if (delivery.connection != connection_) return;
  switch (delivery.kind) {
    case Delivery::Kind::kConnected: handshake(); break;
    case Delivery::Kind::kRefused: disconnected(); break;
    case Delivery::Kind::kClosed: {
      const bool away = phase_ == Phase::kAway;
      const MonotonicTime back = until_;
      disconnected();
      if (away) {
        phase_ = Phase::kAway;
        until_ = back;
      }
      break;
    }
    case Delivery::Kind::kBytes:
      heard_ = now();
      if (phase_ == Phase::kGarbage) break;
      read_frames(delivery.bytes);
      if (phase_ == Phase::kConnected) operate();
      break;
    case Delivery::Kind::kAccepted: break;
  }
  plan_wake();
}

void Client::read_frames(std::string_view bytes) {
  const ConnectionId connection = connection_;
  cutter_.feed(bytes);
  std::string_view payload;
  // A frame may end the connection; what stood behind it is then nobody's.
  while (connection_ == connection) {
    const wire::FrameCutter::Status status = cutter_.next(payload, kFrameBytesMax);
    if (status == wire::FrameCutter::Status::kNeedMore) break;
    if (status == wire::FrameCutter::Status::kBadLength) {
      recorder_.anomaly("client " + std::to_string(index_) + " got a frame of a bad length");
      return drop(true);
    }
    if (phase_ == Phase::kHandshaking) {
      handshake_answered(payload);
    } else if (phase_ == Phase::kReading) {
      read_only_reply(payload);
    } else if (phase_ == Phase::kConnected || phase_ == Phase::kAway) {
      reply(payload);
    }
  }
  if (connection_ == connection) cutter_.keep();
}

// What is due now, by phase.
void Client::act() {
  switch (phase_) {
    case Phase::kDisconnected:
      if (now() >= until_ && !settled_) connect();
      break;
    case Phase::kConnecting:
    case Phase::kHandshaking:
    case Phase::kGarbage:
    case Phase::kReading:
      if (now() >= until_) drop(sites_.manners.one_in(2));
      break;
    case Phase::kConnected: keep_alive(); break;
    case Phase::kAway:
      if (now() < until_) break;
      network_.power_returned(host_);
      if (connection_.value != 0) {
        drop(false);
      } else {
        disconnected();
      }
      // The session ought to be gone; every second client tries it all the same.
      if (sites_.manners.one_in(2)) forget_session();
      break;
  }
}

void Client::keep_alive() {
  if (read_again_ && now() >= *read_again_) {
    read_again_.reset();
    heard_ = now();
    network_.resume_reading(connection_, kSide);
  }
  if (!read_again_ && now() - heard_ >= part_of_timeout(2, 3))
    return drop(sites_.manners.one_in(2));
  if (now() - sent_ >= part_of_timeout(1, 3) && !doomed_ && !ping_outstanding_) send_ping();
  operate();
}

void Client::plan_wake() {
  if (settled_ && phase_ == Phase::kDisconnected) return;
  MonotonicTime at = until_;
  if (phase_ == Phase::kConnected) {
    at = read_again_ ? *read_again_ : heard_ + part_of_timeout(2, 3);
    if (!doomed_ && !ping_outstanding_) at = std::min(at, sent_ + part_of_timeout(1, 3));
    const bool may_send = !doomed_ && !closing_ && !read_again_ && !exhausted() && !settling_ &&
                          outstanding_.size() < config_.pipeline_max;
    if (may_send) at = std::min(at, next_operation_);
  }
  at = std::max(at, now());
  if (wake_planned_ && *wake_planned_ <= at) return;
  wake_planned_ = at;
  Event event;
  event.at = at;
  event.kind = EventKind::kClientWake;
  event.subject = index_;
  event.detail = ++wake_number_;
  queue_.push(event);
}

void Client::connect() {
  phase_ = Phase::kConnecting;
  choose_server();
  connection_ = network_.connect(host_, servers_[server_].host, node::Port::kClient);
  until_ = now() + part_of_timeout(1, 2);
  cutter_ = wire::FrameCutter();
}

// Mostly another one than the last.
void Client::choose_server() {
  const size_t last = server_;
  server_ = sites_.servers.below(servers_.size());
  if (server_ == last && servers_.size() > 1 && !sites_.servers.one_in(4)) {
    server_ = (last + 1 + sites_.servers.below(servers_.size() - 1)) % servers_.size();
  }
}

void Client::handshake() {
  if (sites_.manners.one_in(config_.garbage_connect_one_in)) {
    phase_ = Phase::kGarbage;
    std::string garbage = sites_.manners.one_in(2) ? "ruok" : "GET / HTTP/1.0\r\n\r\n";
    for (uint64_t i = sites_.manners.below(64); i > 0; --i) {
      garbage += static_cast<char>(sites_.manners.below(256));
    }
    send(garbage);
    return;
  }
  phase_ = Phase::kHandshaking;
  properties::Connection record;
  record.client = index_;
  record.server = servers_[server_].id;
  record.requested_session = session_;
  record.last_zxid_seen = last_zxid_;
  record.opened = recorder_.moment();
  record.identities = identities_;
  record_ = recorder_.open_connection(std::move(record));
  frame_.assign(4, '\0');
  jute::Writer writer(frame_);
  wire::ConnectRequest request;
  request.last_zxid_seen = last_zxid_;
  request.timeout_ms = config_.timeout_ms;
  request.session = session_;
  request.read_only = config_.read_only;
  const std::string no_password(kPasswordBytes, '\0');
  request.password = session_.value != 0 ? std::string_view(password_) : no_password;
  wire::write(writer, request);
  close_frame(frame_, 0);
  send(frame_);
  heard_ = sent_ = now();
  doomed_ = closing_ = ping_outstanding_ = false;
  if (!config_.eager) return;
  if (!auth_.empty()) send_auth();
  if (session_.value != 0 && !watches_.empty()) send_set_watches();
  // Only of a session whose id is known: else nobody could tell later whose write it was.
  if (settling_ || session_.value == 0) return;
  if (const std::optional<ClientAction> action = script_.take_operation()) carry_out(*action);
}

void Client::handshake_answered(std::string_view payload) {
  jute::Reader in(payload);
  const wire::ConnectResponse response = wire::read_connect_response(in);
  if (!in.ok() || response.password.size() != kPasswordBytes) {
    recorder_.anomaly("client " + std::to_string(index_) + " got a malformed handshake answer");
    return drop(true);
  }
  if (response.session.value == 0) return refused();
  if (response.read_only) return look_around();
  const int32_t negotiated =
      std::max(config_.timeout_ms_min, std::min(config_.timeout_ms_max, config_.timeout_ms));
  if (response.timeout_ms != negotiated || (session_.value != 0 && response.session != session_)) {
    recorder_.anomaly("client " + std::to_string(index_) +
                      " was given a time-out or a session that "
                      "the rules do not give: " +
                      std::to_string(response.timeout_ms) + "ms");
  }
  if (session_.value == 0) recorder_.count_session();
  session_ = response.session;
  password_ = response.password;
  timeout_ms_ = response.timeout_ms;
  properties::Connection& record = recorder_.connection(record_);
  record.established = recorder_.moment();
  record.session = session_;
  record.timeout_ms = timeout_ms_;
  phase_ = Phase::kConnected;
  next_operation_ = now();
  if (config_.eager) return;
  if (!auth_.empty()) send_auth();
  if (!watches_.empty()) send_set_watches();
}

void Client::refused() {
  recorder_.connection(record_).refused = true;
  forget_session();
  drop(false);
}

void Client::forget_session() {
  session_ = SessionId();
  password_.clear();
  watches_.clear();
  // A new session may see an older server than the last one did; this client does not mind.
  last_zxid_ = Zxid();
}

// Ends the connection from this side.
void Client::drop(bool reset) {
  if (reset) {
    network_.reset(connection_, kSide);
  } else {
    network_.close(connection_, kSide);
  }
  disconnected();
}

void Client::disconnected() {
  const bool had_record = phase_ == Phase::kHandshaking || phase_ == Phase::kConnected ||
                          phase_ == Phase::kAway || phase_ == Phase::kReading;
  if (had_record && connection_.value != 0)
    recorder_.connection(record_).closed = recorder_.moment();
  while (!outstanding_.empty()) {
    recorder_.finish(std::move(outstanding_.front()));
    outstanding_.pop_front();
  }
  // Whether the session was closed is not known; this client will not use it again.
  if (closing_) forget_session();
  closing_ = doomed_ = ping_outstanding_ = false;
  read_again_.reset();
  connection_ = ConnectionId();
  phase_ = Phase::kDisconnected;
  until_ = now() + Duration::from_us(sites_.times.between(100, 100'000));
}

void Client::settle(bool close_session) {
  settling_ = true;
  closes_at_end_ = close_session;
  if (phase_ == Phase::kAway) until_ = now();
  if (read_again_) read_again_ = now();
  if (phase_ == Phase::kConnected) operate();
  plan_wake();
}

void Client::end() {
  while (!outstanding_.empty()) {
    recorder_.finish(std::move(outstanding_.front()));
    outstanding_.pop_front();
  }
}

}  // namespace zoetrope::sim
