// A network with two hosts, and everything that it delivers, in order: what tests of the network
// look at. Owns the queue and the network.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/network.hpp"

namespace zoetrope::sim {

class NetworkRig {
 public:
  struct Told {
    Delivery::Kind kind;
    Side side;
    MonotonicTime at;
    std::string bytes;
  };

  explicit NetworkRig(NetworkConfig config, uint64_t seed = 1)
      : choices(Random(seed), nullptr, false),
        network(config, queue, choices),
        a(network.add_host("a")),
        b(network.add_host("b")) {
    network.listen(b, node::Port::kClient);
  }

  // Carries out everything that is planned, or what is planned up to `end`.
  void run(std::optional<MonotonicTime> end = std::nullopt) {
    if (end) {
      Event mark;
      mark.at = *end;
      mark.kind = EventKind::kFault;
      queue.push(mark);
    }
    while (!queue.empty()) {
      const Event event = queue.pop();
      if (event.kind == EventKind::kFault) return;
      const std::optional<Delivery> delivery = network.handle(event);
      if (!delivery) continue;
      told.push_back({delivery->kind, delivery->side, queue.now(), std::string(delivery->bytes)});
      network.release(*delivery);
    }
  }
  // A connection from a to b that stands, with what was told of it forgotten.
  ConnectionId open() {
    const ConnectionId id = network.connect(a, b, node::Port::kClient);
    run();
    EXPECT_EQ(kinds(), (Kinds{{Delivery::Kind::kAccepted, Side::kAcceptor},
                              {Delivery::Kind::kConnected, Side::kOpener}}));
    told.clear();
    return id;
  }

  using Kinds = std::vector<std::pair<Delivery::Kind, Side>>;
  // What was told and to whom; several pieces in a row are one.
  Kinds kinds() const {
    Kinds list;
    for (const Told& t : told) {
      if (list.empty() || list.back() != std::pair{t.kind, t.side}) {
        list.emplace_back(t.kind, t.side);
      }
    }
    return list;
  }
  std::string received(Side side) const {
    std::string bytes;
    for (const Told& t : told) {
      if (t.side == side) bytes += t.bytes;
    }
    return bytes;
  }

  EventQueue queue;
  Choices choices;
  Network network;
  HostId a, b;
  std::vector<Told> told;
};

}  // namespace zoetrope::sim
