// One JSON object a line: docs/traces.md names the fields.
#include <fmt/format.h>

#include "trace/formats.hpp"
#include "trace/writing.hpp"

namespace zoetrope::trace {
namespace {

using Out = std::back_insert_iterator<std::string>;

void put_header(Out out, const Picture& picture) {
  const Story& story = picture.story;
  fmt::format_to(out, R"({{"type":"story","version":1,"title":{},"lanes":[)",
                 json_string(story.title));
  for (const Lane& lane : story.lanes) {
    fmt::format_to(out, R"({}{{"name":{},"kind":"{}"}})", &lane == story.lanes.data() ? "" : ",",
                   json_string(lane.name), to_string(lane.kind));
  }
  fmt::format_to(out,
                 R"(],"events":{},"messages":{},"spans":{},"left_out":{}}})"
                 "\n",
                 story.events.size(), story.messages.size(), story.spans.size(),
                 json_string(picture.left_out));
}

}  // namespace

std::string json_lines(const Picture& picture) {
  std::string text;
  const Out out(text);
  put_header(out, picture);
  for (size_t i = 0; i < picture.story.events.size(); ++i) {
    const Event& event = picture.story.events[i];
    fmt::format_to(out, R"({{"type":"event","index":{},"at_ns":{},"lane":{},"kind":"{}","text":{})",
                   i, event.at.ns, event.lane, look(event.kind).name, json_string(event.text));
    if (event.cause) fmt::format_to(out, R"(,"cause":{})", *event.cause);
    fmt::format_to(out,
                   R"(,"number":{}}})"
                   "\n",
                   event.number);
  }
  for (const Message& message : picture.story.messages) {
    fmt::format_to(out,
                   R"({{"type":"message","from":{},"to":{},"text":{},"bytes":{}}})"
                   "\n",
                   message.from, message.to, json_string(message.text), message.bytes);
  }
  for (const Span& span : picture.story.spans) {
    fmt::format_to(out,
                   R"({{"type":"span","lane":{},"from_ns":{},"to_ns":{},"kind":"{}","text":{}}})"
                   "\n",
                   span.lane, span.from.ns, span.to.ns, look(span.kind).name,
                   json_string(span.text));
  }
  return text;
}

}  // namespace zoetrope::trace
