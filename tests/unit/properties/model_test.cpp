// The plain tree against the rules of facts/client-protocol.md, and the replies that are compared
// with it.
#include <gtest/gtest.h>

#include "properties/model_tree.hpp"
#include "tests/unit/properties/story.hpp"

namespace zoetrope::properties {
namespace {

class Model : public ::testing::Test {
 protected:
  Arguments arguments(OpKind kind, std::string path) {
    Arguments args;
    args.kind = kind;
    args.path = std::move(path);
    args.acl = open_acl();
    return args;
  }
  Context context() {
    const int64_t zxid = next_zxid_++;
    return {Zxid(zxid), 1000 * zxid, SessionId(7), &identities_};
  }
  Result create(std::string path, NodeMode mode = NodeMode::kPersistent) {
    Arguments args = arguments(OpKind::kCreate, std::move(path));
    args.mode = mode;
    args.ttl_ms = 10;
    return tree_.write(args, context(), changes_);
  }
  Result remove(std::string path, int32_t version = -1) {
    Arguments args = arguments(OpKind::kDelete, std::move(path));
    args.version = version;
    return tree_.write(args, context(), changes_);
  }
  Result get(OpKind kind, std::string path) {
    return tree_.read(arguments(kind, std::move(path)), SessionId(7), identities_);
  }

  ModelTree tree_{true};
  Identities identities_;
  std::vector<Change> changes_;
  int64_t next_zxid_ = 1;
};

TEST_F(Model, CreateChecksInTheDocumentedOrder) {
  EXPECT_EQ(create("/x/").error, ErrorCode::kNoNode);  // the parent comes before the path's form
  EXPECT_EQ(create("a").error, ErrorCode::kBadArguments);
  EXPECT_EQ(create("/").error, ErrorCode::kNodeExists);
  EXPECT_EQ(create("/x").error, ErrorCode::kOk);
  EXPECT_EQ(create("/x/").error, ErrorCode::kBadArguments);
  EXPECT_EQ(create("/x/..").error, ErrorCode::kBadArguments);
  EXPECT_EQ(create("/x").error, ErrorCode::kNodeExists);
  EXPECT_EQ(create("/e", NodeMode::kEphemeral).error, ErrorCode::kOk);
  EXPECT_EQ(create("/e/c").error, ErrorCode::kNoChildrenForEphemerals);
}

TEST_F(Model, SequenceCountsCreationsOnly) {
  EXPECT_EQ(create("/s-", NodeMode::kPersistentSequential).path, "/s-0000000000");
  EXPECT_EQ(remove("/s-0000000000").error, ErrorCode::kOk);
  EXPECT_EQ(create("/", NodeMode::kPersistentSequential).path, "/0000000001");
}

TEST_F(Model, CversionShowsCreatesAndDeletes) {
  EXPECT_EQ(get(OpKind::kExists, "/").stat->cversion, -1);  // as a fresh stock server has it
  create("/a");
  remove("/a");
  EXPECT_EQ(get(OpKind::kExists, "/").stat->cversion, 1);
  EXPECT_EQ(get(OpKind::kExists, "/").stat->pzxid, 2);
}

TEST_F(Model, DeleteNeedsTheRightVersionAndNoChildren) {
  create("/a");
  create("/a/b");
  EXPECT_EQ(remove("/a", 3).error, ErrorCode::kBadVersion);
  EXPECT_EQ(remove("/a", 0).error, ErrorCode::kNotEmpty);
  EXPECT_EQ(remove("/zookeeper").error, ErrorCode::kBadArguments);
  EXPECT_EQ(remove("/b/c").error, ErrorCode::kNoNode);
}

TEST_F(Model, FailedMultiLeavesNothing) {
  create("/a");
  std::vector<Arguments> parts = {
      arguments(OpKind::kCreate, "/a/b"), arguments(OpKind::kDelete, "/a/b"),
      arguments(OpKind::kCreate, "/c"), arguments(OpKind::kCreate, "/a"),
      arguments(OpKind::kDelete, "/c")};
  const Stat before = *get(OpKind::kExists, "/a").stat;
  changes_.clear();
  const std::vector<Result> results = tree_.multi(parts, context(), changes_);
  EXPECT_EQ(results[2].error, ErrorCode::kOk);
  EXPECT_EQ(results[3].error, ErrorCode::kNodeExists);
  EXPECT_EQ(results[4].error, ErrorCode::kRuntimeInconsistency);
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(get(OpKind::kExists, "/c").error, ErrorCode::kNoNode);
  EXPECT_EQ(*get(OpKind::kExists, "/a").stat, before);
}

TEST_F(Model, AclsGuardWhatTheyShould) {
  Arguments args = arguments(OpKind::kCreate, "/p");
  args.acl = {{kAllPermissions, {"auth", ""}}};
  EXPECT_EQ(tree_.write(args, context(), changes_).error, ErrorCode::kInvalidAcl);
  identities_ = {{"digest", "u:h"}};
  EXPECT_EQ(tree_.write(args, context(), changes_).error, ErrorCode::kOk);
  EXPECT_EQ(get(OpKind::kGetData, "/p").error, ErrorCode::kOk);
  EXPECT_EQ(get(OpKind::kGetAcl, "/p").acl[0].id.id, "u:h");
  identities_.clear();
  EXPECT_EQ(get(OpKind::kGetData, "/p").error, ErrorCode::kNoAuth);
  EXPECT_EQ(get(OpKind::kExists, "/p").error, ErrorCode::kNoAuth);
  EXPECT_EQ(create("/p/c").error, ErrorCode::kNoAuth);
  EXPECT_EQ(remove("/p").error, ErrorCode::kOk);  // asks the parent
}

TEST_F(Model, ContainersGoOnlyWhenEmptyAndTtlsOnlyWhenOld) {
  create("/c", NodeMode::kContainer);
  create("/c/x");
  EXPECT_FALSE(tree_.delete_container("/c", Zxid(9), 9000, changes_));
  remove("/c/x");
  EXPECT_TRUE(tree_.delete_container("/c", Zxid(10), 9000, changes_));
  create("/t", NodeMode::kTtl);  // at zxid 4, time 4000, ttl 10
  EXPECT_FALSE(tree_.delete_container("/t", Zxid(11), 4005, changes_));
  EXPECT_TRUE(tree_.delete_container("/t", Zxid(12), 4010, changes_));
  create("/p");
  EXPECT_FALSE(tree_.delete_container("/p", Zxid(13), 99999, changes_));
}

TEST(RepliesMatchTheModel, HoldsForWritesAndReads) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  Operation& read = s.read(c, 2, OpKind::kGetData, "/a", 1);
  read.result.data = "d";
  read.result.stat = Story::fresh_stat(1);
  s.read(c, 3, OpKind::kExists, "/b", 1, ErrorCode::kNoNode);
  s.write(c, 4, OpKind::kCreate, "/a", 2, ErrorCode::kNodeExists);
  EXPECT_TRUE(violations(check_replies_match_the_model, s.history).empty());
}

TEST(RepliesMatchTheModel, ReadsAreJudgedByTheStateOfTheirZxid) {
  Story s;
  const uint32_t c = s.connect(7), other = s.connect(8);
  s.create(c, 1, "/a", 1);
  // A read that is answered with an older zxid must show the older state.
  s.read(other, 1, OpKind::kExists, "/a", 0, ErrorCode::kNoNode);
  EXPECT_TRUE(violations(check_replies_match_the_model, s.history).empty());
  s.read(other, 2, OpKind::kExists, "/a", 1, ErrorCode::kNoNode);
  EXPECT_EQ(violations(check_replies_match_the_model, s.history).size(), 1u);
}

TEST(RepliesMatchTheModel, UnansweredWritesCountWhenTheLogHasThem) {
  Story s;
  const uint32_t c = s.connect(7), other = s.connect(8);
  Operation& lost = s.send(c, 1, OpKind::kCreate, "/a");
  lost.args.data = "d";
  s.commit(lost, 1);
  Operation& read = s.read(other, 1, OpKind::kExists, "/a", 1);
  read.result.stat = Story::fresh_stat(1);
  EXPECT_TRUE(violations(check_replies_match_the_model, s.history).empty());
}

TEST(RepliesMatchTheModel, FindsAWrongOutcomeInTheLog) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  s.create(c, 2, "/a", 2);  // must have failed
  EXPECT_EQ(violations(check_replies_match_the_model, s.history).size(), 1u);
}

TEST(RepliesMatchTheModel, FindsAWrongStat) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  Operation& read = s.read(c, 2, OpKind::kExists, "/a", 1);
  read.result.stat = Story::fresh_stat(1);
  read.result.stat->version = 1;
  EXPECT_EQ(violations(check_replies_match_the_model, s.history).size(), 1u);
}

TEST(RepliesMatchTheModel, FindsATtlRemovedTooEarly) {
  Story s;
  s.history.setup.extended_types_enabled = true;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/t", 1, NodeMode::kTtl).args.ttl_ms = 5000;
  CommittedTxn& removal = s.expire(0, 2);
  removal.type = kTxnDeleteContainer;
  removal.paths = {"/t"};
  removal.time_ms = 6000;
  EXPECT_TRUE(violations(check_replies_match_the_model, s.history).empty());
  removal.time_ms = 5999;
  EXPECT_EQ(violations(check_replies_match_the_model, s.history).size(), 1u);
}

}  // namespace
}  // namespace zoetrope::properties
