// The simulated client against a server that the test plays: what it sends, how it comes back, and
// what it puts down of an outcome that it never learns.
#include "sim/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/base/hash.hpp"
#include "core/wire/handshake.hpp"
#include "core/wire/headers.hpp"
#include "sim/client_codec.hpp"

namespace zoetrope::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr int64_t kSession = 77;
const std::string kPassword(16, 'p');

NetworkConfig fast_network() {
  NetworkConfig config;
  config.latency = {100, 100, 0, 0};
  return config;
}

ClientConfig plain_client() {
  ClientConfig config;
  config.timeout_ms = 6000;
  config.script.actions = 1'000'000;
  return config;
}

class Rig {
 public:
  struct Asked {
    int64_t session;
    std::string password;
    int64_t last_zxid;
  };

  explicit Rig(ClientConfig config = plain_client(), uint64_t seed = 1)
      : choices(Random(seed), nullptr, false),
        network(fast_network(), queue, choices),
        recorder(queue, true, trace, 1),
        server_(network.add_host("server")),
        client(0, config, network.add_host("client"), {{server_, ServerId(1)}}, queue, network,
               recorder, choices, Random(seed)) {
    network.listen(server_, node::Port::kClient);
    client.begin();
  }

  void run(int64_t ms) {
    Event mark;
    mark.at = queue.now() + Duration::from_ms(ms);
    mark.kind = EventKind::kFault;
    queue.push(mark);
    while (!queue.empty()) {
      const Event event = queue.pop();
      if (event.kind == EventKind::kFault) return;
      if (event.kind == EventKind::kClientWake) {
        client.wake(event);
      } else if (const auto delivery = network.handle(event)) {
        if (delivery->host == server_) {
          serve(*delivery);
        } else {
          client.deliver(*delivery);
        }
        network.release(*delivery);
      }
    }
  }

  void answer_handshake(int64_t session, int32_t timeout_ms = 6000) {
    wire::ConnectResponse response;
    response.session = SessionId(session);
    response.timeout_ms = timeout_ms;
    response.password = kPassword;
    send_frame([&](jute::Writer& out) { wire::write(out, response); });
  }
  void answer(Xid xid, int64_t at, ErrorCode error) {
    send_frame(
        [&](jute::Writer& out) { wire::write(out, wire::ReplyHeader{xid, Zxid(at), error}); });
  }
  void send_frame(const std::function<void(jute::Writer&)>& fill) {
    std::string frame(4, '\0');
    jute::Writer out(frame);
    fill(out);
    close_frame(frame, 0);
    network.send(connection, Side::kAcceptor, frame);
  }

  EventQueue queue;
  Choices choices;
  Network network;
  Trace trace{nullptr};
  Recorder recorder;

 private:
  HostId server_;

 public:
  Client client;
  ConnectionId connection;                    // the newest
  std::vector<Asked> handshakes;              // what the client asked for
  std::vector<wire::RequestHeader> requests;  // all others
  int closed = 0;
  // Called for each; by default sessions are granted and requests refused, as for missing znodes.
  std::function<void()> on_handshake = [this] { answer_handshake(kSession); };
  std::function<void(wire::RequestHeader)> on_request = [this](wire::RequestHeader header) {
    const bool is_ping = header.xid == wire::kPingXid;
    answer(header.xid, ++zxid, is_ping ? ErrorCode::kOk : ErrorCode::kNoNode);
  };
  int64_t zxid = 100;

 private:
  void serve(const Delivery& delivery) {
    if (delivery.kind == Delivery::Kind::kAccepted) {
      connection = delivery.connection;
      shaken_ = false;
      cutter_ = wire::FrameCutter();
    }
    if (delivery.kind == Delivery::Kind::kClosed) ++closed;
    if (delivery.kind != Delivery::Kind::kBytes) return;
    cutter_.feed(delivery.bytes);
    std::string_view payload;
    while (cutter_.next(payload, 1 << 20) == wire::FrameCutter::Status::kFrame) {
      jute::Reader in(payload);
      if (!std::exchange(shaken_, true)) {
        const auto request = wire::read_connect_request(in);
        handshakes.push_back({request.session.value, std::string(request.password.value_or("")),
                              request.last_zxid_seen.value});
        on_handshake();
      } else {
        requests.push_back(wire::read_request_header(in));
        on_request(requests.back());
      }
    }
    cutter_.keep();
  }

  wire::FrameCutter cutter_;
  bool shaken_ = false;
};

TEST(SimClient, KeepsItsPipelineFullAndNumbersItsRequests) {
  ClientConfig config = plain_client();
  config.pipeline_max = 5;
  config.script.think_us_max = 0;
  Rig rig(config);
  rig.on_request = [](wire::RequestHeader) {};
  rig.run(200);
  ASSERT_EQ(rig.handshakes.size(), 1U);
  EXPECT_EQ(rig.handshakes[0].session, 0);
  EXPECT_EQ(rig.handshakes[0].password, std::string(16, '\0'));
  ASSERT_EQ(rig.requests.size(), 5U);
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(rig.requests[i].xid.value, static_cast<int>(i) + 1);
}

TEST(SimClient, SendsNoMoreOperationsThanItWasGiven) {
  ClientConfig config = plain_client();
  config.script.actions = 25;
  Rig rig(config);
  rig.run(1500);
  EXPECT_TRUE(rig.client.exhausted());
  EXPECT_EQ(rig.requests.size(), 25U);
  EXPECT_EQ(rig.recorder.answered(), 25U);
}

TEST(SimClient, ComesBackWithItsSessionAfterAReset) {
  Rig rig;
  rig.run(500);
  const int64_t seen = rig.zxid;
  ASSERT_GT(seen, 101);
  rig.on_request = [](wire::RequestHeader) {};  // what is sent now is never answered
  rig.run(100);
  rig.network.reset(rig.connection, Side::kAcceptor);
  rig.run(300);
  ASSERT_EQ(rig.handshakes.size(), 2U);
  EXPECT_EQ(rig.handshakes[1].session, kSession);
  EXPECT_EQ(rig.handshakes[1].password, kPassword);
  EXPECT_EQ(rig.handshakes[1].last_zxid, seen);
  EXPECT_GT(rig.recorder.unknown(), 0U);
  EXPECT_EQ(rig.recorder.sessions(), 1U) << "the session is the same";

  rig.client.end();
  const properties::History history = rig.recorder.take();
  ASSERT_EQ(history.connections.size(), 2U);
  EXPECT_TRUE(history.connections[0].closed.has_value());
  EXPECT_EQ(history.connections[1].requested_session, SessionId(kSession));
  uint64_t unknown = 0, last_sequence = 0;
  for (const properties::Operation& op : history.operations) {
    unknown += op.completed ? 0 : 1;
    EXPECT_GT(op.invoked.sequence, last_sequence) << "in the order of their invocation";
    last_sequence = op.invoked.sequence;
    if (!op.completed) continue;
    EXPECT_GT(op.completed->sequence, op.invoked.sequence);
    EXPECT_EQ(op.result.error, ErrorCode::kNoNode);
  }
  EXPECT_EQ(unknown, rig.recorder.unknown());
}

TEST(SimClient, ForgetsASessionThatIsRefused) {
  Rig rig;
  rig.run(200);
  rig.on_handshake = [&rig] {
    rig.answer_handshake(rig.handshakes.size() == 2 ? 0 : kSession + 1);
  };
  rig.network.reset(rig.connection, Side::kAcceptor);
  rig.run(600);
  ASSERT_EQ(rig.handshakes.size(), 3U);
  EXPECT_EQ(rig.handshakes[1].session, kSession);
  EXPECT_EQ(rig.handshakes[2].session, 0);
  EXPECT_EQ(rig.handshakes[2].last_zxid, 0);
  EXPECT_EQ(rig.recorder.sessions(), 2U);
  EXPECT_TRUE(rig.recorder.history().connections[1].refused);
  EXPECT_THAT(rig.recorder.anomalies(), IsEmpty());
}

TEST(SimClient, PingsWhileItIsIdleAndGivesUpASilentServer) {
  ClientConfig config = plain_client();
  config.script.actions = 0;
  Rig rig(config);
  rig.run(20'000);
  EXPECT_GE(rig.requests.size(), 9U);
  EXPECT_LE(rig.requests.size(), 10U);
  for (const wire::RequestHeader& request : rig.requests) EXPECT_EQ(request.xid, wire::kPingXid);
  EXPECT_EQ(rig.closed, 0);
  rig.on_request = [](wire::RequestHeader) {};
  rig.run(4200);
  EXPECT_EQ(rig.closed, 1) << "after two thirds of the time-out";
  EXPECT_EQ(rig.handshakes.size(), 2U);
}

TEST(SimClient, NotesWhatNoServerMayDo) {
  const auto anomaly = [](const std::function<void(Rig&)>& misbehave) {
    Rig rig;
    rig.run(200);
    EXPECT_THAT(rig.recorder.anomalies(), IsEmpty());
    misbehave(rig);
    rig.run(100);
    const auto& found = rig.recorder.anomalies();
    return found.empty() ? std::string("none") : found[0];
  };
  EXPECT_THAT(anomaly([](Rig& r) { r.answer(Xid(123456), 1, ErrorCode::kOk); }),
              HasSubstr("reply to no request: xid 123456"));
  EXPECT_THAT(anomaly([](Rig& r) { r.send_frame([](jute::Writer& out) { out.i32(1); }); }),
              HasSubstr("without a whole header"));
  EXPECT_THAT(anomaly([](Rig& r) {
                r.network.send(r.connection, Side::kAcceptor, std::string("\xff\0\0\0", 4));
              }),
              HasSubstr("frame of a bad length"));
  EXPECT_THAT(anomaly([](Rig& r) {
                r.send_frame([](jute::Writer& out) {
                  wire::write(out, wire::ReplyHeader{wire::kEventXid, Zxid(-1), ErrorCode::kOk});
                });
              }),
              HasSubstr("malformed event"));
  EXPECT_THAT(anomaly([](Rig& r) {
                r.on_handshake = [&r] { r.answer_handshake(kSession, 5999); };
                r.network.reset(r.connection, Side::kAcceptor);
                r.run(300);
              }),
              HasSubstr("5999ms"));
}

TEST(SimClient, ClosesItsSessionAtTheEndOrKeepsIt) {
  for (const bool closes : {true, false}) {
    Rig rig;
    rig.run(300);
    rig.on_request = [&rig](wire::RequestHeader header) {
      const bool plain = header.type == jute::OpCode::kCloseSession;
      rig.answer(header.xid, ++rig.zxid, plain ? ErrorCode::kOk : ErrorCode::kNoNode);
    };
    rig.client.settle(closes);
    rig.run(300);
    EXPECT_TRUE(rig.client.settled());
    EXPECT_EQ(rig.requests.back().type == jute::OpCode::kCloseSession, closes);
  }
}

TEST(SimClient, TheSameSeedSendsTheSameBytes) {
  std::set<uint64_t> hashes;
  for (const uint64_t seed : {1, 1, 2}) {
    Rig rig(plain_client(), seed);
    rig.run(2000);
    RunningHash hash;
    for (const properties::Operation& op : rig.recorder.take().operations) hash.add(describe(op));
    hashes.insert(hash.value());
  }
  EXPECT_EQ(hashes.size(), 2U);
}

}  // namespace
}  // namespace zoetrope::sim
