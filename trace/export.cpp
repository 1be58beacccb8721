#include "trace/export.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "core/base/assert.hpp"
#include "trace/formats.hpp"

namespace zoetrope::trace {
namespace {

constexpr size_t kNoBound = std::numeric_limits<size_t>::max();

struct FormatEntry {
  std::string_view name, suffix;
  size_t events_max;
};
// By Format. Browsers show some thousand rows well, and Graphviz takes minutes beyond some hundred.
constexpr std::array<FormatEntry, 6> kFormats{{{"text", ".txt", kNoBound},
                                               {"svg", ".svg", 2000},
                                               {"perfetto", ".perfetto.json", kNoBound},
                                               {"shiviz", ".shiviz.log", kNoBound},
                                               {"jsonl", ".jsonl", kNoBound},
                                               {"dot", ".dot", 200}}};

const FormatEntry& entry(Format format) {
  return kFormats[static_cast<size_t>(format)];
}

void check(const Story& story) {
  for (size_t i = 0; i < story.events.size(); ++i) {
    const Event& event = story.events[i];
    ZT_ASSERT(event.lane < story.lanes.size());
    ZT_ASSERT(i == 0 || story.events[i - 1].at <= event.at);
    ZT_ASSERT(!event.cause || *event.cause < i);
  }
  for (const Message& message : story.messages) {
    ZT_ASSERT(message.from < message.to && message.to < story.events.size());
  }
  for (const Span& span : story.spans) {
    ZT_ASSERT(span.lane < story.lanes.size() && span.from <= span.to);
  }
}

std::string draw(const Picture& picture, Format format, uint32_t columns) {
  switch (format) {
    case Format::kText: return text_diagram(picture, columns);
    case Format::kSvg: return svg(picture);
    case Format::kPerfetto: return perfetto(picture);
    case Format::kShiviz: return shiviz(picture);
    case Format::kJsonLines: return json_lines(picture);
    case Format::kDot: return dot(picture);
  }
  ZT_ASSERT(false);
}

}  // namespace

std::string_view to_string(Format format) {
  return entry(format).name;
}

std::string_view usual_suffix(Format format) {
  return entry(format).suffix;
}

std::optional<Format> format_named(std::string_view name) {
  const auto it = std::ranges::find(kFormats, name, &FormatEntry::name);
  if (it == kFormats.end()) return std::nullopt;
  return static_cast<Format>(it - kFormats.begin());
}

std::string draw(const Story& story, Format format, const ExportOptions& options) {
  check(story);
  const size_t events_max = options.events_max.value_or(entry(format).events_max);
  const bool is_whole = !options.from && !options.to &&
                        std::max(story.events.size(), story.spans.size()) <= events_max;
  if (is_whole) return draw({story, ""}, format, options.columns);
  const Selection part = select(story, options, events_max);
  return draw({part.story, part.left_out}, format, options.columns);
}

}  // namespace zoetrope::trace
