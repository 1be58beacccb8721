// The regions of a world and the links between them, as a weighted graph: which way bytes go from
// one region to another, and which regions a cut of links separates. Plain values and one function;
// it knows no host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/latency.hpp"

namespace zoetrope::sim {

// Between two regions, the same in both directions.
struct WanLink {
  std::string from, to;
  Latency latency{10'000, 12'000, 0, 0};
  uint64_t bytes_per_second = 0;  // in each direction; 0: no limit
};

struct Topology {
  std::vector<std::string> regions;
  std::vector<WanLink> links;
  Latency local{100, 300, 0, 0};  // within a region, and at the end of each longer way

  bool empty() const { return regions.empty(); }
  std::optional<size_t> find(std::string_view region) const;
};

// What is wrong with it, in one line: a link of an unknown region, or a region that is named twice.
std::optional<std::string> defect(const Topology& topology);

// One link of a route, in its direction or against it.
struct Hop {
  size_t link = 0;
  bool is_reverse = false;
  bool operator==(const Hop&) const = default;
};

// The ways from every region to every other one that have the least latency without the links that
// are cut.
class RouteTable {
 public:
  RouteTable(const Topology& topology, const std::vector<bool>& is_cut);

  // In order; empty within one region; nullopt: there is none. Both are indices of regions.
  const std::optional<std::vector<Hop>>& route(size_t from, size_t to) const {
    return routes_[from * region_count_ + to];
  }

 private:
  size_t region_count_;
  std::vector<std::optional<std::vector<Hop>>> routes_;
};

}  // namespace zoetrope::sim
