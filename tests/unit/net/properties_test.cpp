#include "net/properties.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace zoetrope::net {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs pairs_of(std::string_view text) {
  Pairs pairs;
  const auto properties = parse_properties(text);
  if (!properties) return {{"ERROR", properties.error().what}};
  for (const Property& property : *properties) pairs.emplace_back(property.key, property.value);
  return pairs;
}

TEST(Properties, SeparatorsAreEqualsColonAndBlanks) {
  EXPECT_EQ(pairs_of("a=1\nb:2\nc 3\nd\t4\ne = 5\nf : 6\ng  =7\nh\f8"), (Pairs{{"a", "1"},
                                                                               {"b", "2"},
                                                                               {"c", "3"},
                                                                               {"d", "4"},
                                                                               {"e", "5"},
                                                                               {"f", "6"},
                                                                               {"g", "7"},
                                                                               {"h", "8"}}));
}

TEST(Properties, OnlyTheFirstSeparatorCounts) {
  EXPECT_EQ(pairs_of("a==1\nb=:2\nc :=3\nserver.1=h:1:2;3"),
            (Pairs{{"a", "=1"}, {"b", ":2"}, {"c", "=3"}, {"server.1", "h:1:2;3"}}));
}

TEST(Properties, CommentsAndBlankLinesAreSkipped) {
  EXPECT_EQ(pairs_of("# one\n  ! two\n\n \t\na=1 # not a comment\n#b=2\\\nc=3"),
            (Pairs{{"a", "1 # not a comment"}, {"c", "3"}}));
}

TEST(Properties, EveryLineEndIsUnderstood) {
  EXPECT_EQ(pairs_of("a=1\rb=2\r\nc=3\n\rd=4"),
            (Pairs{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}));
}

TEST(Properties, LinesAreContinuedByAnOddNumberOfBackslashes) {
  EXPECT_EQ(pairs_of("a=1\\\n   2\\\r\n\t3\nb=x\\\\\nc=y\\\\\\\nz"),
            (Pairs{{"a", "123"}, {"b", "x\\"}, {"c", "y\\z"}}));
  // A continued line is neither a comment nor skipped when it is blank.
  EXPECT_EQ(pairs_of("a=1\\\n#2\nb=1\\\n\nc=3"), (Pairs{{"a", "1#2"}, {"b", "1"}, {"c", "3"}}));
  EXPECT_EQ(pairs_of("a=1\\"), (Pairs{{"a", "1"}}));
}

TEST(Properties, EscapesInKeysAndValues) {
  EXPECT_EQ(pairs_of("a\\=b\\:c\\ d=w\\tx\\ny\\q\\\\"), (Pairs{{"a=b:c d", "w\tx\nyq\\"}}));
}

TEST(Properties, UnicodeEscapesBecomeUtf8) {
  EXPECT_EQ(pairs_of("a=\\u0041\\u00e9\\u20AC\\uD83D\\uDE00"),
            (Pairs{{"a", "A\u00e9\u20ac\U0001F600"}}));
}

TEST(Properties, MalformedUnicodeEscapeNamesTheLine) {
  for (const char* text : {"ok=1\n\na=\\u12", "ok=1\n\na=\\u12g4", "ok=1\n\n\\uzzzz=1"}) {
    const auto properties = parse_properties(text);
    ASSERT_FALSE(properties.has_value()) << text;
    EXPECT_EQ(properties.error().line, 3u) << text;
  }
}

TEST(Properties, LineNumbersAreThoseOfTheFirstLineOfAnEntry) {
  const auto properties = parse_properties("# c\na=1\\\n2\\\n3\n\nb=2\r\n#\r\nc=3");
  ASSERT_TRUE(properties.has_value());
  ASSERT_EQ(properties->size(), 3u);
  EXPECT_EQ((*properties)[0].line, 2u);
  EXPECT_EQ((*properties)[1].line, 6u);
  EXPECT_EQ((*properties)[2].line, 8u);
}

TEST(Properties, KeysWithoutValueAndValuesAreTrimmed) {
  EXPECT_EQ(pairs_of("a\nb=\n c = x y \t\n=d"),
            (Pairs{{"a", ""}, {"b", ""}, {"c", "x y"}, {"", "d"}}));
}

RC_GTEST_PROP(Properties, AnyTextIsReadWithoutHarm, (const std::string& text)) {
  const auto properties = parse_properties(text);
  if (properties) {
    for (const Property& property : *properties) RC_ASSERT(property.line >= 1u);
  }
}

// What Java's Properties.store does to a key or value.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\f') {
      out += "\\f";
    } else {
      if (std::string_view(" =:#!\\").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

RC_GTEST_PROP(Properties, WhatIsEscapedComesBack, ()) {
  const auto word = rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::inRange('!', '~'), rc::gen::elementOf(std::string(" =:#!\\\n\r\t\f"))));
  // Trimming is upstream's, so the ends are kept visible.
  const std::string key = "k" + *word + "k";
  const std::string value = "v" + *word + "v";
  RC_ASSERT(pairs_of(escaped(key) + "=" + escaped(value)) == (Pairs{{key, value}}));
}

}  // namespace
}  // namespace zoetrope::net
