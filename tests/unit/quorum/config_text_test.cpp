#include "core/quorum/config_text.hpp"

#include <gtest/gtest.h>

namespace zoetrope::quorum {
namespace {

TEST(ConfigText, FileNamesCarryTheVersion) {
  EXPECT_EQ(dynamic_file_name("zoo.cfg", 0x100000002), "zoo.cfg.dynamic.100000002");
  EXPECT_EQ(next_file_name("zoo.cfg"), "zoo.cfg.dynamic.next");
  EXPECT_EQ(version_of_file_name("/etc/zoo.cfg.dynamic.100000002"), 0x100000002);
  EXPECT_EQ(version_of_file_name("zoo.cfg.dynamic"), 0);
  EXPECT_EQ(version_of_file_name("dynamic"), 0);
}

TEST(ConfigText, ADynamicFileHasSortedLinesAndItsVersionInItsName) {
  auto ensemble = Ensemble::parse(
      "server.3=c:1:2\nserver.1=a:1:2:observer;2181\nserver.2=b:1:2\nversion=100000002");
  ASSERT_TRUE(ensemble);
  EXPECT_EQ(dynamic_text(*ensemble, false),
            "server.1=a:1:2:observer;0.0.0.0:2181\nserver.2=b:1:2:participant\n"
            "server.3=c:1:2:participant");
  EXPECT_TRUE(dynamic_text(*ensemble, true).ends_with("\nversion=100000002"));
  // What is written is read as the same configuration.
  const auto again = Ensemble::parse(dynamic_text(*ensemble, true));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->same_members(*ensemble));
  EXPECT_EQ(again->version, ensemble->version);
}

TEST(ConfigText, TheStaticFileLosesItsServersAndKeepsTheRest) {
  const std::string text =
      "# how we run\n"
      "tickTime=2000\n"
      "dataDir = /var/lib/\\\n"
      "   zookeeper\n"
      "clientPort:2181\n"
      "clientPortAddress=a\n"
      "clientPortListenBacklog=7\n"
      "server.1=a:1:2\n"
      "  server.2 = b:1:2\n"
      "group.1=1:2\nweight.1=1\npeerType=observer\n"
      "dynamicConfigFile=/old\n"
      "! the end";
  EXPECT_EQ(edited_static_text(text, "/etc/zk/zoo.cfg.dynamic.5", true),
            "# how we run\ntickTime=2000\ndataDir = /var/lib/\\\n   zookeeper\n"
            "clientPortListenBacklog=7\n! the end\n"
            "dynamicConfigFile=/etc/zk/zoo.cfg.dynamic.5\n");
  const std::string kept = edited_static_text(text, "x", false);
  EXPECT_NE(kept.find("clientPort:2181\nclientPortAddress=a\n"), std::string::npos);
}

TEST(ConfigText, AnEditedFilePointsToItsDynamicOne) {
  EXPECT_EQ(dynamic_path_in("tickTime=1\n#dynamicConfigFile=no\n"), std::nullopt);
  const std::string once =
      edited_static_text("tickTime=1\nserver.1=a:1:2", "/d/zoo.cfg.dynamic.1", false);
  EXPECT_EQ(dynamic_path_in(once), "/d/zoo.cfg.dynamic.1");
  const std::string twice = edited_static_text(once, "/d/zoo.cfg.dynamic.2", false);
  EXPECT_EQ(twice, "tickTime=1\ndynamicConfigFile=/d/zoo.cfg.dynamic.2\n");
}

TEST(ConfigText, ServerLinesOfAStaticFile) {
  EXPECT_EQ(member_lines_in("a=1\nserver.1 = x:1:2 \n#server.2=y\nweight.1:3\n"),
            "server.1=x:1:2\nweight.1=3\n");
}

}  // namespace
}  // namespace zoetrope::quorum
