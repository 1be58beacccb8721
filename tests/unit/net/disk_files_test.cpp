#include "net/disk_files.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <rapidcheck/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "tests/unit/net/temp_dir.hpp"

namespace zoetrope::net {
namespace {

using storage::FileName;
using storage::Folder;
using ::testing::HasSubstr;

struct Disk {
  TempDir dir;
  DiskFiles files{DiskRoots{dir.path(), dir.path()}};

  void perform(const storage::DiskAction& action) {
    const auto error = files.perform(action);
    EXPECT_FALSE(error.has_value()) << error->message;
  }
  std::string error_of(const storage::DiskAction& action) {
    const auto error = files.perform(action);
    return error ? error->message : "no error";
  }
};

const FileName kLog{Folder::kLog, "log.1"};

TEST(DiskFiles, WritesLandAtTheirOffsets) {
  Disk disk;
  disk.perform(storage::WriteFile{kLog, 0, "hello", 0});
  disk.perform(storage::WriteFile{kLog, 5, " world", 0});
  disk.perform(storage::WriteFile{kLog, 0, "H", 0});
  disk.perform(storage::SyncFile{kLog});
  EXPECT_EQ(content_of(disk.dir / "log.1"), "Hello world");
}

TEST(DiskFiles, PreallocationGivesTheSizeAndNothingButZerosBehindTheData) {
  Disk disk;
  constexpr uint64_t kSize = 65536 * 16 + 16;
  disk.perform(storage::WriteFile{kLog, 0, "ZKLG", kSize});
  EXPECT_EQ(content_of(disk.dir / "log.1"), "ZKLG" + std::string(kSize - 4, '\0'));
  // Real zeros lie ahead of the next write, so that its sync needs no change of the block map.
  struct stat info{};
  ASSERT_EQ(::stat((disk.dir / "log.1").c_str(), &info), 0);
  EXPECT_EQ(static_cast<uint64_t>(info.st_size), kSize);
  disk.perform(storage::SyncFile{kLog});
  ASSERT_EQ(::stat((disk.dir / "log.1").c_str(), &info), 0);
  EXPECT_GE(info.st_blocks * 512, 32 * 1024);
}

RC_GTEST_PROP(DiskFiles, AppendsToAPreallocatedFileEqualAModel, ()) {
  TempDir dir;
  DiskFiles files{DiskRoots{dir.path(), dir.path()}};
  std::string model;
  uint64_t position = 0;
  const auto sizes = *rc::gen::container<std::vector<uint32_t>>(
      rc::gen::oneOf(rc::gen::inRange<uint32_t>(1, 300), rc::gen::inRange<uint32_t>(1, 100'000)));
  char fill = 'a';
  for (const uint32_t size : sizes) {
    // As upstream pads: some room is always kept ahead of the position.
    const uint64_t size_min = (position + size + 4096 > model.size()) ? model.size() + 100'000 : 0;
    const std::string bytes(size, fill++);
    RC_ASSERT(!files.perform(storage::WriteFile{kLog, position, bytes, size_min}));
    if (*rc::gen::inRange(0, 8) == 0) RC_ASSERT(!files.perform(storage::SyncFile{kLog}));
    model.resize(std::max<size_t>({model.size(), size_min, position + size}), '\0');
    model.replace(position, size, bytes);
    position += size;
  }
  RC_ASSERT(content_of(dir / "log.1") == model);
}

// How much of a file the page cache has.
uint64_t cached_bytes(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const uint64_t size = std::filesystem::file_size(path);
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (mapped == MAP_FAILED) return UINT64_MAX;
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident((size + page - 1) / page);
  const int failed = ::mincore(mapped, size, resident.data());
  ::munmap(mapped, size);
  if (failed != 0) return UINT64_MAX;
  const auto is_resident = [](unsigned char bits) { return (bits & 1) != 0; };
  return page * static_cast<uint64_t>(std::ranges::count_if(resident, is_resident));
}

TEST(DiskFiles, TheOldPartOfALogLeavesThePageCacheAndStaysOnTheDisk) {
  Disk disk;
  struct statfs system{};
  ASSERT_EQ(::statfs(disk.dir.path().c_str(), &system), 0);
  if (system.f_type == TMPFS_MAGIC) GTEST_SKIP() << "the files are in memory";
  constexpr uint64_t kSize = 40 << 20, kPiece = 1 << 20;
  std::string content;
  for (uint64_t at = 0; at < kSize; at += kPiece) {
    const std::string piece(kPiece, static_cast<char>('a' + at / kPiece % 26));
    disk.perform(storage::WriteFile{kLog, at, piece, kSize + kPiece});
    content += piece;
    disk.perform(storage::SyncFile{kLog});
  }
  EXPECT_LE(cached_bytes(disk.dir / "log.1"), uint64_t{20} << 20);
  EXPECT_EQ(content_of(disk.dir / "log.1"), content + std::string(kPiece, '\0'));
}

TEST(DiskFiles, NothingIsZeroedInAFileThatWasThereBefore) {
  Disk disk;
  write_file(disk.dir / "log.1", std::string(300'000, 'x'));
  disk.perform(storage::WriteFile{kLog, 10, "abc", 400'000});
  std::string expected(300'000, 'x');
  expected.replace(10, 3, "abc");
  expected.resize(400'000, '\0');
  EXPECT_EQ(content_of(disk.dir / "log.1"), expected);
}

TEST(DiskFiles, RenameReplacesAndLaterOperationsUseTheNewName) {
  Disk disk;
  write_file(disk.dir / "snapshot.1", "old");
  const FileName temporary{Folder::kSnapshot, "snapshot.1.tmp"};
  disk.perform(storage::WriteFile{temporary, 0, "new", 0});
  disk.perform(storage::SyncFile{temporary});
  disk.perform(storage::RenameFile{temporary, "snapshot.1"});
  EXPECT_EQ(content_of(disk.dir / "snapshot.1"), "new");
  EXPECT_FALSE(std::filesystem::exists(disk.dir / "snapshot.1.tmp"));
  disk.perform(storage::WriteFile{{Folder::kSnapshot, "snapshot.1"}, 3, "er", 0});
  EXPECT_EQ(content_of(disk.dir / "snapshot.1"), "newer");
}

TEST(DiskFiles, TruncateRemoveAndClose) {
  Disk disk;
  disk.perform(storage::WriteFile{kLog, 0, "0123456789", 300'000});
  disk.perform(storage::TruncateFile{kLog, 4});
  EXPECT_EQ(content_of(disk.dir / "log.1"), "0123");
  disk.perform(storage::WriteFile{kLog, 4, "ab", 0});
  EXPECT_EQ(content_of(disk.dir / "log.1"), "0123ab");
  disk.perform(storage::CloseFile{kLog});
  disk.perform(storage::SyncFile{kLog});
  disk.perform(storage::RemoveFile{kLog});
  EXPECT_FALSE(std::filesystem::exists(disk.dir / "log.1"));
  // Removing what is not there is no error: a crash may have come between.
  disk.perform(storage::RemoveFile{kLog});
  disk.perform(storage::WriteFile{kLog, 0, "x", 0});
  EXPECT_EQ(content_of(disk.dir / "log.1"), "x");
}

TEST(DiskFiles, TheTwoFoldersAreTwoDirectories) {
  TempDir log, snapshot;
  DiskFiles files{DiskRoots{log.path(), snapshot.path()}};
  EXPECT_FALSE(files.perform(storage::WriteFile{{Folder::kLog, "a"}, 0, "log", 0}));
  EXPECT_FALSE(files.perform(storage::WriteFile{{Folder::kSnapshot, "a"}, 0, "snap", 0}));
  EXPECT_EQ(content_of(log / "a"), "log");
  EXPECT_EQ(content_of(snapshot / "a"), "snap");
}

TEST(DiskFiles, ErrorsNameTheFileAndTheReason) {
  Disk disk;
  std::filesystem::create_symlink("/dev/full", disk.dir / "log.1");
  EXPECT_EQ(disk.error_of(storage::WriteFile{kLog, 0, "x", 0}),
            "cannot write " + (disk.dir / "log.1") + ": No space left on device");
  EXPECT_EQ(disk.error_of(storage::SyncFile{{Folder::kLog, "log.2"}}),
            "cannot open " + (disk.dir / "log.2") + ": No such file or directory");
  EXPECT_THAT(disk.error_of(storage::RenameFile{{Folder::kLog, "log.3"}, "log.5"}),
              HasSubstr("cannot rename " + (disk.dir / "log.3")));
  EXPECT_THAT(disk.error_of(storage::TruncateFile{{Folder::kLog, "log.2"}, 0}),
              HasSubstr("No such file or directory"));
  std::filesystem::create_directory(disk.dir / "log.4");
  EXPECT_THAT(disk.error_of(storage::WriteFile{{Folder::kLog, "log.4"}, 0, "x", 0}),
              HasSubstr("Is a directory"));
  DiskFiles nowhere{DiskRoots{disk.dir / "none", disk.dir / "none"}};
  EXPECT_TRUE(nowhere.perform(storage::WriteFile{kLog, 0, "x", 0}).has_value());
}

}  // namespace
}  // namespace zoetrope::net
