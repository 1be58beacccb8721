#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <sstream>

#include "core/quorum/ensemble.hpp"
#include "tests/unit/quorum/random_ensemble.hpp"
#include "tests/unit/quorum/samples.hpp"

namespace zoetrope::quorum {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto ensemble = Ensemble::parse(text);
  return ensemble ? "no error" : ensemble.error();
}

TEST(EnsembleText, WhatJavaWroteComesBackByteForByte) {
  size_t hierarchical = 0;
  size_t majority = 0;
  for (const std::string& text : java_configs()) {
    const auto ensemble = Ensemble::parse(text);
    ASSERT_TRUE(ensemble.has_value()) << ensemble.error() << "\n" << text;
    EXPECT_EQ(ensemble->to_string(), text);
    ++(ensemble->is_hierarchical() ? hierarchical : majority);
  }
  EXPECT_EQ(hierarchical, 4u);
  EXPECT_EQ(majority, 17u);
}

TEST(EnsembleText, FieldsOfASample) {
  const auto ensemble = Ensemble::parse(
      "server.1=127.0.0.1:22021:22031:participant;127.0.0.1:22041\n"
      "server.4=127.0.0.1:22024:22034:observer;127.0.0.1:22044\n"
      "version=10000000c");
  ASSERT_TRUE(ensemble.has_value());
  EXPECT_EQ(ensemble->version, 0x10000000c);
  EXPECT_EQ(ensemble->members.size(), 2u);
  EXPECT_EQ(ensemble->participants(), std::vector{ServerId(1)});
  EXPECT_EQ(ensemble->observers(), std::vector{ServerId(4)});
  EXPECT_TRUE(ensemble->is_observer(ServerId(4)));
  EXPECT_FALSE(ensemble->is_participant(ServerId(4)));
  EXPECT_FALSE(ensemble->is_observer(ServerId(9)));
  EXPECT_EQ(ensemble->members.at(ServerId(4)).client, (HostPort{"127.0.0.1", 22044}));
}

// The bins of a Java table of 16: ids 16 and 32 come before 1, and 17 after it.
TEST(EnsembleText, ServersStandInTheOrderOfAJavaTable) {
  std::string text;
  for (const int id : {1, 2, 16, 17, 31, 32}) {
    text += "server." + std::to_string(id) + "=h" + std::to_string(id) + ":1:2:participant\n";
  }
  const auto ensemble = Ensemble::parse(text);
  ASSERT_TRUE(ensemble.has_value());
  const std::string printed = ensemble->to_string();
  const auto at = [&](const char* key) { return printed.find(key); };
  EXPECT_LT(at("server.16="), at("server.1="));
  EXPECT_LT(at("server.32="), at("server.1="));
  EXPECT_LT(at("server.1="), at("server.2="));
  EXPECT_LT(at("server.17="), at("server.2="));
  EXPECT_LT(at("server.2="), at("server.31="));
}

TEST(EnsembleText, WeightsThatAreNotGivenAreWritten) {
  const auto ensemble = Ensemble::parse(
      "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2:observer\n"
      "group.7=1:2\nweight.2=5\nversion=ff");
  ASSERT_TRUE(ensemble.has_value()) << ensemble.error();
  EXPECT_EQ(ensemble->to_string(),
            "server.1=a:1:2:participant\nserver.2=b:1:2:participant\nserver.3=c:1:2:observer\n"
            "group.7=1:2\nweight.1=1\nweight.2=5\nversion=ff");
}

TEST(EnsembleText, BlanksCommentsAndLineEndsSayNothing) {
  const auto ensemble = Ensemble::parse("# a\r\n\r\n! b\n  server.1 = a:1:2 \r\nversion = A\n\n");
  ASSERT_TRUE(ensemble.has_value()) << ensemble.error();
  EXPECT_EQ(ensemble->to_string(), "server.1=a:1:2:participant\nversion=a");
  EXPECT_EQ(Ensemble::parse("")->to_string(), "version=0");
}

TEST(EnsembleText, BadLinesAreNamed) {
  EXPECT_EQ(error_of("server.1=a:1:2\nserver.1=b:1:2"), "line 2: server.1 stands there twice");
  EXPECT_EQ(error_of("\nserver"), "line 2: \"server\" is not key=value");
  EXPECT_EQ(error_of("tickTime=1"),
            "line 1: \"tickTime\" is none of server.N, group.N, weight.N and version");
  EXPECT_EQ(error_of("server.x=a:1:2"),
            "line 1: \"server.x\" must have a number after \"server.\"");
  EXPECT_THAT(error_of("server.9223372036854775808=a:1:2"), HasSubstr("must have a number"));
  EXPECT_EQ(error_of("server.3=a:1"),
            "line 1: server.3 \"a:1\" is not a server line: \"a:1\" is not "
            "host:port:port[:participant|observer]");
  EXPECT_EQ(error_of("version=xyz"), "line 1: version \"xyz\" is not a hexadecimal number");
  EXPECT_THAT(error_of("version=-8e77"), HasSubstr("not a hexadecimal number"));
  EXPECT_THAT(error_of("version=8000000000000000"), HasSubstr("not a hexadecimal number"));
  EXPECT_EQ(error_of("version=1\nversion=1"), "line 2: version stands there twice");
  EXPECT_EQ(error_of("group.1="), "line 1: group.1: \"\" is not the number of a server");
  EXPECT_EQ(error_of("group.1=:"), "line 1: group.1 names no server");
  EXPECT_EQ(error_of("group.1=1:x"), "line 1: group.1: \"x\" is not the number of a server");
  EXPECT_EQ(error_of("group.1=1\ngroup.2=1"), "line 2: group.2: server 1 is in two groups");
  EXPECT_EQ(error_of("group.1=1\ngroup.1=2"), "line 2: group.1 stands there twice");
  EXPECT_EQ(error_of("weight.1=heavy"), "line 1: weight.1 \"heavy\" is not a number");
  EXPECT_EQ(error_of("weight.1=1\nweight.1=1"), "line 2: weight.1 stands there twice");
}

TEST(EnsembleText, GroupsThatMakeNoSenseAreRefused) {
  const std::string two = "server.1=a:1:2\nserver.2=b:1:2\n";
  EXPECT_EQ(error_of(two + "group.1=1"), "server.2 is in no group");
  EXPECT_EQ(error_of(two + "weight.1=1"), "weight.1 is set, but there is no group line");
  EXPECT_EQ(error_of(two + "group.1=1:2\nweight.1=-1"), "weight.1 is negative: -1");
  EXPECT_EQ(error_of(two + "group.1=1:2:3"),
            "group.1 names 3, which is no participant and has no weight");
  EXPECT_EQ(error_of(two + "group.1=1:2:3\nweight.3=0"), "no error");
  EXPECT_THAT(error_of(two + "group.1=1:2\nweight.1=9223372036854775807\nweight.2=1"),
              HasSubstr("too large"));
}

RC_GTEST_PROP(EnsembleText, RoundTrip, ()) {
  test::Any any;
  const Ensemble ensemble = random_ensemble(any, any.boolean());
  const std::string text = ensemble.to_string();
  RC_ASSERT(!text.ends_with('\n'));
  const auto read = Ensemble::parse(text);
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->same_members(ensemble));
  RC_ASSERT(read->version == ensemble.version);
  RC_ASSERT(read->to_string() == text);
}

// The order in which the lines stand in the text that is read does not reach the text that is
// written.
RC_GTEST_PROP(EnsembleText, OrderOfLinesDoesNotCount, ()) {
  test::Any any;
  const std::string text = random_ensemble(any, any.boolean()).to_string();
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  for (size_t i = lines.size(); i > 1; --i) std::swap(lines[i - 1], lines[any.below(i)]);
  std::string shuffled;
  for (const std::string& line : lines) shuffled += line + "\n";
  RC_ASSERT(Ensemble::parse(shuffled)->to_string() == text);
}

}  // namespace
}  // namespace zoetrope::quorum
