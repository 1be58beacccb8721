// The zxids that a session sees never decrease, across reconnects too (G3 R2).
#include <algorithm>
#include <map>

#include "properties/property.hpp"
#include "properties/replay.hpp"

namespace zoetrope::properties {
namespace {

struct Seen {
  Zxid zxid;
  uint64_t sequence = 0;
  std::string text;
};

}  // namespace

void check_session_view_never_goes_back(const History& history, Findings& findings) {
  std::map<SessionId, std::vector<Seen>> seen;
  for (const Operation& op : history.operations) {
    if (!op.completed || op.args.kind == OpKind::kAuth || op.args.kind == OpKind::kMalformed)
      continue;
    seen[session_of(history, op)].push_back({op.zxid, op.completed->sequence, describe(op)});
  }
  for (const WatchEvent& event : history.events) {
    if (event.zxid.value <= 0) continue;
    seen[history.connections[event.connection].session].push_back(
        {event.zxid, event.received.sequence, describe(event)});
  }
  for (auto& [session, list] : seen) {
    std::ranges::sort(list, {}, &Seen::sequence);
    for (size_t i = 1; i < list.size(); ++i) {
      if (list[i].zxid >= list[i - 1].zxid) continue;
      findings.add("a session saw an older state after a newer one",
                   {list[i - 1].text, list[i].text});
    }
  }
}

}  // namespace zoetrope::properties
