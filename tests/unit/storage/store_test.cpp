#include "core/storage/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/storage/transaction_log.hpp"
#include "tests/unit/storage/store_rig.hpp"

namespace zoetrope::storage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

StoreConfig small_config() {
  StoreConfig config;
  config.preallocation_kb = 0;
  return config;
}

// A store whose directory has its first snapshot.
struct Ready : StoreRig {
  explicit Ready(const StoreConfig& config = small_config()) : StoreRig(config) {
    EXPECT_FALSE(start());
    EXPECT_TRUE(store->snapshot_due());
    begin_snapshot();
    settle();
    EXPECT_FALSE(store->snapshot_due());
    EXPECT_EQ(store->last_snapshot(), Zxid(0));
  }
  const WriteFile& next_write() const { return std::get<WriteFile>(next(Lane::kLog).action); }
};

// --- group commit ------------------------------------------------------------------------------

TEST(StoreCommit, WritesAndSyncsWhatWasFlushedAsOneBatch) {
  Ready rig;
  rig.append(5);
  EXPECT_EQ(rig.queued(Lane::kLog), 0U);
  EXPECT_EQ(rig.store->pending_records(), 5U);
  rig.flush();
  ASSERT_EQ(rig.queued(Lane::kLog), 2U);
  EXPECT_EQ(rig.next_write().file.name, "log.1");
  EXPECT_EQ(rig.next_write().offset, 0U);
  EXPECT_EQ(rig.next_write().bytes, rig.history.log(0, 5));
  rig.perform(Lane::kLog);
  rig.complete(Lane::kLog);
  EXPECT_EQ(rig.store->durable(), Zxid(0)) << "written is not durable";
  EXPECT_TRUE(std::holds_alternative<SyncFile>(rig.next(Lane::kLog).action));
  rig.perform(Lane::kLog);
  EXPECT_EQ(rig.store->durable(), Zxid(0)) << "not before the completion";
  rig.complete(Lane::kLog);
  EXPECT_EQ(rig.store->durable(), Zxid(5));
  EXPECT_EQ(rig.store->pending_records(), 0U);
}

TEST(StoreCommit, WhatComesDuringASyncGoesTogetherWithTheNext) {
  Ready rig;
  rig.append(2);
  rig.flush();
  rig.append(1);
  rig.flush();
  rig.append(3);
  rig.flush();
  EXPECT_EQ(rig.queued(Lane::kLog), 2U) << "one batch at a time";
  rig.perform(Lane::kLog);
  rig.complete(Lane::kLog);
  rig.perform(Lane::kLog);
  rig.complete(Lane::kLog);
  EXPECT_EQ(rig.store->durable(), Zxid(2));
  ASSERT_EQ(rig.queued(Lane::kLog), 2U);
  EXPECT_EQ(rig.next_write().offset, rig.history.log(0, 2).size());
  rig.settle();
  EXPECT_EQ(rig.store->durable(), Zxid(6));
  EXPECT_EQ(rig.disk.bytes({Folder::kLog, "log.1"}), rig.history.log(0, 6));
}

TEST(StoreCommit, UnflushedRecordsStayWhenABatchCompletes) {
  Ready rig;
  rig.append(1);
  rig.flush();
  rig.append(1);
  rig.settle();
  EXPECT_EQ(rig.store->durable(), Zxid(1));
  EXPECT_EQ(rig.store->pending_records(), 1U);
  rig.flush();
  rig.settle();
  EXPECT_EQ(rig.store->durable(), Zxid(2));
}

TEST(StoreCommit, BatchesAreBoundedByRecordsAndBytes) {
  StoreConfig config = small_config();
  config.batch_size_max = 10;
  Ready rig(config);
  rig.append(25);
  rig.flush();
  std::vector<Zxid> steps;
  while (rig.perform(Lane::kLog)) {
    rig.complete(Lane::kLog);
    if (steps.empty() || steps.back() != rig.store->durable())
      steps.push_back(rig.store->durable());
  }
  EXPECT_THAT(steps, ElementsAre(Zxid(0), Zxid(10), Zxid(20), Zxid(25)));

  Ready bytes;
  bytes.append(60, 100000);
  bytes.flush();
  size_t batches = 0;
  while (bytes.queued(Lane::kLog) != 0) {
    if (const auto* write = std::get_if<WriteFile>(&bytes.next(Lane::kLog).action)) {
      EXPECT_LE(write->bytes.size(), kBatchBytesMax);
      ++batches;
    }
    bytes.perform(Lane::kLog);
    bytes.complete(Lane::kLog);
  }
  EXPECT_GT(batches, 1U);
  EXPECT_EQ(bytes.store->durable(), Zxid(60));
}

TEST(StoreCommit, WithoutForceSyncAWriteCounts) {
  StoreConfig config = small_config();
  config.force_sync = false;
  Ready rig(config);
  rig.append(3);
  rig.flush();
  ASSERT_EQ(rig.queued(Lane::kLog), 1U);
  rig.perform(Lane::kLog);
  rig.complete(Lane::kLog);
  EXPECT_EQ(rig.store->durable(), Zxid(3));
}

TEST(StoreCommit, FirstRecordsWaitForTheFirstSnapshot) {
  StoreRig rig(small_config());
  ASSERT_FALSE(rig.start());
  rig.append(3);
  rig.flush();
  EXPECT_EQ(rig.queued(Lane::kLog), 0U);
  EXPECT_TRUE(rig.store->snapshot_due());
  rig.begin_snapshot();
  EXPECT_EQ(rig.queued(Lane::kLog), 0U);
  rig.settle();
  EXPECT_EQ(rig.store->durable(), Zxid(3));
  EXPECT_THAT(rig.disk.names(), ElementsAre("log.1", "snapshot.0"));
}

// --- files -------------------------------------------------------------------------------------

// It is dropped for a state that a leader sends, which may never come.
TEST(StoreCommit, ADroppedFirstSnapshotIsDueAgain) {
  StoreRig rig(small_config());
  ASSERT_EQ(rig.start(), std::nullopt);
  rig.begin_snapshot();
  EXPECT_FALSE(rig.store->snapshot_due());
  rig.store->abandon_snapshot();
  EXPECT_TRUE(rig.store->log_waits());
  EXPECT_TRUE(rig.store->snapshot_due());
}

TEST(StoreFiles, NewLogAfterStartUpAndAfterEachSnapshot) {
  Ready rig;
  rig.append(3);
  rig.flush();
  rig.settle();
  rig.begin_snapshot();
  rig.append(2);
  rig.flush();
  rig.settle();
  EXPECT_THAT(rig.disk.names(), ElementsAre("log.1", "log.4", "snapshot.0", "snapshot.3"));
  ASSERT_FALSE(rig.start());
  rig.append(1);
  rig.flush();
  rig.settle();
  EXPECT_THAT(rig.disk.names(), Contains("log.6"));
  EXPECT_EQ(rig.disk.bytes({Folder::kLog, "log.4"}), rig.history.log(3, 5));
  EXPECT_EQ(rig.disk.bytes({Folder::kLog, "log.6"}), rig.history.log(5, 6));
}

// Records queued before the roll belong to the old file, later ones to the new.
TEST(StoreFiles, RollFallsBetweenQueuedRecords) {
  Ready rig;
  rig.append(2);
  rig.begin_snapshot();
  rig.append(2);
  rig.flush();
  rig.settle();
  // The first two were to begin a file anyway, as the first after start-up.
  EXPECT_EQ(rig.disk.bytes({Folder::kLog, "log.1"}), rig.history.log(0, 2));
  EXPECT_EQ(rig.disk.bytes({Folder::kLog, "log.3"}), rig.history.log(2, 4));
}

TEST(StoreFiles, NewLogWhenTheSizeLimitIsPassed) {
  StoreConfig config = small_config();
  config.log_size_limit_kb = 4;
  config.preallocation_kb = 64;  // does not count
  Ready rig(config);
  for (int i = 0; i < 100; ++i) {
    rig.append(1);
    rig.flush();
    rig.settle();
  }
  size_t logs = 0;
  for (const std::string& name : rig.disk.names()) logs += name.starts_with("log.") ? 1 : 0;
  EXPECT_GT(logs, 2U);
  EXPECT_LT(logs, 10U);
  ASSERT_FALSE(rig.start());
  EXPECT_EQ(rig.recovered->last_zxid, Zxid(100));
}

TEST(StoreFiles, ArePaddedAsUpstreamPadsThem) {
  StoreConfig config = small_config();
  config.preallocation_kb = 64;
  Ready rig(config);
  rig.append(1);
  rig.flush();
  EXPECT_EQ(rig.next_write().size_min, 65552U);
  rig.settle();
  EXPECT_EQ(rig.store->log_bytes(), 65552U);
  for (int i = 0; i < 500; ++i) {
    rig.append(1, 400);
    rig.flush();
    rig.settle();
  }
  const std::string& log = rig.disk.bytes({Folder::kLog, "log.1"});
  EXPECT_EQ((log.size() - 16) % 65536, 0U);
  EXPECT_GT(log.size(), 65552U);
  EXPECT_EQ(rig.store->log_bytes(), log.size());
}

TEST(StoreFiles, SizesCountWhatWasThereBefore) {
  Ready rig;
  rig.append(10);
  rig.flush();
  rig.settle();
  const uint64_t log_bytes = rig.store->log_bytes();
  const uint64_t snapshot_bytes = rig.store->snapshot_bytes();
  EXPECT_EQ(log_bytes, rig.history.log(0, 10).size());
  EXPECT_EQ(snapshot_bytes, rig.disk.bytes({Folder::kSnapshot, "snapshot.0"}).size());
  ASSERT_FALSE(rig.start());
  EXPECT_EQ(rig.store->log_bytes(), log_bytes);
  EXPECT_EQ(rig.store->snapshot_bytes(), snapshot_bytes);
  EXPECT_EQ(rig.store->last_snapshot(), Zxid(0));
}

// --- snapshots ---------------------------------------------------------------------------------

TEST(StoreSnapshot, IsWholeBeforeItHasItsName) {
  StoreConfig config = small_config();
  config.snapshot_chunk_bytes = 200;
  Ready rig(config);
  rig.append(200);
  rig.flush();
  rig.settle();
  rig.begin_snapshot();
  EXPECT_TRUE(rig.store->snapshot_in_progress());
  EXPECT_EQ(rig.queued(Lane::kSnapshot), 2U);
  std::string steps;
  while (rig.queued(Lane::kSnapshot) != 0) {
    EXPECT_LE(rig.queued(Lane::kSnapshot), 2U);
    const DiskAction& action = rig.next(Lane::kSnapshot).action;
    const char step = "wsr--c"[action.index()];
    if (steps.empty() || steps.back() != step) steps += step;
    EXPECT_THAT(rig.disk.names(), Not(Contains("snapshot.c8")));
    rig.perform(Lane::kSnapshot);
    if (step == 'r') break;
    rig.complete(Lane::kSnapshot);
  }
  EXPECT_EQ(steps, "wscr");
  EXPECT_EQ(rig.store->last_snapshot(), Zxid(0));
  rig.complete(Lane::kSnapshot);
  EXPECT_FALSE(rig.store->snapshot_in_progress());
  EXPECT_EQ(rig.store->last_snapshot(), Zxid(200));
  ASSERT_FALSE(rig.start());
  EXPECT_EQ(rig.recovered->snapshot_zxid, Zxid(200));
  EXPECT_EQ(rig.recovered->replayed, 0U);
  EXPECT_EQ(rig.recovered->tree.fingerprint(), rig.history.state_at(Zxid(200)).tree.fingerprint());
}

TEST(StoreSnapshot, CompressedOnesAreRecovered) {
  for (const Compression c : {Compression::kGzip, Compression::kSnappy}) {
    StoreConfig config = small_config();
    config.snapshot.compression = c;
    config.snapshot_chunk_bytes = 500;
    Ready rig(config);
    rig.append(500);
    rig.flush();
    rig.settle();
    rig.begin_snapshot();
    rig.settle();
    ASSERT_FALSE(rig.start());
    EXPECT_EQ(rig.recovered->snapshot_zxid, Zxid(500));
    EXPECT_EQ(rig.recovered->tree.fingerprint(),
              rig.history.state_at(Zxid(500)).tree.fingerprint());
  }
}

TEST(StoreSnapshot, IsDueBetweenHalfAndAllOfTheCount) {
  std::vector<int> counts;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    StoreConfig config = small_config();
    config.snap_count = 100;
    StoreRig rig(config, seed);
    ASSERT_FALSE(rig.start());
    rig.begin_snapshot();
    rig.settle();
    int count = 0;
    while (!rig.store->snapshot_due()) {
      rig.append(1);
      ++count;
    }
    EXPECT_GT(count, 50);
    EXPECT_LE(count, 100);
    counts.push_back(count);
  }
  std::sort(counts.begin(), counts.end());
  EXPECT_LT(counts.front(), 62);
  EXPECT_GT(counts.back(), 88);
}

TEST(StoreSnapshot, IsDueByBytesAndNotWhileOneIsUnderWay) {
  StoreConfig config = small_config();
  config.snap_size_limit_kb = 10;
  Ready rig(config);
  size_t bytes = 0;
  while (!rig.store->snapshot_due()) {
    rig.append(1);
    bytes += rig.history.entries().back().payload.size();
  }
  EXPECT_GT(bytes, 5120U);
  EXPECT_LT(bytes, 10240U + 300);
  rig.begin_snapshot();
  rig.append(500);
  EXPECT_FALSE(rig.store->snapshot_due());
  rig.flush();
  rig.settle();
  EXPECT_TRUE(rig.store->snapshot_due());
}

TEST(StoreSnapshot, IsDueAtStartUpOnlyWhenSomethingWasReplayed) {
  Ready rig;
  ASSERT_FALSE(rig.start());
  EXPECT_FALSE(rig.store->snapshot_due());
  rig.append(1);
  rig.flush();
  rig.settle();
  ASSERT_FALSE(rig.start());
  EXPECT_TRUE(rig.store->snapshot_due());
}

// --- retention ---------------------------------------------------------------------------------

// Takes a snapshot after every three records.
void take_snapshots(StoreRig& rig, int n) {
  for (int i = 0; i < n; ++i) {
    rig.append(3);
    rig.flush();
    rig.settle();
    rig.begin_snapshot();
    rig.settle();
  }
}

TEST(StorePurge, RunsAtStartUpAndByTheInterval) {
  StoreConfig config = small_config();
  config.purge_interval_ms = 1000;
  Ready rig(config);
  take_snapshots(rig, 5);
  EXPECT_EQ(rig.store->next_deadline(), MonotonicTime{});
  rig.tick(MonotonicTime{});
  EXPECT_EQ(rig.store->next_deadline(), MonotonicTime::from_ms(1000));
  rig.settle();
  EXPECT_THAT(rig.disk.names(),
              ElementsAre("log.7", "log.a", "log.d", "snapshot.9", "snapshot.c", "snapshot.f"));
  uint64_t bytes = 0;
  for (const char* name : {"log.7", "log.a", "log.d"}) {
    bytes += rig.disk.bytes({Folder::kLog, name}).size();
  }
  EXPECT_EQ(rig.store->log_bytes(), bytes);
  take_snapshots(rig, 1);
  rig.tick(MonotonicTime::from_ms(999));
  rig.settle();
  EXPECT_THAT(rig.disk.names(), Contains("snapshot.9"));
  rig.tick(MonotonicTime::from_ms(1000));
  rig.settle();
  EXPECT_THAT(rig.disk.names(), Not(Contains("snapshot.9")));
  ASSERT_FALSE(rig.start());
  EXPECT_EQ(rig.recovered->last_zxid, Zxid(18));
}

TEST(StorePurge, NeverRunsWithoutAnInterval) {
  Ready rig;
  take_snapshots(rig, 6);
  EXPECT_EQ(rig.store->next_deadline(), std::nullopt);
  rig.tick(MonotonicTime::from_ms(1'000'000));
  EXPECT_EQ(rig.queued(Lane::kSnapshot), 0U);
}

TEST(StorePurge, WaitsForTheSnapshotUnderWay) {
  StoreConfig config = small_config();
  config.purge_interval_ms = 1000;
  config.retain_snapshots = 1;
  Ready rig(config);
  rig.append(3);
  rig.flush();
  rig.settle();
  rig.begin_snapshot();
  rig.tick(MonotonicTime{});
  EXPECT_THAT(rig.disk.names(), Contains("snapshot.0"));
  rig.settle();
  EXPECT_THAT(rig.disk.names(), ElementsAre("log.1", "snapshot.3"));
}

TEST(StorePurge, FileThatCannotBeRemovedIsTriedAgain) {
  StoreConfig config = small_config();
  config.purge_interval_ms = 1000;
  config.retain_snapshots = 1;
  Ready rig(config);
  take_snapshots(rig, 1);
  rig.tick(MonotonicTime{});
  ASSERT_EQ(rig.queued(Lane::kSnapshot), 1U);
  rig.perform(Lane::kSnapshot);
  rig.complete(Lane::kSnapshot, DiskError{"no"});
  EXPECT_FALSE(rig.store->failure());
  rig.tick(MonotonicTime::from_ms(1000));
  EXPECT_EQ(rig.queued(Lane::kSnapshot), 1U);
  rig.settle();
  rig.tick(MonotonicTime::from_ms(2000));
  EXPECT_EQ(rig.queued(Lane::kSnapshot), 0U);
}

// --- failure -----------------------------------------------------------------------------------

TEST(StoreFailure, NothingIsAcknowledgedAfterAnError) {
  for (const bool in_sync : {false, true}) {
    Ready rig;
    rig.append(2);
    rig.flush();
    rig.append(2);
    rig.flush();
    rig.perform(Lane::kLog);
    rig.perform(Lane::kLog);
    rig.complete(Lane::kLog, in_sync ? std::nullopt : std::optional(DiskError{"disk full"}));
    rig.complete(Lane::kLog, in_sync ? std::optional(DiskError{"disk full"}) : std::nullopt);
    EXPECT_EQ(rig.store->failure(), "disk full");
    EXPECT_EQ(rig.store->durable(), Zxid(0));
    EXPECT_EQ(rig.queued(Lane::kLog), 0U);
    rig.append(1);
    rig.flush();
    EXPECT_EQ(rig.queued(Lane::kLog), 0U);
    EXPECT_FALSE(rig.store->snapshot_due());
    EXPECT_EQ(rig.store->next_deadline(), std::nullopt);
  }
}

TEST(StoreFailure, OfASnapshotStopsTheStore) {
  Ready rig;
  rig.append(2);
  rig.flush();
  rig.settle();
  rig.begin_snapshot();
  rig.perform(Lane::kSnapshot);
  rig.complete(Lane::kSnapshot, DiskError{"disk full"});
  EXPECT_EQ(rig.store->failure(), "disk full");
}

TEST(Store, KnowsItsOwnOperations) {
  Ready rig;
  std::vector<DiskOp> out;
  EXPECT_FALSE(rig.store->completed(rig.last_op + 1, std::nullopt, out));
  EXPECT_FALSE(rig.store->completed(0, std::nullopt, out));
  EXPECT_THAT(out, IsEmpty());
}

TEST(Store, FingerprintTellsStatesApart) {
  Ready a, b;
  EXPECT_EQ(a.store->fingerprint(), b.store->fingerprint());
  a.append(1);
  EXPECT_NE(a.store->fingerprint(), b.store->fingerprint());
  b.append(1);
  EXPECT_EQ(a.store->fingerprint(), b.store->fingerprint());
  a.flush();
  EXPECT_NE(a.store->fingerprint(), b.store->fingerprint());
  b.flush();
  a.perform(Lane::kLog);
  a.perform(Lane::kLog);
  a.complete(Lane::kLog);
  a.complete(Lane::kLog);
  EXPECT_NE(a.store->fingerprint(), b.store->fingerprint());
  b.settle();
  EXPECT_EQ(a.store->fingerprint(), b.store->fingerprint());
}

}  // namespace
}  // namespace zoetrope::storage
