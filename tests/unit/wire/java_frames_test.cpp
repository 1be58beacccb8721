// Frames between a raw client and Java ZooKeeper 3.8.0 (tests/data/client/frames-3.8.0.txt): each
// one is decoded and encoded again to the same bytes. Lines: connection, direction, label,
// hexadecimal.
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/wire/frame.hpp"
#include "core/wire/messages.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/recode.hpp"

namespace zoetrope::wire {
namespace {

using test::hex;

constexpr int32_t kFrameBytesMax = 0xfffff;

struct Line {
  std::string connection;
  bool from_client = false;
  std::string label;
  std::string bytes;
};

std::vector<Line> read_lines() {
  std::istringstream file(test::read_test_data("client/frames-3.8.0.txt"));
  std::vector<Line> lines;
  for (std::string text; std::getline(file, text);) {
    if (text.empty() || text[0] == '#') continue;
    const size_t direction = text.find(' ') + 1;
    const size_t last = text.rfind(' ') + 1;
    const std::string data = text.substr(last);
    // What is told in words, such as "(connection closed by server)", has no bytes.
    if (data.find_first_not_of("0123456789abcdef") != std::string::npos) continue;
    lines.push_back({text.substr(0, direction - 1), text.substr(direction, 2) == "C>",
                     text.substr(direction + 3, last - direction - 4), test::unhex(data)});
  }
  return lines;
}

// What one connection has said so far.
struct Conversation {
  bool client_spoke = false, server_spoke = false;
  std::map<int32_t, OpCode> asked;  // type of the request of each xid
};

class JavaFrames : public testing::Test {
 protected:
  // Checks one frame's payload.
  void check(const Line& line, std::string_view payload) {
    Conversation& talk = conversations_[line.connection];
    bool& spoke = line.from_client ? talk.client_spoke : talk.server_spoke;
    if (!spoke) {
      spoke = true;
      jute::Reader in(payload);
      same(payload, in,
           line.from_client ? test::recode_connect_request(in) : test::recode_connect_response(in));
    } else if (line.from_client) {
      check_request(talk, line, payload);
    } else {
      check_reply(talk, payload);
    }
  }

  void check_request(Conversation& talk, const Line& line, std::string_view payload) {
    jute::Reader in(payload);
    const RequestHeader header = read_request_header(in);
    ASSERT_TRUE(in.ok());
    talk.asked[header.xid.value] = header.type;
    if (!is_client_op(header.type)) {
      ++not_client_ops_;
      EXPECT_TRUE(line.label == "opcode-999 (unimplemented)" ||
                  line.label == "check-toplevel (unimplemented)");
      return;
    }
    const std::string body = test::recode_request(header.type, in);
    const bool malformed = line.label == "truncated-body-err (marshalling)" ||
                           line.label == "multi-mixed-read-write-err" ||
                           line.label == "multi-with-setACL-err";
    if (malformed) {
      ++malformed_;
      EXPECT_FALSE(in.ok());
      return;
    }
    std::string bytes;
    Writer out(bytes);
    write(out, header);
    same(payload, in, bytes + body);
    ++requests_[header.type];
  }

  void check_reply(Conversation& talk, std::string_view payload) {
    jute::Reader in(payload);
    const ReplyHeader header = read_reply_header(in);
    ASSERT_TRUE(in.ok());
    std::string bytes;
    Writer out(bytes);
    write(out, header);
    if (header.xid == kEventXid) {
      ++events_;
      same(payload, in, bytes + test::recode_event(in));
    } else if (header.error != ErrorCode::kOk) {
      ++errors_;
      EXPECT_NE(to_string(header.error), "Unknown");
      same(payload, in, bytes);
    } else {
      ASSERT_TRUE(talk.asked.count(header.xid.value));
      const OpCode type = talk.asked[header.xid.value];
      same(payload, in, bytes + test::recode_reply(type, in));
      ++replies_[type];
    }
  }

  static void same(std::string_view payload, const jute::Reader& in, const std::string& encoded) {
    EXPECT_TRUE(in.ok()) << in.error().what << " at " << in.error().offset;
    EXPECT_EQ(in.remaining(), 0u);
    EXPECT_EQ(hex(encoded), hex(payload));
  }

  std::map<std::string, Conversation> conversations_;
  std::map<OpCode, int> requests_, replies_;
  int events_ = 0, errors_ = 0, malformed_ = 0, not_client_ops_ = 0;
};

TEST_F(JavaFrames, DecodeAndEncodeToTheSameBytes) {
  size_t frames = 0;
  for (const Line& line : read_lines()) {
    SCOPED_TRACE(line.connection + " " + line.label);
    FrameCutter cutter;
    cutter.feed(line.bytes);
    std::string_view payload;
    if (line.label == "negative-length") {
      EXPECT_EQ(cutter.next(payload, kFrameBytesMax), FrameCutter::Status::kBadLength);
      continue;
    }
    ASSERT_EQ(cutter.next(payload, kFrameBytesMax), FrameCutter::Status::kFrame);
    EXPECT_EQ(cutter.unread(), 0u);
    check(line, payload);
    ++frames;
  }
  // The file is what it was when this test was written: nothing was skipped by accident.
  EXPECT_EQ(frames, 206u);
  EXPECT_EQ(malformed_, 3);
  EXPECT_EQ(not_client_ops_, 2);
  EXPECT_EQ(events_, 10);
  EXPECT_EQ(errors_, 24);
  for (OpCode type : test::client_ops()) {
    EXPECT_GT(requests_[type], 0) << "no request " << jute::to_string(type);
    if (type != OpCode::kReconfig) {
      EXPECT_GT(replies_[type], 0) << "no reply " << jute::to_string(type);
    }
  }
}

// The payload of the first frame with that label.
std::string payload_of(const std::string& label, bool from_client, bool event = false) {
  for (const Line& line : read_lines()) {
    if (line.label != label || line.from_client != from_client) continue;
    const std::string payload = line.bytes.substr(kFrameLengthSize);
    if (event == (payload.substr(0, 4) == test::unhex("ffffffff"))) return payload;
  }
  ADD_FAILURE() << "no frame " << label;
  return {};
}

TEST_F(JavaFrames, FieldsOfTheHandshake) {
  const std::string asked = payload_of("connect:resume-from-A", true);
  Reader in(asked);
  const ConnectRequest request = read_connect_request(in);
  EXPECT_EQ(request.protocol_version, 0);
  EXPECT_EQ(request.last_zxid_seen, Zxid(0));
  EXPECT_EQ(request.timeout_ms, 20000);
  EXPECT_EQ(request.session, SessionId(0x0100000f1e020000));
  EXPECT_EQ(request.password, BufferView(test::unhex("cc852e166971a94a8a6bd6485a0ec40c")));
  EXPECT_TRUE(request.has_read_only);
  EXPECT_FALSE(request.read_only);

  const std::string answered = payload_of("connect:timeout-below-min", false);
  Reader answer_in(answered);
  const ConnectResponse response = read_connect_response(answer_in);
  EXPECT_EQ(response.timeout_ms, 4000);
  EXPECT_EQ(response.session, SessionId(0x0100000f1e020002));
  EXPECT_EQ(response.password.size(), 16u);

  const std::string old = payload_of("connect:no-readonly-byte", true);
  Reader old_in(old);
  EXPECT_FALSE(read_connect_request(old_in).has_read_only);
  const std::string null = payload_of("connect:null-password", true);
  Reader null_in(null);
  EXPECT_EQ(read_connect_request(null_in).password, std::nullopt);
}

TEST_F(JavaFrames, FieldsOfRequests) {
  const std::string create = payload_of("create-eph-seq", true);
  Reader in(create);
  EXPECT_EQ(read_request_header(in), (RequestHeader{Xid(4), OpCode::kCreate}));
  EXPECT_EQ(read_create_request(in, OpCode::kCreate),
            (CreateRequest{"/a/s-", "x", jute::open_acl_bytes(),
                           static_cast<int32_t>(CreateFlags::kEphemeralSequential), 0}));

  const std::string ttl = payload_of("create-ttl", true);
  Reader ttl_in(ttl);
  read_request_header(ttl_in);
  EXPECT_EQ(read_create_request(ttl_in, OpCode::kCreateTtl),
            (CreateRequest{"/t", "", jute::open_acl_bytes(),
                           static_cast<int32_t>(CreateFlags::kPersistentTtl), 60000}));

  const std::string set = payload_of("setData-a (event first)", true);
  Reader set_in(set);
  read_request_header(set_in);
  EXPECT_EQ(read_set_data_request(set_in), (SetDataRequest{"/a", "v1", 0}));

  const std::string auth = payload_of("auth-digest", true);
  Reader auth_in(auth);
  EXPECT_EQ(read_request_header(auth_in), (RequestHeader{kAuthXid, OpCode::kAuth}));
  EXPECT_EQ(read_auth_packet(auth_in), (AuthPacket{0, "digest", "bob:secret"}));

  const std::string watches = payload_of("setWatches2", true);
  Reader watches_in(watches);
  EXPECT_EQ(read_request_header(watches_in).xid, kSetWatchesXid);
  EXPECT_EQ(read_set_watches_request(watches_in, OpCode::kSetWatches2),
            (SetWatchesRequest{Zxid(0x10000000000), {"/a"}, {}, {}, {"/a"}, {"/m"}}));

  const std::string reconfig = payload_of("reconfig-standalone-err", true);
  Reader reconfig_in(reconfig);
  read_request_header(reconfig_in);
  EXPECT_EQ(read_reconfig_request(reconfig_in),
            (ReconfigRequest{std::nullopt, "1", std::nullopt, -1}));
}

TEST_F(JavaFrames, FieldsOfMultis) {
  const std::string request = payload_of("multi-fail", true);
  Reader in(request);
  read_request_header(in);
  const auto ops = read_multi_request(in, OpCode::kMulti);
  ASSERT_EQ(ops.size(), 3u);
  EXPECT_EQ(std::get<CreateRequest>(ops[0].body).path, "/m2");
  EXPECT_EQ(ops[1].type, OpCode::kCheck);

  const std::string reply = payload_of("multi-fail", false);
  Reader reply_in(reply);
  EXPECT_EQ(read_reply_header(reply_in).error, ErrorCode::kOk);
  const auto results = read_multi_reply(reply_in);
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].error, ErrorCode::kOk);
  EXPECT_EQ(results[1].error, ErrorCode::kBadVersion);
  EXPECT_EQ(results[2].error, ErrorCode::kRuntimeInconsistency);
  for (const MultiResult& result : results) EXPECT_EQ(result.type, OpCode::kError);
}

TEST_F(JavaFrames, FieldsOfRepliesAndEvents) {
  const std::string reply = payload_of("getData-a", false);
  Reader in(reply);
  EXPECT_EQ(read_reply_header(in), (ReplyHeader{Xid(15), Zxid(15), ErrorCode::kOk}));
  const DataReply data = read_data_reply(in);
  EXPECT_EQ(data.data, BufferView("hello"));
  EXPECT_EQ(data.stat.czxid, 2);
  EXPECT_EQ(data.stat.cversion, 4);
  EXPECT_EQ(data.stat.data_length, 5);
  EXPECT_EQ(data.stat.num_children, 4);
  EXPECT_EQ(data.stat.pzxid, 6);

  const std::string event = payload_of("create-nope (event first)", false, true);
  Reader event_in(event);
  EXPECT_EQ(read_reply_header(event_in), (ReplyHeader{kEventXid, Zxid(-1), ErrorCode::kOk}));
  EXPECT_EQ(read_watcher_event(event_in),
            (WatcherEvent{jute::EventType::kNodeCreated, 3, "/nope"}));

  const std::string who = payload_of("whoAmI", false);
  Reader who_in(who);
  read_reply_header(who_in);
  EXPECT_EQ(read_who_am_i(who_in),
            (std::vector<ClientInfo>{{"digest", "bob"}, {"ip", "127.0.0.1"}}));
}

}  // namespace
}  // namespace zoetrope::wire
