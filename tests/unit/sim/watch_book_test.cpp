#include "sim/watch_book.hpp"

#include <gtest/gtest.h>

#include <string>

namespace zoetrope::sim {
namespace {

using properties::EventType;
using properties::OpKind;
using properties::WatchList;

properties::Operation read_with_watch(OpKind kind, const std::string& path, ErrorCode error) {
  properties::Operation op;
  op.args.kind = kind;
  op.args.path = path;
  op.args.watch = true;
  op.result.error = error;
  return op;
}

std::string text_of(const WatchBook& book) {
  static constexpr std::string_view kNames[] = {"data", "exist", "child", "persistent",
                                                "recursive"};
  std::string text;
  for (const properties::WatchEntry& entry : book.entries()) {
    text += std::string(kNames[static_cast<size_t>(entry.list)]) + " " + entry.path + "; ";
  }
  return text;
}

TEST(WatchBook, KeepsWhatARepliesLeavesAndLosesWhatAnEventTakes) {
  WatchBook book;
  EXPECT_TRUE(book.empty());
  book.reply(read_with_watch(OpKind::kGetData, "/a", ErrorCode::kOk));
  book.reply(read_with_watch(OpKind::kGetData, "/none", ErrorCode::kNoNode));
  book.reply(read_with_watch(OpKind::kExists, "/b", ErrorCode::kNoNode));
  book.reply(read_with_watch(OpKind::kGetChildren, "/c", ErrorCode::kOk));
  EXPECT_EQ(text_of(book), "data /a; exist /b; child /c; ");

  properties::WatchEvent event;
  event.path = "/a";
  event.type = EventType::kNodeDataChanged;
  book.event(event);
  EXPECT_EQ(text_of(book), "exist /b; child /c; ");
  event.path = "/b";
  event.type = EventType::kNodeCreated;
  book.event(event);
  event.path = "/c";
  event.type = EventType::kNodeChildrenChanged;
  book.event(event);
  EXPECT_TRUE(book.empty()) << text_of(book);
}

TEST(WatchBook, PersistentWatchesStayUntilTheyAreRemoved) {
  WatchBook book;
  properties::Operation add;
  add.args.kind = OpKind::kAddWatch;
  add.args.path = "/p";
  add.args.watch_type = 0;
  book.reply(add);
  add.args.path = "/r";
  add.args.watch_type = 1;
  book.reply(add);
  properties::WatchEvent event;
  event.path = "/p";
  event.type = EventType::kNodeDataChanged;
  book.event(event);
  EXPECT_EQ(text_of(book), "persistent /p; recursive /r; ");
  properties::Operation remove;
  remove.args.kind = OpKind::kRemoveWatches;
  remove.args.path = "/p";
  remove.args.watch_type = 3;  // any
  book.reply(remove);
  EXPECT_EQ(text_of(book), "recursive /r; ");
  book.clear();
  EXPECT_TRUE(book.empty());
}

}  // namespace
}  // namespace zoetrope::sim
