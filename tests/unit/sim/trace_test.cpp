#include "sim/trace.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace zoetrope::sim {
namespace {

struct Lines : TraceSink {
  void line(std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

Event plain_event() {
  Event event;
  event.at = MonotonicTime::from_ms(5);
  event.kind = EventKind::kDiskDone;
  event.subject = 2;
  event.detail = 9;
  return event;
}

uint64_t hash_of(const std::function<void(Trace&)>& fill) {
  Trace trace(nullptr);
  fill(trace);
  return trace.hash();
}

TEST(Trace, EveryPartOfAnEventChangesTheHash) {
  std::set<uint64_t> hashes = {hash_of([](Trace&) {})};
  const auto expect_new = [&](const char* what, const std::function<void(Event&)>& change) {
    Event event = plain_event();
    change(event);
    const uint64_t hash = hash_of([&](Trace& trace) { trace.event(event); });
    EXPECT_TRUE(hashes.insert(hash).second) << what;
  };
  expect_new("the event itself", [](Event&) {});
  expect_new("time", [](Event& e) { e.at.ns += 1; });
  expect_new("kind", [](Event& e) { e.kind = EventKind::kTick; });
  expect_new("side", [](Event& e) { e.side = 1; });
  expect_new("subject", [](Event& e) { e.subject = 3; });
  expect_new("detail", [](Event& e) { e.detail = 8; });
}

TEST(Trace, OrderAndEveryFurtherFactChangeTheHash) {
  Event other = plain_event();
  other.subject = 7;
  std::set<uint64_t> hashes;
  const std::vector<std::function<void(Trace&)>> runs = {
      [&](Trace& t) { t.event(plain_event()), t.event(other); },
      [&](Trace& t) { t.event(other), t.event(plain_event()); },
      [&](Trace& t) { t.event(other), t.event(plain_event()), t.number(0); },
      [&](Trace& t) { t.event(other), t.event(plain_event()), t.number(1); },
      [&](Trace& t) { t.event(other), t.event(plain_event()), t.bytes("a"); },
      [&](Trace& t) { t.event(other), t.event(plain_event()), t.bytes("b"); },
      [&](Trace& t) { t.event(other), t.event(plain_event()), t.bytes("a"), t.bytes("b"); },
      [&](Trace& t) { t.event(other), t.event(plain_event()), t.bytes("ab"); },
  };
  for (size_t i = 0; i < runs.size(); ++i) {
    EXPECT_TRUE(hashes.insert(hash_of(runs[i])).second) << "run " << i;
    EXPECT_TRUE(hashes.contains(hash_of(runs[i]))) << "run " << i << " is not repeatable";
  }
}

TEST(Trace, AReaderChangesNothing) {
  Lines lines;
  Trace silent(nullptr), readable(&lines);
  for (Trace* trace : {&silent, &readable}) {
    trace->event(plain_event());
    trace->note("the disk is done");
    trace->bytes("xyz");
  }
  EXPECT_EQ(silent.hash(), readable.hash());
  EXPECT_EQ(silent.event_count(), 1U);
  EXPECT_FALSE(silent.readable());
  EXPECT_EQ(lines.lines,
            (std::vector<std::string>{"5.000000ms  disk done  2>  9", "    the disk is done"}));
}

}  // namespace
}  // namespace zoetrope::sim
