// Simulated TCP: connections between hosts as two byte streams with latency, cuts at any byte,
// bounded windows, closing and resets, half-open ends after a power loss, and directions between
// two hosts in which nothing passes for a while. Owns every connection and all bytes under way; it
// never calls anybody: handle() says what the world has to deliver.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.hpp"
#include "core/node/input.hpp"
#include "sim/choices.hpp"
#include "sim/event_queue.hpp"
#include "sim/latency.hpp"
#include "sim/link_conditions.hpp"

namespace zoetrope::sim {

// A machine or a client: whatever has an address.
struct HostId : StrongId<struct HostIdTag, uint32_t> {
  using StrongId::StrongId;
};

// The two ends of a connection.
enum class Side : uint8_t { kOpener = 0, kAcceptor = 1 };
constexpr Side other(Side side) {
  return side == Side::kOpener ? Side::kAcceptor : Side::kOpener;
}

struct NetworkConfig {
  Latency latency;
  uint64_t cut_one_in = 8;           // a segment is cut at a random byte; 0: never
  uint64_t window_bytes = 64 << 10;  // sent and not yet read by the receiver
  uint64_t late_pause_one_in = 4;    // a paused reader still delivers one more piece
};

// How those who connect to a port are not served as usual.
struct ConnectFault {
  enum class Kind : uint8_t {
    kRefused,
    kSlow,         // answered after `delay`
    kIgnored,      // not answered; the opener's kernel asks again after 1, 2, 4 ... seconds
    kNotAccepted,  // the kernel answers, and the process accepts when the fault is over
  };
  Kind kind = Kind::kRefused;
  Duration delay;
};

// What the world has to tell to the owner of one end.
struct Delivery {
  enum class Kind : uint8_t {
    kAccepted,   // to the acceptor: a connection was opened
    kConnected,  // to the opener: it was accepted
    kRefused,    // to the opener: nobody listens there; the connection is gone
    kBytes,
    kClosed,  // the peer closed or reset; the connection is gone
  };
  Kind kind = Kind::kBytes;
  HostId host;
  ConnectionId connection;
  Side side = Side::kOpener;
  node::Port port = node::Port::kClient;
  HostId peer;
  std::string_view bytes;  // valid until release()
};

class Network {
 public:
  // `choices` outlives the network.
  Network(NetworkConfig config, EventQueue& queue, Choices& choices);

  // `name` is that of its choices.
  HostId add_host(std::string name);
  void listen(HostId host, node::Port port) { listeners_.insert({host, port}); }
  void stop_listening(HostId host, node::Port port) { listeners_.erase({host, port}); }
  void stop_listening(HostId host) {
    std::erase_if(listeners_, [&](const auto& entry) { return entry.first == host; });
  }

  // --- what the owner of an end does -------------------------------------------------------------
  ConnectionId connect(HostId from, HostId to, node::Port port);
  void send(ConnectionId connection, Side side, std::string_view bytes);
  // What was given to send() and does not yet fit into the window, in bytes.
  uint64_t unsent(ConnectionId connection, Side side) const;
  // The owner hears nothing more of the connection. What was sent goes out first, or nothing does.
  void close(ConnectionId connection, Side side);
  void reset(ConnectionId connection, Side side);
  // Of a connection that an owner of an end knows.
  bool exists(ConnectionId connection) const { return find(connection) != nullptr; }
  node::Port port(ConnectionId connection) const { return find(connection)->port; }
  HostId host(ConnectionId connection, Side side) const {
    return find(connection)->hosts[static_cast<size_t>(side)];
  }
  void pause_reading(ConnectionId connection, Side side);
  void resume_reading(ConnectionId connection, Side side);

  // --- what the world does -----------------------------------------------------------------------
  // Carries out a network event. After kBytes the world calls release() when the owner has read.
  std::optional<Delivery> handle(const Event& event);
  void release(const Delivery& delivery);
  // In place of release(): the owner does not read now. What arrived stays where it is.
  void put_back(const Delivery& delivery);
  // Arrived for that end and not yet read, in bytes.
  uint64_t readable(ConnectionId connection, Side side) const;
  // At most that many of those bytes; release() has to follow.
  std::optional<Delivery> read_again(ConnectionId connection, Side side, uint64_t bytes_max);
  // Ends whose unsent bytes became fewer since the last call.
  struct Drained {
    ConnectionId connection;
    Side side = Side::kOpener;
    HostId host;
  };
  std::vector<Drained> take_drained() { return std::move(drained_); }

  // --- faults ------------------------------------------------------------------------------------
  // The host's process died: its kernel closes or resets its connections.
  void process_died(HostId host);
  // The host lost power: its ends are gone and nobody is told.
  void power_lost(HostId host);
  // The host has power again: what still arrives for its old connections is answered by resets.
  void power_returned(HostId host);
  // That end is gone and its owner told so; the other one learns of it when it sends.
  void forget(ConnectionId connection, Side side);
  // Both ends are told of a reset.
  void break_connection(ConnectionId connection);
  // Nothing from `from` reaches `to` before `until`; what was sent arrives then.
  void hold(HostId from, HostId to, MonotonicTime until);
  // Nothing that is sent from `from` to `to` passes until heal() was called as often: it is sent
  // again then, in order; only resets are lost, until the sender asks for them again. With a
  // `give_up` above 0 a sender whose bytes have waited that long is told that its connection is
  // broken, and the other end hears nothing.
  void cut(HostId from, HostId to, Duration give_up);
  void heal(HostId from, HostId to);
  // What passing in that direction is like from now on. `number` is of the caller's choice and
  // names an impairment until it is repaired; routes without a value are like everywhere.
  void impair(HostId from, HostId to, uint64_t number, const Impairment& impairment);
  void repair(HostId from, HostId to, uint64_t number);
  void set_route(HostId from, HostId to, std::optional<Route> route);
  // Until end_connect_fault(); of several the newest counts. nullopt: all ports.
  void begin_connect_fault(HostId host, std::optional<node::Port> port, uint64_t number,
                           ConnectFault fault);
  void end_connect_fault(uint64_t number);
  bool is_cut(HostId from, HostId to) const { return !cuts_.empty() && cuts_.contains({from, to}); }
  // Changes the latency of everything sent from now on.
  void set_latency(Latency latency) { config_.latency = latency; }

  // Connections with an open end at `host`, ascending by slot.
  std::vector<ConnectionId> connections_of(HostId host) const;
  // Which end of a connection between the two is that of `host`; nullopt: it is none of theirs.
  std::optional<Side> side_of(ConnectionId connection, HostId host, HostId peer) const;
  uint64_t deliveries() const { return deliveries_; }
  size_t connection_count() const { return live_count_; }

 private:
  // Bytes in one direction: [head, arrived) wait to be read, [arrived, sent) are under way, the
  // rest does not fit into the window yet. What is stuck is under way and waits for a cut to end.
  struct Stuck {
    EventKind kind = EventKind::kSegmentArrives;
    uint64_t detail = 0;
  };
  struct Flow {
    std::string bytes;
    size_t head = 0, arrived = 0, sent = 0;
    MonotonicTime last_arrival;
    bool paused = false;
    bool pause_is_late = false;
    bool end_wanted = false, end_sent = false, end_arrived = false;
    bool being_read = false;
    std::deque<Stuck> stuck;
    MonotonicTime stuck_since;
  };
  struct Cut {
    uint64_t times = 0;
    Duration give_up;
  };
  enum class End : uint8_t { kUnborn, kOpen, kGone, kDead };
  // What is chosen for whatever passes from one host to another.
  struct Direction {
    Site* delay = nullptr;
    Site* cut = nullptr;                         // of a stream of bytes into segments
    Site* late_pause = nullptr;                  // of the receiver
    std::unique_ptr<LinkConditions> conditions;  // none: the usual ones
  };
  struct ActiveConnectFault {
    HostId host;
    std::optional<node::Port> port;
    uint64_t number = 0;
    ConnectFault fault;
  };
  struct Host {
    std::string name;
    bool powered = true;
    Site* death = nullptr;  // how its kernel ends the connections of a process that died
  };
  struct Connection {
    uint32_t generation = 0;
    bool live = false;
    HostId hosts[2];
    Direction* directions[2] = {nullptr, nullptr};  // by the side that sends
    End ends[2] = {End::kUnborn, End::kUnborn};
    Flow flows[2];  // by the side that sends
    node::Port port = node::Port::kClient;
    bool is_unaccepted = false;  // by the process; its kernel has accepted
  };

  Direction& direction(HostId from, HostId to);
  Connection* find(ConnectionId id);
  const Connection* find(ConnectionId id) const;
  ConnectionId id_of(uint32_t slot) const {
    return ConnectionId::make(slot, connections_[slot].generation);
  }
  void pump(ConnectionId id, Connection& connection, Side sender);
  MonotonicTime arrival(const Connection& connection, Side sender, Flow& flow);
  MonotonicTime no_earlier(const Connection& connection, Side sender, Flow& flow,
                           MonotonicTime at) const;
  // The same where conditions are not the usual ones; nullopt: it does not arrive, and is stuck.
  std::optional<MonotonicTime> unusual_arrival(EventKind kind, ConnectionId id,
                                               Connection& connection, Side sender,
                                               uint64_t detail);
  void plan(EventKind kind, ConnectionId id, Side told, MonotonicTime at, uint64_t detail = 0);
  void transmit(EventKind kind, ConnectionId id, Connection& connection, Side sender,
                uint64_t detail = 0);
  const Cut* cut_of(const Connection& connection, Side sender) const;
  void stick(EventKind kind, ConnectionId id, Connection& connection, Side sender, uint64_t detail,
             const Cut& cut);
  void unstick(ConnectionId id, Connection& connection, Side sender);
  std::optional<Delivery> give_up(ConnectionId id, Connection& connection, Side sender,
                                  uint64_t since);
  void plan_reset(ConnectionId id, Connection& connection, Side told);
  void reset_again(ConnectionId id, Connection& connection, Side gone);
  void end_gone(ConnectionId id, Connection& connection, Side side);
  void free_if_over(ConnectionId id, Connection& connection);

  LinkConditions& conditions(HostId from, HostId to);
  void drop_usual(HostId from, HostId to);
  const ConnectFault* connect_fault(HostId host, node::Port port) const;
  // Whether the connect is to be answered now as usual.
  bool meets_connect_fault(ConnectionId id, Connection& connection, uint64_t tries);

  std::optional<Delivery> connect_arrives(ConnectionId id, Connection& connection, uint64_t tries);
  std::optional<Delivery> accepts_late(ConnectionId id, Connection& connection);
  std::optional<Delivery> connect_answered(ConnectionId id, Connection& connection, bool accepted);
  std::optional<Delivery> segment_arrives(ConnectionId id, Connection& connection, Side reader,
                                          size_t length);
  std::optional<Delivery> read(ConnectionId id, Connection& connection, Side reader);
  std::optional<Delivery> closed(ConnectionId id, Connection& connection, Side side);
  Delivery delivery(Delivery::Kind kind, ConnectionId id, const Connection& connection,
                    Side side) const;

  NetworkConfig config_;
  EventQueue& queue_;
  Choices& choices_;
  std::vector<Host> hosts_;
  std::map<std::pair<HostId, HostId>, Direction> directions_;
  std::set<std::pair<HostId, node::Port>> listeners_;
  std::vector<Connection> connections_;
  std::vector<uint32_t> free_slots_;
  std::map<std::pair<HostId, HostId>, MonotonicTime> holds_;
  std::map<std::pair<HostId, HostId>, Cut> cuts_;
  std::vector<ActiveConnectFault> connect_faults_;
  std::vector<Drained> drained_;
  uint64_t deliveries_ = 0;
  size_t live_count_ = 0;
};

}  // namespace zoetrope::sim
