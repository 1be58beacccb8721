// Reads the machine's two clocks for the engine. Owns nothing.
#pragma once

#include <time.h>

#include "core/base/time.hpp"

namespace zoetrope::net {

// The monotonic clock counts from the machine's start, so that session ids (which begin with it) do
// not repeat when the server restarts.
inline Now read_clocks() {
  timespec monotonic{}, wall{};
  ::clock_gettime(CLOCK_MONOTONIC, &monotonic);
  ::clock_gettime(CLOCK_REALTIME, &wall);
  return Now{MonotonicTime{monotonic.tv_sec * 1'000'000'000 + monotonic.tv_nsec},
             WallTime{wall.tv_sec * 1'000 + wall.tv_nsec / 1'000'000}};
}

}  // namespace zoetrope::net
