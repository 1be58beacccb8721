// Transactions to changes (upstream DataTree.processTxn; facts/disk-format.md section 3).
#include "core/base/assert.hpp"
#include "core/tree/path.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::tree {

namespace {

using jute::EventType;
using jute::OpCode;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <class... F>
Overloaded(F...) -> Overloaded<F...>;

// Path of the parent as clients know it: "/" for the root.
std::string_view watched_parent(std::string_view path) {
  const std::string_view parent = parent_path(path);
  return parent.empty() ? path.substr(0, 1) : parent;
}

bool allowed_in_multi(OpCode type) {
  switch (type) {
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateTtl:
    case OpCode::kCreateContainer:
    case OpCode::kDelete:
    case OpCode::kDeleteContainer:
    case OpCode::kSetData:
    case OpCode::kCheck:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Tree::apply(const jute::Txn& txn, ApplyResult& result) {
  result.clear();
  result.op.type = txn.header.type;
  apply_body(txn.header, txn.body, result, result.op);
  if (txn.header.zxid > last_processed_zxid_) last_processed_zxid_ = txn.header.zxid;
  digest_log_.note(txn.header.zxid, digest_);
  result.digest_mismatch = config_.digest_enabled && txn.digest &&
                           txn.digest->version == kDigestVersion &&
                           txn.digest->tree_digest != digest_;
}

void Tree::replay(const jute::Txn& txn) {
  apply(txn, scratch_);
  scratch_.clear();
}

void Tree::apply_body(const jute::TxnHeader& header, const jute::TxnBody& body, ApplyResult& result,
                      OpResult& op) {
  std::visit(Overloaded{
                 [&](const jute::CreateTxn& t) {
                   const int64_t owner = t.ephemeral ? header.client_id.value : 0;
                   create(header, {t.path, t.data, t.acl, owner, t.parent_cversion}, result, op);
                 },
                 [&](const jute::CreateContainerTxn& t) {
                   create(header, {t.path, t.data, t.acl, kContainerOwner, t.parent_cversion},
                          result, op);
                 },
                 [&](const jute::CreateTtlTxn& t) {
                   op.path = t.path;
                   // Upstream dies of such a transaction in its own log; it changed nothing there.
                   if (t.ttl_ms < 1 || t.ttl_ms > kTtlMax) {
                     op.error = ErrorCode::kBadArguments;
                     return;
                   }
                   const int64_t owner = owner_of_ttl(t.ttl_ms);
                   create(header, {t.path, t.data, t.acl, owner, t.parent_cversion}, result, op);
                 },
                 [&](const jute::DeleteTxn& t) {
                   op.path = t.path;
                   op.error = remove(t.path, header.zxid, result.triggers);
                 },
                 [&](const jute::SetDataTxn& t) { apply_set_data(header, t, result, op); },
                 [&](const jute::SetAclTxn& t) { apply_set_acl(t, op); },
                 [&](const jute::CheckTxn& t) { op.path = t.path; },
                 [&](const jute::ErrorTxn& t) { op.error = t.error; },
                 [&](const jute::CreateSessionTxn&) {},
                 [&](const jute::CloseSessionTxn& t) { close_session(header, t, result); },
                 [&](const jute::MultiTxn& t) { apply_multi(header, t, result); },
             },
             body);
}

void Tree::create(const jute::TxnHeader& header, const Creation& creation, ApplyResult& result,
                  OpResult& op) {
  op.path = creation.path;
  if (!names_child(creation.path)) {
    op.error = ErrorCode::kBadArguments;
    return;
  }
  const std::string_view above = parent_path(creation.path);
  const NodeId parent = find(above);
  if (parent == NodeId::kNone) {
    op.error = ErrorCode::kNoNode;
    return;
  }
  const uint32_t acl_slot = acls_.acquire(creation.acl);
  const NodeId existing = find(creation.path);
  if (existing != NodeId::kNone) {
    // A fuzzy snapshot has the znode already, perhaps with an ACL id that its table lacks.
    before_change(existing);
    acls_.release(nodes_[existing].acl_slot);
    nodes_[existing].acl_slot = acl_slot;
    // The parent may be from before a deletion and second creation of this child; upstream sees to
    // that for type 1 only, but the transaction is as true for the others.
    raise_cversion(parent, above, creation.parent_cversion, header.zxid);
    op.error = ErrorCode::kNodeExists;
    return;
  }
  raise_cversion(parent, above, creation.parent_cversion, header.zxid);
  jute::StatPersisted stat;
  stat.czxid = stat.mzxid = stat.pzxid = header.zxid.value;
  stat.ctime = stat.mtime = header.time_ms;
  stat.ephemeral_owner = creation.owner;
  const NodeId id = insert(parent, creation, stat, acl_slot);
  // The reply shows the znode as it was created, also when counting usage then changes its data.
  op.stat = this->stat(id);
  quota_created(creation.path, NodeStore::length(creation.data));
  result.triggers.push_back({EventType::kNodeCreated, creation.path});
  result.triggers.push_back({EventType::kNodeChildrenChanged, watched_parent(creation.path)});
}

ErrorCode Tree::remove(std::string_view path, Zxid zxid, std::vector<jute::Trigger>& triggers) {
  if (!names_child(path)) return ErrorCode::kBadArguments;
  const std::string_view above = parent_path(path);
  const NodeId parent = find(above);
  if (parent == NodeId::kNone) return ErrorCode::kNoNode;
  // Also when the child is gone already: the fuzzy snapshot may have the parent without this.
  if (zxid.value > nodes_[parent].pzxid) {
    before_change(parent);
    nodes_[parent].pzxid = zxid.value;
    after_change(parent, above, false);
  }
  const NodeId id = find(path);
  if (id == NodeId::kNone) return ErrorCode::kNoNode;
  remove_descendants(id);
  const size_t bytes = NodeStore::length(data(id));
  remove_leaf(id, path);
  quota_removed(path, bytes);
  triggers.push_back({EventType::kNodeDeleted, path});
  triggers.push_back({EventType::kNodeChildrenChanged, watched_parent(path)});
  return ErrorCode::kOk;
}

void Tree::apply_set_data(const jute::TxnHeader& header, const jute::SetDataTxn& txn,
                          ApplyResult& result, OpResult& op) {
  op.path = txn.path;
  const NodeId id = find(txn.path);
  if (id == NodeId::kNone) {
    op.error = ErrorCode::kNoNode;
    return;
  }
  before_change(id);
  const auto growth = static_cast<int64_t>(NodeStore::length(txn.data)) -
                      static_cast<int64_t>(NodeStore::length(data(id)));
  nodes_.set_data(id, txn.data);
  Node& node = nodes_[id];
  node.version = txn.version;
  node.mzxid = header.zxid.value;
  node.mtime = header.time_ms;
  after_change(id, txn.path, true);
  data_size_ += growth;
  op.stat = stat(id);
  quota_changed(txn.path, 0, growth);
  result.triggers.push_back({EventType::kNodeDataChanged, txn.path});
}

void Tree::apply_set_acl(const jute::SetAclTxn& txn, OpResult& op) {
  op.path = txn.path;
  const NodeId id = find(txn.path);
  if (id == NodeId::kNone) {
    op.error = ErrorCode::kNoNode;
    return;
  }
  before_change(id);
  Node& node = nodes_[id];
  const uint32_t slot = acls_.acquire(txn.acl);
  acls_.release(node.acl_slot);
  node.acl_slot = slot;
  node.aversion = txn.version;
  after_change(id, txn.path, false);
  op.stat = stat(id);
}

void Tree::close_session(const jute::TxnHeader& header, const jute::CloseSessionTxn& txn,
                         ApplyResult& result) {
  if (txn.paths) {
    for (std::string_view path : *txn.paths) remove(path, header.zxid, result.triggers);
  }
  NodeId left;
  while ((left = owners_.first_ephemeral(header.client_id)) != NodeId::kNone) {
    result.own_paths.push_front(path(left));
    const ErrorCode error = remove(result.own_paths.front(), header.zxid, result.triggers);
    ZT_ASSERT(error == ErrorCode::kOk);
  }
}

void Tree::apply_multi(const jute::TxnHeader& header, const jute::MultiTxn& txn,
                       ApplyResult& result) {
  const bool failed = txn.failed();
  bool after_error = false;
  result.multi.reserve(txn.txns.size());
  for (const jute::SubTxn& sub : txn.txns) {
    OpResult& op = result.multi.emplace_back();
    after_error |= sub.type == OpCode::kError;
    if (failed && sub.type != OpCode::kError) {
      op.error = after_error ? ErrorCode::kRuntimeInconsistency : ErrorCode::kOk;
      continue;
    }
    const auto body = jute::decode_txn_body(sub.type, sub.body);
    if (!body || !(allowed_in_multi(sub.type) || sub.type == OpCode::kError)) {
      op.error = ErrorCode::kMarshallingError;
    } else {
      jute::TxnHeader sub_header = header;
      op.type = sub_header.type = sub.type;
      apply_body(sub_header, *body, result, op);
    }
    if (result.op.error == ErrorCode::kOk) result.op.error = op.error;
  }
}

}  // namespace zoetrope::tree
