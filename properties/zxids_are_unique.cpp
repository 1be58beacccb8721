// No two acknowledged writes have the same zxid, and the log's zxids rise (G6 W5).
#include <map>

#include "properties/property.hpp"

namespace zoetrope::properties {

void check_zxids_are_unique(const History& history, Findings& findings) {
  std::map<Zxid, const Operation*> used;
  for (const Operation& op : history.operations) {
    if (!is_write(op.args.kind) || !op.completed) continue;
    const auto [it, fresh] = used.emplace(op.zxid, &op);
    if (!fresh) {
      findings.add("two acknowledged writes have one zxid", {describe(*it->second), describe(op)});
    }
  }
  for (size_t i = 1; i < history.committed.size(); ++i) {
    if (history.committed[i].zxid > history.committed[i - 1].zxid) continue;
    findings.add("the log's zxids do not rise",
                 {describe(history.committed[i - 1]), describe(history.committed[i])});
  }
}

}  // namespace zoetrope::properties
