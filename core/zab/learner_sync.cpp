// How a learner comes to the leader's history: the promise of the epoch, DIFF, TRUNC or SNAP, and
// NEWLEADER. Nothing is acknowledged here before the disk has it (KB-01, 02, 03, 08, 09).
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/storage/transaction_log.hpp"
#include "core/zab/learner.hpp"

namespace zoetrope::zab {

namespace {

using quorum::Packet;
using quorum::PacketType;

constexpr int32_t kProtocolVersion = 0x10000;
// Goes with ACKEPOCH when the epoch was promised before, perhaps to another leader: it must not
// count twice.
constexpr int32_t kNoNewPromise = -1;

std::string hex(Zxid zxid) {
  return "0x" + storage::zxid_hex(zxid);
}

}  // namespace

void Learner::take_leader_info(const Packet& packet) {
  if (packet.type != PacketType::kLeaderInfo) return misplaced(packet);
  jute::Reader in(packet.data.value_or(std::string_view()));
  const int32_t version = in.i32();
  if (!in.ok() || version < kProtocolVersion) {
    return fail("sent LEADERINFO of a protocol that is not understood");
  }
  if (packet.zxid.value <= 0 || packet.zxid.counter() != 0) {
    return fail("sent LEADERINFO with " + hex(packet.zxid) + ", which is no start of an epoch");
  }
  epoch_ = packet.zxid.epoch();
  phase_ = Phase::kPromising;
  promise(heard_);
}

// acceptedEpoch goes to the disk behind the word of currentEpoch, on the same lane: when it is
// there, both are. It is written once more when only that word is missing.
void Learner::promise(MonotonicTime now) {
  // What an earlier attempt began must be known to have ended.
  if (epochs_.busy()) return;
  const Epochs& durable = epochs_.durable();
  if (!is_promise_issued_) {
    if (epoch_ < durable.accepted) {
      return fail("has epoch " + std::to_string(epoch_) + ", and epoch " +
                  std::to_string(durable.accepted) + " was promised to another");
    }
    is_promise_new_ = epoch_ > durable.accepted;
    if (epoch_ > durable.current) {
      std::vector<storage::DiskOp> ops;
      epochs_.announce_current(epoch_, ops);
      epochs_.set_accepted(epoch_, ops);
      is_promise_issued_ = true;
      return host_.disk(std::move(ops));
    }
  }
  ZT_ASSERT(durable.accepted >= epoch_);
  heard_ = now;
  phase_ = Phase::kAwaitingOp;
  scratch_.clear();
  jute::Writer(scratch_).i32(is_promise_new_ ? static_cast<int32_t>(durable.current)
                                             : kNoNewPromise);
  send(PacketType::kAckEpoch, asks_for_snapshot_ ? Zxid() : host_.last_logged(), scratch_);
}

void Learner::take_sync_op(const Packet& packet) {
  const bool is_op = packet.type == PacketType::kDiff || packet.type == PacketType::kTrunc ||
                     packet.type == PacketType::kSnap;
  if (!is_op) return misplaced(packet);
  const Zxid last = host_.last_logged();
  op_ = {packet.type, packet.zxid};
  host_.note(false, "leader " + std::to_string(leader_.value) + ", epoch " +
                        std::to_string(epoch_) + ": " + std::string(to_string(op_.type)) + " to " +
                        hex(op_.zxid) + " from " + hex(last));
  if (op_.zxid.value < 0 || op_.zxid.epoch() > epoch_) {
    return fail("sent " + std::string(to_string(op_.type)) + " with " + hex(op_.zxid) +
                ", which is not of its epoch " + std::to_string(epoch_));
  }
  if (asks_for_snapshot_ && (op_.type != PacketType::kSnap || op_.zxid < last)) {
    is_snapshot_refused_ = true;
    return fail("has no snapshot of all that is logged here");
  }
  switch (op_.type) {
    case PacketType::kDiff:
      // What it names is reached only by what follows (KB-05).
      return start_from(last);
    case PacketType::kTrunc:
      if (op_.zxid > last) {
        return fail("sent TRUNC to " + hex(op_.zxid) + ", and the log ends at " + hex(last));
      }
      phase_ = Phase::kReloading;
      return host_.reload(op_.zxid);
    default:
      if (last <= op_.zxid) return start_restore();
      phase_ = Phase::kReloading;
      return host_.reload(op_.zxid);
  }
}

void Learner::start_restore() {
  phase_ = Phase::kRestoring;
  host_.begin_restore(op_.zxid);
}

void Learner::start_from(Zxid base) {
  phase_ = Phase::kSynchronising;
  base_ = base;
  last_received_ = base;
}

void Learner::reloaded(MonotonicTime now) {
  if (phase_ != Phase::kReloading) return;
  heard_ = now;
  const Zxid last = host_.last_logged();
  const bool is_snap = op_.type == PacketType::kSnap;
  if (is_snap ? last > op_.zxid : last != op_.zxid) {
    return fail("sent " + std::string(to_string(op_.type)) + " to " + hex(op_.zxid) +
                ", and the log ends at " + hex(last) + " after the cut");
  }
  if (is_snap) {
    start_restore();
  } else {
    start_from(last);
  }
  cutter_.feed({});
  read(now);
}

void Learner::take_new_leader(const Packet& packet, MonotonicTime now) {
  if (packet.zxid != Zxid(epoch_ << 32)) {
    return fail("sent NEWLEADER with " + hex(packet.zxid) + " in epoch " + std::to_string(epoch_));
  }
  if (op_.type == PacketType::kDiff && last_received_ < op_.zxid) {
    return fail("sent NEWLEADER after " + hex(last_received_) + ", and DIFF had promised " +
                hex(op_.zxid));
  }
  if (packet.data && !packet.data->empty()) {
    auto ensemble = quorum::Ensemble::parse(*packet.data);
    if (!ensemble) return fail("sent NEWLEADER with a bad configuration: " + ensemble.error());
    told_ = std::move(*ensemble);
    configuration_.announce(*told_);
  }
  adopted_up_to_ = last_received_;
  phase_ = Phase::kAdopting;
  adopt(now);
}

// currentEpoch says that the leader's history is here; so it is written when that is so, and
// ACK(NEWLEADER) says it to the leader when that is written.
void Learner::adopt(MonotonicTime now) {
  if (is_snapshot_unsafe_ || durable() < adopted_up_to_ || epochs_.busy()) return;
  if (epochs_.durable().current < epoch_) {
    std::vector<storage::DiskOp> ops;
    epochs_.set_current(epoch_, ops);
    return host_.disk(std::move(ops));
  }
  heard_ = now;
  phase_ = Phase::kAdopted;
  send(PacketType::kAck, Zxid(epoch_ << 32));
  acknowledge();
}

// A configuration of this epoch that this server has not seen committed.
bool Learner::is_undecided(Zxid version) const {
  if (version.epoch() != epoch_ || version.counter() == 0) return false;
  return version > last_received_ || std::ranges::find(uncommitted_, version) != uncommitted_.end();
}

// A stock leader tells who joins during a reconfiguration the proposed configuration, and stock
// learners put it in force here though it may never be committed. Ours waits for the commit then.
void Learner::take_up_to_date() {
  if (const auto told = std::exchange(told_, std::nullopt)) {
    const bool is_open = is_undecided(Zxid(told->version));
    const bool is_over = !is_open && is_role_over(*told, std::nullopt);
    if (!is_open) configuration_.activate(*told);
    if (is_over) return leave(std::nullopt);
  }
  phase_ = Phase::kServing;
  host_.follow();
  if (phase_ != Phase::kServing) return;
  // As upstream does; a leader ignores it.
  send(PacketType::kAck, Zxid(epoch_ << 32));
}

void Learner::epochs_written(MonotonicTime now) {
  if (phase_ == Phase::kPromising) return promise(now);
  if (phase_ == Phase::kAdopting) adopt(now);
}

void Learner::log_durable(MonotonicTime now) {
  if (phase_ == Phase::kAdopting) return adopt(now);
  acknowledge();
}

void Learner::snapshot_persisted(MonotonicTime now) {
  if (phase_ == Phase::kOver || !is_snapshot_unsafe_) return;
  is_snapshot_unsafe_ = false;
  if (phase_ == Phase::kAdopting) adopt(now);
}

}  // namespace zoetrope::zab
