#include "sim/agreement.hpp"

#include <algorithm>

namespace zoetrope::sim {

void Agreement::note(ServerId server, const Engine& engine) {
  const auto standing = engine.standing();
  if (!standing || !standing->serves) return;
  if (standing->state == quorum::PeerState::kLeading) {
    note_leader(server, standing->epoch, engine.last_processed());
  }
  if (engine.tree() != nullptr) note_digest(server, *engine.tree());
}

// One leader an epoch: established leaders of different servers have different epochs (Zab, primary
// integrity).
void Agreement::note_leader(ServerId server, int64_t epoch, Zxid last) {
  const auto [it, is_new] = leaders_.emplace(epoch, Leader{server, last});
  if (is_new || it->second.server == server) return;
  breaches_.push_back({"one_leader_an_epoch",
                       "two servers led one epoch",
                       {"epoch " + std::to_string(epoch) + " was led by server " +
                        std::to_string(it->second.server.value) + " and by server " +
                        std::to_string(server.value)}});
}

std::vector<Agreement::Range> Agreement::history(int64_t epoch, Zxid last) const {
  std::vector<Range> ranges;
  // A server that was standing alone before has history of epochs that nobody led.
  for (auto it = leaders_.find(epoch); it != leaders_.end(); it = leaders_.find(last.epoch())) {
    ranges.push_back({Zxid::make(static_cast<uint32_t>(it->first), 0), last});
    last = std::min(last, it->second.began_at);
    if (last.epoch() >= it->first) break;
  }
  ranges.push_back({Zxid(0), last});
  return ranges;
}

// Replicas that applied the same zxid have the same digest (Zab, total order and agreement).
void Agreement::note_digest(ServerId server, const tree::Tree& tree) {
  if (tree.digest() == 0) return;  // it keeps none
  const Zxid zxid = tree.last_processed_zxid();
  Zxid& noted = noted_[server.value];
  if (noted == zxid) return;
  noted = zxid;
  const auto [it, is_new] = digests_.emplace(zxid.value, Seen{tree.digest(), server});
  if (is_new || it->second.digest == tree.digest()) return;
  breaches_.push_back(
      {"replicas_agree",
       "two servers have different trees at one zxid",
       {"zxid " + std::to_string(zxid.value) + ": server " +
            std::to_string(it->second.server.value) + " digest " +
            std::to_string(it->second.digest),
        "server " + std::to_string(server.value) + " digest " + std::to_string(tree.digest())}});
}

}  // namespace zoetrope::sim
