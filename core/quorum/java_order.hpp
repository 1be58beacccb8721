// The order in which Java's hash tables give their keys. Upstream writes a configuration by walking
// such tables, and its text goes over the wire and into the tree, so the order is part of the
// format. Follows java.util.HashMap and, for Properties, java.util.concurrent.ConcurrentHashMap of
// Java 9 and later. Bins of more than eight keys in tables of 64 bins or more, which Java turns
// into trees, keep the order of insertion here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::quorum {

// Indices into `keys`, all different, in the order of a HashMap<Long, ...> into which they were put
// from the first to the last.
std::vector<size_t> java_map_order(const std::vector<int64_t>& keys);

// The same for the keys of a Properties object; ASCII keys only.
std::vector<size_t> java_properties_order(const std::vector<std::string>& keys);

}  // namespace zoetrope::quorum
