#include "core/jute/txn.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/allocation.hpp"
#include "tests/support/any.hpp"
#include "tests/support/bytes.hpp"

namespace zoetrope::jute {
namespace {

using test::Any;
using test::ExactCopy;
using test::unhex;

constexpr size_t kDigestBytes = 12;

std::string encode(const Txn& txn) {
  std::string bytes;
  Writer out(bytes);
  write(out, txn.header);
  write(out, txn.body);
  if (txn.digest) write(out, *txn.digest);
  return bytes;
}

std::string encode_body(const TxnBody& body) {
  std::string bytes;
  Writer out(bytes);
  write(out, body);
  return bytes;
}

const std::vector<OpCode> kTypes = {
    OpCode::kCreate,       OpCode::kCreate2,  OpCode::kCreateContainer,
    OpCode::kCreateTtl,    OpCode::kDelete,   OpCode::kDeleteContainer,
    OpCode::kSetData,      OpCode::kReconfig, OpCode::kSetAcl,
    OpCode::kCheck,        OpCode::kError,    OpCode::kCreateSession,
    OpCode::kCloseSession, OpCode::kMulti};

TxnBody any_body(Any& any, OpCode type) {
  switch (type) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
      return CreateTxn{any.text(), any.buffer(), any.acl(), any.boolean(), any.i32()};
    case OpCode::kCreateContainer:
      return CreateContainerTxn{any.text(), any.buffer(), any.acl(), any.i32()};
    case OpCode::kCreateTtl:
      return CreateTtlTxn{any.text(), any.buffer(), any.acl(), any.i32(), any.i64()};
    case OpCode::kDelete:
    case OpCode::kDeleteContainer:
      return DeleteTxn{any.text()};
    case OpCode::kSetData:
    case OpCode::kReconfig:
      return SetDataTxn{any.text(), any.buffer(), any.i32()};
    case OpCode::kSetAcl:
      return SetAclTxn{any.text(), any.acl(), any.i32()};
    case OpCode::kCheck:
      return CheckTxn{any.text(), any.i32()};
    case OpCode::kError:
      return ErrorTxn{static_cast<ErrorCode>(any.i32())};
    case OpCode::kCreateSession:
      return CreateSessionTxn{any.i32()};
    case OpCode::kCloseSession:
      return CloseSessionTxn{any.strings()};
    default:
      break;
  }
  MultiTxn multi;
  for (size_t n = any.below(4); n > 0; --n) {
    const OpCode sub = kTypes[any.below(kTypes.size() - 1)];
    multi.txns.push_back({sub, any.own(encode_body(any_body(any, sub)))});
  }
  return multi;
}

Txn any_txn(Any& any, OpCode type) {
  Txn txn;
  txn.header = {SessionId(any.i64()), any.i32(), Zxid(any.i64()), any.i64(), type};
  txn.body = any_body(any, type);
  if (any.boolean()) txn.digest = TxnDigest{any.i32(), static_cast<uint64_t>(any.i64())};
  return txn;
}

RC_GTEST_PROP(Txn, RoundTrips, ()) {
  Any any;
  OpCode type = OpCode::kCheck;
  while (type == OpCode::kCheck) type = kTypes[any.below(kTypes.size())];
  const Txn txn = any_txn(any, type);
  const ExactCopy copy(encode(txn));
  const auto decoded = decode_txn(copy.view());
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(decoded->header == txn.header);
  RC_ASSERT(decoded->body.index() == txn.body.index());
  RC_ASSERT(decoded->digest == txn.digest);
  RC_ASSERT(encode(*decoded) == copy.view());
}

RC_GTEST_PROP(Txn, BodyRoundTrips, ()) {
  Any any;
  const OpCode type = kTypes[any.below(kTypes.size())];
  const ExactCopy copy(encode_body(any_body(any, type)));
  const auto decoded = decode_txn_body(type, copy.view());
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(encode_body(*decoded) == copy.view());
}

// Sizes at which a cut payload is itself a payload: without its digest, and, where the format lets
// a record end early, without what old releases did not write.
std::vector<size_t> whole_sizes(const Txn& txn, size_t size) {
  std::vector<size_t> sizes;
  size_t body_end = size;
  if (txn.digest) sizes.push_back(body_end -= kDigestBytes);
  if (std::holds_alternative<CreateTxn>(txn.body)) sizes.push_back(body_end - 4);
  if (std::holds_alternative<CloseSessionTxn>(txn.body)) {
    sizes.push_back(kTxnHeaderSize);
    sizes.push_back(kTxnHeaderSize + kDigestBytes);
  }
  return sizes;
}

RC_GTEST_PROP(Txn, EveryCutIsRefused, ()) {
  Any any;
  OpCode type = OpCode::kCheck;
  while (type == OpCode::kCheck) type = kTypes[any.below(kTypes.size())];
  const Txn txn = any_txn(any, type);
  const std::string bytes = encode(txn);
  const auto whole = whole_sizes(txn, bytes.size());
  for (size_t size = 0; size < bytes.size(); ++size) {
    if (std::find(whole.begin(), whole.end(), size) != whole.end()) continue;
    const ExactCopy part(std::string_view(bytes).substr(0, size));
    RC_ASSERT(!decode_txn(part.view()).has_value());
  }
}

RC_GTEST_PROP(Txn, AddedBytesAreRefused, ()) {
  Any any;
  OpCode type = OpCode::kCheck;
  while (type == OpCode::kCheck) type = kTypes[any.below(kTypes.size())];
  Txn txn = any_txn(any, type);
  txn.digest = TxnDigest{};
  std::string bytes = encode(txn);
  bytes.push_back('\0');
  RC_ASSERT(!decode_txn(bytes).has_value());
  bytes.append(any.text());
  // Where the tail of a record is optional, added bytes may be read as that tail and a digest.
  RC_PRE(type != OpCode::kCloseSession && type != OpCode::kCreate && type != OpCode::kCreate2);
  RC_ASSERT(!decode_txn(bytes).has_value());
}

RC_GTEST_PROP(Txn, AnyBytesDecodeOrNot, (const std::string& bytes)) {
  const ExactCopy copy(bytes);
  (void)decode_txn(copy.view());
  for (OpCode type : kTypes) (void)decode_txn_body(type, copy.view());
}

std::string payload(std::string_view type, std::string_view body) {
  return unhex("0100000f1e020000 00000007 0000000200000003 000001a200ea7a94 " + std::string(type) +
               std::string(body));
}

TEST(Txn, FieldsOfACreate) {
  const std::string bytes = payload(
      "00000001", "00000002 2f61 00000001 78 00000000 01 00000004 00000002 00000000ffffffff");
  const auto txn = decode_txn(bytes);
  ASSERT_TRUE(txn.has_value()) << txn.error().what;
  EXPECT_EQ(txn->header, (TxnHeader{SessionId(0x0100000f1e020000), 7, Zxid::make(2, 3),
                                    0x1a200ea7a94, OpCode::kCreate}));
  const auto& create = std::get<CreateTxn>(txn->body);
  EXPECT_EQ(create.path, "/a");
  EXPECT_EQ(create.data, BufferView("x"));
  EXPECT_EQ(create.acl, unhex("00000000"));
  EXPECT_TRUE(create.ephemeral);
  EXPECT_EQ(create.parent_cversion, 4);
  EXPECT_EQ(txn->digest, (TxnDigest{2, 0xFFFFFFFF}));
}

TEST(Txn, CreateOfRelease33HasNoParentCversion) {
  const std::string bytes = payload("00000001", "00000002 2f61 ffffffff ffffffff 00");
  const auto txn = decode_txn(bytes);
  ASSERT_TRUE(txn.has_value()) << txn.error().what;
  EXPECT_EQ(std::get<CreateTxn>(txn->body).parent_cversion, -1);
  EXPECT_FALSE(txn->digest.has_value());
}

// The empty list, the missing list, and each with a digest (facts/disk-format.md section 2).
TEST(Txn, CloseSessionTellsTheEmptyListFromNone) {
  const std::string digest = "00000002 0000000000000005";
  const auto paths = [](const std::string& bytes) {
    const auto txn = decode_txn(bytes);
    EXPECT_TRUE(txn.has_value());
    return std::get<CloseSessionTxn>(txn->body).paths;
  };
  EXPECT_EQ(paths(payload("fffffff5", "")), std::nullopt);
  EXPECT_EQ(paths(payload("fffffff5", digest)), std::nullopt);
  EXPECT_EQ(paths(payload("fffffff5", "00000000")), std::vector<std::string_view>());
  EXPECT_EQ(paths(payload("fffffff5", "00000000" + digest)), std::vector<std::string_view>());
  EXPECT_EQ(paths(payload("fffffff5", "00000001 00000002 2f61" + digest)),
            (std::vector<std::string_view>{"/a"}));
  EXPECT_TRUE(decode_txn(payload("fffffff5", digest))->digest.has_value());
}

// Without digest, a list of one path of four bytes is as long as a digest.
TEST(Txn, CloseSessionTellsOneShortPathFromADigest) {
  CloseSessionTxn close;
  close.paths = {"/a/b"};
  Txn txn;
  txn.header.type = OpCode::kCloseSession;
  txn.body = close;
  const std::string bytes = encode(txn);
  const auto decoded = decode_txn(bytes);
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(std::get<CloseSessionTxn>(decoded->body).paths, close.paths);
  EXPECT_FALSE(decoded->digest.has_value());
}

TEST(Txn, MultiFailsWhenAnyPartIsAnError) {
  MultiTxn multi;
  EXPECT_FALSE(multi.failed());
  multi.txns.push_back({OpCode::kCreate, ""});
  EXPECT_FALSE(multi.failed());
  multi.txns.push_back({OpCode::kError, ""});
  multi.txns.push_back({OpCode::kCreate, ""});
  EXPECT_TRUE(multi.failed());
}

// A stock server 3.8.0 logs a top-level check and cannot start again.
TEST(Txn, RefusesTypesThatAreNoTransactions) {
  const auto check = decode_txn(payload("0000000d", "00000002 2f61 ffffffff"));
  ASSERT_FALSE(check.has_value());
  EXPECT_EQ(check.error().what, "type 13 (check) outside a multi");
  for (const char* type :
       {"00000000", "00000003", "00000004", "00000063", "7fffffff", "fffffff4"}) {
    const auto txn = decode_txn(payload(type, "00000002 2f61 00000000"));
    ASSERT_FALSE(txn.has_value()) << type;
    EXPECT_NE(txn.error().what.find("is no transaction"), std::string::npos) << txn.error().what;
  }
  EXPECT_TRUE(decode_txn_body(OpCode::kCheck, unhex("00000002 2f61 ffffffff")).has_value());
}

TEST(Txn, ErrorNamesTheOffset) {
  const auto txn = decode_txn(payload("00000002", "00000009 2f61"));
  ASSERT_FALSE(txn.has_value());
  EXPECT_EQ(txn.error(), (DecodeError{"input ends within buffer", 36}));
}

TEST(Txn, ForgedLengthsDoNotAllocate) {
  const std::vector<std::string> forged = {
      payload("00000001", "7fffffff 2f61"),
      payload("00000001", "00000002 2f61 7fffffff"),
      payload("00000001", "00000002 2f61 00000000 7fffffff"),
      payload("fffffff5", "7fffffff 00000000"),
      payload("0000000e", "7fffffff 00000001 00000000"),
      payload("0000000e", "00000001 00000001 7fffffff"),
  };
  for (const std::string& bytes : forged) {
    const test::AllocationWatch watch;
    EXPECT_FALSE(decode_txn(bytes).has_value());
    EXPECT_LT(watch.bytes(), 2048u) << test::hex(bytes);
  }
}

}  // namespace
}  // namespace zoetrope::jute
