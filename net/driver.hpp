// Runs one engine on real sockets, the real disk and the machine's clocks: turns what happens into
// inputs and carries the effects out. Owns the event loop, the connections and the disk threads;
// contains no protocol logic. One thread does everything but disk operations.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/node/effects.hpp"
#include "core/node/input.hpp"
#include "core/storage/recovery.hpp"
#include "net/connections.hpp"
#include "net/dialer.hpp"
#include "net/disk_threads.hpp"
#include "net/engine.hpp"
#include "net/inline_sync.hpp"
#include "net/read_thread.hpp"
#include "net/ready_set.hpp"
#include "net/server_port.hpp"

namespace zoetrope::net {

struct DriverConfig {
  ListenOptions listen;  // for clients
  std::optional<PeerPorts> peers;
  bool peer_keepalive = false;  // of all connections between servers
  DiskRoots roots;
  storage::RecoveryOptions recovery;     // for a Reload, as at start
  uint64_t output_bytes_high = 4 << 20;  // Config::output_bytes_high of the engine
  Duration slow_sync = Duration::from_ms(1000);
};

class Driver {
 public:
  using LogLine = std::function<void(node::Severity severity, std::string_view text)>;

  Driver(DriverConfig config, LogLine log);
  ~Driver();

  // Opens the client port and the election port and makes sure that nobody else has the quorum
  // port, so that a taken port is known before recovery is paid for. Returns the client port.
  std::expected<uint16_t, std::string> listen();
  // SIGTERM and SIGINT from now on mean an orderly stop; a second one ends the process at once.
  // SIGPIPE and SIGXFSZ are ignored.
  void handle_signals();
  // Starts the engine and runs it until it halts. `ready` is called when clients are accepted.
  node::Halt run(Engine& engine, const std::function<void()>& ready);

  // Known from listen() on; 0 where there is no such port.
  uint16_t number_of(node::Port which) const { return ports_[static_cast<size_t>(which)].number(); }
  size_t connection_count() const { return connections_.size(); }

 private:
  // --- what happens (driver.cpp) --------------------------------------------------------------
  void wait_for_work();
  void arm_ready_wait();
  void arm_deadline();
  void arm_closing_timer();
  void wait_for_signal();
  void on_signal(int number);
  PortOptions options_of(node::Port port) const;
  ServerPort& port(node::Port port) { return ports_[static_cast<size_t>(port)]; }
  ServerPort make_port(node::Port port);
  void close_ports();
  void accept(node::Port port, UniqueFd socket, const Endpoint& remote);
  void dialled(uint64_t token);
  void read_sockets();
  void keep_disk_busy();
  void on_socket_event(ConnectionId id, uint32_t events);
  void read_connection(ConnectionId id, bool until_empty);
  void end_connection(ConnectionId id);
  void take_disk_completions();
  void tick_when_due();

  // --- engine and effects (driver_effects.cpp) ------------------------------------------------
  void step(const node::Input& input);
  void receive(ConnectionId id, std::string_view bytes);
  void finish_batch();
  void carry_out();
  void sort_out(node::Effect& effect);
  void set_listening(const node::Listen& listen);
  void move_port(const node::Rebind& rebind);
  void close_connections();
  void reload();
  bool may_do_now(const std::vector<storage::DiskOp>& ops) const;
  void do_now(std::vector<storage::DiskOp>& ops);
  void report_completion(DiskCompletion& completion);
  void report_backlog(ConnectionId id);
  void report_what_followed();

  DriverConfig config_;
  LogLine log_;
  Engine* engine_ = nullptr;

  boost::asio::io_context io_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE};
  std::array<ServerPort, 4> ports_;  // by node::Port; without addresses where there is none
  Dialer dialer_;
  std::optional<boost::asio::signal_set> signals_;
  boost::asio::steady_timer deadline_timer_{io_};
  boost::asio::steady_timer closing_timer_{io_};
  ReadySet ready_set_;
  boost::asio::posix::stream_descriptor ready_wait_{io_};
  DiskThreads disks_;
  ReadThread reads_;
  Connections connections_;
  InlineSync inline_sync_;

  Now now_;
  node::Effects effects_;
  std::optional<node::Halt> halt_;
  bool has_stepped_ = false;  // an input came since the last BatchEnd
  MonotonicTime batch_begun_;
  std::optional<MonotonicTime> armed_deadline_;
  bool is_ready_wait_armed_ = false;
  bool is_closing_timer_armed_ = false;
  bool is_stopping_ = false;
  size_t last_event_count_ = 0;
  uint32_t rounds_without_wait_ = 0;

  // Sockets that may hold more input, for this round and for the next.
  std::vector<ConnectionId> reading_, readable_;
  // What carrying out the effects of one moment collects.
  std::vector<node::Close> closes_;
  std::vector<storage::DiskOp> disk_ops_;
  std::vector<DiskCompletion> completions_;
  std::vector<ReadCompletion> reads_done_;
  std::vector<ConnectionId> broken_, unsent_;
  std::vector<node::AskBacklog> backlog_asks_;
  bool wants_host_facts_ = false;
  std::optional<node::Reload> reload_;
};

}  // namespace zoetrope::net
