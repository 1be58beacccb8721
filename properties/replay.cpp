#include "properties/replay.hpp"

#include <algorithm>

namespace zoetrope::properties {
namespace {

Result failed(ErrorCode error) {
  Result result;
  result.error = error;
  return result;
}

std::vector<const Operation*> replies_by_zxid(const History& history) {
  std::vector<const Operation*> replies;
  for (const Operation& op : history.operations) {
    if (shows_state(op)) replies.push_back(&op);
  }
  std::ranges::sort(replies, [](const Operation* a, const Operation* b) {
    return std::pair(a->zxid, a->completed->sequence) < std::pair(b->zxid, b->completed->sequence);
  });
  return replies;
}

class Pass {
 public:
  explicit Pass(const History& history)
      : history_(history), index_(history), tree_(history.setup.extended_types_enabled) {}

  // False when the log holds a write that no client sent.
  bool apply(const CommittedTxn& txn, Applied& out) {
    out.txn = &txn;
    switch (txn.type) {
      case kTxnCreateSession: return true;
      case kTxnDeleteContainer: {
        out.predicted = true;
        const bool removed = !txn.paths.empty() && tree_.delete_container(txn.paths[0], txn.zxid,
                                                                          txn.time_ms, out.changes);
        if (!removed) out.result = failed(ErrorCode::kNotEmpty);
        return true;
      }
      case kTxnCloseSession:
        out.operation = index_.find(txn.session, txn.cxid);
        out.predicted = true;
        tree_.close_session(txn.session, txn.zxid, txn.paths, out.changes);
        return true;
      default: break;
    }
    out.operation = index_.find(txn.session, txn.cxid);
    if (txn.error != ErrorCode::kOk && outside_the_tree(txn, out.operation)) return true;
    if (out.operation == nullptr) return false;
    // Whether it may be done is no matter of the tree, and who is a member is in no znode of it.
    if (out.operation->args.kind == OpKind::kReconfig) return true;
    apply_operation(*out.operation, out);
    return true;
  }
  const ModelTree& tree() const { return tree_; }

 private:
  // Errors that do not come from the tree: a session that is closing, a malformed request, a limit.
  static bool outside_the_tree(const CommittedTxn& txn, const Operation* op) {
    if (op == nullptr || op->args.kind == OpKind::kMalformed) return true;
    switch (txn.error) {
      case ErrorCode::kSessionExpired:
      case ErrorCode::kSessionMoved:
      case ErrorCode::kQuotaExceeded:
      case ErrorCode::kThrottledOp: return true;
      default: return false;
    }
  }

  void apply_operation(const Operation& op, Applied& out) {
    const Context context{out.txn->zxid, out.txn->time_ms, out.txn->session,
                          &history_.connections[op.connection].identities};
    out.predicted = true;
    if (op.args.kind == OpKind::kMulti) {
      out.part_results = tree_.multi(op.parts, context, out.changes);
    } else {
      out.result = tree_.write(op.args, context, out.changes);
    }
  }

  const History& history_;
  WriteIndex index_;
  ModelTree tree_;
};

}  // namespace

bool multi_failed(const std::vector<Result>& part_results) {
  return std::ranges::any_of(part_results,
                             [](const Result& part) { return part.error != ErrorCode::kOk; });
}

bool shows_state(const Operation& op) {
  return op.completed && op.args.kind != OpKind::kAuth && op.args.kind != OpKind::kMalformed;
}

SessionId session_of(const History& history, const Operation& operation) {
  if (operation.session.value != 0) return operation.session;
  return history.connections[operation.connection].session;
}

bool does_nothing(const Operation& operation) {
  if (operation.args.kind == OpKind::kMulti) return operation.parts.empty();
  return operation.args.kind == OpKind::kMalformed;
}

WriteIndex::WriteIndex(const History& history) {
  for (const Operation& op : history.operations) {
    if (!is_write(op.args.kind) && op.args.kind != OpKind::kMalformed) continue;
    operations_.emplace(std::pair(session_of(history, op).value, op.xid.value), &op);
  }
}

const Operation* WriteIndex::find(SessionId session, int32_t cxid) const {
  const auto it = operations_.find({session.value, cxid});
  return it == operations_.end() ? nullptr : it->second;
}

void replay(const History& history, ReplayVisitor& visitor) {
  if (!history.has_committed) return;
  Pass pass(history);
  const std::vector<const Operation*> replies = replies_by_zxid(history);
  auto reply = replies.begin();
  const auto show_until = [&](Zxid end) {
    for (; reply != replies.end() && (*reply)->zxid < end; ++reply) {
      if (!visitor.replied(**reply, pass.tree())) return false;
    }
    return true;
  };
  Applied applied;
  for (const CommittedTxn& txn : history.committed) {
    if (!show_until(txn.zxid)) return;
    applied = Applied{};
    if (!pass.apply(txn, applied)) return;
    if (!visitor.applied(applied, pass.tree())) return;
  }
  if (show_until(Zxid(INT64_MAX))) visitor.finished(pass.tree());
}

}  // namespace zoetrope::properties
