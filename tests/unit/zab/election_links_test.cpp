// Connections of the election port, rule by rule. This server is number 3 of five unless said
// otherwise.
#include "core/zab/election_links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "core/base/endian.hpp"
#include "core/base/random.hpp"
#include "tests/unit/zab/election_world.hpp"

namespace zoetrope::zab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string framed(const std::string& text) {
  std::string bytes(4, '\0');
  store_be32(bytes.data(), static_cast<uint32_t>(text.size()));
  return bytes + text;
}

std::string initial(int64_t id, const std::string& host = "") {
  std::string bytes;
  quorum::append_initial_message(
      bytes, {ServerId(id), {{host.empty() ? "server" + std::to_string(id) : host, 3888}}}, false);
  return bytes;
}

class ElectionLinksTest : public ::testing::Test {
 protected:
  ElectionLinksTest() : links_(config()) { links_.set_members(majority_ensemble(5), nullptr); }

  static ElectionLinksConfig config() {
    ElectionLinksConfig config;
    config.self = ServerId(3);
    config.own_addresses = {{"server3", 3888}};
    config.unnamed_max = 3;
    config.strangers_max = 2;
    return config;
  }

  void take() {
    dials_.clear();
    sent_.clear();
    closed_.clear();
    delivered_.clear();
    warnings_.clear();
    for (const LinkAction& action : out_) {
      if (const auto* dial = std::get_if<LinkConnect>(&action)) dials_.push_back(*dial);
      if (const auto* send = std::get_if<LinkSend>(&action)) {
        sent_.push_back({send->connection.value, send->bytes});
      }
      if (const auto* close = std::get_if<LinkClose>(&action)) {
        closed_.push_back(close->connection.value);
      }
      if (const auto* message = std::get_if<LinkDeliver>(&action)) {
        delivered_.push_back({message->from.value, message->message});
      }
      if (const auto* log = std::get_if<LinkLog>(&action)) {
        EXPECT_EQ(log->text.find('\n'), std::string::npos);
        if (log->is_warning) warnings_.push_back(log->text);
      }
    }
    out_.clear();
  }
  void send(int64_t to, const std::string& text) {
    links_.send(ServerId(to), framed(text), now_, out_);
    take();
  }
  void opened(uint64_t connection) {
    links_.opened(ConnectionId(connection), Endpoint::v4(10, 0, 0, 9, 999), now_, out_);
    take();
  }
  void received(uint64_t connection, const std::string& bytes) {
    links_.received(ConnectionId(connection), bytes, now_, out_);
    take();
  }
  void connected(uint64_t connection) {
    const DialToken token = last_dial_;
    links_.connected(token, ConnectionId(connection), now_, out_);
    take();
  }
  void connect_failed() {
    links_.connect_failed(last_dial_, now_, out_);
    take();
  }
  void closed(uint64_t connection) {
    links_.closed(ConnectionId(connection), now_, out_);
    take();
  }
  // To the next deadline.
  void tick() {
    ASSERT_TRUE(links_.next_deadline().has_value());
    now_ = *links_.next_deadline();
    links_.tick(now_, out_);
    take();
  }
  void expect_dial(const std::string& host) {
    ASSERT_THAT(dials_, SizeIs(1));
    EXPECT_EQ(dials_[0].to.host, host);
    last_dial_ = dials_[0].token;
  }
  // A connection with a lower server, dialled by this one.
  void link_down(int64_t id, uint64_t connection, const std::string& text) {
    send(id, text);
    expect_dial("server" + std::to_string(id));
    connected(connection);
    EXPECT_TRUE(links_.is_linked(ServerId(id)));
  }
  void link_up(int64_t id, uint64_t connection) {
    opened(connection);
    received(connection, initial(id));
    EXPECT_TRUE(links_.is_linked(ServerId(id)));
  }

  using Sent = std::pair<uint64_t, std::string>;
  using Delivered = std::pair<int64_t, std::string>;
  ElectionLinks links_;
  MonotonicTime now_ = MonotonicTime::from_ms(1'000);
  std::vector<LinkAction> out_;
  DialToken last_dial_;
  std::vector<LinkConnect> dials_;
  std::vector<Sent> sent_;
  std::vector<uint64_t> closed_;
  std::vector<Delivered> delivered_;
  std::vector<std::string> warnings_;
};

TEST_F(ElectionLinksTest, DialsALowerServerAndSaysWhoItIs) {
  send(1, "hello");
  expect_dial("server1");
  EXPECT_FALSE(links_.is_linked(ServerId(1)));
  connected(10);
  EXPECT_THAT(sent_, ElementsAre(Sent{10, initial(3)}, Sent{10, framed("hello")}));
  send(1, "again");
  EXPECT_THAT(sent_, ElementsAre(Sent{10, framed("again")}));
  EXPECT_THAT(dials_, IsEmpty());
}

TEST_F(ElectionLinksTest, KnocksAtAHigherServerAndWaitsToBeDialled) {
  send(5, "hello");
  expect_dial("server5");
  connected(10);
  EXPECT_THAT(sent_, ElementsAre(Sent{10, initial(3)}));
  EXPECT_THAT(closed_, ElementsAre(10));
  EXPECT_FALSE(links_.is_linked(ServerId(5)));
  opened(11);
  received(11, initial(5));
  EXPECT_THAT(sent_, ElementsAre(Sent{11, framed("hello")}));
  EXPECT_TRUE(links_.is_linked(ServerId(5)));
  EXPECT_TRUE(links_.has_delivered());
}

TEST_F(ElectionLinksTest, APeerIsOutOfReachFromAFailureToTheNextConnection) {
  EXPECT_FALSE(links_.is_out_of_reach(ServerId(1)));
  send(1, "hello");
  expect_dial("server1");
  EXPECT_FALSE(links_.is_out_of_reach(ServerId(1)));
  connect_failed();
  EXPECT_TRUE(links_.is_out_of_reach(ServerId(1)));
  tick();
  expect_dial("server1");
  EXPECT_TRUE(links_.is_out_of_reach(ServerId(1)));
  connected(10);
  EXPECT_FALSE(links_.is_out_of_reach(ServerId(1)));
  closed(10);
  EXPECT_TRUE(links_.is_out_of_reach(ServerId(1)));
  // One that knocks at a server which stands hears from it soon.
  send(5, "hello");
  expect_dial("server5");
  connect_failed();
  EXPECT_TRUE(links_.is_out_of_reach(ServerId(5)));
  link_up(5, 11);
  EXPECT_FALSE(links_.is_out_of_reach(ServerId(5)));
}

TEST_F(ElectionLinksTest, KnocksAgainWhenNobodyDialsBack) {
  send(5, "hello");
  expect_dial("server5");
  connected(10);
  tick();
  expect_dial("server5");
}

TEST_F(ElectionLinksTest, DialsBackALowerServerThatKnocks) {
  opened(10);
  received(10, initial(1));
  EXPECT_THAT(closed_, ElementsAre(10));
  expect_dial("server1");
  connected(11);
  EXPECT_THAT(sent_, ElementsAre(Sent{11, initial(3)}));
  EXPECT_TRUE(links_.is_linked(ServerId(1)));
}

TEST_F(ElectionLinksTest, AKnockReplacesAConnectionOnlyWhenTheNewOneIsUp) {
  link_down(1, 10, "hello");
  opened(11);
  received(11, initial(1));
  EXPECT_THAT(closed_, ElementsAre(11));
  expect_dial("server1");
  EXPECT_TRUE(links_.is_linked(ServerId(1)));
  connected(12);
  EXPECT_THAT(closed_, ElementsAre(10));
  EXPECT_THAT(sent_, ElementsAre(Sent{12, initial(3)}, Sent{12, framed("hello")}));
  // What arrives at the replaced one is nobody's.
  received(10, framed("late"));
  EXPECT_THAT(delivered_, IsEmpty());
  closed(10);
  EXPECT_TRUE(links_.is_linked(ServerId(1)));
}

TEST_F(ElectionLinksTest, ANewConnectionOfAHigherServerReplacesTheOneThatStands) {
  link_up(5, 10);
  send(5, "hello");
  opened(11);
  received(11, initial(5));
  EXPECT_THAT(closed_, ElementsAre(10));
  EXPECT_THAT(sent_, ElementsAre(Sent{11, framed("hello")}));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(ElectionLinksTest, TheNewerMessageReplacesTheOneThatWaits) {
  send(1, "old");
  expect_dial("server1");
  send(1, "new");
  EXPECT_THAT(dials_, IsEmpty());
  connected(10);
  EXPECT_THAT(sent_, ElementsAre(Sent{10, initial(3)}, Sent{10, framed("new")}));
}

TEST_F(ElectionLinksTest, KnowsWhetherAnythingWasDelivered) {
  links_.set_members(majority_ensemble(3), nullptr);
  EXPECT_TRUE(links_.has_delivered());
  send(1, "a");
  EXPECT_TRUE(links_.has_delivered());
  send(2, "b");
  EXPECT_FALSE(links_.has_delivered());
}

TEST_F(ElectionLinksTest, WhatABrokenConnectionMayHaveLostIsSaidAgain) {
  link_down(1, 10, "hello");
  closed(10);
  EXPECT_FALSE(links_.is_linked(ServerId(1)));
  tick();
  expect_dial("server1");
  connected(11);
  EXPECT_THAT(sent_, ElementsAre(Sent{11, initial(3)}, Sent{11, framed("hello")}));
}

TEST_F(ElectionLinksTest, NotOnceItIsForgotten) {
  link_down(1, 10, "hello");
  links_.forget_messages();
  closed(10);
  tick();
  EXPECT_THAT(dials_, IsEmpty());
  EXPECT_FALSE(links_.next_deadline().has_value());
  opened(11);
  received(11, initial(1));
  expect_dial("server1");
  connected(12);
  EXPECT_THAT(sent_, ElementsAre(Sent{12, initial(3)}));
}

TEST_F(ElectionLinksTest, ForALostMessageItTriesAFewTimesForANewOneForEver) {
  link_down(1, 10, "hello");
  closed(10);
  int attempts = 0;
  while (links_.next_deadline().has_value() && attempts < 100) {
    tick();
    if (dials_.empty()) continue;
    ++attempts;
    last_dial_ = dials_[0].token;
    connect_failed();
  }
  EXPECT_EQ(attempts, 6);
  send(1, "new");
  for (attempts = 0; attempts < 100; ++attempts) {
    ASSERT_THAT(dials_, SizeIs(1));
    last_dial_ = dials_[0].token;
    connect_failed();
    tick();
  }
}

TEST_F(ElectionLinksTest, PausesBetweenAttemptsGrow) {
  send(1, "hello");
  for (int64_t ms : {200, 400, 800, 1600, 3200, 5000, 5000}) {
    expect_dial("server1");
    connect_failed();
    EXPECT_EQ((*links_.next_deadline() - now_).ms(), ms);
    send(1, "hello");
    EXPECT_THAT(dials_, IsEmpty());
    tick();
  }
}

TEST_F(ElectionLinksTest, AnAttemptWithoutAnswerIsAbandoned) {
  send(1, "hello");
  expect_dial("server1");
  EXPECT_EQ((*links_.next_deadline() - now_).ms(), 5'000);
  tick();
  tick();
  ASSERT_THAT(dials_, SizeIs(1));
  connected(10);  // of the first attempt
  EXPECT_THAT(closed_, ElementsAre(10));
  EXPECT_FALSE(links_.is_linked(ServerId(1)));
}

TEST_F(ElectionLinksTest, MessagesAreCutFromAnyPieces) {
  const std::string stream = initial(5) + framed("a") + framed("bcd") + framed("e");
  for (size_t size = 1; size <= stream.size(); ++size) {
    std::vector<Delivered> all;
    opened(100 + size);
    for (size_t at = 0; at < stream.size(); at += size) {
      received(100 + size, stream.substr(at, size));
      all.insert(all.end(), delivered_.begin(), delivered_.end());
    }
    EXPECT_THAT(all, ElementsAre(Delivered{5, "a"}, Delivered{5, "bcd"}, Delivered{5, "e"}));
  }
}

TEST_F(ElectionLinksTest, BadLengthsCloseTheConnectionAndNothingElse) {
  link_up(4, 10);
  for (uint32_t length : {0u, 0xffffffffu, 0x80000000u, 524'289u, 0x47455420u}) {
    link_up(5, 11);
    std::string bytes = framed("good") + std::string(4, '\0');
    store_be32(bytes.data() + 8, length);
    received(11, bytes);
    EXPECT_THAT(delivered_, ElementsAre(Delivered{5, "good"}));
    EXPECT_THAT(closed_, ElementsAre(11));
    ASSERT_THAT(warnings_, SizeIs(1));
    EXPECT_THAT(warnings_[0], HasSubstr("server 5"));
    EXPECT_FALSE(links_.is_linked(ServerId(5)));
    EXPECT_TRUE(links_.is_linked(ServerId(4)));
  }
  link_up(5, 12);
  received(12, framed(std::string(524'288, 'x')));
  EXPECT_THAT(delivered_, SizeIs(1));
}

TEST_F(ElectionLinksTest, GarbageInsteadOfAnInitialMessageCloses) {
  link_up(4, 10);
  for (const std::string& bytes :
       {std::string("\xff\xff\xff\xff\xff\xff\xff\xff garbage"), std::string(8, '\xfe'),
        initial(-5), initial(5).substr(0, 16) + std::string(4, '\x7f'),
        initial(5, "a:b:c").substr(0, 20) + std::string(100, ' ')}) {
    opened(11);
    received(11, bytes);
    EXPECT_THAT(closed_, ElementsAre(11));
    EXPECT_THAT(warnings_, SizeIs(1));
    EXPECT_TRUE(links_.is_linked(ServerId(4)));
  }
}

TEST_F(ElectionLinksTest, AnHttpRequestCloses) {
  opened(11);
  received(11, "GET / HTTP/1.1\r\n\r\n");
  // The first eight bytes are an id of the oldest form: a stranger, whose next bytes make no sense.
  EXPECT_THAT(closed_, ElementsAre(11));
  EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(ElectionLinksTest, OwnIdCloses) {
  opened(10);
  received(10, initial(3));
  EXPECT_THAT(closed_, ElementsAre(10));
  ASSERT_THAT(warnings_, SizeIs(1));
  EXPECT_THAT(warnings_[0], HasSubstr("as this server is"));
  EXPECT_THAT(dials_, IsEmpty());
}

TEST_F(ElectionLinksTest, TwoServersWithOneIdAreNamedAndOthersUndisturbed) {
  link_up(4, 9);
  opened(10);
  received(10, initial(5, "here"));
  opened(11);
  received(11, initial(5, "there"));
  EXPECT_THAT(closed_, ElementsAre(10));
  ASSERT_THAT(warnings_, SizeIs(1));
  EXPECT_THAT(warnings_[0], HasSubstr("server 5 at here:3888"));
  EXPECT_THAT(warnings_[0], HasSubstr("there:3888"));
  EXPECT_TRUE(links_.is_linked(ServerId(4)));
}

TEST_F(ElectionLinksTest, ASilentConnectionIsClosedInTime) {
  opened(10);
  received(10, initial(5).substr(0, 12));
  EXPECT_EQ((*links_.next_deadline() - now_).ms(), 10'000);
  tick();
  EXPECT_THAT(closed_, ElementsAre(10));
  EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(ElectionLinksTest, OfTooManySilentConnectionsTheOldestGivesWay) {
  for (uint64_t connection : {10, 11, 12}) {
    opened(connection);
    now_ = now_ + Duration::from_ms(1);
  }
  EXPECT_THAT(closed_, IsEmpty());
  opened(13);
  EXPECT_THAT(closed_, ElementsAre(10));
}

TEST_F(ElectionLinksTest, ServersOutsideOfTheConfigurationAreTalkedToWithinLimits) {
  link_up(70, 10);
  send(70, "welcome");
  EXPECT_THAT(sent_, ElementsAre(Sent{10, framed("welcome")}));
  link_up(71, 11);
  opened(12);
  received(12, initial(72));
  EXPECT_THAT(closed_, ElementsAre(12));
  EXPECT_THAT(warnings_, SizeIs(1));
  opened(13);
  received(13, initial(5));
  EXPECT_TRUE(links_.is_linked(ServerId(5)));
}

TEST_F(ElectionLinksTest, ALowerServerOutsideOfTheConfigurationIsDialledWhereItSaysItIs) {
  opened(10);
  received(10, initial(0, "elsewhere"));
  expect_dial("elsewhere");
  connected(11);
  send(0, "welcome");
  EXPECT_THAT(sent_, ElementsAre(Sent{11, framed("welcome")}));
}

TEST_F(ElectionLinksTest, AMemberThatSaysNothingOfItsAddressIsDialledWhereItIsConfigured) {
  opened(10);
  received(10, initial(1, "0.0.0.0"));
  expect_dial("server1");
}

TEST_F(ElectionLinksTest, WhereTheConfiguredAddressFailsTheOneItToldIsTried) {
  opened(10);
  received(10, initial(1, "moved"));
  expect_dial("server1");
  connect_failed();
  tick();
  expect_dial("moved");
}

TEST_F(ElectionLinksTest, AnObserverWithoutIdIsServedOverItsOwnConnection) {
  opened(10);
  received(10, initial(INT64_MAX, "observer") + framed("who leads?"));
  ASSERT_THAT(delivered_, SizeIs(1));
  EXPECT_LT(delivered_[0].first, 0);
  const int64_t id = delivered_[0].first;
  send(id, "server 5");
  EXPECT_THAT(sent_, ElementsAre(Sent{10, framed("server 5")}));
  closed(10);
  send(id, "server 5");
  EXPECT_THAT(dials_, IsEmpty());
  EXPECT_THAT(warnings_, SizeIs(1));
}

TEST_F(ElectionLinksTest, OfAServerWithoutAddressTheMessageIsDropped) {
  send(77, "hello");
  EXPECT_THAT(warnings_, SizeIs(1));
  EXPECT_THAT(dials_, IsEmpty());
}

TEST_F(ElectionLinksTest, ServersThatLeftAreForgotten) {
  send(5, "hello");
  expect_dial("server5");
  connect_failed();
  links_.set_members(majority_ensemble(3), nullptr);
  EXPECT_FALSE(links_.next_deadline().has_value());
}

// Whatever strangers send, links of others stay, and nothing is kept of them.
TEST_F(ElectionLinksTest, RandomBytesDisturbNobody) {
  link_up(4, 1);
  link_down(1, 2, "hello");
  Random random(7);
  for (uint64_t round = 0; round < 20'000; ++round) {
    const uint64_t connection = 100 + round;
    opened(connection);
    std::string bytes = random.one_in(2) ? initial(5).substr(0, random.below(30)) : "";
    const size_t size = random.below(60);
    while (bytes.size() < size) {
      bytes.push_back(static_cast<char>(random.one_in(2) ? 0 : random.below(256)));
    }
    received(connection, bytes);
    for (const LinkConnect& dial : dials_) links_.connect_failed(dial.token, now_, out_);
    if (random.one_in(2)) closed(connection);
    now_ = now_ + Duration::from_ms(100);
    links_.tick(now_, out_);
    take();
  }
  EXPECT_TRUE(links_.is_linked(ServerId(4)));
  received(1, framed("still here"));
  EXPECT_THAT(delivered_, ElementsAre(Delivered{4, "still here"}));
}

}  // namespace
}  // namespace zoetrope::zab
