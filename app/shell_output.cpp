#include "app/shell_output.hpp"

#include <cinttypes>
#include <cstdio>
#include <ctime>

#include "core/base/utf8.hpp"

namespace zoetrope::app {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string escaped(char c) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\t': return "\\t";
    default: break;
  }
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned char>(c));
  return text;
}

void print(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fputc('\n', file);
}

std::string zxid(int64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%" PRIx64, static_cast<uint64_t>(value));
  return text;
}

// As java.util.Date prints it, in the local time zone.
std::string date(int64_t ms) {
  const auto seconds = static_cast<time_t>(ms >= 0 ? ms / 1000 : (ms - 999) / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a %b %d %H:%M:%S %Z %Y", &parts);
  return text;
}

std::string stat_json(const jute::Stat& stat) {
  char text[512];
  std::snprintf(
      text, sizeof text,
      "{\"czxid\":%" PRId64 ",\"mzxid\":%" PRId64 ",\"ctime\":%" PRId64 ",\"mtime\":%" PRId64
      ",\"version\":%d,\"cversion\":%d,\"aversion\":%d"
      ",\"ephemeralOwner\":%" PRId64
      ",\"dataLength\":%d,\"numChildren\":%d"
      ",\"pzxid\":%" PRId64 "}",
      stat.czxid, stat.mzxid, stat.ctime, stat.mtime, stat.version, stat.cversion, stat.aversion,
      stat.ephemeral_owner, stat.data_length, stat.num_children, stat.pzxid);
  return text;
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const bool plain = length > 1 || (length == 1 && static_cast<unsigned char>(text[0]) >= 0x20 &&
                                      text[0] != '"' && text[0] != '\\');
    if (plain)
      out += text.substr(0, length);
    else if (length == 0)
      out += "\\ufffd";
    else
      out += escaped(text[0]);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

void ShellOutput::line(std::string_view text) {
  if (!json_) print(stdout, text);
}

void ShellOutput::note(std::string_view text) {
  if (json_) return;
  std::fflush(stdout);
  print(stderr, text);
}

void ShellOutput::stat(const jute::Stat& stat) {
  field_raw("stat", stat_json(stat));
  line("cZxid = " + zxid(stat.czxid));
  line("ctime = " + date(stat.ctime));
  line("mZxid = " + zxid(stat.mzxid));
  line("mtime = " + date(stat.mtime));
  line("pZxid = " + zxid(stat.pzxid));
  line("cversion = " + std::to_string(stat.cversion));
  line("dataVersion = " + std::to_string(stat.version));
  line("aclVersion = " + std::to_string(stat.aversion));
  line("ephemeralOwner = " + zxid(stat.ephemeral_owner));
  line("dataLength = " + std::to_string(stat.data_length));
  line("numChildren = " + std::to_string(stat.num_children));
}

void ShellOutput::field(std::string_view name, std::string_view text) {
  if (is_utf8(text))
    field_raw(name, json_text(text));
  else
    field_raw(std::string(name) + "_hex", json_text(hex(text)));
}

void ShellOutput::field(std::string_view name, int64_t number) {
  field_raw(name, std::to_string(number));
}

void ShellOutput::field_null(std::string_view name) {
  field_raw(name, "null");
}

void ShellOutput::field(std::string_view name, const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) {
    if (list.size() > 1) list += ',';
    list += json_text(text);
  }
  field_raw(name, list + "]");
}

void ShellOutput::field_raw(std::string_view name, std::string json) {
  if (json_) fields_.emplace_back(name, std::move(json));
}

void ShellOutput::event(const WatchedEvent& event) {
  if (!json_) {
    print(stdout, "\nWATCHER::\n\n" + event.to_string());
    std::fflush(stdout);
    return;
  }
  print(stdout, "{\"event\":{\"state\":" + json_text(event.state) +
                    ",\"type\":" + json_text(to_string(event.type)) +
                    ",\"path\":" + (event.path ? json_text(*event.path) : "null") + "}}");
}

void ShellOutput::print_object(std::string_view command, bool ok) {
  std::string object = "{\"command\":" + json_text(command) + ",\"ok\":" + (ok ? "true" : "false");
  for (const auto& [name, value] : fields_) object += "," + json_text(name) + ":" + value;
  print(stdout, object + "}");
}

void ShellOutput::succeed(std::string_view command) {
  if (json_) print_object(command, true);
  fields_.clear();
  std::fflush(stdout);
}

void ShellOutput::fail(std::string_view command, std::string_view code, std::string_view message) {
  if (json_) {
    fields_.clear();
    field("error", code);
    field("message", message);
    print_object(command, false);
    fields_.clear();
  }
  std::fflush(stdout);
  if (!json_) print(stderr, message);
}

}  // namespace zoetrope::app
