// What is made durable in which directory: fsync is replaced in this program by one that takes
// notes, because no file system tells afterwards what it would have lost.
#include <gtest/gtest.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "net/disk_files.hpp"
#include "tests/unit/net/temp_dir.hpp"

namespace {

// Tests of other files run in the same program, and disk threads may sync meanwhile.
thread_local std::vector<std::string>* synced = nullptr;

}  // namespace

extern "C" int fsync(int fd) {
  if (synced != nullptr) {
    char path[PATH_MAX];
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = ::readlink(link.c_str(), path, sizeof path);
    if (length > 0) synced->emplace_back(path, static_cast<size_t>(length));
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace zoetrope::net {
namespace {

using storage::FileName;
using storage::Folder;

using Paths = std::vector<std::string>;

const FileName kLog{Folder::kLog, "log.1"};
const FileName kSnapshot{Folder::kSnapshot, "snapshot.1.tmp"};

struct Notes {
  TempDir log, snapshot;
  DiskFiles files{DiskRoots{log.path(), snapshot.path()}};

  // The paths that the operation called fsync for.
  Paths of(const storage::DiskAction& action) {
    Paths paths;
    synced = &paths;
    const auto error = files.perform(action);
    synced = nullptr;
    EXPECT_FALSE(error.has_value()) << error->message;
    return paths;
  }
};

TEST(DiskSync, ANewFilesEntryIsMadeDurableOnce) {
  Notes notes;
  EXPECT_EQ(notes.of(storage::WriteFile{kLog, 0, "a", 0}), Paths());
  EXPECT_EQ(notes.of(storage::SyncFile{kLog}), Paths{notes.log.path()});
  notes.of(storage::WriteFile{kLog, 1, "b", 0});
  EXPECT_EQ(notes.of(storage::SyncFile{kLog}), Paths());
}

TEST(DiskSync, AFileThatWasThereBeforeNeedsNoEntry) {
  Notes notes;
  write_file(notes.log / "log.1", "old");
  notes.of(storage::WriteFile{kLog, 0, "new", 0});
  EXPECT_EQ(notes.of(storage::SyncFile{kLog}), Paths());
}

TEST(DiskSync, ARenameAndARemovalAreDurableWhenTheyComplete) {
  Notes notes;
  notes.of(storage::WriteFile{kSnapshot, 0, "a", 0});
  notes.of(storage::SyncFile{kSnapshot});
  EXPECT_EQ(notes.of(storage::RenameFile{kSnapshot, "snapshot.1"}), Paths{notes.snapshot.path()});
  EXPECT_EQ(notes.of(storage::RemoveFile{{Folder::kSnapshot, "snapshot.1"}}),
            Paths{notes.snapshot.path()});
}

TEST(DiskSync, ACutIsDurableWhenItCompletes) {
  Notes notes;
  notes.of(storage::WriteFile{kLog, 0, "abc", 0});
  EXPECT_EQ(notes.of(storage::TruncateFile{kLog, 1}), Paths{notes.log / "log.1"});
}

}  // namespace
}  // namespace zoetrope::net
