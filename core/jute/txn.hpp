// Transactions: the replicated, logged, idempotent form of a write (facts/disk-format.md section
// 2). A transaction has one encoded form, the payload of a log record, which is also what a
// PROPOSAL carries; these types are views into such a payload and live no longer than it.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/opcode.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::jute {

struct TxnHeader {
  SessionId client_id;
  int32_t cxid = 0;
  Zxid zxid;
  int64_t time_ms = 0;
  OpCode type = OpCode::kError;
  auto operator<=>(const TxnHeader&) const = default;
};
inline constexpr size_t kTxnHeaderSize = 32;

// Digest of the whole tree after the transaction.
struct TxnDigest {
  int32_t version = 2;
  uint64_t tree_digest = 0;
  auto operator<=>(const TxnDigest&) const = default;
};

// create and create2. acl is an encoded vector<ACL>; parent_cversion -1 stands for "not given"
// (V0).
struct CreateTxn {
  std::string_view path;
  BufferView data;
  std::string_view acl;
  bool ephemeral = false;
  int32_t parent_cversion = -1;
};
struct CreateContainerTxn {
  std::string_view path;
  BufferView data;
  std::string_view acl;
  int32_t parent_cversion = -1;
};
struct CreateTtlTxn {
  std::string_view path;
  BufferView data;
  std::string_view acl;
  int32_t parent_cversion = -1;
  int64_t ttl_ms = 0;
};
// delete and deleteContainer.
struct DeleteTxn {
  std::string_view path;
};
// setData and reconfig. version is the resulting one.
struct SetDataTxn {
  std::string_view path;
  BufferView data;
  int32_t version = 0;
};
// version is the resulting aversion.
struct SetAclTxn {
  std::string_view path;
  std::string_view acl;
  int32_t version = 0;
};
// Only inside multi; version is the expected one plus one.
struct CheckTxn {
  std::string_view path;
  int32_t version = 0;
};
struct ErrorTxn {
  ErrorCode error = ErrorCode::kOk;
};
struct CreateSessionTxn {
  int32_t timeout_ms = 0;
};
// Paths of the ephemerals to delete; nullopt when the record has no list (before 3.6).
struct CloseSessionTxn {
  std::optional<std::vector<std::string_view>> paths;
};
// One sub-transaction: its type and its encoded body.
struct SubTxn {
  OpCode type = OpCode::kError;
  std::string_view body;
};
struct MultiTxn {
  std::vector<SubTxn> txns;
  // True when any entry is an error: then nothing of it is applied.
  bool failed() const;
};

using TxnBody =
    std::variant<CreateTxn, CreateContainerTxn, CreateTtlTxn, DeleteTxn, SetDataTxn, SetAclTxn,
                 CheckTxn, ErrorTxn, CreateSessionTxn, CloseSessionTxn, MultiTxn>;

struct Txn {
  TxnHeader header;
  TxnBody body;
  std::optional<TxnDigest> digest;
};

void write(Writer& out, const TxnHeader& header);
void write(Writer& out, const TxnDigest& digest);
// One function a body; the type that goes before it stands in the header (or in the SubTxn).
void write(Writer& out, const CreateTxn& txn);
void write(Writer& out, const CreateContainerTxn& txn);
void write(Writer& out, const CreateTtlTxn& txn);
void write(Writer& out, const DeleteTxn& txn);
void write(Writer& out, const SetDataTxn& txn);
void write(Writer& out, const SetAclTxn& txn);
void write(Writer& out, const CheckTxn& txn);
void write(Writer& out, const ErrorTxn& txn);
void write(Writer& out, const CreateSessionTxn& txn);
void write(Writer& out, const CloseSessionTxn& txn);
void write(Writer& out, const MultiTxn& txn);
void write(Writer& out, const TxnBody& body);

TxnHeader read_txn_header(Reader& in);
// Body of a transaction of `type` that fills the whole of `bytes` (a SubTxn's body, say).
std::expected<TxnBody, DecodeError> decode_txn_body(OpCode type, std::string_view bytes);
// A whole record payload: header, body and, if there, digest. Refuses trailing bytes and types that
// are no transactions (a stock 3.8.0 server dies of a logged type 13; we say which record it is).
std::expected<Txn, DecodeError> decode_txn(std::string_view payload);

}  // namespace zoetrope::jute
