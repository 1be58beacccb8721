#include "core/zab/sync_plan.hpp"

namespace zoetrope::zab {

using quorum::PacketType;

SyncStart start_of_sync(const SyncRequest& request, const CommittedWindow& window) {
  const Zxid last = request.learner_last;
  const Zxid min = window.empty() ? request.last_processed : window.min();
  const Zxid max = window.empty() ? request.last_processed : window.max();
  const SyncStart snapshot{SyncSource::kSnapshot,
                           SyncOp{PacketType::kSnap, request.last_processed}};
  if (request.force_snapshot) return snapshot;
  if (last == request.last_processed) {
    return {SyncSource::kNone, SyncOp{PacketType::kDiff, last}};
  }
  if (last > max && last.counter() != 0) {
    return {SyncSource::kNone, SyncOp{PacketType::kTrunc, max}};
  }
  if (!window.empty() && last >= min && last <= max) return {SyncSource::kWindow, std::nullopt};
  if (last < min && request.log_usable) return {SyncSource::kLogThenWindow, std::nullopt};
  return snapshot;
}

SyncWalk::Verdict SyncWalk::take(Zxid zxid) {
  if (previous_ && zxid <= *previous_) return Verdict::kSkip;
  const std::optional<Zxid> before = previous_;
  previous_ = zxid;
  if (zxid < learner_last_) return Verdict::kSkip;
  if (op_) return Verdict::kSend;
  if (zxid == learner_last_) {
    op_ = SyncOp{PacketType::kDiff, target_};
    return Verdict::kSkip;
  }
  if (is_at_start_of_epoch()) {
    op_ = SyncOp{PacketType::kDiff, target_};
    return Verdict::kSend;
  }
  if (!before || before->epoch() != learner_last_.epoch()) return Verdict::kGiveUp;
  op_ = SyncOp{PacketType::kTrunc, *before};
  return Verdict::kSend;
}

bool SyncWalk::finish() {
  if (!op_ && is_at_start_of_epoch()) op_ = SyncOp{PacketType::kDiff, target_};
  return op_.has_value();
}

}  // namespace zoetrope::zab
