// A blocking client session: one connection to one of several servers, kept alive by pings while
// its owner waits for something else, moved to the next server when it breaks, with the same
// session, its identities and its watches. Owns the socket; uses no thread; never repeats a request
// whose outcome is unknown. (Upstream: ClientCnxn.)
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/client_watches.hpp"
#include "app/load/connect_string.hpp"
#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/opcode.hpp"
#include "core/wire/frame.hpp"

namespace zoetrope::app {

// What a watcher is told; `path` is missing in changes of the connection's state.
struct WatchedEvent {
  std::string state;  // upstream spelling, such as "SyncConnected"
  WatchEventType type = WatchEventType::kNone;
  std::optional<std::string> path;
  // As zkCli prints it.
  std::string to_string() const;
};

class ClientSession {
 public:
  enum class State : uint8_t { kConnecting, kConnected, kConnectedReadOnly, kClosed, kAuthFailed };
  using OnEvent = std::function<void(const WatchedEvent&)>;

  // `servers` is not empty. `timeout_ms` is asked for; the server has the last word.
  ClientSession(std::vector<load::ServerAddress> servers, std::string chroot, int32_t timeout_ms,
                bool read_only, OnEvent on_event);
  ~ClientSession();
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // Waits until the session is established or every server has refused once, at most the session
  // time-out. The error says why the last one refused.
  std::expected<void, std::string> connect();
  // Sends one request and waits for its reply: the body, or the error. kConnectionLoss when the
  // connection broke meanwhile, or cannot be made; kSessionExpired when the session is over.
  std::expected<std::string, ErrorCode> call(jute::OpCode type, std::string_view body);
  // States an identity, now and after each reconnect.
  std::expected<void, ErrorCode> add_auth(std::string_view scheme, jute::BufferView auth);
  // Returns when `fd` can be read; keeps the session alive meanwhile.
  void wait_readable(int fd);
  // Handles what has arrived, without waiting.
  void poll_events();
  // Closes the session; its ephemerals go.
  void close();

  State state() const { return state_; }
  // Upstream spelling, such as "CONNECTED".
  std::string_view state_name() const;
  bool alive() const { return state_ != State::kClosed && state_ != State::kAuthFailed; }
  SessionId id() const { return session_; }
  int32_t timeout_ms() const { return timeout_ms_; }
  ClientWatches& watches() { return watches_; }
  // Tells the owner of an event, as if a server had sent it.
  void tell(WatchEventType type, std::string_view path);

  // The path that the server knows a client's path by, and back.
  std::string server_path(std::string_view path) const;
  std::string client_path(std::string_view path) const;

 private:
  bool established() const {
    return state_ == State::kConnected || state_ == State::kConnectedReadOnly;
  }
  // One turn: waits for the socket, for `fd` (if not negative) or for the next timer, at most until
  // `deadline_ns`. True when `fd` can be read.
  bool pump(int fd, int64_t deadline_ns);
  int64_t next_timer_ns() const;
  void run_timers();
  void start_connect();
  void on_writable();
  void on_readable();
  void on_frame(std::string_view payload);
  void on_handshake(std::string_view payload);
  void on_event(std::string_view body);
  void disconnect(std::string why);
  void end(State state, const char* event_state);
  void tell_state(const char* state);
  void send(std::string_view payload);
  void send_request(int32_t xid, jute::OpCode type, std::string_view body);
  void send_watches();
  void flush();

  const std::vector<load::ServerAddress> servers_;
  const std::string chroot_;
  const bool read_only_;
  const OnEvent on_event_;

  State state_ = State::kConnecting;
  int fd_ = -1;
  bool handshaking_ = false;  // the connect request is sent
  size_t server_ = 0;         // the one in use or tried next
  uint64_t refusals_ = 0;     // connections that failed before they were established
  int64_t next_attempt_ns_ = 0;
  int64_t attempt_deadline_ns_ = 0;
  std::string last_failure_;

  int32_t timeout_ms_;
  SessionId session_;
  std::string password_ = std::string(16, '\0');
  Zxid last_zxid_;
  int64_t last_sent_ns_ = 0;
  int64_t last_heard_ns_ = 0;

  std::string out_;
  wire::FrameCutter in_;
  int32_t next_xid_ = 1;
  struct Call {
    int32_t xid;
    std::optional<std::expected<std::string, ErrorCode>> result;
  };
  Call* call_ = nullptr;  // the one that waits, on the stack of call() or add_auth()
  std::vector<std::pair<std::string, std::optional<std::string>>> identities_;
  ClientWatches watches_;
};

}  // namespace zoetrope::app
