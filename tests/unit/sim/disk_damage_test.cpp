// Disks that are slow, stand still, lose what was not synced, rot, are emptied or come back as they
// were: each bites, and the ensemble lives through it for as long as the other disks make up for
// it.
#include <gtest/gtest.h>

#include "sim/disk.hpp"
#include "tests/unit/sim/fault_rig.hpp"

namespace zoetrope::sim {
namespace {

using properties::ServerEventKind;

constexpr Duration kLasts = Duration::from_ms(1500);
constexpr int64_t kEndMs = kFaultMs + 1500;

// --- slow and still ------------------------------------------------------------------------------

TEST(SlowDisks, EveryWriteTakesLonger) {
  const RunResult with = run_with(lone_world(), SlowDisk{Target::server(0), 10'000, kLasts});
  EXPECT_GT(write_latencies(with, kFaultMs, kEndMs - 100).median_us, 20'000);
  EXPECT_LT(write_latencies(with, kEndMs + 100, 6000).median_us, 5'000);
  EXPECT_EQ(breaches(with), "");
}

TEST(SlowDisks, AQuorumDoesNotWaitForTheSlowestDisk) {
  const RunResult one = run_with(small_world(), SlowDisk{Target::server(0), 20'000, kLasts});
  const RunResult two =
      run_with(small_world(), SlowDisk{{Target::Kind::kSet, 0, {0, 1}, {}}, 20'000, kLasts});
  EXPECT_LT(write_latencies(one, kFaultMs, kEndMs - 100).median_us, 40'000);
  EXPECT_GT(write_latencies(two, kFaultMs, kEndMs - 100).median_us, 40'000);
  EXPECT_EQ(breaches(one) + breaches(two), "");
}

TEST(SlowDisks, NothingIsDurableWhileADiskStandsStill) {
  WorldConfig world = lone_world();
  add_step(world, StallDisk{Target::server(0), Duration::from_ms(700)});
  const RunResult with = run_small(world);
  for (const properties::Operation& op : with.history.operations) {
    if (op.args.kind != properties::OpKind::kCreate || !op.completed) continue;
    if (op.result.error != ErrorCode::kOk) continue;
    const int64_t at = op.completed->at.ms();
    EXPECT_FALSE(at > kFaultMs + 2 && at < kFaultMs + 700) << at;
  }
  EXPECT_GT(write_latencies(with, kFaultMs, kEndMs).max_us, 400'000);
  EXPECT_EQ(breaches(with), "");
}

TEST(SlowDisks, WritesWaitForAQuorumOfDisksAndNotForTheLeadersOwn) {
  const RunResult leader =
      run_with(small_world(), StallDisk{Target::leader(), Duration::from_ms(1000)});
  const RunResult two = run_with(
      small_world(), StallDisk{{Target::Kind::kSet, 0, {0, 1}, {}}, Duration::from_ms(1000)});
  EXPECT_GT(write_latencies(two, kFaultMs, 6000).max_us, 700'000);
  EXPECT_LT(write_latencies(leader, kFaultMs, 6000).median_us, 20'000);
  EXPECT_EQ(breaches(leader) + breaches(two), "");
}

// --- what was not synced -------------------------------------------------------------------------

struct TornDisk {
  TornDisk() : choices(Random(3), nullptr, false), disk(choices.site("disk")) {
    for (const auto& [at, letter] : {std::pair{0, 'a'}, {1, 'b'}, {2, 'c'}}) {
      const std::string bytes(2 * kSectorBytes, letter);
      const auto offset = static_cast<uint64_t>(at) * bytes.size();
      EXPECT_TRUE(disk.execute(storage::WriteFile{kFile, offset, bytes, 0}));
    }
  }
  std::string after(Unsynced unsynced) {
    disk.power_loss(unsynced);
    const std::string* content = disk.content(kFile);
    return content == nullptr ? "" : *content;
  }
  const storage::FileName kFile{storage::Folder::kLog, "log.1"};
  Choices choices;
  SimDisk disk;
};

TEST(UnsyncedData, IsKeptLostTornOrReordered) {
  std::string all;
  for (const char letter : {'a', 'b', 'c'}) all += std::string(2 * kSectorBytes, letter);
  EXPECT_EQ(TornDisk().after(Unsynced::kKept), all);
  EXPECT_EQ(TornDisk().after(Unsynced::kLost), "");
  bool was_cut = false, was_mixed = false;
  for (int i = 0; i < 40; ++i) {
    TornDisk torn;
    for (int draws = 0; draws < i; ++draws) torn.choices.site("disk").next();
    const std::string left = torn.after(Unsynced::kTorn);
    ASSERT_TRUE(all.starts_with(left)) << "in the order in which it was written";
    ASSERT_EQ(left.size() % kSectorBytes, 0U);
    was_cut = was_cut || left.size() % (2 * kSectorBytes) != 0;
    TornDisk mixed;
    for (int draws = 0; draws < i; ++draws) mixed.choices.site("disk").next();
    was_mixed = was_mixed || !all.starts_with(mixed.after(Unsynced::kReordered));
  }
  EXPECT_TRUE(was_cut);
  EXPECT_TRUE(was_mixed);
}

TEST(UnsyncedData, AnEnsembleLivesThroughEveryFateOfIt) {
  for (const Unsynced fate :
       {Unsynced::kKept, Unsynced::kLost, Unsynced::kTorn, Unsynced::kReordered}) {
    WorldConfig world = small_world();
    for (ProcessConfig& process : world.processes) process.sync_latency = Latency::fixed(20'000);
    Kill all{{Target::Kind::kAll, 0, {}, {}}, DeathKind::kPowerLoss};
    all.unsynced = fate;
    add_step(world, all);
    const RunResult with = run_small(world);
    EXPECT_EQ(with.counts.power_losses, 3U);
    EXPECT_EQ(with.counts.lost_data > 0, fate != Unsynced::kKept) << static_cast<int>(fate);
    EXPECT_EQ(breaches(with), "");
  }
}

// --- what is lost for good -----------------------------------------------------------------------

TEST(DiskDamage, AWipedFollowerComesBackEmptyAndIsBroughtUpToDate) {
  WorldConfig world = small_world();
  WipeDisk wipe{Target::server(0)};
  wipe.back = Duration::from_ms(100);
  add_step(world, wipe);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.disks_damaged, 1U);
  EXPECT_EQ(with.counts.disks_spared, 0U);
  EXPECT_EQ(server_events(with, ServerEventKind::kStarted, 0), 2U);
  EXPECT_EQ(breaches(with), "");
}

TEST(DiskDamage, AWipedLeaderLosesNothingThatWasAcknowledged) {
  WorldConfig world = small_world();
  add_step(world, WipeDisk{Target::leader()});
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.disks_damaged, 1U);
  EXPECT_GT(with.counts.epochs, 1U);
  EXPECT_EQ(breaches(with), "");
}

TEST(DiskDamage, OnlyAMinorityIsDamagedInOneRun) {
  WorldConfig world = small_world();
  add_step(world, WipeDisk{Target::server(0)});
  add_step(world, WipeDisk{Target::server(1)}, kFaultMs + 1500);
  add_step(world, WipeDisk{Target::server(0)}, kFaultMs + 3000);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.disks_damaged, 2U);
  EXPECT_EQ(with.counts.disks_spared, 1U);
  EXPECT_EQ(breaches(with), "");
}

TEST(DiskDamage, ADiskIsSparedWhileTheOthersLackWhatItHolds) {
  WorldConfig world = small_world();
  // One server is away; what the other two acknowledge meanwhile is on no third disk.
  Kill away{Target::server(0)};
  away.stays_down = true;
  add_step(world, away, 1000);
  add_step(world, WipeDisk{Target::server(1)}, 3000);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.disks_damaged, 0U);
  EXPECT_EQ(with.counts.disks_spared, 1U);
  EXPECT_EQ(breaches(with), "");
}

TEST(DiskDamage, ALoneServersDiskIsNeverDamaged) {
  const RunResult with = run_with(lone_world(), WipeDisk{Target::server(0)});
  EXPECT_EQ(with.counts.disks_damaged, 0U);
  EXPECT_EQ(breaches(with), "");
}

TEST(DiskDamage, ADiskFromAnOldBackupCatchesUp) {
  WorldConfig world = small_world();
  add_step(world, BackUpDisk{Target::server(1)}, 800);
  add_step(world, RestoreDisk{Target::server(1), Duration::from_ms(100)}, 3000);
  const RunResult with = run_small(world);
  EXPECT_EQ(with.counts.disks_damaged, 1U);
  EXPECT_EQ(breaches(with), "");
}

TEST(DiskDamage, RottenFilesAreRefusedAndTheMemberBeginsAnew) {
  uint64_t refused = 0, damaged = 0;
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    for (const auto files : {RotDisk::Files::kLogs, RotDisk::Files::kSnapshots}) {
      WorldConfig world = small_world();
      for (ProcessConfig& process : world.processes) process.server.store.snap_count = 60;
      add_step(world, RotDisk{Target::server(0), files, 3});
      const RunResult with = run_small(world, seed);
      refused += with.counts.disks_refused;
      damaged += with.counts.disks_damaged;
      EXPECT_EQ(breaches(with), "") << "seed " << seed;
    }
  }
  EXPECT_GT(damaged, 8U);
  EXPECT_GT(refused, 0U);
}

// The same schedule with and without mercy: two of three disks are emptied one after the other.
TEST(DiskDamage, WithoutMercyAcknowledgedWritesAreLostAndThatIsExcusedAndCounted) {
  const auto twice = [](bool recoverable) {
    WorldConfig world = small_world();
    world.disks_recoverable = recoverable;
    for (const uint32_t server : {0U, 1U, 2U}) {
      WipeDisk wipe{Target::server(server)};
      wipe.back = Duration::from_ms(300);
      add_step(world, wipe);
    }
    return run_small(world);
  };
  const RunResult merciful = twice(true);
  EXPECT_EQ(merciful.counts.unsafe_damages, 0U);
  EXPECT_EQ(merciful.counts.disks_damaged + merciful.counts.disks_spared, 3U);
  EXPECT_EQ(merciful.counts.excused_findings, 0U);
  EXPECT_EQ(breaches(merciful), "");
  const RunResult merciless = twice(false);
  EXPECT_EQ(merciless.counts.disks_damaged, 3U);
  EXPECT_GT(merciless.counts.unsafe_damages, 0U);
  EXPECT_GT(merciless.counts.excused_findings, 0U) << "acknowledged writes are gone";
  EXPECT_EQ(breaches(merciless), "");
}

}  // namespace
}  // namespace zoetrope::sim
