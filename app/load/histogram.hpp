// A histogram of durations with bounded relative error (1/64), as HdrHistogram keeps them.
// Owns its counters (30 kB); never allocates after construction and never loses a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zoetrope::load {

class Histogram {
 public:
  Histogram();

  // Counts one duration, in nanoseconds; negative ones count as 0.
  void record(int64_t ns) {
    const uint64_t value = ns < 0 ? 0 : static_cast<uint64_t>(ns);
    ++counts_[bucket(value)];
    ++count_;
    sum_ += value;
    if (value > max_) max_ = value;
  }
  // Adds every value of another histogram.
  void merge(const Histogram& other);
  void clear();

  uint64_t count() const { return count_; }
  // Nanoseconds; exact.
  int64_t max() const { return static_cast<int64_t>(max_); }
  int64_t mean() const;
  // The smallest value that at least `per_ten_thousand` / 10000 of all values do not exceed, in
  // nanoseconds (5000: median, 9990: 99.9 %). 0 when nothing was recorded.
  int64_t quantile(uint32_t per_ten_thousand) const;

 private:
  static constexpr int kSubBits = 6;
  static constexpr uint64_t kSubBuckets = uint64_t{1} << kSubBits;
  static constexpr size_t kBuckets = (64 - kSubBits + 1) * kSubBuckets;

  static size_t bucket(uint64_t value) {
    if (value < kSubBuckets) return value;
    const int shift = 63 - __builtin_clzll(value) - kSubBits;
    return static_cast<size_t>(shift + 1) * kSubBuckets + ((value >> shift) - kSubBuckets);
  }
  // The largest value that falls into a bucket.
  static uint64_t upper_edge(size_t bucket);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  uint64_t max_ = 0;
};

}  // namespace zoetrope::load
