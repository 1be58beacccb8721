// Stories for the tests of the exports, and checkers of what comes out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "trace/export.hpp"

namespace zoetrope::trace {

inline constexpr Format kAllFormats[] = {Format::kText,   Format::kSvg,       Format::kPerfetto,
                                         Format::kShiviz, Format::kJsonLines, Format::kDot};

// Builds a story event by event; times in microseconds.
struct StoryBuilder {
  Story story;

  uint32_t lane(std::string name, LaneKind kind = LaneKind::kServer) {
    story.lanes.push_back({std::move(name), kind});
    return static_cast<uint32_t>(story.lanes.size() - 1);
  }
  uint64_t event(int64_t us, uint32_t lane, EventKind kind, std::string text) {
    Event event{.at = MonotonicTime{us * 1000}, .lane = lane, .kind = kind};
    event.text = std::move(text);
    event.number = story.events.size() + 1;
    story.events.push_back(std::move(event));
    return story.events.size() - 1;
  }
  void message(uint64_t from, uint64_t to, std::string text, uint64_t bytes = 0) {
    story.messages.push_back({from, to, std::move(text), bytes});
  }
  void span(uint32_t lane, int64_t from_us, int64_t to_us, EventKind kind, std::string text) {
    story.spans.push_back(
        {lane, MonotonicTime{from_us * 1000}, MonotonicTime{to_us * 1000}, kind, std::move(text)});
  }
};

// A leader that proposes, is cut off and killed; a client that reads what it may not see.
Story broken_promise();
// A leader and a follower that say no more than PING for a long time.
Story idle_ensemble(int pings);
// Whatever bytes, lanes and orders there may be.
Story any_story(uint32_t seed);

// nullptr, or what is wrong.
const char* json_defect(std::string_view text);
const char* xml_defect(std::string_view text);
// That of text in any format: UTF-8 without control characters except the ends of lines.
const char* text_defect(std::string_view text);

std::vector<std::string> lines_of(std::string_view text);
size_t count_of(std::string_view text, std::string_view part);

}  // namespace zoetrope::trace
