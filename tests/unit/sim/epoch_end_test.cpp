// The end of an epoch whose zxids are used up, in a small simulated ensemble: clients stay
// connected, what they ask for is carried out once and in order, and what cannot be kept safely is
// let go.
#include <gtest/gtest.h>

#include "tests/unit/sim/service_rig.hpp"

namespace zoetrope::sim {
namespace {

using jute::OpCode;

constexpr int32_t kEphemeral = 1;
constexpr Xid kPing{-2};

// Epochs of so many transactions, in which no server needs a snapshot.
ServiceRig::Adjust short_epochs(uint32_t last_counter, bool local_sessions = false) {
  return [=](node::Config& server, size_t) {
    server.peer->role.last_counter = last_counter;
    server.peer->role.sync_limit = 50;
    server.peer->role.force_snapshot = false;
    server.peer->commit_log_count = 500;
    server.local_sessions_enabled = local_sessions;
    server.local_sessions_upgrading_enabled = local_sessions;
  };
}

class EndOfEpoch : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(, EndOfEpoch, ::testing::Bool(), [](const auto& sessions) {
  return sessions.param ? "LocalSessions" : "GlobalSessions";
});

struct Sent {
  Xid xid;
  OpCode type;
};

// Writes, with reads and syncs between them, on all servers at once.
std::vector<Sent> send_some(RigClient& client, const std::string& path) {
  std::vector<Sent> sent;
  const auto send = [&](OpCode type, std::string_view body) {
    sent.push_back({client.send(type, body), type});
  };
  for (int n = 0; n < 6; ++n) {
    const std::string name = path + std::to_string(n);
    send(OpCode::kCreate, create_body(name, n == 3 ? kEphemeral : 0));
    if (n % 3 == 0) send(OpCode::kSync, path_body("/"));
    send(OpCode::kExists, path_watch_body(name));
    send(OpCode::kSetData, set_data_body("/counter", name));
  }
  return sent;
}

TEST_P(EndOfEpoch, ClientsStayConnectedAndNothingFails) {
  ServiceRig rig(3, 1, short_epochs(70, GetParam()));
  ASSERT_TRUE(rig.all_serve());
  std::vector<std::unique_ptr<RigClient>> clients;
  for (size_t i = 0; i < 4; ++i) {
    clients.push_back(rig.client());
    ASSERT_TRUE(clients.back()->connect(i));
  }
  ASSERT_EQ(clients[0]->error_of(OpCode::kCreate, create_body("/counter")), ErrorCode::kOk);
  int32_t changes = 0;
  for (int round = 0; round < 30; ++round) {
    // A server that misses an epoch as a whole lets its clients go, and these are very short.
    ASSERT_TRUE(rig.all_serve());
    std::vector<std::vector<Sent>> sent;
    for (size_t i = 0; i < clients.size(); ++i) {
      const std::string path = "/" + std::to_string(i) + "-" + std::to_string(round) + "-";
      sent.push_back(send_some(*clients[i], path));
    }
    for (size_t i = 0; i < clients.size(); ++i) {
      for (const Sent& request : sent[i]) {
        const auto reply = clients[i]->wait_for(request.xid);
        ASSERT_TRUE(reply.has_value()) << "client " << i << ", round " << round;
        ASSERT_EQ(reply->header.error, ErrorCode::kOk) << "client " << i << ", round " << round;
        if (request.type == OpCode::kSetData) ++changes;
      }
      ASSERT_EQ(clients[i]->out_of_order, 0);
    }
  }
  EXPECT_GT(rig.standing(rig.leader()).epoch, 15);
  const tree::Tree& tree = rig.tree(rig.leader());
  EXPECT_EQ(tree.stat(tree.find("/counter")).version, changes) << "each of them once";
}

// A follower's client in the middle of the change, its server cut off from the others.
struct BetweenEpochs : ::testing::Test {
  explicit BetweenEpochs(bool local_sessions = false)
      : rig(3, 0, short_epochs(30, local_sessions)) {}
  ServiceRig rig;
  std::unique_ptr<RigClient> client = rig.client();
  std::unique_ptr<RigClient> writer = rig.client();
  size_t at = 0;

  void SetUp() override {
    ASSERT_TRUE(rig.all_serve());
    at = rig.follower();
    ASSERT_TRUE(client->connect(at));
    ASSERT_TRUE(writer->connect(rig.leader()));
    ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/mine")), ErrorCode::kOk);
  }
  void end_epoch() {
    for (int i = 0; i < 40 && rig.serves(at); ++i) {
      writer->send(OpCode::kCreate, create_body("/w" + std::to_string(i)));
    }
    ASSERT_TRUE(rig.run_until([&] { return !rig.serves(at); }, 1000));
    rig.isolate(at);
  }
};

TEST_F(BetweenEpochs, ReadsAndPingsAreAnsweredAndTheRestWaits) {
  end_epoch();
  const Xid before = client->send(OpCode::kExists, path_watch_body("/mine"));
  client->send(OpCode::kPing);
  const Xid write = client->send(OpCode::kCreate, create_body("/held"));
  const Xid behind = client->send(OpCode::kExists, path_watch_body("/held"));
  const Xid sync = client->send(OpCode::kSync, path_body("/"));
  auto late = rig.client();
  rig.run(100);
  EXPECT_TRUE(client->has_reply(before));
  EXPECT_TRUE(client->has_reply(kPing));
  EXPECT_FALSE(client->has_reply(write));
  EXPECT_FALSE(client->has_reply(behind));
  EXPECT_FALSE(client->has_reply(sync));
  ASSERT_FALSE(rig.serves(at));
  rig.rejoin(at);
  EXPECT_TRUE(late->connect(at)) << "one that comes meanwhile waits, too";
  for (const Xid xid : {write, behind, sync}) {
    const auto reply = client->wait_for(xid);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->header.error, ErrorCode::kOk);
  }
  EXPECT_EQ(client->out_of_order, 0);
}

TEST_F(BetweenEpochs, AServerWithoutALeaderLetsItsClientsGoWhileTheyCanStillGoElsewhere) {
  end_epoch();
  client->send(OpCode::kCreate, create_body("/held"));
  const MonotonicTime ended = rig.queue.now();
  ASSERT_TRUE(rig.run_until([&] { return !client->is_connected(); }, 20'000));
  EXPECT_NEAR(static_cast<double>((rig.queue.now() - ended).ms()), client->timeout_ms / 2, 50);
  const SessionId session = client->session;
  ASSERT_TRUE(client->connect(rig.leader()));
  EXPECT_EQ(client->session, session);
  rig.rejoin(at);
  ASSERT_TRUE(rig.all_serve());
  rig.run(100);
  EXPECT_EQ(client->error_of(OpCode::kExists, path_watch_body("/held")), ErrorCode::kNoNode);
}

struct LocalBetweenEpochs : BetweenEpochs {
  LocalBetweenEpochs() : BetweenEpochs(true) {}
};

TEST_F(LocalBetweenEpochs, ASessionThatEndsBehindItsUpgradeTakesItsEphemeralWithIt) {
  end_epoch();
  const Xid made = client->send(OpCode::kCreate, create_body("/ephemeral", kEphemeral));
  const Xid ended = client->send(OpCode::kCloseSession);
  rig.rejoin(at);
  ASSERT_TRUE(rig.run_until([&] { return client->has_reply(ended); }, 3000));
  EXPECT_TRUE(client->has_reply(made));
  auto other = rig.client();
  ASSERT_TRUE(other->connect(rig.leader()));
  EXPECT_EQ(other->error_of(OpCode::kExists, path_watch_body("/ephemeral")), ErrorCode::kNoNode);
}

// The same session by another server, as its client that has left behind a request on the way.
struct ClientThatMoves : BetweenEpochs {
  std::unique_ptr<RigClient> later = rig.client();
  void move(size_t to) {
    later->session = client->session;
    later->password = client->password;
    ASSERT_TRUE(later->connect(to));
  }
  void expect_no_stray() {
    end_epoch();
    const Xid stray = client->send(OpCode::kCreate, create_body("/stray"));
    ASSERT_EQ(later->error_of(OpCode::kCreate, create_body("/later")), ErrorCode::kOk);
    ASSERT_TRUE(client->is_connected());
    rig.rejoin(at);
    ASSERT_TRUE(rig.all_serve());
    rig.run(100);
    EXPECT_FALSE(client->has_reply(stray));
    EXPECT_FALSE(client->is_connected());
    EXPECT_EQ(later->error_of(OpCode::kExists, path_watch_body("/stray")), ErrorCode::kNoNode);
  }
};

TEST_F(ClientThatMoves, ToTheLeaderLeavesNothingBehindThatIsCarriedOutLater) {
  move(rig.leader());
  expect_no_stray();
}

TEST_F(ClientThatMoves, ToAFollowerLeavesNothingBehindThatIsCarriedOutLater) {
  move(3 - at - rig.leader());
  expect_no_stray();
}

TEST_F(ClientThatMoves, IsNotKeptWhereItWasWhenItHasWrittenElsewhere) {
  move(rig.leader());
  ASSERT_EQ(later->error_of(OpCode::kCreate, create_body("/later")), ErrorCode::kOk);
  rig.run(10);
  ASSERT_TRUE(client->is_connected());
  end_epoch();
  rig.run(10);
  EXPECT_FALSE(client->is_connected());
  EXPECT_TRUE(later->is_connected());
}

// The leader of an epoch that this server was no part of may have had what others have not.
TEST_F(BetweenEpochs, AnEpochThatWasMissedLetsTheClientsGo) {
  end_epoch();
  const Xid held = client->send(OpCode::kCreate, create_body("/held"));
  const size_t next = rig.leader();
  ASSERT_TRUE(writer->is_connected() || writer->connect(next));
  ASSERT_EQ(writer->error_of(OpCode::kCreate, create_body("/next")), ErrorCode::kOk);
  rig.run(10);
  // The third one has it all in memory, and sends no snapshot.
  rig.kill(next);
  rig.run(10);
  ASSERT_TRUE(client->is_connected());
  rig.rejoin(at);
  ASSERT_TRUE(rig.run_until([&] { return rig.serves(at); }, 20'000));
  rig.run(100);
  EXPECT_FALSE(client->has_reply(held));
  EXPECT_FALSE(client->is_connected());
}

TEST(AnotherEnd, OfTheLeaderLetsTheClientsGo) {
  ServiceRig rig(3, 0, short_epochs(5));
  ASSERT_TRUE(rig.all_serve());
  auto client = rig.client();
  const size_t at = rig.follower();
  ASSERT_TRUE(client->connect(at));
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/" + std::to_string(i))),
              ErrorCode::kOk);
  }
  // The epoch has just begun, and the log still ends with the last zxid of the one before.
  ASSERT_TRUE(rig.run_until([&] { return rig.standing(rig.leader()).epoch == 2; }, 10'000));
  ASSERT_TRUE(rig.all_serve());
  ASSERT_TRUE(client->is_connected());
  rig.kill(rig.leader());
  EXPECT_TRUE(rig.run_until([&] { return !client->is_connected(); }, 10)) << "at once";
}

}  // namespace
}  // namespace zoetrope::sim
