#include "net/member_line.hpp"

#include <vector>

#include "net/config_values.hpp"

namespace zoetrope::net {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Splits host and ports at ':', keeping a bracketed IPv6 host in one piece (without its brackets).
std::vector<std::string_view> split_address(std::string_view text) {
  if (!text.starts_with('[')) return split(text, ':');
  const size_t close = text.find(']');
  if (close == std::string_view::npos) return split(text, ':');
  std::vector<std::string_view> parts{text.substr(1, close - 1)};
  text.remove_prefix(close + 1);
  if (text.starts_with(':')) {
    for (const std::string_view part : split(text.substr(1), ':')) parts.push_back(part);
  }
  return parts;
}

// host:port:port[:role]; false when it is not.
bool parse_server_address(std::string_view text, MemberLine& member) {
  const auto parts = split_address(text);
  if (parts.size() < 3 || parts.size() > 4) return false;
  uint16_t quorum_port = 0, election_port = 0;
  if (!read_port(parts[1], quorum_port).empty() || !read_port(parts[2], election_port).empty()) {
    return false;
  }
  if (quorum_port == election_port) return false;
  if (parts.size() == 4) {
    member.is_observer = equals_ignoring_case(parts[3], "observer");
    if (!member.is_observer && !equals_ignoring_case(parts[3], "participant")) return false;
  }
  return true;
}

}  // namespace

std::expected<MemberLine, std::string> parse_member_line(std::string_view key,
                                                         std::string_view value) {
  const auto malformed = [&] {
    return std::unexpected(
        std::string(key) + " \"" + std::string(value) +
        "\" is not host:port:port[:participant|observer][;[address:]client port] " +
        "with two different ports");
  };
  MemberLine member;
  constexpr std::string_view kPrefix = "server.";
  if (!key.starts_with(kPrefix) || !read_long(key.substr(kPrefix.size()), member.id).empty()) {
    return std::unexpected(std::string(key) + ": the part after \"server.\" must be a number");
  }
  const auto halves = split(value, ';');
  for (const std::string_view address : split(halves[0], '|')) {
    if (!parse_server_address(address, member)) return malformed();
  }
  if (halves.size() > 1 && !halves[1].empty()) {
    const auto parts = split_address(halves[1]);
    ListenAddress client;
    if (parts.size() > 2 || !read_port(parts.back(), client.port).empty()) return malformed();
    if (parts.size() == 2) client.host = parts[0];
    member.client = client;
  }
  return member;
}

}  // namespace zoetrope::net
