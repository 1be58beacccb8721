#include "core/storage/recovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/storage/transaction_log.hpp"
#include "tests/support/bytes.hpp"
#include "tests/unit/storage/history.hpp"
#include "tests/unit/storage/memory_disk.hpp"

namespace zoetrope::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string sample(const std::string& name) {
  return test::read_test_data("disk/" + name);
}

RecoveredState recovered(MemoryDisk& disk, const RecoveryOptions& options = {}) {
  auto state = recover(disk, options);
  EXPECT_TRUE(state) << state.error().message;
  return state ? std::move(*state) : RecoveredState{.tree = tree::Tree()};
}

std::string refusal(MemoryDisk& disk, const RecoveryOptions& options = {}) {
  const auto state = recover(disk, options);
  EXPECT_FALSE(state);
  EXPECT_THAT(disk.changes, IsEmpty()) << "a refused directory was changed";
  return state ? "" : state.error().message;
}

std::string snapshot_of(const History& history, Zxid at) {
  Snapshot state = history.state_at(at);
  return encode_snapshot(state.tree, state.sessions, {});
}

// `n` transactions over snapshot.0 in one log.
struct Directory {
  explicit Directory(size_t n, uint64_t seed = 1) : history(seed) {
    for (size_t i = 0; i < n; ++i) history.extend();
    tree::Tree empty;
    disk.put_snapshot("snapshot.0", encode_snapshot(empty, {}, {}));
  }
  // The entries [first, last) as a log of their own.
  void put_log(size_t first, size_t last) {
    disk.put_log(history.name_of_log(first), history.log(first, last));
  }
  void put_snapshot(int64_t zxid) {
    disk.put_snapshot(snapshot_file_name(Zxid(zxid), Compression::kNone),
                      snapshot_of(history, Zxid(zxid)));
  }
  void expect_state(const RecoveredState& state, int64_t last) const {
    const Snapshot expected = history.state_at(Zxid(last));
    EXPECT_EQ(state.last_zxid, Zxid(last));
    EXPECT_EQ(state.tree.last_processed_zxid(), Zxid(last));
    EXPECT_EQ(state.tree.fingerprint(), expected.tree.fingerprint());
    EXPECT_EQ(SessionList(state.sessions.begin(), state.sessions.end()), expected.sessions);
    EXPECT_EQ(state.digest_mismatches, 0U);
  }
  History history;
  MemoryDisk disk;
};

std::vector<std::string> payloads(const RecoveredState& state) {
  std::vector<std::string> all;
  for (const ReplayedRecord& record : state.newest) all.push_back(record.payload);
  return all;
}

TEST(Recovery, KeepsTheNewestReplayedRecordsForAMemberOfAnEnsemble) {
  Directory d(20);
  d.put_log(0, 12);
  d.put_log(12, 20);
  d.put_snapshot(5);
  EXPECT_THAT(recovered(d.disk).newest, IsEmpty()) << "a standalone server needs none";
  RecoveryOptions options;
  options.newest_count = 10;
  const RecoveredState some = recovered(d.disk, options);
  ASSERT_EQ(some.newest.size(), 10U);
  EXPECT_EQ(some.newest.front().zxid, Zxid(11));
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(some.newest[i].payload, d.history.entries()[10 + i].payload);
  }
  options.newest_count = 100;
  EXPECT_EQ(recovered(d.disk, options).newest.size(), 15U) << "those behind the snapshot";
  options.newest_bytes = d.history.entries()[19].payload.size();
  EXPECT_THAT(payloads(recovered(d.disk, options)), ElementsAre(d.history.entries()[19].payload));
}

// --- files of upstream -------------------------------------------------------------------------

TEST(RecoverySamples, ReplayLeadsToTheSnapshotThatUpstreamWrote) {
  MemoryDisk replayed;
  replayed.put_snapshot("snapshot.0", sample("standalone-snapshot.0"));
  replayed.put_log("log.1", sample("standalone-log.1"));
  RecoveryOptions options;
  options.tree.extended_types_enabled = true;
  const RecoveredState state = recovered(replayed, options);
  EXPECT_EQ(state.last_zxid, Zxid(0x12));
  EXPECT_EQ(state.replayed, 18U);
  EXPECT_EQ(state.digest_mismatches, 0U);
  EXPECT_THAT(state.notes, IsEmpty());
  EXPECT_THAT(replayed.changes, IsEmpty());

  for (const char* suffix : {"", ".gz", ".snappy"}) {
    MemoryDisk loaded;
    loaded.put_snapshot(std::string("snapshot.12") + suffix,
                        sample(std::string("standalone-snapshot.12") + suffix));
    loaded.put_log("log.1", sample("standalone-log.1"));
    const RecoveredState from_snapshot = recovered(loaded, options);
    EXPECT_EQ(from_snapshot.tree.fingerprint(), state.tree.fingerprint());
    EXPECT_EQ(from_snapshot.sessions, state.sessions);
    EXPECT_EQ(from_snapshot.replayed, 0U);
    EXPECT_EQ(from_snapshot.last_zxid, Zxid(0x12));
    EXPECT_EQ(from_snapshot.snapshot_zxid, Zxid(0x12));
    EXPECT_EQ(from_snapshot.sessions.size(), 1U);
  }
}

TEST(RecoverySamples, EnsembleOverTwoEpochs) {
  MemoryDisk disk;
  disk.put_snapshot("snapshot.100000011", sample("ensemble-snapshot.100000011"));
  disk.put_log("log.100000001", sample("ensemble-log.100000001.after-TRUNC"));
  disk.put_log("log.200000001", sample("ensemble-log.200000001"));
  const RecoveredState state = recovered(disk);
  EXPECT_EQ(state.last_zxid.epoch(), 2U);
  EXPECT_EQ(state.digest_mismatches, 0U);
  EXPECT_THAT(state.notes, IsEmpty());
  EXPECT_GT(state.replayed, 5U);

  MemoryDisk from_start;
  tree::Tree empty;
  from_start.put_snapshot("snapshot.0", encode_snapshot(empty, {}, {}));
  from_start.put_log("log.100000001", sample("ensemble-log.100000001.after-TRUNC"));
  from_start.put_log("log.200000001", sample("ensemble-log.200000001"));
  const RecoveredState whole = recovered(from_start);
  EXPECT_EQ(whole.digest_mismatches, 0U);
  EXPECT_EQ(whole.tree.fingerprint(), state.tree.fingerprint());
  EXPECT_EQ(whole.sessions, state.sessions);
}

TEST(RecoverySamples, LogCutAtAnyByteRecoversTheWholeRecordsBefore) {
  const std::string log = sample("standalone-log.1");
  std::vector<uint64_t> ends;
  ASSERT_TRUE(scan_log(log, [&](const LogRecord& record) {
    ends.push_back(record.offset + kRecordOverhead + record.payload.size());
    return true;
  }));
  for (uint64_t size = 0; size <= log.size(); ++size) {
    for (const bool padded : {false, true}) {
      MemoryDisk disk;
      disk.put_snapshot("snapshot.0", sample("standalone-snapshot.0"));
      std::string bytes = log.substr(0, size);
      if (padded) bytes.resize(16400);
      disk.put_log("log.1", bytes);
      const auto whole = static_cast<int64_t>(
          std::count_if(ends.begin(), ends.end(), [&](uint64_t end) { return end <= size; }));
      const RecoveredState state = recovered(disk);
      ASSERT_EQ(state.last_zxid, Zxid(whole)) << "cut at " << size;
      const FileName name{Folder::kLog, "log.1"};
      if (whole == 0) {
        EXPECT_FALSE(disk.has(name));
        continue;
      }
      // What is left is clean: a second recovery finds nothing to say.
      EXPECT_THAT(recovered(disk).notes, IsEmpty()) << size;
    }
  }
}

// --- ordinary ways of a server -----------------------------------------------------------------

TEST(Recovery, EmptyDirectoryIsAFreshDatabase) {
  MemoryDisk disk;
  const RecoveredState state = recovered(disk);
  EXPECT_EQ(state.last_zxid, Zxid(0));
  EXPECT_FALSE(state.had_snapshot);
  EXPECT_EQ(state.tree.node_count(), tree::Tree().node_count());
  EXPECT_THAT(state.notes, IsEmpty());
  RecoveryOptions options;
  options.db_autocreate = false;
  EXPECT_EQ(recovered(disk, options).last_zxid, Zxid(-1));
}

TEST(Recovery, ReplaysSeveralLogsOverTheNewestSnapshot) {
  Directory d(100);
  d.put_log(0, 40);
  d.put_log(40, 70);
  d.put_log(70, 100);
  d.expect_state(recovered(d.disk), 100);
  d.put_snapshot(55);
  const RecoveredState state = recovered(d.disk);
  d.expect_state(state, 100);
  EXPECT_EQ(state.snapshot_zxid, Zxid(55));
  EXPECT_EQ(state.replayed, 45U);
  EXPECT_THAT(state.valid_snapshots, ElementsAre("snapshot.0", "snapshot.37"));
  EXPECT_EQ(state.log_files.size(), 3U);
  EXPECT_EQ(state.log_files.back().name, "log.47");
}

TEST(Recovery, ReadsNoLogThatTheSnapshotMakesSuperfluous) {
  Directory d(100);
  d.put_log(0, 40);
  d.put_log(40, 100);
  d.put_snapshot(40);
  d.disk.unreadable = "log.1";
  d.expect_state(recovered(d.disk), 100);
}

TEST(Recovery, AllInOneDirectory) {
  Directory d(30);
  d.disk.one_directory = true;
  d.disk.put_snapshot("snapshot.0", d.disk.bytes({Folder::kSnapshot, "snapshot.0"}));
  d.put_log(0, 30);
  d.expect_state(recovered(d.disk), 30);
}

TEST(Recovery, PassesOverOtherFiles) {
  Directory d(10);
  d.put_log(0, 10);
  for (const char* name :
       {"acceptedEpoch", "currentEpoch", "log.x", "snapshot.5.tmp", "notes.txt"}) {
    d.disk.put_log(name, "1");
    d.disk.put_snapshot(name, "1");
  }
  d.expect_state(recovered(d.disk), 10);
  EXPECT_THAT(d.disk.changes, IsEmpty());
}

// --- what a crash leaves -----------------------------------------------------------------------

TEST(Recovery, CutsTheTornTailOfTheNewestLog) {
  Directory d(20);
  d.put_log(0, 20);
  std::string log = d.history.log(0, 20);
  const size_t whole = d.history.log(0, 19).size();
  log.resize(log.size() - 5);
  d.disk.put_log("log.1", log);
  const RecoveredState state = recovered(d.disk);
  d.expect_state(state, 19);
  EXPECT_EQ(d.disk.bytes({Folder::kLog, "log.1"}).size(), whole);
  ASSERT_EQ(state.notes.size(), 1U);
  EXPECT_THAT(state.notes[0], HasSubstr("log.1: the last write was not completed; cut from"));
  EXPECT_EQ(state.log_files[0].size, whole);
}

// Nobody knows whether the last batch is durable, and a sync cannot tell after one has failed.
TEST(Recovery, WritesTheLastBatchOfTheNewestLogAgain) {
  Directory d(30);
  d.put_log(0, 10);
  d.put_log(10, 30);
  const std::string size = std::to_string(d.history.log(10, 30).size());
  d.expect_state(recovered(d.disk), 30);
  EXPECT_THAT(d.disk.rewrites, ElementsAre("log.b [0, " + size + ")"));
  EXPECT_THAT(d.disk.changes, IsEmpty());

  // The log that counts is the last one with records, whole or cut.
  for (const char* tail : {"", "ZKLG"}) {
    Directory empty(30);
    empty.put_log(0, 30);
    empty.disk.put_log("log.1f", tail);
    empty.expect_state(recovered(empty.disk), 30);
    EXPECT_THAT(empty.disk.rewrites,
                ElementsAre("log.1 [0, " + std::to_string(empty.history.log(0, 30).size()) + ")"));
  }
  Directory torn(30);
  std::string log = torn.history.log(0, 30);
  log.resize(log.size() - 5);
  torn.disk.put_log("log.1", log);
  torn.expect_state(recovered(torn.disk), 29);
  EXPECT_THAT(torn.disk.rewrites,
              ElementsAre("log.1 [0, " + std::to_string(torn.history.log(0, 29).size()) + ")"));
}

TEST(Recovery, WritesNoMoreThanOneBatchAgain) {
  for (const bool long_record : {false, true}) {
    Directory d(0);
    size_t bytes = 0;
    const auto extend = [&](size_t data_bytes) {
      const size_t added = d.history.extend(data_bytes).payload.size() + kRecordOverhead;
      bytes += added;
      return added;
    };
    while (bytes < 2 * kBatchBytesMax) extend(100'000);
    // A record that is longer than a batch may be is a batch of its own.
    while (long_record && extend(4 * kBatchBytesMax) <= kBatchBytesMax) {
    }
    const size_t count = d.history.entries().size();
    const size_t last_record = d.history.log(0, count - 1).size();
    const size_t end = d.history.log(0, count).size();
    d.disk.put_log("log.1", d.history.log(0, count) + std::string(5000, '\0'));
    d.expect_state(recovered(d.disk), static_cast<int64_t>(count));
    const size_t begin = long_record ? last_record : end - kBatchBytesMax;
    EXPECT_THAT(d.disk.rewrites,
                ElementsAre("log.1 [" + std::to_string(begin) + ", " + std::to_string(end) + ")"));
  }
}

TEST(RecoveryRefuses, ALogWhoseEndCannotBeWrittenAgain) {
  Directory d(10);
  d.put_log(0, 10);
  d.disk.unwritable = "log.1";
  EXPECT_THAT(refusal(d.disk), HasSubstr("log.1: cannot be written"));
}

TEST(Recovery, RemovesTheNewestLogWhenItHoldsNothing) {
  for (const std::string& content :
       {std::string(), std::string("ZKLG"), std::string(65552, '\0')}) {
    Directory d(20);
    d.put_log(0, 20);
    d.disk.put_log("log.15", content);
    const RecoveredState state = recovered(d.disk);
    d.expect_state(state, 20);
    EXPECT_FALSE(d.disk.has({Folder::kLog, "log.15"}));
    EXPECT_EQ(state.log_files.size(), 1U);
  }
}

TEST(Recovery, RemovesWhatAnUnfinishedSnapshotLeft) {
  Directory d(5);
  d.put_log(0, 5);
  d.disk.put_snapshot(unfinished_snapshot_name(Zxid(5)), "ZKSN");
  d.expect_state(recovered(d.disk), 5);
  EXPECT_THAT(d.disk.changes, ElementsAre("remove tmp.snapshot.5"));
}

// Upstream neither cuts a torn tail nor stops at it: the next file takes the same zxid again.
TEST(Recovery, TornTailBeforeALaterLogIsAcceptedWhenNothingIsMissing) {
  Directory d(20);
  std::string torn = d.history.log(0, 11);
  torn.resize(torn.size() - 9);
  d.disk.put_log("log.1", torn);
  d.put_log(10, 20);
  const RecoveredState state = recovered(d.disk);
  d.expect_state(state, 20);
  EXPECT_THAT(d.disk.changes, IsEmpty());
  EXPECT_EQ(state.notes.size(), 1U);
}

// --- what is refused ---------------------------------------------------------------------------

TEST(RecoveryRefuses, DamageInsideALog) {
  Directory d(20);
  std::string log = d.history.log(0, 20);
  const uint64_t at = d.history.log(0, 7).size();
  log[at + 40] = static_cast<char>(log[at + 40] ^ 2);
  d.disk.put_log("log.1", log);
  EXPECT_THAT(refusal(d.disk),
              ::testing::AllOf(HasSubstr("log.1: a damaged record"),
                               HasSubstr("at offset " + std::to_string(at)), HasSubstr("restore")));
}

TEST(RecoveryRefuses, DamagedEndOfALogBeforeALaterOne) {
  Directory d(30);
  std::string log = d.history.log(0, 20);
  log.resize(d.history.log(0, 15).size() + 20);  // five records are gone
  d.disk.put_log("log.1", log);
  d.put_log(20, 30);
  EXPECT_THAT(refusal(d.disk), HasSubstr("missing between 0xf and 0x15"));
}

TEST(RecoveryRefuses, MissingLog) {
  Directory d(60);
  d.put_log(0, 20);
  d.put_log(40, 60);
  EXPECT_THAT(refusal(d.disk), HasSubstr("missing between 0x14 and 0x29, the first of log.29"));
  Directory no_first(60);
  no_first.put_log(20, 60);
  EXPECT_THAT(refusal(no_first.disk), HasSubstr("missing between 0x0 and 0x15"));
}

TEST(RecoveryRefuses, MissingLogWithoutDigests) {
  Directory d(60);
  d.put_log(0, 20);
  d.put_log(40, 60);
  RecoveryOptions options;
  options.tree.digest_enabled = false;
  EXPECT_THAT(refusal(d.disk, options), HasSubstr("missing between 0x14 and 0x29"));
}

// Numbers may be left out by a leader; digests show that nothing is missing.
TEST(Recovery, SkippedNumbersAreNoMissingRecords) {
  Directory d(20);
  d.history.jump_to(Zxid(35));
  for (int i = 0; i < 20; ++i) d.history.extend();
  d.put_log(0, 20);
  d.put_log(20, 40);
  const RecoveredState state = recovered(d.disk);
  d.expect_state(state, 54);
  EXPECT_THAT(state.notes, IsEmpty());
}

TEST(Recovery, NewEpochIsNoGap) {
  Directory d(20);
  d.history.jump_to(Zxid::make(3, 1));
  for (int i = 0; i < 20; ++i) d.history.extend();
  d.put_log(0, 20);
  d.put_log(20, 40);
  RecoveryOptions options;
  options.tree.digest_enabled = false;
  const RecoveredState state = recovered(d.disk, options);
  EXPECT_EQ(state.last_zxid, Zxid::make(3, 20));
}

TEST(RecoveryRefuses, LogsWithoutASnapshot) {
  Directory d(20);
  d.put_log(0, 20);
  MemoryDisk logs_only;
  logs_only.put_log("log.1", d.history.log(0, 20));
  EXPECT_THAT(refusal(logs_only), HasSubstr("no valid snapshot, but log.1 holds transactions"));
  RecoveryOptions trusting;
  trusting.trust_empty_snapshot = true;
  d.expect_state(recovered(logs_only, trusting), 20);
  // An invalid snapshot is none.
  logs_only.put_snapshot("snapshot.0", "ZKSN");
  EXPECT_THAT(refusal(logs_only), HasSubstr("no valid snapshot"));
}

// The first start was interrupted: nothing was ever acknowledged.
TEST(Recovery, LogWithoutRecordsAndWithoutSnapshotIsFresh) {
  MemoryDisk disk;
  disk.put_log("log.1", std::string(65552, '\0'));
  disk.put_snapshot("snapshot.0", "ZK");
  const RecoveredState state = recovered(disk);
  EXPECT_EQ(state.last_zxid, Zxid(0));
  EXPECT_FALSE(state.had_snapshot);
  EXPECT_FALSE(disk.has({Folder::kLog, "log.1"}));
}

TEST(Recovery, InvalidSnapshotIsPassedOverWhenTheLogsMakeUpForIt) {
  for (const size_t damage : {size_t{0}, size_t{1}, size_t{2}}) {
    Directory d(40);
    d.put_log(0, 40);
    d.put_snapshot(20);
    d.put_snapshot(30);
    std::string newest = d.disk.bytes({Folder::kSnapshot, "snapshot.1e"});
    if (damage == 0) newest.resize(newest.size() / 2);
    if (damage == 1) newest[60] = static_cast<char>(newest[60] ^ 1);
    if (damage == 2) newest.clear();
    d.disk.put_snapshot("snapshot.1e", newest);
    const RecoveredState state = recovered(d.disk);
    d.expect_state(state, 40);
    EXPECT_EQ(state.snapshot_zxid, Zxid(20));
    ASSERT_EQ(state.notes.size(), 1U);
    EXPECT_THAT(state.notes[0], HasSubstr("snapshot.1e is no valid snapshot and was passed over"));
    EXPECT_THAT(state.valid_snapshots, ElementsAre("snapshot.0", "snapshot.14"));
    EXPECT_EQ(state.snapshot_files.size(), 3U);
  }
}

// RaftKeeper #240: a snapshot cut by a crash must not be served, nor an older state in its stead.
TEST(RecoveryRefuses, InvalidSnapshotThatTheLogsDoNotReach) {
  Directory d(40);
  d.put_log(0, 25);
  d.put_snapshot(20);
  d.disk.put_snapshot("snapshot.28", "ZKSN");
  EXPECT_THAT(refusal(d.disk), HasSubstr("snapshot.28 is damaged, and the logs lead only to 0x19"));
  MemoryDisk nothing_else;
  nothing_else.put_snapshot("snapshot.28", "ZKSN");
  EXPECT_THAT(refusal(nothing_else), HasSubstr("snapshot.28 is damaged"));
}

// A snapshot from a leader takes the place of history that was never here: the next epoch follows
// in the log as if nothing was missing, and an older snapshot must not be replayed into it.
TEST(RecoveryRefuses, LogsThatDoNotLeadOverADamagedSnapshotOfTheLeader) {
  const auto log_of = [](const std::vector<Zxid>& zxids) {
    std::string log;
    append_log_header(log);
    for (const Zxid zxid : zxids) {
      std::string payload;
      jute::Writer out(payload);
      jute::write(out, jute::TxnHeader{SessionId(1), 1, zxid, 5, jute::OpCode::kCreateSession});
      jute::write(out, jute::CreateSessionTxn{1000});
      append_log_record(log, payload);
    }
    return log;
  };
  MemoryDisk disk;
  disk.put_snapshot("snapshot.0", Directory(1).disk.bytes({Folder::kSnapshot, "snapshot.0"}));
  disk.put_log("log.500000001", log_of({Zxid::make(5, 1), Zxid::make(5, 2)}));
  disk.put_snapshot("snapshot.800000006", "ZKSN");
  disk.put_log("log.900000001", log_of({Zxid::make(9, 1)}));
  EXPECT_THAT(refusal(disk),
              HasSubstr("snapshot.800000006 is damaged, and its transaction is not"));
  disk.put_log("log.800000001", log_of({Zxid::make(8, 1), Zxid::make(8, 2), Zxid::make(8, 3),
                                        Zxid::make(8, 4), Zxid::make(8, 5), Zxid::make(8, 6)}));
  EXPECT_EQ(recovered(disk).last_zxid, Zxid::make(9, 1));
}

TEST(RecoveryRefuses, RecordsThatGoBackwards) {
  Directory d(20);
  std::string log = d.history.log(0, 10);
  append_log_record(log, d.history.entries()[4].payload);
  d.disk.put_log("log.1", log);
  EXPECT_THAT(refusal(d.disk), HasSubstr("transaction 0x5 stands after 0xa"));
}

TEST(Recovery, RepeatedRecordIsReplayedOnce) {
  Directory d(20);
  std::string log = d.history.log(0, 10);
  append_log_record(log, d.history.entries()[9].payload);
  d.disk.put_log("log.1", log);
  const RecoveredState state = recovered(d.disk);
  d.expect_state(state, 10);
  EXPECT_EQ(state.notes.size(), 1U);
}

TEST(RecoveryRefuses, RecordThatIsNoTransaction) {
  Directory d(1);
  std::string payload;
  jute::Writer out(payload);
  jute::write(out, jute::TxnHeader{SessionId(1), 1, Zxid(2), 5, jute::OpCode::kCheck});
  jute::write(out, jute::CheckTxn{"/a", 1});
  std::string log = d.history.log(0, 1);
  const size_t at = log.size();
  append_log_record(log, payload);
  d.disk.put_log("log.1", log);
  EXPECT_THAT(refusal(d.disk),
              ::testing::AllOf(HasSubstr("type 13"), HasSubstr("offset " + std::to_string(at))));
}

TEST(RecoveryRefuses, FoldersThatWereSwapped) {
  Directory d(5);
  d.disk.put_log("snapshot.3", "x");
  EXPECT_THAT(refusal(d.disk), HasSubstr("log directory holds the snapshot snapshot.3"));
  Directory e(5);
  e.disk.put_snapshot("log.3", "x");
  EXPECT_THAT(refusal(e.disk), HasSubstr("snapshot directory holds the log log.3"));
}

TEST(RecoveryRefuses, FilesThatCannotBeRead) {
  Directory d(5);
  d.put_log(0, 5);
  for (const char* name : {"log.1", "snapshot.0"}) {
    d.disk.unreadable = name;
    EXPECT_THAT(refusal(d.disk), HasSubstr(name));
  }
}

// --- fuzzy snapshots of upstream ---------------------------------------------------------------

// Nodes of a fuzzy snapshot may be newer than its name; replay from the name on must not disturb
// them.
TEST(Recovery, FuzzySnapshotAndReplayLeadToTheSameTree) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Directory d(80, seed);
    d.put_log(0, 80);
    Snapshot fuzzy = d.history.state_at(Zxid(60));
    // The name says 40; the content is of 60, as if all of it had been written late.
    std::string bytes = encode_snapshot(fuzzy.tree, d.history.state_at(Zxid(40)).sessions, {});
    d.disk.put_snapshot("snapshot.28", bytes);
    const RecoveredState state = recovered(d.disk);
    EXPECT_EQ(state.snapshot_zxid, Zxid(40));
    EXPECT_EQ(state.last_zxid, Zxid(80));
    EXPECT_EQ(state.tree.digest(), d.history.state_at(Zxid(80)).tree.digest()) << "seed " << seed;
    EXPECT_EQ(state.digest_mismatches, 0U) << "seed " << seed;
  }
}

TEST(Recovery, LogsThatEndBeforeAFuzzySnapshotDoesAreNoted) {
  Directory d(80);
  d.put_log(0, 50);
  Snapshot fuzzy = d.history.state_at(Zxid(60));
  d.disk.put_snapshot("snapshot.28", encode_snapshot(fuzzy.tree, fuzzy.sessions, {}));
  const RecoveredState state = recovered(d.disk);
  EXPECT_EQ(state.last_zxid, Zxid(50));
  ASSERT_EQ(state.notes.size(), 1U);
  EXPECT_THAT(state.notes[0], HasSubstr("the logs end at 0x32, before 0x3c"));
}

TEST(Recovery, DigestMismatchIsCountedAndNotedOnce) {
  Directory d(30);
  d.put_log(0, 30);
  Snapshot other = d.history.state_at(Zxid(5));
  other.tree.replay(*jute::decode_txn(d.history.entries()[0].payload));
  jute::Txn extra;
  extra.header = {SessionId(0), 0, Zxid(6), 0, jute::OpCode::kCreate};
  extra.body = jute::CreateTxn{"/stray", std::nullopt, jute::open_acl_bytes(), false, 1000};
  other.tree.replay(extra);
  d.disk.put_snapshot("snapshot.6", encode_snapshot(other.tree, {}, {}));
  const RecoveredState state = recovered(d.disk);
  EXPECT_GT(state.digest_mismatches, 5U);
  EXPECT_EQ(state.notes.size(), 1U);
}

}  // namespace
}  // namespace zoetrope::storage
