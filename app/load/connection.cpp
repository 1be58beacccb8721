#include "app/load/connection.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::load {
namespace {

constexpr size_t kLengthBytes = 4;
constexpr size_t kReplyHeaderBytes = 16;
constexpr int32_t kEventXid = -1;
constexpr int32_t kPingXid = -2;
// The longest reply believed; a list of a million children has about 20 MB.
constexpr uint32_t kFrameBytesMax = 256u << 20;

int32_t next_of(int32_t xid) {
  return xid == std::numeric_limits<int32_t>::max() ? 1 : xid + 1;
}

int32_t load_i32(const char* at) {
  return static_cast<int32_t>(load_be32(at));
}
int64_t load_i64(const char* at) {
  return static_cast<int64_t>(load_be64(at));
}

// length, protocol version, last zxid seen, time-out, session id, password, read-only
constexpr size_t kConnectFrameBytes = kLengthBytes + 4 + 8 + 4 + 8 + 4 + 16 + 1;

std::string connect_frame(int32_t timeout_ms) {
  std::string frame(kConnectFrameBytes, '\0');
  store_be32(frame.data(), kConnectFrameBytes - kLengthBytes);
  store_be32(frame.data() + 16, static_cast<uint32_t>(timeout_ms));
  store_be32(frame.data() + 28, 16);
  return frame;
}

}  // namespace

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Connection::start(const ServerAddress& server, int32_t session_timeout_ms) {
  ZT_ASSERT(state_ == State::kClosed);
  server_ = &server;
  session_timeout_ms_ = session_timeout_ms;
  const int family = server.address.ss_family;
  fd_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return std::string("cannot make a socket: ") + std::strerror(errno);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const auto refused = [&] {
    const std::string why = "cannot connect to " + server.text + ": " + std::strerror(errno);
    shut(why);
    return why;
  };
  const auto* address = reinterpret_cast<const sockaddr*>(&server.address);
  if (::connect(fd_, address, server.length) != 0 && errno != EINPROGRESS) return refused();
  state_ = State::kConnecting;
  next_xid_ = awaited_xid_ = 1;
  session_id_ = 0;
  closed_well_ = false;
  out_.append(connect_frame(session_timeout_ms_));
  // On one machine the connection stands by now, and sending at once saves a round of the reactor.
  const std::string_view frame = out_.waiting();
  const ssize_t sent = ::send(fd_, frame.data(), frame.size(), MSG_NOSIGNAL);
  if (sent > 0) {
    out_.consume(static_cast<size_t>(sent));
    state_ = State::kHandshake;
  } else if (errno != EAGAIN && errno != ENOTCONN) {
    return refused();
  }
  return {};
}

bool Connection::finish_connect() {
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return fail("cannot connect to " + server_->text + ": " + std::strerror(error));
  state_ = State::kHandshake;
  return true;
}

char* Connection::append_request(size_t frame_bytes, Pending pending) {
  char* frame = out_.extend(frame_bytes);
  store_be32(frame, static_cast<uint32_t>(frame_bytes - kLengthBytes));
  store_be32(frame + kLengthBytes, static_cast<uint32_t>(next_xid_));
  next_xid_ = next_of(next_xid_);
  pending_.push(pending);
  return frame;
}

void Connection::append_request(std::string_view frame, Pending pending) {
  char* at = append_request(frame.size(), pending);
  std::memcpy(at + 8, frame.data() + 8, frame.size() - 8);
}

void Connection::close_session() {
  if (state_ != State::kReady) return;
  char* frame = append_request(12, Pending{});
  store_be32(frame + 8, static_cast<uint32_t>(jute::OpCode::kCloseSession));
  state_ = State::kClosing;
}

void Connection::ping_if_idle(int64_t now_ns) {
  if (state_ != State::kReady) return;
  if (now_ns - last_sent_ns_ < ping_interval_ns()) return;
  char* frame = out_.extend(12);
  store_be32(frame, 8);
  store_be32(frame + 4, static_cast<uint32_t>(kPingXid));
  store_be32(frame + 8, static_cast<uint32_t>(jute::OpCode::kPing));
  last_ping_ns_ = now_ns;
  ++pings_;
}

bool Connection::flush(int64_t now_ns) {
  while (!out_.empty()) {
    const std::string_view bytes = out_.waiting();
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return true;
      return fail(std::string("sending failed: ") + std::strerror(errno));
    }
    last_sent_ns_ = now_ns;
    out_.consume(static_cast<size_t>(sent));
    if (static_cast<size_t>(sent) < bytes.size()) return true;
  }
  return true;
}

bool Connection::receive(std::string& scratch, int64_t now_ns) {
  const size_t kept = partial_.size();
  if (scratch.size() < kept + (size_t{64} << 10)) scratch.resize(2 * kept + (size_t{256} << 10));
  std::memcpy(scratch.data(), partial_.data(), kept);
  const ssize_t got = ::recv(fd_, scratch.data() + kept, scratch.size() - kept, 0);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return true;
    return fail(std::string("receiving failed: ") + std::strerror(errno));
  }
  if (got == 0) {
    return fail(state_ == State::kClosing ? "session closed" : "the server closed the connection");
  }
  std::string_view bytes(scratch.data(), kept + static_cast<size_t>(got));
  while (bytes.size() >= kLengthBytes) {
    const uint32_t length = load_be32(bytes.data());
    if (length > kFrameBytesMax) return fail("a frame of unreasonable length arrived");
    if (bytes.size() < kLengthBytes + length) break;
    if (!on_frame(bytes.substr(kLengthBytes, length), now_ns)) return false;
    if (fd_ < 0) return true;  // dropped by its own listener
    bytes.remove_prefix(kLengthBytes + length);
  }
  partial_.assign(bytes);
  return true;
}

bool Connection::on_frame(std::string_view payload, int64_t now_ns) {
  if (state_ == State::kHandshake) return on_handshake(payload, now_ns);
  if (payload.size() < kReplyHeaderBytes) return fail("a reply without a whole header arrived");
  const int32_t xid = load_i32(payload.data());
  const std::string_view body = payload.substr(kReplyHeaderBytes);
  if (xid == kPingXid) {
    listener_.on_pong(*this, now_ns - last_ping_ns_);
    return true;
  }
  if (xid == kEventXid) {
    // WatcherEvent: type, state, path.
    if (body.size() < 12 || body.size() != 12 + size_t{load_be32(body.data() + 8)}) {
      return fail("a malformed watch event arrived");
    }
    listener_.on_event(*this, static_cast<jute::EventType>(load_i32(body.data())), body.substr(12),
                       now_ns);
    return true;
  }
  if (pending_.empty() || xid != awaited_xid_) {
    return fail("a reply with xid " + std::to_string(xid) + " arrived where " +
                (pending_.empty() ? "none" : std::to_string(awaited_xid_)) + " was due");
  }
  awaited_xid_ = next_of(awaited_xid_);
  const Pending pending = pending_.pop();
  const Reply reply{load_i64(payload.data() + 4),
                    static_cast<ErrorCode>(load_i32(payload.data() + 12)), body};
  if (state_ == State::kClosing && pending_.empty()) {  // the answer to closeSession
    closed_well_ = reply.error == ErrorCode::kOk && body.empty();
    return fail("session closed");
  }
  listener_.on_reply(*this, pending, reply, now_ns);
  return true;
}

bool Connection::on_handshake(std::string_view payload, int64_t now_ns) {
  if (payload.size() < 16) return fail("a malformed answer to the handshake arrived");
  const int32_t timeout_ms = load_i32(payload.data() + 4);
  session_id_ = load_i64(payload.data() + 8);
  if (session_id_ == 0 || timeout_ms <= 0) return fail("the server refused the session");
  session_timeout_ms_ = timeout_ms;
  state_ = State::kReady;
  last_sent_ns_ = now_ns;
  listener_.on_ready(*this, now_ns);
  return true;
}

void Connection::shut(std::string_view why) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  state_ = State::kClosed;
  watches_write = false;
  close_reason_ = why;
  out_.reset();
  pending_.clear();
  partial_.clear();
}

bool Connection::fail(std::string why) {
  close_reason_ = std::move(why);
  return false;
}

}  // namespace zoetrope::load
