// Recordings as stories: what a server did is in its own, and the members of an ensemble tell one
// in which nothing arrives before it was sent, whatever their clocks say.
#include "replay/story.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/replay/recorded_run.hpp"

namespace zoetrope::replay {
namespace {

using trace::EventKind;

std::vector<Told> tell_all(const test::RecordedRun& run) {
  std::vector<Told> all;
  for (const auto& [server, files] : run.files) {
    Teller teller;
    Replayer replayer([&](const Step& step) { teller.see(step); },
                      [&](const Break& end) { teller.see(end); });
    for (const std::string& file : files->files) replayer.take("file", file);
    EXPECT_FALSE(replayer.finish().difference);
    all.push_back(teller.take());
  }
  return all;
}

void expect_whole(const trace::Story& story) {
  for (size_t i = 1; i < story.events.size(); ++i) {
    ASSERT_LE(story.events[i - 1].at, story.events[i].at);
  }
  for (const trace::Message& message : story.messages) {
    ASSERT_LT(message.from, message.to);
    ASSERT_LT(story.events[message.from].at, story.events[message.to].at);
    ASSERT_EQ(story.events[message.from].kind, EventKind::kSend);
    ASSERT_EQ(story.events[message.to].kind, EventKind::kReceive);
    ASSERT_NE(story.events[message.from].lane, story.events[message.to].lane);
    ASSERT_FALSE(message.text.empty());
  }
  for (const trace::Span& span : story.spans) ASSERT_LE(span.from, span.to);
}

size_t count_of(const trace::Story& story, EventKind kind) {
  return static_cast<size_t>(std::ranges::count(story.events, kind, &trace::Event::kind));
}

bool has_message(const trace::Story& story, std::string_view text) {
  return std::ranges::any_of(story.messages, [&](const trace::Message& message) {
    return message.text.find(text) != std::string::npos;
  });
}

TEST(Stories, OfAnEnsembleHaveTheirMessages) {
  const auto run = test::record_run(sim::Profile::kEnsemble, 1);
  const trace::Story story = merge(tell_all(run));
  expect_whole(story);
  EXPECT_EQ(story.lanes.size(), run.files.size());
  for (const char* text :
       {"PROPOSAL", "COMMIT", "NEWLEADER", "FOLLOWERINFO", "introduces itself", "LOOKING, votes"}) {
    EXPECT_TRUE(has_message(story, text)) << text;
  }
  // What was sent arrived, but for what was on its way to somebody who died.
  EXPECT_GT(story.messages.size() * 10, count_of(story, EventKind::kSend) * 7);
  EXPECT_GT(count_of(story, EventKind::kState), run.files.size());
  EXPECT_GT(count_of(story, EventKind::kCommit), 10U);
  EXPECT_FALSE(story.spans.empty());
}

TEST(Stories, BringClocksTogetherThatDisagree) {
  const auto run = test::record_run(sim::Profile::kEnsemble, 2);
  std::vector<Told> told = tell_all(run);
  const trace::Story as_it_was = merge(told);
  constexpr int64_t kAhead = 5'000'000'000;
  for (Told::Moment& moment : told.back().moments) moment.at += kAhead;
  const trace::Story story = merge(told);
  expect_whole(story);
  EXPECT_EQ(story.messages.size(), as_it_was.messages.size());
  // Together again but for what a message takes.
  const auto longest = [](const trace::Story& of) {
    int64_t ns = 0;
    for (const trace::Message& m : of.messages) {
      ns = std::max(ns, (of.events[m.to].at - of.events[m.from].at).ns);
    }
    return ns;
  };
  EXPECT_LT(longest(story), longest(as_it_was) + kAhead / 10);
}

TEST(Stories, OfOneServerTellItsLives) {
  const auto run = test::record_run(sim::Profile::kCrash, 1);
  const trace::Story story = merge(tell_all(run));
  expect_whole(story);
  const auto has = [&](std::string_view text) {
    return std::ranges::any_of(story.events, [&](const trace::Event& event) {
      return event.text.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("started at 0x"));
  EXPECT_TRUE(has("ended without a word"));
  EXPECT_TRUE(has("create"));
  EXPECT_TRUE(has("sync log."));
  EXPECT_TRUE(story.messages.empty());
}

TEST(Stories, OfNothingAreEmpty) {
  EXPECT_TRUE(merge({}).events.empty());
  EXPECT_TRUE(merge({Told{}}).events.empty());
}

}  // namespace
}  // namespace zoetrope::replay
