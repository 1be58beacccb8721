// How long something takes: by default a uniform range and, now and then, a long tail; or one of
// the distributions that real networks show. Integers and tables only, so that every machine draws
// the same.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/time.hpp"

namespace zoetrope::sim {

struct Latency {
  enum class Shape : uint8_t {
    kUniform,    // between us_min and us_max; fixed when they are equal
    kLogNormal,  // around us_median; the logarithm's standard deviation is spread_percent / 100
    kPareto,     // from us_min on; P(more than x) = (us_min / x) ^ (spread_percent / 100)
    kEmpirical,  // by quantiles_us
  };

  // No draw is outside of these two.
  int64_t us_min = 50;
  int64_t us_max = 150;
  uint64_t tail_one_in = 0;  // 0: no tail
  int64_t tail_us_max = 0;   // added, uniform from 0
  Shape shape = Shape::kUniform;
  int64_t us_median = 0;
  int64_t spread_percent = 0;
  // Ascending, at equal distances from the least to the greatest; straight lines between them.
  std::vector<int64_t> quantiles_us;

  static Latency fixed(int64_t us) { return {us, us, 0, 0}; }
  static Latency uniform(int64_t us_min, int64_t us_max) { return {us_min, us_max, 0, 0}; }
  static Latency log_normal(int64_t us_median, int64_t spread_percent, int64_t us_max) {
    return {0, us_max, 0, 0, Shape::kLogNormal, us_median, spread_percent, {}};
  }
  static Latency pareto(int64_t us_min, int64_t exponent_percent, int64_t us_max) {
    return {us_min, us_max, 0, 0, Shape::kPareto, 0, exponent_percent, {}};
  }
  static Latency empirical(std::vector<int64_t> quantiles_us) {
    return {quantiles_us.front(), quantiles_us.back(), 0, 0, Shape::kEmpirical, 0, 0, quantiles_us};
  }

  // `source` draws as a generator does.
  template <class Source>
  Duration draw(Source& source) const {
    int64_t ns = us_min * 1000;
    if (shape != Shape::kUniform) [[unlikely]] {
      ns = at(static_cast<int64_t>(source.below(kSteps)));
    } else if (us_max > us_min) {
      ns += static_cast<int64_t>(source.below(static_cast<uint64_t>(us_max - us_min) * 1000 + 1));
    }
    if (tail_one_in != 0 && source.one_in(tail_one_in)) {
      ns += static_cast<int64_t>(source.below(static_cast<uint64_t>(tail_us_max) * 1000 + 1));
    }
    return Duration{ns};
  }
  // Of a shape other than the uniform one: what `step` of kSteps equally likely ones gives, in ns.
  int64_t at(int64_t step) const;
  static constexpr uint64_t kSteps = uint64_t{1} << 20;

  Duration longest() const {
    return Duration::from_us(us_max + (tail_one_in != 0 ? tail_us_max : 0));
  }
  // What is to be expected of it, in us: the weight of a link.
  int64_t typical_us() const;
};

}  // namespace zoetrope::sim
