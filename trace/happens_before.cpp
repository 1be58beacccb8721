#include "trace/happens_before.hpp"

#include <algorithm>
#include <utility>

#include "trace/formats.hpp"

namespace zoetrope::trace {

std::vector<std::optional<uint64_t>> predecessors(const Story& story) {
  std::vector<std::optional<uint64_t>> before(story.events.size()), last(story.lanes.size());
  for (uint64_t i = 0; i < story.events.size(); ++i) {
    before[i] = std::exchange(last[story.events[i].lane], i);
  }
  return before;
}

Clocks::Clocks(const Story& story)
    : story_(story), lanes_(story.lanes.size()), values_(story.events.size() * lanes_) {
  const auto before = predecessors(story);
  const MessageEnds ends(story);
  for (uint64_t i = 0; i < story.events.size(); ++i) {
    const std::span own = std::span(values_).subspan(i * lanes_, lanes_);
    const auto learn = [&](uint64_t earlier) {
      std::ranges::transform(own, of(earlier), own.begin(),
                             [](uint32_t a, uint32_t b) { return std::max(a, b); });
    };
    if (before[i]) learn(*before[i]);
    for (const uint64_t message : ends.incoming[i]) learn(story.messages[message].from);
    ++own[story.events[i].lane];
  }
}

bool Clocks::reaches(uint64_t event, uint64_t later) const {
  const uint32_t lane = story_.events[event].lane;
  return of(event)[lane] <= of(later)[lane];
}

}  // namespace zoetrope::trace
