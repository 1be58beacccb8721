// A driver with a scripted engine on a loopback socket, for tests: the engine's behaviour is a
// function of each input, what it saw can be waited for, and real client sockets talk to it.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "net/driver.hpp"
#include "tests/unit/net/temp_dir.hpp"

namespace zoetrope::net {

// Does what `behaviour` says; without one it echoes. "halt" as input, or Shutdown, halts it.
class ScriptedEngine : public Engine {
 public:
  using Behaviour = std::function<void(Now now, const node::Input& input, node::Effects& out)>;

  Behaviour behaviour;
  std::optional<MonotonicTime> deadline;  // changed by `behaviour` only
  std::function<void(Now now, node::Effects& out)> on_start;

  void start(Now now, node::Effects& out) override {
    if (on_start) on_start(now, out);
  }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    note(input);
    const auto* received = std::get_if<node::Received>(&input);
    if (std::holds_alternative<node::Shutdown>(input) ||
        (received != nullptr && received->bytes == "halt")) {
      out.add(node::Halt{true, "told to"});
    } else if (behaviour) {
      behaviour(now, input, out);
    } else if (received != nullptr) {
      out.send(received->connection, received->bytes);
    }
  }
  std::optional<MonotonicTime> next_deadline() const override { return deadline; }

  // What was seen so far, safe from any thread.
  struct Seen {
    size_t opened = 0, closed = 0, batch_ends = 0, ticks = 0, disk_done = 0, disk_errors = 0;
    uint32_t slot_max = 0;
    bool input_since_batch_end = false;
    std::map<ConnectionId, std::string> bytes;
    std::vector<uint64_t> backlogs;
    std::vector<std::string> errors;
    std::vector<ConnectionId> connections;
    std::vector<Endpoint> remotes;
    std::map<ConnectionId, node::Port> ports;       // of those that were opened
    std::map<uint64_t, ConnectionId> connected;     // by token
    std::map<uint64_t, std::string> not_connected;  // by token: why
    std::vector<Zxid> reloaded;
    uint64_t received_bytes = 0;
  };
  // Waits until `condition` holds (at most 30 s) and returns what was seen then.
  Seen wait_until(const std::function<bool(const Seen&)>& condition) {
    std::unique_lock lock(mutex_);
    const bool held =
        changed_.wait_for(lock, std::chrono::seconds(30), [&] { return condition(seen_); });
    EXPECT_TRUE(held) << "the engine did not see what the test waits for";
    return seen_;
  }
  Seen seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  bool keep_bytes = true;

 private:
  void note(const node::Input& input) {
    {
      const std::lock_guard lock(mutex_);
      seen_.input_since_batch_end = !std::holds_alternative<node::BatchEnd>(input);
      if (const auto* opened = std::get_if<node::Opened>(&input)) {
        ++seen_.opened;
        seen_.slot_max = std::max(seen_.slot_max, opened->connection.slot());
        if (keep_bytes) {
          seen_.connections.push_back(opened->connection);
          seen_.remotes.push_back(opened->remote);
          seen_.ports[opened->connection] = opened->port;
        }
      } else if (const auto* connected = std::get_if<node::Connected>(&input)) {
        seen_.connected[connected->token] = connected->connection;
        seen_.remotes.push_back(connected->remote);
      } else if (const auto* failed = std::get_if<node::ConnectFailed>(&input)) {
        seen_.not_connected[failed->token] = failed->why;
      } else if (const auto* reloaded = std::get_if<node::Reloaded>(&input)) {
        seen_.reloaded.push_back(reloaded->state->last_zxid);
      } else if (const auto* received = std::get_if<node::Received>(&input)) {
        seen_.received_bytes += received->bytes.size();
        if (keep_bytes) seen_.bytes[received->connection].append(received->bytes);
      } else if (std::holds_alternative<node::Closed>(input)) {
        ++seen_.closed;
      } else if (const auto* backlog = std::get_if<node::Backlog>(&input)) {
        seen_.backlogs.push_back(backlog->unsent_bytes);
      } else if (const auto* done = std::get_if<node::DiskDone>(&input)) {
        ++seen_.disk_done;
        if (done->error) {
          ++seen_.disk_errors;
          seen_.errors.push_back(done->error->message);
        }
      } else if (std::holds_alternative<node::Tick>(input)) {
        ++seen_.ticks;
      } else if (std::holds_alternative<node::BatchEnd>(input)) {
        ++seen_.batch_ends;
      }
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  Seen seen_;
};

// A blocking client socket.
class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer_bytes = 0) {
    fd_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer_bytes != 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                   sizeof receive_buffer_bytes);
    }
    const timeval limit{30, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ =
        ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  bool is_connected() const { return is_connected_; }
  int fd() const { return fd_.get(); }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0) << strerror(errno);
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  // As much as the kernel takes without waiting.
  size_t send_some(std::string_view bytes) {
    const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<size_t>(n) : 0;
  }
  // Exactly `size` bytes, or fewer when the connection ends first.
  std::string receive(size_t size) {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      const ssize_t n = ::recv(fd_.get(), bytes.data() + done, size - done, 0);
      last_error_ = n < 0 ? errno : 0;
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    bytes.resize(done);
    return bytes;
  }
  std::string receive_all() {
    std::string bytes;
    while (true) {
      const std::string part = receive(65536);
      bytes += part;
      if (part.size() < 65536) return bytes;
    }
  }
  // errno of the last receive; 0 when it ended by an orderly close.
  int last_error() const { return last_error_; }
  void shut_down_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    fd_.reset();
  }

 private:
  UniqueFd fd_;
  bool is_connected_ = false;
  int last_error_ = 0;
};

// The driver in a thread of its own; ends when the engine halts, which the destructor sees to.
class World {
 public:
  explicit World(ScriptedEngine::Behaviour behaviour = nullptr,
                 uint64_t output_bytes_high = 4 << 20) {
    engine.behaviour = std::move(behaviour);
    output_bytes_high_ = output_bytes_high;
  }
  ~World() { stop(); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  World& start() {
    DriverConfig config;
    config.listen.address = {"127.0.0.1", 0};
    config.roots = {dir.path(), dir.path()};
    config.output_bytes_high = output_bytes_high_;
    config.peers = peers;
    driver_ = std::make_unique<Driver>(config, [this](node::Severity, std::string_view text) {
      if (on_log) on_log(text);
      const std::lock_guard lock(mutex_);
      log_.emplace_back(text);
    });
    const auto port_or_error = driver_->listen();
    EXPECT_TRUE(port_or_error.has_value()) << port_or_error.error();
    port = port_or_error.value_or(0);
    quorum_port = driver_->number_of(node::Port::kQuorum);
    election_port = driver_->number_of(node::Port::kElection);
    thread_ = std::thread([this] { halt = driver_->run(engine, [] {}); });
    return *this;
  }
  // Ends the driver and waits for it.
  void stop() {
    if (!thread_.joinable()) return;
    Client(port).send("halt");
    thread_.join();
  }
  // Waits for a driver whose engine halts by itself.
  void join() { thread_.join(); }
  std::vector<std::string> log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  TempDir dir;
  ScriptedEngine engine;
  std::optional<PeerPorts> peers;  // to be set before start()
  std::function<void(std::string_view)> on_log;
  uint16_t port = 0, quorum_port = 0, election_port = 0;
  node::Halt halt;

 private:
  uint64_t output_bytes_high_ = 0;
  std::unique_ptr<Driver> driver_;
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::string> log_;
};

}  // namespace zoetrope::net
