#include "net/config_values.hpp"

#include <charconv>
#include <limits>

namespace zoetrope::net {

namespace {

std::string quoted(std::string_view value) {
  return "\"" + std::string(value) + "\"";
}

bool parse_digits(std::string_view digits, int base, bool negative, int64_t& out) {
  if (digits.empty()) return false;
  uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  constexpr uint64_t kLongMax = std::numeric_limits<int64_t>::max();
  if (magnitude > kLongMax + (negative ? 1 : 0)) return false;
  out = static_cast<int64_t>(negative ? -magnitude : magnitude);
  return true;
}

bool strip_sign(std::string_view& value) {
  const bool negative = value.starts_with('-');
  if (negative || value.starts_with('+')) value.remove_prefix(1);
  return negative;
}

bool parse_decimal(std::string_view value, int64_t& out) {
  const bool negative = strip_sign(value);
  return parse_digits(value, 10, negative, out);
}

// Java's Long.decode.
bool parse_decoded(std::string_view value, int64_t& out) {
  const bool negative = strip_sign(value);
  if (value.starts_with("0x") || value.starts_with("0X")) {
    return parse_digits(value.substr(2), 16, negative, out);
  }
  if (value.starts_with('#')) return parse_digits(value.substr(1), 16, negative, out);
  if (value.starts_with('0') && value.size() > 1)
    return parse_digits(value.substr(1), 8, negative, out);
  return parse_digits(value, 10, negative, out);
}

template <class Number>
std::string store(std::string_view value, bool parsed, int64_t number, Number& out) {
  if (!parsed || number < std::numeric_limits<Number>::min() ||
      number > std::numeric_limits<Number>::max()) {
    return quoted(value) + " is not a number of " + std::to_string(sizeof(Number) * 8) + " bits";
  }
  out = static_cast<Number>(number);
  return {};
}

}  // namespace

std::string read_int(std::string_view value, int32_t& out) {
  int64_t number = 0;
  const bool parsed = parse_decimal(value, number);
  return store(value, parsed, number, out);
}

std::string read_long(std::string_view value, int64_t& out) {
  int64_t number = 0;
  const bool parsed = parse_decimal(value, number);
  return store(value, parsed, number, out);
}

std::string read_property_int(std::string_view value, int32_t& out) {
  int64_t number = 0;
  const bool parsed = parse_decoded(value, number);
  return store(value, parsed, number, out);
}

std::string read_property_long(std::string_view value, int64_t& out) {
  int64_t number = 0;
  const bool parsed = parse_decoded(value, number);
  return store(value, parsed, number, out);
}

std::string read_bool(std::string_view value, bool& out) {
  const bool is_true = equals_ignoring_case(value, "true");
  if (!is_true && !equals_ignoring_case(value, "false")) {
    return quoted(value) + " is neither true nor false";
  }
  out = is_true;
  return {};
}

std::string read_property_bool(std::string_view value, bool& out) {
  out = equals_ignoring_case(value, "true");
  return {};
}

std::string read_port(std::string_view value, uint16_t& out) {
  int64_t number = 0;
  if (!parse_decimal(value, number) || number < 0 || number > 65535) {
    return quoted(value) + " is not a port (0 to 65535)";
  }
  out = static_cast<uint16_t>(number);
  return {};
}

std::string read_interval_ms(std::string_view value, int64_t bare_unit_ms, int64_t& out) {
  struct Unit {
    std::string_view suffix;
    int64_t ms;
  };
  constexpr int64_t kSecond = 1000, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
  constexpr Unit kUnits[] = {{"ms", 1}, {"s", kSecond}, {"m", kMinute}, {"h", kHour}, {"d", kDay}};
  int64_t unit_ms = bare_unit_ms;
  std::string_view digits = value;
  for (const Unit& unit : kUnits) {
    if (value.size() > unit.suffix.size() &&
        equals_ignoring_case(value.substr(value.size() - unit.suffix.size()), unit.suffix)) {
      digits = value.substr(0, value.size() - unit.suffix.size());
      unit_ms = unit.ms;
      break;
    }
  }
  int64_t number = 0;
  int64_t product = 0;
  if (!parse_decimal(digits, number) || __builtin_mul_overflow(number, unit_ms, &product)) {
    return quoted(value) + " is not a length of time (a number, then ms, s, m, h or d)";
  }
  out = product;
  return {};
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace zoetrope::net
