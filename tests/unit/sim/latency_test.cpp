// The distributions of delays, in integers: what they are known by, on every machine the same.
#include "sim/latency.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.hpp"

namespace zoetrope::sim {
namespace {

std::vector<int64_t> draws(const Latency& latency, int count = 40'000) {
  Random random(7);
  std::vector<int64_t> us;
  for (int i = 0; i < count; ++i) us.push_back(latency.draw(random).ns / 1000);
  std::ranges::sort(us);
  return us;
}

int64_t quantile(const std::vector<int64_t>& us, double at) {
  return us[static_cast<size_t>(at * static_cast<double>(us.size() - 1))];
}

void expect_near(int64_t value, double wanted, double part, const char* what) {
  EXPECT_NEAR(static_cast<double>(value), wanted, wanted * part) << what;
}

TEST(Latencies, AFixedOneIsAlwaysTheSame) {
  const auto us = draws(Latency::fixed(300), 100);
  EXPECT_EQ(us.front(), 300);
  EXPECT_EQ(us.back(), 300);
}

TEST(Latencies, AUniformOneHasItsQuantilesOnALine) {
  const auto us = draws(Latency::uniform(1000, 2000));
  expect_near(quantile(us, 0.25), 1250, 0.02, "first quartile");
  expect_near(quantile(us, 0.75), 1750, 0.02, "third quartile");
}

TEST(Latencies, ALogNormalOneIsNormalInItsLogarithm) {
  const auto us = draws(Latency::log_normal(10'000, 50, 10'000'000));
  expect_near(quantile(us, 0.5), 10'000, 0.02, "median");
  expect_near(quantile(us, 0.841345), 10'000 * std::exp(0.5), 0.03, "one deviation above");
  expect_near(quantile(us, 0.158655), 10'000 * std::exp(-0.5), 0.03, "one deviation below");
  expect_near(quantile(us, 0.998650), 10'000 * std::exp(1.5), 0.08, "three deviations above");
}

TEST(Latencies, AParetoOneHasAHeavyTail) {
  const auto us = draws(Latency::pareto(1000, 150, 100'000'000));
  EXPECT_GE(us.front(), 999);
  expect_near(quantile(us, 0.5), 1000 * std::pow(2.0, 1 / 1.5), 0.02, "median");
  expect_near(quantile(us, 0.99), 1000 * std::pow(100.0, 1 / 1.5), 0.08, "99 %");
  EXPECT_GT(us.back(), 200'000) << "one in forty thousand is far away";
  EXPECT_EQ(draws(Latency::pareto(1000, 150, 5'000)).back(), 5'000) << "the bound holds";
}

TEST(Latencies, AnEmpiricalOneFollowsItsQuantiles) {
  const Latency latency = Latency::empirical({100, 200, 1000, 50'000});
  const auto us = draws(latency);
  EXPECT_GE(us.front(), 100);
  EXPECT_LE(us.back(), 50'000);
  expect_near(quantile(us, 1.0 / 3), 200, 0.03, "first third");
  expect_near(latency.at(2 * static_cast<int64_t>(Latency::kSteps) / 3) / 1000, 1000, 0.01,
              "second");
}

TEST(Latencies, QuantilesNeverGoDown) {
  for (const Latency& latency :
       {Latency::log_normal(700, 100, 1'000'000), Latency::pareto(10, 80, 10'000'000),
        Latency::empirical({1, 1, 5, 5, 900})}) {
    int64_t last = 0;
    for (int64_t step = 0; step < static_cast<int64_t>(Latency::kSteps); step += 7) {
      const int64_t ns = latency.at(step);
      ASSERT_GE(ns, last) << "at step " << step;
      last = ns;
    }
  }
}

// A change of these moves every seed that draws such a delay.
TEST(Latencies, TheDrawsAreTheSameEverywhere) {
  EXPECT_EQ(Latency::log_normal(10'000, 80, 1'000'000).at(123'456), 3868331);
  EXPECT_EQ(Latency::pareto(1'000, 120, 1'000'000).at(1'044'256), 97220703);
  EXPECT_EQ(Latency::empirical({10, 20, 4'000}).at(777'777), 1943570);
}

}  // namespace
}  // namespace zoetrope::sim
