// What a peer and its roles have to know and that does not change while they run. Values, with
// upstream's defaults (facts/config-keys.md).
#pragma once

#include <cstdint>
#include <optional>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/quorum/ensemble.hpp"

namespace zoetrope::zab {

struct RoleConfig {
  ServerId self;
  bool is_observer = false;  // peerType=observer
  // observerMasterPort, the same on all servers: followers serve observers there, and observers go
  // to one of them instead of the leader; 0: they do not.
  uint16_t observer_master_port = 0;
  int64_t tick_ms = 2000;
  int32_t init_limit = 10;                   // ticks until a learner is synchronised
  int32_t sync_limit = 5;                    // ticks without word from the other side
  int32_t connect_tick_limit = 0;            // connectToLearnerMasterLimit; 0: init_limit
  size_t packet_bytes_max = 1048575 + 4096;  // longest field of a packet
  // snapshotSizeFactor: a log longer than that against the newest snapshot is not sent but the
  // snapshot; 0: a log of any length, < 0: never.
  int32_t snapshot_factor_percent = 33;
  bool force_snapshot = false;  // forceSnapshotSync
  // Of the last transaction of an epoch; then the leader has the ensemble begin another one.
  // Upstream's uses none beyond it.
  uint32_t last_counter = 0xfffffffe;
  // Configurations have versions, and change (reconfigEnabled).
  bool reconfig_enabled = false;
  // A sync is answered when a quorum has confirmed that this server still leads.
  bool sync_by_quorum = true;
  // Unsent bytes of a connection at which a snapshot stream pauses.
  uint64_t stream_bytes_high = 1 << 20;
  // What may gather behind a learner's history until it has that; one that needs longer is cut off.
  size_t held_bytes_max = 128 << 20;

  Duration init_time() const { return Duration::from_ms(tick_ms * init_limit); }
  Duration sync_time() const { return Duration::from_ms(tick_ms * sync_limit); }
  Duration connect_time() const {
    return Duration::from_ms(tick_ms * (connect_tick_limit > 0 ? connect_tick_limit : init_limit));
  }
};

// The configuration in force and, while a reconfiguration is under way, the one to come.
struct Ensembles {
  quorum::Ensemble current;
  std::optional<quorum::Ensemble> last_seen;  // only when newer than `current`
  // What servers that look for a leader have in their history, and this one has not. It counts in
  // no quorum; it says who may be elected all the same, and where that server is.
  std::optional<quorum::Ensemble> rumoured;  // only when newer than both
  const quorum::Ensemble& newest() const { return last_seen ? *last_seen : current; }
};

}  // namespace zoetrope::zab
