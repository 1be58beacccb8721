// What befalls clients from outside, and strangers who are none.
#include <algorithm>
#include <utility>

#include "sim/world.hpp"

namespace zoetrope::sim {

void World::carry_out(const Herd& herd) {
  if (herd.refused.ns > 0) {
    for (const auto& process : processes_) {
      fail_connects(*process, node::Port::kClient, {ConnectFault::Kind::kRefused, {}},
                    herd.refused);
    }
  }
  for (uint32_t client = 0; client < clients_.size(); ++client) carry_out(BreakLinks{client});
}

void World::carry_out(const MigrateClients& migrate) {
  for (Process* process : find(migrate.server)) {
    fail_connects(*process, node::Port::kClient, {ConnectFault::Kind::kRefused, {}}, migrate.lasts);
    for (const auto& client : clients_) {
      for (const ConnectionId id : network_.connections_of(client->host())) {
        if (!network_.side_of(id, client->host(), process->host())) continue;
        ++counts_.broken_links;
        network_.break_connection(id);
      }
    }
  }
}

void World::carry_out(const SlowReader& slow) {
  Ways ways;
  const HostId client = clients_.at(slow.client)->host();
  for (const auto& process : processes_) ways.emplace_back(process->host(), client);
  Impairment impairment;
  impairment.bytes_per_second = slow.bytes_per_second;
  impair("slow reading of client " + std::to_string(slow.client), ways, impairment, slow.lasts);
}

void World::carry_out(const EdgeOfTimeout& edge) {
  const ClientConfig& config = config_.clients.at(edge.client);
  const int64_t timeout_ms =
      std::clamp(config.timeout_ms, config.timeout_ms_min, config.timeout_ms_max);
  const Duration silence = Duration::from_ms(std::max<int64_t>(0, timeout_ms + edge.margin_ms));
  for (uint32_t server = 0; server < processes_.size(); ++server) {
    carry_out(HoldLink{edge.client, server, true, silence});
  }
}

// --- strangers
// -------------------------------------------------------------------------------------

void World::carry_out(const Strangers& strangers) {
  static constexpr std::array<node::Port, 3> kPorts = {node::Port::kClient, node::Port::kQuorum,
                                                       node::Port::kElection};
  if (!stranger_) {
    stranger_ = network_.add_host("stranger");
    process_of_host_.push_back(nullptr);
    client_of_host_.push_back(nullptr);
  }
  std::vector<ConnectionId> connections;
  for (const Process* process : find(strangers.server)) {
    for (const node::Port port : kPorts) {
      const bool is_meant = strangers.port == PortKind::kAll ||
                            static_cast<size_t>(strangers.port) == static_cast<size_t>(port) + 1;
      for (uint64_t i = 0; is_meant && i < strangers.count; ++i) {
        ++counts_.strangers;
        connections.push_back(network_.connect(*stranger_, process->host(), port));
        strangers_[connections.back().value] = strangers.says;
      }
    }
  }
  begin("strangers", strangers.lasts, [this, connections] {
    for (const ConnectionId id : connections) {
      strangers_.erase(id.value);
      network_.close(id, Side::kOpener);
    }
  });
}

void World::deliver_to_stranger(const Delivery& delivery) {
  const auto it = strangers_.find(delivery.connection.value);
  if (delivery.kind != Delivery::Kind::kConnected || it == strangers_.end()) return;
  Site& site = choices_.site("strangers");
  std::string words;
  const auto noise = [&](size_t length) {
    for (size_t i = 0; i < length; ++i) words.push_back(static_cast<char>(site.below(256)));
  };
  switch (it->second) {
    case Strangers::Says::kNothing: return;
    case Strangers::Says::kNoise: noise(1 + site.below(200)); break;
    case Strangers::Says::kOversized:
      words = std::string("\x7f\xff\xff\xff", 4);
      noise(64);
      break;
    case Strangers::Says::kHalfAFrame:
      words = std::string("\x00\x00\x00\x2d", 4);
      noise(20);
      break;
  }
  network_.send(delivery.connection, Side::kOpener, words);
}

}  // namespace zoetrope::sim
