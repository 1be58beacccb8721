// The clocks of one simulated process, as a view of the world's virtual time: where they began, how
// fast they go, whether the monotonic one stands still. Owns a few offsets; it never advances
// anything by itself.
#pragma once

#include "core/base/time.hpp"

namespace zoetrope::sim {

// Wall time at virtual time 0: a fixed day, so that stored times look like real ones.
inline constexpr WallTime kWallOrigin{1'700'000'000'000};

class Clock {
 public:
  // What the process reads on its clocks at the world's time `t`, which never goes back.
  Now now(MonotonicTime t) const {
    const int64_t gained = is_true_ ? 0 : gain(t);
    const int64_t lost = is_stalled_ ? t.ns - stalled_since_.ns : 0;
    const MonotonicTime true_wall{t.ns + wall_gain_ns_ + gained};
    return {MonotonicTime{t.ns + monotonic_offset_.ns + gained - lost},
            WallTime{kWallOrigin.ms + true_wall.ms() + wall_offset_ms_}};
  }
  // The world's time at which the process's monotonic clock shows `m`, if it goes on as it does.
  MonotonicTime world_time(MonotonicTime m) const {
    const MonotonicTime at{m.ns - monotonic_offset_.ns};
    return is_true_ || at <= drifts_since_ ? at : undrifted(at);
  }

  // Where a process's monotonic clock starts is arbitrary; set anew at each start.
  void set_monotonic_offset(Duration offset) {
    monotonic_offset_ = offset;
    is_stalled_ = false;
  }
  // The wall clock steps, forward or back.
  void jump_wall(int64_t ms) { wall_offset_ms_ += ms; }
  // The wall clock is wrong by that much, whatever it was before.
  void skew_wall(int64_t ms) {
    wall_offset_ms_ = ms;
    wall_gain_ns_ = 0;
  }
  // From `t` on both clocks gain that many millionths; 0: they are right.
  void drift(MonotonicTime t, int64_t ppm);
  // The monotonic clock stands still from `t` on, and goes on at a later `t`.
  void stall(MonotonicTime t);
  void go_on(MonotonicTime t);

 private:
  // What was gained since the drift began.
  int64_t gain(MonotonicTime t) const;
  MonotonicTime undrifted(MonotonicTime at) const;

  Duration monotonic_offset_;
  int64_t wall_offset_ms_ = 0;
  int64_t wall_gain_ns_ = 0;  // by drifts that are over
  bool is_true_ = true, is_stalled_ = false;
  int64_t ppm_ = 0;
  MonotonicTime drifts_since_, stalled_since_;
};

}  // namespace zoetrope::sim
