// The address of one end of a TCP connection, as plain bytes: the engine knows no sockets.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace zoetrope {

struct Endpoint {
  // IPv4 uses the first four bytes.
  std::array<uint8_t, 16> address{};
  bool is_v6 = false;
  uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;

  static Endpoint v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
  // As Java prints an InetAddress: dotted quad, or eight hex groups without compression.
  std::string address_text() const;
  // "/addr:port", the form of ZooKeeper's four-letter words.
  std::string to_string() const;
};

}  // namespace zoetrope
