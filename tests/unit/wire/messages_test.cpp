// Every record of the client protocol, there and back, by properties.
#include "core/wire/messages.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/allocation.hpp"
#include "tests/support/any.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/recode.hpp"

namespace zoetrope::wire {
namespace {

using test::Any;
using test::ExactCopy;
using test::unhex;

// Decodes what was encoded to an equal value, and refuses every cut of it.
template <class Record>
void check_round_trip(const Record& record, const std::string& bytes, auto&& read) {
  const ExactCopy whole(bytes);
  Reader in(whole.view());
  RC_ASSERT(read(in) == record);
  RC_ASSERT(in.ok());
  RC_ASSERT(in.remaining() == 0u);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const ExactCopy part(std::string_view(bytes).substr(0, size));
    Reader cut(part.view());
    read(cut);
    RC_ASSERT(!cut.ok());
  }
}

template <class Record>
void check_round_trip(const Record& record, auto&& read) {
  std::string bytes;
  Writer out(bytes);
  write(out, record);
  check_round_trip(record, bytes, read);
}

template <class Record>
void check_round_trip_of(OpCode type, const Record& record, auto&& read) {
  std::string bytes;
  Writer out(bytes);
  write(out, record, type);
  check_round_trip(record, bytes, [&](Reader& in) { return read(in, type); });
}

RC_GTEST_PROP(Messages, HeadersRoundTrip, ()) {
  Any any;
  const auto error = static_cast<ErrorCode>(any.i32());
  const auto type = static_cast<OpCode>(any.i32());
  check_round_trip(RequestHeader{Xid(any.i32()), type}, read_request_header);
  check_round_trip(ReplyHeader{Xid(any.i32()), Zxid(any.i64()), error}, read_reply_header);
  check_round_trip(MultiHeader{type, any.boolean(), error}, read_multi_header);
}

// The read-only byte is optional, so a handshake without it is whole.
RC_GTEST_PROP(Messages, HandshakeRoundTrips, ()) {
  Any any;
  ConnectRequest request{any.i32(),    Zxid(any.i64()), any.i32(), SessionId(any.i64()),
                         any.buffer(), false,           false};
  check_round_trip(request, read_connect_request);
  ConnectResponse response{any.i32(), any.i32(), SessionId(any.i64()), any.text(), false, false};
  check_round_trip(response, read_connect_response);

  request.has_read_only = response.has_read_only = true;
  request.read_only = response.read_only = any.boolean();
  std::string bytes;
  Writer out(bytes);
  write(out, request);
  Reader in(bytes);
  RC_ASSERT(read_connect_request(in) == request);
  RC_ASSERT(in.ok() && in.remaining() == 0u);
  bytes.clear();
  write(out, response);
  Reader response_in(bytes);
  RC_ASSERT(read_connect_response(response_in) == response);
  RC_ASSERT(response_in.ok() && response_in.remaining() == 0u);
}

RC_GTEST_PROP(Messages, CreateRoundTrips, ()) {
  Any any;
  CreateRequest request{any.text(), any.buffer(), any.acl(), any.i32(), 0};
  for (OpCode type : {OpCode::kCreate, OpCode::kCreate2, OpCode::kCreateContainer}) {
    check_round_trip_of(type, request, read_create_request);
  }
  request.ttl_ms = any.i64();
  check_round_trip_of(OpCode::kCreateTtl, request, read_create_request);
}

RC_GTEST_PROP(Messages, PathRequestsRoundTrip, ()) {
  Any any;
  check_round_trip(PathWatchRequest{any.text(), any.boolean()}, read_path_watch_request);
  check_round_trip(PathVersionRequest{any.text(), any.i32()}, read_path_version_request);
  check_round_trip(PathTypeRequest{any.text(), any.i32()}, read_path_type_request);
  for (OpCode type : {OpCode::kGetAcl, OpCode::kSync, OpCode::kGetEphemerals}) {
    check_round_trip(PathRequest{any.text()},
                     [&](Reader& in) { return read_path_request(in, type); });
  }
}

RC_GTEST_PROP(Messages, SetRequestsRoundTrip, ()) {
  Any any;
  check_round_trip(SetDataRequest{any.text(), any.buffer(), any.i32()}, read_set_data_request);
  check_round_trip(SetAclRequest{any.text(), any.acl(), any.i32()}, read_set_acl_request);
}

RC_GTEST_PROP(Messages, SetWatchesRoundTrips, ()) {
  Any any;
  SetWatchesRequest request{Zxid(any.i64()), any.strings(), any.strings(), any.strings(), {}, {}};
  check_round_trip_of(OpCode::kSetWatches, request, read_set_watches_request);
  request.persistent = any.strings();
  request.recursive = any.strings();
  check_round_trip_of(OpCode::kSetWatches2, request, read_set_watches_request);
}

RC_GTEST_PROP(Messages, RareRequestsRoundTrip, ()) {
  Any any;
  check_round_trip(AuthPacket{any.i32(), any.text(), any.buffer()}, read_auth_packet);
  check_round_trip(SaslRequest{any.buffer()}, read_sasl_request);
  check_round_trip(ReconfigRequest{any.buffer(), any.buffer(), any.buffer(), any.i64()},
                   read_reconfig_request);
}

RC_GTEST_PROP(Messages, RepliesRoundTrip, ()) {
  Any any;
  check_round_trip(PathReply{any.text()}, read_path_reply);
  check_round_trip(PathStatReply{any.text(), any.stat()}, read_path_stat_reply);
  check_round_trip(DataReply{any.buffer(), any.stat()}, read_data_reply);
  check_round_trip(AclReply{any.acl(), any.stat()}, read_acl_reply);
  check_round_trip(ChildrenReply{any.strings()}, read_children_reply);
  check_round_trip(ChildrenStatReply{any.strings(), any.stat()}, read_children_stat_reply);
  check_round_trip(CountReply{any.i32()}, read_count_reply);
  check_round_trip(ErrorReply{static_cast<ErrorCode>(any.i32())}, read_error_reply);
  check_round_trip(SaslReply{any.buffer()}, read_sasl_reply);
  check_round_trip(std::vector<ClientInfo>(any.below(3), ClientInfo{any.text(), any.text()}),
                   read_who_am_i);
  check_round_trip(WatcherEvent{static_cast<jute::EventType>(any.i32()), any.i32(), any.text()},
                   read_watcher_event);
}

MultiOp any_op(Any& any, OpCode type) {
  switch (type) {
    case OpCode::kDelete:
    case OpCode::kCheck:
      return {type, PathVersionRequest{any.text(), any.i32()}};
    case OpCode::kSetData:
      return {type, SetDataRequest{any.text(), any.buffer(), any.i32()}};
    case OpCode::kGetData:
    case OpCode::kGetChildren:
      return {type, PathWatchRequest{any.text(), any.boolean()}};
    default:
      break;
  }
  const int64_t ttl_ms = type == OpCode::kCreateTtl ? any.i64() : 0;
  return {type, CreateRequest{any.text(), any.buffer(), any.acl(), any.i32(), ttl_ms}};
}

const std::vector<OpCode> kMultiWrites = {
    OpCode::kCreate,  OpCode::kCreate2,   OpCode::kDelete, OpCode::kCreateContainer,
    OpCode::kSetData, OpCode::kCreateTtl, OpCode::kCheck};
const std::vector<OpCode> kMultiReads = {OpCode::kGetData, OpCode::kGetChildren};

RC_GTEST_PROP(Messages, MultiRequestsRoundTrip, ()) {
  Any any;
  for (OpCode type : {OpCode::kMulti, OpCode::kMultiRead}) {
    const auto& allowed = type == OpCode::kMulti ? kMultiWrites : kMultiReads;
    std::vector<MultiOp> ops(any.below(4));
    for (MultiOp& op : ops) op = any_op(any, allowed[any.below(allowed.size())]);
    check_round_trip(ops, [&](Reader& in) { return read_multi_request(in, type); });
  }
}

MultiResult any_result(Any& any) {
  MultiResult result;
  switch (any.below(7)) {
    case 0:
      result.type = OpCode::kCreate;
      break;
    case 1:
      result.type = OpCode::kCreate2;
      break;
    case 2:
      result.type = OpCode::kDelete;
      break;
    case 3:
      result.type = OpCode::kSetData;
      break;
    case 4:
      result.type = OpCode::kGetChildren;
      break;
    case 5:
      result.type = OpCode::kGetData;
      break;
    default:
      break;
  }
  const OpCode type = result.type;
  const bool has_stat =
      type == OpCode::kCreate2 || type == OpCode::kSetData || type == OpCode::kGetData;
  if (type == OpCode::kCreate || type == OpCode::kCreate2) result.path = any.text();
  if (type == OpCode::kGetData) result.data = any.buffer();
  if (type == OpCode::kGetChildren) result.children = any.strings();
  if (type == OpCode::kError) result.error = static_cast<ErrorCode>(any.i32());
  if (has_stat) result.stat = any.stat();
  return result;
}

RC_GTEST_PROP(Messages, MultiRepliesRoundTrip, ()) {
  Any any;
  std::vector<MultiResult> results(any.below(4));
  for (MultiResult& result : results) result = any_result(any);
  check_round_trip(results, read_multi_reply);
}

// A multi that holds one operation of the other kind, or one that no multi may hold.
TEST(Messages, MultiRefusesWhatDoesNotBelong) {
  const auto readable = [](OpCode type, const std::vector<MultiOp>& ops) {
    std::string bytes;
    Writer out(bytes);
    write(out, ops);
    Reader in(bytes);
    const auto read = read_multi_request(in, type);
    EXPECT_TRUE(in.ok() || read.empty());
    return in.ok();
  };
  const MultiOp get{OpCode::kGetData, PathWatchRequest{"/a", false}};
  const MultiOp remove{OpCode::kDelete, PathVersionRequest{"/a", -1}};
  EXPECT_TRUE(readable(OpCode::kMulti, {remove, remove}));
  EXPECT_TRUE(readable(OpCode::kMultiRead, {get, get}));
  EXPECT_FALSE(readable(OpCode::kMulti, {remove, get}));
  EXPECT_FALSE(readable(OpCode::kMultiRead, {get, remove}));
  for (int32_t code = -20; code <= 120; ++code) {
    const auto type = static_cast<OpCode>(code);
    const auto in_list = [&](const std::vector<OpCode>& list) {
      return std::find(list.begin(), list.end(), type) != list.end();
    };
    std::string bytes;
    Writer out(bytes);
    write(out, MultiHeader{type, false, ErrorCode::kOk});
    out.string("/a");
    out.string("");
    out.raw(jute::open_acl_bytes());
    out.i32(0);
    out.i64(0);
    for (OpCode request : {OpCode::kMulti, OpCode::kMultiRead}) {
      Reader in(bytes);
      read_multi_request(in, request);
      // Without its end no multi is whole; a type that is refused is refused before its body.
      ASSERT_FALSE(in.ok());
      const bool allowed = in_list(request == OpCode::kMulti ? kMultiWrites : kMultiReads);
      EXPECT_EQ(in.error().offset > kMultiHeaderSize, allowed) << code;
    }
  }
}

TEST(Messages, EmptyMultiIsJustItsEnd) {
  std::string bytes;
  Writer out(bytes);
  write(out, std::vector<MultiOp>());
  EXPECT_EQ(test::hex(bytes), "ffffffff01ffffffff");
  Reader in(bytes);
  EXPECT_TRUE(read_multi_request(in, OpCode::kMulti).empty());
  EXPECT_TRUE(in.ok());
}

TEST(Messages, NullPathIsRefused) {
  const std::string bytes = unhex("ffffffff") + std::string(40, '\0');
  for (OpCode type : {OpCode::kCreate, OpCode::kCreate2, OpCode::kCreateContainer,
                      OpCode::kCreateTtl, OpCode::kDelete, OpCode::kExists, OpCode::kGetData,
                      OpCode::kSetData, OpCode::kGetAcl, OpCode::kSetAcl, OpCode::kGetChildren,
                      OpCode::kGetChildren2, OpCode::kSync, OpCode::kCheckWatches,
                      OpCode::kRemoveWatches, OpCode::kAddWatch, OpCode::kGetAllChildrenNumber}) {
    Reader in(bytes);
    test::recode_request(type, in);
    ASSERT_FALSE(in.ok()) << jute::to_string(type);
    EXPECT_EQ(in.error(), (DecodeError{"null string", 4})) << jute::to_string(type);
  }
}

TEST(Messages, NullPrefixOfGetEphemeralsIsEmpty) {
  const std::string bytes = unhex("ffffffff");
  Reader in(bytes);
  EXPECT_EQ(read_path_request(in, OpCode::kGetEphemerals).path, "");
  EXPECT_TRUE(in.ok());
}

TEST(Messages, NullWatchListsAreEmpty) {
  const std::string bytes = unhex("0000000000000007 ffffffff ffffffff ffffffff ffffffff ffffffff");
  Reader in(bytes);
  const auto request = read_set_watches_request(in, OpCode::kSetWatches2);
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(request, (SetWatchesRequest{Zxid(7), {}, {}, {}, {}, {}}));
}

TEST(Messages, NullAclIsReadAndAnAbsentOneWrittenAsNull) {
  std::string bytes;
  Writer out(bytes);
  write(out, CreateRequest{"/a", std::nullopt, "", 0, 0}, OpCode::kCreate);
  EXPECT_EQ(bytes, unhex("00000002 2f61 ffffffff ffffffff 00000000"));
  Reader in(bytes);
  EXPECT_EQ(read_create_request(in, OpCode::kCreate).acl, unhex("ffffffff"));
  EXPECT_TRUE(in.ok());
}

// Upstream ignores what follows a body, and so do we.
TEST(Messages, BytesAfterABodyAreLeftUnread) {
  const std::string bytes = unhex("00000002 2f61 01 abcdef");
  Reader in(bytes);
  EXPECT_EQ(read_path_watch_request(in), (PathWatchRequest{"/a", true}));
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 3u);
}

TEST(Messages, RequestsOfTheHotPathDoNotAllocate) {
  const std::string bytes = unhex(
      "00000001 00000004 00000002 2f61 01"                      // getData
      "00000002 00000005 00000002 2f61 00000002 7631 00000000"  // setData
      "00000003 00000002 00000002 2f61 ffffffff"                // delete
      "00000004 00000001 00000002 2f61 ffffffff 00000001 0000001f 00000005 776f726c64"
      "00000006 616e796f6e65 00000000"     // create
      "00000005 00000006 00000002 2f61");  // getACL
  std::string reply;
  reply.reserve(256);
  const test::AllocationWatch watch;
  Reader in(bytes);
  read_request_header(in);
  EXPECT_TRUE(read_path_watch_request(in).watch);
  read_request_header(in);
  EXPECT_EQ(read_set_data_request(in).data, BufferView("v1"));
  read_request_header(in);
  EXPECT_EQ(read_path_version_request(in).version, -1);
  EXPECT_EQ(read_request_header(in), (RequestHeader{Xid(4), OpCode::kCreate}));
  EXPECT_EQ(read_create_request(in, OpCode::kCreate).acl, jute::open_acl_bytes());
  EXPECT_EQ(read_request_header(in).xid, Xid(5));
  EXPECT_EQ(read_path_request(in, OpCode::kGetAcl).path, "/a");
  Writer out(reply);
  write(out, ReplyHeader{Xid(4), Zxid(9), ErrorCode::kOk});
  write(out, DataReply{"hello", {}});
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0u);
  EXPECT_EQ(watch.calls(), 0u);
}

TEST(Messages, ForgedLengthsDoNotAllocate) {
  // Every int of the body claims 2 GiB.
  std::string bytes(8, '\0');
  for (int i = 0; i < 40; ++i) bytes += unhex("7fffffff");
  for (size_t skipped = 0; skipped <= 24; ++skipped) {
    for (OpCode type : test::client_ops()) {
      const test::AllocationWatch watch;
      Reader request(std::string_view(bytes).substr(skipped));
      Reader reply(std::string_view(bytes).substr(skipped));
      test::recode_request(type, request);
      test::recode_reply(type, reply);
      EXPECT_LT(watch.bytes(), 16384u) << jute::to_string(type) << " from " << skipped;
    }
  }
}

// A count that is true costs no more than a small multiple of the frame that carries it.
TEST(Messages, MemoryIsBoundedByTheFrame) {
  const std::string strings = unhex("00010000") + std::string(4 * 0x10000, '\0');
  const test::AllocationWatch watch;
  Reader in(strings);
  EXPECT_EQ(read_children_reply(in).children.size(), 0x10000u);
  EXPECT_LE(watch.bytes(), 8 * strings.size());
}

RC_GTEST_PROP(Messages, AnyBytesDecodeOrNot, (const std::string& bytes)) {
  const ExactCopy copy(bytes);
  const auto try_all = [&](auto&& recode) {
    Reader in(copy.view());
    recode(in);
  };
  for (OpCode type : test::client_ops()) {
    try_all([&](Reader& in) { return test::recode_request(type, in); });
    try_all([&](Reader& in) { return test::recode_reply(type, in); });
  }
  try_all(test::recode_event);
  try_all(test::recode_connect_request);
  try_all(test::recode_connect_response);
}

TEST(Operations, ClientOpsAreThoseOfTheProtocol) {
  EXPECT_EQ(test::client_ops().size(), 28u);
  for (OpCode type : {OpCode::kNotification, OpCode::kCheck, OpCode::kDeleteContainer,
                      OpCode::kCreateSession, OpCode::kError, static_cast<OpCode>(999),
                      static_cast<OpCode>(10), static_cast<OpCode>(INT32_MIN)}) {
    EXPECT_FALSE(is_client_op(type)) << jute::to_string(type);
  }
}

TEST(Operations, WritesAreThoseThatAreLogged) {
  int writes = 0;
  for (int32_t code = -20; code <= 200; ++code) writes += is_write(static_cast<OpCode>(code));
  EXPECT_EQ(writes, 12);
  for (OpCode type : {OpCode::kCreate, OpCode::kMulti, OpCode::kCloseSession,
                      OpCode::kCreateSession, OpCode::kDeleteContainer}) {
    EXPECT_TRUE(is_write(type)) << jute::to_string(type);
  }
  for (OpCode type : {OpCode::kSync, OpCode::kMultiRead, OpCode::kGetData, OpCode::kPing,
                      OpCode::kAuth, OpCode::kSetWatches, OpCode::kAddWatch, OpCode::kError}) {
    EXPECT_FALSE(is_write(type)) << jute::to_string(type);
  }
}

}  // namespace
}  // namespace zoetrope::wire
