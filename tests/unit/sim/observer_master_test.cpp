// Followers that serve observers, in a small simulated ensemble.
#include <gtest/gtest.h>

#include "core/quorum/packet.hpp"
#include "tests/unit/sim/service_rig.hpp"

namespace zoetrope::sim {
namespace {

using jute::OpCode;

constexpr size_t kObserver = 3;  // behind three participants
constexpr int32_t kEphemeral = 1;

void with_masters(node::Config& server, size_t) {
  server.peer->role.observer_master_port = kObserverMasterPort;
  server.peer->role.snapshot_factor_percent = 0;
}

// Of mntr.
std::string value_of(RigClient& client, size_t server, const std::string& key) {
  const std::string text = client.ask(server, "mntr");
  const std::string line = "zk_" + key + "\t";
  const size_t at = text.find(line);
  if (at == std::string::npos) return "";
  return text.substr(at + line.size(), text.find('\n', at) - at - line.size());
}

size_t master_of(ServiceRig& rig) {
  auto client = rig.client();
  const std::string id = value_of(*client, kObserver, "observer_master_id");
  return id.empty() ? SIZE_MAX : std::stoul(id) - 1;
}

void expect_equal_trees(ServiceRig& rig) {
  EXPECT_TRUE(rig.run_until(
      [&] {
        for (size_t i = 1; i < rig.processes.size(); ++i) {
          if (rig.tree(i).fingerprint() != rig.tree(0).fingerprint()) return false;
        }
        return true;
      },
      5000));
}

TEST(ObserverMaster, AnObserverFollowsAFollower) {
  ServiceRig rig(3, 1, with_masters);
  ASSERT_TRUE(rig.all_serve());
  const size_t master = master_of(rig), leads = rig.leader();
  ASSERT_LT(master, 3U);
  EXPECT_NE(master, leads);
  auto asking = rig.client();
  EXPECT_EQ(value_of(*asking, master, "synced_observers"), "1");
  EXPECT_EQ(value_of(*asking, leads, "synced_observers"), "0");
  auto here = rig.client(), there = rig.client();
  ASSERT_TRUE(here->connect(kObserver));
  ASSERT_TRUE(there->connect(leads));
  for (int i = 0; i < 20; ++i) {
    const std::string name = std::to_string(i);
    ASSERT_EQ(here->error_of(OpCode::kCreate, create_body("/here" + name)), ErrorCode::kOk);
    ASSERT_EQ(there->error_of(OpCode::kCreate, create_body("/there" + name)), ErrorCode::kOk);
    ASSERT_EQ(here->error_of(OpCode::kSync, path_body("/")), ErrorCode::kOk);
    ASSERT_EQ(here->error_of(OpCode::kExists, path_watch_body("/there" + name)), ErrorCode::kOk);
  }
  ASSERT_EQ(here->error_of(OpCode::kCreate, create_body("/e", kEphemeral)), ErrorCode::kOk);
  expect_equal_trees(rig);
  rig.run(1000);
  here->disconnect();
  rig.run(9000 + 2000);
  EXPECT_EQ(rig.tree(leads).find("/e"), tree::NodeId::kNone) << "its session has expired";
}

TEST(ObserverMaster, KeepsSessionsAliveThatAreHeardFrom) {
  ServiceRig rig(3, 1, with_masters);
  ASSERT_TRUE(rig.all_serve());
  auto client = rig.client();
  client->timeout_ms = 1000;
  ASSERT_TRUE(client->connect(kObserver));
  ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/e", kEphemeral)), ErrorCode::kOk);
  for (int i = 0; i < 20; ++i) {
    rig.run(300);
    client->send(OpCode::kPing);
  }
  EXPECT_TRUE(client->is_connected());
  EXPECT_NE(rig.tree(0).find("/e"), tree::NodeId::kNone);
}

TEST(ObserverMaster, IsReplacedWhenItIsGone) {
  ServiceRig rig(3, 1, with_masters);
  ASSERT_TRUE(rig.all_serve());
  const size_t first = master_of(rig);
  auto client = rig.client();
  ASSERT_TRUE(client->connect(kObserver));
  ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/e", kEphemeral)), ErrorCode::kOk);
  const SessionId session = client->session;
  rig.kill(first);
  ASSERT_TRUE(rig.run_until([&] { return !client->is_connected(); }, 10'000));
  ASSERT_TRUE(rig.run_until([&] { return rig.serves(kObserver); }, 10'000));
  EXPECT_NE(master_of(rig), first);
  ASSERT_TRUE(client->connect(kObserver));
  EXPECT_EQ(client->session, session) << "the leader has it still";
  ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/f", kEphemeral)), ErrorCode::kOk);
  rig.start(first);
  ASSERT_TRUE(rig.all_serve());
  expect_equal_trees(rig);
}

// One that was away comes back by what the follower holds in memory, has in its log, or shows as a
// snapshot; writes go on meanwhile.
class Return : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(, Return, ::testing::Values(0, 1, 2));

TEST_P(Return, OfAnObserverThatWasAway) {
  ServiceRig rig(3, 1, [](node::Config& server, size_t i) {
    with_masters(server, i);
    server.store.snap_count = 100'000;
    server.peer->commit_log_count = GetParam() == 0 ? 500 : 3;
    if (GetParam() == 2) server.peer->role.snapshot_factor_percent = -1;
    server.peer->role.force_snapshot = false;
    server.peer->role.stream_bytes_high = 2 << 10;
  });
  ASSERT_TRUE(rig.all_serve());
  auto client = rig.client();
  const auto write = [&](const std::string& name, int count) {
    for (int i = 0; i < count; ++i) {
      const std::string path = "/" + name + std::to_string(i);
      if (!client->is_connected()) {
        ASSERT_TRUE(client->connect(rig.leader()));
      }
      ASSERT_EQ(client->error_of(OpCode::kCreate, create_body(path, 0, std::string(200, 'x'))),
                ErrorCode::kOk);
    }
  };
  write("a", 30);
  rig.run(500);
  rig.kill(kObserver);
  write("b", 40);
  rig.start(kObserver);
  write("c", 40);
  ASSERT_TRUE(rig.run_until([&] { return rig.serves(kObserver); }, 10'000));
  write("d", 5);
  expect_equal_trees(rig);
  EXPECT_NE(master_of(rig), rig.leader());
}

TEST(ObserverMaster, ASessionThatMovesLeavesNothingBehind) {
  ServiceRig rig(3, 1, with_masters);
  ASSERT_TRUE(rig.all_serve());
  const size_t master = master_of(rig);
  auto client = rig.client();
  ASSERT_TRUE(client->connect(kObserver));
  ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/a")), ErrorCode::kOk);
  // The observer's link to its master stands still with a request on it; meanwhile the client goes
  // to the master itself.
  rig.network.hold(rig.processes[kObserver]->host(), rig.processes[master]->host(),
                   rig.queue.now() + Duration::from_ms(300));
  client->send(OpCode::kSetData, set_data_body("/a", "late"));
  rig.run(50);
  ASSERT_TRUE(client->connect(master));
  ASSERT_EQ(client->error_of(OpCode::kSetData, set_data_body("/a", "new")), ErrorCode::kOk);
  rig.run(1000);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rig.tree(i).data(rig.tree(i).find("/a")).value_or(""), "new");
  }
}

TEST(ObserverMaster, WithoutFollowersAnObserverTakesTheLeader) {
  ServiceRig rig(1, 1, [](node::Config& server, size_t i) { with_masters(server, i); });
  ASSERT_TRUE(rig.all_serve());
  auto client = rig.client();
  ASSERT_TRUE(client->connect(1));
  EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/a")), ErrorCode::kOk);
  EXPECT_EQ(value_of(*client, 1, "observer_master_id"), "1");
}

TEST(ObserverMaster, IsNoLeaderForParticipants) {
  // The followers' own dial goes to the quorum port; one that comes to the wrong port is refused.
  ServiceRig rig(3, 1, with_masters);
  ASSERT_TRUE(rig.all_serve());
  auto client = rig.client();
  const size_t follows = rig.follower();
  const ConnectionId connection = rig.network.connect(
      client->host(), rig.processes[follows]->host(), node::Port::kObserverMaster);
  rig.run(10);
  std::string info, bytes;
  jute::Writer out(info);
  quorum::write(out, quorum::LearnerInfo{ServerId(1), 0x10000, 0});
  quorum::append_packet(bytes, quorum::PacketType::kFollowerInfo, Zxid(0), info);
  rig.network.send(connection, Side::kOpener, bytes);
  rig.run(1000);
  EXPECT_TRUE(rig.serves(follows));
  EXPECT_TRUE(rig.network.connections_of(client->host()).empty());
}

}  // namespace
}  // namespace zoetrope::sim
