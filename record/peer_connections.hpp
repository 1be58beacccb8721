// The connections to other servers and how far their streams have come, so that what one recording
// sent is found in what another one received, wherever both begin.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/endpoint.hpp"
#include "core/base/ids.hpp"
#include "core/node/effects.hpp"
#include "core/node/input.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::record {

struct PeerConnection {
  ConnectionId id;  // 0: none
  node::Port port = node::Port::kQuorum;
  bool is_dialled = false;
  Endpoint local, remote;
  uint64_t received = 0, sent = 0;  // bytes
};

class PeerConnections {
 public:
  // Before the step.
  void take(const node::Input& input);
  // Of its effects, in order.
  void sent(ConnectionId connection, size_t bytes) {
    if (PeerConnection* known = find(connection)) known->sent += bytes;
  }
  void closed(ConnectionId connection) {
    if (PeerConnection* known = find(connection)) *known = PeerConnection();
  }
  PeerConnection* find(ConnectionId connection) {
    const uint32_t slot = connection.slot();
    const bool is_known = slot < by_slot_.size() && by_slot_[slot].id == connection;
    return is_known ? &by_slot_[slot] : nullptr;
  }
  void carry_state(StateArchive& archive);

 private:
  void add(PeerConnection connection);

  std::vector<PeerConnection> by_slot_;
};

}  // namespace zoetrope::record
