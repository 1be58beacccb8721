// The two clocks, as different types: monotonic time for time-outs, wall time for what is stored in
// znodes. Time is always an argument; nothing in the engine reads a clock.
#pragma once

#include <compare>
#include <cstdint>

namespace zoetrope {

// Length of time in nanoseconds.
struct Duration {
  int64_t ns = 0;
  static constexpr Duration from_ms(int64_t ms) { return Duration{ms * 1'000'000}; }
  static constexpr Duration from_us(int64_t us) { return Duration{us * 1'000}; }
  constexpr int64_t ms() const { return ns / 1'000'000; }
  constexpr auto operator<=>(const Duration&) const = default;
};

// Monotonic time in nanoseconds since an arbitrary origin of this process (or of the simulated
// world).
struct MonotonicTime {
  int64_t ns = 0;
  static constexpr MonotonicTime from_ms(int64_t ms) { return MonotonicTime{ms * 1'000'000}; }
  constexpr int64_t ms() const { return ns / 1'000'000; }
  constexpr auto operator<=>(const MonotonicTime&) const = default;
  constexpr MonotonicTime operator+(Duration d) const { return MonotonicTime{ns + d.ns}; }
  constexpr Duration operator-(MonotonicTime other) const { return Duration{ns - other.ns}; }
};

// Wall-clock time in milliseconds since 1970-01-01 UTC; may step backwards.
struct WallTime {
  int64_t ms = 0;
  constexpr auto operator<=>(const WallTime&) const = default;
};

// Both clocks at one instant; comes in with every step.
struct Now {
  MonotonicTime monotonic;
  WallTime wall;
};

}  // namespace zoetrope
