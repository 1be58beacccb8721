// Replies of one connection come in the order of its requests, and the writes of one session take
// effect in the order in which it sent them (G1).
#include <map>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

// Answered out of turn by design (facts/client-protocol.md sections 1 and 5).
bool out_of_turn(const Operation& op) {
  return op.args.kind == OpKind::kAuth || op.args.kind == OpKind::kPing ||
         op.args.kind == OpKind::kMalformed;
}

void check_replies(const History& history, Findings& findings) {
  std::map<uint32_t, const Operation*> last_replied, first_unanswered;
  for (const Operation& op : history.operations) {
    if (out_of_turn(op)) continue;
    if (!op.completed) {
      first_unanswered.emplace(op.connection, &op);
      continue;
    }
    if (const auto it = first_unanswered.find(op.connection); it != first_unanswered.end()) {
      findings.add("a reply passed over an earlier request of the connection",
                   {describe(*it->second), describe(op)});
    }
    const Operation*& last = last_replied[op.connection];
    if (last != nullptr && last->completed->sequence > op.completed->sequence) {
      findings.add("two replies of one connection came in the wrong order",
                   {describe(*last), describe(op)});
    }
    last = &op;
  }
}

void check_session_writes(const History& history, Findings& findings) {
  std::map<SessionId, const Operation*> last_write;
  for (const Operation& op : history.operations) {
    if (!is_write(op.args.kind) || !op.completed) continue;
    const Operation*& last = last_write[session_of(history, op)];
    if (last != nullptr && last->zxid >= op.zxid) {
      findings.add("two writes of one session took effect against the order in which it sent them",
                   {describe(*last), describe(op)});
    }
    last = &op;
  }
}

// Also writes without a known reply: the log shows their order. What a client sent on a connection
// whose handshake it never saw answered may come late, when it has gone on by another connection: a
// server cannot know which of the two is the newer. One that was refused because the session had
// moved to another server was sent before the move.
void check_committed_order(const History& history, Findings& findings) {
  const WriteIndex index(history);
  std::map<SessionId, const CommittedTxn*> last_txn;
  for (const CommittedTxn& txn : history.committed) {
    const Operation* op = txn.cxid > 0 ? index.find(txn.session, txn.cxid) : nullptr;
    if (op == nullptr || !history.connections[op->connection].established) continue;
    if (txn.error == ErrorCode::kSessionMoved || txn.error == ErrorCode::kSessionExpired) continue;
    // Nobody asks whose a request is that does nothing, or is of no known kind.
    if (does_nothing(*op) || txn.error == ErrorCode::kUnimplemented) continue;
    const CommittedTxn*& last = last_txn[txn.session];
    if (last != nullptr && last->cxid >= txn.cxid) {
      findings.add("the log holds two writes of one session against the order of their xids",
                   {describe(*last), describe(txn)});
    }
    last = &txn;
  }
}

}  // namespace

void check_replies_come_in_order(const History& history, Findings& findings) {
  check_replies(history, findings);
  check_session_writes(history, findings);
  check_committed_order(history, findings);
}

}  // namespace zoetrope::properties
