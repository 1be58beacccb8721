// A leader over a scripted host, and the hand that plays its learners.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/quorum/packet.hpp"
#include "core/zab/leader.hpp"
#include "tests/unit/zab/scripted_host.hpp"

namespace zoetrope::zab {

constexpr Zxid z(uint32_t epoch, uint32_t counter) {
  return Zxid::make(epoch, counter);
}

// Servers 1 to `participants`, then `observers` more, each with ports of its own.
quorum::Ensemble ensemble_of(int participants, int observers);

// Server 1 with both epochs at 1 and the transactions 1:1, 1:2 and 1:3 unless said otherwise.
class LeaderWorld {
 public:
  // With `names` the leader stores its configurations, see write_files().
  explicit LeaderWorld(int participants = 3, int observers = 0, ConfigFileNames names = {});

  // --- inputs --------------------------------------------------------------------------------
  void begin() { leader.begin(now); }
  // A connection that has said nothing.
  ConnectionId open();
  ConnectionId join(int server, uint32_t accepted_epoch = 1, bool is_observer = false,
                    int64_t config_version = 0, int32_t protocol_version = 0x10000);
  void say(ConnectionId connection, quorum::PacketType type, Zxid zxid,
           jute::BufferView data = std::nullopt);
  void say_raw(ConnectionId connection, std::string_view bytes);
  void ack_epoch(ConnectionId connection, int32_t current_epoch = 1, Zxid last = z(1, 3));
  void ack(ConnectionId connection, Zxid zxid) { say(connection, quorum::PacketType::kAck, zxid); }
  void request(ConnectionId connection, int64_t session, int32_t type, std::string_view body = {});
  void pong(ConnectionId connection, std::string_view touches = {});
  void lose(ConnectionId connection);
  // Whatever was asked of the disk for the epoch files is done.
  void write_epochs();
  // The same of the files of the configuration, to the last of them.
  void write_files();
  void half_ticks(int count);
  // The host prepares a transaction and hands it to its log.
  Zxid propose(std::string payload = {});
  void make_durable(Zxid zxid);
  void batch_end() { leader.batch_end(now); }

  // --- whole phases --------------------------------------------------------------------------
  // Joins, acknowledges the epoch and NEWLEADER, if a quorum lets it.
  void promise_all(const std::vector<ConnectionId>& learners, Zxid last = z(1, 3));
  // Leads epoch 2 with servers 2 to `followers` + 1, all of them up; what was sent is forgotten.
  std::vector<ConnectionId> lead_with(int followers, Zxid last = z(1, 3));
  // A learner comes to a leader that serves, up to ACKEPOCH.
  ConnectionId come(int server, Zxid last, int32_t current_epoch = 1, bool is_observer = false);
  // ... and acknowledges NEWLEADER.
  ConnectionId come_up(int server, Zxid last, bool is_observer = false);

  // --- what was sent -------------------------------------------------------------------------
  // Packets since the last call: "PROPOSAL 2:1 payload", "UPTODATE"; "stream" for a whole one.
  std::vector<std::string> heard(ConnectionId connection);
  bool is_closed(ConnectionId connection) const {
    return host.connections.at(connection).is_closed;
  }
  bool was_noted(std::string_view part) const;
  uint64_t hash() const;

  RoleConfig config;
  Ensembles ensembles;
  EpochFiles epochs{Epochs{1, 1}, 1};
  ScriptedHost host;
  ConfigFileNames file_names;
  Configuration configuration{config, ensembles, file_names, host};
  Leader leader{config, configuration, epochs, host};
  MonotonicTime now = MonotonicTime::from_ms(1'000);
  Zxid next_zxid = z(2, 1);
  std::string new_leader_text;  // of the last NEWLEADER that was heard

 private:
  uint32_t opened_ = 0;
};

}  // namespace zoetrope::zab
