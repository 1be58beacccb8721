// A member that follows: what it tells its leader of its clients, and in which order. The other
// members are played by the test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/jute/txn.hpp"
#include "core/quorum/notification.hpp"
#include "core/quorum/packet.hpp"
#include "core/session/session_tracker.hpp"
#include "tests/unit/node/client.hpp"

namespace zoetrope::node {
namespace {

using namespace test;
using quorum::PacketType;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr ServerId kLeader = ServerId(3);

Config member_one() {
  Config config;
  config.server_id = ServerId(1);
  config.peer.emplace();
  zab::PeerConfig& peer = *config.peer;
  peer.ensemble = *quorum::Ensemble::parse(
      "server.1=a:2888:3888:participant\nserver.2=b:2888:3888:participant\n"
      "server.3=c:2888:3888:participant\nversion=0");
  peer.role.self = peer.election.self = peer.links.self = ServerId(1);
  return config;
}

// Server 1, which follows server 3 through an empty history.
class Follower {
 public:
  Follower() : harness(member_one()) {
    vote_of(ServerId(2), quorum::PeerState::kFollowing);
    vote_of(kLeader, quorum::PeerState::kLeading);
    harness.settle();
    while (!harness.dials.empty() && harness.dials.front().to.port != 2888) {
      harness.dials.pop_front();
    }
    EXPECT_FALSE(harness.dials.empty()) << "it dials no leader";
    link = harness.answer_dial();
    send(PacketType::kLeaderInfo, Zxid::make(1, 0), std::string_view("\0\1\0\0", 4));
    send(PacketType::kDiff, Zxid());
    send(PacketType::kNewLeader, Zxid::make(1, 0));
    send(PacketType::kUpToDate, Zxid());
    harness.take(link);
  }

  void send(PacketType type, Zxid zxid, jute::BufferView data = std::nullopt) {
    std::string bytes;
    quorum::append_packet(bytes, type, zxid, data);
    harness.receive(link, bytes);
    harness.settle();
  }
  // Kinds and request types that the leader was told since the last call.
  std::vector<std::pair<PacketType, int32_t>> told() {
    std::vector<std::pair<PacketType, int32_t>> all;
    quorum::PacketCutter cutter(1 << 20);
    const std::string bytes = harness.take(link);
    cutter.feed(bytes);
    quorum::Packet packet;
    while (cutter.next(packet) == quorum::PacketCutter::Status::kPacket) {
      if (packet.type == PacketType::kAck) continue;
      const auto request = packet.type == PacketType::kRequest
                               ? quorum::read_forwarded_request(packet.data)
                               : std::nullopt;
      all.emplace_back(packet.type, request ? request->type : 0);
      if (request) last_session = request->session;
    }
    cutter.keep();
    return all;
  }
  // Proposes and commits the session that was asked for.
  void grant_session(Zxid zxid) {
    jute::TxnHeader header;
    header.client_id = last_session;
    header.zxid = zxid;
    header.type = jute::OpCode::kCreateSession;
    std::string payload;
    jute::Writer out(payload);
    jute::write(out, header);
    out.i32(10000);
    send(PacketType::kProposal, zxid, payload);
    send(PacketType::kCommit, zxid);
  }

  Harness harness;
  ConnectionId link;
  SessionId last_session;

 private:
  void vote_of(ServerId server, quorum::PeerState state) {
    const ConnectionId id = harness.open(Endpoint::v4(127, 0, 0, 1, 50000), Port::kElection);
    std::string bytes;
    quorum::append_initial_message(bytes, {server, {{"c", 3888}}}, false);
    quorum::append_notification(bytes, {state, kLeader, Zxid(), 1, 1, 1, {}});
    harness.receive(id, bytes);
  }
};

std::string handshake(SessionId session, std::string_view password) {
  std::string payload;
  jute::Writer out(payload);
  wire::ConnectRequest request;
  request.timeout_ms = 10000;
  request.session = session;
  request.password = password;
  wire::write(out, request);
  return framed(payload);
}

// The leader takes what comes behind a renewal for requests of the renewed connection.
TEST(Forwarding, NothingOfAnEarlierConnectionFollowsTheRenewalOfItsSession) {
  Follower f;
  Client first(f.harness);
  EXPECT_FALSE(first.connect());
  EXPECT_THAT(f.told(), ElementsAre(std::pair(PacketType::kRequest, -10)));
  f.grant_session(Zxid::make(1, 1));
  EXPECT_FALSE(f.harness.take(first.id()).empty());
  first.send(jute::OpCode::kDelete, path_body("/a"));
  EXPECT_THAT(f.told(), ElementsAre(std::pair(PacketType::kRequest, 2)));

  const ConnectionId second = f.harness.open();
  const session::Password password = session::password_of(f.last_session);
  f.harness.receive(second, handshake(f.last_session, {password.data(), password.size()}));
  first.send(jute::OpCode::kDelete, path_body("/b"));
  EXPECT_THAT(f.told(), ElementsAre(std::pair(PacketType::kRevalidate, 0)));
  EXPECT_TRUE(first.is_closed());
  EXPECT_FALSE(f.harness.is_closed(second));
}

TEST(Forwarding, AStrangerWhoKnowsASessionsIdDoesNotCutItsConnection) {
  Follower f;
  Client first(f.harness);
  first.connect();
  f.told();
  f.grant_session(Zxid::make(1, 1));
  const ConnectionId stranger = f.harness.open();
  f.harness.receive(stranger, handshake(f.last_session, std::string(16, 'x')));
  EXPECT_TRUE(f.harness.is_closed(stranger));
  EXPECT_FALSE(first.is_closed());
  EXPECT_THAT(f.told(), IsEmpty());
}

}  // namespace
}  // namespace zoetrope::node
