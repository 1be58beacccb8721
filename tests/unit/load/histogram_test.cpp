#include "app/load/histogram.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace zoetrope::load {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.quantile(5000), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.max(), 0);
}

TEST(Histogram, KeepsSmallValuesExactly) {
  Histogram histogram;
  for (int64_t value = 0; value < 64; ++value) histogram.record(value);
  EXPECT_EQ(histogram.quantile(5000), 31);
  EXPECT_EQ(histogram.quantile(10000), 63);
  EXPECT_EQ(histogram.mean(), 31);
}

TEST(Histogram, CountsNegativeDurationsAsZero) {
  Histogram histogram;
  histogram.record(-5);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.count(), 1u);
}

TEST(Histogram, TakesTheLargestValueThereIs) {
  Histogram histogram;
  histogram.record(INT64_MAX);
  EXPECT_EQ(histogram.quantile(5000), INT64_MAX);
}

RC_GTEST_PROP(Histogram, QuantilesAreWithinOneSixtyFourthOfTheTruth, ()) {
  const auto values = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, int64_t{1} << 40)));
  const auto wanted = *rc::gen::inRange<uint32_t>(1, 10001);
  Histogram histogram;
  for (const int64_t value : values) histogram.record(value);
  std::vector<int64_t> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const size_t rank = (sorted.size() * wanted + 9999) / 10000;
  const int64_t truth = sorted[rank - 1];
  const int64_t told = histogram.quantile(wanted);
  RC_ASSERT(told >= truth);
  RC_ASSERT(told <= truth + truth / 64 + 1);
}

RC_GTEST_PROP(Histogram, MergingIsRecordingBoth,
              (const std::vector<uint32_t>& left, const std::vector<uint32_t>& right)) {
  Histogram one, other, both;
  for (const uint32_t value : left) one.record(value), both.record(value);
  for (const uint32_t value : right) other.record(value), both.record(value);
  one.merge(other);
  RC_ASSERT(one.count() == both.count());
  RC_ASSERT(one.max() == both.max());
  RC_ASSERT(one.mean() == both.mean());
  for (const uint32_t quantile : {1u, 5000u, 9990u, 10000u}) {
    RC_ASSERT(one.quantile(quantile) == both.quantile(quantile));
  }
}

}  // namespace
}  // namespace zoetrope::load
