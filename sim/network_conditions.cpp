// Links and listeners that are not as usual: routes, slow and lossy links, connects that are not
// answered as they should be, ends that are forgotten, and readers that come back later.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "sim/network.hpp"

namespace zoetrope::sim {
namespace {

constexpr size_t index(Side side) {
  return static_cast<size_t>(side);
}

// As in Linux: how long a kernel waits before it asks for a connection again, and how often the
// wait doubles at most.
constexpr Duration kAskAgain = Duration::from_ms(1000);
constexpr uint64_t kDoublings = 6;

}  // namespace

LinkConditions& Network::conditions(HostId from, HostId to) {
  Direction& way = direction(from, to);
  if (way.conditions == nullptr) {
    Site& losses =
        choices_.site("losses " + hosts_[from.value].name + " > " + hosts_[to.value].name);
    way.conditions = std::make_unique<LinkConditions>(losses);
  }
  return *way.conditions;
}

void Network::drop_usual(HostId from, HostId to) {
  Direction& way = direction(from, to);
  if (way.conditions->are_usual()) way.conditions.reset();
}

void Network::impair(HostId from, HostId to, uint64_t number, const Impairment& impairment) {
  conditions(from, to).impair(number, impairment);
}

void Network::repair(HostId from, HostId to, uint64_t number) {
  conditions(from, to).repair(number);
  drop_usual(from, to);
}

void Network::set_route(HostId from, HostId to, std::optional<Route> route) {
  conditions(from, to).set_route(std::move(route));
  drop_usual(from, to);
}

std::optional<MonotonicTime> Network::unusual_arrival(EventKind kind, ConnectionId id,
                                                      Connection& connection, Side sender,
                                                      uint64_t detail) {
  Direction& way = *connection.directions[index(sender)];
  const bool is_segment = kind == EventKind::kSegmentArrives;
  const auto passage =
      way.conditions->pass(queue_.now(), is_segment ? detail : 0, config_.latency, *way.delay);
  Flow& flow = connection.flows[index(sender)];
  // Whoever asks for a connection gives up by itself, and a reset is asked for again.
  if (!passage.is_given_up || !is_segment) return no_earlier(connection, sender, flow, passage.at);
  stick(kind, id, connection, sender, detail, {1, passage.at - queue_.now()});
  return std::nullopt;
}

// --- connects
// --------------------------------------------------------------------------------------

void Network::begin_connect_fault(HostId host, std::optional<node::Port> port, uint64_t number,
                                  ConnectFault fault) {
  connect_faults_.push_back({host, port, number, fault});
}

void Network::end_connect_fault(uint64_t number) {
  const auto is_it = [number](const auto& active) { return active.number == number; };
  std::erase_if(connect_faults_, is_it);
  for (uint32_t slot = 0; slot < connections_.size(); ++slot) {
    const Connection& connection = connections_[slot];
    if (!connection.live || !connection.is_unaccepted) continue;
    const ConnectFault* still =
        connect_fault(connection.hosts[index(Side::kAcceptor)], connection.port);
    if (still != nullptr && still->kind == ConnectFault::Kind::kNotAccepted) continue;
    plan(EventKind::kAcceptsLate, id_of(slot), Side::kAcceptor, queue_.now());
  }
}

const ConnectFault* Network::connect_fault(HostId host, node::Port port) const {
  const ConnectFault* newest = nullptr;
  for (const ActiveConnectFault& active : connect_faults_) {
    if (active.host == host && active.port.value_or(port) == port) newest = &active.fault;
  }
  return newest;
}

bool Network::meets_connect_fault(ConnectionId id, Connection& connection, uint64_t tries) {
  const HostId host = connection.hosts[index(Side::kAcceptor)];
  const ConnectFault* fault = connect_fault(host, connection.port);
  if (fault == nullptr) return false;
  const auto ask_again = [&](Duration wait) {
    plan(EventKind::kConnectArrives, id, Side::kAcceptor, queue_.now() + wait, tries + 1);
    return true;
  };
  switch (fault->kind) {
    case ConnectFault::Kind::kRefused:
      transmit(EventKind::kConnectAnswered, id, connection, Side::kAcceptor, 0);
      return true;
    case ConnectFault::Kind::kSlow: return tries == 0 && ask_again(fault->delay);
    case ConnectFault::Kind::kIgnored:
      return ask_again(Duration{kAskAgain.ns << std::min(tries, kDoublings)});
    case ConnectFault::Kind::kNotAccepted: break;
  }
  if (!listeners_.contains({host, connection.port})) return false;
  connection.ends[index(Side::kAcceptor)] = End::kOpen;
  connection.is_unaccepted = true;
  transmit(EventKind::kConnectAnswered, id, connection, Side::kAcceptor, 1);
  return true;
}

std::optional<Delivery> Network::accepts_late(ConnectionId id, Connection& connection) {
  if (!std::exchange(connection.is_unaccepted, false)) return std::nullopt;
  if (connection.ends[index(Side::kAcceptor)] != End::kOpen) return std::nullopt;
  const Flow& in = connection.flows[index(Side::kOpener)];
  if (in.head < in.arrived || in.end_arrived) {
    plan(EventKind::kReadable, id, Side::kAcceptor, queue_.now());
  }
  return delivery(Delivery::Kind::kAccepted, id, connection, Side::kAcceptor);
}

// --- ends
// ------------------------------------------------------------------------------------------

void Network::forget(ConnectionId id, Side side) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->ends[index(side)] != End::kOpen) return;
  Flow& out = connection->flows[index(side)];
  out.bytes.resize(out.sent);
  plan(EventKind::kResetArrives, id, side, queue_.now());
}

std::optional<Side> Network::side_of(ConnectionId id, HostId host, HostId peer) const {
  const Connection* connection = find(id);
  if (connection == nullptr) return std::nullopt;
  for (const Side side : {Side::kOpener, Side::kAcceptor}) {
    if (connection->hosts[index(side)] == host && connection->hosts[index(other(side))] == peer) {
      return side;
    }
  }
  return std::nullopt;
}

void Network::put_back(const Delivery& told) {
  ZT_ASSERT(told.kind == Delivery::Kind::kBytes);
  Connection* connection = find(told.connection);
  ZT_ASSERT(connection != nullptr);
  connection->flows[index(other(told.side))].being_read = false;
}

uint64_t Network::readable(ConnectionId id, Side side) const {
  const Connection* connection = find(id);
  if (connection == nullptr || connection->ends[index(side)] != End::kOpen) return 0;
  const Flow& in = connection->flows[index(other(side))];
  return in.paused && !in.pause_is_late ? 0 : in.arrived - in.head;
}

std::optional<Delivery> Network::read_again(ConnectionId id, Side side, uint64_t bytes_max) {
  if (readable(id, side) == 0) return std::nullopt;
  auto told = read(id, *find(id), side);
  if (told) told->bytes = told->bytes.substr(0, bytes_max);
  return told;
}

}  // namespace zoetrope::sim
