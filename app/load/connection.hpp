// One raw, non-blocking connection with one client session: handshake, framing, the order of
// replies, pings. Owns its socket and its unsent and unanswered requests; never blocks, never
// reconnects and never decides what to send.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/load/connect_string.hpp"
#include "app/load/pending_ring.hpp"
#include "app/load/send_buffer.hpp"
#include "core/base/error.hpp"
#include "core/jute/event.hpp"
#include "core/jute/opcode.hpp"

namespace zoetrope::load {

class Connection;

// A reply; the body is valid during the call only.
struct Reply {
  int64_t zxid = 0;
  ErrorCode error = ErrorCode::kOk;
  std::string_view body;
};

// What a workload hears of its connections. `now_ns` is the monotonic time of the wake-up.
class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  // The session is there; requests may be sent.
  virtual void on_ready(Connection& connection, int64_t now_ns) = 0;
  virtual void on_reply(Connection& connection, const Pending& pending, const Reply& reply,
                        int64_t now_ns) = 0;
  virtual void on_event(Connection&, jute::EventType, std::string_view /*path*/, int64_t) {}
  // A ping was answered.
  virtual void on_pong(Connection&, int64_t /*latency_ns*/) {}
  // The connection is closed, by the other side, by an error or after close_session().
  virtual void on_closed(Connection& connection, std::string_view why, int64_t now_ns) = 0;
};

class Connection {
 public:
  enum class State : uint8_t { kClosed, kConnecting, kHandshake, kReady, kClosing };

  // `index`: the workload's own number of this connection.
  Connection(ConnectionListener& listener, size_t index) : listener_(listener), index_(index) {}
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // --- for workloads ---
  size_t index() const { return index_; }
  State state() const { return state_; }
  bool ready() const { return state_ == State::kReady; }
  size_t outstanding() const { return pending_.size(); }
  int64_t session_id() const { return session_id_; }
  const ServerAddress& server() const { return *server_; }
  // Takes a request: returns room for its whole frame of `frame_bytes`, in which the length and the
  // xid are written already and the caller fills what follows from byte 8 on (type and body).
  char* append_request(size_t frame_bytes, Pending pending);
  // Copies a whole frame and gives it its xid.
  void append_request(std::string_view frame, Pending pending);
  // Asks the server to close the session; on_closed follows.
  void close_session();
  // The next ping is due `delay_ns` from now, so that a fleet's pings do not come all at once.
  void ping_after(int64_t delay_ns, int64_t now_ns) {
    last_sent_ns_ = now_ns + delay_ns - ping_interval_ns();
  }
  int64_t ping_interval_ns() const { return int64_t{session_timeout_ms_} * 1'000'000 / 3; }
  // The server has answered close_session(), without an error.
  bool closed_well() const { return closed_well_; }
  uint64_t pings() const { return pings_; }

  // --- for the reactor ---
  int fd() const { return fd_; }
  // Starts to connect; the error is a line.
  std::string start(const ServerAddress& server, int32_t session_timeout_ms);
  // Reads what is there into `scratch` and hands out whole frames. Returns false when the
  // connection is over; close_reason() says why.
  bool receive(std::string& scratch, int64_t now_ns);
  // Sends what waits. Returns false when the connection is over.
  bool flush(int64_t now_ns);
  bool wants_write() const { return state_ == State::kConnecting || !out_.empty(); }
  bool watches_write = false;  // what epoll was told
  // The socket became writable for the first time.
  bool finish_connect();
  void ping_if_idle(int64_t now_ns);
  void shut(std::string_view why);
  const std::string& close_reason() const { return close_reason_; }
  ConnectionListener& listener() { return listener_; }

 private:
  bool on_frame(std::string_view payload, int64_t now_ns);
  bool on_handshake(std::string_view payload, int64_t now_ns);
  bool fail(std::string why);

  ConnectionListener& listener_;
  size_t index_;
  const ServerAddress* server_ = nullptr;
  int fd_ = -1;
  State state_ = State::kClosed;
  bool closed_well_ = false;
  int32_t session_timeout_ms_ = 0;
  int32_t next_xid_ = 1;
  int32_t awaited_xid_ = 1;
  int64_t session_id_ = 0;
  int64_t last_sent_ns_ = 0;
  int64_t last_ping_ns_ = 0;
  uint64_t pings_ = 0;
  SendBuffer out_;
  PendingRing pending_;
  std::string partial_;  // an unfinished frame
  std::string close_reason_;
};

}  // namespace zoetrope::load
