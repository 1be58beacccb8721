#include <gtest/gtest.h>

#include "tests/unit/node/client.hpp"

namespace zoetrope::node {
namespace {

using namespace test;

Config open_words() {
  Config config;
  config.four_letter_words = {"*"};
  config.version = "1.2.3";
  config.build_date = "today";
  config.environment = {{"host.name", "here"}};
  return config;
}

std::string ask(Harness& h, std::string_view word) {
  const ConnectionId id = h.open();
  h.receive(id, word);
  EXPECT_TRUE(h.is_closed(id)) << word;
  return h.take(id);
}

TEST(FourLetter, AnswersTheShortOnes) {
  Harness h(open_words());
  EXPECT_EQ(ask(h, "ruok"), "imok");
  EXPECT_EQ(ask(h, "isro"), "rw");
  EXPECT_EQ(ask(h, "gtmk"), "306");
  EXPECT_EQ(ask(h, "envi"), "Environment:\nhost.name=here\n");
  EXPECT_EQ(ask(h, "crst"), "Connection stats reset.\n");
  EXPECT_EQ(ask(h, "srst"), "Server stats reset.\n");
  EXPECT_EQ(ask(h, std::string("stmk\0\0\0\0\0\0\1\0", 12)), "256");
  EXPECT_EQ(ask(h, "gtmk"), "256");
}

TEST(FourLetter, WordMayComeInPieces) {
  Harness h(open_words());
  const ConnectionId id = h.open();
  for (const char c : std::string("ruok")) h.receive(id, {&c, 1});
  EXPECT_EQ(h.take(id), "imok");
}

TEST(FourLetter, OnlyTheWhiteListIsAnswered) {
  Harness h{Config{}};
  EXPECT_EQ(ask(h, "ruok"), "ruok is not executed because it is not in the whitelist.\n");
  EXPECT_EQ(ask(h, "srvr").substr(0, 19), "Zookeeper version: ");
}

TEST(FourLetter, UnknownWordsAreFrameLengths) {
  Harness h(open_words());
  EXPECT_EQ(ask(h, "quux"), "") << "far too long a frame";
}

TEST(FourLetter, AWordIsNoWordOnceASessionIsThere) {
  Harness h(open_words());
  Client c(h);
  ASSERT_TRUE(c.connect());
  h.receive(c.id(), "ruok");
  EXPECT_EQ(h.take(c.id()), "");
  EXPECT_TRUE(c.is_closed());
}

TEST(FourLetter, ServerAndClients) {
  Harness h(open_words());
  Client c(h);
  ASSERT_TRUE(c.connect());
  EXPECT_EQ(
      ask(h, "srvr"),
      "Zookeeper version: 1.2.3, built on today\nLatency min/avg/max: 0/0.0/0\nReceived: 2\n"
      "Sent: 1\nConnections: 2\nOutstanding: 0\nZxid: 0x1\nMode: standalone\nNode count: 5\n");
  const std::string stat = ask(h, "stat");
  EXPECT_NE(stat.find("Clients:\n /127.0.0.1:40000[1](queued=0,recved=1,sent=1)\n"),
            std::string::npos)
      << stat;
  const std::string cons = ask(h, "cons");
  EXPECT_NE(cons.find(",lop=SESS"), std::string::npos) << cons;
  EXPECT_NE(cons.find(",to=10000"), std::string::npos) << cons;
}

TEST(FourLetter, DumpNamesSessionsAndEphemerals) {
  Harness h(open_words());
  Client c(h);
  ASSERT_TRUE(c.connect());
  c.call(jute::OpCode::kCreate, pipeline::test::create_body("/e", "", 1));
  const std::string dump = ask(h, "dump");
  EXPECT_NE(dump.find("Session Sets (1)/(1):\n1 expire at "), std::string::npos) << dump;
  EXPECT_NE(dump.find("Sessions with Ephemerals (1):\n0x"), std::string::npos) << dump;
  EXPECT_NE(dump.find(":\n\t/e\n"), std::string::npos) << dump;
}

TEST(FourLetter, WatchesByPathAndSession) {
  Harness h(open_words());
  Client c(h);
  ASSERT_TRUE(c.connect());
  c.call(jute::OpCode::kExists, path_watch_body("/w", true));
  EXPECT_EQ(ask(h, "wchs"), "1 connections watching 1 paths\nTotal watches:1\n");
  EXPECT_EQ(ask(h, "wchp").substr(0, 6), "/w\n\t0x");
  EXPECT_NE(ask(h, "wchc").find("\n\t/w\n\n"), std::string::npos);
}

TEST(FourLetter, MonitorAsksTheDriverForItsFacts) {
  Harness h(open_words());
  const ConnectionId id = h.open();
  h.receive(id, "mntr");
  EXPECT_EQ(h.host_facts_queries, 1);
  EXPECT_FALSE(h.is_closed(id));
  h.step(HostFacts{7, 1024, 5'000'000});
  const std::string text = h.take(id);
  EXPECT_TRUE(h.is_closed(id));
  for (const char* line : {"zk_version\t1.2.3, built on today\n", "zk_server_state\tstandalone\n",
                           "zk_znode_count\t5\n", "zk_open_file_descriptor_count\t7\n",
                           "zk_avg_latency\t0.0\n", "zk_cnt_readlatency\t0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

}  // namespace
}  // namespace zoetrope::node
