#include "app/load/connect_string.hpp"

#include <netdb.h>

#include <charconv>
#include <cstring>

namespace zoetrope::load {
namespace {

std::unexpected<std::string> bad(std::string_view item, const char* what) {
  return std::unexpected("bad server '" + std::string(item) + "': " + what);
}

std::expected<HostPort, std::string> parse_host_port(std::string_view item) {
  HostPort result;
  std::string_view port;
  if (item.starts_with('[')) {
    const size_t close = item.find(']');
    if (close == std::string_view::npos) return bad(item, "no closing bracket");
    result.host = item.substr(1, close - 1);
    port = item.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) return bad(item, "expected ':' after ']'");
  } else {
    const size_t colon = item.find(':');
    if (colon != item.rfind(':')) return bad(item, "write an IPv6 address in brackets");
    result.host = item.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : item.substr(colon);
  }
  if (result.host.empty()) return bad(item, "no host; expected HOST:PORT");
  if (port.empty()) return result;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), result.port);
  if (error != std::errc{} || end != port.data() + port.size() || result.port == 0) {
    return bad(item, "the port is no number from 1 to 65535");
  }
  return result;
}

}  // namespace

std::expected<ConnectString, std::string> parse_connect_string(std::string_view text) {
  ConnectString result;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    result.chroot = text.substr(slash);
    if (result.chroot == "/") result.chroot.clear();
    if (result.chroot.ends_with('/') || result.chroot.find("//") != std::string::npos) {
      return std::unexpected("bad chroot '" + result.chroot + "': an empty path component");
    }
  }
  std::string_view list = text.substr(0, slash);
  while (true) {
    const size_t comma = list.find(',');
    auto server = parse_host_port(list.substr(0, comma));
    if (!server) return std::unexpected(server.error());
    result.servers.push_back(*std::move(server));
    if (comma == std::string_view::npos) return result;
    list.remove_prefix(comma + 1);
  }
}

std::expected<std::vector<ServerAddress>, std::string> resolve(
    const std::vector<HostPort>& servers) {
  std::vector<ServerAddress> addresses;
  for (const HostPort& server : servers) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(server.port);
    const int status = getaddrinfo(server.host.c_str(), port.c_str(), &hints, &found);
    if (status != 0) {
      return std::unexpected("cannot resolve '" + server.host + "': " + gai_strerror(status));
    }
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
      ServerAddress address;
      std::memcpy(&address.address, entry->ai_addr, entry->ai_addrlen);
      address.length = entry->ai_addrlen;
      address.text = server.host + ":" + port;
      addresses.push_back(std::move(address));
    }
    freeaddrinfo(found);
  }
  return addresses;
}

}  // namespace zoetrope::load
