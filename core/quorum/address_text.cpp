#include "core/quorum/address_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "core/base/endpoint.hpp"

namespace zoetrope::quorum {

namespace {

constexpr size_t kQuotedBytesMax = 200;
constexpr int kIpv6Groups = 8;

using Ipv6Bytes = std::array<uint8_t, 16>;

// A run of IPv6 groups, as bytes.
struct Groups {
  std::array<uint8_t, 16> bytes{};
  size_t size = 0;

  bool push(unsigned byte) {
    if (size == bytes.size()) return false;
    bytes[size++] = static_cast<uint8_t>(byte);
    return true;
  }
};

std::optional<unsigned> parse_unsigned(std::string_view text, int base, unsigned max,
                                       size_t digits_max) {
  unsigned value = 0;
  if (text.empty() || text.size() > digits_max) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

std::vector<std::string_view> split_all(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool push_ipv4(std::string_view text, Groups& groups) {
  const auto parts = split_all(text, '.');
  if (parts.size() != 4) return false;
  for (const std::string_view part : parts) {
    const auto byte = parse_unsigned(part, 10, 255, 3);
    if (!byte || !groups.push(*byte)) return false;
  }
  return true;
}

// Colon-separated groups; the last of them may be a dotted quad if `may_end_in_ipv4`.
bool parse_groups(std::string_view text, bool may_end_in_ipv4, Groups& groups) {
  if (text.empty()) return true;
  const auto parts = split_all(text, ':');
  for (size_t i = 0; i < parts.size(); ++i) {
    if (may_end_in_ipv4 && i + 1 == parts.size() && parts[i].contains('.')) {
      return push_ipv4(parts[i], groups);
    }
    const auto group = parse_unsigned(parts[i], 16, 0xffff, 4);
    if (!group || !groups.push(*group >> 8) || !groups.push(*group & 0xff)) return false;
  }
  return true;
}

std::optional<Ipv6Bytes> parse_ipv6(std::string_view text) {
  const size_t gap = text.find("::");
  Groups head;
  Groups tail;
  if (gap == std::string_view::npos) {
    if (!parse_groups(text, true, head) || head.size != 2 * kIpv6Groups) return std::nullopt;
    return head.bytes;
  }
  if (!parse_groups(text.substr(0, gap), false, head)) return std::nullopt;
  if (!parse_groups(text.substr(gap + 2), true, tail)) return std::nullopt;
  if (head.size + tail.size >= 2 * kIpv6Groups) return std::nullopt;
  Ipv6Bytes bytes = head.bytes;
  std::copy_n(tail.bytes.begin(), tail.size, bytes.end() - static_cast<ptrdiff_t>(tail.size));
  return bytes;
}

bool maps_ipv4(const Ipv6Bytes& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 10, [](uint8_t b) { return b == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

// Hosts are ASCII: the order in which upstream sorts others differs from that of their bytes.
bool is_host_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte < 0x7f && c != '[' && c != ']';
}

}  // namespace

std::vector<std::string_view> split_java(std::string_view text, char separator) {
  auto parts = split_all(text, separator);
  if (parts.size() == 1) return parts;
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

std::optional<std::vector<std::string_view>> split_address(std::string_view text) {
  if (!text.starts_with('[')) return split_java(text, ':');
  const size_t close = text.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  std::vector<std::string_view> parts{text.substr(1, close - 1)};
  text.remove_prefix(close + 1);
  if (text.empty()) return parts;
  if (!text.starts_with(':') || text.size() == 1) return std::nullopt;
  for (const std::string_view part : split_java(text.substr(1), ':')) parts.push_back(part);
  return parts;
}

std::optional<int64_t> parse_long(std::string_view text, int base) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr uint64_t kLongMax = std::numeric_limits<int64_t>::max();
  if (magnitude > kLongMax + (is_negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(is_negative ? -magnitude : magnitude);
}

std::string hex_text(int64_t value) {
  char digits[16];
  const auto [end, error] =
      std::to_chars(digits, digits + sizeof digits, static_cast<uint64_t>(value), 16);
  return std::string(digits, end);
}

std::optional<uint16_t> parse_port(std::string_view text) {
  const auto number = parse_long(text);
  if (!number || *number < 0 || *number > 65535) return std::nullopt;
  return static_cast<uint16_t>(*number);
}

std::optional<std::string> parse_host(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_host_character)) {
    return std::nullopt;
  }
  if (!text.contains(':')) return std::string(text);
  // A scope ("fe80::1%eth0") names an interface of one machine and stays as it was written.
  const size_t scope = std::min(text.find('%'), text.size());
  if (scope + 1 == text.size()) return std::nullopt;
  const auto bytes = parse_ipv6(text.substr(0, scope));
  if (!bytes) return std::nullopt;
  if (maps_ipv4(*bytes)) {
    return Endpoint::v4((*bytes)[12], (*bytes)[13], (*bytes)[14], (*bytes)[15], 0).address_text();
  }
  Endpoint endpoint;
  endpoint.is_v6 = true;
  endpoint.address = *bytes;
  return endpoint.address_text() + std::string(text.substr(scope));
}

std::string delimited_host(std::string_view host) {
  if (!host.contains(':')) return std::string(host);
  return "[" + std::string(host) + "]";
}

bool is_wildcard_host(std::string_view host) {
  return host == "0.0.0.0" || host == "0:0:0:0:0:0:0:0" || host == "::";
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "0:0:0:0:0:0:0:1" ||
         host == "::1";
}

std::string_view trim_blanks(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text.substr(0, kQuotedBytesMax)) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte < ' ' || byte == 0x7f ? '?' : c;
  }
  result += text.size() > kQuotedBytesMax ? "...\"" : "\"";
  return result;
}

}  // namespace zoetrope::quorum
