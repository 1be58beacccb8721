#include "record/peer_connections.hpp"

#include "core/base/state_archive.hpp"
#include "core/zab/peer_config.hpp"

namespace zoetrope::record {

void PeerConnections::take(const node::Input& input) {
  if (const auto* received = std::get_if<node::Received>(&input)) {
    if (PeerConnection* known = find(received->connection)) {
      known->received += received->bytes.size();
    }
  } else if (const auto* opened = std::get_if<node::Opened>(&input)) {
    if (opened->port == node::Port::kClient) return closed(opened->connection);
    add({opened->connection, opened->port, false, opened->local, opened->remote});
  } else if (const auto* connected = std::get_if<node::Connected>(&input)) {
    const bool is_learner = connected->token >= zab::kFirstLearnerToken;
    add({connected->connection, is_learner ? node::Port::kQuorum : node::Port::kElection, true,
         connected->local, connected->remote});
  } else if (const auto* end = std::get_if<node::Closed>(&input)) {
    closed(end->connection);
  }
}

void PeerConnections::add(PeerConnection connection) {
  const uint32_t slot = connection.id.slot();
  if (slot >= by_slot_.size()) by_slot_.resize(slot + 1);
  by_slot_[slot] = connection;
}

void PeerConnections::carry_state(StateArchive& archive) {
  std::vector<PeerConnection> known;
  for (const PeerConnection& connection : by_slot_) {
    if (connection.id.value != 0) known.push_back(connection);
  }
  archive(known);
  if (!archive.is_loading()) return;
  by_slot_.clear();
  // A driver gives out the lowest slots; more is no recording's.
  constexpr uint32_t kSlotsMax = 1 << 24;
  for (const PeerConnection& connection : known) {
    if (connection.id.slot() >= kSlotsMax) return archive.fail();
    add(connection);
  }
}

}  // namespace zoetrope::record
