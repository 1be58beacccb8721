#include "core/base/random.hpp"

#include <bit>

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"

namespace zoetrope {

Random::Random(uint64_t seed) {
  // splitmix64, as the authors of xoshiro advise for seeding.
  for (uint64_t& word : state_) {
    seed += 0x9E3779B97F4A7C15ULL;
    uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    word = z ^ (z >> 31);
  }
}

Random Random::fork(std::string_view name) const {
  return Random(hash_bytes(name, state_[0] ^ std::rotl(state_[3], 17)));
}

uint64_t Random::next() {
  const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

uint64_t Random::below(uint64_t bound) {
  ZT_ASSERT(bound > 0);
  // Rejection keeps the draw exactly uniform.
  const uint64_t threshold = (0 - bound) % bound;
  for (;;) {
    const uint64_t draw = next();
    if (draw >= threshold) return draw % bound;
  }
}

int64_t Random::between(int64_t low, int64_t high) {
  ZT_ASSERT(low <= high);
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  const uint64_t offset = span == 0 ? next() : below(span);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

bool Random::one_in(uint64_t denominator) {
  return denominator != 0 && below(denominator) == 0;
}

}  // namespace zoetrope
