// The configuration's files through every crash: after each operation, done or not, a start finds a
// right configuration.
#include "core/zab/config_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace zoetrope::zab {
namespace {

using storage::DiskError;
using storage::FileName;
using testing::HasSubstr;

// Files that are as durable as they are written; a write can be made to fail.
class Files final : public storage::Disk {
 public:
  std::map<std::string, std::string> content;
  bool is_full = false;

  std::optional<DiskError> perform(const storage::DiskAction& action) {
    if (const auto* write = std::get_if<storage::WriteFile>(&action)) {
      if (is_full) return DiskError{"no room for " + write->file.name};
      content[write->file.name].replace(0, write->bytes.size(), write->bytes);
    } else if (const auto* truncate = std::get_if<storage::TruncateFile>(&action)) {
      if (!content.contains(truncate->file.name)) return DiskError{"no such file"};
      content[truncate->file.name].resize(truncate->size);
    } else if (const auto* rename = std::get_if<storage::RenameFile>(&action)) {
      content[rename->to] = content.at(rename->from.name);
      content.erase(rename->from.name);
    } else if (const auto* remove = std::get_if<storage::RemoveFile>(&action)) {
      content.erase(remove->file.name);
    }
    return std::nullopt;
  }
  std::expected<std::vector<storage::FileInfo>, DiskError> list(storage::Folder) override {
    std::vector<storage::FileInfo> files;
    for (const auto& [name, bytes] : content) files.push_back({name, bytes.size()});
    return files;
  }
  std::expected<std::string, DiskError> read(const FileName& file, uint64_t, uint64_t) override {
    return content.at(file.name);
  }
  std::expected<void, DiskError> truncate(const FileName&, uint64_t) override { return {}; }
  std::expected<void, DiskError> rewrite(const FileName&, uint64_t, std::string_view) override {
    return {};
  }
  std::expected<void, DiskError> remove(const FileName&) override { return {}; }
};

quorum::Ensemble ensemble(const std::string& hosts, int64_t version) {
  std::string text;
  for (size_t i = 0; i < hosts.size(); ++i) {
    text += "server." + std::to_string(i + 1) + "=" + hosts[i] + ":1:2;3\n";
  }
  auto made = *quorum::Ensemble::parse(text);
  made.version = version;
  return made;
}

struct Bench {
  Files disk;
  ConfigFiles files{{"zoo.cfg", "/etc"}, ServerId(1), 100};
  uint64_t steps = 0;

  Bench() {
    disk.content["zoo.cfg"] = "tickTime=1\nclientPort=3\nserver.1=a:1:2\nserver.2=b:1:2\n";
  }

  // Carries out up to `limit` operations; false when it ended earlier.
  bool work(uint64_t limit) {
    while (true) {
      std::vector<storage::DiskOp> ops;
      files.issue(ops);
      if (files.take_read_wish()) {
        files.static_read(disk.content.at("zoo.cfg"));
        continue;
      }
      if (ops.empty()) return false;
      for (const storage::DiskOp& op : ops) {
        if (steps == limit) return true;
        ++steps;
        files.completed(op.id, disk.perform(op.action));
      }
    }
  }
};

TEST(ConfigFiles, WithoutAPointerTheOwnLinesCount) {
  Bench bench;
  const auto stored = read_configuration(bench.disk, "zoo.cfg");
  ASSERT_TRUE(stored) << stored.error();
  EXPECT_EQ(stored->current.members.size(), 2);
  EXPECT_EQ(stored->current.version, 0);
  EXPECT_FALSE(stored->last_seen);
}

TEST(ConfigFiles, EveryCrashLeavesTheOldOrTheNewOne) {
  uint64_t total = UINT64_MAX;
  for (uint64_t limit = 0; limit < total; ++limit) {
    SCOPED_TRACE("after " + std::to_string(limit) + " operations");
    Bench bench;
    bench.files.store_current(ensemble("ab", 1));
    ASSERT_FALSE(bench.work(UINT64_MAX));
    const uint64_t before = bench.steps;
    bench.files.store_proposed(ensemble("abc", 2));
    bench.files.store_current(ensemble("abc", 2));
    const bool is_cut = bench.work(before + limit);
    if (!is_cut) total = limit;
    const auto stored = read_configuration(bench.disk, "zoo.cfg");
    ASSERT_TRUE(stored) << stored.error();
    if (stored->current.version == 1) {
      EXPECT_EQ(stored->current.members.size(), 2);
      EXPECT_TRUE(limit < 5 || (stored->last_seen && stored->last_seen->members.size() == 3));
    } else {
      EXPECT_EQ(stored->current.version, 2);
      EXPECT_EQ(stored->current.members.size(), 3);
      EXPECT_FALSE(stored->last_seen);
    }
    if (!is_cut) EXPECT_EQ(stored->current.version, 2);
  }
}

TEST(ConfigFiles, WhatIsLeftIsWhatUpstreamLeaves) {
  Bench bench;
  bench.files.store_proposed(ensemble("ab", 0x100000000));
  bench.files.store_current(ensemble("ab", 0x100000000));
  bench.work(UINT64_MAX);
  EXPECT_FALSE(bench.files.busy());
  EXPECT_EQ(bench.disk.content.size(), 2);
  // The client port stands in the server line now.
  EXPECT_EQ(bench.disk.content["zoo.cfg"],
            "tickTime=1\ndynamicConfigFile=/etc/zoo.cfg.dynamic.100000000\n");
  EXPECT_EQ(bench.disk.content["zoo.cfg.dynamic.100000000"],
            "server.1=a:1:2:participant;0.0.0.0:3\nserver.2=b:1:2:participant;0.0.0.0:3");
}

TEST(ConfigFiles, AFullDiskReplacesNothing) {
  Bench bench;
  const std::string before = bench.disk.content["zoo.cfg"];
  bench.disk.is_full = true;
  bench.files.store_current(ensemble("abc", 2));
  bench.work(UINT64_MAX);
  EXPECT_FALSE(bench.files.busy());
  EXPECT_THAT(bench.files.take_failure().value_or(""), HasSubstr("no room for zoo.cfg.dynamic.2"));
  EXPECT_EQ(bench.disk.content["zoo.cfg"], before);
  EXPECT_FALSE(bench.disk.content.contains("zoo.cfg.dynamic.2"));
}

TEST(ConfigFiles, APointerToNothingIsTold) {
  Bench bench;
  bench.disk.content["zoo.cfg"] = "dynamicConfigFile=/etc/zoo.cfg.dynamic.7\n";
  const auto stored = read_configuration(bench.disk, "zoo.cfg");
  ASSERT_FALSE(stored);
  EXPECT_THAT(stored.error(), HasSubstr("zoo.cfg.dynamic.7 is missing"));
}

}  // namespace
}  // namespace zoetrope::zab
