// One function a format, and what several of them share: the looks of the kinds, the part of a
// story that is drawn.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trace/export.hpp"

namespace zoetrope::trace {

// What is drawn, and a line on what is not.
struct Picture {
  const Story& story;
  std::string left_out;  // empty: nothing
};

std::string text_diagram(const Picture& picture, uint32_t columns);
std::string svg(const Picture& picture);
std::string perfetto(const Picture& picture);
std::string shiviz(const Picture& picture);
std::string json_lines(const Picture& picture);
std::string dot(const Picture& picture);

struct Look {
  std::string_view name;
  std::string_view colour;
  std::string_view glyph;  // in text
  int weight;              // the greatest is the last to be left out
};
const Look& look(EventKind kind);
std::string_view to_string(LaneKind kind);

struct Selection {
  Story story;
  std::string left_out;
};
Selection select(const Story& story, const ExportOptions& options, size_t events_max);

// By event, the messages that begin or end there.
struct MessageEnds {
  explicit MessageEnds(const Story& story);
  std::vector<std::vector<uint64_t>> outgoing, incoming;
};

// By span: spans of one lane that overlap without one holding the other get different tracks.
std::vector<uint32_t> tracks(const Story& story);

}  // namespace zoetrope::trace
