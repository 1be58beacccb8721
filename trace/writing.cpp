#include "trace/writing.hpp"

#include <fmt/format.h>

#include "core/base/utf8.hpp"

namespace zoetrope::trace {
namespace {

uint32_t code_point(std::string_view sequence) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return byte(0);
  uint32_t code = byte(0) & (0xffU >> (sequence.size() + 1));
  for (size_t i = 1; i < sequence.size(); ++i) code = code << 6 | (byte(i) & 0x3fU);
  return code;
}

// Control characters, those that change the direction or the width of what follows, line ends by
// another name, and what is no character (XML refuses it).
bool is_printable(uint32_t code) {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0xfeff) return false;
  if ((code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e)) return false;
  if (code >= 0x2060 && code <= 0x206f) return false;
  return (code & 0xfffe) != 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    if (sequence == "\\") {
      out += "\\\\";
    } else if (length != 0 && is_printable(code_point(sequence))) {
      out += sequence;
    } else {
      for (const char c : sequence) {
        fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
      }
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

std::string json_string(std::string_view text) {
  return '"' + replaced(replaced(printable(text), "\\", "\\\\"), "\"", "\\\"") + '"';
}

std::string xml_text(std::string_view text, size_t characters) {
  std::string out = replaced(cut_to(printable(text), characters), "&", "&amp;");
  out = replaced(std::move(out), "<", "&lt;");
  out = replaced(std::move(out), ">", "&gt;");
  return replaced(std::move(out), "\"", "&quot;");
}

std::string dot_text(std::string_view text, size_t characters) {
  const std::string out = replaced(cut_to(printable(text), characters), "\\", "\\\\");
  return replaced(out, "\"", "\\\"");
}

size_t characters_of(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

std::string cut_to(std::string text, size_t characters) {
  constexpr std::string_view kRest = "...";
  if (characters_of(text) <= characters) return text;
  const size_t kept = characters > kRest.size() ? characters - kRest.size() : 0;
  size_t end = 0;
  for (size_t count = 0; count < kept; ++count)
    end += utf8_length(std::string_view(text).substr(end));
  text.resize(end);
  text += kRest.substr(0, characters);
  return text;
}

std::string time_text(MonotonicTime at) {
  const bool is_negative = at.ns < 0;
  const uint64_t ns = is_negative ? 0 - static_cast<uint64_t>(at.ns) : static_cast<uint64_t>(at.ns);
  return fmt::format("{}{}.{:06}ms", is_negative ? "-" : "", ns / 1'000'000, ns % 1'000'000);
}

std::string duration_text(Duration duration) {
  const double ns = static_cast<double>(duration.ns);
  if (ns < 1e3) return fmt::format("{} ns", duration.ns);
  if (ns < 1e6) return fmt::format("{:.1f} us", ns / 1e3);
  if (ns < 1e9) return fmt::format("{:.1f} ms", ns / 1e6);
  if (ns < 120e9) return fmt::format("{:.1f} s", ns / 1e9);
  if (ns < 7200e9) return fmt::format("{:.1f} min", ns / 60e9);
  return fmt::format("{:.1f} h", ns / 3600e9);
}

}  // namespace zoetrope::trace
