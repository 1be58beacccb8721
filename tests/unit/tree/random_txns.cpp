#include "tests/unit/tree/random_txns.hpp"

namespace zoetrope::tree {

namespace {

using jute::OpCode;

std::string data_of(const RawOp& raw) {
  return std::string(raw.data % 40, static_cast<char>('a' + raw.data % 26));
}

std::string path_of(const RawOp& raw) {
  const auto& usual = tree_paths();
  const auto& odd = odd_paths();
  return raw.path < 200 ? usual[raw.path % usual.size()] : odd[raw.path % odd.size()];
}

OwnedTxn any_multi(const RawOp& raw, int64_t zxid) {
  jute::MultiTxn multi;
  std::vector<std::string> bodies;
  const int count = raw.data % 4;
  for (int i = 0; i < count; ++i) {
    const auto salt = static_cast<uint8_t>(37 * (i + 1));
    const RawOp sub{static_cast<uint8_t>(raw.extra + salt), static_cast<uint8_t>(raw.path + salt),
                    static_cast<uint8_t>(raw.data + salt), raw.extra};
    const OwnedTxn part = any_txn(sub, zxid, true);
    bodies.push_back(encode(part.txn.body));
    multi.txns.push_back({part.txn.header.type, {}});
  }
  if (raw.extra % 7 == 0) {
    bodies.push_back(encode(jute::TxnBody(jute::ErrorTxn{ErrorCode::kBadVersion})));
    multi.txns.insert(multi.txns.begin() + multi.txns.size() / 2, {OpCode::kError, {}});
    std::rotate(bodies.begin() + (bodies.size() - 1) / 2, bodies.end() - 1, bodies.end());
  }
  for (size_t i = 0; i < bodies.size(); ++i) multi.txns[i].body = bodies[i];
  return make_txn(header_of(OpCode::kMulti, zxid, 1 + raw.extra % 3), multi);
}

}  // namespace

OwnedTxn any_txn(const RawOp& raw, int64_t zxid, bool inside_multi) {
  const std::string path = path_of(raw);
  const std::string data = data_of(raw);
  const jute::BufferView view = raw.data % 11 == 0 ? jute::BufferView() : data;
  const std::string acl = acl_of(raw.extra);
  const int64_t session = 1 + raw.extra % 3;
  const int32_t cversion = raw.data % 3 == 0 ? raw.data % 9 : -1;
  const auto make = [&](OpCode type, const jute::TxnBody& body) {
    return make_txn(header_of(type, zxid, session), body);
  };
  switch (raw.kind % 14) {
    case 0:
    case 1:
    case 2:
      return make(OpCode::kCreate, jute::CreateTxn{path, view, acl, raw.extra % 4 == 0, cversion});
    case 3:
      return make(OpCode::kCreate2, jute::CreateTxn{path, view, acl, raw.extra % 2 == 0, cversion});
    case 4:
      return make(OpCode::kCreateContainer, jute::CreateContainerTxn{path, view, acl, cversion});
    case 5:
      return make(OpCode::kCreateTtl, jute::CreateTtlTxn{path, view, acl, cversion, 1 + raw.extra});
    case 6:
    case 7:
      return make(OpCode::kDelete, jute::DeleteTxn{path});
    case 8:
    case 9:
      return make(OpCode::kSetData, jute::SetDataTxn{path, view, raw.extra});
    default:
      break;
  }
  if (inside_multi) return make(OpCode::kCheck, jute::CheckTxn{path, raw.extra});
  switch (raw.kind % 14) {
    case 10:
      return make(OpCode::kSetAcl, jute::SetAclTxn{path, acl, raw.data});
    case 11: {
      jute::CloseSessionTxn close;
      const std::string other = path_of({0, raw.data, 0, 0});
      // Two empty paths would look like a digest; no log has them.
      if (raw.extra % 2 == 0 && !path.empty()) close.paths = {path, other};
      return make(OpCode::kCloseSession, close);
    }
    case 12:
      return make(OpCode::kError, jute::ErrorTxn{ErrorCode::kNoNode});
    default:
      return any_multi(raw, zxid);
  }
}

std::vector<OwnedTxn> valid_txn(const RawOp& raw, int64_t zxid, const Model& state) {
  const std::string path = tree_paths()[raw.path % tree_paths().size()];
  const std::string data = data_of(raw);
  const std::string acl = acl_of(raw.extra);
  const int64_t session = 1 + raw.extra % 3;
  const auto node = state.nodes.find(path);
  const auto parent = state.nodes.find(std::string(parent_path(path)));
  const bool exists = node != state.nodes.end();
  const int kind = raw.kind % 12;
  std::vector<OwnedTxn> made;
  const auto make = [&](OpCode type, const jute::TxnBody& body) {
    made.push_back(make_txn(header_of(type, zxid, session), body));
  };
  if (kind < 6) {
    if (exists || parent == state.nodes.end()) return made;
    if (kind_of_owner(parent->second.stat.ephemeral_owner, true) == NodeKind::kEphemeral)
      return made;
    const int32_t cversion = parent->second.stat.cversion + 1;
    if (kind < 2) make(OpCode::kCreate, jute::CreateTxn{path, data, acl, kind == 0, cversion});
    if (kind == 2) make(OpCode::kCreate2, jute::CreateTxn{path, data, acl, false, cversion});
    if (kind == 3) make(OpCode::kCreate2, jute::CreateTxn{path, data, acl, true, cversion});
    if (kind == 4)
      make(OpCode::kCreateContainer, jute::CreateContainerTxn{path, data, acl, cversion});
    if (kind == 5) make(OpCode::kCreateTtl, jute::CreateTtlTxn{path, data, acl, cversion, 5});
  } else if (kind < 8) {
    if (exists && state.children(path).empty()) make(OpCode::kDelete, jute::DeleteTxn{path});
  } else if (kind < 10) {
    if (exists) make(OpCode::kSetData, jute::SetDataTxn{path, data, node->second.stat.version + 1});
  } else if (kind == 10) {
    if (exists) make(OpCode::kSetAcl, jute::SetAclTxn{path, acl, node->second.stat.aversion + 1});
  } else {
    jute::CloseSessionTxn close;
    const std::vector<std::string> paths = state.ephemerals(session);
    close.paths.emplace(paths.begin(), paths.end());
    make(OpCode::kCloseSession, close);
  }
  return made;
}

}  // namespace zoetrope::tree
