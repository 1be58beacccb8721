// The diagram for a terminal.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/unit/trace/stories.hpp"
#include "trace/writing.hpp"

namespace zoetrope::trace {
namespace {

TEST(TextDiagram, ShowsWhoDidWhatAndWhereMessagesWent) {
  std::ifstream file(ZT_TEST_DATA "/trace/broken_promise.txt");
  const std::string expected(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(draw(broken_promise(), Format::kText), expected);
}

TEST(TextDiagram, RepeatedHeartbeatsAreOneRow) {
  const std::string text = draw(idle_ensemble(50), Format::kText, {.columns = 0});
  EXPECT_EQ(lines_of(text).size(), 8U) << text;
  EXPECT_NE(text.find("98 more like above | 49x server 1: PING -> server 2 | 49x server 2: PING <- "
                      "server 1"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("killed"), std::string::npos);
}

// After a new leader the first PING is news again.
TEST(TextDiagram, WhatRepeatsIsShownAgainAfterATurn) {
  StoryBuilder b;
  const uint32_t server = b.lane("server 1");
  for (int i = 0; i < 10; ++i) {
    b.event(i * 10, server, EventKind::kTimer, "tick");
    if (i == 4) b.event(i * 10, server, EventKind::kState, "LOOKING");
  }
  const std::string text = draw(b.story, Format::kText, {.columns = 0});
  EXPECT_EQ(count_of(text, "server 1: tick\n"), 4U) << text;  // twice shown, twice counted
  EXPECT_NE(text.find("4 more like above | 4x server 1: tick"), std::string::npos) << text;
}

TEST(TextDiagram, ALongPauseIsARowOfItsOwn) {
  StoryBuilder b;
  const uint32_t server = b.lane("server 1");
  for (int i = 0; i < 10; ++i) {
    b.event(i * 1000 + (i > 6 ? 2'000'000 : 0), server, EventKind::kCommit, std::to_string(i));
  }
  const std::string text = draw(b.story, Format::kText);
  EXPECT_EQ(count_of(text, " ~ 2.0 s ~ "), 1U) << text;
  EXPECT_EQ(count_of(text, "~ "), 2U) << text;
}

TEST(TextDiagram, LinesKeepToTheirColumns) {
  Story story = broken_promise();
  story.events[2].text = std::string(500, 'x');
  for (const uint32_t columns : {80U, 120U, 200U}) {
    for (const std::string& line : lines_of(draw(story, Format::kText, {.columns = columns}))) {
      if (line.empty()) break;  // the legend comes
      EXPECT_LE(characters_of(line), columns) << line;
    }
  }
  EXPECT_NE(draw(story, Format::kText, {.columns = 0}).find(std::string(500, 'x')),
            std::string::npos);
}

TEST(TextDiagram, NarrowLanesHaveNumbersAndALegend) {
  StoryBuilder b;
  for (int i = 1; i <= 12; ++i) b.lane("server " + std::to_string(i));
  b.event(1, 11, EventKind::kLife, "started");
  const std::string text = draw(b.story, Format::kText, {.columns = 100});
  EXPECT_NE(text.find("  12 = server 12\n"), std::string::npos) << text;
  EXPECT_NE(text.find("server 12: started"), std::string::npos) << text;
}

}  // namespace
}  // namespace zoetrope::trace
