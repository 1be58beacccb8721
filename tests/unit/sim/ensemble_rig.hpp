// Real servers as an ensemble over the simulated network and disks, steered by hand: a test starts
// and stops each, cuts links, and holds back what a disk has not synced. Owns virtual time; server
// N is index N - 1, and chance decides nothing that a schedule depends on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/addresses.hpp"
#include "sim/agreement.hpp"
#include "sim/event_queue.hpp"
#include "sim/lookout.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/trace.hpp"

namespace zoetrope::sim {

// A process without chance: every delay is fixed, ticks are short.
ProcessConfig plain_process();

class EnsembleRig {
 public:
  using Tweak = std::function<void(ProcessConfig&)>;
  // Half ticks are 100 ms, initLimit is 2 s and syncLimit 1 s. Nobody runs yet.
  explicit EnsembleRig(int participants, int observers = 0, const Tweak& tweak = {});
  ~EnsembleRig();

  // --- servers -----------------------------------------------------------------------------------
  void start(int server);
  void kill(int server);
  void lose_power(int server);
  // From the next sync of its log on nothing of the log gets to the disk; a power loss loses it.
  void hold_log(int server);
  // As hold_log(), of the snapshots.
  void hold_snapshots(int server);
  // currentEpoch is announced and not put in its place.
  void hold_current_epoch(int server);
  // What was held is done now.
  void release_disk(int server);
  // Every write fails from now on.
  void break_disk(int server);

  // --- network -----------------------------------------------------------------------------------
  // What is sent waits, in both directions, until heal().
  void cut(int a, int b);
  void cut_off(int server);  // from all other servers
  void heal();

  // --- time --------------------------------------------------------------------------------------
  void run(int64_t ms);
  bool run_until(const std::function<bool()>& condition, int64_t ms = 30'000);

  // --- what is to be seen ------------------------------------------------------------------------
  bool runs(int server) const { return at(server).running(); }
  bool serves(int server) const;
  bool leads(int server) const;                // and serves
  bool follows(int server, int leader) const;  // and serves
  Zxid applied(int server) const { return at(server).engine()->last_processed(); }
  int64_t epoch(int server) const;  // currentEpoch
  bool has(int server, std::string_view path) const;
  // All of those that run serve under one leader, and have one tree.
  bool is_converged() const;
  // Lines that servers wrote for their operators, from the beginning.
  bool was_noted(std::string_view part) const;
  std::string describe() const;
  // The content of a file of its log's directory, as the page cache has it; empty: there is none.
  std::string file(int server, std::string_view name) const;
  uint64_t unsynced_bytes(int server) const { return at(server).disk().unsynced_bytes(); }
  // Moments of all servers from the beginning, and who is told of each at once.
  std::vector<Sighting> sightings;
  std::function<void(const Sighting&)> on_sighting;
  // Breaches of what no two servers may differ in.
  std::string breaches();

  // --- clients -----------------------------------------------------------------------------------
  class Client {
   public:
    // Opens a session at the server; false: none came within two seconds.
    bool open(int server, int32_t timeout_ms = 4000);
    // Sends a create and does not wait.
    void create(std::string_view path, bool ephemeral = false);
    // Sends a create and waits for the reply; whether it was made.
    bool created(std::string_view path, bool ephemeral = false, int64_t ms = 2000);
    void read(std::string_view path);  // sends an exists
    void sync();                       // sends one
    // Replies without an error so far, but for that of the session.
    int replies = 0;
    int errors = 0;
    int out_of_order = 0;  // replies to another request than the oldest
    bool is_open = false;
    bool is_closed = false;
    int64_t session = 0;

   private:
    friend class EnsembleRig;
    explicit Client(EnsembleRig& rig) : rig_(rig) {}
    void send(int32_t type, std::string_view body);
    void take(std::string_view bytes);

    EnsembleRig& rig_;
    HostId host_;
    ConnectionId connection_;
    std::string unread_;
    int32_t last_xid_ = 0;
    int32_t answered_ = 0;
  };
  Client& client();

 private:
  struct DiskHold;
  struct Notes;
  Process& at(int server) const { return *processes_[static_cast<size_t>(server - 1)]; }
  void step(const Event& event);

  EventQueue queue_;
  std::unique_ptr<Notes> notes_;
  Trace trace_;
  Choices choices_;
  Network network_;
  Addresses addresses_;
  Agreement agreement_;
  std::unique_ptr<Lookout> lookout_;
  std::vector<std::shared_ptr<DiskHold>> holds_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::pair<HostId, HostId>> cuts_;
};

}  // namespace zoetrope::sim
