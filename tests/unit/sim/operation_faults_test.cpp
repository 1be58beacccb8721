// What befalls clients from outside, and what operators do: each bites, and the ensemble lives
// through it.
#include <gtest/gtest.h>

#include "sim/safety_only.hpp"
#include "tests/unit/sim/fault_rig.hpp"

namespace zoetrope::sim {
namespace {

using properties::ServerEventKind;

Target all_servers() {
  return {Target::Kind::kAll, 0, {}, {}};
}

// --- clients -------------------------------------------------------------------------------------

TEST(ClientFaults, AHerdComesBackAtOnce) {
  const RunResult with = run_with(small_world(3, 8), Herd{Duration::from_ms(400)});
  EXPECT_GE(with.counts.broken_links, 8U);
  EXPECT_EQ(connections(with, kFaultMs + 1, kFaultMs + 350), 0U);
  EXPECT_GE(connections(with, kFaultMs + 350, kFaultMs + 1500), 8U);
  EXPECT_EQ(breaches(with), "");
}

TEST(ClientFaults, AHerdThatIsNotHeldBackIsThereAtOnce) {
  const RunResult with = run_with(small_world(3, 8), Herd{});
  EXPECT_GE(connections(with, kFaultMs, kFaultMs + 1000), 8U);
  EXPECT_EQ(breaches(with), "");
}

TEST(ClientFaults, AllClientsOfAServerMoveToTheOthers) {
  const RunResult with =
      run_with(small_world(3, 9), MigrateClients{Target::server(1), Duration::from_ms(2000)});
  EXPECT_GT(with.counts.broken_links, 0U);
  EXPECT_GE(connections(with, kFaultMs, kFaultMs + 2000), with.counts.broken_links);
  EXPECT_EQ(connections(with, kFaultMs, kFaultMs + 2000, 1), 0U);
  EXPECT_EQ(breaches(with), "");
}

TEST(ClientFaults, ASlowReaderWaitsForItsOwnRepliesOnly) {
  const RunResult with = run_with(small_world(), SlowReader{0, 400, Duration::from_ms(2000)});
  int64_t slow = 0, others = 0;
  for (const properties::Operation& op : with.history.operations) {
    const int64_t at = op.invoked.at.ms();
    if (!op.completed || at < kFaultMs || at > kFaultMs + 1500) continue;
    int64_t& longest = op.client == 0 ? slow : others;
    longest = std::max(longest, (op.completed->at - op.invoked.at).ms());
  }
  EXPECT_GT(slow, 100);
  EXPECT_LT(others, 50);
  EXPECT_EQ(breaches(with), "");
}

TEST(ClientFaults, ASessionEndsOnOneSideOfItsTimeoutAndLivesOnOnTheOther) {
  const auto refused = [](int64_t margin_ms) {
    const RunResult run = run_with(lone_world(), EdgeOfTimeout{0, margin_ms});
    EXPECT_EQ(breaches(run), "") << margin_ms;
    return std::ranges::count_if(run.history.connections,
                                 [](const auto& connection) { return connection.refused; });
  };
  EXPECT_EQ(refused(-1000), 0);
  EXPECT_GT(refused(1500), 0);
}

TEST(ClientFaults, StrangersAreHungUpOnAndServeNobodysHarm) {
  const uint64_t usual = run_small(small_world()).counts.events;
  for (const auto says : {Strangers::Says::kNothing, Strangers::Says::kNoise,
                          Strangers::Says::kOversized, Strangers::Says::kHalfAFrame}) {
    Strangers strangers{all_servers(), PortKind::kAll, says, 12, Duration::from_ms(3000)};
    const RunResult with = run_with(small_world(), strangers);
    // The ports for the quorum are open at the leader alone, but connects are tried everywhere.
    EXPECT_EQ(with.counts.strangers, 3U * 3 * 12);
    EXPECT_GT(with.counts.events, usual + 100);
    EXPECT_EQ(breaches(with), "") << static_cast<int>(says);
  }
}

TEST(ClientFaults, StrangersTakeThePlacesOfClientsWhereThoseAreLimited) {
  WorldConfig world = lone_world(3);
  world.processes[0].server.connections_max = 6;
  for (ClientConfig& client : world.clients) client.script.break_one_in = 10;
  const size_t usual = connections(run_small(world), kFaultMs, kFaultMs + 2000);
  add_step(world, Strangers{Target::server(0), PortKind::kClient, Strangers::Says::kNothing, 30,
                            Duration::from_ms(2000)});
  const RunResult with = run_small(world);
  EXPECT_LT(connections(with, kFaultMs + 10, kFaultMs + 2000), usual);
  EXPECT_EQ(breaches(with), "");
}

// --- operations ----------------------------------------------------------------------------------

TEST(Operations, AnUpgradeChangesOneServerAfterTheOther) {
  RollingUpgrade upgrade;
  upgrade.digest = RollingUpgrade::Switch::kOff;
  upgrade.compression = RollingUpgrade::Compression::kGzip;
  upgrade.snap_count = 10;
  const RunResult with = run_with(small_world(), upgrade);
  for (int64_t server = 0; server < 3; ++server) {
    EXPECT_EQ(server_events(with, ServerEventKind::kStarted, server), 2U);
  }
  const RunResult plain = run_with(small_world(), RollingUpgrade{});
  EXPECT_NE(with.hash, plain.hash) << "snapshots are taken, and written in another way";
  EXPECT_EQ(breaches(with) + breaches(plain), "");
}

TEST(Operations, DigestsMayBeSwitchedOnAgain) {
  WorldConfig world = small_world();
  for (ProcessConfig& process : world.processes) process.server.digest_enabled = false;
  RollingUpgrade upgrade;
  upgrade.digest = RollingUpgrade::Switch::kOn;
  add_step(world, upgrade);
  EXPECT_EQ(breaches(run_small(world)), "");
}

TEST(Operations, AReplacedMemberJoinsUnderItsName) {
  const RunResult with =
      run_with(small_world(), ReplaceMember{Target::server(0), Duration::from_ms(300)});
  EXPECT_EQ(with.counts.disks_damaged, 1U);
  EXPECT_EQ(with.counts.shutdowns, 1U);
  EXPECT_EQ(server_events(with, ServerEventKind::kStarted, 0), 2U);
  EXPECT_EQ(breaches(with), "");
}

TEST(Operations, AnObserverMayBeReplacedAtAnyTime) {
  WorldConfig world = small_world();
  ProcessConfig observer = world.processes[0];
  observer.member.role = quorum::MemberRole::kObserver;
  world.processes.push_back(observer);
  seat(world);
  // While one of the others is away.
  add_step(world,
           Kill{Target::server(0), DeathKind::kKill, 0, Unsynced::kAny, Duration::from_ms(3000)});
  add_step(world, ReplaceMember{Target::server(3)}, kFaultMs + 100);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.disks_damaged, 1U);
  EXPECT_EQ(breaches(with), "");
}

// --- what is judged where nothing can be repaired
// -------------------------------------------------

TEST(SafetyOnly, DataThatNobodySentIsFound) {
  properties::History history;
  properties::Operation write, read;
  write.args.kind = properties::OpKind::kSetData;
  write.args.path = read.args.path = "/a";
  write.args.data = "sent";
  read.args.kind = properties::OpKind::kGetData;
  read.completed = properties::Moment{MonotonicTime{}, 2};
  read.result.data = "sent";
  history.operations = {write, read};
  EXPECT_TRUE(foreign_data(history).empty());
  history.operations[1].result.data = "senT";
  EXPECT_EQ(foreign_data(history).size(), 1U);
  EXPECT_FALSE(is_excused_by_lost_disks("no_foreign_data_is_served"));
  EXPECT_TRUE(is_excused_by_lost_disks("acknowledged_writes_survive"));
}

}  // namespace
}  // namespace zoetrope::sim
