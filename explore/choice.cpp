#include "explore/choice.hpp"

#include <charconv>
#include <optional>

#include "explore/node.hpp"

namespace zoetrope::explore {

namespace {

constexpr std::string_view kLetters = "vdbocrs";  // in the order of Kind

std::optional<uint8_t> number(std::string_view text, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > max) {
    return std::nullopt;
  }
  return static_cast<uint8_t>(value);
}

std::optional<uint8_t> server(std::string_view text) {
  const auto id = number(text, kServersMax);
  if (!id || *id == 0) return std::nullopt;
  return static_cast<uint8_t>(*id - 1);
}

std::string to_string(const Choice& choice) {
  using Kind = Choice::Kind;
  std::string text(1, kLetters[static_cast<size_t>(choice.kind)]);
  if (choice.kind == Kind::kVictims) return text + std::to_string(choice.code);
  if (choice.kind == Kind::kSilence) return text;
  text += std::to_string(choice.server + 1);
  if (choice.kind == Kind::kDeliver || choice.kind == Kind::kBreak) {
    text += std::to_string(choice.from + 1);
    if (choice.lane != 0) text += "." + std::to_string(choice.lane);
  }
  if (choice.kind == Kind::kOwn) text += "." + std::to_string(choice.code);
  return text;
}

std::optional<Choice> parse(std::string_view word) {
  using Kind = Choice::Kind;
  const size_t letter = word.empty() ? std::string_view::npos : kLetters.find(word[0]);
  if (letter == std::string_view::npos) return std::nullopt;
  Choice choice{.kind = static_cast<Kind>(letter)};
  word.remove_prefix(1);
  if (choice.kind == Kind::kSilence) return word.empty() ? std::optional(choice) : std::nullopt;
  const size_t dot = word.find('.');
  std::optional<uint8_t> suffix;
  if (dot != std::string_view::npos) {
    suffix = number(word.substr(dot + 1), UINT8_MAX);
    if (!suffix) return std::nullopt;
    word = word.substr(0, dot);
  }
  if (choice.kind == Kind::kVictims) {
    const auto code = number(word, UINT8_MAX);
    if (!code || suffix) return std::nullopt;
    choice.code = *code;
    return choice;
  }
  const bool has_peer = choice.kind == Kind::kDeliver || choice.kind == Kind::kBreak;
  if (word.size() != (has_peer ? 2U : 1U)) return std::nullopt;
  const auto self = server(word.substr(0, 1));
  if (!self) return std::nullopt;
  choice.server = *self;
  if (has_peer) {
    const auto from = server(word.substr(1));
    if (!from || suffix.value_or(0) >= kLanes) return std::nullopt;
    choice.from = *from;
    choice.lane = suffix.value_or(0);
  } else if (suffix.has_value() != (choice.kind == Kind::kOwn)) {
    return std::nullopt;
  }
  if (choice.kind == Kind::kOwn) choice.code = *suffix;
  return choice;
}

}  // namespace

std::string to_string(const Path& path) {
  std::string text;
  for (const Choice& choice : path) {
    if (!text.empty()) text += ',';
    text += to_string(choice);
  }
  return text;
}

std::expected<Path, std::string> parse_path(std::string_view text) {
  Path path;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view word = text.substr(0, comma);
    const auto choice = parse(word);
    if (!choice) {
      return std::unexpected("step " + std::to_string(path.size() + 1) + ", '" + std::string(word) +
                             "', is none");
    }
    path.push_back(*choice);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return path;
}

}  // namespace zoetrope::explore
