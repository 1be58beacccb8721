// Partitions: who is cut from whom, and until when.
#include <algorithm>
#include <utility>

#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

// For each of `count`, whether it is one of `these`.
std::vector<bool> sides(const std::vector<uint32_t>& these, size_t count) {
  std::vector<bool> sides(count);
  for (const uint32_t index : these) sides.at(index) = true;
  return sides;
}

}  // namespace

void World::carry_out(const Split& split) {
  Cuts cuts;
  const std::vector<bool> servers = sides(split.servers, processes_.size());
  cut_sides(cuts, servers, std::nullopt);
  if (split.clients) {
    const std::vector<bool> clients = sides(*split.clients, clients_.size());
    for (size_t c = 0; c < clients.size(); ++c) {
      for (size_t s = 0; s < servers.size(); ++s) {
        if (servers[s] == clients[c]) continue;
        cut_both_ways(cuts, clients_[c]->host(), processes_[s]->host());
      }
    }
  }
  begin(std::move(cuts), split.terms);
}

void World::carry_out(const Isolate& isolate) {
  Cuts cuts;
  const std::vector<Process*> lonely = find(isolate.server);
  cuts.name = "server";
  for (const Process* process : lonely) cuts.name += " " + std::to_string(process->index() + 1);
  cuts.name += " from the others";
  for (const Process* process : lonely) {
    for (const auto& other : processes_) {
      if (std::ranges::find(lonely, other.get()) != lonely.end()) continue;
      cut_both_ways(cuts, process->host(), other->host());
    }
    if (!isolate.from_clients) continue;
    for (const auto& client : clients_) cut_both_ways(cuts, process->host(), client->host());
  }
  if (isolate.from_clients) cuts.name += " and from the clients";
  begin(std::move(cuts), isolate.terms);
}

void World::carry_out(const Bridge& bridge) {
  Cuts cuts;
  cut_sides(cuts, sides(bridge.servers, processes_.size()), bridge.middle);
  cuts.name += ", bridged by " + std::to_string(bridge.middle + 1);
  begin(std::move(cuts), bridge.terms);
}

void World::carry_out(const CutLink& link) {
  Cuts cuts;
  const HostId from = processes_[link.from]->host(), to = processes_[link.to]->host();
  cuts.ways.emplace_back(from, to);
  cuts.name = "server " + std::to_string(link.from + 1) + " to " + std::to_string(link.to + 1);
  if (link.both_ways) {
    cuts.ways.emplace_back(to, from);
    cuts.name += ", both ways";
  }
  begin(std::move(cuts), link.terms);
}

void World::begin(Cuts cuts, const CutTerms& terms) {
  if (cuts.ways.empty()) return;
  Event event;
  event.at = queue_.now() + terms.lasts;
  event.kind = EventKind::kHeal;
  event.subject = cuts_.size();
  queue_.push(event);
  trace_.number(cuts.ways.size());
  for (const auto& [from, to] : cuts.ways) {
    trace_.number(uint64_t{from.value} << 32 | to.value);
    network_.cut(from, to, terms.give_up);
  }
  if (trace_.readable()) {
    trace_.note("cut " + cuts.name + " until " + time_text(event.at) +
                (terms.give_up.ns != 0
                     ? ", senders give up after " + std::to_string(terms.give_up.ms()) + "ms"
                     : ", senders wait"));
  }
  trace_.fault(FaultPhase::kBegins, cuts_.size(), "cut " + cuts.name);
  cuts.active = true;
  counts_.cut_links += cuts.ways.size();
  ++counts_.partitions;
  cuts_.push_back(std::move(cuts));
}

void World::heal(size_t number) {
  Cuts& cuts = cuts_[number];
  if (!cuts.active) return;
  cuts.active = false;
  if (trace_.readable()) trace_.note("heal " + cuts.name);
  trace_.fault(FaultPhase::kEnds, number, "cut " + cuts.name);
  for (const auto& [from, to] : cuts.ways) network_.heal(from, to);
}

void World::cut_both_ways(Cuts& cuts, HostId a, HostId b) {
  cuts.ways.emplace_back(a, b);
  cuts.ways.emplace_back(b, a);
}

// Servers of different sides do not see each other, but for those of `middle`.
void World::cut_sides(Cuts& cuts, const std::vector<bool>& side, std::optional<size_t> middle) {
  std::string sides[2];
  for (size_t i = 0; i < processes_.size(); ++i) {
    if (i == middle) continue;
    sides[side[i] ? 1 : 0] += " " + std::to_string(i + 1);
    for (size_t j = 0; j < i; ++j) {
      if (j == middle || side[i] == side[j]) continue;
      cut_both_ways(cuts, processes_[i]->host(), processes_[j]->host());
    }
  }
  cuts.name = "servers" + sides[0] + " |" + sides[1];
}

}  // namespace zoetrope::sim
