#include "sim/latency.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "core/base/assert.hpp"

namespace zoetrope::sim {
namespace {

// Fixed point with 16 bits behind the point.
constexpr int64_t kOne = 1 << 16;
constexpr int64_t kLogTwoOfE = 94548;  // log2(e)

// log2(1 + i / 16) and 2 ^ (i / 16).
constexpr std::array<int64_t, 17> kLogTwo = {0,     5732,  11136, 16248, 21098, 25711,
                                             30109, 34312, 38336, 42196, 45904, 49472,
                                             52911, 56229, 59434, 62534, 65536};
constexpr std::array<int64_t, 17> kPowerOfTwo = {65536,  68438,  71468,  74632,  77936,  81386,
                                                 84990,  88752,  92682,  96785,  101070, 105545,
                                                 110218, 115098, 120194, 125515, 131072};

// How many standard deviations below the mean a normal variable is with probability
// 2 ^ (i / 4 - 20) * (1 + i % 4 / 4), i / 4 as an integer: four steps an octave, up to one half.
constexpr std::array<int64_t, 77> kNormal = {
    312148, 309185, 306745, 304667, 302857, 299809, 297298, 295159, 293295, 290155, 287567,
    285361, 283438, 280197, 277524, 275245, 273257, 269905, 267138, 264779, 262719, 259244,
    256374, 253924, 251785, 248173, 245187, 242636, 240408, 236642, 233525, 230861, 228531,
    224590, 221325, 218531, 216085, 211943, 208507, 205563, 202983, 198608, 194971, 191851,
    189113, 184462, 180588, 177257, 174330, 169346, 165184, 161597, 158437, 153042, 148519,
    144610, 141156, 135235, 130248, 125918, 122076, 115453, 109834, 104924, 100540, 92917,
    86377,  80600,  75389,  66191,  58140,  50884,  44203,  32032,  20882,  10310,  0};

// The value at `at` of a table whose entries are 1 / 16 apart.
int64_t between(const std::array<int64_t, 17>& table, int64_t at) {
  const int64_t width = kOne / 16, i = at / width;
  if (i >= 16) return table[16];
  const auto left = static_cast<size_t>(i);
  return table[left] + (table[left + 1] - table[left]) * (at % width) / width;
}

// Of a whole number above 0.
int64_t log_two(int64_t value) {
  const int octave = static_cast<int>(std::bit_width(static_cast<uint64_t>(value))) - 1;
  const int64_t mantissa = (value << 16 >> octave) - kOne;
  return octave * kOne + between(kLogTwo, mantissa);
}

// `value` times 2 ^ `exponent`, at most `most`.
int64_t scaled(int64_t value, int64_t exponent, int64_t most) {
  if (value == 0) return 0;
  int64_t whole = exponent >> 16;
  const int64_t mantissa = between(kPowerOfTwo, exponent - whole * kOne);
  if (whole >= 60 - static_cast<int>(std::bit_width(static_cast<uint64_t>(value)))) return most;
  if (whole < -60) return 0;
  const int64_t shifted = whole >= 0 ? value << whole : value >> -whole;
  // The value is in ns: without its last bits there is room for the mantissa.
  if (shifted > int64_t{1} << 44) return std::min(most, (shifted >> 16) * mantissa);
  return std::min(most, shifted * mantissa >> 16);
}

// In standard deviations.
int64_t normal(int64_t step) {
  constexpr int64_t kHalf = Latency::kSteps / 2;
  const bool is_upper = step >= kHalf;
  const int64_t m = is_upper ? 2 * kHalf - step : step + 1;  // 1 .. kHalf
  const int octave = std::bit_width(static_cast<uint64_t>(m)) - 1;
  const int64_t quarters = (m << 18 >> octave) - 4 * kOne;  // 0 .. 4, of this octave
  const auto left = static_cast<size_t>(octave * 4 + (quarters >> 16));
  int64_t z = kNormal[left];
  if (left + 1 < kNormal.size()) z += (kNormal[left + 1] - z) * (quarters % kOne) / kOne;
  return is_upper ? z : -z;
}

}  // namespace

int64_t Latency::at(int64_t step) const {
  const int64_t least = us_min * 1000, most = us_max * 1000;
  switch (shape) {
    case Shape::kUniform: break;
    case Shape::kLogNormal: {
      const int64_t exponent = normal(step) * spread_percent / 100 * kLogTwoOfE / kOne;
      return std::clamp(scaled(us_median * 1000, exponent, most), least, most);
    }
    case Shape::kPareto: {
      // -log2 of the probability of more than that.
      const int64_t bits = 20 * kOne - log_two(static_cast<int64_t>(kSteps) - step);
      return std::clamp(scaled(least, bits * 100 / spread_percent, most), least, most);
    }
    case Shape::kEmpirical: {
      ZT_ASSERT(!quantiles_us.empty());
      const auto pieces = static_cast<int64_t>(quantiles_us.size()) - 1;
      const auto left = static_cast<size_t>(step * pieces / static_cast<int64_t>(kSteps));
      const int64_t from = quantiles_us[left] * 1000;
      if (pieces == 0) return from;
      const int64_t rest = step * pieces % static_cast<int64_t>(kSteps);
      return from + (quantiles_us[left + 1] * 1000 - from) / 1024 * (rest >> 10);
    }
  }
  return least;
}

int64_t Latency::typical_us() const {
  if (shape == Shape::kUniform) return (us_min + us_max) / 2;
  return at(static_cast<int64_t>(kSteps) / 2) / 1000;
}

}  // namespace zoetrope::sim
