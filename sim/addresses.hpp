// The names and addresses of the simulated servers: server N is the host "server-N" and has its
// three ports; clients have an address and no name. Owns the names; resolving one never fails for a
// while, as a real resolver's may.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/base/endpoint.hpp"
#include "core/base/ids.hpp"
#include "core/node/input.hpp"
#include "core/quorum/ensemble.hpp"
#include "sim/network.hpp"

namespace zoetrope::sim {

inline constexpr uint16_t kClientPort = 2181, kQuorumPort = 2888, kElectionPort = 3888,
                          kObserverMasterPort = 2191;

constexpr uint16_t number_of(node::Port port) {
  switch (port) {
    case node::Port::kClient: return kClientPort;
    case node::Port::kQuorum: return kQuorumPort;
    case node::Port::kElection: return kElectionPort;
    case node::Port::kObserverMaster: return kObserverMasterPort;
  }
  return 0;
}
// The port from which a connection is opened.
constexpr uint16_t number_of_opener(ConnectionId connection) {
  return static_cast<uint16_t>(1024 + connection.slot() % 60000);
}
constexpr std::optional<node::Port> port_of(uint16_t number) {
  if (number == kClientPort) return node::Port::kClient;
  if (number == kQuorumPort) return node::Port::kQuorum;
  if (number == kElectionPort) return node::Port::kElection;
  if (number == kObserverMasterPort) return node::Port::kObserverMaster;
  return std::nullopt;
}
inline std::string server_name(ServerId server) {
  return "server-" + std::to_string(server.value);
}

// A server as clients know it.
struct ServerAddress {
  HostId host;
  ServerId id;
};

class Addresses {
 public:
  void add_server(ServerAddress server) {
    hosts_.emplace(server_name(server.id), server.host);
    servers_.emplace(server.host, server.id);
  }
  std::optional<HostId> resolve(const std::string& name) const {
    const auto it = hosts_.find(name);
    return it == hosts_.end() ? std::nullopt : std::optional(it->second);
  }
  Endpoint endpoint(HostId host, uint16_t port) const {
    const auto it = servers_.find(host);
    if (it != servers_.end()) {
      return Endpoint::v4(192, 168, 0, static_cast<uint8_t>(it->second.value), port);
    }
    const uint32_t number = host.value;
    return Endpoint::v4(10, static_cast<uint8_t>(number >> 16), static_cast<uint8_t>(number >> 8),
                        static_cast<uint8_t>(number), port);
  }

 private:
  std::map<std::string, HostId> hosts_;
  std::map<HostId, ServerId> servers_;
};

// The lines of the configuration for `server` as a member with that role.
inline quorum::Member member_of(ServerId server, quorum::MemberRole role) {
  quorum::Member member;
  member.id = server;
  member.quorum = {{server_name(server), kQuorumPort}};
  member.election = {{server_name(server), kElectionPort}};
  member.role = role;
  member.client = quorum::HostPort{server_name(server), kClientPort};
  return member;
}

}  // namespace zoetrope::sim
