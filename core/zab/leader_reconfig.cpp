// Reconfiguration at the leader: which configuration it announces, when the proposed one comes into
// force, and who leads then (facts/quorum-protocol.md section 14; upstream Leader.tryToCommit,
// getDesignatedLeader, startZkServer).
//
// One reconfiguration is under way at a time, and none before the leader has completed what it
// found in its history: NEWLEADER needs the quorums of both configurations and puts the newer one
// in force (a change accepted before would count in the wrong one: copycat #23, Raft's
// single-server changes). While both count they count everywhere, for heartbeats too
// (ZOOKEEPER-1699).
#include <algorithm>

#include "core/base/assert.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/reconfiguration.hpp"

namespace zoetrope::zab {

using quorum::PacketType;

// Where none was ever in force it gets its version from the epoch (ZOOKEEPER-1783).
quorum::Ensemble Leader::announced() const {
  quorum::Ensemble newest = configuration_.ensembles().newest();
  if (config_.reconfig_enabled && newest.version == 0) newest.version = epoch_start_.value;
  return newest;
}

// Until the epoch is established. A server that takes itself for an observer may be a participant
// of the configuration to come, of which it has not heard, and its quorum is needed to put that in
// force (upstream never asks what a learner takes itself for).
bool Leader::may_count(const LearnerLink& link) const {
  return !link.is_observer || configuration_.ensembles().last_seen.has_value();
}

bool Leader::has_synced_quorum(const quorum::Ensemble& ensemble) const {
  return ensemble.is_quorum([&](ServerId server) {
    if (server == config_.self) return true;
    const LearnerLink* link = find(server);
    return link != nullptr && link->is_following();
  });
}

void Leader::note_reconfiguration(Zxid zxid, std::string_view payload) {
  const auto ensemble = reconfiguration_in(payload);
  if (!ensemble) return;
  pending_ = Pending{zxid, *ensemble};
  configuration_.propose(*ensemble);
}

// This server, if it is a voter at its old address; else the voter of the new configuration that
// has the most of what is proposed.
ServerId Leader::designated_leader(const quorum::Ensemble& next, Zxid acked) const {
  const auto& current = configuration_.ensembles().current.members;
  const auto before = current.find(config_.self);
  const bool stays =
      next.is_participant(config_.self) &&
      (before == current.end() || next.members.at(config_.self).quorum == before->second.quorum);
  if (stays) return config_.self;
  const LearnerLink* best = nullptr;
  for (const auto& [connection, link] : links_) {
    if (!link.is_following() || !next.is_participant(link.server) || link.acked < acked) continue;
    if (next.weight(link.server) == 0) continue;
    if (best == nullptr || link.acked > best->acked ||
        (link.acked == best->acked && link.server > best->server)) {
      best = &link;
    }
  }
  // A quorum of the new configuration has acknowledged it.
  return best == nullptr ? config_.self : best->server;
}

void Leader::activate(const quorum::Ensemble& next, ServerId designated) {
  configuration_.activate(next);
  if (!config_.reconfig_enabled || designated == config_.self) return;
  successor_ = designated;
  handed_over_at_ = half_ticks_;
  host_.note(false, "server " + std::to_string(designated.value) +
                        " leads the new configuration; nothing more is committed here");
}

void Leader::append_commit(Zxid zxid, std::string& out) const {
  const auto activation = designated_.find(zxid);
  if (activation == designated_.end()) {
    return quorum::append_packet(out, PacketType::kCommit, zxid);
  }
  std::string data;
  jute::Writer(data).i64(activation->second.value);
  quorum::append_packet(out, PacketType::kCommitAndActivate, zxid, data);
}

void Leader::append_inform(Zxid zxid, std::string_view payload, std::string& out) const {
  const auto activation = designated_.find(zxid);
  if (activation == designated_.end()) {
    return quorum::append_packet(out, PacketType::kInform, zxid, payload);
  }
  std::string data;
  jute::Writer(data).i64(activation->second.value);
  data += payload;
  quorum::append_packet(out, PacketType::kInformAndActivate, zxid, data);
}

// The followers leave when they hear of the new leader: so each that is still there is waited for,
// within bounds, lest its COMMITANDACTIVATE be lost with the connection. So are the own files,
// behind which this server's clients are answered: one of them may have asked for all this.
void Leader::end_handed_over() {
  if (!successor_ || over_) return;
  const bool is_followed =
      std::ranges::any_of(links_, [](const auto& entry) { return entry.second.is_following(); });
  const bool is_late =
      half_ticks_ - handed_over_at_ > 2 * static_cast<uint64_t>(config_.sync_limit);
  if ((is_followed || configuration_.is_storing()) && !is_late) return;
  end("server " + std::to_string(successor_->value) + " leads the new configuration");
}

}  // namespace zoetrope::zab
