#include "core/storage/failed_files.hpp"

#include <gtest/gtest.h>

namespace zoetrope::storage {
namespace {

const FileName kFile{Folder::kSnapshot, "acceptedEpoch.tmp"};
const FileName kOther{Folder::kSnapshot, "currentEpoch.tmp"};
const DiskError kError{"acceptedEpoch.tmp: sync failed"};

std::string refusal_of(FailedFiles& files, const DiskAction& action) {
  return files.refuse(action).value_or(DiskError{"carried out"}).message;
}

TEST(FailedFiles, RefuseWhateverRestsOnTheContents) {
  FailedFiles files;
  EXPECT_FALSE(files.refuse(SyncFile{kFile}));
  files.failed(SyncFile{kFile}, kError);
  EXPECT_EQ(refusal_of(files, RenameFile{kFile, "acceptedEpoch"}), kError.message);
  EXPECT_EQ(refusal_of(files, WriteFile{kFile, 5, "x", 0}), kError.message);
  EXPECT_EQ(refusal_of(files, TruncateFile{kFile, 1}), kError.message);
  EXPECT_EQ(refusal_of(files, SyncFile{kFile}), kError.message);
}

TEST(FailedFiles, LetTheRestPass) {
  FailedFiles files;
  files.failed(WriteFile{kFile, 0, "5", 0}, kError);
  EXPECT_EQ(refusal_of(files, CloseFile{kFile}), "carried out");
  EXPECT_EQ(refusal_of(files, RemoveFile{kFile}), "carried out");
  EXPECT_EQ(refusal_of(files, SyncFile{kOther}), "carried out");
  EXPECT_EQ(refusal_of(files, RenameFile{kOther, "currentEpoch"}), "carried out");
}

TEST(FailedFiles, ForgetAFileThatIsWrittenAnew) {
  FailedFiles files;
  files.failed(TruncateFile{kFile, 1}, kError);
  EXPECT_EQ(refusal_of(files, WriteFile{kFile, 0, "6", 0}), "carried out");
  EXPECT_EQ(refusal_of(files, RenameFile{kFile, "acceptedEpoch"}), "carried out");
}

// A rename that failed has changed no contents: it may be tried again.
TEST(FailedFiles, KeepNoCountOfNames) {
  FailedFiles files;
  files.failed(RenameFile{kFile, "acceptedEpoch"}, kError);
  EXPECT_EQ(refusal_of(files, RenameFile{kFile, "acceptedEpoch"}), "carried out");
}

}  // namespace
}  // namespace zoetrope::storage
