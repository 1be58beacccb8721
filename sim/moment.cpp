#include "sim/moment.hpp"

#include <algorithm>
#include <iterator>

namespace zoetrope::sim {
namespace {

constexpr std::string_view kNames[] = {
    "starts",
    "looks",
    "is elected",
    "follows",
    "serves",
    "stops serving",
    "promises an epoch",
    "is sent DIFF",
    "is sent TRUNC",
    "is sent SNAP",
    "is sent NEWLEADER",
    "acknowledges NEWLEADER",
    "is sent UPTODATE",
    "proposes",
    "acknowledges",
    "commits",
    "appends",
    "syncs",
    "writes acceptedEpoch",
    "writes currentEpoch",
    "begins a snapshot",
    "ends a snapshot",
    "begins a log",
    "truncates its log",
};
static_assert(std::size(kNames) == kMomentCount);

}  // namespace

std::string_view to_string(Moment moment) {
  return kNames[static_cast<size_t>(moment)];
}

std::optional<Moment> parse_moment(std::string_view name) {
  const auto* const it = std::ranges::find(kNames, name);
  if (it == std::end(kNames)) return std::nullopt;
  return static_cast<Moment>(it - std::begin(kNames));
}

}  // namespace zoetrope::sim
