#include "core/base/endpoint.hpp"

#include <cstdio>

namespace zoetrope {

Endpoint Endpoint::v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
  Endpoint endpoint;
  endpoint.address = {a, b, c, d};
  endpoint.port = port;
  return endpoint;
}

std::string Endpoint::address_text() const {
  std::string text;
  char part[8];
  const int groups = is_v6 ? 8 : 4;
  for (int i = 0; i < groups; ++i) {
    if (is_v6) {
      std::snprintf(part, sizeof part, "%x", unsigned{address[2 * i]} << 8 | address[2 * i + 1]);
    } else {
      std::snprintf(part, sizeof part, "%u", unsigned{address[i]});
    }
    if (i != 0) text += is_v6 ? ':' : '.';
    text += part;
  }
  return text;
}

std::string Endpoint::to_string() const {
  std::string text = "/";
  text += is_v6 ? "[" + address_text() + "]" : address_text();
  return text + ":" + std::to_string(port);
}

}  // namespace zoetrope
