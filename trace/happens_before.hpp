// What may have influenced what: the order of each lane and the messages between lanes (Lamport
// 1978), as vector clocks.
#pragma once

#include <span>
#include <vector>

#include "trace/story.hpp"

namespace zoetrope::trace {

class Clocks {
 public:
  explicit Clocks(const Story& story);

  // By lane: how many of its events happened before this one, itself included.
  std::span<const uint32_t> of(uint64_t event) const {
    return std::span(values_).subspan(event * lanes_, lanes_);
  }
  // Whether it is `later` or happened before it.
  bool reaches(uint64_t event, uint64_t later) const;

 private:
  const Story& story_;
  size_t lanes_;
  std::vector<uint32_t> values_;
};

// By event: the one before it on its lane.
std::vector<std::optional<uint64_t>> predecessors(const Story& story);

}  // namespace zoetrope::trace
