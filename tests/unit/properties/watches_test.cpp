// The property about watches: what each change owes, and what a connection was given.
#include <gtest/gtest.h>

#include "tests/unit/properties/story.hpp"

namespace zoetrope::properties {
namespace {

constexpr Check kCheck = check_watches_fire_exactly_once;

// Connection 0 makes /a and changes it; connection 1 watches its data.
struct DataWatch : Story {
  DataWatch() {
    writer = connect(7);
    watcher = connect(8);
    create(writer, 1, "/a", 1);
    read(watcher, 1, OpKind::kGetData, "/a", 1).args.watch = true;
    write(writer, 2, OpKind::kSetData, "/a", 2);
  }
  uint32_t writer = 0, watcher = 0;
};

TEST(WatchesFireExactlyOnce, HoldsForOneEventBeforeTheReplyThatShowsTheChange) {
  DataWatch s;
  s.event(s.watcher, 2, EventType::kNodeDataChanged, "/a");
  s.read(s.watcher, 2, OpKind::kGetData, "/a", 2);
  s.write(s.writer, 3, OpKind::kSetData, "/a", 3);
  s.read(s.watcher, 3, OpKind::kGetData, "/a", 3);
  EXPECT_TRUE(violations(kCheck, s.history).empty());
}

TEST(WatchesFireExactlyOnce, FindsALostEvent) {
  DataWatch s;
  s.read(s.watcher, 2, OpKind::kGetData, "/a", 2);
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);
}

TEST(WatchesFireExactlyOnce, AnEventNeedNotComeBeforeTheConnectionEnds) {
  DataWatch s;
  s.read(s.watcher, 2, OpKind::kGetData, "/a", 1);
  EXPECT_TRUE(violations(kCheck, s.history).empty());
}

TEST(WatchesFireExactlyOnce, FindsAnEventAfterTheReplyThatShowsTheChange) {
  DataWatch s;
  s.read(s.watcher, 2, OpKind::kGetData, "/a", 2);
  s.event(s.watcher, 2, EventType::kNodeDataChanged, "/a");
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);
}

TEST(WatchesFireExactlyOnce, FindsAnEventTwice) {
  DataWatch s;
  s.event(s.watcher, 2, EventType::kNodeDataChanged, "/a");
  s.event(s.watcher, 2, EventType::kNodeDataChanged, "/a");
  s.read(s.watcher, 2, OpKind::kGetData, "/a", 2);
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);
}

TEST(WatchesFireExactlyOnce, FindsAnInventedEvent) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  s.event(c, 1, EventType::kNodeCreated, "/a");
  s.read(c, 2, OpKind::kExists, "/a", 1);
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);
}

TEST(WatchesFireExactlyOnce, FindsAnInventedEventAfterTheLastReply) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  s.event(c, 1, EventType::kNodeCreated, "/a");
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);
}

TEST(WatchesFireExactlyOnce, AFailedGetDataLeavesNoWatchAndExistsDoes) {
  Story s;
  const uint32_t c = s.connect(7), reader = s.connect(8), waiter = s.connect(9);
  s.read(reader, 1, OpKind::kGetData, "/a", 0, ErrorCode::kNoNode).args.watch = true;
  s.read(waiter, 1, OpKind::kExists, "/a", 0, ErrorCode::kNoNode).args.watch = true;
  s.create(c, 1, "/a", 1);
  s.read(reader, 2, OpKind::kExists, "/a", 1);
  s.event(waiter, 1, EventType::kNodeCreated, "/a");
  s.read(waiter, 2, OpKind::kExists, "/a", 1);
  EXPECT_TRUE(violations(kCheck, s.history).empty());
}

TEST(WatchesFireExactlyOnce, ADeletedNodeTellsAConnectionOnce) {
  Story s;
  const uint32_t c = s.connect(7), w = s.connect(8);
  s.create(c, 1, "/a", 1);
  s.read(w, 1, OpKind::kGetData, "/a", 1).args.watch = true;
  s.read(w, 2, OpKind::kGetChildren, "/a", 1).args.watch = true;
  s.read(w, 3, OpKind::kGetChildren, "/", 1).args.watch = true;
  s.write(c, 2, OpKind::kDelete, "/a", 2);
  s.event(w, 2, EventType::kNodeDeleted, "/a");
  s.event(w, 2, EventType::kNodeChildrenChanged, "/");
  s.read(w, 4, OpKind::kExists, "/a", 2, ErrorCode::kNoNode);
  EXPECT_TRUE(violations(kCheck, s.history).empty());
  std::swap(s.history.events[0].path, s.history.events[1].path);
  std::swap(s.history.events[0].type, s.history.events[1].type);
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);  // the order counts
}

TEST(WatchesFireExactlyOnce, RecursiveWatchesSeeDescendantsButNoChildEvents) {
  Story s;
  const uint32_t c = s.connect(7), w = s.connect(8);
  s.create(c, 1, "/a", 1);
  s.read(w, 1, OpKind::kAddWatch, "/a", 1).args.watch_type = 1;
  s.create(c, 2, "/a/b", 2);
  s.write(c, 3, OpKind::kSetData, "/a/b", 3);
  s.event(w, 2, EventType::kNodeCreated, "/a/b");
  s.event(w, 3, EventType::kNodeDataChanged, "/a/b");
  s.read(w, 2, OpKind::kExists, "/a", 3);
  EXPECT_TRUE(violations(kCheck, s.history).empty());
}

TEST(WatchesFireExactlyOnce, APersistentWatchStaysUntilItIsRemoved) {
  Story s;
  const uint32_t c = s.connect(7), w = s.connect(8);
  s.create(c, 1, "/a", 1);
  s.read(w, 1, OpKind::kAddWatch, "/a", 1);
  s.write(c, 2, OpKind::kSetData, "/a", 2);
  s.write(c, 3, OpKind::kSetData, "/a", 3);
  s.event(w, 2, EventType::kNodeDataChanged, "/a");
  s.event(w, 3, EventType::kNodeDataChanged, "/a");
  s.read(w, 2, OpKind::kRemoveWatches, "/a", 3).args.watch_type = 3;
  s.write(c, 4, OpKind::kSetData, "/a", 4);
  s.read(w, 3, OpKind::kExists, "/a", 4);
  EXPECT_TRUE(violations(kCheck, s.history).empty());
  s.read(w, 4, OpKind::kCheckWatches, "/a", 4).args.watch_type = 3;  // there is none any more
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);
}

TEST(WatchesFireExactlyOnce, WhoMayNotReadIsNotTold) {
  Story s;
  const uint32_t c = s.connect(7), w = s.connect(8);
  s.create(c, 1, "/a", 1).args.acl = {{kAllPermissions, {"digest", "u:h"}}};
  s.history.connections[c].identities = {{"digest", "u:h"}};
  s.read(w, 1, OpKind::kAddWatch, "/a", 1);
  s.write(c, 2, OpKind::kSetData, "/a", 2);
  s.read(w, 2, OpKind::kPing, "", 2);
  EXPECT_TRUE(violations(kCheck, s.history).empty());
}

// A client that watched /a, /gone and /new comes back after all three have changed.
struct Reconnect : Story {
  Reconnect() {
    const uint32_t c = connect(7);
    create(c, 1, "/a", 1);
    create(c, 2, "/gone", 2);
    create(c, 3, "/same", 3);
    write(c, 4, OpKind::kSetData, "/a", 4);
    write(c, 5, OpKind::kDelete, "/gone", 5);
    create(c, 6, "/new", 6);
    back = connect(8, 4000, 8);
    Operation& op = send(back, -8, OpKind::kSetWatches);
    op.relative_zxid = Zxid(3);
    op.watches = {{WatchList::kData, "/a"},
                  {WatchList::kData, "/gone"},
                  {WatchList::kExist, "/new"},
                  {WatchList::kData, "/same"},
                  {WatchList::kChild, "/same"}};
    set_watches = &op;
  }
  uint32_t back = 0;
  Operation* set_watches = nullptr;
};

TEST(WatchesFireExactlyOnce, AReconnectMakesGoodWhatWasMissed) {
  Reconnect s;
  s.event(s.back, -1, EventType::kNodeDeleted, "/gone");
  s.event(s.back, -1, EventType::kNodeDataChanged, "/a");
  s.event(s.back, -1, EventType::kNodeCreated, "/new");
  s.answer(*s.set_watches, 6);
  EXPECT_TRUE(violations(kCheck, s.history).empty());
  // What had not changed is armed again.
  s.write(0, 7, OpKind::kSetData, "/same", 7);
  s.read(s.back, 1, OpKind::kExists, "/same", 7);
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);
}

TEST(WatchesFireExactlyOnce, FindsAMissedChangeThatAReconnectDoesNotMakeGood) {
  Reconnect s;
  s.event(s.back, -1, EventType::kNodeDeleted, "/gone");
  s.event(s.back, -1, EventType::kNodeCreated, "/new");
  s.answer(*s.set_watches, 6);
  EXPECT_EQ(violations(kCheck, s.history).size(), 1u);
}

}  // namespace
}  // namespace zoetrope::properties
