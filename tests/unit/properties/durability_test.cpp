// The properties about what lasts: acknowledged writes, committed writes, multis, the final tree.
#include <gtest/gtest.h>

#include "tests/unit/properties/story.hpp"

namespace zoetrope::properties {
namespace {

TEST(AcknowledgedWritesSurvive, HoldsWhenTheLogHasThem) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  s.read(c, 2, OpKind::kGetData, "/a", 1);
  s.send(c, 3, OpKind::kDelete, "/a");  // not answered: may be lost
  EXPECT_TRUE(violations(check_acknowledged_writes_survive, s.history).empty());
}

TEST(AcknowledgedWritesSurvive, FindsALostWrite) {
  Story s;
  const uint32_t c = s.connect(7);
  s.answer(s.send(c, 1, OpKind::kCreate, "/a"), 1);
  EXPECT_EQ(violations(check_acknowledged_writes_survive, s.history).size(), 1u);
}

TEST(AcknowledgedWritesSurvive, FindsAZxidThatIsNowAnotherWrite) {
  Story s;
  const uint32_t a = s.connect(7), b = s.connect(8);
  s.answer(s.send(a, 1, OpKind::kCreate, "/a"), 1);
  s.create(b, 1, "/b", 1);
  EXPECT_EQ(violations(check_acknowledged_writes_survive, s.history).size(), 1u);
}

TEST(AcknowledgedWritesSurvive, FindsALostStateThatWasRead) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  s.read(c, 2, OpKind::kGetData, "/b", 2);
  s.event(c, 3, EventType::kNodeCreated, "/c");
  EXPECT_EQ(violations(check_acknowledged_writes_survive, s.history).size(), 2u);
}

TEST(AcknowledgedWritesHaveAQuorum, FindsOneThatAMinorityLogged) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  Operation& unanswered = s.send(c, 2, OpKind::kCreate, "/b");
  s.commit(unanswered, 2).by_quorum = false;
  EXPECT_TRUE(violations(check_acknowledged_writes_have_a_quorum, s.history).empty());
  s.answer(unanswered, 2);
  EXPECT_EQ(violations(check_acknowledged_writes_have_a_quorum, s.history).size(), 1u);
}

TEST(CommittedWritesWereSent, HoldsForTheServersOwnTransactions) {
  Story s;
  const uint32_t c = s.connect(7);
  s.create(c, 1, "/a", 1);
  s.expire(7, 2);
  EXPECT_TRUE(violations(check_committed_writes_were_sent, s.history).empty());
}

TEST(CommittedWritesWereSent, FindsAnInventedWrite) {
  Story s;
  const uint32_t c = s.connect(7);
  Operation elsewhere = s.send(c, 1, OpKind::kCreate, "/a");
  s.history.operations.clear();
  s.commit(elsewhere, 1);
  EXPECT_EQ(violations(check_committed_writes_were_sent, s.history).size(), 1u);
}

TEST(CommittedWritesWereSent, FindsAWriteCommittedTwice) {
  Story s;
  const uint32_t c = s.connect(7);
  const Operation& op = s.create(c, 1, "/a", 1);
  s.commit(op, 2, ErrorCode::kNodeExists);
  EXPECT_EQ(violations(check_committed_writes_were_sent, s.history).size(), 1u);
}

Operation& multi(Story& s, uint32_t connection, int64_t zxid) {
  Operation& op = s.send(connection, 1, OpKind::kMulti);
  for (const char* path : {"/a", "/b"}) {
    Arguments& part = op.parts.emplace_back();
    part.kind = OpKind::kCreate;
    part.path = path;
    part.acl = open_acl();
    Result& result = op.part_results.emplace_back();
    result.path = path;
  }
  s.commit(op, zxid).type = 14;
  return s.answer(op, zxid);
}

TEST(MultiIsAtomic, HoldsWhenAllPartsAreThere) {
  Story s;
  multi(s, s.connect(7), 4);
  s.history.final_nodes = {{"/a", "d", Story::fresh_stat(4), {}},
                           {"/b", "d", Story::fresh_stat(4), {}}};
  s.history.has_final_nodes = true;
  EXPECT_TRUE(violations(check_multi_is_atomic, s.history).empty());
}

TEST(MultiIsAtomic, FindsAPartThatIsMissing) {
  Story s;
  multi(s, s.connect(7), 4);
  s.history.final_nodes = {{"/a", "d", Story::fresh_stat(4), {}}};
  s.history.has_final_nodes = true;
  EXPECT_EQ(violations(check_multi_is_atomic, s.history).size(), 1u);
}

TEST(MultiIsAtomic, AnEphemeralPartMayGoWithItsSession) {
  Story s;
  Operation& op = multi(s, s.connect(7), 4);
  s.history.has_final_nodes = true;
  s.expire(7, 5);
  EXPECT_EQ(violations(check_multi_is_atomic, s.history).size(), 2u);
  for (Arguments& part : op.parts) part.mode = NodeMode::kEphemeral;
  EXPECT_TRUE(violations(check_multi_is_atomic, s.history).empty());
}

TEST(MultiIsAtomic, FindsATraceOfAFailedMulti) {
  Story s;
  Operation& op = multi(s, s.connect(7), 4);
  op.part_results[0] = {};
  op.part_results[1] = {};
  op.part_results[1].error = ErrorCode::kNodeExists;
  EXPECT_TRUE(violations(check_multi_is_atomic, s.history).empty());
  s.history.final_nodes = {{"/a", "d", Story::fresh_stat(4), {}}};
  EXPECT_FALSE(violations(check_multi_is_atomic, s.history).empty());
}

TEST(MultiIsAtomic, FindsTwoZxidsInOneMulti) {
  Story s;
  Operation& op = multi(s, s.connect(7), 4);
  op.part_results[1].stat = Story::fresh_stat(5);
  EXPECT_EQ(violations(check_multi_is_atomic, s.history).size(), 1u);
}

History& with_final_tree(Story& s) {
  s.create(s.connect(7), 1, "/a", 1);
  Stat root;
  root.num_children = 2;
  root.cversion = 0;
  root.pzxid = 1;
  Stat zookeeper;
  zookeeper.num_children = 2;
  zookeeper.cversion = -2;
  s.history.final_nodes = {{"/", "", root, {}},
                           {"/a", "d", Story::fresh_stat(1), open_acl()},
                           {"/zookeeper", "", zookeeper, {}}};
  s.history.has_final_nodes = true;
  return s.history;
}

TEST(FinalTreeIsTheHistory, HoldsForTheTreeThatTheWritesMake) {
  Story s;
  EXPECT_TRUE(violations(check_final_tree_is_the_history, with_final_tree(s)).empty());
}

TEST(FinalTreeIsTheHistory, FindsEveryKindOfDifference) {
  Story s;
  const History good = with_final_tree(s);
  const auto broken = [&](auto&& change) {
    History history = good;
    change(history.final_nodes);
    return violations(check_final_tree_is_the_history, history).size();
  };
  EXPECT_EQ(broken([](auto& nodes) { nodes.erase(nodes.begin() + 1); }), 1u);
  EXPECT_EQ(broken([](auto& nodes) { nodes[1].data = "e"; }), 1u);
  EXPECT_EQ(broken([](auto& nodes) { nodes[1].stat.version = 1; }), 1u);
  EXPECT_EQ(broken([](auto& nodes) { nodes[1].acl[0].permissions = kRead; }), 1u);
  EXPECT_EQ(broken([](auto& nodes) { nodes[1].path = "/b"; }), 1u);
}

}  // namespace
}  // namespace zoetrope::properties
