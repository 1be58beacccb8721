// A server.N line of the configuration: host:port:port[:role][;[client address:]client port], with
// several addresses separated by '|'. Owns values only. Source: QuorumPeer.QuorumServer.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "net/zoo_config.hpp"

namespace zoetrope::net {

struct MemberLine {
  int64_t id = 0;
  bool is_observer = false;
  std::optional<ListenAddress> client;
};

// `key` is "server.N". The error is one line that names the key.
std::expected<MemberLine, std::string> parse_member_line(std::string_view key,
                                                         std::string_view value);

}  // namespace zoetrope::net
