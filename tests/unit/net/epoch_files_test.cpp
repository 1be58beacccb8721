// The files of the epochs on a real file system.
#include "core/zab/epoch_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "net/disk_threads.hpp"
#include "net/file_disk.hpp"
#include "tests/unit/net/temp_dir.hpp"

namespace zoetrope::net {
namespace {

using zab::EpochFiles;
using zab::Epochs;

struct Rig {
  explicit Rig(Epochs durable = {}) : epochs(durable, uint64_t{1} << 62) {}

  // Carries the operations out, the last ones not: as a crash would leave it.
  void carry_out(size_t left_out = 0) {
    for (size_t i = 0; i + left_out < ops.size(); ++i) {
      const DiskCompletion done = threads.perform_now(ops[i]);
      EXPECT_FALSE(done.error.has_value()) << done.error->message;
      EXPECT_TRUE(epochs.completed(done.op));
    }
    ops.clear();
  }
  Epochs read(Zxid last_logged = {}) {
    FileDisk disk({dir.path(), dir.path()});
    const auto found = zab::read_epochs(disk, last_logged);
    EXPECT_TRUE(found.has_value()) << found.error();
    return found.value_or(Epochs{-1, -1});
  }

  TempDir dir;
  DiskThreads threads{{dir.path(), dir.path()}, Duration::from_ms(1000)};
  EpochFiles epochs;
  std::vector<storage::DiskOp> ops;
};

TEST(EpochFilesOnDisk, EveryChangeReplacesTheFileBefore) {
  Rig rig;
  for (int64_t epoch : {1, 2, 9, 10, 11, 99, 100, 12345}) {
    rig.epochs.set_accepted(epoch, rig.ops);
    rig.carry_out();
    EXPECT_EQ(rig.epochs.durable().accepted, epoch);
    EXPECT_EQ(content_of(rig.dir / "acceptedEpoch"), std::to_string(epoch));
    rig.epochs.set_current(epoch, rig.ops);
    rig.carry_out();
    EXPECT_EQ(rig.read(), (Epochs{epoch, epoch}));
  }
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(rig.dir.path())) {
    EXPECT_TRUE(entry.path().filename() == "acceptedEpoch" ||
                entry.path().filename() == "currentEpoch")
        << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 2u);
}

TEST(EpochFilesOnDisk, AnAnnouncementIsFoundAfterACrash) {
  Rig rig({4, 4});
  write_file(rig.dir / "acceptedEpoch", "5");
  write_file(rig.dir / "currentEpoch", "4");
  rig.epochs.announce_current(5, rig.ops);
  rig.carry_out();
  EXPECT_EQ(rig.read(Zxid::make(5, 3)), (Epochs{5, 5, true}));
}

// What an attempt before left behind may be longer: a leader's epoch that came to nothing can be
// followed by a smaller one, when the next quorum has not heard of it.
TEST(EpochFilesOnDisk, NothingOfAnAttemptBeforeStays) {
  for (const char* left : {"10", "100\n", "99999999999999999999999", ""}) {
    Rig rig({8, 8});
    write_file(rig.dir / "acceptedEpoch", "8");
    write_file(rig.dir / "acceptedEpoch.tmp", left);
    write_file(rig.dir / "currentEpoch", "8");
    write_file(rig.dir / "currentEpoch.tmp", left);
    write_file(rig.dir / "currentEpoch.tmp.new", left);
    rig.epochs.set_accepted(9, rig.ops);
    rig.carry_out();
    EXPECT_EQ(content_of(rig.dir / "acceptedEpoch"), "9") << left;
    rig.epochs.set_current(9, rig.ops);
    rig.carry_out();
    EXPECT_EQ(content_of(rig.dir / "currentEpoch"), "9") << left;
  }
}

TEST(EpochFilesOnDisk, AnAttemptThatACrashCutShortDoesNotCount) {
  for (size_t left_out = 1; left_out <= 5; ++left_out) {
    Rig rig({8, 8});
    write_file(rig.dir / "acceptedEpoch", "8");
    write_file(rig.dir / "currentEpoch", "8");
    rig.epochs.set_accepted(10, rig.ops);
    rig.carry_out(left_out);
    EXPECT_EQ(rig.read(), (Epochs{8, 8}));
    EpochFiles again({8, 8}, 1);
    again.set_accepted(9, rig.ops);
    for (const storage::DiskOp& op : rig.ops) {
      EXPECT_FALSE(rig.threads.perform_now(op).error.has_value());
    }
    EXPECT_EQ(rig.read(), (Epochs{9, 8})) << left_out;
  }
}

// The operations are queued together: a rename behind a write that failed would put a file in place
// that the disk may not hold.
TEST(EpochFilesOnDisk, AWriteThatFailsLeavesTheFileBefore) {
  Rig rig({8, 8});
  write_file(rig.dir / "acceptedEpoch", "8");
  write_file(rig.dir / "currentEpoch", "8");
  std::filesystem::create_symlink("/dev/full", rig.dir / "acceptedEpoch.tmp");
  rig.epochs.set_accepted(9, rig.ops);
  size_t failures = 0;
  for (const storage::DiskOp& op : rig.ops) {
    if (rig.threads.perform_now(op).error) ++failures;
  }
  EXPECT_EQ(failures, rig.ops.size() - 1) << "all but the closing";
  EXPECT_EQ(rig.read(), (Epochs{8, 8}));
}

}  // namespace
}  // namespace zoetrope::net
