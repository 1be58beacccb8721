// What the formats for other tools and the picture must say.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "tests/unit/trace/stories.hpp"
#include "trace/formats.hpp"
#include "trace/happens_before.hpp"

namespace zoetrope::trace {
namespace {

int64_t number_after(const std::string& text, const std::string& key) {
  const size_t at = text.find(key);
  return at == std::string::npos ? -1 : std::atoll(text.c_str() + at + key.size());
}

TEST(JsonLines, HasEverythingThatTheStoryHas) {
  const Story story = broken_promise();
  const auto lines = lines_of(draw(story, Format::kJsonLines));
  ASSERT_EQ(lines.size(), 1 + story.events.size() + story.messages.size() + story.spans.size());
  EXPECT_EQ(
      lines[0],
      R"({"type":"story","version":1,"title":"seed 7, profile crash","lanes":[)"
      R"({"name":"server 1","kind":"server"},{"name":"server 2","kind":"server"},)"
      R"({"name":"server 3","kind":"server"},{"name":"client 1","kind":"client"},)"
      R"({"name":"faults","kind":"world"}],"events":13,"messages":4,"spans":3,"left_out":""})");
  EXPECT_EQ(lines[10], R"({"type":"event","index":9,"at_ns":400000000,"lane":0,"kind":"life",)"
                       R"("text":"killed","cause":6,"number":10})");
  EXPECT_EQ(lines[14], R"({"type":"message","from":1,"to":2,"text":"setData /a","bytes":80})");
  EXPECT_EQ(lines[18],
            R"({"type":"span","lane":0,"from_ns":1000000,"to_ns":400000000,"kind":"state",)"
            R"("text":"LEADING, epoch 1"})");
}

TEST(Shiviz, ClocksAreThoseOfTheMessages) {
  const auto lines = lines_of(draw(broken_promise(), Format::kShiviz));
  ASSERT_EQ(lines.size(), 2 + 2 * 13U);
  EXPECT_EQ(lines[0], R"((?<time>\S*) (?<host>\S*) (?<clock>{.*})\n(?<event>.*))");
  EXPECT_EQ(lines[1], "");
  EXPECT_EQ(lines[2], R"(1.000000ms server_1 {"server_1":1})");
  EXPECT_EQ(lines[6], R"(2.300000ms server_1 {"server_1":2, "client_1":1})");
  EXPECT_EQ(lines[7], "receive setData /a");
  // The client's answer knows of the leader through server 2 alone.
  EXPECT_EQ(lines[24], R"(400.400000ms client_1 {"server_1":3, "server_2":3, "client_1":2})");
}

TEST(Shiviz, HostsThatDifferInBlanksStayDifferent) {
  StoryBuilder b;
  b.event(1, b.lane("a b"), EventKind::kStep, "");
  b.event(2, b.lane("a_b"), EventKind::kStep, "");
  const auto lines = lines_of(draw(b.story, Format::kShiviz));
  EXPECT_EQ(lines[2], R"(0.001000ms a_b {"a_b":1})");
  EXPECT_EQ(lines[4], R"(0.002000ms a_b_1 {"a_b_1":1})");
}

// By the definition: a path over lanes and messages.
TEST(HappensBefore, ClocksAgreeWithPaths) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const Story story = any_story(seed);
    const Clocks clocks(story);
    const auto before = predecessors(story);
    const size_t count = story.events.size();
    std::vector<std::vector<bool>> reaches(count, std::vector<bool>(count));
    for (size_t to = 0; to < count; ++to) {
      const auto learn = [&](uint64_t from) {
        for (size_t i = 0; i < count; ++i) {
          if (reaches[i][from]) reaches[i][to] = true;
        }
      };
      reaches[to][to] = true;
      if (before[to]) learn(*before[to]);
      for (const Message& message : story.messages) {
        if (message.to == to) learn(message.from);
      }
      for (size_t from = 0; from < count; ++from) {
        EXPECT_EQ(clocks.reaches(from, to), reaches[from][to]) << seed << ' ' << from << ' ' << to;
      }
    }
  }
}

TEST(Perfetto, HasALaneAsAProcessAndMessagesAsFlows) {
  const std::string text = draw(broken_promise(), Format::kPerfetto);
  EXPECT_NE(
      text.find(R"({"ph":"M","pid":4,"tid":1,"name":"process_name","args":{"name":"client 1"}})"),
      std::string::npos);
  EXPECT_NE(text.find(R"({"ph":"X","pid":1,"tid":2,"name":"LEADING, epoch 1","cat":"state",)"
                      R"("ts":1000.000,"dur":399000.000})"),
            std::string::npos);
  EXPECT_NE(text.find(R"({"ph":"s","pid":4,"tid":1,"name":"setData /a","cat":"message","id":1,)"
                      R"("ts":2000.000,"args":{"bytes":80}})"),
            std::string::npos);
  EXPECT_NE(text.find(R"({"ph":"f","pid":1,"tid":1,"name":"setData /a","cat":"message","id":1,)"
                      R"("ts":2300.000,"bp":"e"})"),
            std::string::npos);
  EXPECT_EQ(count_of(text, R"("ph":"s")"), 4U);
  EXPECT_EQ(count_of(text, R"("ph":"i")"), 5U);
  EXPECT_EQ(count_of(text, R"("ph":"X")"), 11U);  // three spans, eight ends of messages
}

TEST(Perfetto, TimesAreExactToTheNanosecond) {
  StoryBuilder b;
  b.event(0, b.lane("server 1"), EventKind::kStep, "late");
  b.story.events[0].at = MonotonicTime{9'007'199'254'740'993};
  EXPECT_NE(draw(b.story, Format::kPerfetto).find(R"("ts":9007199254740.993)"), std::string::npos);
}

TEST(Perfetto, SpansOfOneThreadNeverCross) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const Story story = any_story(seed);
    const auto track = tracks(story);
    for (size_t a = 0; a < story.spans.size(); ++a) {
      for (size_t b = 0; b < a; ++b) {
        const Span &first = story.spans[a], &second = story.spans[b];
        if (first.lane != second.lane || track[a] != track[b]) continue;
        const bool apart = first.to <= second.from || second.to <= first.from;
        const bool nested = (first.from <= second.from && first.to >= second.to) ||
                            (second.from <= first.from && second.to >= first.to);
        EXPECT_TRUE(apart || nested) << "seed " << seed;
      }
    }
  }
}

TEST(Dot, HasDirectEdgesOnly) {
  StoryBuilder b;
  const uint32_t s1 = b.lane("1"), s2 = b.lane("2"), s3 = b.lane("3");
  const uint64_t first = b.event(1, s1, EventKind::kSend, "a");
  const uint64_t second = b.event(2, s2, EventKind::kReceive, "b");
  const uint64_t third = b.event(3, s3, EventKind::kReceive, "c");
  b.message(first, second, "direct");
  b.message(second, third, "onwards");
  b.message(first, third, "implied");
  b.story.events[third].cause = first;
  const std::string text = draw(b.story, Format::kDot);
  EXPECT_EQ(count_of(text, "->"), 2U) << text;
  EXPECT_EQ(text.find("implied"), std::string::npos);
}

TEST(Dot, AnEdgeSaysWhatItsEventDoesNot) {
  StoryBuilder b;
  const uint32_t s1 = b.lane("1"), s2 = b.lane("2");
  const uint64_t sent = b.event(1, s1, EventKind::kSend, "");
  b.message(sent, b.event(2, s2, EventKind::kReceive, "PING again"), "PING");
  const uint64_t next = b.event(3, s1, EventKind::kSend, "");
  b.message(next, b.event(4, s2, EventKind::kReceive, "something"), "ACK");
  const std::string text = draw(b.story, Format::kDot);
  EXPECT_NE(text.find(R"(,tooltip="PING")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"(,label="ACK")"), std::string::npos) << text;
}

TEST(Dot, MarksTheChainToTheViolation) {
  const std::string text = draw(broken_promise(), Format::kDot);
  std::map<std::string, bool> is_critical;
  for (const std::string& line : lines_of(text)) {
    if (line.find("->") != std::string::npos) {
      is_critical[line.substr(0, line.find(' '))] = line.find("penwidth=3") != std::string::npos;
    }
  }
  // Proposal, its arrival, its sync, the reply, its arrival, the violation; not the kill.
  for (const char* edge : {"0->2", "2->3", "3->5", "5->8", "8->10", "10->11", "11->12"}) {
    EXPECT_TRUE(is_critical.contains(edge)) << edge << '\n' << text;
    EXPECT_EQ(is_critical[edge], std::string(edge) != "0->2") << edge << '\n' << text;
  }
  EXPECT_FALSE(is_critical["4->9"]);
  EXPECT_NE(text.find("6->9 [weight=1,style=dashed]"), std::string::npos) << text;
}

TEST(Dot, GraphvizTakesIt) {
  if (std::system("command -v dot >/dev/null") != 0) GTEST_SKIP() << "Graphviz is not installed";
  for (uint32_t seed = 0; seed < 10; ++seed) {
    std::FILE* const pipe = popen("dot -Tplain >/dev/null 2>&1", "w");
    ASSERT_NE(pipe, nullptr);
    std::fputs(draw(any_story(seed), Format::kDot).c_str(), pipe);
    EXPECT_EQ(pclose(pipe), 0) << "seed " << seed;
  }
}

TEST(Svg, MessagesGoDownFromLaneToLane) {
  const std::string text = draw(broken_promise(), Format::kSvg);
  const auto lines = lines_of(text);
  std::vector<std::array<int64_t, 4>> ways;
  for (const std::string& line : lines) {
    std::array<int, 6> n{};
    if (std::sscanf(line.c_str(), "<path class=\"message\" d=\"M%d %dQ%d %d %d %d", &n[0], &n[1],
                    &n[2], &n[3], &n[4], &n[5]) == 6) {
      ways.push_back({n[0], n[1], n[4], n[5]});
    }
  }
  ASSERT_EQ(ways.size(), 4U);
  for (const auto& [x1, y1, x2, y2] : ways) EXPECT_LT(y1, y2);
  EXPECT_EQ(ways[1][0], ways[0][2]);  // both on the leader's lane
  EXPECT_LT(ways[1][2], ways[2][2]);  // server 2 is left of server 3
  EXPECT_GT(ways[3][1], ways[2][3]);  // the reply comes after the proposals
  EXPECT_EQ(count_of(text, "<rect"), 1 + 3U);
}

TEST(Svg, RowsDoNotOverlapAndStayWithinThePicture) {
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const std::string text = draw(any_story(seed), Format::kSvg);
    const int64_t height = number_after(text, "height=\"");
    int64_t last = 0;
    for (const std::string& line : lines_of(text)) {
      if (!line.starts_with("<g>")) continue;
      const int64_t y = number_after(line, "cy=\"");
      EXPECT_GE(y, last + 15) << "seed " << seed;
      last = y;
    }
    EXPECT_LT(last, height);
  }
}

}  // namespace
}  // namespace zoetrope::trace
