// A write that was acknowledged before another was sent has the smaller zxid (W1: writes are
// linearizable; their zxids are the witness of the order).
#include <algorithm>

#include "properties/property.hpp"

namespace zoetrope::properties {

void check_writes_follow_real_time(const History& history, Findings& findings) {
  std::vector<const Operation*> by_reply, by_invocation;
  for (const Operation& op : history.operations) {
    if (is_write(op.args.kind) && op.completed) by_reply.push_back(&op);
  }
  by_invocation = by_reply;
  std::ranges::sort(by_reply, {}, [](const Operation* op) { return op->completed->sequence; });
  std::ranges::sort(by_invocation, {}, [](const Operation* op) { return op->invoked.sequence; });
  const Operation* newest = nullptr;  // the largest zxid acknowledged so far
  auto done = by_reply.begin();
  for (const Operation* op : by_invocation) {
    for (; done != by_reply.end() && (*done)->completed->sequence < op->invoked.sequence; ++done) {
      if (newest == nullptr || (*done)->zxid > newest->zxid) newest = *done;
    }
    if (newest != nullptr && newest->zxid >= op->zxid) {
      findings.add("a write took effect before one that was acknowledged before it was sent",
                   {describe(*newest), describe(*op)});
    }
  }
}

}  // namespace zoetrope::properties
