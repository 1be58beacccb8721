// The free choices of a simulated world: how long a segment takes, where a stream of bytes is cut,
// whether an operation that was under way was still done. Every choice belongs to a site, which has
// a name ("delay server-1 > client-3"), and is the k-th of that site; what one site chooses moves
// no other. So a run may be told any part of its choices, and what it is told keeps its meaning
// when other parts of the world or the code change. Owns the sites.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"

namespace zoetrope::sim {

// What was chosen, or is to be chosen, by site and in order.
using ChoiceList = std::map<std::string, std::vector<int64_t>, std::less<>>;

// One site; draws like a generator. A choice that it was told and that is out of bounds by now
// counts as the nearest bound; behind the last one it draws again.
class Site {
 public:
  Site(Random random, const std::vector<int64_t>* told, bool keeps)
      : random_(random), told_(told), keeps_(keeps) {}

  // Uniform in [0, bound); bound > 0.
  uint64_t below(uint64_t bound);
  // Uniform in [low, high], both included.
  int64_t between(int64_t low, int64_t high);
  // True once in `denominator` draws on average; never, and no choice, when it is 0.
  bool one_in(uint64_t denominator) { return denominator != 0 && below(denominator) == 0; }
  // Any number.
  uint64_t next();

  const std::vector<int64_t>& chosen() const { return chosen_; }

 private:
  bool is_told() const { return told_ != nullptr && count_ < told_->size(); }
  int64_t note(int64_t value);

  Random random_;
  const std::vector<int64_t>* told_;
  bool keeps_;
  size_t count_ = 0;
  std::vector<int64_t> chosen_;
};

class Choices {
 public:
  // `told` may be nullptr and outlives the choices; only with `keeps` is taken() what was chosen.
  Choices(Random random, const ChoiceList* told, bool keeps)
      : random_(random), told_(told), keeps_(keeps) {}

  // The site of that name, which stays where it is.
  Site& site(const std::string& name);
  ChoiceList taken() const;

 private:
  Random random_;
  const ChoiceList* told_;
  bool keeps_;
  std::map<std::string, std::unique_ptr<Site>, std::less<>> sites_;
};

}  // namespace zoetrope::sim
