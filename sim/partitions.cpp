// Partitions: who is cut from whom, and until when.
#include <algorithm>

#include "sim/world.hpp"

namespace zoetrope::sim {

size_t World::active_partitions() const {
  return static_cast<size_t>(std::ranges::count(partitions_, true, &Partition::active));
}

void World::cut_both_ways(Partition& partition, HostId a, HostId b) {
  partition.cuts.emplace_back(a, b);
  partition.cuts.emplace_back(b, a);
}

void World::begin(Partition partition) {
  if (partition.cuts.empty() || active_partitions() >= config_.faults.cuts_at_once) return;
  Duration give_up;
  if (fault_random_.below(100) < config_.faults.give_up_percent) {
    give_up = Duration{fault_random_.between(1, config_.faults.give_up_max.ns)};
  }
  Event event;
  event.at = queue_.now() + Duration{fault_random_.between(1, config_.faults.cut_max.ns)};
  event.kind = EventKind::kHeal;
  event.subject = partitions_.size();
  queue_.push(event);
  trace_.number(partition.cuts.size());
  for (const auto& [from, to] : partition.cuts) {
    trace_.number(uint64_t{from.value} << 32 | to.value);
    network_.cut(from, to, give_up);
  }
  if (trace_.readable()) {
    trace_.note("cut " + partition.name + " until " + time_text(event.at) +
                (give_up.ns != 0 ? ", senders give up after " + std::to_string(give_up.ms()) + "ms"
                                 : ", senders wait"));
  }
  partition.active = true;
  counts_.cut_links += partition.cuts.size();
  ++counts_.partitions;
  partitions_.push_back(std::move(partition));
}

void World::heal(size_t number) {
  Partition& partition = partitions_[number];
  if (!partition.active) return;
  partition.active = false;
  if (trace_.readable()) trace_.note("heal " + partition.name);
  for (const auto& [from, to] : partition.cuts) network_.heal(from, to);
}

void World::heal_all() {
  for (size_t i = 0; i < partitions_.size(); ++i) heal(i);
}

// Every server is on one of two sides. The clients too, or they see all servers.
void World::split() {
  std::vector<bool> side;
  for (size_t i = 0; i < processes_.size(); ++i) side.push_back(fault_random_.one_in(2));
  Partition partition;
  std::string sides[2];
  for (size_t i = 0; i < processes_.size(); ++i) {
    sides[side[i] ? 1 : 0] += " " + std::to_string(i + 1);
    for (size_t j = 0; j < i; ++j) {
      if (side[i] != side[j]) {
        cut_both_ways(partition, processes_[i]->host(), processes_[j]->host());
      }
    }
  }
  if (fault_random_.one_in(2)) {
    for (const auto& client : clients_) {
      const bool client_side = fault_random_.one_in(2);
      for (size_t i = 0; i < processes_.size(); ++i) {
        if (side[i] == client_side) continue;
        cut_both_ways(partition, client->host(), processes_[i]->host());
      }
    }
  }
  partition.name = "servers" + sides[0] + " |" + sides[1];
  begin(std::move(partition));
}

// One server, mostly the leader, from all others; its clients stay with it or not.
void World::isolate() {
  size_t lonely = fault_random_.below(processes_.size());
  if (!fault_random_.one_in(3)) {
    for (const auto& process : processes_) {
      if (!process->running()) continue;
      const auto standing = process->engine()->standing();
      const bool leads = standing && standing->state == quorum::PeerState::kLeading;
      if (leads) lonely = process->index();
    }
  }
  const HostId host = processes_[lonely]->host();
  Partition partition;
  partition.name = "server " + std::to_string(lonely + 1) + " from the others";
  for (const auto& process : processes_) {
    if (process->host() != host) cut_both_ways(partition, host, process->host());
  }
  if (fault_random_.one_in(3)) {
    for (const auto& client : clients_) cut_both_ways(partition, host, client->host());
    partition.name += " and from the clients";
  }
  begin(std::move(partition));
}

// Two parts that do not see each other, and one server that sees both.
void World::bridge() {
  const size_t middle = fault_random_.below(processes_.size());
  std::vector<bool> side;
  for (size_t i = 0; i < processes_.size(); ++i) side.push_back(fault_random_.one_in(2));
  Partition partition;
  std::string sides[2];
  for (size_t i = 0; i < processes_.size(); ++i) {
    if (i == middle) continue;
    sides[side[i] ? 1 : 0] += " " + std::to_string(i + 1);
    for (size_t j = 0; j < i; ++j) {
      if (j == middle || side[i] == side[j]) continue;
      cut_both_ways(partition, processes_[i]->host(), processes_[j]->host());
    }
  }
  partition.name =
      "servers" + sides[0] + " |" + sides[1] + ", bridged by " + std::to_string(middle + 1);
  begin(std::move(partition));
}

void World::cut_link() {
  if (processes_.size() < 2) return;
  const size_t from = fault_random_.below(processes_.size());
  const size_t to = (from + 1 + fault_random_.below(processes_.size() - 1)) % processes_.size();
  Partition partition;
  partition.cuts.emplace_back(processes_[from]->host(), processes_[to]->host());
  partition.name = "server " + std::to_string(from + 1) + " to " + std::to_string(to + 1);
  if (fault_random_.one_in(2)) {
    partition.cuts.emplace_back(processes_[to]->host(), processes_[from]->host());
    partition.name += ", both ways";
  }
  begin(std::move(partition));
}

}  // namespace zoetrope::sim
