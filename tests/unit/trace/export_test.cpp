// What holds for every format: names, bounds, bytes that no one can read, equal stories.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/trace/stories.hpp"
#include "trace/writing.hpp"

namespace zoetrope::trace {
namespace {

const char* defect_of(Format format, const std::string& text) {
  if (const char* defect = text_defect(text)) return defect;
  if (format == Format::kSvg) return xml_defect(text);
  if (format == Format::kPerfetto) return json_defect(text);
  if (format != Format::kJsonLines) return nullptr;
  for (const std::string& line : lines_of(text)) {
    if (const char* defect = json_defect(line)) return defect;
  }
  return nullptr;
}

TEST(Export, FormatsAreFoundByTheirNames) {
  for (const Format format : kAllFormats) {
    EXPECT_EQ(format_named(to_string(format)), format);
    EXPECT_TRUE(usual_suffix(format).starts_with('.'));
  }
  EXPECT_EQ(format_named("SVG"), std::nullopt);
  EXPECT_EQ(format_named(""), std::nullopt);
}

TEST(Export, AnEmptyStoryIsDrawn) {
  for (const Format format : kAllFormats) {
    const std::string text = draw(Story{}, format);
    EXPECT_FALSE(text.empty()) << to_string(format);
    EXPECT_EQ(defect_of(format, text), nullptr) << to_string(format);
    Story lanes_only;
    lanes_only.lanes.push_back({"server 1"});
    EXPECT_EQ(defect_of(format, draw(lanes_only, format)), nullptr) << to_string(format);
  }
}

TEST(Export, AnyStoryIsWellFormedAndTheSameTwice) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const Story story = any_story(seed);
    for (const Format format : kAllFormats) {
      const std::string text = draw(story, format);
      EXPECT_STREQ(defect_of(format, text), nullptr) << to_string(format) << " of seed " << seed;
      EXPECT_EQ(text, draw(story, format)) << to_string(format) << " of seed " << seed;
    }
  }
}

TEST(Export, AnyPartOfAnyStoryIsWellFormed) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const Story story = any_story(seed);
    const ExportOptions part{.from = MonotonicTime::from_ms(1), .to = MonotonicTime::from_ms(7)};
    const ExportOptions few{.columns = 10, .events_max = seed % 10};
    for (const Format format : kAllFormats) {
      EXPECT_STREQ(defect_of(format, draw(story, format, part)), nullptr) << to_string(format);
      EXPECT_STREQ(defect_of(format, draw(story, format, few)), nullptr) << to_string(format);
    }
  }
}

// Two names that differ in a byte must not look alike, and no byte may end a line.
TEST(Export, EveryByteStaysOnItsLineAndApartFromTheOthers) {
  std::vector<std::string> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text = printable(std::string(1, static_cast<char>(byte)));
    EXPECT_EQ(text_defect(text), nullptr);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_EQ(std::ranges::find(seen, text), seen.end()) << text;
    seen.push_back(text);
  }
  EXPECT_EQ(printable("/caf\xc3\xa9"), "/caf\xc3\xa9");
  EXPECT_EQ(printable("a\xe2\x80\xaeknil"), "a\\xe2\\x80\\xaeknil");  // right to left from here
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");            // half of a surrogate pair
  EXPECT_EQ(printable("\\x00"), "\\\\x00");
}

TEST(Export, TextIsCutBetweenCharacters) {
  EXPECT_EQ(cut_to("caf\xc3\xa9 noir", 7), "caf\xc3\xa9...");
  EXPECT_EQ(cut_to("caf\xc3\xa9", 4), "caf\xc3\xa9");
  EXPECT_EQ(cut_to("abcdef", 2), "..");
}

TEST(Export, OnlyTheTimeAskedForIsDrawn) {
  const ExportOptions options{.from = MonotonicTime::from_ms(2), .to = MonotonicTime::from_ms(3)};
  const std::string text = draw(broken_promise(), Format::kJsonLines, options);
  EXPECT_EQ(count_of(text, R"("type":"event")"), 6U);
  EXPECT_NE(text.find("7 events outside the time asked for"), std::string::npos);
  // The second proposal arrives later, so that its message has no end here.
  EXPECT_EQ(count_of(text, R"("type":"message")"), 2U);
  EXPECT_NE(text.find(R"({"type":"message","from":2,"to":4,)"), std::string::npos) << text;
  EXPECT_EQ(count_of(text, R"("type":"span")"), 3U);
}

TEST(Export, WhatMattersMostIsKeptAndTheRestIsCounted) {
  for (const Format format : {Format::kText, Format::kSvg, Format::kJsonLines, Format::kDot}) {
    const std::string text = draw(broken_promise(), format, {.events_max = 3});
    EXPECT_NE(text.find("stale read of /a"), std::string::npos) << text;
    EXPECT_NE(text.find("killed"), std::string::npos) << text;
    EXPECT_EQ(text.find("PROPOSAL"), std::string::npos) << text;
    EXPECT_NE(text.find("3 send, 4 receive, 1 disk, 1 state, 1 operation"), std::string::npos)
        << text;
  }
}

TEST(Export, APictureHasABoundOfItsOwn) {
  const Story story = idle_ensemble(3000);
  const std::string svg = draw(story, Format::kSvg);
  EXPECT_LT(svg.size(), 1'500'000U);
  EXPECT_NE(svg.find("2001 send, 2001 receive"), std::string::npos) << svg.substr(0, 2000);
  EXPECT_EQ(count_of(draw(story, Format::kJsonLines), R"("type":"event")"), 6002U);
}

TEST(ExportDeathTest, AMessageThatArrivesBeforeItIsSentIsRefused) {
  Story story = broken_promise();
  std::swap(story.messages[0].from, story.messages[0].to);
  EXPECT_DEATH(draw(story, Format::kText), "message.from < message.to");
}

}  // namespace
}  // namespace zoetrope::trace
