#include "sim/disk.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <set>

namespace zoetrope::sim {
namespace {

using storage::FileName;
using storage::Folder;
using storage::RenameFile;
using storage::SyncFile;
using storage::WriteFile;

constexpr uint64_t kSeeds = 200;
const FileName kFile{Folder::kLog, "log.1"};

// Disks and their copies refer to it for the whole test.
Site& new_site(uint64_t seed) {
  static std::deque<Site> sites;
  return sites.emplace_back(Random(seed), nullptr, false);
}

// A disk with `kFile` holding `synced`, durable.
SimDisk disk_with(uint64_t seed, const std::string& synced) {
  SimDisk disk{new_site(seed)};
  EXPECT_TRUE(disk.execute(WriteFile{kFile, 0, synced, 0}));
  EXPECT_TRUE(disk.execute(SyncFile{kFile}));
  return disk;
}

std::string content_of(const SimDisk& disk, const FileName& file = kFile) {
  const std::string* content = disk.content(file);
  return content == nullptr ? "(none)" : *content;
}

TEST(SimDisk, WhatWasSyncedSurvivesAPowerLoss) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk = disk_with(seed, "0123456789");
    disk.power_loss();
    ASSERT_EQ(content_of(disk), "0123456789") << "seed " << seed;
    ASSERT_EQ(disk.counts().losses, 0U);
  }
}

TEST(SimDisk, WhatWasNotSyncedIsKeptLostOrTornBySectors) {
  const std::string before(4 * kSectorBytes, 'a');
  const std::string after(4 * kSectorBytes, 'b');
  std::set<std::string> outcomes;  // one letter a sector
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk = disk_with(seed, before);
    ASSERT_TRUE(disk.execute(WriteFile{kFile, 0, after, 0}));
    ASSERT_EQ(content_of(disk), after);
    ASSERT_EQ(disk.unsynced_bytes(), after.size());
    disk.power_loss();
    const std::string left = content_of(disk);
    ASSERT_EQ(left.size(), before.size());
    std::string outcome;
    for (size_t at = 0; at < left.size(); at += kSectorBytes) {
      const std::string sector = left.substr(at, kSectorBytes);
      ASSERT_TRUE(sector == before.substr(at, kSectorBytes) ||
                  sector == after.substr(at, kSectorBytes))
          << "a sector is never half written, seed " << seed;
      outcome += sector[0];
    }
    outcomes.insert(outcome);
    ASSERT_EQ(disk.counts().losses, 1U);
  }
  EXPECT_TRUE(outcomes.contains("aaaa"));
  EXPECT_TRUE(outcomes.contains("bbbb"));
  EXPECT_EQ(outcomes.size(), 16U) << "any sectors may be lost";
}

TEST(SimDisk, AGrownFileMayHaveAnySizeThatItHasHad) {
  std::set<size_t> sizes;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk = disk_with(seed, "x");
    ASSERT_TRUE(disk.execute(WriteFile{kFile, 1, std::string(99, 'y'), 0}));
    ASSERT_TRUE(disk.execute(WriteFile{kFile, 100, "z", 1000}));
    EXPECT_EQ(content_of(disk).size(), 1000U);
    disk.power_loss();
    sizes.insert(content_of(disk).size());
  }
  EXPECT_EQ(sizes, (std::set<size_t>{1, 100, 1000}));
}

TEST(SimDisk, ANameIsDurableWithTheSync) {
  bool gone = false, kept = false;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk{new_site(seed)};
    ASSERT_TRUE(disk.execute(WriteFile{kFile, 0, "x", 0}));
    disk.power_loss();
    (disk.content(kFile) == nullptr ? gone : kept) = true;
  }
  EXPECT_TRUE(gone && kept);
}

TEST(SimDisk, ARenameIsAtomicAndDurable) {
  const FileName temporary{Folder::kSnapshot, "tmp"}, target{Folder::kSnapshot, "snapshot.1"};
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk{new_site(seed)};
    ASSERT_TRUE(disk.execute(WriteFile{target, 0, "old", 0}));
    ASSERT_TRUE(disk.execute(SyncFile{target}));
    ASSERT_TRUE(disk.execute(WriteFile{temporary, 0, "new", 0}));
    ASSERT_TRUE(disk.execute(SyncFile{temporary}));
    ASSERT_TRUE(disk.execute(RenameFile{temporary, target.name}));
    disk.power_loss();
    ASSERT_EQ(content_of(disk, target), "new");
    ASSERT_EQ(disk.content(temporary), nullptr);
  }
}

TEST(SimDisk, ARemovedNameMayComeBack) {
  bool gone = false, back = false;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk = disk_with(seed, "x");
    ASSERT_TRUE(disk.execute(storage::RemoveFile{kFile}));
    ASSERT_EQ(disk.content(kFile), nullptr);
    disk.power_loss();
    (disk.content(kFile) == nullptr ? gone : back) = true;
  }
  EXPECT_TRUE(gone && back);
}

TEST(SimDisk, AfterAFailedSyncTheNextOneMakesDurableWhatStayedDirty) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk = disk_with(seed, "a");
    ASSERT_TRUE(disk.execute(WriteFile{kFile, 1, "b", 0}));
    disk.faults().sync_fails_one_in = 1;
    const auto failed = disk.execute(SyncFile{kFile});
    ASSERT_FALSE(failed);
    ASSERT_EQ(failed.error().message, "log.1: sync failed: input/output error");
    ASSERT_EQ(content_of(disk.after_power_loss()), "a");
    disk.faults() = DiskFaults{};
    ASSERT_TRUE(disk.execute(SyncFile{kFile}));
    ASSERT_EQ(content_of(disk.after_power_loss()), "ab");
    ASSERT_EQ(disk.counts().syncs_failed, 1U);
    ASSERT_EQ(disk.counts().syncs_forgotten, 0U);
  }
}

TEST(SimDisk, AFailedSyncThatForgetsIsHealedByNoSyncButByWritingAgain) {
  bool lost = false;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk = disk_with(seed, "a");
    ASSERT_TRUE(disk.execute(WriteFile{kFile, 1, "b", 0}));
    disk.faults().sync_fails_one_in = 1;
    disk.faults().failed_sync_forgets = true;
    ASSERT_FALSE(disk.execute(SyncFile{kFile}));
    disk.faults().sync_fails_one_in = 0;
    const std::string durable = content_of(disk.after_power_loss());
    ASSERT_TRUE(disk.execute(SyncFile{kFile})) << "the next sync sees nothing wrong";
    ASSERT_EQ(content_of(disk), "ab") << "and a reader does neither";
    ASSERT_EQ(content_of(disk.after_power_loss()), durable) << "but it has made nothing durable";
    ASSERT_EQ(disk.counts().syncs_forgotten, 1U);
    lost = lost || durable != "ab";

    SimDisk same = disk_with(seed, "a");
    ASSERT_TRUE(same.execute(WriteFile{kFile, 1, "b", 0}));
    same.faults() = disk.faults();
    same.faults().sync_fails_one_in = 1;
    ASSERT_FALSE(same.execute(SyncFile{kFile}));
    same.faults().sync_fails_one_in = 0;
    ASSERT_TRUE(same.rewrite(kFile, 0, "ab"));
    ASSERT_EQ(content_of(same.after_power_loss()), "ab");
    same.power_loss();
    ASSERT_EQ(content_of(same), "ab");
    disk.power_loss();
    ASSERT_EQ(content_of(disk), durable);
    ASSERT_EQ(disk.counts().losses, durable != "ab" ? 1U : 0U);
  }
  EXPECT_TRUE(lost);
}

TEST(SimDisk, ASyncThatLiesDoesNothing) {
  bool lost = false;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk = disk_with(seed, "a");
    disk.faults().sync_lies = true;
    ASSERT_TRUE(disk.execute(WriteFile{kFile, 0, "b", 0}));
    ASSERT_TRUE(disk.execute(SyncFile{kFile}));
    ASSERT_EQ(content_of(disk.after_power_loss()), "a");
    disk.power_loss();
    lost = lost || content_of(disk) == "a";
  }
  EXPECT_TRUE(lost);
}

TEST(SimDisk, AFailedWriteChangesNothingAndAFullDiskTakesAPart) {
  std::set<std::string> parts;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SimDisk disk = disk_with(seed, "a");
    disk.faults().write_fails_one_in = 1;
    ASSERT_FALSE(disk.execute(WriteFile{kFile, 1, "bcd", 0}));
    ASSERT_EQ(content_of(disk), "a");
    disk.faults() = DiskFaults{};
    disk.faults().capacity_bytes = 2;
    ASSERT_FALSE(disk.execute(WriteFile{kFile, 1, "bcd", 0}));
    ASSERT_TRUE(std::string("abcd").starts_with(content_of(disk)));
    parts.insert(content_of(disk));
    disk.faults().capacity_bytes = disk.used_bytes();
    ASSERT_TRUE(disk.execute(WriteFile{kFile, 0, "A", 0})) << "it needs no room";
    ASSERT_EQ(disk.counts().writes_failed, 1U);
    ASSERT_EQ(disk.counts().writes_without_room, 1U);
  }
  EXPECT_EQ(parts, (std::set<std::string>{"a", "ab", "abc", "abcd"}));
}

TEST(SimDisk, ReadsFailAndRotsOnlyWhenTold) {
  SimDisk disk = disk_with(1, "abc");
  EXPECT_EQ(*disk.read(kFile, 1, 100), "bc");
  EXPECT_EQ(*disk.read(kFile, 3, 1), "");
  EXPECT_FALSE(disk.read({Folder::kLog, "other"}, 0, 1));
  disk.faults().read_fails_one_in = 1;
  EXPECT_FALSE(disk.read(kFile, 0, 1));
  EXPECT_EQ(disk.counts().reads_failed, 1U);
  disk.rot(kFile, 9);
  EXPECT_EQ(content_of(disk), "a`c");
  EXPECT_EQ(content_of(disk.after_power_loss()), "a`c");
}

TEST(RecoveryDisk, EndsAfterSoManyCallsWithTheLastOneHalfDone) {
  SimDisk disk = disk_with(1, "abcdef");
  RecoveryDisk recovery(disk, 3);
  EXPECT_TRUE(recovery.list(Folder::kLog));
  EXPECT_TRUE(recovery.read(kFile, 0, 6));
  EXPECT_TRUE(recovery.truncate(kFile, 5));
  EXPECT_FALSE(recovery.interfered() || recovery.stopped());
  EXPECT_FALSE(recovery.rewrite(kFile, 4, "E"));
  EXPECT_TRUE(recovery.interfered() && recovery.stopped());
  EXPECT_FALSE(recovery.remove(kFile));
  EXPECT_EQ(content_of(disk), "abcdE");
  EXPECT_EQ(content_of(disk.after_power_loss()), "abcde");

  RecoveryDisk unharmed(disk, UINT64_MAX);
  disk.faults().read_fails_one_in = 1;
  EXPECT_FALSE(unharmed.read(kFile, 0, 6));
  EXPECT_TRUE(unharmed.interfered());
  EXPECT_FALSE(unharmed.stopped());
}

}  // namespace
}  // namespace zoetrope::sim
