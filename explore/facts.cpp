#include "explore/facts.hpp"

#include <algorithm>

namespace zoetrope::explore {

namespace {

using Kind = Fact::Kind;

std::string name(const Fact& fact) {
  return "server " + std::to_string(fact.server + 1);
}

std::string zxid_text(Zxid zxid) {
  return std::to_string(zxid.epoch()) + ":" + std::to_string(zxid.counter());
}

}  // namespace

std::optional<Violation> contradiction(const Fact& a, const Fact& b) {
  if (a.kind == Kind::kCommitted && b.kind == Kind::kLeads) return contradiction(b, a);
  if (a.kind == Kind::kLeads && b.kind == Kind::kLeads) {
    if (a.epoch != b.epoch || (a.server == b.server && a.term == b.term)) return std::nullopt;
    const std::string who = a.server == b.server ? name(a) + " leads twice in"
                                                 : name(a) + " and " + name(b) + " both lead";
    return Violation{"one_leader_per_epoch", who + " epoch " + std::to_string(a.epoch)};
  }
  if (a.kind == Kind::kLeads) {
    // What was committed under an earlier leader.
    if (b.epoch >= a.epoch || std::ranges::find(a.history, b.text) != a.history.end()) {
      return std::nullopt;
    }
    return Violation{"committed_survives", name(a) + " leads epoch " + std::to_string(a.epoch) +
                                               " without " + zxid_text(b.zxid) +
                                               ", which was committed in epoch " +
                                               std::to_string(b.epoch)};
  }
  if (a.zxid != b.zxid || a.text == b.text) return std::nullopt;
  return Violation{"committed_is_one_history",
                   zxid_text(a.zxid) + " is committed as two different transactions"};
}

}  // namespace zoetrope::explore
