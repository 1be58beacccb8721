// Liveness: pings, and who is missed for how long. Deadlines are looked at every half tick.
#include <algorithm>

#include "core/zab/leader.hpp"

namespace zoetrope::zab {

using quorum::Packet;
using quorum::PacketType;

namespace {

constexpr size_t kTouchBytes = sizeof(int64_t) + sizeof(int32_t);
// What followers need to connect once they have decided, with far-away ones in mind.
constexpr int64_t kPatienceMs = 1000;

}  // namespace

std::optional<MonotonicTime> Leader::next_deadline() const {
  if (over_) return std::nullopt;
  return next_half_tick_;
}

void Leader::tick(MonotonicTime now) {
  if (over_ || now < next_half_tick_) return;
  const Duration half = half_tick();
  next_half_tick_ = next_half_tick_ + half;
  if (next_half_tick_ <= now) next_half_tick_ = now + half;
  ++half_ticks_;
  const bool is_whole = half_ticks_ % 2 == 0;
  if (is_whole) notes_ = 0;
  drop_overdue();
  if (phase_ != Phase::kServing) {
    if (half_ticks_ > phase_deadline_) end("no quorum of followers came in time");
    check_patience();
  } else {
    if (is_whole && !relay_) check_quorum();
    end_handed_over();
    if (!over_) ping_all();
  }
  forget_gone();
}

// Those who elected this leader are gone, or follow somebody else by now: had they come, the better
// one would hear of it and follow, too. Upstream waits for them until initLimit.
void Leader::check_patience() {
  const auto half_ms = std::max<int64_t>(config_.tick_ms / 2, 1);
  const auto patience = static_cast<uint64_t>(std::max<int64_t>(2, kPatienceMs / half_ms));
  if (phase_ == Phase::kGathering && better_candidate_looks_ && half_ticks_ > patience) {
    end("no quorum of followers has come, and a server with a better history looks for a leader");
  }
}

void Leader::expect_word_within(LearnerLink& link, int32_t ticks) {
  link.deadline = half_ticks_ + 2 * static_cast<uint64_t>(ticks);
}

void Leader::drop_overdue() {
  for (auto& [connection, link] : links_) {
    if (link.gone) continue;
    if (link.deadline.has_value() && half_ticks_ > *link.deadline) {
      drop(link, "it was not heard from in time");
    } else {
      watch_acks(link);
    }
  }
}

// One open proposal is watched at a time: the newest of the half tick at which the one before it
// was acknowledged.
void Leader::watch_acks(LearnerLink& link) {
  if (!link.is_following() || phase_ != Phase::kServing) return;
  if (link.acked >= link.watched) {
    if (link.acked >= proposed_) return;
    link.watched = proposed_;
    link.watched_since = half_ticks_;
  } else if (half_ticks_ - link.watched_since > 2 * static_cast<uint64_t>(config_.sync_limit)) {
    drop(link, "it has not acknowledged a proposal in time");
  }
}

// A learner that is being synchronised counts as upstream: its connection lives. It holds no
// deadline that has passed, or it would be gone.
void Leader::check_quorum() {
  const bool is_led =
      is_quorum_with_self([](const LearnerLink& link) { return !link.is_observer; });
  if (!is_led && !successor_) end("too few followers are left for a quorum");
}

void Leader::ping_all() {
  ++ping_rounds_;
  for (auto& [connection, link] : links_) {
    // Before it is up to date a learner leaves pings without an answer, and answers are counted.
    if (!link.gone && link.stage == LinkStage::kUp) send(link, PacketType::kPing, proposed_);
  }
}

void Leader::take_ping_reply(LearnerLink& link, const Packet& packet) {
  const std::string_view touches = packet.data.value_or(std::string_view());
  if (touches.size() % kTouchBytes != 0) return drop(link, "its reply to a ping is malformed");
  if (link.confirmed_round() >= ping_rounds_) return drop(link, "it replies to no ping");
  ++link.pings_answered;
  jute::Reader in(touches);
  while (in.remaining() > 0 && !link.gone) {
    const SessionId session(in.i64());
    host_.learner_touched(link.connection, session, in.i32());
  }
}

}  // namespace zoetrope::zab
