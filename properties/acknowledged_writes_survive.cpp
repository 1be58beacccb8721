// A write that was acknowledged, or a state that was read, is in the history for ever (G4): the log
// holds the acknowledged write under the zxid of its reply, and it holds every zxid that any reply
// or event showed.
#include <algorithm>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

const CommittedTxn* find_txn(const History& history, Zxid zxid) {
  const auto it = std::ranges::lower_bound(history.committed, zxid, {}, &CommittedTxn::zxid);
  return it != history.committed.end() && it->zxid == zxid ? &*it : nullptr;
}

void check_write(const History& history, const Operation& op, Findings& findings) {
  const CommittedTxn* txn = find_txn(history, op.zxid);
  if (txn == nullptr) {
    findings.add("an acknowledged write is not in the log", {describe(op)});
  } else if (txn->session != session_of(history, op) || txn->cxid != op.xid.value) {
    findings.add("the zxid of an acknowledged write belongs to another one in the log",
                 {describe(op), describe(*txn)});
  }
}

}  // namespace

void check_acknowledged_writes_survive(const History& history, Findings& findings) {
  if (!history.has_committed) return;
  for (const Operation& op : history.operations) {
    if (!op.completed || op.args.kind == OpKind::kMalformed) continue;
    if (is_write(op.args.kind)) {
      check_write(history, op, findings);
    } else if (op.zxid.value > 0 && find_txn(history, op.zxid) == nullptr) {
      findings.add("a state that was read is not in the log", {describe(op)});
    }
  }
  for (const WatchEvent& event : history.events) {
    if (event.zxid.value > 0 && find_txn(history, event.zxid) == nullptr) {
      findings.add("a change that was notified is not in the log", {describe(event)});
    }
  }
}

}  // namespace zoetrope::properties
