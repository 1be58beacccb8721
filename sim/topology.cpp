#include "sim/topology.hpp"

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#include <set>

#include "core/base/assert.hpp"

namespace zoetrope::sim {
namespace {

using Weight = boost::property<boost::edge_weight_t, int64_t>;
using Graph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property, Weight>;

// Of routes that are equally long by latency the one with fewer links, so that none is free.
int64_t weight_of(const WanLink& link) {
  return link.latency.typical_us() * 1024 + 1;
}

}  // namespace

std::optional<size_t> Topology::find(std::string_view region) const {
  const auto it = std::ranges::find(regions, region);
  if (it == regions.end()) return std::nullopt;
  return static_cast<size_t>(it - regions.begin());
}

std::optional<std::string> defect(const Topology& topology) {
  std::set<std::string_view> names;
  for (const std::string& region : topology.regions) {
    if (region.empty()) return "a region has no name";
    if (!names.insert(region).second) return "two regions are called " + region;
  }
  for (const WanLink& link : topology.links) {
    for (const std::string& end : {link.from, link.to}) {
      if (!names.contains(end)) return "a link ends in the unknown region " + end;
    }
    if (link.from == link.to) return "a link leads from " + link.from + " to itself";
  }
  return std::nullopt;
}

RouteTable::RouteTable(const Topology& topology, const std::vector<bool>& is_cut)
    : region_count_(topology.regions.size()), routes_(region_count_ * region_count_) {
  ZT_ASSERT(!defect(topology) && is_cut.size() == topology.links.size());
  Graph graph(region_count_);
  const auto ends_of = [&](const WanLink& link) {
    return std::pair(*topology.find(link.from), *topology.find(link.to));
  };
  for (size_t i = 0; i < topology.links.size(); ++i) {
    const auto [from, to] = ends_of(topology.links[i]);
    if (!is_cut[i]) boost::add_edge(from, to, Weight(weight_of(topology.links[i])), graph);
  }
  // The best of the links between two neighbours.
  const auto hop = [&](size_t from, size_t to) {
    std::optional<Hop> best;
    for (size_t i = 0; i < topology.links.size(); ++i) {
      const auto ends = ends_of(topology.links[i]);
      const bool is_reverse = ends == std::pair(to, from);
      if (is_cut[i] || (!is_reverse && ends != std::pair(from, to))) continue;
      if (!best || weight_of(topology.links[i]) < weight_of(topology.links[best->link])) {
        best = Hop{i, is_reverse};
      }
    }
    ZT_ASSERT(best.has_value());
    return *best;
  };
  for (size_t from = 0; from < region_count_; ++from) {
    std::vector<size_t> before(region_count_);
    boost::dijkstra_shortest_paths(graph, from,
                                   boost::predecessor_map(before.data()).distance_inf(INT64_MAX));
    for (size_t to = 0; to < region_count_; ++to) {
      // Whatever is not reached is its own predecessor.
      if (to != from && before[to] == to) continue;
      std::vector<Hop> hops;
      for (size_t at = to; at != from; at = before[at]) hops.push_back(hop(before[at], at));
      std::ranges::reverse(hops);
      routes_[from * region_count_ + to] = std::move(hops);
    }
  }
}

}  // namespace zoetrope::sim
