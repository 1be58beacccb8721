// Order, durability and flow control of one server, seen from its clients.
#include "core/node/server.hpp"

#include <gtest/gtest.h>

#include "core/session/session_tracker.hpp"
#include "tests/unit/node/client.hpp"

namespace zoetrope::node {
namespace {

using jute::OpCode;
using namespace test;
using pipeline::test::create_body;
using pipeline::test::encoded_acl;
using pipeline::test::multi_body;
using pipeline::test::multi_create;
using pipeline::test::multi_delete;
using pipeline::test::path_version_body;
using pipeline::test::set_body;

Config quiet() {
  Config config;
  config.container_check_interval_ms = 0;
  config.extended_types_enabled = true;
  return config;
}

TEST(Server, AcknowledgesNothingBeforeItIsDurable) {
  Harness h(quiet());
  Client c(h);
  ASSERT_TRUE(c.connect());
  c.send(OpCode::kCreate, create_body("/a"));
  EXPECT_TRUE(c.replies().empty());
  h.step(BatchEnd{});
  EXPECT_TRUE(c.replies().empty()) << "issued, not done";
  ASSERT_FALSE(h.disk.empty());
  while (h.disk.size() > 1) {
    h.complete_one();
    EXPECT_TRUE(c.replies().empty()) << "written, not synced";
  }
  EXPECT_EQ(h.server().tree().find("/a"), tree::NodeId::kNone);
  h.complete_one();
  EXPECT_EQ(c.replies().size(), 1u);
}

TEST(Server, OneSyncServesABatchAndTheNextGathersWhileItRuns) {
  Harness h(quiet());
  Client c(h);
  ASSERT_TRUE(c.connect());
  for (int i = 0; i < 10; ++i) c.send(OpCode::kCreate, create_body("/a" + std::to_string(i)));
  h.step(BatchEnd{});
  const size_t ops = h.disk.size();
  EXPECT_LE(ops, 2u) << "a write and a sync";
  for (int i = 0; i < 10; ++i) c.send(OpCode::kCreate, create_body("/b" + std::to_string(i)));
  h.step(BatchEnd{});
  EXPECT_EQ(h.disk.size(), ops) << "one batch at a time";
  while (!h.disk.empty() && c.replies().empty()) h.complete_one();
  h.settle();
  EXPECT_EQ(c.replies().size(), 10u);
}

TEST(Server, AReadWaitsForItsOwnWritesOnly) {
  Harness h(quiet());
  Client writer(h), reader(h);
  ASSERT_TRUE(writer.connect());
  ASSERT_TRUE(reader.connect());
  writer.send(OpCode::kCreate, create_body("/a", "1"));
  const Xid own_read = writer.send(OpCode::kGetData, path_watch_body("/a", false));
  reader.send(OpCode::kExists, path_watch_body("/a", false));
  EXPECT_TRUE(writer.replies().empty());
  const auto at_once = reader.replies();
  ASSERT_EQ(at_once.size(), 1u) << "another session's read does not wait for the sync";
  EXPECT_EQ(at_once[0].header.error, ErrorCode::kNoNode) << "and shows nothing that is not durable";
  h.settle();
  const auto replies = writer.replies();
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[1].header.xid, own_read);
  EXPECT_EQ(replies[1].header.error, ErrorCode::kOk);
}

TEST(Server, RepliesComeInRequestOrderAcrossReadsAndWrites) {
  Harness h(quiet());
  Client c(h);
  ASSERT_TRUE(c.connect());
  for (int i = 0; i < 50; ++i) {
    if (i % 3 == 0)
      c.send(OpCode::kCreate, create_body("/n" + std::to_string(i)));
    else
      c.send(OpCode::kExists, path_watch_body("/n" + std::to_string(i - i % 3), false));
  }
  h.settle();
  const auto replies = c.replies();
  ASSERT_EQ(replies.size(), 50u);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(replies[i].header.xid, Xid(i + 1));
    EXPECT_EQ(replies[i].header.error, ErrorCode::kOk);
    if (i > 0) {
      EXPECT_GE(replies[i].header.zxid, replies[i - 1].header.zxid);
    }
  }
}

TEST(Server, EventComesBeforeTheReplyThatShowsTheChange) {
  Harness h(quiet());
  Client writer(h), watcher(h);
  ASSERT_TRUE(writer.connect());
  ASSERT_TRUE(watcher.connect());
  watcher.call(OpCode::kExists, path_watch_body("/a", true));
  writer.send(OpCode::kCreate, create_body("/a"));
  h.step(BatchEnd{});
  while (!h.disk.empty()) h.complete_one();
  watcher.send(OpCode::kExists, path_watch_body("/a", false));
  const auto seen = watcher.replies();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].header.xid, wire::kEventXid);
  EXPECT_EQ(event_of(seen[0]).type, jute::EventType::kNodeCreated);
  EXPECT_EQ(seen[0].header.zxid, seen[1].header.zxid) << "the event names its transaction";
}

TEST(Server, WhoMayNotReadIsNotTold) {
  const std::string secret = encoded_acl({{jute::kAllPermissions, {"ip", "10.0.0.1"}}});
  for (const auto compatibility : {Compatibility::k3_8, Compatibility::k3_9}) {
    Config config = quiet();
    config.compatibility = compatibility;
    Harness h(config);
    Client writer(h), watcher(h);
    ASSERT_TRUE(writer.connect());
    ASSERT_TRUE(watcher.connect());
    std::string watch_all;
    jute::Writer out(watch_all);
    wire::write(out, wire::PathTypeRequest{"/", 1});
    watcher.call(OpCode::kAddWatch, watch_all);
    writer.call(OpCode::kCreate, create_body("/s", "", 0, secret));
    writer.call(OpCode::kDelete, path_version_body("/s"));
    EXPECT_TRUE(watcher.replies().empty());
  }
}

// Whatever ends the znode, and though nobody has a data watch.
TEST(Server, WhoMayNotReadIsNotToldOfTheEndByAChildWatch) {
  const std::string secret = encoded_acl({{jute::kAllPermissions, {"ip", "10.0.0.1"}}});
  for (const bool named_in_log : {true, false}) {
    Config config = quiet();
    config.close_session_txn_enabled = named_in_log;
    Harness h(config);
    Client owner(h), watcher(h);
    ASSERT_TRUE(owner.connect());
    ASSERT_TRUE(watcher.connect());
    for (const char* path : {"/deleted", "/ended"}) {
      owner.call(OpCode::kCreate, create_body(path, "", 1));
      watcher.call(OpCode::kGetChildren, path_watch_body(path, true));
      std::string set_acl;
      jute::Writer out(set_acl);
      wire::write(out, wire::SetAclRequest{path, secret, -1});
      ASSERT_EQ(owner.error_of(OpCode::kSetAcl, set_acl), ErrorCode::kOk);
    }
    owner.call(OpCode::kDelete, path_version_body("/deleted"));
    EXPECT_TRUE(watcher.replies().empty());
    owner.call(OpCode::kCloseSession);
    EXPECT_TRUE(watcher.replies().empty());
  }
}

TEST(Server, WhoMayNotReadIsNotToldOfALifeWithinOneMulti) {
  const std::string secret = encoded_acl({{jute::kAllPermissions, {"ip", "10.0.0.1"}}});
  Harness h(quiet());
  Client owner(h), watcher(h);
  ASSERT_TRUE(owner.connect());
  ASSERT_TRUE(watcher.connect());
  watcher.call(OpCode::kExists, path_watch_body("/s", true));
  wire::MultiOp create = multi_create("/s");
  std::get<wire::CreateRequest>(create.body).acl = secret;
  owner.call(OpCode::kMulti, multi_body({create, multi_delete("/s")}));
  EXPECT_TRUE(watcher.replies().empty());
  // Of an open one it is told.
  watcher.call(OpCode::kExists, path_watch_body("/s", true));
  owner.call(OpCode::kMulti, multi_body({multi_create("/s"), multi_delete("/s")}));
  EXPECT_EQ(watcher.replies().size(), 1U);
}

TEST(Server, AWatcherOfChildrenAloneIsNotToldEitherWhenItMayNoLongerRead) {
  Harness h(quiet());
  Client writer(h), watcher(h);
  ASSERT_TRUE(writer.connect());
  ASSERT_TRUE(watcher.connect());
  writer.call(OpCode::kCreate, create_body("/s"));
  watcher.call(OpCode::kGetChildren, path_watch_body("/s", true));
  std::string shut;
  jute::Writer out(shut);
  out.string("/s");
  out.raw(encoded_acl({{jute::kAllPermissions, {"ip", "10.0.0.1"}}}));
  out.i32(-1);
  writer.call(OpCode::kSetAcl, shut);
  writer.call(OpCode::kDelete, path_version_body("/s"));
  EXPECT_TRUE(watcher.replies().empty());
}

TEST(Server, ResumesASessionAndCutsItsOldConnection) {
  Harness h(quiet());
  Client first(h);
  ASSERT_TRUE(first.connect());
  first.call(OpCode::kCreate, create_body("/e", "", 1));
  Client stranger(h);
  EXPECT_FALSE(stranger.connect(10000, first.session(), std::string(16, 'x')));
  EXPECT_TRUE(stranger.is_closed());
  EXPECT_FALSE(first.is_closed()) << "a wrong password costs the owner nothing";
  Client second(h);
  ASSERT_TRUE(second.connect(20000, first.session(), first.password()));
  EXPECT_EQ(second.session(), first.session());
  EXPECT_EQ(second.timeout_ms(), 20000);
  EXPECT_TRUE(first.is_closed());
  EXPECT_EQ(second.error_of(OpCode::kExists, path_watch_body("/e", false)), ErrorCode::kOk);
}

TEST(Server, ExpiresASilentSessionAndItsEphemerals) {
  Harness h(quiet());
  Client silent(h), other(h);
  ASSERT_TRUE(silent.connect(6000));
  ASSERT_TRUE(other.connect(60000));
  silent.call(OpCode::kCreate, create_body("/e", "", 1));
  other.call(OpCode::kExists, path_watch_body("/e", true));
  h.advance(5999);
  EXPECT_FALSE(silent.is_closed());
  h.advance(3001 + 1);
  EXPECT_TRUE(silent.is_closed());
  EXPECT_EQ(h.take(silent.id()), "") << "closed without a word";
  const auto events = other.replies();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(event_of(events[0]).type, jute::EventType::kNodeDeleted);
  Client again(h);
  EXPECT_FALSE(again.connect(6000, silent.session(), silent.password())) << "expired for good";
}

TEST(Server, PingsKeepASessionAlive) {
  Harness h(quiet());
  Client c(h);
  ASSERT_TRUE(c.connect(6000));
  for (int i = 0; i < 20; ++i) {
    h.advance(2000);
    c.send(OpCode::kPing, {}, wire::kPingXid);
    ASSERT_EQ(c.replies().size(), 1u);
  }
  EXPECT_FALSE(c.is_closed());
}

TEST(Server, ClosesASessionAndAnswersNothingAfterIt) {
  Harness h(quiet());
  Client c(h);
  ASSERT_TRUE(c.connect());
  c.call(OpCode::kCreate, create_body("/e", "", 1));
  c.send(OpCode::kCloseSession, {});
  c.send(OpCode::kCreate, create_body("/late", "", 1));
  c.send(OpCode::kExists, path_watch_body("/e", false));
  h.settle();
  const auto replies = c.replies();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_TRUE(c.is_closed());
  EXPECT_EQ(h.server().tree().find("/e"), tree::NodeId::kNone);
  EXPECT_EQ(h.server().tree().find("/late"), tree::NodeId::kNone);
}

TEST(Server, RefusesAClientThatHasSeenTheFuture) {
  Harness h(quiet());
  const ConnectionId id = h.open();
  std::string payload;
  jute::Writer out(payload);
  wire::ConnectRequest request;
  request.last_zxid_seen = Zxid(100);
  wire::write(out, request);
  h.receive(id, framed(payload));
  EXPECT_EQ(h.take(id), "");
  EXPECT_TRUE(h.is_closed(id));
}

TEST(Server, PipelinedBytesBehindTheHandshakeAreServedInOrder) {
  Harness h(quiet());
  const ConnectionId id = h.open();
  std::string connect, create, bytes;
  jute::Writer connect_out(connect), create_out(create);
  wire::write(connect_out, wire::ConnectRequest{});
  wire::write(create_out, wire::RequestHeader{Xid(1), OpCode::kCreate});
  create_out.raw(create_body("/a"));
  bytes = framed(connect) + framed(create);
  for (const char byte : bytes) h.receive(id, std::string_view(&byte, 1));
  EXPECT_TRUE(h.paused[id]) << "not read until the session is there";
  h.settle();
  EXPECT_FALSE(h.paused[id]);
  EXPECT_NE(h.server().tree().find("/a"), tree::NodeId::kNone);
  EXPECT_EQ(h.take(id).size(), 4 + 37 + 4 + 16 + 4 + 2u);
}

TEST(Server, UnknownOperationsEndTheConnection) {
  Harness h(quiet());
  for (const int32_t op : {0, 13, 20, 999, -10, -1}) {
    Client c(h);
    ASSERT_TRUE(c.connect());
    c.send(static_cast<OpCode>(op), create_body("/x"));
    const auto replies = c.replies();
    ASSERT_EQ(replies.size(), 1u) << op;
    EXPECT_EQ(replies[0].header.error, ErrorCode::kUnimplemented);
    EXPECT_EQ(replies[0].header.zxid, Zxid(-1));
    EXPECT_TRUE(c.is_closed());
  }
}

TEST(Server, BadFrameLengthsCloseSilently) {
  Harness h(quiet());
  for (const uint32_t length : {0xFFFFFFFFu, 0x7FFFFFFFu, 1048576u}) {
    Client c(h);
    ASSERT_TRUE(c.connect());
    char bytes[4];
    store_be32(bytes, length);
    h.receive(c.id(), {bytes, 4});
    EXPECT_TRUE(c.is_closed()) << length;
    EXPECT_EQ(h.take(c.id()), "");
  }
}

TEST(Server, StopsReadingWhoeverHasTooMuchOutstanding) {
  Config config = quiet();
  config.outstanding_limit = 10;
  Harness h(config);
  Client greedy(h);
  ASSERT_TRUE(greedy.connect());
  for (int i = 0; i < 40; ++i) greedy.send(OpCode::kCreate, create_body("/g" + std::to_string(i)));
  EXPECT_TRUE(h.paused[greedy.id()]);
  h.settle();
  EXPECT_FALSE(h.paused[greedy.id()]);
  EXPECT_EQ(greedy.replies().size(), 40u) << "nothing is lost by waiting";
}

TEST(Server, PausesAndThenCutsAConnectionThatDoesNotReadItsReplies) {
  Config config = quiet();
  config.output_bytes_high = 1000;
  config.output_bytes_max = 5000;
  Harness h(config);
  Client slow(h);
  ASSERT_TRUE(slow.connect());
  h.step(Backlog{slow.id(), 1500});
  EXPECT_TRUE(h.paused[slow.id()]);
  slow.send(OpCode::kExists, path_watch_body("/", false));
  EXPECT_TRUE(slow.replies().empty());
  h.step(Backlog{slow.id(), 400});
  EXPECT_FALSE(h.paused[slow.id()]);
  EXPECT_EQ(slow.replies().size(), 1u);
  h.step(Backlog{slow.id(), 5001});
  EXPECT_EQ(h.closed[slow.id()], CloseHow::kReset);
}

TEST(Server, LimitsConnectionsPerAddress) {
  Config config = quiet();
  config.connections_per_address_max = 2;
  Harness h(config);
  const Endpoint here = Endpoint::v4(127, 0, 0, 1, 1), there = Endpoint::v4(127, 0, 0, 2, 1);
  const ConnectionId a = h.open(here), b = h.open(here), c = h.open(here), d = h.open(there);
  EXPECT_FALSE(h.is_closed(a));
  EXPECT_FALSE(h.is_closed(b));
  EXPECT_EQ(h.closed[c], CloseHow::kReset);
  EXPECT_FALSE(h.is_closed(d));
  h.close(a);
  EXPECT_FALSE(h.is_closed(h.open(here)));
}

TEST(Server, DropsConnectionsThatNeverShakeHands) {
  Harness h(quiet());
  const ConnectionId idle = h.open();
  h.advance(9999);
  EXPECT_FALSE(h.is_closed(idle));
  h.advance(1);
  EXPECT_TRUE(h.is_closed(idle));
}

TEST(Server, AFailedDiskHaltsItAndAcknowledgesNothing) {
  Harness h(quiet());
  Client c(h);
  ASSERT_TRUE(c.connect());
  c.send(OpCode::kCreate, create_body("/a"));
  h.step(BatchEnd{});
  ASSERT_FALSE(h.disk.empty());
  h.step(DiskDone{h.disk.front().id, storage::DiskError{"log.1: no space left"}});
  ASSERT_EQ(h.halts.size(), 1u);
  EXPECT_FALSE(h.halts[0].clean);
  EXPECT_NE(h.halts[0].reason.find("no space left"), std::string::npos);
  EXPECT_TRUE(c.replies().empty());
}

TEST(Server, ShutdownFinishesWhatIsOnItsWay) {
  Harness h(quiet());
  Client c(h);
  ASSERT_TRUE(c.connect());
  c.send(OpCode::kCreate, create_body("/a"));
  h.step(Shutdown{});
  EXPECT_TRUE(h.halts.empty());
  h.settle();
  ASSERT_EQ(h.halts.size(), 1u);
  EXPECT_TRUE(h.halts[0].clean);
  EXPECT_EQ(c.replies().size(), 1u);
  EXPECT_TRUE(c.is_closed());
}

TEST(Server, ContainersAndTtlNodesGoWhenTheirTimeHasCome) {
  Config config = quiet();
  config.container_check_interval_ms = 1000;
  config.container_never_used_interval_ms = 5000;
  Harness h(config);
  Client c(h);
  ASSERT_TRUE(c.connect(60000));
  c.call(OpCode::kCreateContainer, create_body("/used", "", 4));
  c.call(OpCode::kCreate, create_body("/used/child"));
  c.call(OpCode::kCreateContainer, create_body("/never", "", 4));
  c.call(OpCode::kCreateTtl, pipeline::test::create_ttl_body("/ttl", 3000));
  h.advance(2500);
  EXPECT_NE(h.server().tree().find("/used"), tree::NodeId::kNone);
  EXPECT_NE(h.server().tree().find("/ttl"), tree::NodeId::kNone);
  c.call(OpCode::kDelete, path_version_body("/used/child"));
  h.advance(2000);
  EXPECT_EQ(h.server().tree().find("/used"), tree::NodeId::kNone);
  EXPECT_EQ(h.server().tree().find("/ttl"), tree::NodeId::kNone);
  EXPECT_NE(h.server().tree().find("/never"), tree::NodeId::kNone);
  h.advance(2000);
  EXPECT_EQ(h.server().tree().find("/never"), tree::NodeId::kNone);
}

TEST(Server, ATtlNodeWithAWriteOnItsWayHasNotExpired) {
  Config config = quiet();
  config.container_check_interval_ms = 1000;
  Harness h(config);
  Client c(h);
  ASSERT_TRUE(c.connect(60000));
  c.call(OpCode::kCreateTtl, pipeline::test::create_ttl_body("/ttl", 3000));
  h.advance(2900);
  c.send(OpCode::kSetData, pipeline::test::set_body("/ttl", "fresh"));
  h.clock_ms += 1500;
  h.step(Tick{});
  h.settle();
  ASSERT_NE(h.server().tree().find("/ttl"), tree::NodeId::kNone);
  EXPECT_EQ(h.server().tree().data(h.server().tree().find("/ttl")), "fresh");
  h.advance(3000);
  EXPECT_EQ(h.server().tree().find("/ttl"), tree::NodeId::kNone);
}

TEST(Server, EphemeralsWithoutASessionGoAtStart) {
  storage::RecoveredState state = Harness::empty_state(quiet());
  std::string payload;
  jute::Writer out(payload);
  jute::write(out, jute::TxnHeader{SessionId(77), 1, Zxid(1), 5, OpCode::kCreate});
  jute::write(out, jute::CreateTxn{"/orphan", "", jute::open_acl_bytes(), true, 1});
  state.tree.replay(*jute::decode_txn(payload));
  state.last_zxid = Zxid(1);
  Harness h(quiet(), std::move(state));
  EXPECT_EQ(h.server().tree().find("/orphan"), tree::NodeId::kNone);
  EXPECT_EQ(h.server().tree().last_processed_zxid(), Zxid(2));
}

TEST(Server, CountsTheRootsTwinForTheEmptyPath) {
  Harness h(quiet());
  Client client(h);
  ASSERT_TRUE(client.connect());
  const auto count = [&](std::string_view path) {
    return jute::Reader(client.call(OpCode::kGetAllChildrenNumber, path_body(path)).body).i32();
  };
  EXPECT_EQ(count("/"), 3) << "/zookeeper, its quota and config";
  EXPECT_EQ(count(""), 4);
}

TEST(Server, AnswersCreate2InsideAMultiAsAsked) {
  for (const auto compatibility : {Compatibility::k3_8, Compatibility::k3_9}) {
    Config config = quiet();
    config.compatibility = compatibility;
    Harness h(config);
    Client c(h);
    ASSERT_TRUE(c.connect());
    wire::MultiOp op = multi_create("/m");
    op.type = OpCode::kCreate2;
    const Reply reply = c.call(OpCode::kMulti, multi_body({op}));
    jute::Reader in(reply.body);
    const auto results = wire::read_multi_reply(in);
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(results[0].type,
              compatibility == Compatibility::k3_8 ? OpCode::kCreate : OpCode::kCreate2);
  }
}

TEST(Server, IdenticalInputsGiveIdenticalStates) {
  Harness a(quiet()), b(quiet());
  for (Harness* h : {&a, &b}) {
    Client c(*h);
    ASSERT_TRUE(c.connect());
    for (int i = 0; i < 20; ++i)
      c.call(OpCode::kCreate, create_body("/n" + std::to_string(i), "x", i % 4));
    c.send(OpCode::kCreate, create_body("/pending"));
  }
  EXPECT_EQ(a.server().fingerprint(), b.server().fingerprint());
  Client c(a);
  EXPECT_NE(a.server().fingerprint(), b.server().fingerprint()) << "one has a connection more";
}

}  // namespace
}  // namespace zoetrope::node
