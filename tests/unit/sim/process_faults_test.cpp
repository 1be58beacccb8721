// Processes that stand still, are slow, stay away or restart one after the other, and clocks that
// are wrong: each bites, and the ensemble lives through it.
#include <gtest/gtest.h>

#include "sim/clock.hpp"
#include "tests/unit/sim/fault_rig.hpp"

namespace zoetrope::sim {
namespace {

using properties::ServerEventKind;

constexpr Duration kLasts = Duration::from_ms(1500);
constexpr int64_t kEndMs = kFaultMs + 1500;

// --- pauses --------------------------------------------------------------------------------------

TEST(Pauses, AServerThatStandsStillAnswersAllOfItWhenItGoesOn) {
  const RunResult with = run_with(
      lone_world(), Pause{Target::server(0), Pause::Kind::kProcess, Duration::from_ms(500)});
  EXPECT_EQ(with.counts.pauses, 1U);
  EXPECT_EQ(answered(with, kFaultMs + 1, kFaultMs + 500), 0U);
  EXPECT_GT(latencies(with, kFaultMs, kFaultMs + 500).max_us, 400'000);
  EXPECT_EQ(connections(with, kFaultMs, 10'000), 0U) << "nobody noticed but by waiting";
  EXPECT_EQ(breaches(with), "");
}

TEST(Pauses, ALeaderThatStandsStillForLongIsReplacedAndComesBackAsAFollower) {
  const RunResult without = run_small(small_world());
  const RunResult with = run_with(
      small_world(), Pause{Target::leader(), Pause::Kind::kProcess, Duration::from_ms(3000)});
  EXPECT_GT(with.counts.epochs, without.counts.epochs);
  EXPECT_GT(connections(with, kFaultMs, 8000), 0U);
  EXPECT_EQ(server_events(with, ServerEventKind::kCrashed), 0U);
  EXPECT_EQ(breaches(with), "");
}

TEST(Pauses, AFollowerThatStandsStillHoldsUpNobodyElse) {
  const RunResult with =
      run_with(small_world(), Pause{Target::server(0), Pause::Kind::kProcess, kLasts});
  EXPECT_EQ(with.counts.epochs, run_small(small_world()).counts.epochs);
  EXPECT_GT(answered(with, kFaultMs + 100, kEndMs), 20U);
  EXPECT_EQ(breaches(with), "");
}

TEST(Pauses, WhatAPausedProcessDiesOfIsForgotten) {
  WorldConfig world = small_world();
  add_step(world, Pause{Target::server(0), Pause::Kind::kProcess, Duration::from_ms(2000)});
  Kill kill{Target::server(0)};
  kill.back = Duration::from_ms(100);
  add_step(world, kill, kFaultMs + 300);
  const RunResult with = run_small(world);
  EXPECT_EQ(server_events(with, ServerEventKind::kCrashed, 0), 1U);
  EXPECT_EQ(server_events(with, ServerEventKind::kStarted, 0), 2U);
  EXPECT_EQ(breaches(with), "");
}

// The server that stands alone expires a silent client while its clock goes on, and not while its
// machine is suspended with its clock.
TEST(Pauses, TheClockOfASuspendedMachineStandsStill) {
  const auto ends = [](Pause::Kind kind) {
    WorldConfig world = lone_world(2);
    // The client's bytes do not arrive for a while that the pause ends in the middle of.
    add_step(world, HoldLink{0, 0, true, Duration::from_ms(2600)});
    add_step(world, Pause{Target::server(0), kind, Duration::from_ms(1800)}, kFaultMs + 1);
    const RunResult run = run_small(world);
    EXPECT_EQ(breaches(run), "");
    return std::ranges::count_if(run.history.connections,
                                 [](const auto& connection) { return connection.refused; });
  };
  EXPECT_GT(ends(Pause::Kind::kProcess), 0) << "the session was over";
  EXPECT_EQ(ends(Pause::Kind::kMachine), 0);
}

// --- processors ----------------------------------------------------------------------------------

TEST(Processors, InputsTakeTheirTimeAndQueue) {
  WorldConfig world = lone_world(6);
  const Latencies usual = latencies(run_small(world), 1000, 4000);
  world.processes[0].service.received = 2'000'000;
  world.processes[0].service.batch_end = 1'000'000;
  world.processes[0].service.disk_done = 1'000'000;
  const RunResult with = run_small(world);
  const Latencies slow = latencies(with, 1000, 4000);
  EXPECT_GE(slow.median_us, usual.median_us + 2000) << "the service time itself";
  EXPECT_GT(slow.max_us, usual.max_us + 6000) << "and that of those before";
  EXPECT_EQ(breaches(with), "");
}

TEST(Processors, ServiceTimesForEachByteMakeLargeRequestsSlow) {
  WorldConfig world = lone_world(2);
  world.processes[0].service.received_byte = 10'000;  // 100 KB a second
  const RunResult with = run_small(world);
  EXPECT_GT(latencies(with, 0, 6000).max_us, 20'000);
  EXPECT_EQ(breaches(with), "");
}

TEST(Processors, AnOverloadedServerQueuesMoreAndMoreUntilClientsGiveUp) {
  WorldConfig world = lone_world(8);
  for (ClientConfig& client : world.clients) client.script.think_us_max = 2000;
  EXPECT_EQ(run_small(world).counts.unknown, 0U);
  add_step(world, SlowCpu{Target::server(0), 100, 400'000, Duration::from_ms(3000)}, 300);
  const RunResult with = run_small(world);
  EXPECT_GT(with.counts.unknown, 0U);
  EXPECT_EQ(breaches(with), "");
}

TEST(Processors, ASlowLeaderSlowsWritesAndASlowFollowerDoesNot) {
  const auto median = [](Target who) {
    const RunResult run = run_with(small_world(3, 2), SlowCpu{std::move(who), 100, 5000, kLasts});
    EXPECT_EQ(breaches(run), "");
    return write_latencies(run, kFaultMs + 50, kEndMs - 100);
  };
  const Latencies usual = write_latencies(run_small(small_world(3, 2)), kFaultMs, kEndMs);
  EXPECT_GT(median(Target::leader()).median_us, usual.median_us + 10'000);
}

// --- death and return ----------------------------------------------------------------------------

TEST(Returns, AServerComesBackWhenItWasToldTo) {
  WorldConfig world = small_world();
  Kill kill{Target::server(0)};
  kill.back = Duration::from_ms(1234);
  add_step(world, kill);
  const RunResult with = run_small(world);
  int64_t crashed = 0, started = 0;
  for (const properties::ServerEvent& event : with.history.server_events) {
    if (event.server != ServerId(1)) continue;
    (event.kind == ServerEventKind::kCrashed ? crashed : started) = event.when.at.ms();
  }
  EXPECT_EQ(crashed, kFaultMs);
  EXPECT_EQ(started, kFaultMs + 1234);
  EXPECT_EQ(breaches(with), "");
}

TEST(Returns, AServerThatStaysDownComesBackWhenTheFaultsEnd) {
  WorldConfig world = small_world();
  Kill kill{Target::leader()};
  kill.stays_down = true;
  add_step(world, kill);
  const RunResult with = run_small(world);
  EXPECT_EQ(server_events(with, ServerEventKind::kStarted, kLeader), 2U);
  EXPECT_GT(with.history.server_events.back().when.at.ms(), kFaultMs + 2000);
  EXPECT_EQ(breaches(with), "");
}

TEST(Returns, ARollingRestartTakesOneServerAtATime) {
  for (const StopKind how : {StopKind::kShutdown, StopKind::kKill, StopKind::kPowerLoss}) {
    RollingRestart restart;
    restart.how = how;
    const RunResult with = run_with(small_world(), restart);
    int down = 0, down_max = 0;
    for (const properties::ServerEvent& event : with.history.server_events) {
      if (event.kind == ServerEventKind::kStarted && event.when.at.ms() < kFaultMs) continue;
      down += event.kind == ServerEventKind::kCrashed ? 1 : -1;
      down_max = std::max(down_max, down);
    }
    EXPECT_EQ(down_max, 1);
    for (int64_t server = 0; server < 3; ++server) {
      EXPECT_EQ(server_events(with, ServerEventKind::kStarted, server), 2U);
    }
    EXPECT_LT(silence_ms(with, kFaultMs, 6000), 2500);
    EXPECT_EQ(breaches(with), "");
  }
}

// --- clocks --------------------------------------------------------------------------------------

TEST(Clocks, ADriftingClockGainsAndKeepsWhatItGained) {
  Clock clock;
  clock.set_monotonic_offset(Duration::from_ms(7));
  const auto at = [](int64_t ms) { return MonotonicTime::from_ms(ms); };
  clock.drift(at(1000), 100'000);
  EXPECT_EQ(clock.now(at(1000)).monotonic.ms(), 1007);
  EXPECT_EQ(clock.now(at(2000)).monotonic.ms(), 2107);
  EXPECT_EQ(clock.now(at(2000)).wall.ms, kWallOrigin.ms + 2100);
  clock.drift(at(2000), 0);
  EXPECT_EQ(clock.now(at(3000)).monotonic.ms(), 3107);
  EXPECT_EQ(clock.now(at(3000)).wall.ms, kWallOrigin.ms + 3100);
  clock.drift(at(3000), -500'000);
  EXPECT_EQ(clock.now(at(4000)).monotonic.ms(), 3607);
}

TEST(Clocks, TheTimeAtWhichAClockShowsSomethingIsTheFirstSuchTime) {
  for (const int64_t ppm : {-700'000, -37, 0, 41, 250'000}) {
    Clock clock;
    clock.drift(MonotonicTime{12'345}, ppm);
    for (int64_t ns = 20'000; ns < 3'000'000'000'000; ns = ns * 7 / 3 + 11) {
      const MonotonicTime shown{ns}, at = clock.world_time(shown);
      ASSERT_GE(clock.now(at).monotonic, shown) << ppm;
      ASSERT_LT(clock.now(MonotonicTime{at.ns - 1}).monotonic, shown) << ppm;
    }
  }
}

TEST(Clocks, AStalledClockStandsStillAndTheWallClockGoesOn) {
  Clock clock;
  const auto at = [](int64_t ms) { return MonotonicTime::from_ms(ms); };
  clock.stall(at(100));
  EXPECT_EQ(clock.now(at(900)).monotonic.ms(), 100);
  EXPECT_EQ(clock.now(at(900)).wall.ms, kWallOrigin.ms + 900);
  clock.go_on(at(1000));
  EXPECT_EQ(clock.now(at(1500)).monotonic.ms(), 600);
  EXPECT_EQ(clock.world_time(at(600)), at(1500));
}

// Times that are stored in znodes are those of the leader's wall clock.
TEST(Clocks, ASkewedWallClockIsStoredInZnodes) {
  constexpr int64_t kSkewMs = 3'600'000;
  const RunResult with = run_with(small_world(), ClockSkew{Target::leader(), kSkewMs});
  size_t skewed = 0, right = 0;
  for (const properties::CommittedTxn& txn : with.history.committed) {
    (txn.time_ms > kWallOrigin.ms + kSkewMs ? skewed : right) += 1;
  }
  EXPECT_GT(skewed, 20U);
  EXPECT_GT(right, 20U);
  EXPECT_EQ(breaches(with), "");
}

TEST(Clocks, AFastClockExpiresASilentSessionEarlier) {
  const auto expired = [](int64_t ppm) {
    WorldConfig world = lone_world(2);
    add_step(world, ClockDrift{Target::server(0), ppm, Duration::from_ms(4000)});
    // Shorter than the time-out of 2 s by the right clock, longer by the fast one.
    add_step(world, HoldLink{0, 0, true, Duration::from_ms(1500)}, kFaultMs + 1);
    const RunResult run = run_small(world);
    EXPECT_EQ(breaches(run), "") << ppm;
    return std::ranges::count_if(run.history.connections,
                                 [](const auto& connection) { return connection.refused; });
  };
  EXPECT_EQ(expired(0), 0);
  EXPECT_GT(expired(800'000), 0);
}

TEST(Clocks, AnEnsembleLivesWithWrongClocks) {
  WorldConfig world = small_world();
  add_step(world, ClockDrift{Target::server(0), 30'000, Duration::from_ms(3000)}, 500);
  add_step(world, ClockDrift{Target::server(1), -30'000, Duration::from_ms(3000)}, 600);
  add_step(world, ClockSkew{Target::server(1), -86'400'000}, 700);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.epochs, run_small(small_world()).counts.epochs) << "nobody noticed";
  EXPECT_NE(with.hash, run_small(small_world()).hash);
  EXPECT_EQ(breaches(with), "");
}

}  // namespace
}  // namespace zoetrope::sim
