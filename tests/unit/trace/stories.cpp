#include "tests/unit/trace/stories.hpp"

#include <algorithm>

#include "core/base/random.hpp"
#include "core/base/utf8.hpp"

namespace zoetrope::trace {
namespace {

// A recogniser of JSON as RFC 8259 has it.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  const char* defect() {
    if (!value()) return "malformed JSON";
    space();
    return rest_.empty() ? nullptr : "more than one JSON value";
  }

 private:
  void space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool value() {
    space();
    if (rest_.empty()) return false;
    if (rest_[0] == '{') return list('{', '}', true);
    if (rest_[0] == '[') return list('[', ']', false);
    return rest_[0] == '"' ? string() : number();
  }
  bool list(char begin, char end, bool has_names) {
    if (!take(begin)) return false;
    if (take(end)) return true;
    do {
      if (has_names && !(string() && take(':'))) return false;
      if (!value()) return false;
    } while (take(','));
    return take(end);
  }
  bool string() {
    if (!take('"')) return false;
    while (!rest_.empty() && rest_[0] != '"') {
      const bool is_escape = rest_[0] == '\\';
      if (static_cast<unsigned char>(rest_[0]) < 0x20) return false;
      rest_.remove_prefix(1);
      if (!is_escape) continue;
      if (rest_.empty() ||
          std::string_view("\"\\/bfnrt").find(rest_[0]) == std::string_view::npos) {
        return false;
      }
      rest_.remove_prefix(1);
    }
    return take('"');
  }
  bool number() {
    const size_t end = std::min(rest_.find_first_not_of("-0123456789."), rest_.size());
    const bool is_number = end != 0 && rest_[end - 1] >= '0' && rest_[end - 1] <= '9';
    rest_.remove_prefix(end);
    return is_number;
  }

  std::string_view rest_;
};

const char* text_part_defect(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (text[0] == '>' || text[0] == '<') return "a bare bracket";
    if (text[0] != '&') continue;
    const std::string_view entity = text.substr(0, text.find(';'));
    if (entity != "&amp" && entity != "&lt" && entity != "&gt" && entity != "&quot") {
      return "a bare ampersand";
    }
  }
  return nullptr;
}

}  // namespace

Story broken_promise() {
  StoryBuilder b;
  b.story.title = "seed 7, profile crash";
  const uint32_t s1 = b.lane("server 1"), s2 = b.lane("server 2"), s3 = b.lane("server 3");
  const uint32_t client = b.lane("client 1", LaneKind::kClient);
  const uint32_t faults = b.lane("faults", LaneKind::kWorld);
  b.event(1000, s1, EventKind::kState, "LEADING, epoch 1");
  const uint64_t ask = b.event(2000, client, EventKind::kOperation, "setData /a");
  const uint64_t asked = b.event(2300, s1, EventKind::kReceive, "setData /a");
  const uint64_t to2 = b.event(2300, s1, EventKind::kSend, "PROPOSAL 0x100000001");
  const uint64_t to3 = b.event(2300, s1, EventKind::kSend, "PROPOSAL 0x100000001");
  const uint64_t at2 = b.event(2900, s2, EventKind::kReceive, "PROPOSAL 0x100000001");
  const uint64_t cut = b.event(3000, faults, EventKind::kFault, "partition {1} | {2, 3}");
  const uint64_t at3 = b.event(3100, s3, EventKind::kReceive, "PROPOSAL 0x100000001");
  b.event(3200, s2, EventKind::kDisk, "synced 0x100000001");
  b.event(400'000, s1, EventKind::kLife, "killed");
  b.story.events.back().cause = cut;
  const uint64_t answer = b.event(400'100, s2, EventKind::kSend, "reply");
  const uint64_t answered = b.event(400'400, client, EventKind::kReceive, "reply");
  b.event(400'400, client, EventKind::kViolation, "stale read of /a");
  b.message(ask, asked, "setData /a", 80);
  b.message(to2, at2, "PROPOSAL 0x100000001", 120);
  b.message(to3, at3, "PROPOSAL 0x100000001", 120);
  b.message(answer, answered, "reply", 20);
  b.span(s1, 1000, 400'000, EventKind::kState, "LEADING, epoch 1");
  b.span(faults, 3000, 500'000, EventKind::kFault, "partition {1} | {2, 3}");
  b.span(client, 2000, 400'400, EventKind::kOperation, "setData /a");
  return b.story;
}

Story idle_ensemble(int pings) {
  StoryBuilder b;
  const uint32_t leader = b.lane("server 1"), follower = b.lane("server 2");
  b.event(0, leader, EventKind::kState, "LEADING");
  for (int i = 1; i <= pings; ++i) {
    const uint64_t sent = b.event(i * 1000, leader, EventKind::kSend, "PING");
    b.message(sent, b.event(i * 1000 + 300, follower, EventKind::kReceive, "PING"), "PING");
  }
  b.event(pings * 1000 + 500, follower, EventKind::kLife, "killed");
  return b.story;
}

Story any_story(uint32_t seed) {
  Random random(seed);
  const auto below = [&](uint64_t bound) { return static_cast<uint32_t>(random.below(bound)); };
  const auto bytes = [&] {
    std::string text;
    for (uint32_t i = below(12); i > 0; --i) text += static_cast<char>(below(256));
    return text;
  };
  StoryBuilder b;
  b.story.title = bytes();
  const uint32_t lanes = 1 + below(6);
  for (uint32_t i = 0; i < lanes; ++i) b.lane(bytes(), static_cast<LaneKind>(below(3)));
  int64_t at = below(2) == 0 ? 0 : -500;
  for (uint32_t i = below(40); i > 0; --i) {
    b.event(at, below(lanes), static_cast<EventKind>(below(11)), bytes());
    if (b.story.events.size() > 1 && below(4) == 0) {
      b.story.events.back().cause = below(b.story.events.size() - 1);
    }
    at += below(3) * below(2000);
  }
  for (uint32_t i = below(30); i > 0 && b.story.events.size() > 1; --i) {
    const uint64_t to = 1 + below(b.story.events.size() - 1);
    b.message(below(to), to, bytes(), below(1000));
  }
  for (uint32_t i = below(10); i > 0; --i) {
    const int64_t from = below(5000);
    b.span(below(lanes), from, from + below(5000), static_cast<EventKind>(below(11)), bytes());
  }
  return b.story;
}

const char* json_defect(std::string_view text) {
  return JsonReader(text).defect();
}

const char* xml_defect(std::string_view text) {
  std::vector<std::string> open;
  while (!text.empty()) {
    const size_t begin = text.find('<');
    const size_t text_end = std::min(begin, text.size());
    if (const char* defect = text_part_defect(text.substr(0, text_end))) return defect;
    if (begin == std::string_view::npos) break;
    const size_t end = text.find('>', begin);
    if (end == std::string_view::npos) return "an open bracket";
    const std::string_view tag = text.substr(begin + 1, end - begin - 1);
    if (std::ranges::count(tag, '"') % 2 != 0) return "an open attribute";
    text.remove_prefix(end + 1);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return "a wrong closing tag";
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.emplace_back(tag.substr(0, tag.find(' ')));
    }
  }
  return open.empty() ? nullptr : "an open tag";
}

const char* text_defect(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return "not UTF-8";
    const auto first = static_cast<unsigned char>(text[0]);
    if ((first < 0x20 && first != '\n') || first == 0x7f) return "a control character";
    if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) return "a control character";
    text.remove_prefix(length);
  }
  return nullptr;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) ++count;
  return count;
}

}  // namespace zoetrope::trace
