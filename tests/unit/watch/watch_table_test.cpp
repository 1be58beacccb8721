#include "core/watch/watch_table.hpp"

#include <gtest/gtest.h>

namespace zoetrope::watch {
namespace {

using jute::EventType;

using Connections = std::vector<ConnectionId>;

ConnectionId id(uint64_t n) {
  return ConnectionId(n);
}

Connections fire(WatchTable& table, EventType type, std::string_view path) {
  Connections notified;
  table.trigger({type, path}, notified);
  return notified;
}

TEST(WatchTable, OneShotWatchesFireOnceForTheirEvents) {
  WatchTable table;
  table.add("/a", id(1), kData);
  table.add("/a", id(1), kData);
  table.add("/a", id(2), kChild);
  EXPECT_EQ(fire(table, EventType::kNodeChildrenChanged, "/a"), Connections{id(2)});
  EXPECT_EQ(fire(table, EventType::kNodeChildrenChanged, "/a"), Connections{});
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/b"), Connections{});
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/a"), Connections{id(1)});
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/a"), Connections{});
  table.add("/a", id(1), kData);
  EXPECT_EQ(fire(table, EventType::kNodeCreated, "/a"), Connections{id(1)});
  EXPECT_EQ(table.fingerprint(), WatchTable().fingerprint());
}

TEST(WatchTable, DeletionTellsEachConnectionOnce) {
  WatchTable table;
  table.add("/a", id(2), kData);
  table.add("/a", id(2), kChild);
  table.add("/a", id(1), kChild);
  table.add("/a", id(3), kPersistent);
  table.add("/a", id(3), kData);
  table.add("/", id(3), kRecursive);
  table.add("/", id(4), kRecursive);
  Connections notified{id(99)};
  table.trigger({EventType::kNodeDeleted, "/a"}, notified);
  EXPECT_EQ(notified, (Connections{id(99), id(1), id(2), id(3), id(4)}));
  EXPECT_EQ(fire(table, EventType::kNodeDeleted, "/a"), (Connections{id(3), id(4)}));
}

TEST(WatchTable, PersistentWatchesStay) {
  WatchTable table;
  table.add("/a", id(1), kPersistent);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(fire(table, EventType::kNodeCreated, "/a"), Connections{id(1)});
    EXPECT_EQ(fire(table, EventType::kNodeChildrenChanged, "/a"), Connections{id(1)});
    EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/a/b"), Connections{});
  }
}

TEST(WatchTable, RecursiveWatchesSeeDescendantsAndNoChildEvents) {
  WatchTable table;
  table.add("/a", id(1), kRecursive);
  for (const char* path : {"/a", "/a/b", "/a/b/c"}) {
    EXPECT_EQ(fire(table, EventType::kNodeDataChanged, path), Connections{id(1)}) << path;
    EXPECT_EQ(fire(table, EventType::kNodeChildrenChanged, path), Connections{}) << path;
  }
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/ab"), Connections{});
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/"), Connections{});
  table.add("/", id(2), kRecursive);
  EXPECT_EQ(fire(table, EventType::kNodeCreated, "/x/y"), Connections{id(2)});
}

TEST(WatchTable, KindsStandSideBySide) {
  WatchTable table;
  table.add("/a", id(1), kRecursive);
  table.add("/a", id(1), kPersistent);
  table.add("/a", id(1), kData);
  EXPECT_EQ(table.watch_count(), 1U);
  EXPECT_TRUE(table.contains("/a", id(1), WatcherType::kData));
  EXPECT_FALSE(table.contains("/a", id(1), WatcherType::kChildren));
  EXPECT_TRUE(table.contains("/a", id(1), WatcherType::kPersistent));
  EXPECT_TRUE(table.contains("/a", id(1), WatcherType::kPersistentRecursive));
  EXPECT_FALSE(table.contains("/a", id(2), WatcherType::kAny));
  EXPECT_FALSE(table.contains("/b", id(1), WatcherType::kAny));
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/a"), Connections{id(1)});
  EXPECT_FALSE(table.contains("/a", id(1), WatcherType::kData));
  EXPECT_TRUE(table.remove("/a", id(1), WatcherType::kPersistent));
  EXPECT_FALSE(table.remove("/a", id(1), WatcherType::kPersistent));
  EXPECT_EQ(fire(table, EventType::kNodeChildrenChanged, "/a"), Connections{});
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/a/b"), Connections{id(1)});
  EXPECT_TRUE(table.remove("/a", id(1), WatcherType::kAny));
  EXPECT_FALSE(table.remove("/a", id(1), WatcherType::kAny));
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/a/b"), Connections{});
}

TEST(WatchTable38, TheLastModeWinsInEachTable) {
  WatchTable table(true);
  table.add("/a", id(1), kPersistent);
  table.add("/a", id(1), kData);  // the data table's mode is now one-shot, the child table's is not
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/a"), Connections{id(1)});
  EXPECT_EQ(fire(table, EventType::kNodeDataChanged, "/a"), Connections{});
  EXPECT_EQ(fire(table, EventType::kNodeChildrenChanged, "/a"), Connections{id(1)});
  EXPECT_EQ(fire(table, EventType::kNodeChildrenChanged, "/a"), Connections{id(1)});
  table.add("/a", id(1), kRecursive);
  EXPECT_EQ(fire(table, EventType::kNodeChildrenChanged, "/a"), Connections{});
  EXPECT_EQ(fire(table, EventType::kNodeCreated, "/a/b"), Connections{id(1)});
  EXPECT_TRUE(table.contains("/a", id(1), WatcherType::kChildren));
  EXPECT_TRUE(table.remove("/a", id(1), WatcherType::kChildren));
  EXPECT_TRUE(table.contains("/a", id(1), WatcherType::kData));
}

TEST(WatchTable38, AnyoneWatches) {
  WatchTable table(true);
  table.add("/a", id(1), kChild);
  EXPECT_TRUE(table.anyone_watches("/a", WatcherType::kChildren));
  EXPECT_TRUE(table.anyone_watches("/a", WatcherType::kAny));
  EXPECT_FALSE(table.anyone_watches("/a", WatcherType::kData));
  EXPECT_FALSE(table.anyone_watches("/b", WatcherType::kAny));
}

TEST(WatchTable, CountsTheDataTable) {
  WatchTable table;
  table.add("/a", id(1), kData);
  table.add("/a", id(2), kData);
  table.add("/b", id(1), kPersistent);
  table.add("/c", id(3), kChild);
  EXPECT_EQ(table.watch_count(), 3U);
  EXPECT_EQ(table.connection_count(), 2U);
  EXPECT_EQ(table.path_count(), 2U);
  EXPECT_EQ(table.child_watch_count(), 2U);
  const std::vector<std::pair<std::string, ConnectionId>> rows{
      {"/a", id(1)}, {"/a", id(2)}, {"/b", id(1)}};
  EXPECT_EQ(table.dump(), rows);
  table.remove_all(id(1));
  table.remove_all(id(1));
  EXPECT_EQ(table.watch_count(), 1U);
  EXPECT_EQ(table.connection_count(), 1U);
  EXPECT_EQ(table.path_count(), 1U);
  EXPECT_EQ(table.child_watch_count(), 1U);
}

TEST(WatchTable, CopiesAreIndependent) {
  WatchTable table;
  table.add("/a", id(1), kData);
  WatchTable copy = table;
  EXPECT_EQ(copy.fingerprint(), table.fingerprint());
  EXPECT_EQ(fire(copy, EventType::kNodeCreated, "/a"), Connections{id(1)});
  EXPECT_EQ(table.watch_count(), 1U);
  const WatchTable moved = std::move(table);
  EXPECT_TRUE(moved.contains("/a", id(1), WatcherType::kData));
}

TEST(WatchTable, ACrowdOnOnePathAndAConnectionWithManyPaths) {
  WatchTable table;
  for (uint64_t i = 1000; i > 0; --i) table.add("/crowd", id(i), kData);
  for (int i = 0; i < 100000; ++i) table.add("/p" + std::to_string(i), id(7), kChild);
  const Connections all = fire(table, EventType::kNodeDataChanged, "/crowd");
  ASSERT_EQ(all.size(), 1000U);
  for (uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(all[i], id(i + 1));
  table.remove_all(id(7));
  EXPECT_EQ(table.fingerprint(), WatchTable().fingerprint());
}

}  // namespace
}  // namespace zoetrope::watch
