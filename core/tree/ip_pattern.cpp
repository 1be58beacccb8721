#include "core/tree/ip_pattern.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace zoetrope::tree {

namespace {

struct Address {
  std::array<uint8_t, 16> bytes{};
  size_t size = 0;  // 4 or 16
};

std::optional<unsigned> parse_number(std::string_view text, int base, size_t length_max) {
  unsigned value = 0;
  if (text.empty() || text.size() > length_max) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Address> parse_v4(std::string_view text) {
  Address address;
  for (; address.size < 4; ++address.size) {
    const size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (address.size == 3)) return std::nullopt;
    const auto value = parse_number(text.substr(0, dot), 10, 8);
    if (!value || *value > 255) return std::nullopt;
    address.bytes[address.size] = static_cast<uint8_t>(*value);
    text = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  }
  return address;
}

// Up to eight groups of hexadecimal digits; their number, or nullopt when malformed.
std::optional<size_t> parse_groups(std::string_view text, std::array<uint16_t, 8>& groups) {
  size_t count = 0;
  while (!text.empty()) {
    const size_t colon = text.find(':');
    const auto value = parse_number(text.substr(0, colon), 16, 4);
    if (!value || count == groups.size()) return std::nullopt;
    groups[count++] = static_cast<uint16_t>(*value);
    if (colon == std::string_view::npos) break;
    text = text.substr(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return count;
}

std::optional<Address> parse_v6(std::string_view text) {
  std::array<uint16_t, 8> head{};
  std::array<uint16_t, 8> tail{};
  size_t head_count = 8;
  size_t tail_count = 0;
  const size_t gap = text.find("::");
  const auto first = parse_groups(text.substr(0, gap), head);
  if (!first) return std::nullopt;
  if (gap == std::string_view::npos) {
    if (*first != 8) return std::nullopt;
  } else {
    const auto second = parse_groups(text.substr(gap + 2), tail);
    if (!second || *first + *second >= 8) return std::nullopt;
    head_count = *first;
    tail_count = *second;
  }
  for (size_t i = 0; i < tail_count; ++i) head[8 - tail_count + i] = tail[i];
  for (size_t i = head_count; i < 8 - tail_count; ++i) head[i] = 0;
  Address address;
  address.size = 16;
  for (size_t i = 0; i < 8; ++i) {
    address.bytes[2 * i] = static_cast<uint8_t>(head[i] >> 8);
    address.bytes[2 * i + 1] = static_cast<uint8_t>(head[i]);
  }
  return address;
}

std::optional<Address> parse_address(std::string_view text) {
  return text.find(':') != std::string_view::npos ? parse_v6(text) : parse_v4(text);
}

struct Pattern {
  Address address;
  size_t bits = 0;
};

std::optional<Pattern> parse_pattern(std::string_view text) {
  const size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  size_t bits = address->size * 8;
  if (slash != std::string_view::npos) {
    const auto value = parse_number(text.substr(slash + 1), 10, 8);
    if (!value || *value > bits) return std::nullopt;
    bits = *value;
  }
  return Pattern{*address, bits};
}

}  // namespace

bool valid_ip_pattern(std::string_view pattern) {
  return parse_pattern(pattern).has_value();
}

bool ip_matches(std::string_view address, std::string_view pattern) {
  const auto wanted = parse_pattern(pattern);
  const auto given = parse_address(address);
  if (!wanted || !given || wanted->address.size != given->size) return false;
  for (size_t bit = 0; bit < wanted->bits; bit += 8) {
    const size_t left = wanted->bits - bit;
    const unsigned mask = left >= 8 ? 0xFFU : 0xFFU << (8 - left) & 0xFFU;
    if (((wanted->address.bytes[bit / 8] ^ given->bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace zoetrope::tree
