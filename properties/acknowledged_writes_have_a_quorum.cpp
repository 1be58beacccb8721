// A write that was acknowledged was in the logs of a quorum (Zab: a proposal is committed once a
// quorum has acknowledged it, and a server acknowledges what is durable), so that no loss of a
// minority can undo it. Of other committed writes that need not hold: a new leader may bring them
// to its followers in a snapshot.
#include <algorithm>

#include "properties/property.hpp"

namespace zoetrope::properties {

void check_acknowledged_writes_have_a_quorum(const History& history, Findings& findings) {
  for (const Operation& op : history.operations) {
    if (!op.completed || !is_write(op.args.kind)) continue;
    const auto it = std::ranges::lower_bound(history.committed, op.zxid, {}, &CommittedTxn::zxid);
    if (it == history.committed.end() || it->zxid != op.zxid || it->by_quorum) continue;
    findings.add("an acknowledged write was logged by less than a quorum",
                 {describe(op), describe(*it)});
  }
}

}  // namespace zoetrope::properties
