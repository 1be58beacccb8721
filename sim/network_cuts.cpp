// Directions in which nothing passes: what waits for their end, and who gives up before it.
#include <utility>

#include "core/base/assert.hpp"
#include "sim/network.hpp"

namespace zoetrope::sim {
namespace {

constexpr size_t index(Side side) {
  return static_cast<size_t>(side);
}

}  // namespace

const Network::Cut* Network::cut_of(const Connection& connection, Side sender) const {
  if (cuts_.empty()) return nullptr;
  const auto it =
      cuts_.find({connection.hosts[index(sender)], connection.hosts[index(other(sender))]});
  return it == cuts_.end() ? nullptr : &it->second;
}

void Network::stick(EventKind kind, ConnectionId id, Connection& connection, Side sender,
                    uint64_t detail, const Cut& cut) {
  Flow& flow = connection.flows[index(sender)];
  const bool is_first = flow.stuck.empty();
  flow.stuck.push_back({kind, detail});
  if (!is_first) return;
  flow.stuck_since = queue_.now();
  // How long it asks for a connection is the opener's own choice.
  if (cut.give_up.ns == 0 || connection.ends[index(Side::kAcceptor)] == End::kUnborn) return;
  plan(EventKind::kGiveUp, id, sender, queue_.now() + cut.give_up,
       static_cast<uint64_t>(queue_.now().ns));
}

// Sends all again that a cut has held back. A connection that is being opened may still lack its
// way back, and then sticks again where it arrives.
void Network::unstick(ConnectionId id, Connection& connection, Side sender) {
  Flow& flow = connection.flows[index(sender)];
  if (flow.stuck.empty() || cut_of(connection, sender) != nullptr) return;
  for (const Stuck& stuck : std::exchange(flow.stuck, {})) {
    plan(stuck.kind, id, other(sender), arrival(connection, sender, flow), stuck.detail);
  }
}

// The event's detail says since when the bytes were stuck that this is about.
std::optional<Delivery> Network::give_up(ConnectionId id, Connection& connection, Side sender,
                                         uint64_t since) {
  Flow& flow = connection.flows[index(sender)];
  if (flow.stuck.empty() || static_cast<uint64_t>(flow.stuck_since.ns) != since) {
    return std::nullopt;
  }
  flow.stuck.clear();
  return closed(id, connection, sender);
}

void Network::cut(HostId from, HostId to, Duration give_up) {
  Cut& cut = cuts_[{from, to}];
  ++cut.times;
  cut.give_up = give_up;
}

void Network::heal(HostId from, HostId to) {
  const auto it = cuts_.find({from, to});
  ZT_ASSERT(it != cuts_.end());
  if (--it->second.times != 0) return;
  cuts_.erase(it);
  for (uint32_t slot = 0; slot < connections_.size(); ++slot) {
    Connection& connection = connections_[slot];
    if (!connection.live) continue;
    const HostId opener = connection.hosts[index(Side::kOpener)];
    const HostId acceptor = connection.hosts[index(Side::kAcceptor)];
    const bool forward = opener == from && acceptor == to;
    if (!forward && !(opener == to && acceptor == from)) continue;
    unstick(id_of(slot), connection, Side::kOpener);
    unstick(id_of(slot), connection, Side::kAcceptor);
    for (const Side side : {Side::kOpener, Side::kAcceptor}) {
      reset_again(id_of(slot), connection, side);
    }
  }
}

// What came to an end that is gone was answered by a reset, which a cut may have swallowed. The
// sender's kernel repeats what was never confirmed, and is answered now.
void Network::reset_again(ConnectionId id, Connection& connection, Side gone) {
  const End end = connection.ends[index(gone)];
  const bool answers = end == End::kGone ||
                       (end == End::kDead && hosts_[connection.hosts[index(gone)].value].powered);
  const Flow& in = connection.flows[index(other(gone))];
  if (!answers || connection.ends[index(other(gone))] != End::kOpen) return;
  if (in.stuck.empty() && in.sent > in.arrived) plan_reset(id, connection, other(gone));
}

}  // namespace zoetrope::sim
