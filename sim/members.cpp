#include "sim/members.hpp"

#include <string>

#include "core/tree/acl.hpp"
#include "sim/profile.hpp"

namespace zoetrope::sim {
namespace {

ServerId id_of(size_t index) {
  return ServerId(static_cast<int64_t>(index + 1));
}

void add_member(quorum::Ensemble& ensemble, ServerId id, const Membership& member) {
  ensemble.members.emplace(id, member_of(id, member.role));
  if (member.group == 0 || member.role == quorum::MemberRole::kObserver) return;
  ensemble.group_of.emplace(id, member.group);
  ensemble.weights.emplace(id, member.weight);
}

std::string static_config(const quorum::Ensemble& ensemble) {
  std::string text = "# the servers of the first configuration\ntickTime=2000\n";
  for (const auto& [id, member] : ensemble.members) {
    text += "server." + std::to_string(id.value) + "=" + member.to_string() + "\n";
  }
  return text;
}

void seat_peer(ProcessConfig& process, const quorum::Ensemble& ensemble) {
  node::Config& server = process.server;
  zab::PeerConfig& peer = *server.peer;
  const ServerId id = server.server_id;
  peer.role.self = peer.election.self = peer.links.self = id;
  peer.role.tick_ms = server.tick_time_ms;
  peer.role.is_observer = process.member.role == quorum::MemberRole::kObserver;
  peer.links.own_addresses = {{server_name(id), kElectionPort}};
  peer.ensemble = ensemble;
  if (process.member.is_spare) add_member(peer.ensemble, id, process.member);
  if (!server.reconfig_enabled) return;
  peer.role.reconfig_enabled = true;
  server.auth.super_digest = *tree::digest_of(std::string(kSuperAuth), "SHA1");
  peer.files = {"zoo.cfg", ""};
  process.static_config = static_config(peer.ensemble);
}

}  // namespace

void seat(WorldConfig& world) {
  quorum::Ensemble ensemble;
  for (size_t i = 0; i < world.processes.size(); ++i) {
    const ProcessConfig& process = world.processes[i];
    if (!process.member.is_spare) add_member(ensemble, id_of(i), process.member);
  }
  for (size_t i = 0; i < world.processes.size(); ++i) {
    ProcessConfig& process = world.processes[i];
    process.server.server_id = id_of(i);
    if (process.server.peer) seat_peer(process, ensemble);
  }
  const node::Config& server = world.processes.at(0).server;
  for (ClientConfig& client : world.clients) {
    client.timeout_ms_min = server.timeout_ms_min();
    client.timeout_ms_max = server.timeout_ms_max();
  }
}

}  // namespace zoetrope::sim
