#include "core/quorum/java_order.hpp"

#include <bit>

namespace zoetrope::quorum {

namespace {

constexpr size_t kBinsInitial = 16;
// From this length on Java enlarges a small table, or turns the bin of a large one into a tree.
constexpr size_t kLongBin = 9;
constexpr size_t kBinsWithTrees = 64;

struct Node {
  size_t index = 0;
  uint32_t hash = 0;
};
using Bin = std::vector<Node>;

std::vector<size_t> indices_of(const std::vector<Bin>& bins) {
  std::vector<size_t> order;
  for (const Bin& bin : bins) {
    for (const Node& node : bin) order.push_back(node.index);
  }
  return order;
}

// Appends `node` to its bin and gives the length of that.
size_t append(std::vector<Bin>& bins, const Node& node) {
  Bin& bin = bins[node.hash & (bins.size() - 1)];
  bin.push_back(node);
  return bin.size();
}

// Twice as many bins; the nodes of a bin keep their order.
void grow_map(std::vector<Bin>& bins) {
  std::vector<Bin> grown(bins.size() * 2);
  for (const Bin& bin : bins) {
    for (const Node& node : bin) append(grown, node);
  }
  bins = std::move(grown);
}

// As above, but of a bin only its last nodes that go to one place together keep their order; the
// others come before them, turned round.
void grow_concurrent_map(std::vector<Bin>& bins) {
  const size_t size = bins.size();
  std::vector<Bin> grown(size * 2);
  for (const Bin& bin : bins) {
    size_t run = bin.size();
    while (run > 0 && (run == bin.size() || (bin[run - 1].hash & size) == (bin[run].hash & size))) {
      --run;
    }
    for (size_t i = run; i > 0; --i) append(grown, bin[i - 1]);
    for (size_t i = run; i < bin.size(); ++i) append(grown, bin[i]);
  }
  bins = std::move(grown);
}

uint32_t spread(uint32_t hash) {
  return hash ^ (hash >> 16);
}

uint32_t hash_of(int64_t key) {
  const auto bits = static_cast<uint64_t>(key);
  return spread(static_cast<uint32_t>(bits ^ (bits >> 32)));
}

uint32_t hash_of(std::string_view key) {
  uint32_t hash = 0;
  for (const char c : key) hash = hash * 31 + static_cast<unsigned char>(c);
  return spread(hash) & 0x7fffffff;
}

size_t load_limit(size_t bins) {
  return bins / 4 * 3;
}

}  // namespace

std::vector<size_t> java_map_order(const std::vector<int64_t>& keys) {
  std::vector<Bin> bins(kBinsInitial);
  for (size_t i = 0; i < keys.size(); ++i) {
    const size_t length = append(bins, {i, hash_of(keys[i])});
    if (length >= kLongBin && bins.size() < kBinsWithTrees) grow_map(bins);
    if (i + 1 > load_limit(bins.size())) grow_map(bins);
  }
  return indices_of(bins);
}

std::vector<size_t> java_properties_order(const std::vector<std::string>& keys) {
  std::vector<Bin> bins(kBinsInitial);
  for (size_t i = 0; i < keys.size(); ++i) {
    const size_t length = append(bins, {i, hash_of(keys[i])});
    if (length >= kLongBin && bins.size() < kBinsWithTrees) {
      const size_t wanted = std::bit_ceil(bins.size() * 3 + 1);
      while (load_limit(bins.size()) < wanted) grow_concurrent_map(bins);
    }
    while (i + 1 >= load_limit(bins.size())) grow_concurrent_map(bins);
  }
  return indices_of(bins);
}

}  // namespace zoetrope::quorum
