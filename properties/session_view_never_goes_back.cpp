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
  // One of them.
  const Operation* operation = nullptr;
  const WatchEvent* event = nullptr;
};

std::string text_of(const Seen& seen) {
  return seen.operation != nullptr ? describe(*seen.operation) : describe(*seen.event);
}

}  // namespace

void check_session_view_never_goes_back(const History& history, Findings& findings) {
  std::map<SessionId, std::vector<Seen>> seen;
  for (const Operation& op : history.operations) {
    if (!op.completed || op.args.kind == OpKind::kAuth || op.args.kind == OpKind::kMalformed)
      continue;
    seen[session_of(history, op)].push_back({op.zxid, op.completed->sequence, &op});
  }
  for (const WatchEvent& event : history.events) {
    if (event.zxid.value <= 0) continue;
    seen[history.connections[event.connection].session].push_back(
        {event.zxid, event.received.sequence, nullptr, &event});
  }
  for (auto& [session, list] : seen) {
    std::ranges::sort(list, {}, &Seen::sequence);
    for (size_t i = 1; i < list.size(); ++i) {
      if (list[i].zxid >= list[i - 1].zxid) continue;
      findings.add("a session saw an older state after a newer one",
                   {text_of(list[i - 1]), text_of(list[i])});
    }
  }
}

}  // namespace zoetrope::properties
