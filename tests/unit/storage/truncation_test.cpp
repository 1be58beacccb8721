#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/storage/recovery.hpp"
#include "core/storage/transaction_log.hpp"
#include "tests/support/bytes.hpp"
#include "tests/unit/storage/history.hpp"
#include "tests/unit/storage/memory_disk.hpp"

namespace zoetrope::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string text(const DiskAction& action) {
  if (const auto* cut = std::get_if<TruncateFile>(&action)) {
    return "truncate " + cut->file.name + " " + std::to_string(cut->size);
  }
  return "remove " + std::get<RemoveFile>(action).file.name;
}

// Sixty transactions in three logs, with snapshots of 0, 15 and 45.
struct Directory {
  Directory() : history(9) {
    for (int i = 0; i < 60; ++i) history.extend();
    for (const size_t first : {size_t{0}, size_t{20}, size_t{40}}) {
      std::string log = history.log(first, first + 20);
      log.resize(log.size() + 4000);
      disk.put_log(history.name_of_log(first), log);
    }
    for (const int64_t zxid : {0, 15, 45}) {
      Snapshot state = history.state_at(Zxid(zxid));
      disk.put_snapshot(snapshot_file_name(Zxid(zxid), Compression::kNone),
                        encode_snapshot(state.tree, state.sessions, {}));
    }
  }
  std::vector<std::string> actions(int64_t last) {
    const auto actions = truncation(disk, Zxid(last));
    EXPECT_TRUE(actions) << actions.error().message;
    std::vector<std::string> texts;
    for (const DiskAction& action : *actions) texts.push_back(text(action));
    return texts;
  }
  uint64_t end_of(size_t first, size_t last) const { return history.log(first, last).size(); }
  History history;
  MemoryDisk disk;
};

TEST(Truncation, CutsWithinALogAndRemovesWhatIsLater) {
  Directory d;
  EXPECT_THAT(d.actions(30), ElementsAre("remove snapshot.2d", "remove log.29",
                                         "truncate log.15 " + std::to_string(d.end_of(20, 30))));
}

TEST(Truncation, EndsAtTheLastRecordOfALog) {
  Directory d;
  EXPECT_THAT(d.actions(40), ElementsAre("remove snapshot.2d", "remove log.29",
                                         "truncate log.15 " + std::to_string(d.end_of(20, 40))));
}

TEST(Truncation, KeepsASnapshotOfExactlyThatPoint) {
  Directory d;
  EXPECT_THAT(d.actions(45), ElementsAre("truncate log.29 " + std::to_string(d.end_of(40, 45))));
}

TEST(Truncation, ToZeroRemovesEveryLog) {
  Directory d;
  EXPECT_THAT(d.actions(0), ElementsAre("remove snapshot.2d", "remove snapshot.f", "remove log.29",
                                        "remove log.15", "remove log.1"));
}

// Upstream cuts after the record that follows when the named one is missing, and so keeps it.
TEST(Truncation, OfAZxidThatWasNeverLoggedKeepsOnlyWhatIsBefore) {
  History history(3);
  for (int i = 0; i < 10; ++i) history.extend();
  history.jump_to(Zxid(20));
  for (int i = 0; i < 10; ++i) history.extend();
  MemoryDisk disk;
  tree::Tree empty;
  disk.put_snapshot("snapshot.0", encode_snapshot(empty, {}, {}));
  disk.put_log("log.1", history.log(0, 20));
  const auto actions = truncation(disk, Zxid(15));
  ASSERT_TRUE(actions);
  ASSERT_EQ(actions->size(), 1U);
  EXPECT_EQ(text((*actions)[0]), "truncate log.1 " + std::to_string(history.log(0, 10).size()));
}

TEST(Truncation, LeavesAFileAsUpstreamDoes) {
  const std::string log = test::read_test_data("disk/ensemble-log.100000001.after-TRUNC");
  MemoryDisk disk;
  tree::Tree empty;
  disk.put_snapshot("snapshot.0", encode_snapshot(empty, {}, {}));
  std::string longer = log;
  History history(1);
  history.jump_to(Zxid(0x100000017));
  append_log_record(longer, history.extend().payload);
  longer.resize(65552);
  disk.put_log("log.100000001", longer);
  const auto actions = truncation(disk, Zxid(0x100000016));
  ASSERT_TRUE(actions);
  for (const DiskAction& action : *actions) disk.perform(action);
  EXPECT_EQ(disk.bytes({Folder::kLog, "log.100000001"}), log);
  const auto again = truncation(disk, Zxid(0x100000016));
  ASSERT_TRUE(again);
  EXPECT_THAT(*again, IsEmpty());
}

TEST(Truncation, IsRefusedWithoutASnapshotUnderIt) {
  Directory d;
  ASSERT_TRUE(d.disk.remove({Folder::kSnapshot, "snapshot.0"}));
  d.disk.put_snapshot("snapshot.f", "ZKSN");
  const auto actions = truncation(d.disk, Zxid(30));
  ASSERT_FALSE(actions);
  EXPECT_THAT(actions.error().message, HasSubstr("no valid snapshot up to it"));
}

TEST(Truncation, IsRefusedOnADamagedLog) {
  Directory d;
  std::string log = d.history.log(20, 40);
  log[200] = static_cast<char>(log[200] ^ 1);
  d.disk.put_log("log.15", log);
  const auto actions = truncation(d.disk, Zxid(38));
  ASSERT_FALSE(actions);
  EXPECT_THAT(actions.error().message, HasSubstr("log.15"));
}

// Whatever number of the operations a crash lets through, recovery succeeds and the cut can be done
// again.
TEST(Truncation, CanBeInterruptedAnywhere) {
  for (const int64_t last : {0, 7, 15, 20, 30, 45, 59}) {
    for (size_t done = 0;; ++done) {
      Directory d;
      const auto actions = truncation(d.disk, Zxid(last));
      ASSERT_TRUE(actions);
      if (done > actions->size()) break;
      for (size_t i = 0; i < done; ++i) d.disk.perform((*actions)[i]);
      const auto between = recover(d.disk, {});
      ASSERT_TRUE(between) << between.error().message;
      EXPECT_GE(between->last_zxid, Zxid(last));
      const auto again = truncation(d.disk, Zxid(last));
      ASSERT_TRUE(again) << again.error().message;
      for (const DiskAction& action : *again) d.disk.perform(action);
      const auto state = recover(d.disk, {});
      ASSERT_TRUE(state) << state.error().message;
      EXPECT_EQ(state->last_zxid, Zxid(last));
      EXPECT_EQ(state->tree.fingerprint(), d.history.state_at(Zxid(last)).tree.fingerprint());
    }
  }
}

}  // namespace
}  // namespace zoetrope::storage
