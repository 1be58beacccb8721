// The clocks of one simulated process, as a view of the world's virtual time. Owns two offsets; it
// never advances anything by itself.
#pragma once

#include "core/base/time.hpp"

namespace zoetrope::sim {

// Wall time at virtual time 0: a fixed day, so that stored times look like real ones.
inline constexpr WallTime kWallOrigin{1'700'000'000'000};

class Clock {
 public:
  // What the process reads on its clocks at the world's time `t`.
  Now now(MonotonicTime t) const {
    return {MonotonicTime{t.ns + monotonic_offset_.ns},
            WallTime{kWallOrigin.ms + t.ms() + wall_offset_ms_}};
  }
  // The world's time at which the process's monotonic clock shows `m`.
  MonotonicTime world_time(MonotonicTime m) const {
    return MonotonicTime{m.ns - monotonic_offset_.ns};
  }

  // Where a process's monotonic clock starts is arbitrary; set anew at each start.
  void set_monotonic_offset(Duration offset) { monotonic_offset_ = offset; }
  // The wall clock steps, forward or back.
  void jump_wall(int64_t ms) { wall_offset_ms_ += ms; }

 private:
  Duration monotonic_offset_;
  int64_t wall_offset_ms_ = 0;
};

}  // namespace zoetrope::sim
