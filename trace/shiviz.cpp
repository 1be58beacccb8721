// The log that ShiViz reads: the expression that parses it, the line that would tell executions
// apart, then two lines an event. A host's first event has clock 1.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "trace/formats.hpp"
#include "trace/happens_before.hpp"
#include "trace/writing.hpp"

namespace zoetrope::trace {
namespace {

// ShiViz ends a host at white space; different lanes stay different.
std::vector<std::string> host_names(const std::vector<Lane>& lanes) {
  std::vector<std::string> names;
  for (const Lane& lane : lanes) {
    std::string name;
    for (const char c : printable(lane.name)) {
      const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                            (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
      name += is_plain ? c : '_';
    }
    if (name.empty()) name.push_back('_');
    while (std::ranges::find(names, name) != names.end()) name += fmt::format("_{}", names.size());
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

std::string shiviz(const Picture& picture) {
  const Story& story = picture.story;
  const std::vector<std::string> hosts = host_names(story.lanes);
  const Clocks clocks(story);
  std::string text = "(?<time>\\S*) (?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)\n\n";
  const auto out = std::back_inserter(text);
  for (uint64_t i = 0; i < story.events.size(); ++i) {
    const Event& event = story.events[i];
    fmt::format_to(out, "{} {} {{", time_text(event.at), hosts[event.lane]);
    const auto clock = clocks.of(i);
    bool is_first = true;
    for (size_t lane = 0; lane < clock.size(); ++lane) {
      if (clock[lane] == 0) continue;
      fmt::format_to(out, "{}\"{}\":{}", std::exchange(is_first, false) ? "" : ", ", hosts[lane],
                     clock[lane]);
    }
    fmt::format_to(out, "}}\n{} {}\n", look(event.kind).name, printable(event.text));
  }
  return text;
}

}  // namespace zoetrope::trace
