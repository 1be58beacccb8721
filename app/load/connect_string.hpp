// The connect string of a ZooKeeper client: HOST:PORT[,HOST:PORT...][/chroot].
// Owns nothing; resolving asks the system's resolver and nobody else.
#pragma once

#include <sys/socket.h>

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace zoetrope::load {

struct HostPort {
  std::string host;
  uint16_t port = 2181;
  bool operator==(const HostPort&) const = default;
};

struct ConnectString {
  std::vector<HostPort> servers;  // at least one
  std::string chroot;             // "" or "/a/b"
};

// One resolved address and the text that names it in messages.
struct ServerAddress {
  sockaddr_storage address{};
  socklen_t length = 0;
  std::string text;  // "host:port"
};

// The error is one line that names what is wrong. A port may be left out (2181); an IPv6 address
// stands in brackets. (Upstream: ConnectStringParser.)
std::expected<ConnectString, std::string> parse_connect_string(std::string_view text);
// Every address of every server, in order. The error names the host that does not resolve.
std::expected<std::vector<ServerAddress>, std::string> resolve(
    const std::vector<HostPort>& servers);

}  // namespace zoetrope::load
