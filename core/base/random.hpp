// The one seeded generator (xoshiro256**) and our own distributions: the standard library's differ
// between implementations. Never seeded from entropy here; the owner passes the seed.
#pragma once

#include <cstdint>
#include <string_view>

namespace zoetrope {

class Random {
 public:
  explicit Random(uint64_t seed);
  // An independent generator named after its use, so that a new draw in one does not move others.
  Random fork(std::string_view name) const;

  uint64_t next();
  // Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound);
  // Uniform in [low, high], both included.
  int64_t between(int64_t low, int64_t high);
  // True once in `denominator` draws on average; never when denominator is 0.
  bool one_in(uint64_t denominator);

  template <class Archive>
  void carry_state(Archive& archive) {
    archive(state_);
  }

 private:
  uint64_t state_[4];
};

}  // namespace zoetrope
