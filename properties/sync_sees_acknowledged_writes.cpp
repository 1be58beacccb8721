// The answer to a sync shows every write that was acknowledged, to anyone, before the sync was sent
// (S1). A sync that was answered with an error shows nothing.
#include <algorithm>

#include "properties/property.hpp"

namespace zoetrope::properties {

void check_sync_sees_acknowledged_writes(const History& history, Findings& findings) {
  std::vector<const Operation*> writes;
  for (const Operation& op : history.operations) {
    if (is_write(op.args.kind) && op.completed) writes.push_back(&op);
  }
  std::ranges::sort(writes, {}, [](const Operation* op) { return op->completed->sequence; });
  const Operation* newest = nullptr;
  auto done = writes.begin();
  for (const Operation& op : history.operations) {
    if (op.args.kind != OpKind::kSync) continue;
    for (; done != writes.end() && (*done)->completed->sequence < op.invoked.sequence; ++done) {
      if (newest == nullptr || (*done)->zxid > newest->zxid) newest = *done;
    }
    if (!op.completed || op.result.error != ErrorCode::kOk || newest == nullptr) continue;
    if (op.zxid < newest->zxid) {
      findings.add(
          "a sync was answered with an older state than one acknowledged before it was sent",
          {describe(*newest), describe(op)});
    }
  }
}

}  // namespace zoetrope::properties
