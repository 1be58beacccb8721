#include "app/client_session.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "app/load/process_usage.hpp"
#include "core/base/assert.hpp"
#include "core/wire/messages.hpp"

namespace zoetrope::app {
namespace {

using load::monotonic_ns;

constexpr int64_t kMsNs = 1'000'000;
constexpr int64_t kRetryNs = 1000 * kMsNs;     // between two rounds over all servers
constexpr int32_t kFrameBytesMax = 256 << 20;  // as long a reply as we believe
constexpr int32_t kTimeoutDivisorPing = 3;     // pings at a third of the session time-out
constexpr int64_t kPingNsMax = 10'000 * kMsNs;

}  // namespace

std::string WatchedEvent::to_string() const {
  return "WatchedEvent state:" + state + " type:" + std::string(app::to_string(type)) +
         " path:" + path.value_or("null");
}

ClientSession::ClientSession(std::vector<load::ServerAddress> servers, std::string chroot,
                             int32_t timeout_ms, bool read_only, OnEvent on_event)
    : servers_(std::move(servers)),
      chroot_(std::move(chroot)),
      read_only_(read_only),
      on_event_(std::move(on_event)),
      timeout_ms_(timeout_ms) {
  ZT_ASSERT(!servers_.empty());
}

ClientSession::~ClientSession() {
  if (fd_ >= 0) ::close(fd_);
}

std::string_view ClientSession::state_name() const {
  switch (state_) {
    case State::kConnecting: return "CONNECTING";
    case State::kConnected: return "CONNECTED";
    case State::kConnectedReadOnly: return "CONNECTEDREADONLY";
    case State::kClosed: return "CLOSED";
    case State::kAuthFailed: return "AUTH_FAILED";
  }
  return "UNKNOWN";
}

std::string ClientSession::server_path(std::string_view path) const {
  if (chroot_.empty()) return std::string(path);
  return path == "/" ? chroot_ : chroot_ + std::string(path);
}

std::string ClientSession::client_path(std::string_view path) const {
  if (chroot_.empty() || !path.starts_with(chroot_)) return std::string(path);
  const std::string_view rest = path.substr(chroot_.size());
  return rest.empty() ? "/" : std::string(rest);
}

// --- requests ------------------------------------------------------------------------------------

std::expected<void, std::string> ClientSession::connect() {
  const uint64_t refusals_max = refusals_ + servers_.size();
  const int64_t deadline_ns = monotonic_ns() + timeout_ms_ * kMsNs;
  while (alive() && !established()) {
    pump(-1, deadline_ns);
    if (established()) break;
    if (refusals_ >= refusals_max) return std::unexpected(last_failure_);
    if (monotonic_ns() >= deadline_ns) return std::unexpected("no server answered in time");
  }
  if (!alive()) return std::unexpected("the session is over");
  return {};
}

std::expected<std::string, ErrorCode> ClientSession::call(jute::OpCode type,
                                                          std::string_view body) {
  if (!alive()) return std::unexpected(ErrorCode::kSessionExpired);
  if (!established() && !connect()) {
    return std::unexpected(alive() ? ErrorCode::kConnectionLoss : ErrorCode::kSessionExpired);
  }
  Call call{next_xid_++, std::nullopt};
  call_ = &call;
  send_request(call.xid, type, body);
  while (!call.result) pump(-1, INT64_MAX);
  call_ = nullptr;
  return *std::move(call.result);
}

std::expected<void, ErrorCode> ClientSession::add_auth(std::string_view scheme,
                                                       jute::BufferView auth) {
  if (!alive()) return std::unexpected(ErrorCode::kSessionExpired);
  if (!established() && !connect()) return std::unexpected(ErrorCode::kConnectionLoss);
  identities_.emplace_back(scheme, auth);
  std::string packet;
  wire::Writer out(packet);
  wire::write(out, wire::AuthPacket{0, scheme, auth});
  Call call{wire::kAuthXid.value, std::nullopt};
  call_ = &call;
  send_request(call.xid, jute::OpCode::kAuth, packet);
  while (!call.result) pump(-1, INT64_MAX);
  call_ = nullptr;
  if (!*call.result) return std::unexpected(call.result->error());
  return {};
}

void ClientSession::wait_readable(int fd) {
  while (!pump(fd, INT64_MAX)) {
  }
}

void ClientSession::poll_events() {
  pump(-1, 0);
}

void ClientSession::close() {
  if (established()) call(jute::OpCode::kCloseSession, {});
  if (alive()) end(State::kClosed, "Closed");
}

void ClientSession::send(std::string_view payload) {
  wire::Writer out(out_);
  out.i32(static_cast<int32_t>(payload.size()));
  out.raw(payload);
  flush();
}

void ClientSession::send_request(int32_t xid, jute::OpCode type, std::string_view body) {
  std::string payload;
  wire::Writer out(payload);
  wire::write(out, wire::RequestHeader{Xid(xid), type});
  out.raw(body);
  send(payload);
}

void ClientSession::send_watches() {
  if (watches_.empty()) return;
  wire::SetWatchesRequest request;
  std::vector<std::string> kept;  // the server's names of the paths
  size_t count = 0;
  for (size_t kind = 0; kind < kWatchKinds; ++kind) {
    count += watches_.of(static_cast<WatchKind>(kind)).size();
  }
  kept.reserve(count);
  const auto names = [&](WatchKind kind) {
    std::vector<std::string_view> all;
    for (const std::string& path : watches_.of(kind)) {
      all.push_back(kept.emplace_back(server_path(path)));
    }
    return all;
  };
  request.relative_zxid = last_zxid_;
  request.data = names(WatchKind::kData);
  request.exist = names(WatchKind::kExist);
  request.child = names(WatchKind::kChild);
  request.persistent = names(WatchKind::kPersistent);
  request.recursive = names(WatchKind::kRecursive);
  // Servers before 3.6 know only the older request.
  const bool old = request.persistent.empty() && request.recursive.empty();
  const jute::OpCode type = old ? jute::OpCode::kSetWatches : jute::OpCode::kSetWatches2;
  std::string body;
  wire::Writer out(body);
  wire::write(out, request, type);
  send_request(wire::kSetWatchesXid.value, type, body);
}

// --- the turn ------------------------------------------------------------------------------------

bool ClientSession::pump(int fd, int64_t deadline_ns) {
  if (alive() && fd_ < 0 && monotonic_ns() >= next_attempt_ns_) start_connect();
  pollfd polled[2] = {{fd, POLLIN, 0}, {fd_, POLLIN, 0}};
  const bool connecting = fd_ >= 0 && !handshaking_ && !established();
  if (fd_ >= 0 && (connecting || !out_.empty())) polled[1].events = POLLIN | POLLOUT;
  const int64_t until_ns = std::min(deadline_ns, next_timer_ns());
  int wait_ms = -1;
  if (until_ns != INT64_MAX) {
    const int64_t left_ns = std::max<int64_t>(0, until_ns - monotonic_ns());
    wait_ms = static_cast<int>(std::min<int64_t>((left_ns + kMsNs - 1) / kMsNs, 60'000));
  }
  // An end of input is readable, too; a socket of -1 is ignored by poll.
  if (::poll(polled, 2, wait_ms) > 0) {
    if (fd_ >= 0 && (polled[1].revents & (POLLOUT | POLLERR | POLLHUP)) != 0) on_writable();
    if (fd_ >= 0 && (polled[1].revents & (POLLIN | POLLERR | POLLHUP)) != 0) on_readable();
  }
  run_timers();
  return (polled[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
}

int64_t ClientSession::next_timer_ns() const {
  if (!alive()) return INT64_MAX;
  if (fd_ < 0) return next_attempt_ns_;
  if (!established()) return attempt_deadline_ns_;
  const int64_t timeout_ns = timeout_ms_ * kMsNs;
  const int64_t ping_ns = last_sent_ns_ + std::min(timeout_ns / kTimeoutDivisorPing, kPingNsMax);
  return std::min(ping_ns, last_heard_ns_ + timeout_ns * 2 / 3);
}

void ClientSession::run_timers() {
  const int64_t now_ns = monotonic_ns();
  if (fd_ < 0 || now_ns < next_timer_ns()) return;
  if (!established()) {
    return disconnect("no answer from " + servers_[server_].text);
  }
  if (now_ns >= last_heard_ns_ + timeout_ms_ * kMsNs * 2 / 3) {
    return disconnect("nothing heard from " + servers_[server_].text);
  }
  send_request(wire::kPingXid.value, jute::OpCode::kPing, {});
}

void ClientSession::start_connect() {
  const load::ServerAddress& server = servers_[server_];
  const int64_t now_ns = monotonic_ns();
  attempt_deadline_ns_ =
      now_ns + timeout_ms_ * kMsNs / static_cast<int64_t>(std::max<size_t>(servers_.size(), 2));
  handshaking_ = false;
  in_ = wire::FrameCutter();
  out_.clear();
  fd_ = ::socket(server.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto* address = reinterpret_cast<const sockaddr*>(&server.address);
  if (fd_ < 0 || (::connect(fd_, address, server.length) != 0 && errno != EINPROGRESS)) {
    disconnect("cannot connect to " + server.text + ": " + std::strerror(errno));
  }
}

void ClientSession::on_writable() {
  if (handshaking_ || established()) return flush();
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) {
    return disconnect("cannot connect to " + servers_[server_].text + ": " + std::strerror(error));
  }
  handshaking_ = true;
  std::string payload;
  wire::Writer out(payload);
  wire::write(
      out, wire::ConnectRequest{0, last_zxid_, timeout_ms_, session_, password_, read_only_, true});
  send(payload);
}

void ClientSession::flush() {
  while (fd_ >= 0 && !out_.empty()) {
    const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) return disconnect(std::string("sending failed: ") + std::strerror(errno));
    out_.erase(0, static_cast<size_t>(sent));
    last_sent_ns_ = monotonic_ns();
  }
}

void ClientSession::on_readable() {
  char bytes[64 << 10];
  const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return disconnect(servers_[server_].text + " closed the connection");
  last_heard_ns_ = monotonic_ns();
  in_.feed({bytes, static_cast<size_t>(got)});
  const int fd = fd_;
  std::string_view payload;
  while (true) {
    const auto status = in_.next(payload, kFrameBytesMax);
    if (status == wire::FrameCutter::Status::kBadLength) return disconnect("a malformed frame");
    if (status == wire::FrameCutter::Status::kNeedMore) break;
    on_frame(payload);
    if (fd_ != fd) return;
  }
  in_.keep();
}

void ClientSession::on_frame(std::string_view payload) {
  if (!established()) return on_handshake(payload);
  wire::Reader in(payload);
  const wire::ReplyHeader header = wire::read_reply_header(in);
  if (!in.ok()) return disconnect("a malformed reply");
  if (header.zxid > last_zxid_) last_zxid_ = header.zxid;
  if (header.xid == wire::kEventXid) return on_event(in.rest());
  if (header.xid == wire::kPingXid || header.xid == wire::kSetWatchesXid) return;
  if (call_ != nullptr && header.xid.value == call_->xid) {
    if (header.error == ErrorCode::kOk)
      call_->result = std::string(in.rest());
    else
      call_->result = std::unexpected(header.error);
  } else if (header.xid != wire::kAuthXid) {
    return disconnect("a reply that was not asked for");
  }
  if (header.error == ErrorCode::kAuthFailed) end(State::kAuthFailed, "AuthFailed");
}

void ClientSession::on_handshake(std::string_view payload) {
  wire::Reader in(payload);
  const wire::ConnectResponse response = wire::read_connect_response(in);
  if (!in.ok()) return disconnect("a malformed answer to the handshake");
  if (response.timeout_ms <= 0) return end(State::kClosed, "Expired");
  timeout_ms_ = response.timeout_ms;
  session_ = response.session;
  password_ = response.password;
  state_ = response.read_only ? State::kConnectedReadOnly : State::kConnected;
  tell_state(response.read_only ? "ConnectedReadOnly" : "SyncConnected");
  for (const auto& [scheme, auth] : identities_) {
    std::string packet;
    wire::Writer out(packet);
    wire::write(out, wire::AuthPacket{0, scheme, auth});
    send_request(wire::kAuthXid.value, jute::OpCode::kAuth, packet);
  }
  send_watches();
}

void ClientSession::on_event(std::string_view body) {
  wire::Reader in(body);
  const wire::WatcherEvent event = wire::read_watcher_event(in);
  if (!in.ok()) return disconnect("a malformed watch event");
  const auto type = static_cast<WatchEventType>(event.type);
  const std::string path = client_path(event.path);
  if (watches_.fire(type, path)) tell(type, path);
}

void ClientSession::tell(WatchEventType type, std::string_view path) {
  if (on_event_) on_event_({"SyncConnected", type, std::string(path)});
}

void ClientSession::tell_state(const char* state) {
  if (on_event_) on_event_({state, WatchEventType::kNone, std::nullopt});
}

void ClientSession::disconnect(std::string why) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  handshaking_ = false;
  last_failure_ = std::move(why);
  const bool was_established = established();
  server_ = (server_ + 1) % servers_.size();
  if (!was_established) ++refusals_;
  // A broken connection is mended at once; a round in which all servers refused earns a rest.
  const bool rests = !was_established && server_ == 0;
  next_attempt_ns_ = monotonic_ns() + (rests ? kRetryNs : 0);
  if (call_ != nullptr && !call_->result)
    call_->result = std::unexpected(ErrorCode::kConnectionLoss);
  if (!was_established) return;
  state_ = State::kConnecting;
  tell_state("Disconnected");
}

void ClientSession::end(State state, const char* event_state) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  handshaking_ = false;
  state_ = state;
  if (call_ != nullptr && !call_->result) {
    call_->result = std::unexpected(ErrorCode::kSessionExpired);
  }
  tell_state(event_state);
}

}  // namespace zoetrope::app
