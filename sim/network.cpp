#include "sim/network.hpp"

#include <algorithm>

namespace zoetrope::sim {
namespace {

constexpr size_t index(Side side) {
  return static_cast<size_t>(side);
}
constexpr size_t kKeptBytesMax = 256 << 10;  // an empty stream gives back more room than this

}  // namespace

Network::Network(NetworkConfig config, EventQueue& queue, Choices& choices)
    : config_(config), queue_(queue), choices_(choices) {}

HostId Network::add_host(std::string name) {
  Host host;
  host.death = &choices_.site("connections of the dead process on " + name);
  host.name = std::move(name);
  hosts_.push_back(std::move(host));
  return HostId(static_cast<uint32_t>(hosts_.size() - 1));
}

Network::Direction& Network::direction(HostId from, HostId to) {
  Direction& direction = directions_[{from, to}];
  if (direction.delay == nullptr) {
    const std::string way = hosts_[from.value].name + " > " + hosts_[to.value].name;
    direction.delay = &choices_.site("delay " + way);
    direction.cut = &choices_.site("segments " + way);
    direction.late_pause = &choices_.site("late pause " + way);
  }
  return direction;
}

Network::Connection* Network::find(ConnectionId id) {
  if (id.slot() >= connections_.size()) return nullptr;
  Connection& connection = connections_[id.slot()];
  return connection.live && connection.generation == id.generation() ? &connection : nullptr;
}

const Network::Connection* Network::find(ConnectionId id) const {
  return const_cast<Network*>(this)->find(id);
}

void Network::plan(EventKind kind, ConnectionId id, Side told, MonotonicTime at, uint64_t detail) {
  Event event;
  event.at = at;
  event.kind = kind;
  event.subject = id.value;
  event.detail = detail;
  event.side = static_cast<uint8_t>(told);
  queue_.push(event);
}

// When something that `sender` sends now arrives: never before what it sent earlier.
MonotonicTime Network::arrival(const Connection& connection, Side sender, Flow& flow) {
  Direction& direction = *connection.directions[index(sender)];
  if (direction.conditions != nullptr) [[unlikely]] {
    const auto passage =
        direction.conditions->pass(queue_.now(), 0, config_.latency, *direction.delay);
    return no_earlier(connection, sender, flow, passage.at);
  }
  return no_earlier(connection, sender, flow,
                    queue_.now() + config_.latency.draw(*direction.delay));
}

MonotonicTime Network::no_earlier(const Connection& connection, Side sender, Flow& flow,
                                  MonotonicTime at) const {
  if (!holds_.empty()) {
    const auto hold =
        holds_.find({connection.hosts[index(sender)], connection.hosts[index(other(sender))]});
    if (hold != holds_.end()) at = std::max(at, hold->second);
  }
  flow.last_arrival = std::max(flow.last_arrival, at);
  return flow.last_arrival;
}

// Sends what arrives as `kind` at the other end.
void Network::transmit(EventKind kind, ConnectionId id, Connection& connection, Side sender,
                       uint64_t detail) {
  Flow& flow = connection.flows[index(sender)];
  const Cut* cut = cut_of(connection, sender);
  if (cut == nullptr && flow.stuck.empty()) {
    if (connection.directions[index(sender)]->conditions != nullptr) [[unlikely]] {
      const auto at = unusual_arrival(kind, id, connection, sender, detail);
      if (at) plan(kind, id, other(sender), *at, detail);
      return;
    }
    return plan(kind, id, other(sender), arrival(connection, sender, flow), detail);
  }
  // Nobody sends a reset again that was lost.
  if (kind == EventKind::kResetArrives) return;
  stick(kind, id, connection, sender, detail, cut == nullptr ? Cut{} : *cut);
}

ConnectionId Network::connect(HostId from, HostId to, node::Port port) {
  uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<uint32_t>(connections_.size());
    connections_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  Connection& connection = connections_[slot];
  const uint32_t generation = connection.generation + 1;
  connection = Connection{};
  connection.generation = generation;
  connection.live = true;
  connection.hosts[0] = from;
  connection.hosts[1] = to;
  connection.directions[0] = &direction(from, to);
  connection.directions[1] = &direction(to, from);
  connection.ends[0] = End::kOpen;
  connection.port = port;
  ++live_count_;
  const ConnectionId id = ConnectionId::make(slot, generation);
  transmit(EventKind::kConnectArrives, id, connection, Side::kOpener);
  return id;
}

void Network::send(ConnectionId id, Side side, std::string_view bytes) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->ends[index(side)] != End::kOpen) return;
  connection->flows[index(side)].bytes.append(bytes);
  pump(id, *connection, side);
}

void Network::pump(ConnectionId id, Connection& connection, Side sender) {
  Flow& flow = connection.flows[index(sender)];
  const bool was_blocked = flow.sent < flow.bytes.size();
  while (flow.sent < flow.bytes.size()) {
    const size_t under_way = flow.sent - flow.head;
    if (under_way >= config_.window_bytes) break;
    size_t length =
        std::min<size_t>(flow.bytes.size() - flow.sent, config_.window_bytes - under_way);
    const Direction& direction = *connection.directions[index(sender)];
    if (direction.conditions != nullptr) [[unlikely]] {
      length = std::min<size_t>(length, direction.conditions->segment_bytes_max());
    }
    Site& cut = *direction.cut;
    if (cut.one_in(config_.cut_one_in)) length = 1 + cut.below(length);
    flow.sent += length;
    transmit(EventKind::kSegmentArrives, id, connection, sender, length);
  }
  if (was_blocked && connection.ends[index(sender)] == End::kOpen)
    drained_.push_back({id, sender, connection.hosts[index(sender)]});
  if (flow.end_wanted && !flow.end_sent && flow.sent == flow.bytes.size()) {
    flow.end_sent = true;
    transmit(EventKind::kEndArrives, id, connection, sender);
  }
}

uint64_t Network::unsent(ConnectionId id, Side side) const {
  const Connection* connection = find(id);
  if (connection == nullptr) return 0;
  const Flow& flow = connection->flows[index(side)];
  return flow.bytes.size() - flow.sent;
}

void Network::close(ConnectionId id, Side side) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->ends[index(side)] != End::kOpen) return;
  Flow& flow = connection->flows[index(side)];
  flow.end_wanted = true;
  pump(id, *connection, side);
  end_gone(id, *connection, side);
}

void Network::reset(ConnectionId id, Side side) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->ends[index(side)] != End::kOpen) return;
  Flow& flow = connection->flows[index(side)];
  flow.bytes.resize(flow.sent);
  plan_reset(id, *connection, other(side));
  end_gone(id, *connection, side);
}

void Network::plan_reset(ConnectionId id, Connection& connection, Side told) {
  transmit(EventKind::kResetArrives, id, connection, other(told));
}

void Network::pause_reading(ConnectionId id, Side side) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  Flow& flow = connection->flows[index(other(side))];
  if (flow.paused) return;
  flow.paused = true;
  flow.pause_is_late =
      connection->directions[index(other(side))]->late_pause->one_in(config_.late_pause_one_in);
}

void Network::resume_reading(ConnectionId id, Side side) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  Flow& flow = connection->flows[index(other(side))];
  if (!flow.paused) return;
  flow.paused = false;
  if (flow.head < flow.arrived || flow.end_arrived) {
    plan(EventKind::kReadable, id, side, queue_.now());
  }
}

void Network::end_gone(ConnectionId id, Connection& connection, Side side) {
  connection.ends[index(side)] = End::kGone;
  free_if_over(id, connection);
}

// An opener that gives up before the acceptor ever heard of it leaves nothing behind.
void Network::free_if_over(ConnectionId id, Connection& connection) {
  for (const End end : connection.ends) {
    if (end == End::kOpen) return;
  }
  connection.live = false;
  for (Flow& flow : connection.flows) {
    flow.bytes.clear();
    if (flow.bytes.capacity() > kKeptBytesMax) flow.bytes.shrink_to_fit();
  }
  free_slots_.push_back(id.slot());
  --live_count_;
}

}  // namespace zoetrope::sim
