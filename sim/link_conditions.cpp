#include "sim/link_conditions.hpp"

#include <algorithm>

namespace zoetrope::sim {
namespace {

// Through a pipe comes what an Ethernet frame holds, not a whole window at once.
constexpr uint64_t kPacketBytes = 1460;
constexpr uint64_t kHeaderBytes = 40;

}  // namespace

MonotonicTime Pipe::pass(MonotonicTime at, uint64_t bytes) {
  if (bytes_per_second == 0) return at;
  const uint64_t ns = (bytes + kHeaderBytes) * 1'000'000'000 / bytes_per_second;
  free_at = std::max(free_at, at) + Duration{static_cast<int64_t>(ns)};
  return free_at;
}

void LinkConditions::impair(uint64_t number, const Impairment& impairment) {
  impairments_.push_back({number, impairment, {impairment.bytes_per_second, {}}});
  limit_segments();
}

void LinkConditions::repair(uint64_t number) {
  std::erase_if(impairments_, [number](const Active& active) { return active.number == number; });
  limit_segments();
}

void LinkConditions::limit_segments() {
  segment_bytes_max_ = UINT64_MAX;
  for (const Active& active : impairments_) {
    const Impairment& what = active.what;
    if (what.segment_bytes_max != 0) {
      segment_bytes_max_ = std::min(segment_bytes_max_, what.segment_bytes_max);
    }
    if (what.bytes_per_second != 0) segment_bytes_max_ = std::min(segment_bytes_max_, kPacketBytes);
  }
}

LinkConditions::Passage LinkConditions::pass(MonotonicTime now, uint64_t bytes,
                                             const Latency& usual, Site& delays) {
  Passage passage{now};
  for (Active& active : impairments_) {
    Duration wait = active.what.retransmit_after;
    uint64_t tries = 0;
    while (losses_.one_in(active.what.loss_one_in)) {
      passage.at = passage.at + wait;
      wait.ns *= 2;
      if (++tries > active.what.tries_max) {
        passage.is_given_up = true;
        return passage;
      }
    }
    passage.at = active.pipe.pass(passage.at, bytes);
    if (active.what.delay) passage.at = passage.at + active.what.delay->draw(delays);
  }
  if (!route_) {
    passage.at = passage.at + usual.draw(delays);
    return passage;
  }
  for (const Leg& leg : *route_) {
    if (leg.pipe != nullptr) passage.at = leg.pipe->pass(passage.at, bytes);
    passage.at = passage.at + leg.latency.draw(delays);
  }
  return passage;
}

}  // namespace zoetrope::sim
