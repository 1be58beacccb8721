// Chrome's trace event format, which Perfetto and chrome://tracing open: a process a lane; its
// first thread has the events, the others what lasted.
#include <fmt/format.h>

#include <algorithm>

#include "trace/formats.hpp"
#include "trace/writing.hpp"

namespace zoetrope::trace {
namespace {

constexpr uint32_t kEventThread = 1, kFirstSpanThread = 2;

// Microseconds with their fraction, exactly.
std::string micros(int64_t ns) {
  const bool is_negative = ns < 0;
  const uint64_t size = is_negative ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
  return fmt::format("{}{}.{:03}", is_negative ? "-" : "", size / 1000, size % 1000);
}

class Writer {
 public:
  // An object of the array: the fields that all have, then `more`, which begins with a comma.
  void put(char phase, uint32_t lane, uint32_t thread, std::string_view name,
           const std::string& more) {
    fmt::format_to(std::back_inserter(text_), R"({}{{"ph":"{}","pid":{},"tid":{},"name":{}{}}})",
                   text_.empty() ? "" : ",\n", phase, lane + 1, thread, json_string(name), more);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void put_names(Writer& writer, const Story& story, const std::vector<uint32_t>& track_of) {
  std::vector<uint32_t> track_count(story.lanes.size());
  for (size_t i = 0; i < story.spans.size(); ++i) {
    uint32_t& count = track_count[story.spans[i].lane];
    count = std::max(count, track_of[i] + 1);
  }
  const auto named = [](std::string_view name) {
    return fmt::format(R"(,"args":{{"name":{}}})", json_string(name));
  };
  for (uint32_t lane = 0; lane < story.lanes.size(); ++lane) {
    writer.put('M', lane, kEventThread, "process_name", named(story.lanes[lane].name));
    writer.put('M', lane, kEventThread, "process_sort_index",
               fmt::format(R"(,"args":{{"sort_index":{}}})", lane));
    writer.put('M', lane, kEventThread, "thread_name", named("events"));
    for (uint32_t track = 0; track < track_count[lane]; ++track) {
      writer.put('M', lane, kFirstSpanThread + track, "thread_name", named("what lasts"));
    }
  }
}

// An arrow begins and ends at a slice only, so that such an event lasts a nanosecond here.
void put_event(Writer& writer, const Event& event, bool has_message) {
  writer.put(has_message ? 'X' : 'i', event.lane, kEventThread,
             event.text.empty() ? look(event.kind).name : std::string_view(event.text),
             fmt::format(R"(,"cat":"{}","ts":{},{},"args":{{"number":{}}})", look(event.kind).name,
                         micros(event.at.ns), has_message ? R"("dur":0.001)" : R"("s":"t")",
                         event.number));
}

}  // namespace

std::string perfetto(const Picture& picture) {
  const Story& story = picture.story;
  const std::vector<uint32_t> track_of = tracks(story);
  const MessageEnds ends(story);
  Writer writer;
  put_names(writer, story, track_of);
  for (size_t i = 0; i < story.spans.size(); ++i) {
    const Span& span = story.spans[i];
    writer.put('X', span.lane, kFirstSpanThread + track_of[i], span.text,
               fmt::format(R"(,"cat":"{}","ts":{},"dur":{})", look(span.kind).name,
                           micros(span.from.ns), micros((span.to - span.from).ns)));
  }
  for (size_t i = 0; i < story.events.size(); ++i) {
    put_event(writer, story.events[i], !ends.outgoing[i].empty() || !ends.incoming[i].empty());
  }
  for (size_t i = 0; i < story.messages.size(); ++i) {
    const Message& message = story.messages[i];
    const Event &from = story.events[message.from], &to = story.events[message.to];
    const auto more = [&](const Event& end, std::string_view rest) {
      return fmt::format(R"(,"cat":"message","id":{},"ts":{}{})", i + 1, micros(end.at.ns), rest);
    };
    writer.put('s', from.lane, kEventThread, message.text,
               more(from, fmt::format(R"(,"args":{{"bytes":{}}})", message.bytes)));
    writer.put('f', to.lane, kEventThread, message.text, more(to, R"(,"bp":"e")"));
  }
  return fmt::format(
      "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"title\":{},\"left_out\":{}}},\n"
      "\"traceEvents\":[\n{}\n]}}\n",
      json_string(story.title), json_string(picture.left_out), writer.text());
}

}  // namespace zoetrope::trace
