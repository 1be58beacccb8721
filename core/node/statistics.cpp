#include "core/node/statistics.hpp"

#include <bit>

namespace zoetrope::node {

size_t Distribution::bucket_of(int64_t value) {
  const auto v = static_cast<uint64_t>(std::max<int64_t>(0, value));
  if (v < kSubBuckets) return static_cast<size_t>(v);
  // The three bits after the leading one choose among the eight buckets of a power of two.
  const int exponent = std::bit_width(v) - 4;
  const size_t bucket =
      static_cast<size_t>(exponent) * kSubBuckets + static_cast<size_t>(v >> exponent);
  return std::min(bucket, size_t{40 * kSubBuckets - 1});
}

int64_t Distribution::upper_end_of(size_t bucket) {
  if (bucket < 2 * kSubBuckets) return static_cast<int64_t>(bucket);
  const size_t exponent = bucket / kSubBuckets - 1;
  return static_cast<int64_t>(((bucket % kSubBuckets + kSubBuckets + 1) << exponent) - 1);
}

void Distribution::add(int64_t value) {
  summary_.add(value);
  ++counts_[bucket_of(value)];
}

int64_t Distribution::percentile(int64_t per_mille) const {
  const int64_t wanted = (summary_.count * per_mille + 999) / 1000;
  int64_t seen = 0;
  for (size_t bucket = 0; bucket < counts_.size() && wanted > 0; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) return std::min(upper_end_of(bucket), summary_.max);
  }
  return 0;
}

}  // namespace zoetrope::node
