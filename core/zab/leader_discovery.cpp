// Discovery: whose connections these are, which epoch comes, and who has promised it.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"
#include "core/zab/leader.hpp"

namespace zoetrope::zab {

using quorum::LearnerInfo;
using quorum::Packet;
using quorum::PacketType;

namespace {

// Learners from before the protocol had versions cannot be told an epoch.
constexpr int32_t kProtocolVersion = 0x10000;
// Epochs stand in 32 signed bits of ACKEPOCH.
constexpr int64_t kEpochMax = INT32_MAX;
// acceptedEpoch of a learner that has none worth repeating (it has promised this epoch before).
constexpr int32_t kNoEpoch = -1;
// Last zxid of a learner that found itself empty and does not know whether it should be.
constexpr Zxid kNoHistory{-1};
// Servers outside of the configuration that are led at a time.
constexpr ptrdiff_t kStrangersMax = 64;

}  // namespace

void Leader::enter(Phase phase) {
  phase_ = phase;
  phase_deadline_ = half_ticks_ + 2 * static_cast<uint64_t>(config_.init_limit);
}

std::optional<std::string> Leader::objection(const LearnerInfo& info, const Packet& packet) const {
  if (info.server == config_.self) return "it has the id of this server";
  if (info.protocol_version < kProtocolVersion) {
    return "its protocol version " + std::to_string(info.protocol_version) + " is too old";
  }
  if (info.config_version > configuration_.ensembles().newest().version) {
    return "it has a newer configuration, version " + std::to_string(info.config_version);
  }
  if (packet.zxid.value < 0 || packet.zxid.epoch() >= kEpochMax) {
    return "it has accepted an impossible epoch, " + std::to_string(packet.zxid.epoch());
  }
  if (relay_ && packet.type != PacketType::kObserverInfo) return "it is no observer";
  const auto is_stranger = [this](const auto& entry) {
    return entry.second.is_named() && !is_member(entry.second.server);
  };
  if (!is_member(info.server) && std::ranges::count_if(links_, is_stranger) >= kStrangersMax) {
    return "it is no member, and there are many such";
  }
  return std::nullopt;
}

void Leader::take_info(LearnerLink& link, const Packet& packet) {
  const auto info = quorum::read_learner_info(packet.data);
  if (!info) return drop(link, "it does not say who it is");
  if (const auto why = objection(*info, packet)) {
    return drop(link, "as server " + std::to_string(info->server.value) + " " + *why);
  }
  link.server = info->server;
  link.is_observer = packet.type == PacketType::kObserverInfo;
  link.accepted_epoch = packet.zxid.epoch();
  replace_older(link);
  link.stage = LinkStage::kNamed;
  link.deadline.reset();
  if (phase_ <= Phase::kAccepting) return gather_epochs();
  invite(link);
}

// A server that connects again has given its old connection up, even if nothing tells of it here.
void Leader::replace_older(const LearnerLink& link) {
  LearnerLink* older = find(link.server);
  if (older == nullptr) return;
  drop(*older, "it has connected again, from " + link.remote.to_string());
}

void Leader::gather_epochs() {
  if (phase_ != Phase::kGathering || over_ || epochs_.busy()) return;
  if (!is_quorum_with_self([this](const LearnerLink& link) { return may_count(link); })) return;
  int64_t accepted = epochs_.durable().accepted;
  for (const auto& [connection, link] : links_) {
    // Observers count for this, since they too follow no epoch below one that they know. Others are
    // not heard: a stranger could use up the epochs.
    if (link.is_named() && is_member(link.server)) {
      accepted = std::max(accepted, link.accepted_epoch);
    }
  }
  if (accepted >= kEpochMax) return end("the epochs are used up");
  epoch_ = accepted + 1;
  epoch_start_ = Zxid::make(static_cast<uint32_t>(epoch_), 0);
  enter(Phase::kAccepting);
  std::vector<storage::DiskOp> ops;
  epochs_.set_accepted(epoch_, ops);
  host_.disk(std::move(ops));
}

void Leader::epochs_written(MonotonicTime) {
  if (over_) return;
  gather_epochs();
  promise_epoch();
  gather_promises();
  if (phase_ == Phase::kAdopting && epochs_.durable().current == epoch_) {
    enter(Phase::kSynchronising);
    for (auto& [connection, link] : links_) {
      if (!over_ && !link.gone && link.stage == LinkStage::kPromised) synchronise(link);
    }
    gather_new_leader_acks();
  }
  forget_gone();
}

// Nobody hears of the epoch before this server's own promise is durable: after a crash it would
// offer the same epoch a second time (ZOOKEEPER-335, 1291).
void Leader::promise_epoch() {
  if (phase_ != Phase::kAccepting || epochs_.durable().accepted != epoch_) return;
  enter(Phase::kPromising);
  for (auto& [connection, link] : links_) {
    if (!link.gone && link.stage == LinkStage::kNamed) invite(link);
  }
}

// A member that has promised a higher epoch, to somebody who could not establish it, can never
// follow in this one. Upstream offers it the epoch all the same, and it comes and goes until the
// leader changes for another reason. Here the leader steps down once: the next epoch is above that
// promise, so that every member that lives has its place again. Strangers are only refused.
void Leader::invite(LearnerLink& link) {
  if (over_) return;
  if (link.accepted_epoch > epoch_) {
    const std::string why = "server " + std::to_string(link.server.value) + " has accepted epoch " +
                            std::to_string(link.accepted_epoch) + ", beyond this leader's " +
                            std::to_string(epoch_);
    return is_member(link.server) && !relay_ ? end(why) : drop(link, why);
  }
  std::string version;
  jute::Writer(version).i32(kProtocolVersion);
  send(link, PacketType::kLeaderInfo, epoch_start_, version);
  link.stage = LinkStage::kInvited;
  expect_word_within(link, config_.init_limit);
}

std::optional<std::string> Leader::objection_to_history(const LearnerLink& link,
                                                        int32_t current_epoch) const {
  // A quorum's newest history is in this server, or it would not be the leader; whoever is ahead
  // has to be heard before the epoch begins. Later it holds what no quorum had, and is cut.
  const bool is_ahead = current_epoch > own_current_epoch_ ||
                        (current_epoch == own_current_epoch_ && link.last > own_last_);
  if (phase_ == Phase::kPromising && current_epoch != kNoEpoch && is_ahead) {
    return "it is ahead of the leader: epoch " + std::to_string(current_epoch) + ", last zxid " +
           std::to_string(link.last.value);
  }
  // The rest of an epoch that was never this leader's cannot be cut off either.
  if (link.last > (phase_ == Phase::kServing ? proposed_ : epoch_start_)) {
    return "it has transactions that were never proposed to it";
  }
  if (link.last < kNoHistory) return "its last zxid is impossible";
  return std::nullopt;
}

void Leader::take_ack_epoch(LearnerLink& link, const Packet& packet) {
  if (!packet.data || packet.data->size() < sizeof(int32_t)) {
    return drop(link, "its ACKEPOCH is malformed");
  }
  const int32_t current_epoch = jute::Reader(*packet.data).i32();
  link.last = packet.zxid;
  if (const auto why = objection_to_history(link, current_epoch)) return drop(link, *why);
  // One without history may have lost it: it gets ours, and has no say in which is the newest.
  link.counts_for_epoch = current_epoch != kNoEpoch && link.last != kNoHistory;
  link.stage = LinkStage::kPromised;
  link.deadline.reset();
  if (phase_ >= Phase::kSynchronising) return synchronise(link);
  gather_promises();
}

void Leader::gather_promises() {
  if (phase_ != Phase::kPromising || over_ || epochs_.busy()) return;
  const bool is_enough = is_quorum_with_self([this](const LearnerLink& link) {
    return link.stage >= LinkStage::kPromised && link.counts_for_epoch && may_count(link);
  });
  if (!is_enough) return;
  enter(Phase::kAdopting);
  std::vector<storage::DiskOp> ops;
  epochs_.set_current(epoch_, ops);
  host_.disk(std::move(ops));
}

}  // namespace zoetrope::zab
