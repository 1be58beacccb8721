// Hosts and ports as they stand in server lines and in initial messages, read and written as Java
// does (upstream ConfigUtils.getHostAndPort, InetSocketAddress.getHostString). Owns nothing; never
// resolves a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::quorum {

// Java's String.split: parts between separators, without the empty ones at the end.
std::vector<std::string_view> split_java(std::string_view text, char separator);

// The parts of "host:a:b"; the host of "[host]:a:b" comes without its brackets. nullopt when a
// bracket is not closed, or when something other than ':' and a part stands behind it.
std::optional<std::vector<std::string_view>> split_address(std::string_view text);

// Java's Long.parseLong: an optional sign and digits of `base`, nothing else.
std::optional<int64_t> parse_long(std::string_view text, int base = 10);
// Java's Long.toHexString: without sign or prefix.
std::string hex_text(int64_t value);
// 0 to 65535.
std::optional<uint16_t> parse_port(std::string_view text);

// The host as Java prints it: an IPv6 literal as eight hex groups without compression (one that
// maps an IPv4 address as that address), anything else as it is. nullopt for what can be no host:
// nothing, blanks, brackets, or colons that make no IPv6 address.
std::optional<std::string> parse_host(std::string_view text);

// In brackets where it holds a colon.
std::string delimited_host(std::string_view host);

// An address of every interface, 0.0.0.0 or ::; `host` as parse_host() gives it.
bool is_wildcard_host(std::string_view host);
bool is_loopback_host(std::string_view host);

std::string_view trim_blanks(std::string_view text);
// In quotes, for a message of one line: control characters are replaced, a long text is cut.
std::string quoted(std::string_view text);

}  // namespace zoetrope::quorum
