#include "core/pipeline/preparer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>

#include "core/tree/owner.hpp"
#include "core/tree/quota.hpp"
#include "tests/unit/pipeline/requests.hpp"

namespace zoetrope::pipeline {
namespace {

using jute::OpCode;
using namespace test;

const SessionId kSession(0x1234);
const ConnectionId kConnection = ConnectionId::make(1, 1);

// A preparer over a tree, whose transactions are applied when the test says so.
struct Bench {
  explicit Bench(PreparerConfig config = default_config())
      : tree({config.digest_enabled, config.extended_types_enabled}),
        sessions(1000, SessionId(1)),
        preparer(config, tree, sessions) {
    open(kSession);
  }

  static PreparerConfig default_config() {
    PreparerConfig config;
    config.extended_types_enabled = true;
    return config;
  }

  void open(SessionId session) { sessions.add(session, 10000, MonotonicTime{}); }

  const Prepared& prepare(OpCode type, const std::string& body, SessionId session = kSession) {
    WriteRequest request;
    request.session = session;
    request.cxid = ++cxid;
    request.type = type;
    request.body = body;
    request.ids = &ids;
    request.origin = kConnection;
    pending.push_back(preparer.prepare(request, WallTime{++time_ms}));
    return pending.back();
  }
  ErrorCode error_of(OpCode type, const std::string& body) { return prepare(type, body).error; }

  const Prepared& close(SessionId session) {
    pending.push_back(preparer.prepare_close_session(session, ++cxid, WallTime{++time_ms}));
    return pending.back();
  }

  // Applies the oldest transaction; false when its digest did not match the tree's.
  bool apply_one() {
    const Prepared prepared = std::move(pending.front());
    pending.pop_front();
    const auto txn = jute::decode_txn(prepared.payload);
    EXPECT_TRUE(txn.has_value());
    tree.apply(*txn, result);
    preparer.applied(prepared.zxid);
    if (txn->header.type == OpCode::kCloseSession) sessions.remove(txn->header.client_id);
    return !result.digest_mismatch;
  }
  void apply_all() {
    while (!pending.empty()) EXPECT_TRUE(apply_one());
  }

  tree::Tree tree;
  session::SessionTracker sessions;
  Preparer preparer;
  std::vector<jute::Id> ids = {{"ip", "127.0.0.1"}};
  std::deque<Prepared> pending;
  tree::ApplyResult result;
  int32_t cxid = 0;
  int64_t time_ms = 1000;
};

std::string path_of(const Prepared& prepared) {
  const auto txn = jute::decode_txn(prepared.payload);
  return std::string(std::get<jute::CreateTxn>(txn->body).path);
}

TEST(Preparer, SeesEveryWriteBeforeItThoughNoneIsApplied) {
  Bench b;
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/a", "1")), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/a", "1")), ErrorCode::kNodeExists);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/a/b", "2")), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kDelete, path_version_body("/a")), ErrorCode::kNotEmpty);
  EXPECT_EQ(b.error_of(OpCode::kSetData, set_body("/a", "3", 0)), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kSetData, set_body("/a", "4", 0)), ErrorCode::kBadVersion);
  EXPECT_EQ(b.error_of(OpCode::kDelete, path_version_body("/a/b", 1)), ErrorCode::kBadVersion);
  EXPECT_EQ(b.error_of(OpCode::kDelete, path_version_body("/a/b")), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kDelete, path_version_body("/a", 1)), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kDelete, path_version_body("/a")), ErrorCode::kNoNode);
  EXPECT_EQ(b.tree.find("/a"), tree::NodeId::kNone);
  b.apply_all();
  EXPECT_EQ(b.tree.find("/a"), tree::NodeId::kNone);
  EXPECT_EQ(b.preparer.changes().size(), 0u);
}

TEST(Preparer, EveryAttemptTakesAZxid) {
  Bench b;
  b.prepare(OpCode::kCreate, create_body("/a"));
  b.prepare(OpCode::kCreate, create_body("/a"));
  b.prepare(OpCode::kSetData, "short");
  EXPECT_EQ(b.pending.back().error, ErrorCode::kMarshallingError);
  EXPECT_EQ(b.pending.back().zxid, Zxid(3));
  EXPECT_EQ(b.pending.back().payload.size(), jute::kTxnHeaderSize + 4) << "an error has no digest";
  b.apply_all();
  EXPECT_EQ(b.tree.last_processed_zxid(), Zxid(3));
}

TEST(Preparer, PathErrorsComeInUpstreamsOrder) {
  Bench b;
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/x/")), ErrorCode::kNoNode);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/x/../y")), ErrorCode::kNoNode);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/")), ErrorCode::kNodeExists);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("")), ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("relative")), ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body(std::string_view("/a\0b", 4))),
            ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/a", "", 9)), ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/a", "", 0, encoded_acl({}))),
            ErrorCode::kInvalidAcl);
  for (const char* reserved : {"/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config", "a"}) {
    EXPECT_EQ(b.error_of(OpCode::kDelete, path_version_body(reserved)), ErrorCode::kBadArguments);
  }
  EXPECT_EQ(b.error_of(OpCode::kSetData, set_body("/a/", "")), ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kSetData, set_body("/zookeeper/config", "")), ErrorCode::kNoAuth);
  // Three null strings and a version.
  const std::string none = std::string(12, '\xff') + std::string(8, '\0');
  EXPECT_EQ(b.error_of(OpCode::kReconfig, none), ErrorCode::kReconfigDisabled);
}

TEST(Preparer, RefusesModesThatKillStockServers) {
  Bench b;
  EXPECT_EQ(b.error_of(OpCode::kCreateTtl, create_ttl_body("/t", -1, 0)), ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreateTtl, create_ttl_body("/t", 0, 5)), ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreateTtl, create_ttl_body("/t", tree::kTtlMax + 1)),
            ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreateTtl, create_ttl_body("/t", tree::kTtlMax)), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/c", "", 4)), ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreateContainer, create_body("/c", "", 0)),
            ErrorCode::kBadArguments);
  EXPECT_EQ(b.error_of(OpCode::kCreateContainer, create_body("/c", "", 4)), ErrorCode::kOk);
  b.apply_all();

  PreparerConfig config;
  config.extended_types_enabled = false;
  Bench plain(config);
  EXPECT_EQ(plain.error_of(OpCode::kCreateTtl, create_ttl_body("/t", 5)),
            ErrorCode::kUnimplemented);
}

TEST(Preparer, SequenceFollowsTheParentsCreationsOnly) {
  Bench b;
  b.prepare(OpCode::kCreate, create_body("/q"));
  EXPECT_EQ(path_of(b.prepare(OpCode::kCreate, create_body("/q/n-", "", 2))), "/q/n-0000000000");
  EXPECT_EQ(path_of(b.prepare(OpCode::kCreate, create_body("/q/n-", "", 2))), "/q/n-0000000001");
  b.prepare(OpCode::kDelete, path_version_body("/q/n-0000000001"));
  EXPECT_EQ(path_of(b.prepare(OpCode::kCreate, create_body("/q/n-", "", 2))), "/q/n-0000000002");
  b.apply_all();
  EXPECT_EQ(path_of(b.prepare(OpCode::kCreate, create_body("/q/", "", 2))), "/q/0000000003");
}

TEST(Preparer, NothingOfASessionIsAcceptedOnceItsCloseIsPrepared) {
  Bench b;
  b.close(kSession);
  // ZOOKEEPER-1208: the ephemeral would outlive its session.
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/e", "", 1)), ErrorCode::kSessionExpired);
  b.apply_all();
  EXPECT_EQ(b.tree.find("/e"), tree::NodeId::kNone);
}

TEST(Preparer, CloseTakesPendingEphemeralsAndOnlyThose) {
  Bench b;
  const SessionId other(0x99);
  b.open(other);
  b.prepare(OpCode::kCreate, create_body("/applied", "", 1));
  b.prepare(OpCode::kCreate, create_body("/deleted", "", 1));
  b.apply_all();
  b.prepare(OpCode::kDelete, path_version_body("/deleted"));
  b.prepare(OpCode::kCreate, create_body("/deleted", "", 1), other);
  b.prepare(OpCode::kCreate, create_body("/pending", "", 1));
  const auto txn = jute::decode_txn(b.close(kSession).payload);
  const auto paths = *std::get<jute::CloseSessionTxn>(txn->body).paths;
  EXPECT_EQ(paths, (std::vector<std::string_view>{"/applied", "/pending"}));
  b.apply_all();
  EXPECT_NE(b.tree.find("/deleted"), tree::NodeId::kNone);
}

TEST(Preparer, AFailedMultiLeavesNothing) {
  Bench b;
  b.prepare(OpCode::kCreate, create_body("/a", "1"));
  const uint64_t before = b.preparer.changes().digest();
  const Prepared& failed =
      b.prepare(OpCode::kMulti, multi_body({multi_create("/b"), multi_set("/a", "2"),
                                            multi_check("/a", 7), multi_delete("/a")}));
  EXPECT_EQ(failed.error, ErrorCode::kOk) << "the failure stands in the results";
  const auto txn = jute::decode_txn(failed.payload);
  const auto& multi = std::get<jute::MultiTxn>(txn->body);
  ASSERT_EQ(multi.txns.size(), 4u);
  EXPECT_EQ(multi.txns[0].type, OpCode::kCreate);
  EXPECT_EQ(multi.txns[2].type, OpCode::kError);
  EXPECT_EQ(multi.txns[3].type, OpCode::kError);
  EXPECT_EQ(b.preparer.changes().digest(), before);
  EXPECT_EQ(b.error_of(OpCode::kSetData, set_body("/a", "3", 0)), ErrorCode::kOk)
      << "still version 0";
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/b")), ErrorCode::kOk);
  b.apply_all();
}

TEST(Preparer, OperationsOfAMultiSeeEachOther) {
  Bench b;
  const Prepared& multi = b.prepare(
      OpCode::kMulti, multi_body({multi_create("/m", std::string(300, 'x')),
                                  multi_set("/m", "2", 0), multi_check("/m", 1),
                                  multi_create("/m/k-", "", 2), multi_delete("/m/k-0000000000")}));
  EXPECT_FALSE(std::get<jute::MultiTxn>(jute::decode_txn(multi.payload)->body).failed());
  b.prepare(OpCode::kCreate, create_body("/m/c"));
  b.apply_all();
  EXPECT_EQ(b.tree.data(b.tree.find("/m")), jute::BufferView("2"));
}

TEST(Preparer, PermissionsOfPendingAclsCount) {
  Bench b;
  const std::string only_digest = encoded_acl({{jute::kAllPermissions, {"digest", "bob:x"}}});
  b.prepare(OpCode::kCreate, create_body("/a", "", 0, only_digest));
  EXPECT_EQ(b.error_of(OpCode::kSetData, set_body("/a", "")), ErrorCode::kNoAuth);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/a/b")), ErrorCode::kNoAuth);
  EXPECT_EQ(b.error_of(OpCode::kSetAcl, set_acl_body("/a", jute::open_acl_bytes())),
            ErrorCode::kNoAuth);
  b.ids.push_back({"digest", "bob:x"});
  EXPECT_EQ(b.error_of(OpCode::kSetAcl, set_acl_body("/a", jute::open_acl_bytes(), 0)),
            ErrorCode::kOk);
  b.ids.pop_back();
  EXPECT_EQ(b.error_of(OpCode::kSetData, set_body("/a", "")), ErrorCode::kOk);
  b.apply_all();
}

TEST(Preparer, HardQuotaCountsWhatIsOutstanding) {
  PreparerConfig config = Bench::default_config();
  config.enforce_quota = true;
  Bench b(config);
  b.prepare(OpCode::kCreate, create_body("/q"));
  b.prepare(OpCode::kCreate, create_body("/zookeeper/quota/q"));
  tree::Quota quota;
  quota.count_hard = 3;
  quota.bytes_hard = 10;
  b.prepare(OpCode::kCreate,
            create_body("/zookeeper/quota/q/zookeeper_limits", tree::to_string(quota)));
  b.prepare(OpCode::kCreate, create_body("/zookeeper/quota/q/zookeeper_stats", "count=0,bytes=0"));
  b.apply_all();
  // The quota's own root counts too; two more fit. None of them is applied (ZOOKEEPER-4219).
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/q/1", "12345")), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/q/2", "123456")), ErrorCode::kQuotaExceeded);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/q/2", "12345")), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/q/3")), ErrorCode::kQuotaExceeded);
  EXPECT_EQ(b.error_of(OpCode::kSetData, set_body("/q/1", "1234567")), ErrorCode::kQuotaExceeded);
  EXPECT_EQ(b.error_of(OpCode::kDelete, path_version_body("/q/1")), ErrorCode::kOk);
  EXPECT_EQ(b.error_of(OpCode::kCreate, create_body("/q/3", "1")), ErrorCode::kOk);
  b.apply_all();
}

TEST(Preparer, VersionNeverBecomesAny) {
  PreparerConfig old = Bench::default_config();
  old.compatible_with_3_8 = true;
  for (const bool compatible : {false, true}) {
    Bench b(compatible ? old : Bench::default_config());
    b.prepare(OpCode::kCreate, create_body("/a"));
    b.apply_all();
    // A stored version of -2, as after 2^32 - 2 writes.
    std::string payload;
    jute::Writer out(payload);
    jute::write(out, jute::TxnHeader{kSession, 0, Zxid(2), 0, OpCode::kSetData});
    jute::write(out, jute::SetDataTxn{"/a", "", -2});
    const auto txn = jute::decode_txn(payload);
    b.tree.apply(*txn, b.result);
    b.preparer.reset(Zxid(2));
    const auto set = jute::decode_txn(b.prepare(OpCode::kSetData, set_body("/a", "")).payload);
    EXPECT_EQ(std::get<jute::SetDataTxn>(set->body).version, compatible ? -1 : 0);
    b.apply_all();
  }
}

// A random request over a small world, so that requests meet.
std::pair<OpCode, std::string> random_request() {
  static const std::vector<std::string> kPaths = {"/a",     "/b",   "/a/c", "/a/d",
                                                  "/a/c/e", "/b/f", "/"};
  const std::string path = *rc::gen::elementOf(kPaths);
  const std::string data(static_cast<size_t>(*rc::gen::inRange(0, 40)), 'd');
  const int32_t version = *rc::gen::inRange(-1, 3);
  switch (*rc::gen::inRange(0, 8)) {
    case 0:
    case 1: return {OpCode::kCreate, create_body(path, data, *rc::gen::inRange(0, 4))};
    case 2: return {OpCode::kCreate2, create_body(path, data, *rc::gen::inRange(0, 2))};
    case 3: return {OpCode::kDelete, path_version_body(path, version)};
    case 4: return {OpCode::kSetData, set_body(path, data, version)};
    case 5: return {OpCode::kSetAcl, set_acl_body(path, jute::open_acl_bytes(), version)};
    case 6: return {OpCode::kCreateTtl, create_ttl_body(path, 1000)};
    default:
      return {OpCode::kMulti, multi_body({multi_create(path + (path == "/" ? "s" : "/s"), data,
                                                       *rc::gen::inRange(0, 4)),
                                          multi_set(path, data, version), multi_delete(path)})};
  }
}

// When transactions are applied must not show in what is prepared: the record bytes (zxids,
// versions, names, digests) are equal whether each is applied at once or any number is outstanding.
RC_GTEST_PROP(Preparer, TransactionsDoNotDependOnWhenTheyAreApplied, ()) {
  Bench prompt, lazy;
  const SessionId other(0x77);
  prompt.open(other);
  lazy.open(other);
  for (int i = 0; i < 60; ++i) {
    const SessionId session = *rc::gen::element(kSession, other);
    if (*rc::gen::inRange(0, 25) == 0 && !lazy.sessions.is_closing(session)) {
      RC_ASSERT(prompt.close(session).payload == lazy.close(session).payload);
    } else {
      const auto [type, body] = random_request();
      const Prepared& a = prompt.prepare(type, body, session);
      const Prepared& b = lazy.prepare(type, body, session);
      // A session that is gone and one that is closing refuse alike.
      RC_ASSERT(a.payload == b.payload);
    }
    RC_ASSERT(prompt.apply_one());
    while (!lazy.pending.empty() && *rc::gen::inRange(0, 3) == 0) RC_ASSERT(lazy.apply_one());
  }
  while (!lazy.pending.empty()) RC_ASSERT(lazy.apply_one());
  RC_ASSERT(prompt.tree.fingerprint() == lazy.tree.fingerprint());
  RC_ASSERT(lazy.preparer.changes().size() == 0u);
  RC_ASSERT(lazy.preparer.changes().digest() == lazy.tree.digest());
}

}  // namespace
}  // namespace zoetrope::pipeline
