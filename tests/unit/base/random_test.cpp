#include "core/base/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "core/base/hash.hpp"

namespace zoetrope {
namespace {

TEST(Random, IsXoshiro256StarStarSeededBySplitmix64) {
  // Reference values of the generator's authors' code for the seed 0.
  Random random(0);
  EXPECT_EQ(random.next(), 0x99EC5F36CB75F2B4u);
  EXPECT_EQ(random.next(), 0xBF6E1F784956452Au);
  EXPECT_EQ(random.next(), 0x1A5F849D4933E6E0u);
  EXPECT_EQ(random.next(), 0x6AA594F1262D2D2Cu);
}

// A recorded run names its seed: these draws must be the same for ever.
TEST(Random, DrawsAreTheSameForEver) {
  Random random(0);
  std::vector<uint64_t> draws;
  for (int i = 0; i < 12; ++i) draws.push_back(random.below(10));
  EXPECT_EQ(draws, (std::vector<uint64_t>{0, 2, 8, 2, 7, 8, 4, 3, 7, 7, 4, 3}));
  EXPECT_EQ(Random(0).fork("network").next(), 0x3804ED4148D49015u);
  EXPECT_EQ(Random(0).fork("disk").next(), 0x2A7E9DB2E09DC0D1u);
}

TEST(Random, ForkLeavesItsOriginAlone) {
  Random one(42), other(42);
  (void)one.fork("network").next();
  EXPECT_EQ(one.next(), other.next());
}

TEST(Random, BetweenReachesBothEndsAndNothingElse) {
  Random random(7);
  std::array<int, 5> seen{};
  for (int i = 0; i < 1000; ++i) {
    const int64_t draw = random.between(-2, 2);
    ASSERT_GE(draw, -2);
    ASSERT_LE(draw, 2);
    ++seen[static_cast<size_t>(draw + 2)];
  }
  for (int count : seen) EXPECT_GT(count, 100);
}

TEST(Random, BetweenTheExtremes) {
  using Limits = std::numeric_limits<int64_t>;
  Random random(7), plain(7);
  EXPECT_EQ(
      static_cast<uint64_t>(random.between(Limits::min(), Limits::max())) ^ (uint64_t{1} << 63),
      plain.next());
  EXPECT_EQ(random.between(Limits::max(), Limits::max()), Limits::max());
}

TEST(Random, OneIn) {
  Random random(3);
  int hits = 0;
  for (int i = 0; i < 4000; ++i) hits += random.one_in(4) ? 1 : 0;
  EXPECT_GT(hits, 850);
  EXPECT_LT(hits, 1150);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(random.one_in(0));
    EXPECT_TRUE(random.one_in(1));
  }
}

RC_GTEST_PROP(Random, BelowStaysBelow, (uint64_t seed)) {
  const uint64_t bound = *rc::gen::nonZero<uint64_t>();
  Random random(seed);
  for (int i = 0; i < 20; ++i) RC_ASSERT(random.below(bound) < bound);
}

TEST(RandomDeathTest, RefusesAnEmptyRange) {
  Random random(0);
  EXPECT_DEATH(random.below(0), "assertion failed: bound > 0");
  EXPECT_DEATH(random.between(1, 0), "assertion failed: low <= high");
}

// State fingerprints and trace hashes are compared across builds and machines.
TEST(Hash, IsTheSameForEver) {
  EXPECT_EQ(mix64(1), 0x4179B061E0C0E0D0u);
  EXPECT_EQ(hash_bytes("a"), 0xEBFD1CBFED4DD218u);
  EXPECT_EQ(hash_bytes("a", 7), 0xEC3C00E289671792u);
  EXPECT_EQ(hash_bytes("abcdefgh"), 0x17B7299B08046202u);
  EXPECT_EQ(hash_bytes("the same in every build"), 0xCF0383D4F7E501F5u);
}

TEST(Hash, RunningHashMindsTheOrder) {
  RunningHash hash, turned;
  hash.add(1);
  hash.add(2);
  EXPECT_EQ(hash.value(), 0xEA5276F2F54DB647u);
  hash.add("x");
  EXPECT_EQ(hash.value(), 0xE16AA9B42CCE5E7Fu);
  turned.add(2);
  turned.add(1);
  turned.add("x");
  EXPECT_NE(hash.value(), turned.value());
}

RC_GTEST_PROP(Hash, OneChangedByteChangesIt, (std::string text)) {
  RC_PRE(!text.empty());
  const uint64_t before = hash_bytes(text);
  const size_t at = *rc::gen::inRange<size_t>(0, text.size());
  text[at] = static_cast<char>(text[at] ^ (1 << *rc::gen::inRange(0, 8)));
  RC_ASSERT(hash_bytes(text) != before);
}

}  // namespace
}  // namespace zoetrope
