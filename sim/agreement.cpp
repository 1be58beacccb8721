#include "sim/agreement.hpp"

namespace zoetrope::sim {

void Agreement::note(ServerId server, const Engine& engine) {
  const auto standing = engine.standing();
  if (!standing || !standing->serves) return;
  if (standing->state == quorum::PeerState::kLeading) note_leader(server, standing->epoch);
  if (engine.tree() != nullptr) note_digest(server, *engine.tree());
}

// One leader an epoch: established leaders of different servers have different epochs (Zab, primary
// integrity).
void Agreement::note_leader(ServerId server, int64_t epoch) {
  const auto [it, is_new] = leaders_.emplace(epoch, server);
  if (is_new || it->second == server) return;
  breaches_.push_back(
      {"one_leader_an_epoch",
       "two servers led one epoch",
       {"epoch " + std::to_string(epoch) + " was led by server " +
        std::to_string(it->second.value) + " and by server " + std::to_string(server.value)}});
}

// Replicas that applied the same zxid have the same digest (Zab, total order and agreement).
void Agreement::note_digest(ServerId server, const tree::Tree& tree) {
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
