// Broadcast: proposals, their acknowledgements and commits, and what learners ask for.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/jute/opcode.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/learner.hpp"

namespace zoetrope::zab {

using quorum::Packet;
using quorum::PacketType;

namespace {

constexpr ConnectionId kThisServer;

}  // namespace

void Leader::propose(Zxid zxid, std::string_view payload) {
  if (over_) return;
  ZT_ASSERT(phase_ == Phase::kServing && zxid.epoch() == epoch_start_.epoch());
  // The next zxid would be the next epoch's (ZOOKEEPER-1277).
  ZT_ASSERT(zxid == proposed_.next() && !is_closed());
  proposed_ = zxid;
  note_reconfiguration(zxid, payload);
  if (is_epoch_full()) {
    host_.note(false, "the zxids of epoch " + std::to_string(epoch_) +
                          " are used up: requests wait for the next epoch");
  }
  for (auto& [connection, link] : links_) {
    if (link.gone || !link.is_forwarding || link.is_observer) continue;
    quorum::append_packet(begin_send(link), PacketType::kProposal, zxid, payload);
    end_send(link);
  }
}

void Leader::log_durable(MonotonicTime) {
  if (over_) return;
  gather_new_leader_acks();
  if (phase_ == Phase::kServing) durable_ = host_.durable();
  commit_acknowledged();
  answer_syncs();
  end_full_epoch();
  forget_gone();
}

// A log is written in order, so that an acknowledgement says as much for everything before it.
void Leader::take_ack(LearnerLink& link, Zxid zxid) {
  if (zxid == epoch_start_) return take_new_leader_ack(link);
  if (zxid.counter() == 0 || link.is_observer || zxid <= epoch_start_) return;
  if (phase_ != Phase::kServing || zxid > proposed_) {
    return drop(link, "it acknowledges what was never proposed");
  }
  link.acked = std::max(link.acked, zxid);
}

// The newest proposal that a quorum has on disk. Each voter's own newest one is a candidate.
Zxid Leader::newest_with_quorum() const {
  Zxid newest = committed_;
  const auto consider = [&](Zxid candidate) {
    if (candidate <= newest) return;
    const bool has_quorum = is_quorum([&](ServerId server) {
      if (server == config_.self) return durable_ >= candidate;
      const LearnerLink* link = find(server);
      return link != nullptr && link->is_following() && link->acked >= candidate;
    });
    if (has_quorum) newest = candidate;
  };
  consider(std::min(durable_, proposed_));
  for (const auto& [connection, link] : links_) {
    if (link.is_following()) consider(link.acked);
  }
  return newest;
}

void Leader::commit_acknowledged() {
  while (commit_some()) {
  }
}

// What follows a reconfiguration counts in the new configuration alone, and is committed by its
// leader.
bool Leader::commit_some() {
  if (phase_ != Phase::kServing || over_ || successor_ || committed_ == proposed_) return false;
  const Zxid from = committed_;
  Zxid to = newest_with_quorum();
  if (pending_) to = std::min(to, pending_->zxid);
  if (to == from) return false;
  committed_ = to;
  std::optional<Pending> done;
  if (pending_ && pending_->zxid == to) done = std::exchange(pending_, std::nullopt);
  if (done) designated_.emplace(to, designated_leader(done->ensemble, to));
  for (auto& [connection, link] : links_) {
    if (link.gone || !link.is_forwarding) continue;
    // What the learner had before it came, it has applied.
    const Zxid behind = std::max(from, link.had);
    if (behind >= to) continue;
    if (link.is_observer) {
      send_informs(link, behind, to);
    } else if (link.stage == LinkStage::kSynchronising || link.stage == LinkStage::kSynced) {
      if (!link.commits_held_behind) link.commits_held_behind = behind;
    } else {
      send_commits(link, behind, to);
    }
  }
  if (done) activate(done->ensemble, designated_.at(to));
  // Behind the packets: it may apply at once, and propose.
  host_.commit(to);
  for (auto& [connection, link] : links_) bring_up(link);
  return true;
}

void Leader::send_commits(LearnerLink& link, Zxid from, Zxid to) {
  std::string& out = begin_send(link);
  for (Zxid zxid = from.next(); zxid <= to; zxid = zxid.next()) append_commit(zxid, out);
  end_send(link);
}

void Leader::send_informs(LearnerLink& link, Zxid from, Zxid to) {
  std::string& out = begin_send(link);
  host_.visit_unapplied(from, [&](Zxid zxid, std::string_view payload) {
    if (zxid <= to) append_inform(zxid, payload, out);
  });
  end_send(link);
}

void Leader::take_request(LearnerLink& link, const Packet& packet) {
  const auto request = quorum::read_forwarded_request(packet.data);
  if (!request) return drop(link, "its REQUEST is malformed");
  if (relay_) return relay_request(link, *request, packet.auth);
  // What comes too late for this epoch is asked again in the next, by a learner that comes anew.
  if (is_closed()) return;
  if (request->type == static_cast<int32_t>(jute::OpCode::kSync)) return add_sync(link.connection);
  host_.learner_request(link.connection, *request, packet.auth);
}

void Leader::take_revalidation(LearnerLink& link, const Packet& packet) {
  jute::Reader in(packet.data.value_or(std::string_view()));
  const SessionId session(in.i64());
  const int32_t timeout_ms = in.i32();
  if (!in.ok()) return drop(link, "its REVALIDATE is malformed");
  if (relay_) return relay_revalidation(link, session, timeout_ms);
  const bool is_valid = host_.learner_revalidates(link.connection, session, timeout_ms);
  if (link.gone) return;
  std::string answer;
  jute::Writer out(answer);
  out.i64(session.value);
  out.boolean(is_valid);
  send(link, PacketType::kRevalidate, packet.zxid, answer);
}

void Leader::sync() {
  if (over_) return;
  ZT_ASSERT(phase_ == Phase::kServing);
  add_sync(kThisServer);
}

void Leader::add_sync(ConnectionId origin) {
  syncs_.push_back({origin, proposed_, ping_rounds_ + 1});
}

// Upstream answers as soon as what was proposed is committed; a leader that others have deposed
// would answer, too, and the read behind the sync would miss their writes (ZOOKEEPER-1675).
bool Leader::is_done(const PendingSync& sync) {
  if (committed_ < sync.after) return false;
  if (!config_.sync_by_quorum) return true;
  return is_quorum_with_self([&](const LearnerLink& link) {
    return link.is_following() &&
           (link.acked > sync.after ||
            (link.stage == LinkStage::kUp && link.confirmed_round() >= sync.round));
  });
}

// What makes one done makes those before it done: the order of each origin is kept.
void Leader::answer_syncs() {
  while (!over_ && !syncs_.empty() && is_done(syncs_.front())) {
    const PendingSync sync = syncs_.front();
    syncs_.pop_front();
    if (sync.origin == kThisServer) {
      host_.synced();
    } else if (LearnerLink* link = find(sync.origin)) {
      send(*link, PacketType::kSync, Zxid());
    }
  }
}

// Upstream closes everything at once, and what was proposed and not yet committed fails with it.
// Here nobody who has been proposed for goes without an answer, and what waits is told to nobody as
// failed: its clients come again.
void Leader::end_full_epoch() {
  if (over_ || !is_epoch_full() || committed_ < proposed_ || !syncs_.empty() || successor_) return;
  end("epoch " + std::to_string(epoch_) + " has ended, as all its zxids are used and committed");
}

void Leader::batch_end(MonotonicTime) {
  drop_overfull();
  if (over_) return;
  answer_syncs();
  end_full_epoch();
  // One round of pings for all that came since the last one.
  if (!over_ && config_.sync_by_quorum && !syncs_.empty() && syncs_.back().round > ping_rounds_) {
    ping_all();
  }
}

}  // namespace zoetrope::zab
