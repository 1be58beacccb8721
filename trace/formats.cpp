#include "trace/formats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/assert.hpp"

namespace zoetrope::trace {
namespace {

// By EventKind.
constexpr std::array<Look, 11> kLooks{{{"step", "#9e9e9e", "·", 0},
                                       {"send", "#1e6fbf", "o", 4},
                                       {"receive", "#1e6fbf", "●", 4},
                                       {"disk", "#8d6e63", "d", 3},
                                       {"timer", "#bdbdbd", "t", 1},
                                       {"state", "#2e7d32", "S", 7},
                                       {"commit", "#00897b", "c", 5},
                                       {"fault", "#ef6c00", "!", 9},
                                       {"life", "#6a1b9a", "^", 8},
                                       {"operation", "#283593", "O", 6},
                                       {"violation", "#d50000", "X", 10}}};

bool is_within(MonotonicTime at, const ExportOptions& options) {
  return (!options.from || at >= *options.from) && (!options.to || at <= *options.to);
}

// Of `chosen`, indices into `things`, the `count` that matter most, in their order; of equal weight
// the latest, as a story is told for its end.
template <class Thing>
std::vector<size_t> most_important(std::vector<size_t> chosen, const std::vector<Thing>& things,
                                   size_t count) {
  if (chosen.size() <= count) return chosen;
  std::ranges::sort(chosen, [&](size_t a, size_t b) {
    const int wa = look(things[a].kind).weight, wb = look(things[b].kind).weight;
    return wa != wb ? wa > wb : a > b;
  });
  chosen.resize(count);
  std::ranges::sort(chosen);
  return chosen;
}

// Moves the chosen events and what hangs on them, under their new indices.
void take_events(const Story& story, const std::vector<size_t>& chosen, Story& part) {
  constexpr uint64_t kNone = ~uint64_t{0};
  std::vector<uint64_t> place(story.events.size(), kNone);
  for (const size_t i : chosen) {
    place[i] = part.events.size();
    Event event = story.events[i];
    if (event.cause) event.cause = place[*event.cause];
    if (event.cause == kNone) event.cause.reset();
    part.events.push_back(std::move(event));
  }
  for (const Message& message : story.messages) {
    if (place[message.from] == kNone || place[message.to] == kNone) continue;
    part.messages.push_back(message);
    part.messages.back().from = place[message.from];
    part.messages.back().to = place[message.to];
  }
}

std::string left_out_text(const Story& story, const std::vector<size_t>& within,
                          const std::vector<size_t>& chosen, size_t spans_lost) {
  std::vector<std::string> parts;
  if (const size_t outside = story.events.size() - within.size()) {
    parts.push_back(fmt::format("{} events outside the time asked for", outside));
  }
  std::array<size_t, kLooks.size()> lost{};
  for (const size_t i : within) ++lost[static_cast<size_t>(story.events[i].kind)];
  for (const size_t i : chosen) --lost[static_cast<size_t>(story.events[i].kind)];
  for (size_t kind = 0; kind < lost.size(); ++kind) {
    if (lost[kind] != 0) parts.push_back(fmt::format("{} {}", lost[kind], kLooks[kind].name));
  }
  if (spans_lost != 0) parts.push_back(fmt::format("{} spans", spans_lost));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

const Look& look(EventKind kind) {
  return kLooks[static_cast<size_t>(kind)];
}

std::string_view to_string(LaneKind kind) {
  switch (kind) {
    case LaneKind::kServer: return "server";
    case LaneKind::kClient: return "client";
    case LaneKind::kWorld: return "world";
  }
  ZT_ASSERT(false);
}

Selection select(const Story& story, const ExportOptions& options, size_t events_max) {
  Selection part;
  part.story.title = story.title;
  part.story.lanes = story.lanes;
  std::vector<size_t> within, spans;
  for (size_t i = 0; i < story.events.size(); ++i) {
    if (is_within(story.events[i].at, options)) within.push_back(i);
  }
  for (size_t i = 0; i < story.spans.size(); ++i) {
    const Span& span = story.spans[i];
    if ((!options.from || span.to >= *options.from) && (!options.to || span.from <= *options.to)) {
      spans.push_back(i);
    }
  }
  const std::vector<size_t> chosen = most_important(within, story.events, events_max);
  take_events(story, chosen, part.story);
  const std::vector<size_t> kept = most_important(spans, story.spans, events_max);
  for (const size_t i : kept) part.story.spans.push_back(story.spans[i]);
  part.left_out = left_out_text(story, within, chosen, spans.size() - kept.size());
  return part;
}

MessageEnds::MessageEnds(const Story& story)
    : outgoing(story.events.size()), incoming(story.events.size()) {
  for (uint64_t i = 0; i < story.messages.size(); ++i) {
    outgoing[story.messages[i].from].push_back(i);
    incoming[story.messages[i].to].push_back(i);
  }
}

std::vector<uint32_t> tracks(const Story& story) {
  std::vector<size_t> order(story.spans.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) {
    const Span &first = story.spans[a], &second = story.spans[b];
    return first.from != second.from ? first.from < second.from : first.to > second.to;
  });
  // By lane and track, the ends of the spans that are open, the innermost last.
  std::vector<std::vector<std::vector<MonotonicTime>>> open(story.lanes.size());
  std::vector<uint32_t> track_of(story.spans.size());
  for (const size_t i : order) {
    const Span& span = story.spans[i];
    auto& lane = open[span.lane];
    uint32_t track = 0;
    for (;; ++track) {
      if (track == lane.size()) lane.emplace_back();
      while (!lane[track].empty() && lane[track].back() <= span.from) lane[track].pop_back();
      if (lane[track].empty() || lane[track].back() >= span.to) break;
    }
    lane[track].push_back(span.to);
    track_of[i] = track;
  }
  return track_of;
}

}  // namespace zoetrope::trace
