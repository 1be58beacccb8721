// Depth first through all states of a world. Several workers may share the states out: each has a
// world of its own, and a Board says which states were seen and who has nothing left to do. Runs no
// thread itself.
#pragma once

#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "explore/choice.hpp"
#include "explore/world.hpp"

namespace zoetrope::explore {

struct Counters {
  uint64_t states = 0;       // different ones
  uint64_t transitions = 0;  // followed
  uint64_t runs = 0;         // walked until a state came that was known, or the end
  uint64_t led = 0;  // different states in which nothing more happens by itself, and a leader leads
  uint64_t excused = 0;  // ... and none leads, as the bounds allow
  uint64_t reduced = 0;  // states of which not every choice was followed
  uint64_t cycles = 0;   // a run came back to a state of its own
  uint64_t depth = 0;    // of the longest run
  uint64_t local_states = 0;
  uint64_t engine_steps = 0;
  void add(const Counters& other);
};

struct Found {
  Path path;
  Violation violation;
};

class Board {
 public:
  virtual ~Board() = default;
  // True for whoever asks first: the state is that worker's.
  virtual bool claim(uint64_t fingerprint) = 0;
  virtual bool is_hungry() const = 0;
  virtual void give(Path path) = 0;
  // Now and then; false: stop.
  virtual bool go_on(const Counters& so_far) = 0;
  virtual void ended(uint64_t /*fingerprint*/, Ending /*ending*/) {}
};

class Search {
 public:
  Search(const Scope& scope, const Bounds& bounds, bool reduce, Board& board);

  // Everything behind `path`. False when the board said stop, or something was found.
  bool explore(const Path& path);
  const std::optional<Found>& found() const { return found_; }
  const Counters& counters();
  // The run that is being followed, with the step that is being taken.
  Path path() const;

 private:
  struct Frame {
    State state;
    Choice by;  // that led here
    uint64_t fingerprint = 0;
    std::vector<Choice> choices;
    size_t next = 0;
    bool is_reduced = false;
  };
  bool enter(State state, const Choice& by, uint64_t fingerprint);
  bool follow_next();
  bool fail(Violation violation);
  void share();

  World world_;
  bool reduce_;
  Board& board_;
  std::vector<Frame> stack_;
  boost::unordered_flat_set<uint64_t> on_stack_;
  std::vector<Violation> violations_;
  std::optional<Found> found_;
  Counters counters_;
};

// The same violation in fewer steps, if leaving some out does it.
Found shorten(const Scope& scope, const Bounds& bounds, Found found);

// Follows a path; what is not possible in its place is left out when `lenient`, else it ends there.
struct Replay {
  Path path;  // that was followed
  std::vector<std::string> steps;
  State state;
  std::vector<Violation> violations;
  bool is_whole = true;
  Ending ending = Ending::kNone;
};
Replay replay(World& world, const Path& path, bool lenient);

// Of a state that stays without a leader.
Violation stuck(const World& world, const State& state);

}  // namespace zoetrope::explore
