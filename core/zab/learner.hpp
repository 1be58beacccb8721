// A follower's or observer's side of Zab, from the connection to the leader to its loss: discovery,
// synchronisation, broadcast (facts/quorum-protocol.md sections 7 to 12; upstream Learner,
// Follower, Observer). A state machine over Host; owns the connection's unread bytes and what is to
// be acknowledged. It lives for one leader and is thrown away when it is over.
//
// The safe order (KB-01, 02, 03, 08, 09): acceptedEpoch, and word of the currentEpoch to come, are
// durable before ACKEPOCH; everything received before NEWLEADER, and a snapshot that was restored,
// and then currentEpoch, are durable before ACK(NEWLEADER).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "core/quorum/packet.hpp"
#include "core/zab/epoch_files.hpp"
#include "core/zab/host.hpp"
#include "core/zab/role_config.hpp"

namespace zoetrope::zab {

class Learner {
 public:
  // All outlive the learner. Dial tokens are drawn from `next_token`, shared with other dialling.
  Learner(const RoleConfig& config, const Ensembles& ensembles, ServerId leader, EpochFiles& epochs,
          uint64_t& next_token, Host& host);

  void begin(MonotonicTime now);
  // Inputs. Those of connections that are not its own are the caller's mistake.
  void connected(DialToken token, ConnectionId connection, MonotonicTime now);
  void connect_failed(DialToken token, MonotonicTime now);
  void received(std::string_view bytes, MonotonicTime now);
  void closed(MonotonicTime now);
  void epochs_written(MonotonicTime now);  // something of the epoch files became durable
  void log_durable(MonotonicTime now);     // Host::durable() rose
  void reloaded(MonotonicTime now);
  void snapshot_persisted(MonotonicTime now);
  void tick(MonotonicTime now);
  std::optional<MonotonicTime> next_deadline() const;

  // Requests of this server's clients, once following.
  void forward(const quorum::ForwardedRequest& request, std::optional<std::string_view> auth);
  // Answered by Host::revalidated().
  void revalidate(SessionId session, int32_t timeout_ms);
  // Answered by Host::synced(), in order. `session`, `cxid`: of the client that asked.
  void sync(SessionId session, Xid cxid);

  bool owns(ConnectionId connection) const;
  bool owns(DialToken token) const;
  bool is_serving() const;  // UPTODATE came
  int64_t epoch() const;    // of the leader; 0 before LEADERINFO
  // Why it ended; the owner then throws it away and looks for a leader. The connection is closed.
  const std::optional<std::string>& over() const;
  // The configuration that came with NEWLEADER, once the leader is established (UPTODATE).
  const std::optional<quorum::Ensemble>& adopted() const;
  // Ends it (the server stops or looks for another leader).
  void abandon();
  void add_to(RunningHash& hash) const;
};

}  // namespace zoetrope::zab
