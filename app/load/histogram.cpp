#include "app/load/histogram.hpp"

#include <algorithm>

namespace zoetrope::load {

Histogram::Histogram() : counts_(kBuckets, 0) {}

void Histogram::merge(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

void Histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = sum_ = max_ = 0;
}

int64_t Histogram::mean() const {
  return count_ == 0 ? 0 : static_cast<int64_t>(sum_ / count_);
}

uint64_t Histogram::upper_edge(size_t bucket) {
  if (bucket < kSubBuckets) return bucket;
  const size_t shift = bucket / kSubBuckets - 1;
  const uint64_t lower = (kSubBuckets + bucket % kSubBuckets) << shift;
  return lower + ((uint64_t{1} << shift) - 1);
}

int64_t Histogram::quantile(uint32_t per_ten_thousand) const {
  if (count_ == 0) return 0;
  // Rounded up, so that the quantile 10000 is the last value.
  const auto wanted =
      static_cast<uint64_t>((static_cast<__uint128_t>(count_) * per_ten_thousand + 9999) / 10000);
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= std::max<uint64_t>(wanted, 1)) {
      return static_cast<int64_t>(std::min(upper_edge(i), max_));
    }
  }
  return max();
}

}  // namespace zoetrope::load
