#include "net/properties.hpp"

#include <optional>

namespace zoetrope::net {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}
bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

// Walks the text line by line and joins continued lines; escapes stay in the joined text.
class LogicalLines {
 public:
  explicit LogicalLines(std::string_view text) : text_(text) {}

  // The next line that is neither blank nor a comment; nullopt at the end.
  std::optional<std::string> next() {
    while (at_ < text_.size()) {
      skip_blanks();
      if (at_ == text_.size()) break;
      if (is_line_end(text_[at_])) {
        end_line();
      } else if (text_[at_] == '#' || text_[at_] == '!') {
        while (at_ < text_.size() && !is_line_end(text_[at_])) ++at_;
      } else {
        first_line_ = line_;
        return joined();
      }
    }
    return std::nullopt;
  }
  // The line on which the last result begins.
  uint32_t first_line() const { return first_line_; }

 private:
  std::string joined() {
    std::string out;
    while (at_ < text_.size() && !is_line_end(text_[at_])) {
      if (text_[at_] != '\\') {
        out += text_[at_++];
        continue;
      }
      ++at_;
      if (at_ == text_.size()) break;
      if (is_line_end(text_[at_])) {
        end_line();
        skip_blanks();
      } else {
        out += '\\';
        out += text_[at_++];
      }
    }
    return out;
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  void end_line() {
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    ++at_;
    ++line_;
  }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  uint32_t first_line_ = 1;
};

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

// Four hexadecimal digits; nullopt when they are not.
std::optional<uint32_t> utf16_unit(std::string_view digits) {
  if (digits.size() < 4) return std::nullopt;
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = digits[i];
    value <<= 4;
    if (c >= '0' && c <= '9') {
      value |= static_cast<uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      value |= static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

// Reads \uXXXX with `at` behind the 'u', and the second half of a surrogate pair when one follows.
bool unescape_unicode(std::string_view text, size_t& at, std::string& out) {
  const auto first = utf16_unit(text.substr(at));
  if (!first) return false;
  at += 4;
  uint32_t code = *first;
  if (code >= 0xD800 && code < 0xDC00 && text.substr(at, 2) == "\\u") {
    const auto second = utf16_unit(text.substr(at + 2));
    if (second && *second >= 0xDC00 && *second < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (*second - 0xDC00);
      at += 6;
    }
  }
  append_utf8(out, code);
  return true;
}

std::expected<std::string, std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c != '\\' || at == text.size()) {
      out += c;
      continue;
    }
    const char escaped = text[at++];
    switch (escaped) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 'f': out += '\f'; break;
      case 'u':
        if (!unescape_unicode(text, at, out)) {
          return std::unexpected("malformed \\u escape: four hexadecimal digits must follow");
        }
        break;
      default: out += escaped;
    }
  }
  return out;
}

// As Java's String.trim().
std::string trimmed(const std::string& text) {
  size_t from = 0, to = text.size();
  while (from < to && static_cast<unsigned char>(text[from]) <= ' ') ++from;
  while (to > from && static_cast<unsigned char>(text[to - 1]) <= ' ') --to;
  return text.substr(from, to - from);
}

}  // namespace

std::expected<std::vector<Property>, PropertiesError> parse_properties(std::string_view text) {
  std::vector<Property> properties;
  LogicalLines lines(text);
  while (const auto line = lines.next()) {
    size_t key_end = 0;
    while (key_end < line->size()) {
      const char c = (*line)[key_end];
      if (c == '=' || c == ':' || is_blank(c)) break;
      key_end += c == '\\' ? 2 : 1;
    }
    if (key_end > line->size()) key_end = line->size();
    size_t value_begin = key_end;
    const auto skip_blanks = [&] {
      while (value_begin < line->size() && is_blank((*line)[value_begin])) ++value_begin;
    };
    skip_blanks();
    if (value_begin < line->size() &&
        ((*line)[value_begin] == '=' || (*line)[value_begin] == ':')) {
      ++value_begin;
      skip_blanks();
    }
    auto key = unescape(std::string_view(*line).substr(0, key_end));
    auto value = unescape(std::string_view(*line).substr(value_begin));
    if (!key || !value) {
      return std::unexpected(
          PropertiesError{key ? value.error() : key.error(), lines.first_line()});
    }
    properties.push_back({trimmed(*key), trimmed(*value), lines.first_line()});
  }
  return properties;
}

}  // namespace zoetrope::net
