// Transactions that own their bytes, for the tests of the tree.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/assert.hpp"
#include "core/jute/txn.hpp"

namespace zoetrope::tree {

struct OwnedTxn {
  std::unique_ptr<std::string> bytes;
  jute::Txn txn;
};

// Encodes the body and decodes it again, so that the views point into `bytes`.
inline OwnedTxn make_txn(const jute::TxnHeader& header, const jute::TxnBody& body,
                         std::optional<uint64_t> digest = {}) {
  OwnedTxn made{std::make_unique<std::string>(), {}};
  jute::Writer out(*made.bytes);
  jute::write(out, body);
  auto decoded = jute::decode_txn_body(header.type, *made.bytes);
  ZT_ASSERT(decoded.has_value());
  made.txn.header = header;
  made.txn.body = *std::move(decoded);
  if (digest) made.txn.digest = jute::TxnDigest{2, *digest};
  return made;
}

inline std::string encode(const jute::AclList& acl) {
  std::string bytes;
  jute::Writer out(bytes);
  jute::write(out, acl);
  return bytes;
}

inline std::string encode(const jute::TxnBody& body) {
  std::string bytes;
  jute::Writer out(bytes);
  jute::write(out, body);
  return bytes;
}

inline jute::TxnHeader header_of(jute::OpCode type, int64_t zxid, int64_t session = 1) {
  return {SessionId(session), 0, Zxid(zxid), 1000 + zxid, type};
}

inline OwnedTxn create_txn(int64_t zxid, std::string_view path, std::string_view data = "",
                           int64_t ephemeral_of = 0) {
  jute::CreateTxn body{path, data, jute::open_acl_bytes(), ephemeral_of != 0, -1};
  return make_txn(header_of(jute::OpCode::kCreate, zxid, ephemeral_of), body);
}

inline OwnedTxn delete_txn(int64_t zxid, std::string_view path) {
  return make_txn(header_of(jute::OpCode::kDelete, zxid), jute::DeleteTxn{path});
}

inline OwnedTxn set_data_txn(int64_t zxid, std::string_view path, std::string_view data,
                             int32_t version) {
  return make_txn(header_of(jute::OpCode::kSetData, zxid), jute::SetDataTxn{path, data, version});
}

}  // namespace zoetrope::tree
