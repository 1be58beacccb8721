// Preparation of a reconfiguration: each check and its error, in upstream's order.
#include <gtest/gtest.h>

#include "core/pipeline/preparer.hpp"

namespace zoetrope::pipeline {
namespace {

using jute::OpCode;

constexpr std::string_view kFourth = "server.4=d:1:2;3";

struct Request {
  jute::BufferView joining, leaving, new_members;
  int64_t config_id = -1;
};

class ReconfigTest : public testing::Test {
 protected:
  ReconfigTest() : tree_({true, true}), sessions_(1000, SessionId(1)) {
    current_ = *quorum::Ensemble::parse(
        "server.1=a:1:2:participant;3\nserver.2=b:1:2:participant;3\n"
        "server.3=c:1:2:participant;3\nversion=100000000");
    tree_.show_config(current_.to_string(), Zxid(current_.version));
    sessions_.add(SessionId(7), 10000, MonotonicTime{});
    membership_.last_seen = &current_;
    membership_.has_synced_quorum = [this](const quorum::Ensemble& ensemble) {
      return ensemble.is_quorum([this](ServerId id) { return id.value <= synced_; });
    };
    config_.reconfig_enabled = true;
  }

  Prepared prepare(const Request& asked, SessionId session = SessionId(7)) {
    std::string body;
    jute::Writer out(body);
    wire::write(out, wire::ReconfigRequest{asked.joining, asked.leaving, asked.new_members,
                                           asked.config_id});
    Preparer preparer(config_, tree_, sessions_);
    preparer.reset(Zxid(0x100000004));
    WriteRequest request;
    request.session = session;
    request.type = OpCode::kReconfig;
    request.body = body;
    request.ids = &ids_;
    request.origin = ConnectionId(5);
    request.membership = is_member_ ? &membership_ : nullptr;
    return preparer.prepare(request, WallTime{9});
  }
  ErrorCode error_of(const Request& asked) { return prepare(asked).error; }

  PreparerConfig config_;
  tree::Tree tree_;
  session::SessionTracker sessions_;
  quorum::Ensemble current_;
  Membership membership_;
  std::vector<jute::Id> ids_ = {{"super", ""}};
  int64_t synced_ = 4;
  bool is_member_ = true;
};

TEST_F(ReconfigTest, MakesATransactionOnTheConfigurationOfItsOwnVersion) {
  const Prepared prepared = prepare({kFourth, "1", std::nullopt, current_.version});
  ASSERT_EQ(prepared.error, ErrorCode::kOk);
  const auto txn = jute::decode_txn(prepared.payload);
  ASSERT_TRUE(txn);
  EXPECT_EQ(txn->header.type, OpCode::kReconfig);
  EXPECT_EQ(txn->header.zxid, Zxid(0x100000005));
  const auto& change = std::get<jute::SetDataTxn>(txn->body);
  EXPECT_EQ(change.path, "/zookeeper/config");
  EXPECT_EQ(change.version, -1);
  EXPECT_EQ(*change.data,
            "server.2=b:1:2:participant;0.0.0.0:3\nserver.3=c:1:2:participant;0.0.0.0:3\n"
            "server.4=d:1:2:participant;0.0.0.0:3\nversion=100000005");
  tree::ApplyResult result;
  tree_.apply(*txn, result);
  EXPECT_FALSE(result.digest_mismatch);
  ASSERT_EQ(result.triggers.size(), 1);
  EXPECT_EQ(result.triggers[0].path, "/zookeeper/config");
}

TEST_F(ReconfigTest, IsDisabledUnlessItIsEnabled) {
  config_.reconfig_enabled = false;
  is_member_ = false;
  EXPECT_EQ(error_of({kFourth}), ErrorCode::kReconfigDisabled);
}

TEST_F(ReconfigTest, ASessionThatIsNoneComesBeforeTheRest) {
  is_member_ = false;
  EXPECT_EQ(prepare({kFourth}, SessionId(8)).error, ErrorCode::kSessionExpired);
  EXPECT_EQ(error_of({kFourth}), ErrorCode::kUnimplemented);
}

TEST_F(ReconfigTest, OneAtATime) {
  membership_.is_changing = true;
  EXPECT_EQ(error_of({kFourth, std::nullopt, std::nullopt, 1}), ErrorCode::kReconfigInProgress);
}

TEST_F(ReconfigTest, TheVersionThatIsNamedIsTheOneInForce) {
  EXPECT_EQ(error_of({"nonsense", std::nullopt, std::nullopt, 1}), ErrorCode::kBadVersion);
  EXPECT_EQ(error_of({kFourth, std::nullopt, std::nullopt, current_.version}), ErrorCode::kOk);
  EXPECT_EQ(error_of({kFourth, std::nullopt, std::nullopt, -1}), ErrorCode::kOk);
}

TEST_F(ReconfigTest, JoinersNameAllTheirPorts) {
  EXPECT_EQ(error_of({"nonsense"}), ErrorCode::kBadArguments);
  EXPECT_EQ(error_of({"server.4=d:1:2"}), ErrorCode::kBadArguments);
  EXPECT_EQ(error_of({"server.4=d:1;3"}), ErrorCode::kBadArguments);
  EXPECT_EQ(error_of({"server.4=d:1:2;3=4"}), ErrorCode::kBadArguments);
  EXPECT_EQ(error_of({"server.x=d:1:2;3"}), ErrorCode::kMarshallingError);
  EXPECT_EQ(error_of({std::nullopt, "x"}), ErrorCode::kMarshallingError);
  // The address of another member.
  EXPECT_EQ(error_of({"server.4=b:1:9;3"}), ErrorCode::kBadArguments);
  EXPECT_EQ(error_of({"server.2=b:1:9;3"}), ErrorCode::kOk);
}

TEST_F(ReconfigTest, ListsAreForgivingOfBlanksAndEmptyParts) {
  EXPECT_EQ(error_of({" server.4 = d:1:2;3 , ,server.5=e:1:2:observer;3", " 1 ,, 2 "}),
            ErrorCode::kOk);
  EXPECT_EQ(error_of({std::nullopt, "9"}), ErrorCode::kOk);  // nobody
}

TEST_F(ReconfigTest, TwoParticipantsRemainOrOneWithoutStandaloneServers) {
  EXPECT_EQ(error_of({std::nullopt, "1,2"}), ErrorCode::kBadArguments);
  membership_.standalone_enabled = false;
  EXPECT_EQ(error_of({std::nullopt, "1,2"}), ErrorCode::kOk);
  EXPECT_EQ(error_of({std::nullopt, "1,2,3"}), ErrorCode::kBadArguments);
}

TEST_F(ReconfigTest, AQuorumOfTheNewOneIsSynchronised) {
  synced_ = 3;
  EXPECT_EQ(error_of({kFourth}), ErrorCode::kOk);
  EXPECT_EQ(error_of({"server.4=d:1:2;3,server.5=e:1:2;3", "1"}), ErrorCode::kNewConfigNoQuorum);
}

TEST_F(ReconfigTest, PermissionIsAskedLast) {
  ids_ = {{"world", "anyone"}};
  EXPECT_EQ(error_of({kFourth}), ErrorCode::kNoAuth);
  synced_ = 0;
  EXPECT_EQ(error_of({kFourth}), ErrorCode::kNewConfigNoQuorum);
  synced_ = 4;
  config_.auth.skip_acl = true;
  EXPECT_EQ(error_of({kFourth}), ErrorCode::kOk);
}

TEST_F(ReconfigTest, AllMembersMayBeNamedAnew) {
  const std::string members = "server.1=a:1:2,server.2=b:1:2,group.1=1:2,weight.2=3";
  const Prepared prepared = prepare({std::nullopt, std::nullopt, members});
  ASSERT_EQ(prepared.error, ErrorCode::kOk);
  EXPECT_EQ(error_of({std::nullopt, std::nullopt, "server.1=a:1:2,server.2=b:1:2,x=1"}),
            ErrorCode::kBadArguments);
  EXPECT_EQ(error_of({std::nullopt, std::nullopt, ""}), ErrorCode::kBadArguments);
}

TEST_F(ReconfigTest, StepsNeedMajorityQuorums) {
  current_.group_of = {{ServerId(1), 1}, {ServerId(2), 1}, {ServerId(3), 1}};
  EXPECT_EQ(error_of({kFourth}), ErrorCode::kBadArguments);
}

}  // namespace
}  // namespace zoetrope::pipeline
