#include "net/data_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "net/file_disk.hpp"
#include "tests/unit/net/temp_dir.hpp"

namespace zoetrope::net {
namespace {

using storage::Folder;
using ::testing::HasSubstr;

ServerConfig config_of(const std::string& data_dir, const std::string& data_log_dir) {
  ServerConfig config;
  config.data_dir = data_dir;
  config.data_log_dir = data_log_dir;
  return config;
}

TEST(DataDirectory, IsCreatedWithItsParents) {
  TempDir dir;
  const auto opened = DataDirectory::open(config_of(dir / "a/b/", dir / "c"));
  ASSERT_TRUE(opened.has_value()) << opened.error();
  EXPECT_TRUE(std::filesystem::is_directory(dir / "a/b/version-2"));
  EXPECT_TRUE(std::filesystem::is_directory(dir / "c/version-2"));
  EXPECT_EQ(opened->roots().of(Folder::kLog), dir / "c/version-2");
}

TEST(DataDirectory, IsNotCreatedAgainstTheWishOfTheConfiguration) {
  TempDir dir;
  ServerConfig config = config_of(dir.path(), dir.path());
  config.datadir_autocreate = false;
  const auto opened = DataDirectory::open(config);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error(), "directory " + (dir / "version-2") +
                                " is missing and datadir.autocreate is false: create it first");
}

TEST(DataDirectory, ASecondServerIsRefusedWithTheFirstOnesProcess) {
  TempDir dir;
  const ServerConfig config = config_of(dir.path(), dir.path());
  {
    const auto first = DataDirectory::open(config);
    ASSERT_TRUE(first.has_value()) << first.error();
    const auto second = DataDirectory::open(config);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error(), "another server (process " + std::to_string(::getpid()) +
                                  ") uses the data directory " + dir.path() +
                                  ": stop it or choose another dataDir");
    // Also when only the log directory is shared.
    const auto third = DataDirectory::open(config_of(dir / "other", dir.path()));
    ASSERT_FALSE(third.has_value());
    EXPECT_THAT(third.error(), HasSubstr("another server"));
  }
  EXPECT_TRUE(DataDirectory::open(config).has_value());
}

TEST(DataDirectory, MisplacedFilesAreRefused) {
  TempDir dir;
  const ServerConfig config = config_of(dir / "data", dir / "logs");
  ASSERT_TRUE(DataDirectory::open(config).has_value());
  write_file(dir / "logs/version-2/snapshot.0", "");
  EXPECT_THAT(DataDirectory::open(config).error(), HasSubstr("is a snapshot in the log directory"));
  std::filesystem::remove(dir / "logs/version-2/snapshot.0");
  write_file(dir / "data/version-2/log.1", "");
  EXPECT_THAT(DataDirectory::open(config).error(), HasSubstr("is a log in the snapshot directory"));
}

TEST(DataDirectory, TheInitializeFileIsSeenOnce) {
  TempDir dir;
  write_file(dir / "initialize", "");
  const ServerConfig config = config_of(dir.path(), dir.path());
  EXPECT_TRUE(DataDirectory::open(config)->had_initialize_file());
  EXPECT_FALSE(DataDirectory::open(config)->had_initialize_file());
}

TEST(DataDirectory, WhatCannotBeCreatedIsNamed) {
  TempDir dir;
  write_file(dir / "file", "");
  const auto opened = DataDirectory::open(config_of(dir / "file/data", dir / "file/data"));
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error(), HasSubstr(dir / "file"));
}

TEST(FileDisk, ListsReadsCutsAndRemoves) {
  TempDir dir;
  FileDisk disk(DiskRoots{dir.path(), dir.path()});
  write_file(dir / "b", "0123456789");
  write_file(dir / "a", "x");
  std::filesystem::create_directory(dir / "c");
  const auto files = disk.list(Folder::kLog);
  ASSERT_TRUE(files.has_value());
  ASSERT_EQ(files->size(), 2u);
  EXPECT_EQ((*files)[0].name, "a");
  EXPECT_EQ((*files)[1].size, 10u);

  EXPECT_EQ(*disk.read({Folder::kLog, "b"}, 0, ~uint64_t{0}), "0123456789");
  EXPECT_EQ(*disk.read({Folder::kLog, "b"}, 3, 4), "3456");
  EXPECT_EQ(*disk.read({Folder::kLog, "b"}, 8, 4), "89");
  EXPECT_EQ(*disk.read({Folder::kLog, "b"}, 11, 4), "");
  ASSERT_TRUE(disk.truncate({Folder::kLog, "b"}, 4).has_value());
  EXPECT_EQ(*disk.read({Folder::kLog, "b"}, 0, 100), "0123");
  ASSERT_TRUE(disk.rewrite({Folder::kLog, "b"}, 1, "12").has_value());
  EXPECT_EQ(*disk.read({Folder::kLog, "b"}, 0, 100), "0123");
  ASSERT_TRUE(disk.rewrite({Folder::kLog, "b"}, 1, "xy").has_value());
  EXPECT_EQ(*disk.read({Folder::kLog, "b"}, 0, 100), "0xy3") << "it is really written";
  ASSERT_TRUE(disk.remove({Folder::kLog, "b"}).has_value());
  EXPECT_EQ(disk.read({Folder::kLog, "b"}, 0, 100).error().message,
            "cannot open " + (dir / "b") + ": No such file or directory");
  // Holes read as zeros, wherever data lies between them.
  write_file(dir / "d", "begin");
  std::filesystem::resize_file(dir / "d", 1 << 20);
  std::string expected = "begin";
  expected.resize(1 << 20);
  EXPECT_TRUE(*disk.read({Folder::kLog, "d"}, 0, 2 << 20) == expected);
  EXPECT_TRUE(*disk.read({Folder::kLog, "d"}, 300'000, 2 << 20) == expected.substr(300'000));
  DiskFiles writer(DiskRoots{dir.path(), dir.path()});
  ASSERT_FALSE(writer.perform(storage::WriteFile{{Folder::kLog, "d"}, 600'000, "middle", 0}));
  expected.replace(600'000, 6, "middle");
  EXPECT_TRUE(*disk.read({Folder::kLog, "d"}, 100'000, 400'000) ==
              expected.substr(100'000, 400'000));
  EXPECT_TRUE(*disk.read({Folder::kLog, "d"}, 100'000, 600'000) ==
              expected.substr(100'000, 600'000));
  EXPECT_TRUE(*disk.read({Folder::kLog, "d"}, 700'000, 600'000) == expected.substr(700'000));

  FileDisk nowhere(DiskRoots{dir / "none", dir / "none"});
  EXPECT_THAT(nowhere.list(Folder::kLog).error().message, HasSubstr("No such file or directory"));
}

}  // namespace
}  // namespace zoetrope::net
