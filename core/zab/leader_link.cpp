#include "core/zab/leader_link.hpp"

namespace zoetrope::zab {

std::string LearnerLink::name() const {
  if (stage == LinkStage::kUnnamed) return remote.to_string();
  return "server " + std::to_string(server.value) + " at " + remote.to_string();
}

void LearnerLink::add_to(RunningHash& hash) const {
  hash.add(connection.value);
  hash.add(remote.to_string());
  hash.add(bytes_received);
  hash.add(opened_as);
  hash.add(static_cast<uint64_t>(stage));
  hash.add(static_cast<uint64_t>(server.value));
  hash.add(uint64_t{gone} | uint64_t{is_observer} << 1 | uint64_t{counts_for_epoch} << 2 |
           uint64_t{is_forwarding} << 3 | uint64_t{is_held} << 4);
  hash.add(static_cast<uint64_t>(accepted_epoch));
  for (const Zxid zxid : {last, had, awaits, acked, watched})
    hash.add(static_cast<uint64_t>(zxid.value));
  hash.add(commits_held_behind ? static_cast<uint64_t>(commits_held_behind->value) : uint64_t{0});
  hash.add(deadline.has_value() ? *deadline + 1 : 0);
  hash.add(watched_since);
  hash.add(held);
  hash.add(unsent);
  hash.add(unsent_at_renewal);
  hash.add(pings_before);
  hash.add(pings_answered);
}

}  // namespace zoetrope::zab
