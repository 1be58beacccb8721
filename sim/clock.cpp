#include "sim/clock.hpp"

namespace zoetrope::sim {
namespace {

constexpr int64_t kMillion = 1'000'000;

}  // namespace

// In two parts, so that nothing overflows within centuries.
int64_t Clock::gain(MonotonicTime t) const {
  const int64_t ns = t.ns - drifts_since_.ns;
  return ns / kMillion * ppm_ + ns % kMillion * ppm_ / kMillion;
}

MonotonicTime Clock::undrifted(MonotonicTime at) const {
  const int64_t shown = at.ns - drifts_since_.ns, rate = kMillion + ppm_;
  MonotonicTime t{drifts_since_.ns + shown / rate * kMillion + shown % rate * kMillion / rate};
  // That is a few ns off at most.
  const auto is_shown = [&](MonotonicTime when) { return when.ns + gain(when) >= at.ns; };
  while (!is_shown(t)) ++t.ns;
  while (is_shown(MonotonicTime{t.ns - 1})) --t.ns;
  return t;
}

void Clock::drift(MonotonicTime t, int64_t ppm) {
  if (!is_true_) {
    monotonic_offset_.ns += gain(t);
    wall_gain_ns_ += gain(t);
  }
  is_true_ = ppm == 0;
  ppm_ = ppm;
  drifts_since_ = t;
}

void Clock::stall(MonotonicTime t) {
  if (is_stalled_) return;
  is_stalled_ = true;
  stalled_since_ = t;
}

void Clock::go_on(MonotonicTime t) {
  if (!is_stalled_) return;
  is_stalled_ = false;
  monotonic_offset_.ns -= t.ns - stalled_since_.ns;
}

}  // namespace zoetrope::sim
