// What happens when a transaction is durable: it is applied, watchers are told, and then whoever
// asked for it. Events go before the reply, and both before anything that shows the new state.
#include "core/base/assert.hpp"
#include "core/node/server_impl.hpp"
#include "core/tree/path.hpp"

namespace zoetrope::node {

using jute::OpCode;

void Server::Impl::apply_committed() {
  // A standalone server is its own quorum.
  const Zxid limit = peer == nullptr ? store.durable() : committed;
  while (!outstanding.empty() && outstanding.front().prepared.zxid <= limit) {
    if (is_to_be_stored_first(outstanding.front())) break;
    OutstandingTxn txn = std::move(outstanding.front());
    outstanding.pop_front();
    commit(txn);
  }
  while (held_syncs > 0 && !is_held_up()) {
    --held_syncs;
    synced();
  }
  release_throttled();
}

void Server::Impl::commit(OutstandingTxn& txn) {
  const auto decoded = jute::decode_txn(txn.prepared.payload);
  ZT_ASSERT(decoded.has_value());
  if (is_learner()) find_asker(txn, *decoded);
  deleted_acls.clear();
  if (!watches.empty()) note_deleted_acls(decoded->header.client_id, decoded->body);
  tree.apply(*decoded, result);
  ZT_ASSERT(tree.last_processed_zxid() == txn.prepared.zxid);
  // Up to UPTODATE a stock leader's snapshot may hold parts of the transactions behind it. A tree
  // that really differs still does so afterwards.
  const bool may_be_fuzzy = is_learner() && !peer->is_serving();
  if (result.digest_mismatch && !may_be_fuzzy) {
    ++stats.digest_mismatches;
    if (is_learner() && !diverged_at) diverged_at = txn.prepared.zxid;
    if (stats.digest_mismatches % 1000 == 1) {
      out->log(Severity::kWarning, "tree digest differs from the one in transaction " +
                                       std::to_string(txn.prepared.zxid.value));
    }
  }
  ++stats.commits;
  preparer.applied(txn.prepared.zxid);
  fire_watches(*decoded);
  reply_to_write(txn, *decoded);
  apply_to_sessions(*decoded, txn);
  // The last use of the payload, which `decoded` looks into.
  if (peer != nullptr) committed_window.add(txn.prepared.zxid, std::move(txn.prepared.payload));
}

void Server::Impl::apply_to_sessions(const jute::Txn& txn, const OutstandingTxn& outstanding_txn) {
  const SessionId id = txn.header.client_id;
  if (const auto* create = std::get_if<jute::CreateSessionTxn>(&txn.body)) {
    settle_created_session(id, create->timeout_ms, outstanding_txn.origin);
    Connection* origin = connections.find(outstanding_txn.origin);
    if (origin != nullptr && origin->state == ConnectionState::kConnecting) {
      session_established(*origin);
      count_latency(*origin,
                    {Xid(0), OpCode::kCreateSession, true, {}, nullptr, outstanding_txn.received},
                    txn.header.zxid);
    }
  } else if (txn.header.type == OpCode::kCloseSession) {
    const std::optional<ConnectionId> owner = sessions.owner(id);
    sessions.remove(id);
    if (!owner) return;
    if (Connection* connection = connections.find(*owner); connection != nullptr) {
      const bool asked = outstanding_txn.origin == *owner;
      close(*connection, asked ? CloseHow::kFinished : CloseHow::kAfterFlush);
    }
  }
}

void Server::Impl::note_deleted_acls(SessionId session, const jute::TxnBody& body) {
  const auto note = [&](std::string_view path) {
    const tree::NodeId node = tree.find(path);
    if (node == tree::NodeId::kNone || tree.acl_id(node) == tree::kOpenAcl) return;
    deleted_acls.emplace_back(path, tree.acl(tree.acl_id(node)));
  };
  if (const auto* remove = std::get_if<jute::DeleteTxn>(&body)) {
    note(remove->path);
  } else if (std::holds_alternative<jute::CloseSessionTxn>(body)) {
    // Not the transaction's own list: it may be left out of it (closeSessionTxn.enabled=false).
    for (const std::string& path : tree.ephemerals_of(session)) note(path);
  } else if (const auto* multi = std::get_if<jute::MultiTxn>(&body)) {
    for (const jute::SubTxn& sub : multi->txns) {
      const auto decoded = jute::decode_txn_body(sub.type, sub.body);
      if (!decoded) continue;
      if (sub.type == OpCode::kDelete) note_deleted_acls(session, *decoded);
      note_created_acl(*decoded);
    }
  }
}

// What a multi creates may be gone again when its watchers are told.
void Server::Impl::note_created_acl(const jute::TxnBody& body) {
  const auto note = [this](const auto& txn) {
    if constexpr (requires { txn.parent_cversion; }) {
      if (txn.acl == jute::open_acl_bytes() || tree.find(txn.path) != tree::NodeId::kNone) return;
      jute::Reader in(txn.acl);
      deleted_acls.emplace_back(txn.path, jute::read_acl_list(in));
    }
  };
  std::visit(note, body);
}

// Whoever may not read a znode is not told of its changes either (CVE-2024-23944; repaired in 3.8.4
// and in Debian's 3.8.0, so in every compatibility mode).
bool Server::Impl::may_see(const jute::Trigger& trigger, const Connection& watcher) const {
  const tree::NodeId node = tree.find(trigger.path);
  if (trigger.type == jute::EventType::kNodeDeleted || node == tree::NodeId::kNone) {
    for (const auto& [path, acl] : deleted_acls) {
      if (path == trigger.path) return tree::permits(acl, jute::kRead, *watcher.ids, config.auth);
    }
    return true;
  }
  if (tree.acl_id(node) == tree::kOpenAcl) return true;
  return tree::permits(tree.acl(tree.acl_id(node)), jute::kRead, *watcher.ids, config.auth);
}

void Server::Impl::fire_watches(const jute::Txn& txn) {
  if (watches.empty()) return;
  int64_t created = 0, deleted = 0, changed = 0, children = 0;
  for (const jute::Trigger& trigger : result.triggers) {
    notified.clear();
    watches.trigger(trigger, notified);
    for (const ConnectionId id : notified) {
      Connection* watcher = connections.find(id);
      ZT_ASSERT(watcher != nullptr);
      if (may_see(trigger, *watcher)) send_event(*watcher, trigger, event_zxid(txn.header.zxid));
    }
    const auto count = static_cast<int64_t>(notified.size());
    switch (trigger.type) {
      case jute::EventType::kNodeCreated: created += count; break;
      case jute::EventType::kNodeDeleted: deleted += count; break;
      case jute::EventType::kNodeDataChanged: changed += count; break;
      case jute::EventType::kNodeChildrenChanged: children += count; break;
      case jute::EventType::kNone: break;
    }
  }
  if (created != 0) stats.created.add(created);
  if (deleted != 0) stats.deleted.add(deleted);
  if (changed != 0) stats.changed.add(changed);
  if (children != 0) stats.children_changed.add(children);
}

void Server::Impl::reply_to_write(const OutstandingTxn& txn, const jute::Txn& decoded) {
  Connection* connection = connections.find(txn.origin);
  if (connection == nullptr || txn.type == OpCode::kCreateSession) return;
  answer_syncs_before_write(*connection);
  const QueuedRequest request = dequeue(*connection);
  ZT_ASSERT(request.is_write && request.xid == txn.xid);
  if (txn.prepared.error == ErrorCode::kSessionMoved) {
    close(*connection, CloseHow::kAfterFlush);
    return;
  }
  const size_t start = begin_reply();
  jute::Writer writer(out->sending());
  if (txn.prepared.error == ErrorCode::kOk) write_result_body(txn, writer);
  finish_reply(*connection, start, txn.xid, decoded.header.zxid, txn.prepared.error);
  count_latency(*connection, request, decoded.header.zxid);
  // What a client sent after its own close is not answered; the connection ends with this reply.
  if (txn.type != OpCode::kCloseSession) drain_reads(*connection);
}

namespace {

void write_multi_result(const tree::OpResult& op, OpCode requested, bool compatible_with_3_8,
                        jute::Writer& out) {
  if (op.type == OpCode::kError) {
    wire::write(out, wire::MultiHeader{OpCode::kError, false, op.error});
    out.i32(static_cast<int32_t>(op.error));
    return;
  }
  const bool plain_create =
      requested == OpCode::kCreate || (requested == OpCode::kCreate2 && compatible_with_3_8);
  const bool any_create = plain_create || requested == OpCode::kCreate2 ||
                          requested == OpCode::kCreateContainer || requested == OpCode::kCreateTtl;
  const OpCode shown = plain_create ? OpCode::kCreate : any_create ? OpCode::kCreate2 : requested;
  wire::write(out, wire::MultiHeader{shown, false, ErrorCode::kOk});
  if (any_create) out.string(op.path);
  if (shown == OpCode::kCreate2 || shown == OpCode::kSetData) jute::write(out, op.stat);
}

}  // namespace

void Server::Impl::write_result_body(const OutstandingTxn& txn, jute::Writer& writer) {
  switch (txn.type) {
    case OpCode::kCreate: writer.string(result.op.path); return;
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl:
      writer.string(result.op.path);
      jute::write(writer, result.op.stat);
      return;
    case OpCode::kSetData:
    case OpCode::kSetAcl: jute::write(writer, result.op.stat); return;
    case OpCode::kReconfig: {
      // Upstream answers with the configuration in force, which is this one.
      const jute::BufferView text = tree.data(tree.find(tree::kConfigPath));
      writer.buffer(text);
      jute::write(writer, result.op.stat);
      return;
    }
    case OpCode::kMulti: {
      ZT_ASSERT(result.multi.size() == txn.prepared.multi_types.size());
      for (size_t i = 0; i < result.multi.size(); ++i) {
        write_multi_result(result.multi[i], txn.prepared.multi_types[i],
                           config.compatibility == Compatibility::k3_8, writer);
      }
      wire::write(writer, wire::kMultiEnd);
      return;
    }
    default: return;  // delete and closeSession have no body
  }
}

}  // namespace zoetrope::node
