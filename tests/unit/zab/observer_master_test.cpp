// A follower's side towards its observers: a relay over a scripted host, and its own leader played
// by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/jute/opcode.hpp"
#include "core/jute/txn.hpp"
#include "core/zab/learner.hpp"
#include "tests/unit/zab/leader_world.hpp"
#include "tests/unit/zab/scripted_learner_host.hpp"

namespace zoetrope::zab {
namespace {

using quorum::PacketType;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kObserver = 4, kOther = 5;
constexpr int64_t kSession = 0x1234;
constexpr int32_t kCreate = 1, kSync = 9, kCreateSession = -10;

// Server 1 follows in epoch 1 and has its transactions 1:1 to 1:3; servers 4 and 5 observe.
class Relay : public ::testing::Test {
 protected:
  Relay() {
    bench.serve();
    bench.learner->set_relay(&world.leader);
    bench.host.sent.clear();
    bench.host.calls.clear();
    world.leader.begin_relay(*bench.learner, world.now);
  }
  // An observer that has all, and is up to date.
  ConnectionId observe(int server = kObserver) {
    const ConnectionId connection = world.join(server, 1, true);
    world.ack_epoch(connection, 1, z(1, 3));
    world.ack(connection, z(1, 0));
    world.heard(connection);
    return connection;
  }
  void commit(uint32_t counter, std::string payload,
              std::optional<ServerId> designated = std::nullopt) {
    world.host.log(z(1, counter), std::move(payload));
    world.leader.relay_commit(z(1, counter), designated);
  }
  // Types of what went to the own leader since the last call.
  std::vector<PacketType> asked() {
    std::vector<PacketType> types;
    for (const SentPacket& packet : bench.host.sent) types.push_back(packet.type);
    bench.host.sent.clear();
    return types;
  }

  LearnerBench bench{{}};
  LeaderWorld world{3, 2};
};

TEST_F(Relay, SynchronisesAnObserverWithoutAskingAnybody) {
  const ConnectionId connection = world.join(kObserver, 1, true);
  EXPECT_THAT(world.heard(connection), ElementsAre("LEADERINFO 1:0"));
  world.ack_epoch(connection, 1, z(1, 1));
  EXPECT_THAT(world.heard(connection),
              ElementsAre("DIFF 1:3", "PROPOSAL 1:2 old2", "COMMIT 1:2", "PROPOSAL 1:3 old3",
                          "COMMIT 1:3", "NEWLEADER 1:0"));
  world.ack(connection, z(1, 0));
  EXPECT_THAT(world.heard(connection), ElementsAre("UPTODATE"));
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(Relay, TellsOfCommitsAndNotOfProposals) {
  const ConnectionId connection = observe();
  world.host.log(z(1, 4), "new4");
  EXPECT_THAT(world.heard(connection), IsEmpty());
  world.leader.relay_commit(z(1, 4), std::nullopt);
  EXPECT_THAT(world.heard(connection), ElementsAre("INFORM 1:4 new4"));
  commit(5, "config", ServerId(2));
  EXPECT_THAT(world.heard(connection), ElementsAre("INFORMANDACTIVATE 1:5"));
  // One that comes while a snapshot of the state goes out hears of the rest behind it.
  world.host.stream_bytes = 10;
  const ConnectionId empty = world.join(kOther, 1, true);
  world.config.force_snapshot = true;
  world.ack_epoch(empty, 1, Zxid());
  world.ack(empty, z(1, 0));
  world.heard(empty);
  commit(6, "new6");
  EXPECT_THAT(world.heard(empty), ElementsAre("INFORM 1:6 new6"));
}

TEST_F(Relay, RefusesFollowersAndWhoeverIsAhead) {
  EXPECT_TRUE(world.is_closed(world.join(2, 1, false)));
  EXPECT_TRUE(world.is_closed(world.join(kObserver, 2, true))) << "of a later epoch";
  const ConnectionId ahead = world.join(kObserver, 1, true);
  world.ack_epoch(ahead, 1, z(1, 4));
  EXPECT_TRUE(world.is_closed(ahead));
  EXPECT_FALSE(world.leader.over().has_value()) << "none of this concerns the own part";
}

TEST_F(Relay, NeedsNoQuorum) {
  world.half_ticks(100);
  EXPECT_FALSE(world.leader.over().has_value());
  EXPECT_FALSE(world.leader.is_epoch_full());
}

TEST_F(Relay, AnswersComeToWhoeverAsked) {
  const ConnectionId first = observe(), second = observe(kOther);
  world.request(first, kSession, kSync);
  bench.learner->sync(SessionId(1), Xid(1));
  world.request(second, kSession + 1, kSync);
  EXPECT_THAT(asked(),
              ElementsAre(PacketType::kRequest, PacketType::kRequest, PacketType::kRequest));
  bench.feed(PacketType::kSync, Zxid());
  EXPECT_THAT(world.heard(first), ElementsAre("SYNC 0:0"));
  bench.feed(PacketType::kSync, Zxid());
  EXPECT_THAT(bench.host.calls, ElementsAre("synced"));
  world.lose(second);
  bench.feed(PacketType::kSync, Zxid());
  EXPECT_THAT(bench.host.calls, ElementsAre("synced")) << "it is nobody's any more";
}

std::string revalidation(int64_t session) {
  std::string bytes;
  jute::Writer out(bytes);
  out.i64(session);
  out.i32(4000);
  return bytes;
}
std::string verdict(int64_t session, bool is_valid) {
  std::string bytes;
  jute::Writer out(bytes);
  out.i64(session);
  out.boolean(is_valid);
  return bytes;
}

TEST_F(Relay, OnlyWhoHasTheSessionNowActsForIt) {
  const ConnectionId first = observe(), second = observe(kOther);
  world.request(first, kSession, kCreateSession, "1234");
  world.request(first, kSession, kCreate);
  EXPECT_THAT(asked(), ElementsAre(PacketType::kRequest, PacketType::kRequest));
  world.request(second, kSession, kCreate);
  EXPECT_THAT(asked(), IsEmpty()) << "it is the first one's";
  world.say(second, PacketType::kRevalidate, Zxid(-1), revalidation(kSession));
  EXPECT_THAT(asked(), ElementsAre(PacketType::kRevalidate));
  bench.feed(PacketType::kRevalidate, Zxid(-1), verdict(kSession, true));
  EXPECT_THAT(world.heard(second), ElementsAre("REVALIDATE"));
  world.request(first, kSession, kCreate);
  EXPECT_THAT(asked(), IsEmpty());
  world.request(second, kSession, kCreate);
  EXPECT_THAT(asked(), ElementsAre(PacketType::kRequest));
  // The client comes to this server itself.
  bench.learner->revalidate(SessionId(kSession), 4000);
  asked();
  bench.feed(PacketType::kRevalidate, Zxid(-1), verdict(kSession, true));
  EXPECT_THAT(bench.host.calls, ElementsAre("revalidated 4660 valid"));
  world.request(second, kSession, kCreate);
  EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(Relay, ForgetsWhoseASessionWasThatIsClosed) {
  const ConnectionId first = observe();
  world.request(first, kSession, kCreateSession, "1234");
  const uint64_t with_it = world.hash();
  std::string payload;
  jute::Writer out(payload);
  jute::write(out,
              jute::TxnHeader{SessionId(kSession), 0, z(1, 4), 0, jute::OpCode::kCloseSession});
  commit(4, payload);
  EXPECT_NE(world.hash(), with_it);
  world.request(observe(kOther), kSession, kCreate);
  asked();
}

TEST_F(Relay, EndsWithItsObservers) {
  const ConnectionId connection = observe();
  world.leader.abandon();
  EXPECT_TRUE(world.is_closed(connection));
}

}  // namespace
}  // namespace zoetrope::zab
