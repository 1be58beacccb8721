// Modes of service in a small simulated ensemble: read-only servers, local sessions, a leader
// without clients.
#include <gtest/gtest.h>

#include "tests/unit/sim/service_rig.hpp"

namespace zoetrope::sim {
namespace {

using jute::OpCode;

constexpr int32_t kEphemeral = 1;

// --- read-only mode ----------------------------------------------------------------------------

void read_only(node::Config& server, size_t) {
  server.read_only_mode = true;
}

TEST(ReadOnlyMode, AServerWithoutAQuorumServesReadersAfterAWhile) {
  ServiceRig rig(3, 0, read_only);
  ASSERT_TRUE(rig.all_serve());
  auto writer = rig.client();
  ASSERT_TRUE(writer->connect(rig.leader()));
  EXPECT_FALSE(writer->is_read_only());
  EXPECT_EQ(writer->ask(rig.leader(), "isro"), "rw");
  ASSERT_EQ(writer->error_of(OpCode::kCreate, create_body("/a")), ErrorCode::kOk);
  const size_t alone = rig.follower();
  rig.run(1000);
  rig.isolate(alone);
  ASSERT_TRUE(rig.run_until([&] { return !rig.serves(alone); }, 10'000));
  auto reader = rig.client();
  reader->read_only = true;
  EXPECT_FALSE(reader->connect(alone)) << "not before it has looked for a while";
  EXPECT_EQ(reader->ask(alone, "isro"), "null");
  rig.run(2200);
  ASSERT_TRUE(reader->connect(alone));
  EXPECT_TRUE(reader->is_read_only());
  EXPECT_EQ(reader->ask(alone, "isro"), "ro");
  EXPECT_NE(reader->ask(alone, "srvr").find("READ-ONLY mode; serving only read-only clients\n"),
            std::string::npos);
  EXPECT_NE(reader->ask(alone, "srvr").find("Mode: read-only\n"), std::string::npos);
  EXPECT_EQ(reader->error_of(OpCode::kExists, path_watch_body("/a")), ErrorCode::kOk);
  EXPECT_EQ(reader->error_of(OpCode::kExists, path_watch_body("/b")), ErrorCode::kNoNode);
  for (const OpCode op : {OpCode::kCreate, OpCode::kDelete, OpCode::kSetData, OpCode::kSetAcl,
                          OpCode::kMulti, OpCode::kSync, OpCode::kReconfig, OpCode::kCreate2}) {
    EXPECT_EQ(reader->error_of(op, create_body("/b")), ErrorCode::kNotReadOnly);
  }
  EXPECT_EQ(reader->error_of(OpCode::kExists, path_watch_body("/a")), ErrorCode::kOk);
  auto other = rig.client();
  EXPECT_FALSE(other->connect(alone)) << "who wants to write has to go elsewhere";
  EXPECT_FALSE(other->is_connected());
}

TEST(ReadOnlyMode, SessionsOfTheEnsembleAreNeitherServedNorDeclaredOver) {
  ServiceRig rig(3, 0, read_only);
  ASSERT_TRUE(rig.all_serve());
  const size_t alone = rig.follower();
  auto client = rig.client();
  client->read_only = true;
  client->timeout_ms = 20'000;
  ASSERT_TRUE(client->connect(alone));
  const SessionId session = client->session;
  rig.isolate(alone);
  ASSERT_TRUE(rig.run_until([&] { return !client->is_connected(); }, 10'000));
  rig.run(2500);
  EXPECT_FALSE(client->connect(alone));
  EXPECT_EQ(client->session, session) << "there was no answer that it is over";
  ASSERT_TRUE(client->connect(rig.leader()));
  EXPECT_EQ(client->session, session);
}

TEST(ReadOnlyMode, ItsSessionsLiveOverConnectionsExpireAndEndWithTheMode) {
  ServiceRig rig(3, 0, read_only);
  ASSERT_TRUE(rig.all_serve());
  const size_t alone = rig.follower();
  rig.isolate(alone);
  rig.run(8000);
  auto client = rig.client();
  client->read_only = true;
  client->timeout_ms = 1000;
  ASSERT_TRUE(client->connect(alone));
  const SessionId session = client->session;
  client->disconnect();
  ASSERT_TRUE(client->connect(alone));
  EXPECT_EQ(client->session, session);
  EXPECT_EQ(client->error_of(OpCode::kExists, path_watch_body("/")), ErrorCode::kOk);
  rig.run(1500);
  EXPECT_FALSE(client->is_connected()) << "it was silent for too long";
  EXPECT_FALSE(client->connect(alone));
  EXPECT_EQ(client->session, SessionId());
  ASSERT_TRUE(client->connect(alone));
  EXPECT_EQ(client->error_of(OpCode::kCloseSession), ErrorCode::kOk);
  rig.run(10);
  EXPECT_FALSE(client->is_connected());
  EXPECT_FALSE(client->connect(alone));
  ASSERT_TRUE(client->connect(alone));
  rig.rejoin(alone);
  ASSERT_TRUE(rig.run_until([&] { return !client->is_connected(); }, 10'000));
  ASSERT_TRUE(rig.all_serve());
  EXPECT_FALSE(client->connect(alone)) << "the session was that server's own";
  ASSERT_TRUE(client->connect(alone));
  EXPECT_FALSE(client->is_read_only());
  EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/again")), ErrorCode::kOk);
}

TEST(ReadOnlyMode, IsOffUnlessAskedFor) {
  ServiceRig rig(3, 0);
  ASSERT_TRUE(rig.all_serve());
  const size_t alone = rig.follower();
  rig.isolate(alone);
  rig.run(10'000);
  auto client = rig.client();
  client->read_only = true;
  EXPECT_FALSE(client->connect(alone));
  EXPECT_EQ(client->ask(alone, "isro"), "null");
}

TEST(ReadOnlyMode, AServerThatStartsAloneShowsWhatItsDiskHas) {
  ServiceRig rig(3, 0, read_only);
  ASSERT_TRUE(rig.all_serve());
  auto client = rig.client();
  ASSERT_TRUE(client->connect(rig.leader()));
  ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/kept", 0, "data")), ErrorCode::kOk);
  rig.run(1000);
  for (size_t i = 0; i < 3; ++i) rig.kill(i);
  rig.run(100);
  rig.start(1);
  rig.run(1900);
  auto reader = rig.client();
  reader->read_only = true;
  EXPECT_FALSE(reader->connect(1));
  rig.run(300);
  ASSERT_TRUE(reader->connect(1));
  EXPECT_EQ(reader->error_of(OpCode::kGetData, path_watch_body("/kept")), ErrorCode::kOk);
}

// --- local sessions ----------------------------------------------------------------------------

void local(node::Config& server, size_t) {
  server.local_sessions_enabled = true;
}
void upgradable(node::Config& server, size_t) {
  server.local_sessions_enabled = server.local_sessions_upgrading_enabled = true;
}

// Transactions of the first epoch.
int64_t newest(const ServiceRig& rig, size_t server) {
  return rig.tree(server).last_processed_zxid().counter();
}

class LocalSessions : public ::testing::TestWithParam<bool> {
 protected:
  // The server that the client comes to: the leader or a follower.
  static size_t server(ServiceRig& rig) { return GetParam() ? rig.leader() : rig.follower(); }
};
INSTANTIATE_TEST_SUITE_P(, LocalSessions, ::testing::Bool(),
                         [](const auto& leads) { return leads.param ? "Leader" : "Follower"; });

TEST_P(LocalSessions, ComeAndGoWithoutATransaction) {
  ServiceRig rig(3, 0, local);
  ASSERT_TRUE(rig.all_serve());
  const size_t at = server(rig);
  const int64_t before = newest(rig, at);
  auto client = rig.client();
  ASSERT_TRUE(client->connect(at));
  EXPECT_EQ(client->error_of(OpCode::kExists, path_watch_body("/")), ErrorCode::kOk);
  EXPECT_EQ(client->error_of(OpCode::kSync, path_body("/")), ErrorCode::kOk);
  EXPECT_EQ(newest(rig, at), before);
  ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/a")), ErrorCode::kOk);
  ASSERT_EQ(client->error_of(OpCode::kSetData, set_data_body("/a", "b")), ErrorCode::kOk);
  EXPECT_EQ(newest(rig, at), before + 2);
  const SessionId session = client->session;
  client->disconnect();
  ASSERT_TRUE(client->connect(at)) << "to the same server it may come back";
  EXPECT_EQ(client->session, session);
  ASSERT_EQ(client->error_of(OpCode::kSetData, set_data_body("/a", "c")), ErrorCode::kOk);
  EXPECT_EQ(client->error_of(OpCode::kCloseSession), ErrorCode::kOk);
  rig.run(10);
  EXPECT_FALSE(client->is_connected());
  EXPECT_EQ(newest(rig, at), before + 3);
  EXPECT_FALSE(client->connect(at));
  EXPECT_EQ(client->session, SessionId());
}

TEST_P(LocalSessions, CannotMove) {
  ServiceRig rig(3, 0, local);
  ASSERT_TRUE(rig.all_serve());
  const size_t at = server(rig);
  auto client = rig.client();
  ASSERT_TRUE(client->connect(at));
  EXPECT_FALSE(client->connect((at + 1) % 3));
  EXPECT_EQ(client->session, SessionId()) << "told that it is over";
}

TEST_P(LocalSessions, ExpireWhereTheyAre) {
  ServiceRig rig(3, 0, local);
  ASSERT_TRUE(rig.all_serve());
  const size_t at = server(rig);
  auto client = rig.client();
  client->timeout_ms = 1000;
  ASSERT_TRUE(client->connect(at));
  const int64_t before = newest(rig, at);
  for (int i = 0; i < 10; ++i) {
    rig.run(400);
    client->send(OpCode::kPing);
  }
  EXPECT_TRUE(client->is_connected());
  rig.run(1500);
  EXPECT_FALSE(client->is_connected());
  EXPECT_EQ(newest(rig, at), before);
}

TEST_P(LocalSessions, HaveNoEphemeralsUnlessTheyMayBeUpgraded) {
  ServiceRig rig(3, 0, local);
  ASSERT_TRUE(rig.all_serve());
  auto client = rig.client();
  ASSERT_TRUE(client->connect(server(rig)));
  EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/e", kEphemeral)),
            ErrorCode::kEphemeralOnLocalSession);
  EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/p")), ErrorCode::kOk);
  EXPECT_EQ(client->error_of(OpCode::kExists, path_watch_body("/e")), ErrorCode::kNoNode);
}

std::string multi_with_ephemeral() {
  std::vector<wire::MultiOp> ops(2);
  wire::CreateRequest request;
  request.path = "/m";
  request.acl = jute::open_acl_bytes();
  ops[0] = {OpCode::kCreate, request};
  request.path = "/m2";
  request.flags = kEphemeral;
  ops[1] = {OpCode::kCreate, request};
  std::string bytes;
  jute::Writer out(bytes);
  wire::write(out, ops);
  return bytes;
}

void upgrade_at(size_t (ServiceRig::*server)(), bool in_multi) {
  ServiceRig rig(3, 0, upgradable);
  ASSERT_TRUE(rig.all_serve());
  const size_t at = (rig.*server)();
  auto client = rig.client();
  ASSERT_TRUE(client->connect(at));
  const SessionId session = client->session;
  const int64_t before = newest(rig, at);
  // Writes before and behind it, all under way at once.
  const Xid first = client->send(OpCode::kCreate, create_body("/a"));
  const Xid second = in_multi ? client->send(OpCode::kMulti, multi_with_ephemeral())
                              : client->send(OpCode::kCreate, create_body("/m2", kEphemeral));
  const Xid third = client->send(OpCode::kCreate, create_body("/e2", kEphemeral));
  for (const Xid xid : {first, second, third}) {
    const auto reply = client->wait_for(xid);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->header.error, ErrorCode::kOk);
  }
  EXPECT_EQ(newest(rig, at), before + 4) << "one is the createSession";
  EXPECT_EQ(rig.tree(at).ephemerals_of(session).size(), 2U);
  client->disconnect();
  ASSERT_TRUE(client->connect((at + 1) % 3)) << "now it can move";
  EXPECT_EQ(client->session, session);
  EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/e3", kEphemeral)), ErrorCode::kOk);
  EXPECT_EQ(client->error_of(OpCode::kCloseSession), ErrorCode::kOk);
  rig.run(1000);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(rig.tree(i).ephemerals_of(session).empty());
  EXPECT_EQ(rig.tree(at).find("/e2"), tree::NodeId::kNone);
}

TEST(LocalSession, IsUpgradedByAnEphemeralOnAFollower) {
  upgrade_at(&ServiceRig::follower, false);
}

TEST(LocalSession, IsUpgradedByAnEphemeralOnTheLeader) {
  upgrade_at(&ServiceRig::leader, false);
}

TEST(LocalSession, IsUpgradedByAnEphemeralInAMulti) {
  upgrade_at(&ServiceRig::follower, true);
  upgrade_at(&ServiceRig::leader, true);
}

TEST_P(LocalSessions, AnUpgradedOneExpiresByTheLeadersWord) {
  ServiceRig rig(3, 0, upgradable);
  ASSERT_TRUE(rig.all_serve());
  const size_t at = server(rig);
  auto client = rig.client();
  client->timeout_ms = 1000;
  ASSERT_TRUE(client->connect(at));
  ASSERT_EQ(client->error_of(OpCode::kCreate, create_body("/e", kEphemeral)), ErrorCode::kOk);
  for (int i = 0; i < 10; ++i) {
    rig.run(400);
    client->send(OpCode::kPing);
  }
  EXPECT_TRUE(client->is_connected());
  EXPECT_NE(rig.tree(at).find("/e"), tree::NodeId::kNone);
  rig.run(3000);
  EXPECT_FALSE(client->is_connected());
  EXPECT_EQ(rig.tree(at).find("/e"), tree::NodeId::kNone);
}

TEST_P(LocalSessions, AClientThatMovesInTheMiddleOfItsUpgradeKeepsItsSession) {
  ServiceRig rig(3, 0, upgradable);
  ASSERT_TRUE(rig.all_serve());
  const size_t at = server(rig);
  auto client = rig.client();
  ASSERT_TRUE(client->connect(at));
  const SessionId session = client->session;
  client->send(OpCode::kCreate, create_body("/e", kEphemeral));
  rig.run(1);
  client->disconnect();
  ASSERT_TRUE(client->connect(at)) << "by the same server, where the upgrade began";
  EXPECT_EQ(client->session, session);
  EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/e2", kEphemeral)), ErrorCode::kOk);
  ASSERT_TRUE(client->connect((at + 1) % 3));
  EXPECT_EQ(client->session, session);
  EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/e3", kEphemeral)), ErrorCode::kOk);
}

TEST(LocalSession, EndsWhenItsServerLosesTheLeader) {
  ServiceRig rig(3, 0, local);
  ASSERT_TRUE(rig.all_serve());
  const size_t at = rig.follower();
  auto client = rig.client();
  ASSERT_TRUE(client->connect(at));
  rig.kill(rig.leader());
  ASSERT_TRUE(rig.run_until([&] { return !client->is_connected(); }, 10'000));
  rig.leader();
  ASSERT_TRUE(rig.run_until([&] { return rig.serves(at); }, 10'000));
  EXPECT_FALSE(client->connect(at));
  EXPECT_EQ(client->session, SessionId());
}

// --- a leader without clients ------------------------------------------------------------------

TEST(LeaderServes, NoClientsWhenItIsToldSo) {
  ServiceRig rig(3, 0, [](node::Config& server, size_t) { server.leader_serves = false; });
  ASSERT_TRUE(rig.all_serve());
  const size_t leads = rig.leader(), follows = rig.follower();
  auto client = rig.client();
  EXPECT_FALSE(client->connect(leads));
  EXPECT_EQ(client->ask(leads, "ruok"), "imok");
  EXPECT_EQ(client->ask(leads, "isro"), "null");
  EXPECT_EQ(client->ask(leads, "srvr"),
            "This ZooKeeper instance is not currently serving requests\n");
  ASSERT_TRUE(client->connect(follows));
  EXPECT_EQ(client->ask(follows, "isro"), "rw");
  EXPECT_EQ(client->error_of(OpCode::kCreate, create_body("/a", kEphemeral)), ErrorCode::kOk);
  const SessionId session = client->session;
  rig.kill(leads);
  ASSERT_TRUE(rig.run_until([&] { return !client->is_connected(); }, 10'000));
  const size_t next = rig.leader();
  rig.start(leads);
  ASSERT_TRUE(rig.all_serve());
  EXPECT_FALSE(client->connect(next)) << "whoever leads";
  ASSERT_TRUE(client->connect(leads));
  EXPECT_EQ(client->session, session);
}

}  // namespace
}  // namespace zoetrope::sim
