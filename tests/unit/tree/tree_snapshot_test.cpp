// Snapshots are exact whatever is applied meanwhile, and load back to an equal tree.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "core/tree/quota.hpp"
#include "core/tree/tree.hpp"
#include "tests/unit/tree/random_txns.hpp"

namespace zoetrope::tree {
namespace {

constexpr TreeConfig kConfig{true, true};

// Reads what a snapshot file would hold; gives the text of the first error.
std::optional<std::string> read_back(Tree& tree, std::string_view acls, std::string_view nodes,
                                     Zxid zxid) {
  jute::Reader table(acls);
  for (int32_t n = table.i32(); n > 0; --n) {
    const int64_t id = table.i64();
    if (auto error = tree.load_acl(id, jute::read_acl_bytes(table))) return error;
  }
  jute::Reader in(nodes);
  while (in.ok() && in.remaining() != 0) {
    const std::string_view path = in.string();
    const jute::BufferView data = in.buffer();
    const int64_t acl = in.i64();
    if (auto error = tree.load_node(path, data, acl, jute::read_stat_persisted(in))) return error;
  }
  if (!in.ok() || !table.ok() || table.remaining() != 0) return "malformed";
  return tree.finish_load(zxid);
}

std::set<std::string> acls_in_use(const Model& model) {
  std::set<std::string> acls;
  for (const auto& [path, node] : model.nodes) {
    if (!node.acl.empty()) acls.insert(node.acl);
  }
  return acls;
}

// The usage texts are counted anew on loading; elsewhere the loaded tree must be the model.
void forget_usage(Model& model, Tree& tree) {
  for (auto& [path, node] : model.nodes) {
    if (!path.ends_with(kStatsName)) continue;
    const jute::BufferView data = tree.data(tree.find(path));
    node.data.reset();
    if (data) node.data = std::string(*data);
  }
}

void apply_to(Tree& tree, Model& model, const OwnedTxn& made) {
  tree.replay(made.txn);
  model.apply(made.txn);
  for (auto& [path, node] : model.nodes) node.acl = model_acl(node.acl);
}

RC_GTEST_PROP(TreeSnapshot, HoldsTheTreeAsOfItsBeginning, ()) {
  Tree tree(kConfig);
  Model model;
  int64_t zxid = 0;
  for (const RawOp& raw : *raw_ops(3)) apply_to(tree, model, any_txn(raw, ++zxid));
  // A second snapshot after the first, so that marks of an old one are met.
  for (int round = 0; round < 2; ++round) {
    Model frozen = model;
    const Zxid begun = tree.last_processed_zxid();
    tree.begin_snapshot();
    const std::string acls(tree.snapshot_acl_table());
    RC_ASSERT(jute::Reader(acls).i32() == static_cast<int32_t>(acls_in_use(model).size()));
    std::string nodes;
    bool more = true;
    for (const RawOp& raw : *raw_ops(2)) {
      apply_to(tree, model, any_txn(raw, ++zxid));
      if (raw.extra % 3 == 0 && more) more = tree.continue_snapshot(nodes, raw.data);
    }
    while (more) more = tree.continue_snapshot(nodes, 50);
    RC_ASSERT(!tree.continue_snapshot(nodes, 1));
    tree.end_snapshot();
    Tree loaded = Tree::empty_for_load(kConfig);
    const auto error = read_back(loaded, acls, nodes, begun);
    RC_ASSERT(error.value_or("") == "");
    forget_usage(frozen, loaded);
    // Siblings come in the order of slots, not of births.
    RC_ASSERT(loaded.digest() == frozen.digest());
    RC_ASSERT(loaded.node_count() == frozen.nodes.size());
    for (const auto& [path, node] : frozen.nodes) {
      const NodeId id = loaded.find(path);
      RC_ASSERT(id != NodeId::kNone);
      RC_ASSERT(loaded.stat_persisted(id) == node.stat);
      RC_ASSERT(loaded.data(id).has_value() == node.data.has_value());
      RC_ASSERT(loaded.data(id).value_or("") == node.data.value_or(""));
      RC_ASSERT((loaded.acl_id(id) == kOpenAcl ? "" : loaded.acl_bytes(loaded.acl_id(id))) ==
                node.acl);
    }
    RC_ASSERT(difference(tree, model) == "");
  }
}

TEST(TreeSnapshot, WritesAZnodeOnceAndWithItsOldAclAndData) {
  Tree tree(kConfig);
  ApplyResult result;
  tree.apply(create_txn(1, "/a", "old").txn, result);
  const AclId old_acl = tree.acl_id(tree.find("/a"));
  tree.begin_snapshot();
  const std::string acl = encode({{1, {"world", "anyone"}}, {31, {"ip", "10.0.0.1"}}});
  tree.apply(set_data_txn(2, "/a", "new", 1).txn, result);
  tree.apply(make_txn(header_of(jute::OpCode::kSetAcl, 3), jute::SetAclTxn{"/a", acl, 1}).txn,
             result);
  tree.apply(delete_txn(4, "/a").txn, result);
  tree.apply(create_txn(5, "/a", "newer").txn, result);
  std::string nodes;
  while (tree.continue_snapshot(nodes, 1)) continue;
  jute::Reader in(nodes);
  int seen = 0;
  while (in.remaining() != 0) {
    const std::string_view path = in.string();
    const jute::BufferView data = in.buffer();
    const int64_t acl_id = in.i64();
    const jute::StatPersisted stat = jute::read_stat_persisted(in);
    if (path != "/a") continue;
    ++seen;
    EXPECT_EQ(data, "old");
    EXPECT_EQ(acl_id, old_acl);
    EXPECT_EQ(stat.czxid, 1);
    EXPECT_EQ(stat.aversion, 0);
  }
  EXPECT_EQ(seen, 1);
}

TEST(TreeSnapshot, HoldsUsageTextsOfItsBeginning) {
  Tree tree(kConfig);
  for (const char* path : {"/a", "/zookeeper/quota/a", "/zookeeper/quota/a/zookeeper_limits",
                           "/zookeeper/quota/a/zookeeper_stats"}) {
    tree.replay(create_txn(tree.last_processed_zxid().value + 1, path).txn);
  }
  tree.begin_snapshot();
  tree.replay(create_txn(10, "/a/b", "data").txn);
  std::string nodes;
  while (tree.continue_snapshot(nodes, 1000)) continue;
  EXPECT_NE(nodes.find("count=1,bytes=0"), std::string::npos);
  EXPECT_EQ(nodes.find("count=2,bytes=4"), std::string::npos);
}

TEST(TreeSnapshot, PassesAnEmptiedTreeInBoundedSteps) {
  Tree tree(kConfig);
  int64_t zxid = 0;
  for (int i = 0; i < 50000; ++i) tree.replay(create_txn(++zxid, "/n" + std::to_string(i)).txn);
  for (int i = 0; i < 50000; ++i) tree.replay(delete_txn(++zxid, "/n" + std::to_string(i)).txn);
  tree.begin_snapshot();
  std::string nodes;
  int steps = 1;
  while (tree.continue_snapshot(nodes, 1000)) ++steps;
  EXPECT_GE(steps, 3);
  tree.end_snapshot();
}

TEST(TreeSnapshot, GivesSmallPieces) {
  Tree tree(kConfig);
  for (int i = 1; i <= 100; ++i)
    tree.replay(create_txn(i, "/n" + std::to_string(i), "0123456789").txn);
  tree.begin_snapshot();
  std::string piece;
  size_t pieces = 1;
  while (tree.continue_snapshot(piece, 200)) {
    EXPECT_GE(piece.size(), 200U);
    EXPECT_LT(piece.size(), 400U);
    piece.clear();
    ++pieces;
  }
  EXPECT_GT(pieces, 20U);
}

TEST(TreeLoad, RefusesWhatNoSnapshotHolds) {
  const auto fresh = [] {
    Tree tree = Tree::empty_for_load(kConfig);
    EXPECT_EQ(tree.load_acl(4, jute::open_acl_bytes()), std::nullopt);
    return tree;
  };
  Tree tree = fresh();
  EXPECT_NE(tree.load_acl(4, jute::open_acl_bytes()), std::nullopt);
  EXPECT_NE(tree.load_acl(-1, jute::open_acl_bytes()), std::nullopt);
  EXPECT_NE(tree.load_acl(5, "\0\0\0\1"), std::nullopt);
  EXPECT_NE(tree.finish_load(Zxid(1)), std::nullopt);
  EXPECT_NE(tree.load_node("/a", "", 4, {}), std::nullopt);
  EXPECT_EQ(tree.load_node("", "", 4, {}), std::nullopt);
  EXPECT_NE(tree.load_node("", "", 4, {}), std::nullopt);
  EXPECT_EQ(tree.load_node("/a", "", 4, {}), std::nullopt);
  EXPECT_NE(tree.load_node("/a", "", 4, {}), std::nullopt);
  EXPECT_NE(tree.load_node("/b/c", "", 4, {}), std::nullopt);
  EXPECT_NE(tree.load_node("//b", "", 4, {}), std::nullopt);
  EXPECT_NE(tree.load_node("/b/", "", 4, {}), std::nullopt);
  EXPECT_NE(tree.load_node("b", "", 4, {}), std::nullopt);
  EXPECT_NE(tree.load_node("/b", "", -2, {}), std::nullopt);
  EXPECT_EQ(tree.finish_load(Zxid(7)), std::nullopt);
  EXPECT_EQ(tree.last_processed_zxid(), Zxid(7));
  EXPECT_EQ(tree.node_count(), 2U);
}

TEST(TreeLoad, AnAclIdThatTheTableLacksDeniesUntilReplayMendsIt) {
  Tree tree = Tree::empty_for_load(kConfig);
  ASSERT_EQ(tree.load_node("", "", kOpenAcl, {}), std::nullopt);
  ASSERT_EQ(tree.load_node("/a", "", 9, {}), std::nullopt);
  ASSERT_EQ(tree.finish_load(Zxid(1)), std::nullopt);
  const NodeId id = tree.find("/a");
  ASSERT_EQ(tree.acl_of(id).size(), 1U);
  EXPECT_EQ(tree.acl_of(id)[0].permissions, 0);
  tree.replay(create_txn(2, "/a").txn);
  EXPECT_EQ(tree.acl_bytes(tree.acl_id(id)), jute::open_acl_bytes());
  EXPECT_GT(tree.acl_id(id), 9);
}

TEST(TreeLoad, KeepsAclIdsDropsUnusedOnesAndGoesOnFromTheLargest) {
  Tree tree = Tree::empty_for_load(kConfig);
  ASSERT_EQ(tree.load_acl(40, encode({{1, {"world", "anyone"}}})), std::nullopt);
  ASSERT_EQ(tree.load_acl(3, jute::open_acl_bytes()), std::nullopt);
  ASSERT_EQ(tree.load_node("", "", kOpenAcl, {}), std::nullopt);
  ASSERT_EQ(tree.load_node("/a", "", 3, {}), std::nullopt);
  ASSERT_EQ(tree.finish_load(Zxid(1)), std::nullopt);
  tree.begin_snapshot();
  EXPECT_EQ(jute::Reader(tree.snapshot_acl_table()).i32(), 1);
  tree.end_snapshot();
  const std::string acl = encode({{2, {"world", "anyone"}}});
  tree.replay(make_txn(header_of(jute::OpCode::kSetAcl, 2), jute::SetAclTxn{"/a", acl, 1}).txn);
  EXPECT_EQ(tree.acl_id(tree.find("/a")), 41);
}

TEST(TreeLoad, CountsQuotasAnew) {
  Tree tree = Tree::empty_for_load(kConfig);
  for (const char* path :
       {"", "/a", "/a/b", "/zookeeper", "/zookeeper/quota", "/zookeeper/quota/a",
        "/zookeeper/quota/a/zookeeper_limits", "/zookeeper/quota/a/zookeeper_stats"}) {
    ASSERT_EQ(tree.load_node(path, path == std::string("/a/b") ? "123" : "", kOpenAcl, {}),
              std::nullopt);
  }
  ASSERT_EQ(tree.finish_load(Zxid(1)), std::nullopt);
  EXPECT_EQ(tree.data(tree.find("/zookeeper/quota/a/zookeeper_stats")), "count=2,bytes=3");
  EXPECT_EQ(tree.quota_path("/a/b/c"), "/a");
}

}  // namespace
}  // namespace zoetrope::tree
