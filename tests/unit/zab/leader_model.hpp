// Learners that do what Zab asks of them, at a pace that chance decides, around one leader; and a
// judge that reads what the leader sends. The judge knows the one true history and every disk.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/quorum/packet.hpp"
#include "tests/unit/zab/leader_world.hpp"

namespace zoetrope::zab {

class LeaderModel {
 public:
  explicit LeaderModel(uint64_t seed);

  // One event, and the judge's look at what came of it.
  void step();
  // Nothing fails any more: everyone comes and catches up.
  void settle();
  // What is wrong; empty: nothing so far.
  std::string verdict;
  bool is_over() const { return world_.leader.over().has_value(); }
  bool is_converged() const;
  std::string state() const;  // for a message
  uint64_t commits = 0, snapshots = 0, cuts = 0, diffs = 0, syncs = 0;

 private:
  struct Heard {
    quorum::PacketType type;
    Zxid zxid;
  };
  struct Server {
    int id = 0;
    bool is_observer = false;
    bool votes = false;
    std::vector<Zxid> log, disk;
    int32_t current_epoch = 1;
    uint32_t accepted_epoch = 1;
    // Of the connection.
    std::optional<ConnectionId> connection;
    std::deque<Heard> inbox;
    std::deque<Zxid> uncommitted, unacked;
    bool owes_new_leader_ack = false, is_restoring = false, is_up = false;
    std::deque<Zxid> syncs;  // what was proposed when each was asked for
    Zxid visible;
    // What the judge has read on it.
    std::optional<Zxid> told;  // history up to here was sent
    std::deque<Zxid> told_open;
    bool told_new_leader = false, told_up = false, acked_new_leader = false;
    size_t stream_left = 0;
    std::string bytes;
  };

  void fail(const Server& server, const std::string& what);
  void connect(Server& server);
  void disconnect(Server& server, bool is_crash);
  void hear(Server& server);
  void hear_history(Server& server, const Heard& heard);
  void hear_op(Server& server, const Heard& heard);
  void sync_disk(Server& server);
  void leader_event();
  void server_event(Server& server);
  void judge();
  void read(Server& server);
  void judge_packet(Server& server, const Heard& heard);
  void judge_history(Server& server, const Heard& heard);
  bool is_true_prefix(const std::vector<Zxid>& log) const;
  std::optional<Zxid> next_in_history(Zxid after) const;

  Random random_;
  LeaderWorld world_{5, 1};
  bool has_slow_disk_ = false;  // the leader's: others commit without it
  std::vector<Server> servers_;
  std::deque<Zxid> own_syncs_;
  Zxid committed_before_;
};

}  // namespace zoetrope::zab
