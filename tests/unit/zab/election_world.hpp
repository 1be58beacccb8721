// A small deterministic world for elections: servers that look for a leader, connect to it, lose
// it, crash and come back, over a network that delays, breaks and partitions. Owns virtual time;
// the quorum protocol is stood in for by a look at the others every 50 ms. It checks what has to
// hold at each decision; the tests judge the end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/random.hpp"
#include "core/zab/election.hpp"
#include "core/zab/electorate.hpp"

namespace zoetrope::zab {

// What a network delivers: to, from, notification.
using Deliver = std::function<void(ServerId, ServerId, const quorum::Notification&)>;

// Two of them: pairs with one-slot queues (pair_network.cpp), and election links over simulated
// connections (link_network.cpp).
class Network {
 public:
  virtual ~Network() = default;
  virtual void start(ServerId id, MonotonicTime now) = 0;
  virtual void crash(ServerId id, MonotonicTime now) = 0;
  virtual void send(ServerId from, ServerId to, const quorum::Notification& notification,
                    MonotonicTime now) = 0;
  // The server has a leader, and what it said before is of no use any more.
  virtual void forget(ServerId) {}
  virtual bool is_delivered(ServerId from) const = 0;
  // Connections across the cut break; none come up.
  virtual void set_cut(ServerId a, ServerId b, bool cut, MonotonicTime now) = 0;
  virtual void break_connection(ServerId a, ServerId b, MonotonicTime now) = 0;
  virtual std::optional<MonotonicTime> next_event() const = 0;
  virtual void run_until(MonotonicTime now, const Deliver& deliver) = 0;
  virtual uint64_t fingerprint() const = 0;
};

std::unique_ptr<Network> make_pair_network(const std::vector<ServerId>& ids, Random random,
                                           Duration delay_max);
std::unique_ptr<Network> make_link_network(const quorum::Ensemble& ensemble, Random random,
                                           Duration delay_max);

// Servers 1..participants, and observers behind them.
quorum::Ensemble majority_ensemble(int64_t participants, int64_t observers = 0);

struct WorldOptions {
  quorum::Ensemble ensemble;
  uint64_t seed = 1;
  bool is_basic = false;
  bool has_links = false;
  Duration delay_max = Duration::from_ms(50);
  // Servers start within this time; logs and epochs differ.
  Duration start_spread = Duration::from_ms(50);
  // Until then crashes, partitions and broken connections happen; then they stop and all are up.
  Duration fault_time;
};

class ElectionWorld {
 public:
  explicit ElectionWorld(const WorldOptions& options);

  struct Server {
    ServerId id;
    bool is_up = false;
    std::unique_ptr<Election> election;
    Candidacy candidacy;
    quorum::PeerState state = quorum::PeerState::kLooking;
    ServerId leader;
    bool is_established = false;
    MonotonicTime last_contact;
    // Which time in office of its leader a follower is connected to; a connection ends with it.
    std::optional<uint64_t> term;
    std::optional<MonotonicTime> starts_at;
  };

  // Runs until everybody follows one established leader, at most until `limit`. Whether they do.
  bool run_until_settled(MonotonicTime limit);
  void run_until(MonotonicTime limit);

  MonotonicTime now() const { return now_; }
  MonotonicTime faults_end() const { return MonotonicTime{options_.fault_time.ns}; }
  const std::vector<Server>& servers() const { return servers_; }
  // The best candidate among those that may win, as they are now.
  ServerId best_candidate() const;
  // Servers that decided to lead, in order, with the round.
  const std::vector<std::pair<ServerId, int64_t>>& leads() const { return leads_; }
  // What did not hold at a decision; empty: all did.
  const std::string& violation() const { return violation_; }
  uint64_t fingerprint() const;
  std::string describe() const;

 private:
  struct Cast {
    ServerId voter;
    Vote vote;
    Vote candidate;  // the voter itself, as it stood
  };

  Server& at(ServerId id) { return servers_[static_cast<size_t>(id.value - 1)]; }
  const Server& at(ServerId id) const { return servers_[static_cast<size_t>(id.value - 1)]; }
  void step(MonotonicTime limit);
  void start(Server& server);
  void look(Server& server);
  void crash(Server& server);
  void receive(ServerId to, ServerId from, const quorum::Notification& notification);
  void pump(Server& server, std::vector<ElectionMessage>& out);
  void stop_waiting(Server& server);
  void record_cast(const Server& server, const quorum::Notification& notification);
  void check_decision(const Server& server, const Decision& decision);
  void look_around();
  void look_around(Server& leader);
  bool is_connected(const Server& a, const Server& b) const;
  void inject_fault();
  void stop_faults();
  bool is_settled() const;
  Vote candidate_vote(const Server& server) const;

  WorldOptions options_;
  Electorate electorate_;
  Random random_;
  std::unique_ptr<Network> network_;
  std::vector<Server> servers_;
  std::set<std::pair<ServerId, ServerId>> cuts_;
  std::map<std::pair<int64_t, ServerId>, std::vector<Cast>> casts_;  // of (round, leader)
  std::vector<std::pair<ServerId, int64_t>> leads_;
  std::string violation_;
  MonotonicTime now_;
  uint64_t terms_ = 0;
  MonotonicTime next_look_;
  std::optional<MonotonicTime> next_fault_;
  RunningHash trace_;
};

}  // namespace zoetrope::zab
