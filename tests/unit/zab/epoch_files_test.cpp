#include "core/zab/epoch_files.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/base/random.hpp"

namespace zoetrope::zab {
namespace {

using storage::DiskError;
using storage::DiskOp;
using storage::FileInfo;
using storage::FileName;
using storage::Folder;

// Files whose every operation is durable when it is done: what counts here is their order.
class Files : public storage::Disk {
 public:
  std::expected<std::vector<FileInfo>, DiskError> list(Folder folder) override {
    EXPECT_EQ(folder, Folder::kSnapshot);
    std::vector<FileInfo> infos;
    for (const auto& [name, bytes] : files) infos.push_back({name, bytes.size()});
    return infos;
  }
  std::expected<std::string, DiskError> read(const FileName& file, uint64_t offset,
                                             uint64_t length) override {
    return files.at(file.name).substr(offset, length);
  }
  std::expected<void, DiskError> truncate(const FileName&, uint64_t) override { return {}; }
  std::expected<void, DiskError> rewrite(const FileName&, uint64_t, std::string_view) override {
    return {};
  }
  std::expected<void, DiskError> remove(const FileName&) override { return {}; }

  void perform(const storage::DiskAction& action) {
    if (const auto* write = std::get_if<storage::WriteFile>(&action)) {
      std::string& bytes = files[write->file.name];
      if (bytes.size() < write->bytes.size()) bytes.resize(write->bytes.size());
      bytes.replace(0, write->bytes.size(), write->bytes);
      is_synced[write->file.name] = false;
    } else if (const auto* cut = std::get_if<storage::TruncateFile>(&action)) {
      files[cut->file.name].resize(cut->size);
      is_synced[cut->file.name] = false;
    } else if (const auto* sync = std::get_if<storage::SyncFile>(&action)) {
      is_synced[sync->file.name] = true;
    } else if (const auto* rename = std::get_if<storage::RenameFile>(&action)) {
      EXPECT_TRUE(is_synced[rename->from.name]) << "renamed before it was synced";
      is_synced[rename->to] = is_synced[rename->from.name];
      files[rename->to] = files.at(rename->from.name);
      files.erase(rename->from.name);
    }
  }

  std::map<std::string, std::string> files;
  std::map<std::string, bool> is_synced;
};

constexpr Zxid z(uint32_t epoch, uint32_t counter) {
  return Zxid::make(epoch, counter);
}

TEST(ReadEpochs, MissingFilesAreTakenFromTheLastZxid) {
  Files disk;
  EXPECT_EQ(read_epochs(disk, z(0, 9)), Epochs{});
  EXPECT_EQ(read_epochs(disk, z(3, 9)), (Epochs{3, 3}));
}

TEST(ReadEpochs, ReadsWhatStandsThere) {
  Files disk;
  disk.files = {{"acceptedEpoch", "7"}, {"currentEpoch", "5\n"}};
  EXPECT_EQ(read_epochs(disk, z(5, 1)), (Epochs{7, 5}));
  EXPECT_EQ(read_epochs(disk, z(2, 1)), (Epochs{7, 5}));
}

TEST(ReadEpochs, ALogAheadOfItsEpochNeedsAnAnnouncement) {
  Files disk;
  disk.files = {{"acceptedEpoch", "7"}, {"currentEpoch", "5"}};
  EXPECT_EQ(read_epochs(disk, z(6, 1)).error(),
            "currentEpoch is 5, and the log has transactions of epoch 6");
  disk.files["currentEpoch.tmp"] = "5";
  EXPECT_FALSE(read_epochs(disk, z(6, 1)).has_value());
  disk.files["currentEpoch.tmp"] = "6";
  EXPECT_EQ(read_epochs(disk, z(6, 1)), (Epochs{7, 6, true}));
  // What was announced may have come in part only.
  disk.files["currentEpoch.tmp"] = "7";
  EXPECT_EQ(read_epochs(disk, z(6, 1)), (Epochs{7, 6, true}));
}

TEST(ReadEpochs, RefusesWhatCannotBe) {
  Files disk;
  disk.files = {{"acceptedEpoch", "4"}, {"currentEpoch", "5"}};
  EXPECT_EQ(read_epochs(disk, z(5, 1)).error(), "acceptedEpoch is 4, and currentEpoch is 5");
  disk.files = {{"currentEpoch", "5"}};
  EXPECT_EQ(read_epochs(disk, z(4, 1)).error(), "acceptedEpoch is missing, and currentEpoch is 5");
  for (const char* damaged : {"", "x", "5 6", "-1", "99999999999999999999999"}) {
    disk.files = {{"acceptedEpoch", "5"}, {"currentEpoch", damaged}};
    EXPECT_EQ(read_epochs(disk, z(4, 1)).error(), "currentEpoch does not hold an epoch") << damaged;
  }
}

TEST(EpochFiles, AValueIsDurableWhenItsRenameIs) {
  EpochFiles files({}, 100);
  std::vector<DiskOp> ops;
  files.set_accepted(3, ops);
  ASSERT_FALSE(ops.empty());
  EXPECT_EQ(ops.front().id, 100u);
  for (const DiskOp& op : ops) {
    EXPECT_EQ(files.durable().accepted, 0);
    EXPECT_TRUE(files.busy());
    EXPECT_TRUE(files.completed(op.id));
  }
  EXPECT_EQ(files.durable().accepted, 3);
  EXPECT_FALSE(files.busy());
  EXPECT_FALSE(files.completed(99)) << "somebody else's operation";
}

// A server that dies anywhere between two operations reads epochs that it had promised, or new
// ones, and is never kept from starting.
TEST(EpochFiles, EveryCrashPointLeavesEpochsThatCanBeRead) {
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    Files disk;
    EpochFiles files({}, 1);
    Zxid last_logged;
    const auto crash_in = static_cast<uint64_t>(random.between(1, 60));
    uint64_t done = 0;
    bool crashed = false;
    const auto carry_out = [&](std::vector<DiskOp>& ops) {
      for (const DiskOp& op : ops) {
        if (crashed || ++done == crash_in) {
          crashed = true;
          return;
        }
        disk.perform(op.action);
        files.completed(op.id);
      }
      ops.clear();
    };
    std::vector<DiskOp> ops;
    for (int64_t epoch = 1; epoch <= 12 && !crashed; ++epoch) {
      files.set_accepted(epoch, ops);
      carry_out(ops);
      if (crashed || random.one_in(4)) continue;
      files.announce_current(epoch, ops);
      carry_out(ops);
      if (crashed || random.one_in(4)) continue;
      last_logged = z(static_cast<uint32_t>(epoch), 1);
      if (random.one_in(3)) continue;  // the leader was lost before NEWLEADER
      files.set_current(epoch, ops);
      carry_out(ops);
    }
    const auto read = read_epochs(disk, last_logged);
    ASSERT_TRUE(read.has_value()) << read.error();
    EXPECT_GE(read->accepted, files.durable().accepted);
    EXPECT_GE(read->current, files.durable().current);
    EXPECT_GE(read->current, int64_t{last_logged.epoch()});
  }
}

}  // namespace
}  // namespace zoetrope::zab
