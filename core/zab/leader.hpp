// The leader's side of Zab: discovery of the epoch, synchronisation of learners, broadcast,
// liveness (facts/quorum-protocol.md sections 7 to 11; upstream Leader, LearnerHandler). A state
// machine over Host; owns what is known of each learner. It lives for one epoch and is thrown away
// when it is over.
//
// The leader counts itself only when its own disk has confirmed: for the epoch when acceptedEpoch
// is durable, for NEWLEADER when currentEpoch is, for a proposal when its record is (KB-08 to 10).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/endpoint.hpp"
#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "core/quorum/packet.hpp"
#include "core/zab/epoch_files.hpp"
#include "core/zab/host.hpp"
#include "core/zab/role_config.hpp"

namespace zoetrope::zab {

class Leader {
 public:
  // All outlive the leader. The tree holds everything that is logged.
  Leader(const RoleConfig& config, const Ensembles& ensembles, EpochFiles& epochs, Host& host);

  void begin(MonotonicTime now);
  // Inputs.
  void opened(ConnectionId connection, const Endpoint& remote, MonotonicTime now);
  void received(ConnectionId connection, std::string_view bytes, MonotonicTime now);
  void closed(ConnectionId connection, MonotonicTime now);
  // Unsent output of a connection, as it rises and falls.
  void backlog(ConnectionId connection, uint64_t unsent_bytes, MonotonicTime now);
  void epochs_written(MonotonicTime now);
  void log_durable(MonotonicTime now);
  void snapshot_possible(MonotonicTime now);  // Host::begin_stream() may succeed now
  // No further input is at hand: pings that confirm syncs go out.
  void batch_end(MonotonicTime now);
  void tick(MonotonicTime now);
  std::optional<MonotonicTime> next_deadline() const;

  // A transaction was prepared and handed to the own log: it is proposed. Once serving.
  void propose(Zxid zxid, std::string_view payload);
  // A sync of this server's own clients; answered by Host::synced(), in order.
  void sync();

  bool owns(ConnectionId connection) const;
  bool is_serving() const;  // a quorum has acknowledged NEWLEADER
  int64_t epoch() const;    // 0 until it is known
  const std::optional<std::string>& over() const;
  // Closes all connections.
  void abandon();

  // For srvr, mntr and status: learners by state.
  struct LearnerStatus {
    ServerId server;
    bool is_observer = false;
    bool is_synced = false;  // has acknowledged NEWLEADER
    Zxid acked;
  };
  std::vector<LearnerStatus> learners() const;
  void add_to(RunningHash& hash) const;
};

}  // namespace zoetrope::zab
