// Readers of configuration values with Java's rules. Each stores into its last argument and returns
// an empty text, or leaves it alone and returns what is wrong. Owns nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zoetrope::net {

// Decimal, as Java's Integer.parseInt and Long.parseLong.
std::string read_int(std::string_view value, int32_t& out);
std::string read_long(std::string_view value, int64_t& out);
// Decimal, 0x hexadecimal or leading-0 octal, as Java's Integer.getInteger and Long.getLong.
std::string read_property_int(std::string_view value, int32_t& out);
std::string read_property_long(std::string_view value, int64_t& out);
// "true" or "false" in any case; anything else is an error (upstream
// QuorumPeerConfig.parseBoolean).
std::string read_bool(std::string_view value, bool& out);
// "true" in any case is true, everything else false (Java's Boolean.parseBoolean); never an error.
std::string read_property_bool(std::string_view value, bool& out);
// 0 to 65535.
std::string read_port(std::string_view value, uint16_t& out);
// Milliseconds from "30m", "500ms", "2d"; a bare number counts in `bare_unit_ms` (upstream
// Time.parseTimeInterval).
std::string read_interval_ms(std::string_view value, int64_t bare_unit_ms, int64_t& out);

bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace zoetrope::net
