// Processes that dial each other and reload, with engines that follow a script.
#include "sim/process.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/zab/epoch_files.hpp"
#include "sim/profile.hpp"

namespace zoetrope::sim {
namespace {

// What a scripted engine does, and what it was told.
struct Script {
  std::map<int64_t, std::function<void(node::Effects&)>> acts;  // by milliseconds since its start
  std::vector<std::string> told;
  ConnectionId last;  // opened or connected
  std::function<void(const node::Received&, node::Effects&)> on_bytes;
};

class Scripted : public Engine {
 public:
  Scripted(Script& script, Now now) : script_(script), origin_(now.monotonic) {}

  void start(Now, node::Effects&) override { script_.told.clear(); }
  void step(Now now, const node::Input& input, node::Effects& out) override {
    std::visit([&](const auto& event) { note(event, out); }, input);
    while (!acts_done() && next()->first <= (now.monotonic - origin_).ms()) {
      const auto act = next();
      done_ = act->first;
      act->second(out);
    }
  }
  std::optional<MonotonicTime> next_deadline() const override {
    if (acts_done()) return std::nullopt;
    return origin_ + Duration::from_ms(next()->first);
  }
  uint64_t fingerprint() const override { return 0; }
  Zxid last_processed() const override { return {}; }
  const tree::Tree* tree() const override { return nullptr; }

 private:
  using Acts = decltype(Script::acts);
  Acts::const_iterator next() const { return script_.acts.upper_bound(done_); }
  bool acts_done() const { return next() == script_.acts.end(); }
  void say(std::string text) { script_.told.push_back(std::move(text)); }

  void note(const node::Opened& e, node::Effects&) {
    script_.last = e.connection;
    say("opened " + std::to_string(e.local.port) + " by " + e.remote.address_text());
  }
  void note(const node::Connected& e, node::Effects&) {
    script_.last = e.connection;
    say("connected " + std::to_string(e.token) + " to " + e.remote.to_string());
  }
  void note(const node::ConnectFailed& e, node::Effects&) {
    say("failed " + std::to_string(e.token) + ": " + std::string(e.why));
  }
  void note(const node::Received& e, node::Effects& out) {
    if (script_.on_bytes) return script_.on_bytes(e, out);
    say("received " + std::string(e.bytes));
  }
  void note(const node::Closed&, node::Effects&) { say("closed"); }
  void note(const node::Backlog& e, node::Effects&) {
    say(e.unsent_bytes == 0 ? "backlog gone" : "backlog");
  }
  void note(const node::Reloaded& e, node::Effects&) {
    say("reloaded up to " + std::to_string(e.state->last_zxid.value));
  }
  void note(const node::DiskDone& e, node::Effects&) {
    say((e.error ? "failed " : "done ") + std::to_string(e.op));
  }
  template <class Other>
  void note(const Other&, node::Effects&) {}

  Script& script_;
  MonotonicTime origin_;
  int64_t done_ = -1;
};

class Rig {
 public:
  Rig() : trace(nullptr), choices(Random(1), nullptr, false), network(fast(), queue, choices) {
    for (uint32_t i = 0; i < 2; ++i) {
      const HostId host = network.add_host(server_name(ServerId(i + 1)));
      addresses.add_server({host, ServerId(i + 1)});
      ProcessConfig config;
      config.server.server_id = ServerId(i + 1);
      config.server.output_bytes_high = 1000;
      config.tick_late_ms_max = 0;
      config.batch_at_once_one_in = 1;
      config.connect_timeout = Duration::from_ms(500);
      Script& script = scripts[i];
      processes.push_back(std::make_unique<Process>(
          i, config,
          [&script](const node::Config&, storage::Disk&, uint64_t,
                    Now now) -> std::expected<std::unique_ptr<Engine>, std::string> {
            return std::make_unique<Scripted>(script, now);
          },
          host, addresses, queue, network, trace, choices));
    }
  }
  static NetworkConfig fast() {
    NetworkConfig config;
    config.latency = {1000, 1000, 0, 0};
    config.cut_one_in = 0;
    config.window_bytes = 4000;
    return config;
  }
  void start() {
    for (auto& process : processes) process->start();
  }
  void run(int64_t ms) {
    Event mark;
    mark.at = queue.now() + Duration::from_ms(ms);
    mark.kind = EventKind::kFault;
    queue.push(mark);
    while (!queue.empty()) {
      const Event event = queue.pop();
      if (event.kind == EventKind::kFault) return;
      if (const auto kind = event.kind; kind == EventKind::kDiskDone ||
                                        kind == EventKind::kBatchEnd || kind == EventKind::kTick ||
                                        kind == EventKind::kDialTimeout ||
                                        kind == EventKind::kReload) {
        processes[event.subject]->handle(event);
      } else if (const auto delivery = network.handle(event)) {
        processes[delivery->host.value]->deliver(*delivery);
        network.release(*delivery);
      }
      for (const auto& drained : network.take_drained()) {
        processes[drained.host.value]->output_drained(drained.connection);
      }
    }
  }
  void act(size_t who, int64_t ms, std::function<void(node::Effects&)> act) {
    scripts[who].acts[ms] = std::move(act);
  }
  void dial(size_t who, int64_t ms, uint64_t token, uint16_t port, std::string host = "server-2") {
    act(who, ms, [=](node::Effects& out) { out.add(node::Connect{token, {host, port}}); });
  }

  EventQueue queue;
  Trace trace;
  Choices choices;
  Network network;
  Addresses addresses;
  Script scripts[2];
  std::vector<std::unique_ptr<Process>> processes;
};

using Told = std::vector<std::string>;

TEST(Dials, ConnectToAPortThatListens) {
  Rig rig;
  rig.act(1, 1, [](node::Effects& out) { out.add(node::Listen{node::Port::kElection, true}); });
  rig.dial(0, 10, 7, kElectionPort);
  rig.act(0, 20, [&](node::Effects& out) { out.send(rig.scripts[0].last, "vote"); });
  rig.act(1, 30, [&](node::Effects& out) { out.send(rig.scripts[1].last, "answer"); });
  rig.act(0, 40, [&](node::Effects& out) { out.add(node::Close{rig.scripts[0].last}); });
  rig.start();
  rig.run(100);
  EXPECT_EQ(rig.scripts[0].told, (Told{"connected 7 to /192.168.0.2:3888", "received answer"}));
  EXPECT_EQ(rig.scripts[1].told, (Told{"opened 3888 by 192.168.0.1", "received vote", "closed"}));
}

TEST(Dials, AreRefusedWhereNobodyListens) {
  Rig rig;
  rig.act(1, 1, [](node::Effects& out) { out.add(node::Listen{node::Port::kQuorum, true}); });
  rig.act(1, 20, [](node::Effects& out) { out.add(node::Listen{node::Port::kQuorum, false}); });
  rig.dial(0, 2, 1, kElectionPort);
  rig.dial(0, 10, 2, kQuorumPort);
  rig.dial(0, 30, 3, kQuorumPort);
  rig.dial(0, 40, 4, 4711);
  rig.dial(0, 50, 5, kClientPort, "nowhere");
  rig.dial(0, 60, 6, kClientPort, "server-1");
  rig.start();
  rig.run(100);
  EXPECT_EQ(rig.scripts[0].told,
            (Told{"failed 1: connection refused", "connected 2 to /192.168.0.2:2888",
                  "failed 3: connection refused", "failed 4: connection refused",
                  "failed 5: unknown host", "failed 6: connection refused"}))
      << "and the connection that stands stays";
}

TEST(Dials, TimeOutWhereNothingPasses) {
  Rig rig;
  rig.network.cut(rig.processes[1]->host(), rig.processes[0]->host(), {});
  rig.dial(0, 1, 1, kClientPort);
  rig.start();
  rig.run(400);
  EXPECT_EQ(rig.scripts[0].told, Told{});
  rig.run(200);
  EXPECT_EQ(rig.scripts[0].told, (Told{"failed 1: connection timed out"}));
  rig.network.heal(rig.processes[1]->host(), rig.processes[0]->host());
  rig.run(100);
  EXPECT_EQ(rig.scripts[1].told, Told{}) << "nothing is left of the attempt";
}

TEST(Dials, OfWhichNothingIsToldOnceTheyAreAbandoned) {
  Rig rig;
  rig.dial(0, 1, 1, kClientPort);
  rig.act(0, 2, [](node::Effects& out) { out.add(node::AbandonConnect{1}); });
  rig.act(0, 10, [](node::Effects& out) {
    out.add(node::Connect{2, {"nowhere", 1}});
    out.add(node::AbandonConnect{2});
    out.add(node::AbandonConnect{99});
  });
  rig.start();
  rig.run(1000);
  EXPECT_EQ(rig.scripts[0].told, Told{});
}

TEST(Dials, TellOfABacklogWhenTheOtherSideDoesNotRead) {
  Rig rig;
  rig.dial(0, 1, 1, kClientPort);
  rig.act(1, 20, [&](node::Effects& out) { out.add(node::PauseReading{rig.scripts[1].last}); });
  rig.act(0, 30,
          [&](node::Effects& out) { out.send(rig.scripts[0].last, std::string(6000, 'x')); });
  rig.scripts[1].on_bytes = [](const node::Received&, node::Effects&) {};
  rig.act(1, 100, [&](node::Effects& out) { out.add(node::ResumeReading{rig.scripts[1].last}); });
  rig.start();
  rig.run(90);
  EXPECT_EQ(rig.scripts[0].told, (Told{"connected 1 to /192.168.0.2:2181", "backlog"}));
  rig.run(100);
  EXPECT_EQ(rig.scripts[0].told,
            (Told{"connected 1 to /192.168.0.2:2181", "backlog", "backlog gone"}));
}

TEST(Dials, DieWithTheProcess) {
  Rig rig;
  rig.dial(0, 1, 1, kClientPort);
  rig.dial(0, 50, 2, kClientPort);
  rig.start();
  rig.run(20);
  rig.processes[1]->die(DeathKind::kKill);
  rig.run(100);
  EXPECT_EQ(rig.scripts[0].told,
            (Told{"connected 1 to /192.168.0.2:2181", "closed", "failed 2: connection refused"}));
}

TEST(Reloads, RecoverWhatIsOnTheDisk) {
  Rig rig;
  rig.act(0, 5, [](node::Effects& out) { out.add(node::Reload{}); });
  rig.start();
  rig.run(100);
  EXPECT_EQ(rig.scripts[0].told, (Told{"reloaded up to 0"}));
}

TEST(Reloads, MayBeInterruptedByACrash) {
  Rig rig;
  rig.act(0, 5, [](node::Effects& out) { out.add(node::Reload{}); });
  rig.start();
  rig.processes[0]->interrupt_recovery_after(0);
  rig.run(100);
  EXPECT_EQ(rig.scripts[0].told, Told{});
  EXPECT_FALSE(rig.processes[0]->running());
  const auto reports = rig.processes[0]->take_reports();
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[1].kind, ProcessReport::Kind::kReloading);
  EXPECT_EQ(reports[2].kind, ProcessReport::Kind::kDied);
}

TEST(Reloads, ThatCannotBeDoneEndTheProcess) {
  Rig rig;
  // Nothing on this disk reaches back to that.
  rig.act(0, 5, [](node::Effects& out) { out.add(node::Reload{Zxid(5)}); });
  rig.start();
  rig.run(100);
  EXPECT_FALSE(rig.processes[0]->running());
  const auto reports = rig.processes[0]->take_reports();
  ASSERT_EQ(reports.size(), 4U);
  EXPECT_EQ(reports[2].kind, ProcessReport::Kind::kHalted);
  EXPECT_FALSE(reports[2].excused) << "no fault of the disk explains it";
}

// What was queued behind a sync that failed rests on contents that the disk may not have.
TEST(Disks, RenameNothingBehindASyncThatFailed) {
  Rig rig;
  const storage::FileName file{storage::Folder::kSnapshot, "acceptedEpoch.tmp"};
  rig.act(0, 10, [&](node::Effects& out) {
    rig.processes[0]->disk().faults().sync_fails_one_in = 1;
    out.add(node::Disk{{1, storage::Lane::kLog, storage::WriteFile{file, 0, "5", 0}}});
    out.add(node::Disk{{2, storage::Lane::kLog, storage::SyncFile{file}}});
    out.add(node::Disk{{3, storage::Lane::kLog, storage::RenameFile{file, "acceptedEpoch"}}});
  });
  rig.start();
  rig.run(1000);
  EXPECT_EQ(rig.processes[0]->disk().content({file.folder, "acceptedEpoch"}), nullptr);
  EXPECT_EQ(rig.scripts[0].told, (Told{"done 1", "failed 2", "failed 3"}));
}

TEST(Members, RefuseADirectoryWhoseEpochsDoNotFit) {
  WorldConfig world = draw_world(Profile::kEnsemble, {}, Random(1));
  Site site{Random(1), nullptr, false};
  SimDisk disk{site};
  const storage::FileName file{storage::Folder::kSnapshot, "currentEpoch"};
  ASSERT_TRUE(disk.execute(storage::WriteFile{file, 0, "no number", 0}).has_value());
  RecoveryDisk recovery(disk, UINT64_MAX);
  const auto made = make_server(world.processes[0].server, recovery, 1, Now{});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error(), "currentEpoch does not hold an epoch");
}

TEST(Members, AreConfiguredAlikeAndNamed) {
  Overrides overrides;
  overrides.servers = 4;
  overrides.observers = 2;
  const WorldConfig world = draw_world(Profile::kEnsemble, overrides, Random(3));
  ASSERT_EQ(world.processes.size(), 6U);
  for (size_t i = 0; i < 6; ++i) {
    const node::Config& server = world.processes[i].server;
    ASSERT_TRUE(server.peer.has_value());
    EXPECT_EQ(server.server_id.value, static_cast<int64_t>(i + 1));
    EXPECT_EQ(server.peer->role.self, server.server_id);
    EXPECT_EQ(server.peer->role.is_observer, i >= 4);
    EXPECT_EQ(server.peer->ensemble.participants().size(), 4U);
    EXPECT_EQ(server.peer->ensemble.observers().size(), 2U);
    EXPECT_EQ(server.peer->ensemble.defect(), std::nullopt);
    EXPECT_EQ(server.tick_time_ms, world.processes[0].server.tick_time_ms);
  }
  EXPECT_FALSE(draw_world(Profile::kCrash, {}, Random(3)).processes[0].server.peer.has_value());
}

}  // namespace
}  // namespace zoetrope::sim
