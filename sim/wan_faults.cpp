// The topology of a world: what passes between hosts takes the routes of their regions, and links
// and whole regions can be cut. Only those whose every route is gone are cut from each other.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "sim/world.hpp"

namespace zoetrope::sim {

void World::lay_routes() {
  const Topology& topology = config_.topology;
  if (topology.empty()) return;
  ZT_ASSERT(!defect(topology));
  link_cuts_.assign(topology.links.size(), 0);
  for (const WanLink& link : topology.links) {
    pipes_.push_back({link.bytes_per_second, {}});
    pipes_.push_back({link.bytes_per_second, {}});
  }
  reroute({});
}

// Where every host is, as an index of a region; hosts without a region see all others as usual.
std::vector<std::pair<HostId, size_t>> World::placed_hosts() const {
  std::vector<std::pair<HostId, size_t>> hosts;
  const auto place = [&](HostId host, const std::string& region) {
    if (const auto index = config_.topology.find(region)) hosts.emplace_back(host, *index);
  };
  for (const auto& process : processes_) place(process->host(), process->config().region);
  for (const auto& client : clients_) {
    place(client->host(), config_.clients[client->index()].region);
  }
  return hosts;
}

void World::reroute(Duration give_up) {
  const Topology& topology = config_.topology;
  std::vector<bool> is_cut;
  for (const uint64_t cuts : link_cuts_) is_cut.push_back(cuts > 0);
  const RouteTable table(topology, is_cut);
  const auto hosts = placed_hosts();
  for (const auto& [from, from_region] : hosts) {
    for (const auto& [to, to_region] : hosts) {
      const bool are_clients =
          process_of_host_[from.value] == nullptr && process_of_host_[to.value] == nullptr;
      if (from == to || are_clients) continue;
      const auto& hops = table.route(from_region, to_region);
      if (!hops) {
        if (separated_.insert({from, to}).second) network_.cut(from, to, give_up);
        continue;
      }
      if (separated_.erase({from, to}) != 0) network_.heal(from, to);
      Route route;
      for (const Hop& hop : *hops) {
        route.push_back(
            {topology.links[hop.link].latency, &pipes_[2 * hop.link + (hop.is_reverse ? 1 : 0)]});
      }
      route.push_back({topology.local, nullptr});
      network_.set_route(from, to, std::move(route));
    }
  }
}

void World::cut_links(const std::vector<size_t>& links, std::string name, const CutTerms& terms) {
  if (links.empty()) return;
  const size_t before = separated_.size();
  for (const size_t link : links) ++link_cuts_[link];
  reroute(terms.give_up);
  ++counts_.partitions;
  counts_.cut_links += separated_.size() - before;
  trace_.number(separated_.size());
  begin(std::move(name), terms.lasts, [this, links] {
    for (const size_t link : links) --link_cuts_[link];
    reroute({});
  });
}

void World::carry_out(const CutWanLink& cut) {
  std::vector<size_t> links;
  for (size_t i = 0; i < config_.topology.links.size(); ++i) {
    const WanLink& link = config_.topology.links[i];
    const bool is_meant = (link.from == cut.from && link.to == cut.to) ||
                          (link.from == cut.to && link.to == cut.from);
    if (is_meant) links.push_back(i);
  }
  cut_links(links, "cut of the link " + cut.from + " - " + cut.to, cut.terms);
}

void World::carry_out(const CutRegion& cut) {
  std::vector<size_t> links;
  for (size_t i = 0; i < config_.topology.links.size(); ++i) {
    const WanLink& link = config_.topology.links[i];
    if (link.from == cut.region || link.to == cut.region) links.push_back(i);
  }
  cut_links(links, "cut of the region " + cut.region, cut.terms);
}

}  // namespace zoetrope::sim
