#include "net/driver.hpp"

#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "core/base/assert.hpp"
#include "net/clock.hpp"

namespace zoetrope::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Key of the eventfd of the disk and read threads in the ready set; no connection has it.
constexpr uint64_t kDiskKey = 0;
// From this many events on the next round looks for more before it sleeps.
constexpr size_t kBusyEvents = 4;
// While sockets keep being ready Asio's own events (accepts, timers, signals) get a turn this
// often.
constexpr uint32_t kRoundsBetweenPolls = 8;
// Answers go out when this many effects have gathered, so that clients work on while we do.
constexpr size_t kEffectsAtOnce = 64;
// A tick that comes this late means that we were held up: what clients sent meanwhile is read
// first, so that no session expires whose ping has arrived.
constexpr Duration kLateTick = Duration::from_ms(50);
constexpr int kRoundsBeforeLateTick = 64;
constexpr std::chrono::seconds kClosingPeriod{1};
// An idle disk is given what has gathered after this much work; about half of what a sync takes.
constexpr Duration kWorkBeforeSync{100'000};

Endpoint local_endpoint_of(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return endpoint_of(address);
}

}  // namespace

Driver::Driver(DriverConfig config, LogLine log)
    : config_(std::move(config)),
      log_(std::move(log)),
      ports_{make_port(node::Port::kClient), make_port(node::Port::kQuorum),
             make_port(node::Port::kElection), make_port(node::Port::kObserverMaster)},
      dialer_(io_, config_.peer_keepalive, [this](uint64_t token) { dialled(token); }),
      disks_(config_.roots, config_.slow_sync),
      reads_(config_.roots, disks_.completion_fd()),
      connections_(config_.output_bytes_high),
      now_(read_clocks()) {
  ready_wait_.assign(ready_set_.fd());
  const bool is_watched = ready_set_.add(disks_.completion_fd(), kDiskKey);
  ZT_ASSERT(is_watched);
}

Driver::~Driver() {
  ready_wait_.release();
}

PortOptions Driver::options_of(node::Port port) const {
  if (port == node::Port::kClient) {
    return {
        "client port", {config_.listen.address}, config_.listen.backlog, config_.listen.keepalive};
  }
  PortOptions options;
  options.keepalive = config_.peer_keepalive;
  const PeerPorts peers = config_.peers.value_or(PeerPorts{});
  options.tries_max = peers.quorum_tries_max;
  if (port == node::Port::kQuorum) {
    options.name = "quorum port";
    options.addresses = peers.quorum;
  } else if (port == node::Port::kObserverMaster) {
    options.name = "observer master port";
    options.addresses = peers.observer_master;
  } else {
    options.name = "election port";
    options.addresses = peers.election;
    options.tries_max = peers.election_tries_max;
  }
  options.pause = peers.pause;
  return options;
}

ServerPort Driver::make_port(node::Port port) {
  return ServerPort(
      io_, options_of(port),
      [this, port](UniqueFd socket, const Endpoint& remote) {
        accept(port, std::move(socket), remote);
      },
      [this](const std::string& text) { log_(node::Severity::kWarning, text); });
}

std::expected<uint16_t, std::string> Driver::listen() {
  const auto client_port = port(node::Port::kClient).open_and_wait();
  if (!client_port || !config_.peers) return client_port;
  const auto election_port = port(node::Port::kElection).open_and_wait();
  if (!election_port) return election_port;
  const auto quorum_port = port(node::Port::kQuorum).check_and_wait();
  if (!quorum_port || config_.peers->observer_master.empty()) {
    return quorum_port ? client_port : quorum_port;
  }
  const auto observer_port = port(node::Port::kObserverMaster).check_and_wait();
  return observer_port ? client_port : observer_port;
}

void Driver::close_ports() {
  for (ServerPort& port : ports_) port.close();
}

void Driver::handle_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file may not grow: the operation fails, and says so
  signals_.emplace(io_, SIGTERM, SIGINT);
  wait_for_signal();
}

void Driver::wait_for_signal() {
  signals_->async_wait([this](const error_code& error, int number) {
    if (!error) on_signal(number);
  });
}

void Driver::on_signal(int number) {
  if (is_stopping_) std::_Exit(128 + number);
  is_stopping_ = true;
  wait_for_signal();
  close_ports();
  now_ = read_clocks();
  step(node::Shutdown{});
}

node::Halt Driver::run(Engine& engine, const std::function<void()>& ready) {
  engine_ = &engine;
  now_ = read_clocks();
  engine_->start(now_, effects_);
  has_stepped_ = true;
  finish_batch();
  if (!halt_) {
    for (ServerPort& port : ports_) port.start();
    ready();
  }
  while (!halt_) {
    wait_for_work();
    now_ = read_clocks();
    batch_begun_ = now_.monotonic;
    read_sockets();
    tick_when_due();
    finish_batch();
  }
  close_ports();
  dialer_.abandon_all();
  connections_.drop_all();
  return *halt_;
}

void Driver::wait_for_work() {
  const bool is_busy = !readable_.empty() || last_event_count_ >= kBusyEvents;
  if (is_busy && ++rounds_without_wait_ < kRoundsBetweenPolls) return;
  rounds_without_wait_ = 0;
  io_.restart();
  if (is_busy) {
    io_.poll();
    return;
  }
  arm_ready_wait();
  arm_deadline();
  io_.run_one();
}

void Driver::arm_ready_wait() {
  if (is_ready_wait_armed_) return;
  is_ready_wait_armed_ = true;
  ready_wait_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const error_code&) { is_ready_wait_armed_ = false; });
}

// The timer is set when the deadline is new or moved to an earlier time; when it moved to a later
// one the timer fires early, finds nothing due and is set again.
void Driver::arm_deadline() {
  const std::optional<MonotonicTime> deadline = engine_->next_deadline();
  if (!deadline || (armed_deadline_ && *armed_deadline_ <= *deadline)) return;
  armed_deadline_ = deadline;
  deadline_timer_.expires_at(
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline->ns)));
  deadline_timer_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) armed_deadline_.reset();
  });
}

void Driver::arm_closing_timer() {
  if (is_closing_timer_armed_) return;
  is_closing_timer_armed_ = true;
  closing_timer_.expires_after(kClosingPeriod);
  closing_timer_.async_wait([this](const error_code& cancelled) {
    is_closing_timer_armed_ = false;
    if (!cancelled && connections_.expire_closing(read_clocks().monotonic)) arm_closing_timer();
  });
}

void Driver::accept(node::Port port, UniqueFd socket, const Endpoint& remote) {
  const int fd = socket.get();
  const Endpoint local = local_endpoint_of(fd);
  const ConnectionId id = connections_.open(std::move(socket));
  if (!ready_set_.add(fd, id.value)) return connections_.reset(id);
  now_ = read_clocks();
  step(node::Opened{id, port, remote, local});
}

// The engine's last effects may abandon this very attempt, so they come first.
void Driver::dialled(uint64_t token) {
  if (!effects_.empty()) carry_out();
  std::optional<Dialer::Outcome> outcome = dialer_.take(token);
  if (!outcome) return;
  now_ = read_clocks();
  if (!outcome->socket.is_open()) return step(node::ConnectFailed{token, outcome->why});
  const int fd = outcome->socket.get();
  const ConnectionId id = connections_.open(std::move(outcome->socket));
  if (!ready_set_.add(fd, id.value)) {
    connections_.reset(id);
    return step(node::ConnectFailed{token, "cannot watch the new connection"});
  }
  step(node::Connected{token, id, outcome->remote, local_endpoint_of(fd)});
}

void Driver::read_sockets() {
  reading_.swap(readable_);
  for (const ConnectionId id : reading_) {
    read_connection(id, true);
    if (effects_.list().size() >= kEffectsAtOnce) carry_out();
  }
  reading_.clear();

  const auto events = ready_set_.poll();
  last_event_count_ = events.size();
  for (const epoll_event& event : events) {
    if (event.data.u64 == kDiskKey) {
      take_disk_completions();
    } else {
      on_socket_event(ConnectionId(event.data.u64), event.events);
    }
    if (effects_.list().size() >= kEffectsAtOnce) carry_out();
    keep_disk_busy();
  }
}

// While many clients write, the disk syncs what came first as the engine works on the rest.
void Driver::keep_disk_busy() {
  if (disks_.has_completions()) take_disk_completions();
  if (!has_stepped_ || !disks_.is_idle(storage::Lane::kLog)) return;
  now_ = read_clocks();
  if (now_.monotonic - batch_begun_ >= kWorkBeforeSync) finish_batch();
}

void Driver::on_socket_event(ConnectionId id, uint32_t events) {
  constexpr uint32_t kFailed = EPOLLERR | EPOLLHUP;
  if ((events & EPOLLOUT) != 0 && connections_.has_unsent(id)) {
    if (!connections_.writable(id)) return end_connection(id);
    report_backlog(id);
  }
  if (connections_.is_closing(id)) return connections_.discard_input(id);
  if ((events & kFailed) != 0 && connections_.is_paused(id)) return end_connection(id);
  if ((events & ~EPOLLOUT) != 0) read_connection(id, (events & (kFailed | EPOLLRDHUP)) != 0);
}

// Reads once, so that no connection starves the others. A short read has emptied the socket and
// more input raises a new event; but when `until_empty` the end may already stand behind it,
// unannounced.
void Driver::read_connection(ConnectionId id, bool until_empty) {
  if (!connections_.is_live(id) || connections_.is_paused(id)) return;
  const Connections::ReadResult result = connections_.read(id);
  switch (result.what) {
    case Connections::Read::kNothing: return;
    case Connections::Read::kEnd:
    case Connections::Read::kBroken: return end_connection(id);
    case Connections::Read::kBytes:
    case Connections::Read::kPartial:
      receive(id, result.bytes);
      if (until_empty || result.what == Connections::Read::kPartial) readable_.push_back(id);
  }
}

// The peer is gone. What the engine said before goes out first: a client that sends a four-letter
// word and shuts its half down at once still reads the answer.
void Driver::end_connection(ConnectionId id) {
  if (!effects_.empty()) carry_out();
  if (connections_.is_closing(id)) return connections_.discard_input(id);
  if (!connections_.is_live(id)) return;
  connections_.drop(id);
  step(node::Closed{id});
}

void Driver::take_disk_completions() {
  disks_.take_completions(completions_);
  for (DiskCompletion& completion : completions_) report_completion(completion);
  completions_.clear();
  reads_.take_completions(reads_done_);
  for (const ReadCompletion& read : reads_done_) {
    if (read.bytes) {
      step(node::FileRead{read.token, *read.bytes, std::nullopt});
    } else {
      step(node::FileRead{read.token, {}, read.bytes.error()});
    }
  }
  reads_done_.clear();
}

void Driver::tick_when_due() {
  std::optional<MonotonicTime> deadline = engine_->next_deadline();
  if (!deadline || *deadline > now_.monotonic) return;
  if (now_.monotonic - *deadline > kLateTick) {
    for (int i = 0; i < kRoundsBeforeLateTick && !halt_; ++i) {
      read_sockets();
      if (last_event_count_ == 0 && readable_.empty()) break;
    }
    deadline = engine_->next_deadline();
  }
  if (deadline && *deadline <= now_.monotonic) step(node::Tick{});
}

}  // namespace zoetrope::net
