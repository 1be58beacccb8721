#include "net/disk_threads.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <filesystem>
#include <map>

#include "core/base/random.hpp"
#include "tests/unit/net/temp_dir.hpp"

namespace zoetrope::net {
namespace {

using storage::DiskOp;
using storage::Folder;
using storage::Lane;

constexpr Duration kNeverSlow = Duration::from_ms(1'000'000);

// Waits on the eventfd until `count` completions were taken.
std::vector<DiskCompletion> wait_for(DiskThreads& disks, size_t count) {
  std::vector<DiskCompletion> completions;
  while (completions.size() < count) {
    pollfd event{disks.completion_fd(), POLLIN, 0};
    if (::poll(&event, 1, 20'000) != 1) break;
    disks.take_completions(completions);
  }
  return completions;
}

TEST(DiskThreads, EachLaneKeepsItsOrder) {
  TempDir dir;
  DiskThreads disks({dir.path(), dir.path()}, kNeverSlow);
  Random random(20240607);
  std::map<std::string, std::string> model;
  std::map<Lane, std::vector<uint64_t>> issued;
  constexpr uint64_t kOps = 3000;
  std::vector<DiskOp> ops;
  for (uint64_t id = 1; id <= kOps; ++id) {
    const Lane lane = random.one_in(2) ? Lane::kLog : Lane::kSnapshot;
    const Folder folder = lane == Lane::kLog ? Folder::kLog : Folder::kSnapshot;
    const std::string name =
        (lane == Lane::kLog ? "log." : "snapshot.") + std::to_string(random.below(3));
    std::string& file = model[name];
    // Overlapping writes show any change of order.
    const uint64_t offset = file.empty() ? 0 : random.below(file.size());
    const std::string bytes = std::to_string(id);
    file.resize(std::max(file.size(), offset + bytes.size()));
    file.replace(offset, bytes.size(), bytes);
    issued[lane].push_back(id);
    ops.push_back({id, lane, storage::WriteFile{{folder, name}, offset, bytes, 0}});
    if (random.one_in(10)) disks.submit(ops);
  }
  disks.submit(ops);
  EXPECT_TRUE(ops.empty());

  const auto completions = wait_for(disks, kOps);
  ASSERT_EQ(completions.size(), kOps);
  std::map<Lane, std::vector<uint64_t>> completed;
  for (const DiskCompletion& completion : completions) {
    EXPECT_FALSE(completion.error.has_value());
    completed[completion.lane].push_back(completion.op);
  }
  EXPECT_EQ(completed, issued);
  for (const auto& [name, content] : model) EXPECT_EQ(content_of(dir / name), content) << name;
  EXPECT_TRUE(disks.is_idle(Lane::kLog));
  EXPECT_TRUE(disks.is_idle(Lane::kSnapshot));
}

TEST(DiskThreads, AnErrorIsReportedAndTheNextOperationIsStillDone) {
  TempDir dir;
  std::filesystem::create_symlink("/dev/full", dir / "log.1");
  DiskThreads disks({dir.path(), dir.path()}, kNeverSlow);
  std::vector<DiskOp> ops;
  ops.push_back({1, Lane::kLog, storage::WriteFile{{Folder::kLog, "log.1"}, 0, "x", 0}});
  ops.push_back({2, Lane::kLog, storage::WriteFile{{Folder::kLog, "log.2"}, 0, "y", 0}});
  disks.submit(ops);
  const auto completions = wait_for(disks, 2);
  ASSERT_EQ(completions.size(), 2u);
  ASSERT_TRUE(completions[0].error.has_value());
  EXPECT_EQ(completions[0].error->message,
            "cannot write " + (dir / "log.1") + ": No space left on device");
  EXPECT_FALSE(completions[1].error.has_value());
  EXPECT_EQ(content_of(dir / "log.2"), "y");
}

TEST(DiskThreads, ThreadAndCallerTakeTurnsOnOneFile) {
  TempDir dir;
  DiskThreads disks({dir.path(), dir.path()}, kNeverSlow);
  std::string model;
  for (uint64_t id = 1; id <= 100; ++id) {
    const std::string bytes = std::to_string(id) + ",";
    DiskOp op{id, Lane::kLog, storage::WriteFile{{Folder::kLog, "log.1"}, model.size(), bytes, 0}};
    model += bytes;
    ASSERT_TRUE(disks.is_idle(Lane::kLog));
    if (id % 2 == 0) {
      EXPECT_EQ(disks.perform_now(std::move(op)).op, id);
      continue;
    }
    std::vector<DiskOp> ops;
    ops.push_back(std::move(op));
    disks.submit(ops);
    EXPECT_FALSE(disks.is_idle(Lane::kLog));
    ASSERT_EQ(wait_for(disks, 1).size(), 1u);
  }
  EXPECT_EQ(content_of(dir / "log.1"), model);
}

TEST(DiskThreads, ASlowSyncIsNamed) {
  TempDir dir;
  DiskThreads disks({dir.path(), dir.path()}, Duration{0});
  disks.perform_now({1, Lane::kLog, storage::WriteFile{{Folder::kLog, "log.1"}, 0, "x", 0}});
  const DiskCompletion sync =
      disks.perform_now({2, Lane::kLog, storage::SyncFile{{Folder::kLog, "log.1"}}});
  EXPECT_EQ(sync.synced_file, "log.1");
  EXPECT_GT(sync.sync_time.ns, 0);
}

TEST(DiskThreads, TheEndWaitsForWhatWasSubmitted) {
  TempDir dir;
  {
    DiskThreads disks({dir.path(), dir.path()}, kNeverSlow);
    std::vector<DiskOp> ops;
    for (uint64_t id = 1; id <= 500; ++id) {
      ops.push_back(
          {id, Lane::kSnapshot, storage::WriteFile{{Folder::kLog, "log.1"}, id - 1, "x", 0}});
    }
    disks.submit(ops);
  }
  EXPECT_EQ(content_of(dir / "log.1"), std::string(500, 'x'));
}

}  // namespace
}  // namespace zoetrope::net
