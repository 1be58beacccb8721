#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/storage/recovery.hpp"

namespace zoetrope::storage {
namespace {

using Names = std::vector<std::string>;

Names names_of(const std::vector<FileName>& files) {
  Names names;
  for (const FileName& file : files) {
    EXPECT_EQ(file.folder, file.name.starts_with("log.") ? Folder::kLog : Folder::kSnapshot);
    names.push_back(file.name);
  }
  return names;
}

struct Case {
  const char* what;
  Names snapshots, valid, logs;
  size_t retain;
  Names purged;
};

const Case kCases[] = {
    {"nothing there", {}, {}, {}, 3, {}},
    {"fewer than are to be kept",
     {"snapshot.5", "snapshot.9"},
     {"snapshot.5", "snapshot.9"},
     {"log.1", "log.6"},
     3,
     {}},
    {"exactly as many: only logs before the oldest",
     {"snapshot.5", "snapshot.9", "snapshot.c"},
     {"snapshot.5", "snapshot.9", "snapshot.c"},
     {"log.1", "log.4", "log.6", "log.a"},
     3,
     {"log.1"}},
    {"the log that spans the oldest kept snapshot stays (ZOOKEEPER-2574)",
     {"snapshot.5", "snapshot.9", "snapshot.c", "snapshot.10"},
     {"snapshot.5", "snapshot.9", "snapshot.c", "snapshot.10"},
     {"log.1", "log.8", "log.11"},
     3,
     {"log.1", "snapshot.5"}},
    {"a log that starts with the oldest kept snapshot is the spanning one",
     {"snapshot.5", "snapshot.9", "snapshot.c", "snapshot.10"},
     {"snapshot.5", "snapshot.9", "snapshot.c", "snapshot.10"},
     {"log.1", "log.8", "log.9", "log.a"},
     3,
     {"log.1", "log.8", "snapshot.5"}},
    {"one log spans everything",
     {"snapshot.5", "snapshot.9", "snapshot.c", "snapshot.10"},
     {"snapshot.5", "snapshot.9", "snapshot.c", "snapshot.10"},
     {"log.1"},
     1,
     {"snapshot.5", "snapshot.9", "snapshot.c"}},
    {"invalid snapshots do not count (ZOOKEEPER-3231)",
     {"snapshot.5", "snapshot.9", "snapshot.c", "snapshot.10", "snapshot.20", "snapshot.30"},
     {"snapshot.5", "snapshot.9", "snapshot.c"},
     {"log.1", "log.6", "log.a", "log.d"},
     3,
     {}},
    {"invalid ones older than the oldest kept go with the rest",
     {"snapshot.3", "snapshot.5", "snapshot.9", "snapshot.c", "snapshot.10"},
     {"snapshot.5", "snapshot.9", "snapshot.10"},
     {"log.1", "log.6", "log.a"},
     2,
     {"log.1", "snapshot.3", "snapshot.5"}},
    {"two forms of one snapshot count once",
     {"snapshot.5", "snapshot.9", "snapshot.9.gz"},
     {"snapshot.5", "snapshot.9", "snapshot.9.gz"},
     {"log.1", "log.6"},
     2,
     {}},
    {"zxids are compared as numbers, not as text",
     {"snapshot.9", "snapshot.10", "snapshot.100000001"},
     {"snapshot.9", "snapshot.10", "snapshot.100000001"},
     {"log.1", "log.a", "log.11", "log.100000002"},
     2,
     {"log.1", "snapshot.9"}},
    {"files of other names are never touched",
     {"snapshot.5", "snapshot.9", "snapshot.2.tmp", "currentEpoch"},
     {"snapshot.5", "snapshot.9"},
     {"log.1", "log.6", "log.7", "log.x", "acceptedEpoch"},
     1,
     {"log.1", "log.6", "snapshot.5"}},
    {"no logs at all",
     {"snapshot.5", "snapshot.9"},
     {"snapshot.5", "snapshot.9"},
     {},
     1,
     {"snapshot.5"}},
    {"all logs newer than the oldest kept",
     {"snapshot.5", "snapshot.9"},
     {"snapshot.5", "snapshot.9"},
     {"log.a", "log.c"},
     1,
     {"snapshot.5"}},
};

TEST(Retention, RemovesWhatNoKeptSnapshotNeeds) {
  for (const Case& c : kCases) {
    EXPECT_EQ(names_of(files_to_purge(c.snapshots, c.valid, c.logs, c.retain)), c.purged) << c.what;
  }
}

}  // namespace
}  // namespace zoetrope::storage
