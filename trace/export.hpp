// The forms in which a story leaves the program: pictures for people, files for other tools. Each
// is a function of the story alone, so that equal runs give equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "trace/story.hpp"

namespace zoetrope::trace {

enum class Format : uint8_t { kText, kSvg, kPerfetto, kShiviz, kJsonLines, kDot };

struct ExportOptions {
  // Only what happened in between, both ends included.
  std::optional<MonotonicTime> from, to;
  uint32_t columns = 120;  // of the text; 0: lines are as long as they need to be
  // At most so many events; what matters least goes first, and the export says what went. Without
  // it a picture has a bound of its own and the other forms have none.
  std::optional<size_t> events_max;
};

// "text", "svg", "perfetto", "shiviz", "jsonl", "dot".
std::string_view to_string(Format format);
std::optional<Format> format_named(std::string_view name);
// Of the file's name, with its dot: ".txt", ".svg", ".perfetto.json" ...
std::string_view usual_suffix(Format format);

// The story must be whole: events ascend in time, messages lead to later events, and every index is
// one of the story. Bytes in its texts that no one can read come out as \xNN.
std::string draw(const Story& story, Format format, const ExportOptions& options = {});

}  // namespace zoetrope::trace
