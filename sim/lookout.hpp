// Sees the moments of every server's life: what a process shows of its engine's standing, of what
// it sends to other servers and of its disk, in the order in which it happens; and counts what was
// reached of the protocol. Owns what was seen last of each; it never changes what it sees.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "core/node/input.hpp"
#include "core/quorum/packet_stream.hpp"
#include "core/storage/disk.hpp"
#include "sim/arrivals.hpp"
#include "sim/coverage.hpp"
#include "sim/disk.hpp"
#include "sim/engine.hpp"
#include "sim/moment.hpp"
#include "sim/network.hpp"

namespace zoetrope::sim {

struct Sighting {
  Moment moment = Moment::kStarts;
  uint32_t server = 0;  // index
  // What the server is in its ensemble, or was until this moment; nullopt: it stands alone, or has
  // not said so far.
  std::optional<quorum::PeerState> role;
};

class Lookout {
 public:
  using Heard = std::function<void(const Sighting&)>;
  // The servers are the first `servers` hosts of the network. `heard` may be
  // empty, and `coverage` nullptr.
  Lookout(size_t servers, Heard heard, Coverage* coverage = nullptr)
      : heard_(std::move(heard)), coverage_(coverage), servers_(servers) {}

  // --- what a process shows, by the index of its server ------------------------------------------
  // It is about to recover from its disk.
  void recovers(uint32_t server, const SimDisk& disk);
  void refuses_to_start(uint32_t server, bool is_interrupted);
  void starts(uint32_t server, const Engine& engine);
  // The engine has taken an input, nullptr: has started; its effects are not carried out yet.
  void steps(uint32_t server, const Engine& engine, const node::Input* input);
  struct Passage {
    ConnectionId connection;
    node::Port port = node::Port::kQuorum;
    Side side = Side::kOpener;  // of this server
    HostId peer;
  };
  // Bytes were handed to the network.
  void sends(uint32_t server, const Passage& sent, std::string_view bytes);
  bool counts_arrivals() const { return coverage_ != nullptr; }
  // Bytes are about to be given to the engine.
  void receives(uint32_t server, const Passage& received, std::string_view bytes);
  // An operation of the disk was done, and the engine does not know it yet.
  void writes(uint32_t server, const storage::DiskAction& action);
  // The log was cut to what the leader has, and the engine does not know it yet.
  void cuts_log(uint32_t server);
  // It is going to die of the present moment: nothing comes after that.
  void ends(uint32_t server) { servers_[server].is_ending = true; }
  // It stops by itself, and dies of it.
  void halts(uint32_t server, bool is_orderly);
  void dies(uint32_t server, DeathKind how, bool loses_data);

 private:
  struct Link {
    uint32_t generation = 0;
    quorum::PacketStream sent, received;
    ElectionStream heard;
    ClientStream asked;
    bool has_acked_new_leader = false;
    // Of a leader: what has opened the synchronisation, until NEWLEADER.
    std::optional<quorum::PacketType> opened_by;
    bool has_proposals = false;
    bool is_from_log = false;
  };
  // What is forgotten when the process ends.
  struct Server {
    std::optional<Standing> standing;
    bool runs = false;
    bool is_ending = false;
    bool serves = false;
    Zxid last_processed;
    Zxid proposed;                      // the newest that was sent to a follower
    std::vector<Link> links;            // by slot
    std::optional<Moment> last_moment;  // since the last input
    bool reads_log = false;             // the present input is a piece of a file
  };
  // What stays.
  struct Past {
    std::optional<Incident> end;  // how the last process ended
    bool is_halted = false;
    std::optional<quorum::PeerState> role;  // as which it served last
  };

  void tell(Moment moment, uint32_t server);
  void tell_of_standing(uint32_t server, const std::optional<Standing>& now);
  void see_of_learner(uint32_t server, Link& link, const quorum::Packet& packet);
  void see_of_leader(uint32_t server, Link& link, const Passage& sent,
                     const quorum::Packet& packet);
  Link& link(Server& server, ConnectionId connection);

  // --- coverage (lookout_coverage.cpp)
  // ---------------------------------------------------------------
  void count_turn(uint32_t server, const std::optional<Standing>& now);
  void count_election(uint32_t server);
  void count_change(const Standing& before, const Standing& now);
  void count_synchronisation(uint32_t leader, Link& link, const Passage& sent,
                             const quorum::Packet& packet);
  size_t leaders(bool serving) const;

  Heard heard_;
  Coverage* coverage_;
  std::vector<Server> servers_;
  std::vector<Past> pasts_ = std::vector<Past>(servers_.size());
  std::optional<uint32_t> last_leader_;  // that served
};

}  // namespace zoetrope::sim
