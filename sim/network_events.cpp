// What happens when something arrives, and what faults do to connections.
#include <algorithm>

#include "core/base/assert.hpp"
#include "sim/network.hpp"

namespace zoetrope::sim {
namespace {

constexpr size_t index(Side side) {
  return static_cast<size_t>(side);
}
constexpr uint64_t kAccepted = 1;

}  // namespace

std::optional<Delivery> Network::handle(const Event& event) {
  const ConnectionId id(event.subject);
  Connection* connection = find(id);
  if (connection == nullptr) return std::nullopt;
  const Side side = static_cast<Side>(event.side);
  switch (event.kind) {
    case EventKind::kConnectArrives: return connect_arrives(id, *connection, event.detail);
    case EventKind::kConnectAnswered:
      return connect_answered(id, *connection, event.detail == kAccepted);
    case EventKind::kSegmentArrives: return segment_arrives(id, *connection, side, event.detail);
    case EventKind::kEndArrives:
      connection->flows[index(other(side))].end_arrived = true;
      return read(id, *connection, side);
    case EventKind::kResetArrives: return closed(id, *connection, side);
    case EventKind::kReadable: return read(id, *connection, side);
    case EventKind::kAcceptsLate: return accepts_late(id, *connection);
    case EventKind::kGiveUp: return give_up(id, *connection, side, event.detail);
    default: ZT_ASSERT(false && "not a network event");
  }
}

Delivery Network::delivery(Delivery::Kind kind, ConnectionId id, const Connection& connection,
                           Side side) const {
  Delivery delivery;
  delivery.kind = kind;
  delivery.host = connection.hosts[index(side)];
  delivery.peer = connection.hosts[index(other(side))];
  delivery.connection = id;
  delivery.side = side;
  delivery.port = connection.port;
  return delivery;
}

std::optional<Delivery> Network::connect_arrives(ConnectionId id, Connection& connection,
                                                 uint64_t tries) {
  const HostId host = connection.hosts[index(Side::kAcceptor)];
  // Without a way back there is no handshake: the opener goes on asking.
  if (const Cut* cut = cut_of(connection, Side::kAcceptor)) {
    stick(EventKind::kConnectArrives, id, connection, Side::kOpener, 0, *cut);
    return std::nullopt;
  }
  // Nobody answers: the opener waits until it gives up by itself.
  if (!hosts_[host.value].powered) return std::nullopt;
  if (!connect_faults_.empty() && meets_connect_fault(id, connection, tries)) return std::nullopt;
  const bool accepted = listeners_.contains({host, connection.port});
  transmit(EventKind::kConnectAnswered, id, connection, Side::kAcceptor, accepted ? kAccepted : 0);
  if (!accepted) return std::nullopt;
  connection.ends[index(Side::kAcceptor)] = End::kOpen;
  return delivery(Delivery::Kind::kAccepted, id, connection, Side::kAcceptor);
}

std::optional<Delivery> Network::connect_answered(ConnectionId id, Connection& connection,
                                                  bool accepted) {
  if (connection.ends[index(Side::kOpener)] != End::kOpen) return std::nullopt;
  const Delivery told = delivery(accepted ? Delivery::Kind::kConnected : Delivery::Kind::kRefused,
                                 id, connection, Side::kOpener);
  if (!accepted) end_gone(id, connection, Side::kOpener);
  return told;
}

std::optional<Delivery> Network::segment_arrives(ConnectionId id, Connection& connection,
                                                 Side reader, size_t length) {
  ++deliveries_;
  const End end = connection.ends[index(reader)];
  if (end != End::kOpen) {
    const bool answers = end == End::kGone || hosts_[connection.hosts[index(reader)].value].powered;
    if (answers && connection.ends[index(other(reader))] == End::kOpen) {
      plan_reset(id, connection, other(reader));
    }
    return std::nullopt;
  }
  connection.flows[index(other(reader))].arrived += length;
  return read(id, connection, reader);
}

// Gives the reader what has arrived, or the end of the stream when nothing is left before it.
std::optional<Delivery> Network::read(ConnectionId id, Connection& connection, Side reader) {
  if (connection.ends[index(reader)] != End::kOpen) return std::nullopt;
  if (connection.is_unaccepted && reader == Side::kAcceptor) return std::nullopt;
  Flow& flow = connection.flows[index(other(reader))];
  if (flow.paused && !flow.pause_is_late) return std::nullopt;
  if (flow.head < flow.arrived) {
    flow.pause_is_late = false;
    flow.being_read = true;
    Delivery told = delivery(Delivery::Kind::kBytes, id, connection, reader);
    told.bytes = std::string_view(flow.bytes).substr(flow.head, flow.arrived - flow.head);
    return told;
  }
  if (flow.end_arrived && !flow.paused) return closed(id, connection, reader);
  return std::nullopt;
}

void Network::release(const Delivery& told) {
  if (told.kind != Delivery::Kind::kBytes) return;
  Connection* connection = find(told.connection);
  if (connection == nullptr) return;
  const Side sender = other(told.side);
  Flow& flow = connection->flows[index(sender)];
  if (!flow.being_read) return;  // it was put back
  flow.being_read = false;
  flow.head += told.bytes.size();
  if (flow.head == flow.bytes.size()) {
    flow.bytes.clear();
    flow.head = flow.arrived = flow.sent = 0;
  } else if (flow.head > flow.bytes.size() / 2) {
    flow.bytes.erase(0, flow.head);
    flow.arrived -= flow.head;
    flow.sent -= flow.head;
    flow.head = 0;
  }
  if (flow.end_arrived && !flow.paused)
    plan(EventKind::kReadable, told.connection, told.side, queue_.now());
  if (flow.sent < flow.bytes.size()) pump(told.connection, *connection, sender);
}

std::optional<Delivery> Network::closed(ConnectionId id, Connection& connection, Side side) {
  if (connection.ends[index(side)] != End::kOpen) return std::nullopt;
  const Delivery told = delivery(Delivery::Kind::kClosed, id, connection, side);
  end_gone(id, connection, side);
  return told;
}

std::vector<ConnectionId> Network::connections_of(HostId host) const {
  std::vector<ConnectionId> ids;
  for (uint32_t slot = 0; slot < connections_.size(); ++slot) {
    const Connection& connection = connections_[slot];
    if (!connection.live) continue;
    for (const size_t side : {size_t{0}, size_t{1}}) {
      if (connection.hosts[side] == host && connection.ends[side] == End::kOpen) {
        ids.push_back(id_of(slot));
        break;
      }
    }
  }
  return ids;
}

void Network::process_died(HostId host) {
  stop_listening(host);
  for (const ConnectionId id : connections_of(host)) {
    for (const Side side : {Side::kOpener, Side::kAcceptor}) {
      Connection* connection = find(id);
      if (connection == nullptr || connection->hosts[index(side)] != host) continue;
      // What the process had not handed to its kernel is lost; a kernel resets a connection that
      // still holds unread bytes and closes the others.
      Flow& out = connection->flows[index(side)];
      out.bytes.resize(out.sent);
      const Flow& in = connection->flows[index(other(side))];
      if (in.head < in.arrived || hosts_[host.value].death->one_in(2)) {
        reset(id, side);
      } else {
        close(id, side);
      }
    }
  }
}

void Network::power_lost(HostId host) {
  stop_listening(host);
  hosts_[host.value].powered = false;
  for (const ConnectionId id : connections_of(host)) {
    Connection* connection = find(id);
    for (const Side side : {Side::kOpener, Side::kAcceptor}) {
      if (connection->hosts[index(side)] != host) continue;
      if (connection->ends[index(side)] != End::kOpen) continue;
      connection->ends[index(side)] = End::kDead;
      Flow& out = connection->flows[index(side)];
      out.bytes.resize(out.sent);
    }
    free_if_over(id, *connection);
  }
}

void Network::power_returned(HostId host) {
  hosts_[host.value].powered = true;
  for (uint32_t slot = 0; slot < connections_.size(); ++slot) {
    Connection& connection = connections_[slot];
    if (!connection.live) continue;
    for (const Side side : {Side::kOpener, Side::kAcceptor}) {
      if (connection.hosts[index(side)] != host || connection.ends[index(side)] != End::kDead)
        continue;
      const Flow& in = connection.flows[index(other(side))];
      // The sender's kernel repeats what was never confirmed, and is answered now.
      if (in.sent > in.arrived) plan_reset(id_of(slot), connection, other(side));
    }
  }
}

void Network::break_connection(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr) return;
  for (const Side side : {Side::kOpener, Side::kAcceptor}) {
    if (connection->ends[index(side)] == End::kOpen) plan_reset(id, *connection, side);
  }
}

void Network::hold(HostId from, HostId to, MonotonicTime until) {
  std::erase_if(holds_, [&](const auto& hold) { return hold.second <= queue_.now(); });
  MonotonicTime& held = holds_[{from, to}];
  held = std::max(held, until);
}

}  // namespace zoetrope::sim
