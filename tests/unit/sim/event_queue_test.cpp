#include "sim/event_queue.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/base/random.hpp"
#include "sim/clock.hpp"

namespace zoetrope::sim {
namespace {

Event event_at(int64_t ns, uint64_t subject = 0) {
  Event event;
  event.at = MonotonicTime{ns};
  event.subject = subject;
  return event;
}

TEST(EventQueue, GivesTheEarliestFirstAndMovesTheTime) {
  EventQueue queue;
  for (const int64_t ns : {30, 10, 20}) queue.push(event_at(ns));
  EXPECT_EQ(queue.size(), 3U);
  for (const int64_t ns : {10, 20, 30}) {
    EXPECT_EQ(queue.pop().at.ns, ns);
    EXPECT_EQ(queue.now().ns, ns);
  }
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.now().ns, 30);
}

TEST(EventQueue, EventsOfOneInstantKeepTheOrderOfTheirPlanning) {
  EventQueue queue;
  for (uint64_t i = 0; i < 100; ++i) queue.push(event_at(7, i));
  for (uint64_t i = 0; i < 50; ++i) EXPECT_EQ(queue.pop().subject, i);
  // What is planned now for now comes last.
  for (uint64_t i = 100; i < 120; ++i) queue.push(event_at(7, i));
  for (uint64_t i = 50; i < 120; ++i) EXPECT_EQ(queue.pop().subject, i);
}

TEST(EventQueue, BehavesAsASortedSet) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    EventQueue queue;
    std::set<std::pair<int64_t, uint64_t>> model;  // (time, number of the planning)
    uint64_t planned = 0;
    for (int i = 0; i < 400; ++i) {
      if (model.empty() || !random.one_in(3)) {
        const int64_t at = queue.now().ns + random.between(0, 20);
        queue.push(event_at(at, planned));
        model.emplace(at, planned++);
      } else {
        const Event event = queue.pop();
        ASSERT_EQ((std::pair{event.at.ns, event.subject}), *model.begin()) << "seed " << seed;
        model.erase(model.begin());
      }
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

TEST(EventQueueDeathTest, ThePastCannotBePlannedAndNothingCannotBeTaken) {
  EventQueue queue;
  EXPECT_DEATH(queue.pop(), "empty");
  queue.push(event_at(10));
  queue.pop();
  EXPECT_DEATH(queue.push(event_at(9)), "now_");
}

TEST(EventQueue, EveryKindHasAName) {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(EventKind::kFault); ++kind) {
    const std::string_view name = to_string(static_cast<EventKind>(kind));
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(Clock, IsAViewOfTheWorldsTime) {
  Clock clock;
  const MonotonicTime t = MonotonicTime::from_ms(1500);
  EXPECT_EQ(clock.now(t).monotonic, t);
  EXPECT_EQ(clock.now(t).wall.ms, kWallOrigin.ms + 1500);

  clock.set_monotonic_offset(Duration::from_ms(77));
  EXPECT_EQ(clock.now(t).monotonic, MonotonicTime::from_ms(1577));
  EXPECT_EQ(clock.world_time(clock.now(t).monotonic), t);
  EXPECT_EQ(clock.now(t).wall.ms, kWallOrigin.ms + 1500) << "another origin is no later hour";

  clock.jump_wall(-4000);
  clock.jump_wall(1000);
  EXPECT_EQ(clock.now(t).wall.ms, kWallOrigin.ms + 1500 - 3000);
  EXPECT_EQ(clock.now(t).monotonic, MonotonicTime::from_ms(1577)) << "a jump moves no time-out";
}

}  // namespace
}  // namespace zoetrope::sim
