// What a leader knows of one connection to its quorum port: whose it is, how far its learner has
// come, what it holds. Owns its unread bytes and what is to be sent behind a snapshot stream. A
// value; decides nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/endpoint.hpp"
#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/quorum/packet.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

// Ascending: what a learner has done stays done.
enum class LinkStage : uint8_t {
  kUnnamed,        // FOLLOWERINFO or OBSERVERINFO is awaited
  kNamed,          // waits for the epoch
  kInvited,        // LEADERINFO was sent, ACKEPOCH is awaited
  kPromised,       // waits for its synchronisation
  kStreaming,      // a snapshot or the log goes to it
  kSynchronising,  // NEWLEADER was sent, its acknowledgement is awaited
  kSynced,         // has acknowledged NEWLEADER
  kUp,             // UPTODATE was sent
};

struct LearnerLink {
  LearnerLink(ConnectionId of, const Endpoint& from, size_t packet_bytes_max)
      : connection(of), remote(from), cutter(packet_bytes_max) {}

  ConnectionId connection;
  Endpoint remote;
  quorum::PacketCutter cutter;
  uint64_t bytes_received = 0;
  uint64_t opened_as = 0;  // number of the connection, in the order of their opening
  bool gone = false;       // closed; is forgotten at the end of the input

  LinkStage stage = LinkStage::kUnnamed;
  ServerId server;
  bool is_observer = false;  // as it says itself
  int64_t accepted_epoch = 0;
  bool counts_for_epoch = false;  // its ACKEPOCH was no repetition
  Zxid last;                      // newest in its log, from ACKEPOCH
  // What the leader sends as history is cut off; all that follows is forwarded.
  bool is_forwarding = false;
  // Its log, before this connection, has uncommitted transactions of this epoch up to this one.
  Zxid had;
  // A reconfiguration that NEWLEADER told it of has to be committed before UPTODATE.
  Zxid awaits;
  // COMMITs behind it wait for UPTODATE: a Java follower up to 3.8 dies of one that comes behind
  // NEWLEADER for a proposal before it (ZOOKEEPER-4394).
  std::optional<Zxid> commits_held_behind;
  // Everything up to it is durable there.
  Zxid acked;

  // Half ticks; absent while the learner waits for the leader.
  std::optional<uint64_t> deadline;
  // A proposal that was open at that half tick is to be acknowledged in time.
  Zxid watched;
  uint64_t watched_since = 0;

  // Behind the snapshot or the log, in the order of history.
  bool is_held = false;
  std::string held;
  uint64_t unsent = 0;             // bytes of the connection
  uint64_t unsent_at_renewal = 0;  // when it was last given more time

  uint64_t pings_before = 0;  // rounds of pings before it was up
  uint64_t pings_answered = 0;

  bool is_named() const { return !gone && stage >= LinkStage::kNamed; }
  // Its acknowledgements may make a quorum.
  bool is_following() const { return !gone && stage >= LinkStage::kSynced && !is_observer; }
  // Of the last round of pings that it has answered.
  uint64_t confirmed_round() const { return pings_before + pings_answered; }
  // "server 3 at /10.0.0.3:40000", for the operator.
  std::string name() const;
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);
};

}  // namespace zoetrope::zab
