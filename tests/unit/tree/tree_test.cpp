// What single transactions do, and what the tree shows of itself.
#include <gtest/gtest.h>

#include "core/tree/tree.hpp"
#include "tests/unit/tree/transactions.hpp"

namespace zoetrope::tree {
namespace {

using jute::EventType;
using jute::OpCode;

constexpr TreeConfig kConfig{true, true};

class TreeTest : public testing::Test {
 protected:
  const ApplyResult& apply(const OwnedTxn& made) {
    tree_.apply(made.txn, result_);
    return result_;
  }
  jute::Stat stat(std::string_view path) { return tree_.stat(tree_.find(path)); }
  std::string text(std::string_view path) {
    return std::string(tree_.data(tree_.find(path)).value_or("<null>"));
  }
  bool exists(std::string_view path) { return tree_.find(path) != NodeId::kNone; }

  Tree tree_{kConfig};
  ApplyResult result_;
};

TEST_F(TreeTest, BeginsWithTheSystemNodes) {
  EXPECT_EQ(tree_.node_count(), 4U);
  EXPECT_EQ(tree_.approximate_data_size(), 44);  // as mntr of a fresh upstream server says
  EXPECT_EQ(tree_.digest(), 1371985504U);
  EXPECT_EQ(tree_.find("/"), tree_.find(""));
  EXPECT_EQ(tree_.path(tree_.find("/")), "/");
  EXPECT_EQ(stat("/").num_children, 1);
  EXPECT_EQ(stat("/zookeeper/config").aversion, -1);
  EXPECT_EQ(tree_.acl_id(tree_.find("/zookeeper")), kOpenAcl);
  EXPECT_TRUE(tree_.acl(kOpenAcl).empty());
  EXPECT_EQ(tree_.acl_bytes(kOpenAcl), jute::open_acl_bytes());
  EXPECT_EQ(tree_.acl_id(tree_.find("/zookeeper/config")), 1);
  EXPECT_EQ(tree_.acl(1), (jute::AclList{{jute::kRead, {"world", "anyone"}}}));
}

TEST_F(TreeTest, ShowsAConfigurationThatStandsInNoTransaction) {
  const uint64_t digest = tree_.digest();
  tree_.show_config("server.1=a\nversion=0", Zxid(0));
  EXPECT_EQ(text("/zookeeper/config"), "server.1=a\nversion=0");
  // As a member of an upstream ensemble shows it, but for the time.
  EXPECT_EQ(stat("/zookeeper/config"), (jute::Stat{0, 0, 0, 0, -1, 0, -1, 0, 20, 0, 0}));
  EXPECT_EQ(tree_.approximate_data_size(), 64);
  EXPECT_EQ(tree_.last_processed_zxid(), Zxid(0));
  tree_.show_config("short", Zxid(7));
  EXPECT_EQ(tree_.approximate_data_size(), 49);
  EXPECT_EQ(stat("/zookeeper/config").mzxid, 7);
  EXPECT_EQ(tree_.digest(), digest);
}

TEST_F(TreeTest, ShowsAConfigurationWhereAnOldSnapshotHasNoZnodeForIt) {
  Tree old = Tree::empty_for_load(kConfig);
  old.load_node("", "", kOpenAcl, {});
  old.load_node("/zookeeper", "", kOpenAcl, {});
  ASSERT_FALSE(old.finish_load(Zxid(3)));
  old.show_config("text", Zxid(0));
  old.show_config("text", Zxid(0));
  const NodeId id = old.find("/zookeeper/config");
  ASSERT_NE(id, NodeId::kNone);
  EXPECT_EQ(old.data(id), "text");
  EXPECT_EQ(old.acl(old.acl_id(id)), (jute::AclList{{jute::kRead, {"world", "anyone"}}}));
  EXPECT_EQ(old.node_count(), 3U);
}

TEST_F(TreeTest, FindTakesAnyString) {
  for (const char* path :
       {"zookeeper", "//", "/zookeeper/", "/zookeeper//quota", "x", "/x", "zookeeper/quota"}) {
    EXPECT_FALSE(exists(path)) << path;
  }
  EXPECT_TRUE(exists("/zookeeper/quota"));
}

TEST_F(TreeTest, StatFollowsCreatesChangesAndDeletes) {
  const OwnedTxn create = create_txn(5, "/a", "data");
  const OpResult op = apply(create).op;
  EXPECT_EQ(op.path, "/a");
  EXPECT_EQ(op.stat, (jute::Stat{5, 5, 1005, 1005, 0, 0, 0, 0, 4, 0, 5}));
  EXPECT_EQ(stat("/").cversion, 2 * 1 - 2);
  EXPECT_EQ(stat("/").pzxid, 5);
  EXPECT_EQ(stat("/").mzxid, 0);
  apply(create_txn(6, "/a/b"));
  apply(create_txn(7, "/a/c"));
  EXPECT_EQ(stat("/a").cversion, 2);
  EXPECT_EQ(stat("/a").num_children, 2);
  apply(delete_txn(8, "/a/b"));
  EXPECT_EQ(stat("/a").cversion, 3);  // creates plus deletes
  EXPECT_EQ(stat("/a").pzxid, 8);
  const OwnedTxn set = set_data_txn(9, "/a", "longer data", 1);
  EXPECT_EQ(apply(set).op.stat, (jute::Stat{5, 9, 1005, 1009, 1, 3, 0, 0, 11, 1, 8}));
  EXPECT_EQ(text("/a"), "longer data");
  const std::string acl = encode({{1, {"world", "anyone"}}});
  const OwnedTxn set_acl = make_txn(header_of(OpCode::kSetAcl, 10), jute::SetAclTxn{"/a", acl, 1});
  EXPECT_EQ(apply(set_acl).op.stat, (jute::Stat{5, 9, 1005, 1009, 1, 3, 1, 0, 11, 1, 8}));
  EXPECT_EQ(tree_.acl_bytes(tree_.acl_id(tree_.find("/a"))), acl);
  EXPECT_EQ(tree_.last_processed_zxid(), Zxid(10));
}

TEST_F(TreeTest, NullAndEmptyDataDiffer) {
  apply(make_txn(header_of(OpCode::kCreate, 1),
                 jute::CreateTxn{"/n", {}, jute::open_acl_bytes(), false, 1}));
  EXPECT_EQ(text("/n"), "<null>");
  EXPECT_EQ(stat("/n").data_length, 0);
  apply(set_data_txn(2, "/n", "", 1));
  EXPECT_EQ(text("/n"), "");
}

TEST_F(TreeTest, TriggersComeInUpstreamsOrder) {
  const auto seen = [](const ApplyResult& result) {
    std::string text;
    for (const jute::Trigger& t : result.triggers) {
      text += std::to_string(static_cast<int>(t.type)) + std::string(t.path) + " ";
    }
    return text;
  };
  const OwnedTxn create = create_txn(1, "/a");
  EXPECT_EQ(seen(apply(create)), "1/a 4/ ");
  const OwnedTxn child = create_txn(2, "/a/b", "", 77);
  EXPECT_EQ(seen(apply(child)), "1/a/b 4/a ");
  const OwnedTxn set = set_data_txn(3, "/a", "x", 1);
  EXPECT_EQ(seen(apply(set)), "3/a ");
  const OwnedTxn again = create_txn(4, "/a");
  EXPECT_EQ(seen(apply(again)), "");
  const OwnedTxn other = create_txn(5, "/e", "", 77);
  apply(other);
  jute::CloseSessionTxn close;
  close.paths = {"/e"};
  const OwnedTxn closing = make_txn(header_of(OpCode::kCloseSession, 6, 77), close);
  EXPECT_EQ(seen(apply(closing)), "2/e 4/ 2/a/b 4/a ");  // the second one is missing in the list
  const OwnedTxn gone = delete_txn(7, "/a");
  EXPECT_EQ(seen(apply(gone)), "2/a 4/ ");
}

TEST_F(TreeTest, CloseSessionTakesTheEphemeralsOfThatSessionOnly) {
  apply(create_txn(1, "/x", "", 5));
  apply(create_txn(2, "/y", "", 6));
  apply(create_txn(3, "/z", "", 5));
  EXPECT_EQ(stat("/x").ephemeral_owner, 5);
  EXPECT_EQ(tree_.ephemerals_of(SessionId(5)), (std::vector<std::string>{"/x", "/z"}));
  EXPECT_EQ(tree_.sessions_with_ephemerals(), (std::vector<SessionId>{SessionId(5), SessionId(6)}));
  apply(make_txn(header_of(OpCode::kCloseSession, 4, 5), jute::CloseSessionTxn{}));
  EXPECT_FALSE(exists("/x"));
  EXPECT_TRUE(exists("/y"));
  EXPECT_FALSE(exists("/z"));
  EXPECT_EQ(tree_.ephemeral_count(), 1U);
  EXPECT_EQ(tree_.sessions_with_ephemerals(), std::vector<SessionId>{SessionId(6)});
}

TEST_F(TreeTest, ReplayOverANewerStateKeepsIt) {
  apply(make_txn(header_of(OpCode::kCreate, 10),
                 jute::CreateTxn{"/a", "", jute::open_acl_bytes(), false, 9}));
  EXPECT_EQ(tree_.stat_persisted(tree_.find("/")).cversion, 9);
  const OwnedTxn older = make_txn(header_of(OpCode::kCreate, 3),
                                  jute::CreateTxn{"/b", "", jute::open_acl_bytes(), false, 4});
  apply(older);
  EXPECT_EQ(tree_.stat_persisted(tree_.find("/")).cversion, 9);
  EXPECT_EQ(stat("/").pzxid, 10);
  EXPECT_EQ(tree_.last_processed_zxid(), Zxid(10));
  EXPECT_EQ(apply(delete_txn(20, "/gone")).op.error, ErrorCode::kNoNode);
  EXPECT_EQ(stat("/").pzxid, 20);
  EXPECT_EQ(apply(create_txn(21, "/no/parent")).op.error, ErrorCode::kNoNode);
  EXPECT_EQ(apply(set_data_txn(22, "/no", "", 1)).op.error, ErrorCode::kNoNode);
}

TEST_F(TreeTest, AMultiAppliesInOrder) {
  const std::string create =
      encode(jute::TxnBody(jute::CreateTxn{"/m", "1", jute::open_acl_bytes(), false, 1}));
  const std::string check = encode(jute::TxnBody(jute::CheckTxn{"/m", 1}));
  const std::string set = encode(jute::TxnBody(jute::SetDataTxn{"/m", "22", 1}));
  const std::string remove = encode(jute::TxnBody(jute::DeleteTxn{"/m"}));
  jute::MultiTxn multi;
  multi.txns = {{OpCode::kCreate2, create},
                {OpCode::kCheck, check},
                {OpCode::kSetData, set},
                {OpCode::kDelete, remove}};
  const OwnedTxn made = make_txn(header_of(OpCode::kMulti, 4), multi);
  const ApplyResult& result = apply(made);
  ASSERT_EQ(result.multi.size(), 4U);
  EXPECT_EQ(result.op.error, ErrorCode::kOk);
  EXPECT_EQ(result.multi[0].type, OpCode::kCreate2);
  EXPECT_EQ(result.multi[0].path, "/m");
  EXPECT_EQ(result.multi[0].stat.czxid, 4);
  EXPECT_EQ(result.multi[1].type, OpCode::kCheck);
  EXPECT_EQ(result.multi[2].stat.data_length, 2);
  EXPECT_EQ(result.triggers.size(), 5U);
  EXPECT_FALSE(exists("/m"));
}

TEST_F(TreeTest, AFailedMultiAppliesNothing) {
  const std::string create =
      encode(jute::TxnBody(jute::CreateTxn{"/m", "1", jute::open_acl_bytes(), false, 1}));
  const std::string error = encode(jute::TxnBody(jute::ErrorTxn{ErrorCode::kBadVersion}));
  jute::MultiTxn multi;
  multi.txns = {{OpCode::kCreate, create}, {OpCode::kError, error}, {OpCode::kCreate, create}};
  const OwnedTxn made = make_txn(header_of(OpCode::kMulti, 4), multi);
  const uint64_t before = tree_.digest();
  const ApplyResult& result = apply(made);
  ASSERT_EQ(result.multi.size(), 3U);
  for (const OpResult& op : result.multi) EXPECT_EQ(op.type, OpCode::kError);
  EXPECT_EQ(result.multi[0].error, ErrorCode::kOk);
  EXPECT_EQ(result.multi[1].error, ErrorCode::kBadVersion);
  EXPECT_EQ(result.multi[2].error, ErrorCode::kRuntimeInconsistency);
  EXPECT_EQ(result.op.error, ErrorCode::kBadVersion);
  EXPECT_TRUE(result.triggers.empty());
  EXPECT_EQ(tree_.digest(), before);
  EXPECT_EQ(tree_.last_processed_zxid(), Zxid(4));
}

TEST_F(TreeTest, AMultiWithAForeignPartLeavesThatOut) {
  const std::string acl = encode(jute::TxnBody(jute::SetAclTxn{"/", jute::open_acl_bytes(), 1}));
  jute::MultiTxn multi;
  multi.txns = {{OpCode::kSetAcl, acl}, {OpCode::kDelete, "\0"}};
  const ApplyResult& result = apply(make_txn(header_of(OpCode::kMulti, 4), multi));
  EXPECT_EQ(result.multi[0].error, ErrorCode::kMarshallingError);
  EXPECT_EQ(result.multi[1].error, ErrorCode::kMarshallingError);
  EXPECT_EQ(stat("/").aversion, 0);
}

TEST_F(TreeTest, ContainersAndTtlNodesExpireWhenEmpty) {
  const auto container = [](int64_t zxid, const char* path) {
    return make_txn(header_of(OpCode::kCreateContainer, zxid),
                    jute::CreateContainerTxn{path, "", jute::open_acl_bytes(), -1});
  };
  apply(container(1, "/used"));
  apply(container(2, "/unused"));
  apply(create_txn(3, "/used/x"));
  apply(make_txn(header_of(OpCode::kCreateTtl, 4),
                 jute::CreateTtlTxn{"/t", "", jute::open_acl_bytes(), -1, 50}));
  EXPECT_EQ(stat("/used").ephemeral_owner, 0);
  EXPECT_EQ(stat("/t").ephemeral_owner, 0);
  EXPECT_EQ(tree_.stat_persisted(tree_.find("/t")).ephemeral_owner, owner_of_ttl(50));
  using Paths = std::vector<std::string>;
  EXPECT_EQ(tree_.expired_containers(1004 + 50, 0, 10), Paths{});
  EXPECT_EQ(tree_.expired_containers(1004 + 51, 0, 10), Paths{"/t"});
  apply(delete_txn(5, "/used/x"));
  EXPECT_EQ(tree_.expired_containers(1100, 0, 10), (Paths{"/used", "/t"}));
  EXPECT_EQ(tree_.expired_containers(1100, 0, 1), Paths{"/used"});
  EXPECT_EQ(tree_.expired_containers(1102, 100, 10), (Paths{"/used", "/t"}));
  EXPECT_EQ(tree_.expired_containers(1103, 100, 10), (Paths{"/used", "/unused", "/t"}));
  apply(make_txn(header_of(OpCode::kDeleteContainer, 6), jute::DeleteTxn{"/used"}));
  EXPECT_EQ(tree_.expired_containers(1000, 0, 10), Paths{});
}

TEST_F(TreeTest, ATtlThatKillsUpstreamIsPassedOver) {
  const uint64_t before = tree_.fingerprint();
  for (int64_t ttl : {int64_t{-1}, int64_t{0}, kTtlMax + 1}) {
    const ApplyResult& result =
        apply(make_txn(header_of(OpCode::kCreateTtl, 0),
                       jute::CreateTtlTxn{"/t", "", jute::open_acl_bytes(), -1, ttl}));
    EXPECT_EQ(result.op.error, ErrorCode::kBadArguments);
  }
  EXPECT_EQ(tree_.fingerprint(), before);
}

TEST(TreeTtl, WithoutExtendedTypesATtlOwnerIsASession) {
  Tree tree;
  tree.replay(make_txn(header_of(OpCode::kCreateTtl, 1),
                       jute::CreateTtlTxn{"/t", "", jute::open_acl_bytes(), -1, 50})
                  .txn);
  EXPECT_EQ(tree.stat(tree.find("/t")).ephemeral_owner, owner_of_ttl(50));
  EXPECT_EQ(tree.ephemerals_of(SessionId(owner_of_ttl(50))), std::vector<std::string>{"/t"});
}

TEST_F(TreeTest, QuotasCountTheSubtreeOutsideTheDigest) {
  apply(create_txn(1, "/a", "12"));
  apply(create_txn(2, "/a/b", "345"));
  EXPECT_EQ(tree_.quota_path("/a/b"), std::nullopt);
  apply(create_txn(3, "/zookeeper/quota/a"));
  apply(create_txn(4, "/zookeeper/quota/a/zookeeper_limits", "count=5,bytes=-1"));
  EXPECT_EQ(tree_.quota_path("/a/b"), "/a");
  EXPECT_EQ(tree_.quota_path("/ab"), std::nullopt);
  EXPECT_EQ(tree_.quota_path("/"), std::nullopt);
  const std::string stats = "/zookeeper/quota/a/zookeeper_stats";
  apply(create_txn(5, stats, "count=0,bytes=0"));
  EXPECT_EQ(text(stats), "count=2,bytes=5");
  const uint64_t before = tree_.digest();
  apply(create_txn(6, "/a/b/c", "6"));
  EXPECT_EQ(text(stats), "count=3,bytes=6");
  apply(set_data_txn(7, "/a", "", 1));
  EXPECT_EQ(text(stats), "count=3,bytes=4");
  EXPECT_EQ(stat(stats).mzxid, 5);
  apply(delete_txn(8, "/a/b/c"));
  EXPECT_EQ(text(stats), "count=2,bytes=3");
  apply(set_data_txn(9, stats, "nonsense", 1));
  apply(create_txn(10, "/a/d"));
  EXPECT_EQ(text(stats), "count=0,bytes=-1");
  apply(set_data_txn(11, stats, "bytes=7", 2));
  apply(set_data_txn(12, "/a/b", "543", 1));
  EXPECT_EQ(text(stats), "count=-1,bytes=7") << "in upstream's form though nothing was added";
  apply(delete_txn(13, "/zookeeper/quota/a/zookeeper_limits"));
  EXPECT_EQ(tree_.quota_path("/a/b"), std::nullopt);
  apply(delete_txn(14, "/a/d"));
  EXPECT_EQ(text(stats), "count=-1,bytes=7");
  EXPECT_NE(tree_.digest(), before);
}

TEST_F(TreeTest, TheNearestQuotaCounts) {
  for (const char* path :
       {"/a", "/a/b", "/zookeeper/quota/a", "/zookeeper/quota/a/b",
        "/zookeeper/quota/a/zookeeper_limits", "/zookeeper/quota/a/zookeeper_stats",
        "/zookeeper/quota/a/b/zookeeper_limits", "/zookeeper/quota/a/b/zookeeper_stats"}) {
    ASSERT_EQ(apply(create_txn(tree_.last_processed_zxid().value + 1, path)).op.error,
              ErrorCode::kOk);
  }
  apply(create_txn(100, "/a/b/c", "x"));
  EXPECT_EQ(tree_.quota_path("/a/b/c"), "/a/b");
  EXPECT_EQ(text("/zookeeper/quota/a/b/zookeeper_stats"), "count=2,bytes=1");
  EXPECT_EQ(text("/zookeeper/quota/a/zookeeper_stats"), "count=2,bytes=0");
}

TEST_F(TreeTest, TellsOfADigestThatDiffers) {
  OwnedTxn made = create_txn(1, "/a");
  Tree other = tree_;
  other.replay(made.txn);
  made.txn.digest = jute::TxnDigest{2, other.digest()};
  EXPECT_FALSE(apply(made).digest_mismatch);
  OwnedTxn second = create_txn(2, "/b");
  second.txn.digest = jute::TxnDigest{2, other.digest()};
  EXPECT_TRUE(apply(second).digest_mismatch);
  OwnedTxn old_version = create_txn(3, "/c");
  old_version.txn.digest = jute::TxnDigest{1, 0};
  EXPECT_FALSE(apply(old_version).digest_mismatch);
}

TEST(TreeDigest, IsZeroWhenOff) {
  Tree tree(TreeConfig{false, false});
  EXPECT_EQ(tree.digest(), 0U);
  OwnedTxn made = create_txn(1, "/a");
  made.txn.digest = jute::TxnDigest{2, 12345};
  ApplyResult result;
  tree.apply(made.txn, result);
  EXPECT_FALSE(result.digest_mismatch);
  EXPECT_EQ(tree.digest(), 0U);
}

TEST_F(TreeTest, NodeDigestIsTheSameCachedAndComputed) {
  apply(create_txn(1, "/a", "data"));
  apply(create_txn(2, "/a/b", "x"));
  for (const char* path : {"/", "/a", "/a/b", "/zookeeper", "/zookeeper/quota"}) {
    const NodeId id = tree_.find(path);
    EXPECT_EQ(tree_.node_digest(id),
              Tree::node_digest(path, tree_.data(id), tree_.stat_persisted(id)));
  }
  EXPECT_EQ(tree_.node_digest(tree_.find("/zookeeper/quota")), 0U);
  const NodeId a = tree_.find("/a");
  EXPECT_EQ(digest_from(tree_.node_content_crc(a), tree_.stat_persisted(a)), tree_.node_digest(a));
}

TEST(TreeDigest, LogKeepsTheLast1024OfEvery128) {
  DigestLog log;
  for (int64_t z = 1; z <= 128 * 1030; ++z) log.note(Zxid(z), static_cast<uint64_t>(z));
  const auto entries = log.entries();
  ASSERT_EQ(entries.size(), 1024U);
  EXPECT_EQ(entries.front().first, Zxid(128 * 7));
  EXPECT_EQ(entries.back(), std::make_pair(Zxid(128 * 1030), uint64_t{128 * 1030}));
}

TEST_F(TreeTest, FingerprintSeesEverythingButTheOrderOfSiblings) {
  Tree one(kConfig);
  Tree two(kConfig);
  const OwnedTxn root = create_txn(5, "/r");
  one.replay(root.txn);
  two.replay(root.txn);
  const auto plain = [](int64_t zxid, const char* path) {
    jute::CreateTxn body{path, "", jute::open_acl_bytes(), false, 1};
    return make_txn(header_of(OpCode::kCreate, zxid), body);
  };
  one.replay(plain(3, "/r/a").txn);
  one.replay(plain(3, "/r/b").txn);
  two.replay(plain(3, "/r/b").txn);
  two.replay(plain(3, "/r/a").txn);
  EXPECT_EQ(one.fingerprint(), two.fingerprint());
  const std::string acl = encode({{1, {"world", "anyone"}}});
  two.replay(make_txn(header_of(OpCode::kSetAcl, 4), jute::SetAclTxn{"/r/a", acl, 0}).txn);
  EXPECT_EQ(one.digest(), two.digest());  // which leaves ACLs out
  EXPECT_NE(one.fingerprint(), two.fingerprint());
}

TEST_F(TreeTest, DescendantsAreCounted) {
  for (const char* path : {"/a", "/a/b", "/a/b/c", "/a/d", "/e"}) {
    apply(create_txn(tree_.last_processed_zxid().value + 1, path));
  }
  EXPECT_EQ(tree_.descendant_count(tree_.find("/a")), 3);
  EXPECT_EQ(tree_.descendant_count(tree_.find("/a/b")), 1);
  EXPECT_EQ(tree_.descendant_count(tree_.find("/e")), 0);
  EXPECT_EQ(tree_.descendant_count(tree_.find("/")), 8);
}

TEST_F(TreeTest, ManyNodesComeAndGo) {
  constexpr int kCount = 20000;
  int64_t zxid = 0;
  for (int i = 0; i < kCount; ++i)
    apply(create_txn(++zxid, "/n" + std::to_string(i), std::to_string(i)));
  for (int i = 0; i < kCount; i += 2) apply(delete_txn(++zxid, "/n" + std::to_string(i)));
  EXPECT_EQ(tree_.node_count(), 4U + kCount / 2);
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(exists("/n" + std::to_string(i)), i % 2 == 1) << i;
  for (int i = 1; i < kCount; i += 2) ASSERT_EQ(text("/n" + std::to_string(i)), std::to_string(i));
  EXPECT_EQ(stat("/").num_children, 1 + kCount / 2);
}

}  // namespace
}  // namespace zoetrope::tree
