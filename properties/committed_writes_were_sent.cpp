// Every committed write is one that a client sent, and no write is committed twice (G4b): after a
// lost connection there are 0 or 1 effects.
#include <map>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {

void check_committed_writes_were_sent(const History& history, Findings& findings) {
  const WriteIndex index(history);
  std::map<std::pair<int64_t, int32_t>, const CommittedTxn*> committed;
  for (const CommittedTxn& txn : history.committed) {
    // What the server does by itself: sessions, expiry, removal of containers.
    if (txn.type == kTxnCreateSession || txn.type == kTxnDeleteContainer || txn.cxid == 0) continue;
    const Operation* op = index.find(txn.session, txn.cxid);
    if (op == nullptr && txn.type != kTxnError) {
      findings.add("the log holds a write that no client sent", {describe(txn)});
    } else if (op != nullptr && op->args.kind == OpKind::kMalformed && txn.type != kTxnError) {
      findings.add("a malformed request took effect", {describe(*op), describe(txn)});
    }
    const auto [it, fresh] = committed.emplace(std::pair(txn.session.value, txn.cxid), &txn);
    if (!fresh) {
      findings.add("one request is committed twice", {describe(*it->second), describe(txn)});
    }
  }
}

}  // namespace zoetrope::properties
