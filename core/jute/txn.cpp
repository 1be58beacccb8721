#include "core/jute/txn.hpp"

namespace zoetrope::jute {

namespace {
constexpr size_t kDigestSize = 12;
constexpr size_t kSubTxnSizeMin = 8;

CreateTxn read_create(Reader& in) {
  CreateTxn txn;
  txn.path = in.string();
  txn.data = in.buffer();
  txn.acl = read_acl_bytes(in);
  txn.ephemeral = in.boolean();
  // Records of release 3.3 end here.
  if (in.ok() && in.remaining() >= 4) txn.parent_cversion = in.i32();
  return txn;
}

CreateContainerTxn read_create_container(Reader& in) {
  CreateContainerTxn txn;
  txn.path = in.string();
  txn.data = in.buffer();
  txn.acl = read_acl_bytes(in);
  txn.parent_cversion = in.i32();
  return txn;
}

CreateTtlTxn read_create_ttl(Reader& in) {
  CreateTtlTxn txn;
  txn.path = in.string();
  txn.data = in.buffer();
  txn.acl = read_acl_bytes(in);
  txn.parent_cversion = in.i32();
  txn.ttl_ms = in.i64();
  return txn;
}

SetDataTxn read_set_data(Reader& in) {
  SetDataTxn txn;
  txn.path = in.string();
  txn.data = in.buffer();
  txn.version = in.i32();
  return txn;
}

SetAclTxn read_set_acl(Reader& in) {
  SetAclTxn txn;
  txn.path = in.string();
  txn.acl = read_acl_bytes(in);
  txn.version = in.i32();
  return txn;
}

CheckTxn read_check(Reader& in) {
  CheckTxn txn;
  txn.path = in.string();
  txn.version = in.i32();
  return txn;
}

CloseSessionTxn read_close_session(Reader& in) {
  CloseSessionTxn txn;
  // A missing list leaves nothing or just a digest; an empty list with digest leaves 4 + 12 bytes.
  // One path of four bytes without digest has the length of a digest, but begins otherwise: a
  // digest begins with its version, 2.
  const bool one_path = in.rest().starts_with(std::string_view("\0\0\0\1\0\0\0\4", 8));
  if (in.remaining() == 0 || (in.remaining() == kDigestSize && !one_path)) return txn;
  txn.paths = read_strings(in);
  return txn;
}

MultiTxn read_multi(Reader& in) {
  MultiTxn txn;
  const int32_t n = in.count(kSubTxnSizeMin);
  if (n > 0) txn.txns.reserve(static_cast<size_t>(n));
  for (int32_t i = 0; i < n && in.ok(); ++i) {
    SubTxn sub;
    sub.type = static_cast<OpCode>(in.i32());
    sub.body = in.string();
    txn.txns.push_back(sub);
  }
  return txn;
}

TxnBody read_body(OpCode type, Reader& in) {
  switch (type) {
    case OpCode::kCreate:
    case OpCode::kCreate2: return read_create(in);
    case OpCode::kCreateContainer: return read_create_container(in);
    case OpCode::kCreateTtl: return read_create_ttl(in);
    case OpCode::kDelete:
    case OpCode::kDeleteContainer: return DeleteTxn{in.string()};
    case OpCode::kSetData:
    case OpCode::kReconfig: return read_set_data(in);
    case OpCode::kSetAcl: return read_set_acl(in);
    case OpCode::kCheck: return read_check(in);
    case OpCode::kError: return ErrorTxn{static_cast<ErrorCode>(in.i32())};
    case OpCode::kCreateSession: return CreateSessionTxn{in.i32()};
    case OpCode::kCloseSession: return read_close_session(in);
    case OpCode::kMulti: return read_multi(in);
    default:
      in.fail("type " + std::to_string(static_cast<int32_t>(type)) + " is no transaction");
      return ErrorTxn{};
  }
}
}  // namespace

bool MultiTxn::failed() const {
  for (const SubTxn& sub : txns) {
    if (sub.type == OpCode::kError) return true;
  }
  return false;
}

void write(Writer& out, const TxnHeader& header) {
  out.i64(header.client_id.value);
  out.i32(header.cxid);
  out.i64(header.zxid.value);
  out.i64(header.time_ms);
  out.i32(static_cast<int32_t>(header.type));
}

void write(Writer& out, const TxnDigest& digest) {
  out.i32(digest.version);
  out.i64(static_cast<int64_t>(digest.tree_digest));
}

void write(Writer& out, const CreateTxn& txn) {
  out.string(txn.path);
  out.buffer(txn.data);
  out.raw(txn.acl);
  out.boolean(txn.ephemeral);
  out.i32(txn.parent_cversion);
}

void write(Writer& out, const CreateContainerTxn& txn) {
  out.string(txn.path);
  out.buffer(txn.data);
  out.raw(txn.acl);
  out.i32(txn.parent_cversion);
}

void write(Writer& out, const CreateTtlTxn& txn) {
  out.string(txn.path);
  out.buffer(txn.data);
  out.raw(txn.acl);
  out.i32(txn.parent_cversion);
  out.i64(txn.ttl_ms);
}

void write(Writer& out, const DeleteTxn& txn) {
  out.string(txn.path);
}

void write(Writer& out, const SetDataTxn& txn) {
  out.string(txn.path);
  out.buffer(txn.data);
  out.i32(txn.version);
}

void write(Writer& out, const SetAclTxn& txn) {
  out.string(txn.path);
  out.raw(txn.acl);
  out.i32(txn.version);
}

void write(Writer& out, const CheckTxn& txn) {
  out.string(txn.path);
  out.i32(txn.version);
}

void write(Writer& out, const ErrorTxn& txn) {
  out.i32(static_cast<int32_t>(txn.error));
}

void write(Writer& out, const CreateSessionTxn& txn) {
  out.i32(txn.timeout_ms);
}

void write(Writer& out, const CloseSessionTxn& txn) {
  if (txn.paths) write_strings(out, *txn.paths);
}

void write(Writer& out, const MultiTxn& txn) {
  out.i32(static_cast<int32_t>(txn.txns.size()));
  for (const SubTxn& sub : txn.txns) {
    out.i32(static_cast<int32_t>(sub.type));
    out.string(sub.body);
  }
}

void write(Writer& out, const TxnBody& body) {
  std::visit([&out](const auto& txn) { write(out, txn); }, body);
}

TxnHeader read_txn_header(Reader& in) {
  TxnHeader header;
  header.client_id = SessionId(in.i64());
  header.cxid = in.i32();
  header.zxid = Zxid(in.i64());
  header.time_ms = in.i64();
  header.type = static_cast<OpCode>(in.i32());
  return header;
}

std::expected<TxnBody, DecodeError> decode_txn_body(OpCode type, std::string_view bytes) {
  Reader in(bytes);
  TxnBody body = read_body(type, in);
  if (in.ok() && in.remaining() != 0) in.fail("bytes after the end of the transaction");
  if (!in.ok()) return std::unexpected(in.error());
  return body;
}

std::expected<Txn, DecodeError> decode_txn(std::string_view payload) {
  Reader in(payload);
  Txn txn;
  txn.header = read_txn_header(in);
  if (in.ok() && txn.header.type == OpCode::kCheck) in.fail("type 13 (check) outside a multi");
  txn.body = read_body(txn.header.type, in);
  if (in.ok() && in.remaining() == kDigestSize) {
    TxnDigest digest;
    digest.version = in.i32();
    digest.tree_digest = static_cast<uint64_t>(in.i64());
    txn.digest = digest;
  }
  if (in.ok() && in.remaining() != 0) in.fail("bytes after the end of the transaction");
  if (!in.ok()) return std::unexpected(in.error());
  return txn;
}

}  // namespace zoetrope::jute
