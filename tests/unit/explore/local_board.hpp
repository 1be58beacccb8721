// A board for one worker, which keeps what it saw.
#pragma once

#include <deque>
#include <set>
#include <unordered_set>

#include "explore/search.hpp"

namespace zoetrope::explore {

class LocalBoard final : public Board {
 public:
  bool claim(uint64_t fingerprint) override { return seen.insert(fingerprint).second; }
  bool is_hungry() const override { return shares && paths.size() < 2; }
  void give(Path path) override { paths.push_back(std::move(path)); }
  bool go_on(const Counters& so_far) override { return so_far.states < states_max; }
  void ended(uint64_t fingerprint, Ending ending) override { ends.insert({fingerprint, ending}); }

  bool shares = false;  // hands paths out as if somebody else had nothing to do
  uint64_t states_max = UINT64_MAX;
  std::unordered_set<uint64_t> seen;
  std::set<std::pair<uint64_t, Ending>> ends;
  std::deque<Path> paths;
};

struct Explored {
  Counters totals;
  std::optional<Found> found;
  std::set<std::pair<uint64_t, Ending>> ends;
  bool is_complete = false;
};

// Everything, in this thread.
inline Explored explore_here(const Scope& scope, const Bounds& bounds, bool reduce = true,
                             bool shares = false) {
  LocalBoard board;
  board.shares = shares;
  Search search(scope, bounds, reduce, board);
  Explored explored;
  explored.is_complete = search.explore({});
  while (explored.is_complete && !board.paths.empty()) {
    const Path path = board.paths.front();
    board.paths.pop_front();
    explored.is_complete = search.explore(path);
  }
  explored.totals = search.counters();
  explored.found = search.found();
  explored.ends = board.ends;
  return explored;
}

}  // namespace zoetrope::explore
