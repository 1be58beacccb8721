// Runs as stories: whole, and with the messages that were really sent.
#include "sim/story.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "sim/run.hpp"
#include "trace/export.hpp"

namespace zoetrope::sim {
namespace {

struct Told {
  trace::Story story;
  RunResult run;
  uint32_t servers = 0, clients = 0;
};

Told told(Profile profile, uint64_t seed, uint64_t operations = 60) {
  RunRequest request;
  request.profile = profile;
  request.seed = seed;
  request.overrides.operations = operations;
  request.check = false;
  const Plan plan = plan_of(request);
  Told told;
  told.servers = static_cast<uint32_t>(plan.world.processes.size());
  told.clients = static_cast<uint32_t>(plan.world.clients.size());
  StoryTeller teller("a run", told.servers, told.clients);
  told.run = run_plan(plan, make_server, nullptr, &teller);
  told.story = teller.take();
  return told;
}

class Stories : public ::testing::TestWithParam<Profile> {};
INSTANTIATE_TEST_SUITE_P(, Stories, ::testing::ValuesIn(kProfiles), [](const auto& profile) {
  std::string name(to_string(profile.param));
  std::erase(name, '-');
  return name;
});

TEST_P(Stories, AreWhole) {
  const Told whole = told(GetParam(), GetParam() == Profile::kSwarm ? 2 : 1);
  const trace::Story& story = whole.story;
  ASSERT_EQ(story.lanes.size(), whole.servers + whole.clients + 1);
  ASSERT_GT(story.events.size(), 100U);
  for (size_t i = 0; i < story.events.size(); ++i) {
    const trace::Event& event = story.events[i];
    ASSERT_LT(event.lane, story.lanes.size());
    const trace::Event& before = story.events[i == 0 ? 0 : i - 1];
    ASSERT_LE(before.at, event.at);
    ASSERT_LE(before.number, event.number);
    ASSERT_LT(event.cause.value_or(0), i + (event.cause ? 0 : 1));
  }
  for (const trace::Message& message : story.messages) {
    ASSERT_LT(message.from, message.to);
    ASSERT_LT(message.to, story.events.size());
    const trace::Event &from = story.events[message.from], &to = story.events[message.to];
    ASSERT_EQ(from.kind, trace::EventKind::kSend);
    ASSERT_EQ(to.kind, trace::EventKind::kReceive);
    ASSERT_NE(from.lane, to.lane);
    ASSERT_EQ(from.text, message.text);
    ASSERT_GT(message.bytes, 0U);
  }
  for (const trace::Span& span : story.spans) {
    ASSERT_LT(span.lane, story.lanes.size());
    ASSERT_LE(span.from, span.to);
  }
}

std::set<std::string> first_words(const trace::Story& story) {
  std::set<std::string> words;
  for (const trace::Message& message : story.messages) {
    words.insert(message.text.substr(0, message.text.find_first_of(" ,")));
  }
  return words;
}

TEST(Story, MessagesHaveTheirNames) {
  const std::set<std::string> words = first_words(told(Profile::kEnsemble, 1, 300).story);
  for (const char* const word :
       {"FOLLOWERINFO", "LEADERINFO", "ACKEPOCH", "NEWLEADER", "UPTODATE", "PROPOSAL", "ACK",
        "COMMIT", "PING", "vote", "connect", "reply", "create", "getData"}) {
    EXPECT_TRUE(words.contains(word)) << word;
  }
}

// Nothing is lost without a fault: every message that had time arrives, in order.
TEST(Story, MessagesArriveInTheOrderInWhichTheyWereSent) {
  const Told run = told(Profile::kCalm, 1);
  const trace::Story& story = run.story;
  const auto sent = std::ranges::count(story.events, trace::EventKind::kSend, &trace::Event::kind);
  EXPECT_GE(story.messages.size() + 5, static_cast<size_t>(sent));
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> last;
  for (const trace::Message& message : story.messages) {
    uint64_t& before = last[{story.events[message.from].lane, story.events[message.to].lane}];
    EXPECT_GT(message.from, before);
    before = message.from;
  }
}

TEST(Story, WhatLastsHasItsSpan) {
  const Told run = told(Profile::kEnsemble, 1, 300);
  const auto has = [&](trace::EventKind kind, const std::string& part) {
    return std::ranges::any_of(run.story.spans, [&](const trace::Span& span) {
      return span.kind == kind && span.text.find(part) != std::string::npos && span.from < span.to;
    });
  };
  EXPECT_TRUE(has(trace::EventKind::kState, "leading"));
  EXPECT_TRUE(has(trace::EventKind::kState, "following"));
  EXPECT_TRUE(has(trace::EventKind::kLife, "down"));
  EXPECT_TRUE(has(trace::EventKind::kFault, "cut "));
  EXPECT_TRUE(has(trace::EventKind::kOperation, "create"));
}

TEST(Story, LookingAtARunChangesNothing) {
  const Told run = told(Profile::kEnsemble, 4);
  RunRequest request;
  request.profile = Profile::kEnsemble;
  request.seed = 4;
  request.overrides.operations = 60;
  request.check = false;
  EXPECT_EQ(sim::run(request).hash, run.run.hash);
}

TEST(Story, IsDrawnInEveryFormat) {
  const Told run = told(Profile::kEnsemble, 1);
  for (int format = 0; format <= static_cast<int>(trace::Format::kDot); ++format) {
    EXPECT_FALSE(trace::draw(run.story, static_cast<trace::Format>(format)).empty()) << format;
  }
}

}  // namespace
}  // namespace zoetrope::sim
