// A space-time diagram for a terminal: time at the left, a column a lane, what happened at the
// right. A row an event; what only repeats what stands above is counted in one row.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "trace/formats.hpp"
#include "trace/writing.hpp"

namespace zoetrope::trace {
namespace {

constexpr size_t kTimeColumns = 18, kTextColumnsWanted = 56, kTextColumnsMin = 30;
constexpr size_t kFoldedKindsShown = 4;
constexpr uint32_t kLaneColumnsMin = 4, kLaneColumnsMax = 14;
constexpr int64_t kGapOfUsual = 20;  // so many times the usual gap is worth a row
constexpr int64_t kGapMin_ns = 1'000'000;

struct Row {
  MonotonicTime at;
  uint32_t lane = 0;
  std::string glyph;
  std::string text;                // without times: equal rows are alike
  std::string detail;              // behind it
  std::optional<uint32_t> source;  // the lane where the arrow begins
  bool may_fold = false;
  bool is_turn = false;  // what comes after it is news again
};

bool repeats(EventKind kind) {
  return look(kind).weight <= look(EventKind::kSend).weight;
}

class RowMaker {
 public:
  explicit RowMaker(const Story& story) : story_(story), ends_(story) {}

  std::vector<Row> rows() {
    std::vector<Row> rows;
    for (uint64_t i = 0; i < story_.events.size();) {
      const uint64_t end = end_of_sends(i);
      rows.push_back(row_of(i, end));
      i = end;
    }
    for (const Span& span : story_.spans) {
      // The two ends of an operation are events, and of other things often the beginning is.
      if (span.kind == EventKind::kOperation || begins_as_event(span)) continue;
      rows.push_back({span.from,
                      span.lane,
                      "┬",
                      full_text(span.lane, span.text),
                      " (for " + duration_text(span.to - span.from) + ")",
                      {},
                      false,
                      true});
    }
    std::ranges::stable_sort(rows, {}, &Row::at);
    return rows;
  }

 private:
  std::string full_text(uint32_t lane, std::string_view text) const {
    return printable(story_.lanes[lane].name) + ": " + printable(text);
  }

  bool begins_as_event(const Span& span) const {
    const auto at = std::ranges::equal_range(story_.events, span.from, {}, &Event::at);
    return std::ranges::any_of(at, [&](const Event& event) {
      return event.lane == span.lane && event.kind == span.kind && event.text == span.text;
    });
  }

  // The same message to several at once is one row.
  uint64_t end_of_sends(uint64_t begin) const {
    const Event& first = story_.events[begin];
    uint64_t end = begin + 1;
    if (first.kind != EventKind::kSend) return end;
    while (end < story_.events.size()) {
      const Event& next = story_.events[end];
      if (next.kind != first.kind || next.lane != first.lane || next.at != first.at ||
          next.text != first.text)
        break;
      ++end;
    }
    return end;
  }

  Row row_of(uint64_t begin, uint64_t end) const {
    const Event& event = story_.events[begin];
    Row row{event.at, event.lane, std::string(look(event.kind).glyph),
            full_text(event.lane, event.text.empty() ? look(event.kind).name : event.text)};
    row.may_fold = repeats(event.kind);
    row.is_turn = look(event.kind).weight >= look(EventKind::kState).weight;
    std::string targets, messages;
    for (uint64_t i = begin; i < end; ++i) {
      for (const uint64_t m : ends_.outgoing[i]) {
        targets += (targets.empty() ? " -> " : ", ") + lane_name(story_.messages[m].to);
        add_message(story_.messages[m], event, messages);
      }
    }
    row.text += targets;
    for (const uint64_t m : ends_.incoming[begin]) {
      const Message& message = story_.messages[m];
      if (!row.source) row.source = story_.events[message.from].lane;
      row.text += " <- " + lane_name(message.from);
      row.detail += " (" + duration_text(event.at - story_.events[message.from].at) + ")";
      add_message(message, event, messages);
    }
    if (!messages.empty()) row.text += " [" + messages + "]";
    return row;
  }

  std::string lane_name(uint64_t event) const {
    return printable(story_.lanes[story_.events[event].lane].name);
  }

  // What the event's own text does not say.
  static void add_message(const Message& message, const Event& event, std::string& messages) {
    if (event.text.find(message.text) != std::string::npos) return;
    const std::string text = printable(message.text);
    if (messages.find(text) == std::string::npos) messages += (messages.empty() ? "" : ", ") + text;
  }

  const Story& story_;
  MessageEnds ends_;
};

class Diagram {
 public:
  Diagram(const Picture& picture, uint32_t columns)
      : picture_(picture), story_(picture.story), columns_(columns) {
    const auto lanes = static_cast<uint32_t>(std::max<size_t>(1, story_.lanes.size()));
    const uint32_t fixed = kTimeColumns + kTextColumnsWanted;
    const uint32_t free = columns > fixed ? columns - fixed : 0;
    lane_columns_ =
        columns == 0 ? kLaneColumnsMax : std::clamp(free / lanes, kLaneColumnsMin, kLaneColumnsMax);
    for (const Span& span : story_.spans) {
      begins_.push_back(&span);
      ends_.push_back(&span);
    }
    std::ranges::stable_sort(begins_, {}, &Span::from);
    std::ranges::stable_sort(ends_, {}, &Span::to);
    open_.resize(story_.lanes.size());
  }

  std::string draw() {
    put_head();
    const std::vector<Row> rows = RowMaker(story_).rows();
    usual_gap_ = usual_gap(rows);
    for (size_t i = 0; i < rows.size();) {
      const size_t end = end_of_fold(rows, i);
      if (end - i > 1) {
        put_fold(rows, i, end);
      } else {
        put_row(rows[i]);
        end_of_row(rows[i]);
      }
      i = std::max(end, i + 1);
    }
    put_foot();
    return std::move(out_);
  }

 private:
  // Of each kind, how many spans cover this moment of a lane.
  struct Open {
    int faults = 0, states = 0;
  };

  static int64_t usual_gap(const std::vector<Row>& rows) {
    std::vector<int64_t> gaps;
    for (size_t i = 1; i < rows.size(); ++i) gaps.push_back((rows[i].at - rows[i - 1].at).ns);
    if (gaps.empty()) return 0;
    const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
    std::ranges::nth_element(gaps, middle);
    return *middle;
  }

  // Where the rows from `begin` on that stand above already end.
  size_t end_of_fold(const std::vector<Row>& rows, size_t begin) const {
    size_t end = begin;
    while (end < rows.size() && rows[end].may_fold && seen_.contains(rows[end].text)) ++end;
    return end;
  }

  void end_of_row(const Row& row) {
    if (row.is_turn) seen_.clear();
    if (row.may_fold) seen_.insert(row.text);
  }

  void count_spans(MonotonicTime at) {
    const auto count = [&](const Span& span, int step) {
      if (span.kind == EventKind::kFault) open_[span.lane].faults += step;
      if (span.kind == EventKind::kState) open_[span.lane].states += step;
    };
    for (; begun_ < begins_.size() && begins_[begun_]->from <= at; ++begun_) {
      count(*begins_[begun_], 1);
    }
    for (; ended_ < ends_.size() && ends_[ended_]->to < at; ++ended_) count(*ends_[ended_], -1);
  }

  size_t column_of(uint32_t lane) const { return lane * lane_columns_ + lane_columns_ / 2; }

  std::vector<std::string> lanes_at(MonotonicTime at) {
    count_spans(at);
    std::vector<std::string> cells(story_.lanes.size() * lane_columns_, " ");
    for (uint32_t lane = 0; lane < story_.lanes.size(); ++lane) {
      const Open& open = open_[lane];
      cells[column_of(lane)] = open.faults > 0 ? "┊" : open.states > 0 ? "┃" : "│";
    }
    return cells;
  }

  void put_line(std::string_view time, const std::vector<std::string>& cells, std::string text) {
    if (columns_ != 0) {
      const size_t used = kTimeColumns + cells.size() + 1;
      const size_t left = columns_ > used ? columns_ - used : 0;
      text = cut_to(std::move(text), std::max(left, kTextColumnsMin));
    }
    std::string line = fmt::format("{:>{}}", time, kTimeColumns);
    for (const std::string& cell : cells) line += cell;
    line += ' ' + text;
    line.erase(line.find_last_not_of(' ') + 1);
    out_ += line + '\n';
  }

  void put_arrow(std::vector<std::string>& cells, uint32_t from, uint32_t to) const {
    const size_t left = column_of(std::min(from, to)), right = column_of(std::max(from, to));
    if (from == to) return;
    for (size_t i = left + 1; i < right; ++i) cells[i] = cells[i] == " " ? "─" : "┼";
    cells[column_of(from)] = from < to ? "├" : "┤";
    if (from < to) {
      cells[right - 1] = ">";
    } else {
      cells[left + 1] = "<";
    }
  }

  void put_row(const Row& row) {
    if (last_ && (row.at - *last_).ns > std::max(kGapMin_ns, kGapOfUsual * usual_gap_)) {
      put_line("~ " + duration_text(row.at - *last_) + " ~ ", lanes_at(*last_), "");
    }
    std::vector<std::string> cells = lanes_at(row.at);
    if (row.source) put_arrow(cells, *row.source, row.lane);
    cells[column_of(row.lane)] = row.glyph;
    put_line(last_ == row.at ? "" : time_text(row.at) + ' ', cells, row.text + row.detail);
    last_ = row.at;
  }

  void put_fold(const std::vector<Row>& rows, size_t begin, size_t end) {
    std::vector<std::pair<std::string_view, size_t>> counts;
    for (size_t i = begin; i < end; ++i) {
      const auto it = std::ranges::find(counts, std::string_view(rows[i].text),
                                        &std::pair<std::string_view, size_t>::first);
      if (it == counts.end()) {
        counts.emplace_back(rows[i].text, 1);
      } else {
        ++it->second;
      }
    }
    std::ranges::stable_sort(counts, std::greater(), &std::pair<std::string_view, size_t>::second);
    std::string text = fmt::format("{} more like above", end - begin);
    for (size_t i = 0; i < counts.size() && i < kFoldedKindsShown; ++i) {
      text += fmt::format(" | {}x {}", counts[i].second, counts[i].first);
    }
    if (counts.size() > kFoldedKindsShown) {
      text += fmt::format(" | and {} others", counts.size() - kFoldedKindsShown);
    }
    const MonotonicTime at = rows[end - 1].at;
    std::vector<std::string> cells = lanes_at(at);
    for (uint32_t lane = 0; lane < story_.lanes.size(); ++lane) cells[column_of(lane)] = "⋮";
    put_line("... " + time_text(at) + ' ', cells, std::move(text));
    last_ = at;
  }

  void put_head() {
    if (!story_.title.empty()) out_ += printable(story_.title) + '\n';
    const bool fits = std::ranges::all_of(story_.lanes, [&](const Lane& lane) {
      return characters_of(printable(lane.name)) < lane_columns_;
    });
    std::string line(kTimeColumns, ' ');
    for (size_t lane = 0; lane < story_.lanes.size(); ++lane) {
      const std::string name = fits ? printable(story_.lanes[lane].name) : std::to_string(lane + 1);
      if (!fits) out_ += fmt::format("  {} = {}\n", name, printable(story_.lanes[lane].name));
      const size_t size = characters_of(name);
      const size_t before = lane_columns_ / 2 - std::min<size_t>(size / 2, lane_columns_ / 2);
      line += std::string(before, ' ') + name;
      if (before + size < lane_columns_) line += std::string(lane_columns_ - before - size, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    if (!story_.lanes.empty()) out_ += line + '\n';
  }

  void put_foot() {
    if (!picture_.left_out.empty()) out_ += "left out: " + printable(picture_.left_out) + '\n';
    if (story_.events.empty() && story_.spans.empty()) {
      out_ += "nothing happened\n";
      return;
    }
    std::set<EventKind> kinds;
    for (const Event& event : story_.events) kinds.insert(event.kind);
    out_ += "\n ";
    for (const EventKind kind : kinds) {
      out_ += fmt::format(" {} {} ", look(kind).glyph, look(kind).name);
    }
    if (!story_.spans.empty()) out_ += " ┬ begins  ┃ in a state  ┊ under a fault";
    out_ += '\n';
  }

  const Picture& picture_;
  const Story& story_;
  uint32_t columns_, lane_columns_ = 0;
  std::vector<const Span*> begins_, ends_;
  size_t begun_ = 0, ended_ = 0;
  std::vector<Open> open_;
  std::set<std::string> seen_;  // since the last turn
  std::optional<MonotonicTime> last_;
  int64_t usual_gap_ = 0;
  std::string out_;
};

}  // namespace

std::string text_diagram(const Picture& picture, uint32_t columns) {
  return Diagram(picture, columns).draw();
}

}  // namespace zoetrope::trace
