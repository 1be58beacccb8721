// A space-time diagram as one SVG file: time runs down, a column a lane. Each event has a row of
// its own, so that its text stays legible; the way between rows grows with the logarithm of the
// time.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <utility>

#include "trace/formats.hpp"
#include "trace/writing.hpp"

namespace zoetrope::trace {
namespace {

constexpr int kTimeWidth = 140, kTitleY = 24, kLeftOutY = 44, kLegendY = 64, kHeadY = 92;
constexpr int kRow = 15, kRowsBetweenHeads = 50, kHeadRow = 30;
constexpr int kBarWidth = 5, kBarStep = 7;
constexpr int kCharacter = 6;  // of the font below, rounded down

constexpr std::string_view kStyle =
    "<style>text{font:10px monospace;fill:#212121;paint-order:stroke;stroke:#fff;stroke-width:2px}"
    ".title{font-size:15px;font-weight:bold}.head{font-size:12px;font-weight:bold}"
    ".time{fill:#757575;text-anchor:end}.left-out{fill:#c62828;font-size:12px}"
    ".lane{stroke:#bdbdbd}.message{stroke:#1e6fbf;opacity:.65}.message:hover{stroke-width:3;"
    "opacity:1}"
    "</style>\n"
    "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"11\" refY=\"4\" markerWidth=\"7\" "
    "markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" "
    "fill=\"#1e6fbf\"/></marker></defs>"
    "\n";

class Chart {
 public:
  explicit Chart(const Picture& picture);
  std::string draw();

 private:
  struct Row {
    MonotonicTime at;
    const Event* event = nullptr;
    const Span* begin = nullptr;  // only where no event is
    int y = 0;
  };

  void gather_rows();
  void place_rows();
  void put_head();
  void put_lanes();
  void put_spans();
  void put_message(const Message& message);
  void put_rows();
  void put_event(const Row& row);

  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  int x_of(uint32_t lane) const { return kTimeWidth + 30 + static_cast<int>(lane) * spacing_; }
  int y_of(uint64_t event) const { return rows_[row_of_event_[event]].y; }
  int y_from(MonotonicTime at) const {
    return std::ranges::lower_bound(rows_, at, {}, &Row::at)->y;
  }
  int y_to(MonotonicTime at) const {
    return std::prev(std::ranges::upper_bound(rows_, at, {}, &Row::at))->y;
  }
  size_t label_characters() const { return static_cast<size_t>((spacing_ - 30) / kCharacter); }

  const Picture& picture_;
  const Story& story_;
  std::vector<uint32_t> track_of_;
  std::vector<Row> rows_;
  std::vector<size_t> row_of_event_;
  std::vector<int> heads_;  // y of the lanes' names
  int spacing_, width_, height_ = 0;
  std::string out_;
};

Chart::Chart(const Picture& picture)
    : picture_(picture), story_(picture.story), track_of_(tracks(story_)) {
  const int lanes = std::max<int>(1, static_cast<int>(story_.lanes.size()));
  spacing_ = std::clamp(1600 / lanes, 120, 300);
  width_ = std::max(640, kTimeWidth + lanes * spacing_ + 20);
  gather_rows();
  place_rows();
}

void Chart::gather_rows() {
  for (const Event& event : story_.events) rows_.push_back({event.at, &event});
  std::set<MonotonicTime> times;
  for (const Event& event : story_.events) times.insert(event.at);
  std::map<MonotonicTime, const Span*> ends;
  for (const Span& span : story_.spans) {
    if (!times.contains(span.to)) ends.try_emplace(span.to, nullptr);
  }
  for (const Span& span : story_.spans) {
    if (!times.contains(span.from)) ends[span.from] = &span;
  }
  for (const auto& [at, begin] : ends) rows_.push_back({at, nullptr, begin});
  std::ranges::stable_sort(rows_, {}, &Row::at);
  row_of_event_.resize(story_.events.size());
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].event == nullptr) continue;
    row_of_event_[static_cast<size_t>(rows_[i].event - story_.events.data())] = i;
  }
}

void Chart::place_rows() {
  int y = kHeadY + 4;
  heads_.push_back(kHeadY);
  for (size_t i = 0; i < rows_.size(); ++i) {
    y += kRow;
    if (i != 0) {
      const auto us = static_cast<uint64_t>((rows_[i].at - rows_[i - 1].at).ns) / 1000;
      y += 2 * std::min<int>(std::bit_width(us), 24);
      if (i % kRowsBetweenHeads == 0)
        heads_.push_back(std::exchange(y, y + kHeadRow) + kHeadRow / 4);
    }
    rows_[i].y = y;
  }
  height_ = y + 30;
}

void Chart::put_head() {
  put("<text class=\"title\" x=\"10\" y=\"{}\">{}</text>\n", kTitleY, xml_text(story_.title));
  if (!picture_.left_out.empty()) {
    put("<text class=\"left-out\" x=\"10\" y=\"{}\">left out: {}</text>\n", kLeftOutY,
        xml_text(picture_.left_out));
  }
  std::set<EventKind> kinds;
  for (const Event& event : story_.events) kinds.insert(event.kind);
  for (const Span& span : story_.spans) kinds.insert(span.kind);
  int x = 14;
  for (const EventKind kind : kinds) {
    put("<circle cx=\"{}\" cy=\"{}\" r=\"4\" fill=\"{}\"/><text x=\"{}\" y=\"{}\">{}</text>\n", x,
        kLegendY - 3, look(kind).colour, x + 8, kLegendY, look(kind).name);
    x += 24 + 7 * static_cast<int>(look(kind).name.size());
  }
}

void Chart::put_lanes() {
  for (uint32_t lane = 0; lane < story_.lanes.size(); ++lane) {
    put("<line class=\"lane\" x1=\"{0}\" y1=\"{1}\" x2=\"{0}\" y2=\"{2}\"/>\n", x_of(lane),
        kHeadY + 6, height_ - 10);
    for (const int y : heads_) {
      put("<text class=\"head\" x=\"{}\" y=\"{}\">{}</text>\n", x_of(lane) - 10, y,
          xml_text(story_.lanes[lane].name, label_characters()));
    }
  }
}

void Chart::put_spans() {
  for (size_t i = 0; i < story_.spans.size(); ++i) {
    const Span& span = story_.spans[i];
    const int y = y_from(span.from);
    const int x = x_of(span.lane) - kBarStep - kBarStep * static_cast<int>(track_of_[i]);
    put("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\" opacity=\".7\"><title>{}: "
        "{}, {} for {}</title></rect>\n",
        x, y, kBarWidth, std::max(2, y_to(span.to) - y), look(span.kind).colour,
        look(span.kind).name, xml_text(span.text), time_text(span.from),
        duration_text(span.to - span.from));
  }
}

void Chart::put_message(const Message& message) {
  const Event &from = story_.events[message.from], &to = story_.events[message.to];
  const int x1 = x_of(from.lane), y1 = y_of(message.from), x2 = x_of(to.lane),
            y2 = y_of(message.to);
  // To itself: a bow at the right of the lane.
  const int bend = from.lane == to.lane ? 40 : 0;
  put("<path class=\"message\" d=\"M{} {}Q{} {} {} {}\" fill=\"none\" marker-end=\"url(#tip)\">"
      "<title>{}, {} bytes, {} to {}, {}</title></path>\n",
      x1, y1, (x1 + x2) / 2 + bend, (y1 + y2) / 2, x2, y2, xml_text(message.text), message.bytes,
      xml_text(story_.lanes[from.lane].name), xml_text(story_.lanes[to.lane].name),
      duration_text(to.at - from.at));
}

void Chart::put_event(const Row& row) {
  const Event& event = *row.event;
  const bool is_loud = look(event.kind).weight >= look(EventKind::kFault).weight;
  if (is_loud) {
    put("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" stroke=\"{}\" opacity=\".5\"/>\n",
        kTimeWidth, row.y, width_ - 10, row.y, look(event.kind).colour);
  }
  put("<g><title>{} {}: {} {}{}</title><circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>"
      "<text x=\"{}\" y=\"{}\"{}>{}</text></g>\n",
      time_text(event.at), xml_text(story_.lanes[event.lane].name), look(event.kind).name,
      xml_text(event.text), event.number == 0 ? "" : fmt::format(", number {}", event.number),
      x_of(event.lane), row.y, is_loud ? 5 : 3, look(event.kind).colour, x_of(event.lane) + 9,
      row.y + (is_loud ? -3 : 3),
      is_loud ? fmt::format(" style=\"fill:{}\"", look(event.kind).colour) : "",
      xml_text(event.text, label_characters()));
}

void Chart::put_rows() {
  for (size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    if (i == 0 || rows_[i - 1].at != row.at) {
      put("<text class=\"time\" x=\"{}\" y=\"{}\">{}</text>\n", kTimeWidth - 20, row.y + 3,
          time_text(row.at));
    }
    if (row.event != nullptr) put_event(row);
    if (row.begin == nullptr) continue;
    put("<text x=\"{}\" y=\"{}\" style=\"fill:{}\">{}</text>\n", x_of(row.begin->lane) + 9,
        row.y + 3, look(row.begin->kind).colour, xml_text(row.begin->text, label_characters()));
  }
}

std::string Chart::draw() {
  put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} "
      "{1}\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{2}",
      width_, height_, kStyle);
  put_head();
  put_lanes();
  put_spans();
  for (const Message& message : story_.messages) put_message(message);
  put_rows();
  put("</svg>\n");
  return std::move(out_);
}

}  // namespace

std::string svg(const Picture& picture) {
  return Chart(picture).draw();
}

}  // namespace zoetrope::trace
