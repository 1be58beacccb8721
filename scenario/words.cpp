#include "scenario/words.hpp"

#include <charconv>
#include <utility>

namespace zoetrope::scenario {
namespace {

using sim::Target;
using Kind = Target::Kind;

struct Unit {
  std::string_view name;
  int64_t ns;
};
constexpr Unit kUnits[] = {{"h", 3'600'000'000'000}, {"min", 60'000'000'000}, {"s", 1'000'000'000},
                           {"ms", 1'000'000},        {"us", 1'000},           {"ns", 1}};

constexpr std::pair<std::string_view, Kind> kSimpleTargets[] = {
    {"leader", Kind::kLeader},
    {"follower", Kind::kFollower},
    {"observer", Kind::kObserver},
    {"any server", Kind::kAnyServer},
    {"any follower", Kind::kAnyFollower},
    {"all", Kind::kAll},
    {"it", Kind::kTriggered},
    {"minority", Kind::kMinority},
    {"minority with the leader", Kind::kMinorityOfLeader},
    {"majority", Kind::kMajority}};

// The letters of permissions, as zkCli orders them.
constexpr std::pair<char, int32_t> kPermissions[] = {{'c', properties::kCreateChild},
                                                     {'d', properties::kDeleteChild},
                                                     {'r', properties::kRead},
                                                     {'w', properties::kWrite},
                                                     {'a', properties::kAdmin}};

std::optional<uint32_t> number_of(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A number of 1 or more, as an index.
std::optional<uint32_t> index_of(std::string_view text) {
  const std::optional<uint32_t> number = number_of(text);
  if (!number || *number == 0) return std::nullopt;
  return *number - 1;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

std::string to_words(Duration duration) {
  if (duration.ns == 0) return "0s";
  // The largest unit in which the number needs at most three digits behind its point.
  for (const Unit& unit : kUnits) {
    const int64_t whole = duration.ns / unit.ns, rest = duration.ns % unit.ns;
    if (whole == 0 && unit.ns != 1) continue;
    const bool is_decimal = unit.ns <= 1'000'000'000;
    if (rest != 0 && (!is_decimal || rest % (unit.ns / 1000) != 0)) continue;
    std::string words = std::to_string(whole);
    if (rest != 0) {
      std::string digits = std::to_string(1000 + (rest < 0 ? -rest : rest) / (unit.ns / 1000));
      digits.erase(digits.find_last_not_of('0') + 1);
      words += "." + digits.substr(1);
    }
    return words + std::string(unit.name);
  }
  return std::to_string(duration.ns) + "ns";
}

std::optional<Duration> duration_of(std::string_view words) {
  const size_t digits_end = words.find_first_not_of("0123456789.");
  if (digits_end == std::string_view::npos || digits_end == 0) return std::nullopt;
  const std::string_view number = words.substr(0, digits_end);
  std::string_view name = words.substr(digits_end);
  while (name.starts_with(' ')) name.remove_prefix(1);
  const Unit* unit = std::ranges::find(kUnits, name, &Unit::name);
  if (unit == std::end(kUnits)) return std::nullopt;
  const size_t point = number.find('.');
  int64_t whole = 0;
  const std::string_view front = number.substr(0, point);
  const auto [end, error] = std::from_chars(front.data(), front.data() + front.size(), whole);
  if (error != std::errc() || end != front.data() + front.size()) return std::nullopt;
  if (whole > INT64_MAX / 2 / unit->ns) return std::nullopt;
  int64_t ns = whole * unit->ns;
  if (point == std::string_view::npos) return Duration{ns};
  int64_t part = unit->ns;
  const std::string_view behind = number.substr(point + 1);
  if (behind.empty()) return std::nullopt;
  for (const char digit : behind) {
    // Less than a nanosecond is no time.
    if (digit == '.' || part % 10 != 0) return std::nullopt;
    part /= 10;
    ns += part * (digit - '0');
  }
  return Duration{ns};
}

std::string to_words(const Target& target) {
  if (target.kind == Kind::kRegion) return "region " + target.region;
  for (const auto& [name, kind] : kSimpleTargets) {
    if (kind != target.kind) continue;
    std::string words(name);
    if (target.index == 0) return words;
    if (kind == Kind::kLeader) return words + ", else " + std::to_string(target.index + 1);
    if (kind == Kind::kFollower || kind == Kind::kObserver) {
      words += " " + std::to_string(target.index + 1);
    }
    return words;
  }
  return {};
}

std::optional<Target> target_of(std::string_view words) {
  Target target;
  constexpr std::string_view kRegion = "region ", kElse = "leader, else ";
  if (words.starts_with(kRegion) && words.size() > kRegion.size()) {
    target.kind = Kind::kRegion;
    target.region = words.substr(kRegion.size());
    return target;
  }
  const auto numbered = [&](std::string_view front, Kind kind) {
    if (!words.starts_with(front)) return false;
    const std::optional<uint32_t> index = index_of(words.substr(front.size()));
    if (!index) return false;
    target.kind = kind;
    target.index = *index;
    return true;
  };
  if (numbered(kElse, Kind::kLeader) || numbered("follower ", Kind::kFollower) ||
      numbered("observer ", Kind::kObserver) || numbered("server ", Kind::kServer)) {
    return target;
  }
  for (const auto& [name, kind] : kSimpleTargets) {
    if (words != name) continue;
    target.kind = kind;
    return target;
  }
  return std::nullopt;
}

std::string to_words(const properties::AclEntry& entry) {
  std::string words = entry.id.scheme + ":" + entry.id.id + ":";
  for (const auto& [letter, bit] : kPermissions) {
    if ((entry.permissions & bit) != 0) words += letter;
  }
  return words;
}

std::optional<properties::AclEntry> acl_entry_of(std::string_view words) {
  const size_t first = words.find(':'), last = words.rfind(':');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  properties::AclEntry entry;
  entry.id.scheme = words.substr(0, first);
  entry.id.id = words.substr(first + 1, last - first - 1);
  entry.permissions = 0;
  for (const char letter : words.substr(last + 1)) {
    const auto* it = std::ranges::find(kPermissions, letter, &std::pair<char, int32_t>::first);
    if (it == std::end(kPermissions)) return std::nullopt;
    entry.permissions |= it->second;
  }
  return entry;
}

std::string quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string key(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, is_plain) ? std::string(name) : quoted(name);
}

}  // namespace zoetrope::scenario
