// A reconfiguration at one server: what the leader's preparation has to know of the ensemble, which
// configuration the own history holds, and the own ports and files (upstream PrepRequestProcessor,
// QuorumPeer.processReconfig).
#include "core/zab/reconfiguration.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

namespace {

constexpr uint64_t kStaticFileBytesMax = 1 << 20;

}  // namespace

// The log is the first witness of what was proposed: a crash may have come before the file of the
// configuration to come was written, and a quorum may count on this server's acknowledgement.
std::optional<quorum::Ensemble> Server::Impl::configuration_in_tree() const {
  const tree::NodeId node = tree.find(tree::kConfigPath);
  if (node == tree::NodeId::kNone) return std::nullopt;
  const jute::BufferView text = tree.data(node);
  if (!text || text->empty()) return std::nullopt;
  auto ensemble = quorum::Ensemble::parse(*text);
  if (!ensemble || ensemble->version != tree.stat_persisted(node).mzxid) return std::nullopt;
  return std::move(*ensemble);
}

int64_t Server::Impl::configuration_in_history() const {
  const auto logged = configuration_in_tree();
  return logged ? logged->version : 0;
}

pipeline::Membership Server::Impl::membership() const {
  pipeline::Membership known;
  const zab::Ensembles& ensembles = peer->ensembles();
  known.last_seen = &ensembles.newest();
  known.is_changing = ensembles.last_seen.has_value();
  known.standalone_enabled = peer->standalone_enabled();
  known.has_synced_quorum = [this](const quorum::Ensemble& ensemble) {
    return peer->has_synced_quorum(ensemble);
  };
  return known;
}

// Who is told that the ensemble has changed may shut servers down: this server must not come back
// without knowing it.
bool Server::Impl::is_to_be_stored_first(const OutstandingTxn& txn) const {
  return in_service && peer != nullptr && peer->is_storing_configuration() &&
         zab::reconfiguration_in(txn.prepared.payload).has_value();
}

// Something is committed and not yet applied.
bool Server::Impl::is_held_up() const {
  return peer != nullptr && !outstanding.empty() && outstanding.front().prepared.zxid <= committed;
}

void Server::Impl::read_static_config() {
  config_read = ++file_reads;
  out->add(ReadFile{config_read,
                    {storage::Folder::kConfig, config.peer->files.static_file},
                    0,
                    kStaticFileBytesMax});
}

void Server::Impl::moved(const quorum::Member& self) {
  if (!own_place) own_place = self;
  const auto move = [this](Port port, const std::vector<quorum::HostPort>& from,
                           const std::vector<quorum::HostPort>& to) {
    if (from != to && !to.empty()) out->add(Rebind{port, to});
  };
  const auto listed = [](const std::optional<quorum::HostPort>& address) {
    return address ? std::vector{*address} : std::vector<quorum::HostPort>();
  };
  move(Port::kClient, listed(own_place->client), listed(self.client));
  move(Port::kQuorum, own_place->quorum, self.quorum);
  move(Port::kElection, own_place->election, self.election);
  if (self.client) config.client_port = self.client->port;
  const auto client = self.client ? self.client : own_place->client;
  own_place = self;
  own_place->client = client;
}

}  // namespace zoetrope::node
