// The logs and snapshots that Java ZooKeeper 3.8.0 wrote.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "core/jute/txn.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::tree {
namespace {

std::string file(const std::string& name) {
  std::ifstream in(std::string(ZT_TEST_DATA) + "/disk/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  std::stringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}

constexpr TreeConfig kConfig{true, true};

// Applies every record and checks the digest that it carries; gives the number of digests.
int replay(Tree& tree, const std::string& name) {
  const std::string bytes = file(name);
  jute::Reader in(bytes);
  in.raw(16);
  ApplyResult result;
  int digests = 0;
  while (in.remaining() >= 12) {
    in.i64();
    const int32_t size = in.i32();
    if (size == 0) break;
    const auto txn = jute::decode_txn(in.raw(static_cast<size_t>(size)));
    EXPECT_TRUE(txn.has_value());
    if (!txn) break;
    EXPECT_EQ(in.raw(1), "B");
    tree.apply(*txn, result);
    EXPECT_FALSE(result.digest_mismatch) << name << " zxid " << txn->header.zxid.value;
    if (!txn->digest) continue;
    ++digests;
    EXPECT_EQ(txn->digest->tree_digest, tree.digest());
  }
  return digests;
}

struct Parts {
  std::string acls, nodes;  // as they stand in the file
  Tree tree;
};

Parts load(const std::string& name, Zxid zxid) {
  const std::string bytes = file(name);
  jute::Reader in(bytes);
  in.raw(16);
  for (int32_t n = in.i32(); n > 0; --n) in.raw(12);
  Parts parts{"", "", Tree::empty_for_load(kConfig)};
  size_t start = in.offset();
  for (int32_t n = in.i32(); n > 0; --n) {
    const int64_t id = in.i64();
    EXPECT_EQ(parts.tree.load_acl(id, jute::read_acl_bytes(in)), std::nullopt);
  }
  parts.acls = bytes.substr(start, in.offset() - start);
  start = in.offset();
  for (std::string_view path = in.string(); path != "/"; path = in.string()) {
    const jute::BufferView data = in.buffer();
    const int64_t acl = in.i64();
    EXPECT_EQ(parts.tree.load_node(path, data, acl, jute::read_stat_persisted(in)), std::nullopt);
  }
  EXPECT_TRUE(in.ok());
  parts.nodes = bytes.substr(start, in.offset() - start - 5);
  EXPECT_EQ(parts.tree.finish_load(zxid), std::nullopt);
  return parts;
}

TEST(TreeSamples, AFreshTreeIsTheEmptyDatabaseOfUpstream) {
  Tree fresh(kConfig);
  EXPECT_EQ(fresh.digest(), 1371985504U);
  const Parts parts = load("standalone-snapshot.0", Zxid(0));
  EXPECT_EQ(fresh.fingerprint(), parts.tree.fingerprint());
  fresh.begin_snapshot();
  EXPECT_EQ(fresh.snapshot_acl_table(), parts.acls);
  std::string nodes;
  EXPECT_FALSE(fresh.continue_snapshot(nodes, SIZE_MAX));
  EXPECT_EQ(nodes, parts.nodes);
}

TEST(TreeSamples, EveryLogRecordLeadsToTheDigestThatItCarries) {
  Tree standalone(kConfig);
  EXPECT_GE(replay(standalone, "standalone-log.1"), 16);
  EXPECT_EQ(standalone.last_processed_zxid(), Zxid(0x12));
  Tree ensemble(kConfig);
  EXPECT_GE(replay(ensemble, "ensemble-log.100000001.after-TRUNC"), 20);
  EXPECT_GE(replay(ensemble, "ensemble-log.200000001"), 2);
}

TEST(TreeSamples, TheLogLeadsToTheSnapshot) {
  Tree replayed(kConfig);
  replay(replayed, "standalone-log.1");
  const Parts parts = load("standalone-snapshot.12", Zxid(0x12));
  EXPECT_EQ(parts.tree.digest(), 13379886694U);
  EXPECT_EQ(replayed.digest(), parts.tree.digest());
  EXPECT_EQ(replayed.fingerprint(), parts.tree.fingerprint());
}

TEST(TreeSamples, SnapshotsAreWrittenBackToTheSameBytes) {
  for (const char* name :
       {"standalone-snapshot.0", "standalone-snapshot.12", "ensemble-snapshot.100000011"}) {
    SCOPED_TRACE(name);
    Parts parts = load(name, Zxid(1));
    parts.tree.begin_snapshot();
    EXPECT_EQ(parts.tree.snapshot_acl_table(), parts.acls);
    std::string nodes;
    while (parts.tree.continue_snapshot(nodes, 100)) continue;
    EXPECT_EQ(nodes, parts.nodes);
  }
}

}  // namespace
}  // namespace zoetrope::tree
