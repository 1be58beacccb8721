// Links that are slow, lossy, narrow or broken, and listeners that do not answer as they should.
#include <algorithm>
#include <utility>

#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

std::optional<node::Port> port_of(PortKind kind) {
  switch (kind) {
    case PortKind::kAll: break;
    case PortKind::kClient: return node::Port::kClient;
    case PortKind::kQuorum: return node::Port::kQuorum;
    case PortKind::kElection: return node::Port::kElection;
  }
  return std::nullopt;
}

}  // namespace

void World::carry_out(const HoldLink& hold) {
  ++counts_.held_links;
  const HostId client = clients_[hold.client]->host(), server = processes_[hold.server]->host();
  const MonotonicTime until = queue_.now() + hold.lasts;
  if (hold.towards_server) {
    network_.hold(client, server, until);
  } else {
    network_.hold(server, client, until);
  }
}

void World::carry_out(const BreakLinks& links) {
  for (const ConnectionId id : network_.connections_of(clients_[links.client]->host())) {
    ++counts_.broken_links;
    network_.break_connection(id);
  }
}

World::Ways World::ways_of(const Links& links) {
  Ways ways;
  const auto add = [&](HostId server, HostId peer) {
    if (links.way != Links::Way::kIn) ways.emplace_back(server, peer);
    if (links.way != Links::Way::kOut) ways.emplace_back(peer, server);
  };
  const std::vector<Process*> servers = find(links.server);
  const std::vector<Process*> others =
      find(links.others.value_or(Target{Target::Kind::kAll, 0, {}, {}}));
  for (const Process* process : servers) {
    for (const Process* other : others) {
      if (links.peers == Links::Peers::kClients || other == process) continue;
      add(process->host(), other->host());
    }
    if (links.peers == Links::Peers::kServers) continue;
    for (const auto& client : clients_) add(process->host(), client->host());
  }
  // Two of the servers may be each other's peers.
  std::ranges::sort(ways);
  const auto twice = std::ranges::unique(ways);
  ways.erase(twice.begin(), twice.end());
  return ways;
}

void World::impair(const std::string& name, const Ways& ways, const Impairment& impairment,
                   Duration lasts) {
  const uint64_t number = next_number_++;
  counts_.impaired_links += ways.size();
  for (const auto& [from, to] : ways) network_.impair(from, to, number, impairment);
  begin(name + " on " + std::to_string(ways.size()) + " links", lasts, [this, ways, number] {
    for (const auto& [from, to] : ways) network_.repair(from, to, number);
  });
}

void World::carry_out(const SlowLinks& slow) {
  Impairment impairment;
  impairment.delay = slow.delay;
  impair("delay", ways_of(slow.links), impairment, slow.lasts);
}

void World::carry_out(const LoseSegments& loss) {
  Impairment impairment;
  impairment.loss_one_in = loss.one_in;
  impairment.retransmit_after = loss.retransmit_after;
  impairment.tries_max = loss.tries_max;
  impair("loss", ways_of(loss.links), impairment, loss.lasts);
}

void World::carry_out(const LimitBandwidth& limit) {
  Impairment impairment;
  impairment.bytes_per_second = limit.bytes_per_second;
  impair("limit of " + std::to_string(limit.bytes_per_second) + " bytes a second",
         ways_of(limit.links), impairment, limit.lasts);
}

void World::carry_out(const SmallSegments& small) {
  Impairment impairment;
  impairment.segment_bytes_max = small.bytes_max;
  impair("small segments", ways_of(small.links), impairment, small.lasts);
}

void World::carry_out(const HalfOpen& half) {
  Links outwards = half.links;
  outwards.way = Links::Way::kOut;
  for (const auto& [server, peer] : ways_of(outwards)) {
    for (const ConnectionId id : network_.connections_of(server)) {
      const std::optional<Side> side = network_.side_of(id, server, peer);
      if (!side) continue;
      ++counts_.forgotten_ends;
      network_.forget(id, half.at_peers ? other(*side) : *side);
    }
  }
}

void World::fail_connects(Process& process, std::optional<node::Port> port, ConnectFault fault,
                          Duration lasts) {
  const uint64_t number = next_number_++;
  network_.begin_connect_fault(process.host(), port, number, fault);
  begin("connects to " + process.name() + " fail", lasts,
        [this, number] { network_.end_connect_fault(number); });
}

void World::carry_out(const FailConnects& fail) {
  const auto kind = static_cast<ConnectFault::Kind>(fail.kind);
  for (Process* process : find(fail.server)) {
    fail_connects(*process, port_of(fail.port), {kind, fail.delay}, fail.lasts);
  }
}

}  // namespace zoetrope::sim
