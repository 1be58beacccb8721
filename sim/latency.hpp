// How long something takes: a uniform range and, now and then, a long tail. Integers only, so that
// every machine draws the same.
#pragma once

#include <cstdint>

#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace zoetrope::sim {

struct Latency {
  int64_t us_min = 50;
  int64_t us_max = 150;
  uint64_t tail_one_in = 0;  // 0: no tail
  int64_t tail_us_max = 0;   // added, uniform from 0

  Duration draw(Random& random) const {
    int64_t ns = us_min * 1000;
    if (us_max > us_min) {
      ns += static_cast<int64_t>(random.below(static_cast<uint64_t>(us_max - us_min) * 1000 + 1));
    }
    if (tail_one_in != 0 && random.one_in(tail_one_in)) {
      ns += static_cast<int64_t>(random.below(static_cast<uint64_t>(tail_us_max) * 1000 + 1));
    }
    return Duration{ns};
  }
  Duration longest() const {
    return Duration::from_us(us_max + (tail_one_in != 0 ? tail_us_max : 0));
  }
};

}  // namespace zoetrope::sim
