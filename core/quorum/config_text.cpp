#include "core/quorum/config_text.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <vector>

#include "core/quorum/address_text.hpp"

namespace zoetrope::quorum {

namespace {

constexpr std::string_view kPointer = "dynamicConfigFile";
constexpr std::string_view kBlanks = " \t\f\r\n";

bool ends_in_escape(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  size_t backslashes = 0;
  while (line.ends_with('\\')) {
    line.remove_suffix(1);
    ++backslashes;
  }
  return backslashes % 2 == 1;
}

// One entry of a properties text: all lines of it as they stand, its key and its value (escapes and
// line breaks are left in both). Comments and empty lines have no key.
struct Entry {
  std::string_view whole;
  std::string_view key;
  std::string_view value;
};

Entry entry_of(std::string_view whole) {
  Entry entry{whole, {}, {}};
  std::string_view rest = whole;
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(kBlanks)));
  if (rest.empty() || rest.front() == '#' || rest.front() == '!') return entry;
  size_t end = 0;
  while (end < rest.size() && std::string_view("=: \t\f\r\n").find(rest[end]) == rest.npos) {
    end += rest[end] == '\\' ? 2 : 1;
  }
  entry.key = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end));
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(" \t\f=:")));
  rest = rest.substr(0, rest.find_last_not_of(kBlanks) + 1);
  entry.value = rest;
  return entry;
}

void for_each_entry(std::string_view text, const std::function<void(const Entry&)>& visit) {
  while (!text.empty()) {
    size_t end = 0;
    bool is_comment = false;
    do {
      const size_t begin = end;
      const size_t newline = text.find('\n', begin);
      end = newline == std::string_view::npos ? text.size() : newline + 1;
      if (begin == 0) {
        const size_t first = text.find_first_not_of(" \t\f");
        is_comment = first < end && (text[first] == '#' || text[first] == '!');
      }
    } while (end < text.size() && !is_comment && ends_in_escape(text.substr(0, end)));
    visit(entry_of(text.substr(0, end)));
    text.remove_prefix(end);
  }
}

}  // namespace

std::string dynamic_file_name(std::string_view static_name, int64_t version) {
  return std::string(static_name) + ".dynamic." + hex_text(version);
}

std::string next_file_name(std::string_view static_name) {
  return std::string(static_name) + ".dynamic.next";
}

int64_t version_of_file_name(std::string_view name) {
  const size_t dot = name.find_last_of('.');
  if (dot == std::string_view::npos) return 0;
  const std::string_view digits = name.substr(dot + 1);
  int64_t version = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), version, 16);
  return error == std::errc() && end == digits.data() + digits.size() ? version : 0;
}

std::string dynamic_text(const Ensemble& ensemble, bool with_version) {
  std::vector<std::string> lines;
  const std::string text = ensemble.to_string();
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (with_version || !line.starts_with("version=")) lines.push_back(std::move(line));
  }
  std::ranges::sort(lines);
  std::string joined;
  for (const std::string& line : lines) joined += (joined.empty() ? "" : "\n") + line;
  return joined;
}

std::string edited_static_text(std::string_view text, std::string_view dynamic_path,
                               bool erase_client_port) {
  std::string edited;
  for_each_entry(text, [&](const Entry& entry) {
    for (const std::string_view gone :
         {"server.", "group", "weight", "dynamicConfigFile", "peerType"}) {
      if (entry.key.starts_with(gone)) return;
    }
    if (erase_client_port && entry.key.starts_with("clientPort") &&
        !entry.key.starts_with("clientPortListenBacklog")) {
      return;
    }
    edited += entry.whole;
  });
  if (!edited.empty() && !edited.ends_with('\n')) edited += '\n';
  edited += std::string(kPointer) + "=";
  for (const char c : dynamic_path) {
    if (c == '\\') edited += '\\';
    edited += c;
  }
  return edited + "\n";
}

std::string member_lines_in(std::string_view static_text) {
  std::string lines;
  for_each_entry(static_text, [&](const Entry& entry) {
    for (const std::string_view prefix : {"server.", "group.", "weight."}) {
      if (!entry.key.starts_with(prefix)) continue;
      lines += std::string(entry.key) + "=" + std::string(entry.value) + "\n";
    }
  });
  return lines;
}

std::optional<std::string> dynamic_path_in(std::string_view static_text) {
  std::optional<std::string> path;
  for_each_entry(static_text, [&](const Entry& entry) {
    if (entry.key == kPointer) path = std::string(entry.value);
  });
  return path;
}

}  // namespace zoetrope::quorum
