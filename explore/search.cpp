#include "explore/search.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace zoetrope::explore {

namespace {

constexpr uint64_t kReportEvery = 4096;  // transitions

}  // namespace

void Counters::add(const Counters& other) {
  states += other.states;
  transitions += other.transitions;
  runs += other.runs;
  led += other.led;
  excused += other.excused;
  reduced += other.reduced;
  cycles += other.cycles;
  depth = std::max(depth, other.depth);
  local_states += other.local_states;
  engine_steps += other.engine_steps;
}

Search::Search(const Scope& scope, const Bounds& bounds, bool reduce, Board& board)
    : world_(scope, bounds), reduce_(reduce), board_(board) {}

const Counters& Search::counters() {
  counters_.local_states = world_.locals().states();
  counters_.engine_steps = world_.locals().steps();
  return counters_;
}

Path Search::path() const {
  Path path;
  for (size_t i = 1; i < stack_.size(); ++i) path.push_back(stack_[i].by);
  if (!stack_.empty() && stack_.back().next != 0) {
    path.push_back(stack_.back().choices[stack_.back().next - 1]);
  }
  return path;
}

bool Search::explore(const Path& path) {
  stack_.clear();
  on_stack_.clear();
  State state = world_.initial();
  Choice by;
  // What leads there is others' to explore; it stands on the stack as a part of the run.
  for (const Choice& choice : path) {
    const uint64_t fingerprint = world_.fingerprint(state);
    on_stack_.insert(fingerprint);
    stack_.push_back({state, by, fingerprint, {choice}, 1, false});
    violations_.clear();
    world_.apply(state, choice, violations_);
    by = choice;
    if (!violations_.empty()) return fail(violations_.front());
  }
  const uint64_t fingerprint = world_.fingerprint(state);
  if (!board_.claim(fingerprint)) {
    ++counters_.runs;
    return true;
  }
  const size_t bottom = stack_.size();
  if (!enter(std::move(state), by, fingerprint)) return false;
  while (stack_.size() > bottom) {
    if (stack_.back().next == stack_.back().choices.size()) {
      on_stack_.erase(stack_.back().fingerprint);
      stack_.pop_back();
    } else if (!follow_next()) {
      return false;
    }
  }
  return true;
}

bool Search::enter(State state, const Choice& by, uint64_t fingerprint) {
  ++counters_.states;
  Frame frame{.state = std::move(state), .by = by, .fingerprint = fingerprint};
  world_.choices(frame.state, frame.choices);
  const Ending ending = world_.ending(frame.state, frame.choices);
  counters_.led += ending == Ending::kLed;
  counters_.excused += ending == Ending::kExcused;
  if (ending != Ending::kNone) board_.ended(fingerprint, ending);
  frame.is_reduced = reduce_ && world_.reduce(frame.state, frame.choices);
  counters_.reduced += frame.is_reduced;
  counters_.runs += frame.choices.empty();
  stack_.push_back(std::move(frame));
  on_stack_.insert(fingerprint);
  counters_.depth = std::max<uint64_t>(counters_.depth, stack_.size() - 1);
  if (ending == Ending::kStuck) return fail(stuck(world_, stack_.back().state));
  return true;
}

bool Search::follow_next() {
  Frame& frame = stack_.back();
  const Choice choice = frame.choices[frame.next++];
  State state = frame.state;
  violations_.clear();
  world_.apply(state, choice, violations_);
  ++counters_.transitions;
  if (!violations_.empty()) return fail(violations_.front());
  const uint64_t fingerprint = world_.fingerprint(state);
  if (board_.claim(fingerprint)) {
    if (!enter(std::move(state), choice, fingerprint)) return false;
  } else {
    ++counters_.runs;
    counters_.cycles += on_stack_.contains(fingerprint);
  }
  if (board_.is_hungry()) share();
  return counters_.transitions % kReportEvery != 0 || board_.go_on(counters());
}

// The earliest choice that is open: behind it there is most.
void Search::share() {
  Path path;
  for (size_t i = 0; i < stack_.size(); ++i) {
    Frame& frame = stack_[i];
    if (i != 0) path.push_back(frame.by);
    if (frame.next >= frame.choices.size()) continue;
    path.push_back(frame.choices.back());
    frame.choices.pop_back();
    ++counters_.transitions;
    return board_.give(std::move(path));
  }
}

bool Search::fail(Violation violation) {
  found_ = Found{path(), std::move(violation)};
  return false;
}

Violation stuck(const World& world, const State& state) {
  std::string text = "no leader comes although a quorum is up and connected:";
  for (int server = 0; server < world.servers(); ++server) {
    text += (server == 0 ? " " : "; ") + world.describe(state, server);
  }
  return {"a_leader_comes", text};
}

Replay replay(World& world, const Path& path, bool lenient) {
  Replay replay{.state = world.initial()};
  for (const Choice& choice : path) {
    if (!replay.violations.empty()) break;
    if (!world.is_possible(replay.state, choice)) {
      if (lenient) continue;
      replay.is_whole = false;
      return replay;
    }
    replay.steps.push_back(world.describe(replay.state, choice));
    world.apply(replay.state, choice, replay.violations);
    replay.path.push_back(choice);
  }
  std::vector<Choice> choices;
  world.choices(replay.state, choices);
  replay.ending = world.ending(replay.state, choices);
  if (replay.violations.empty() && replay.ending == Ending::kStuck) {
    replay.violations.push_back(stuck(world, replay.state));
  }
  return replay;
}

Found shorten(const Scope& scope, const Bounds& bounds, Found found) {
  World world(scope, bounds);
  const auto try_path = [&](const Path& path) {
    const Replay shorter = replay(world, path, true);
    if (shorter.path.size() >= found.path.size()) return false;
    for (const Violation& violation : shorter.violations) {
      if (violation.property != found.violation.property) continue;
      found = {shorter.path, violation};
      return true;
    }
    return false;
  };
  for (size_t size = std::max<size_t>(found.path.size() / 2, 1);; size /= 2) {
    // From the end, so that what is left out takes its consequences with it.
    for (size_t begin = found.path.size(); begin-- > 1;) {
      if (begin >= found.path.size()) continue;
      Path path = found.path;
      const size_t end = std::min(begin + size, path.size());
      path.erase(path.begin() + static_cast<ptrdiff_t>(begin),
                 path.begin() + static_cast<ptrdiff_t>(end));
      try_path(path);
    }
    if (size == 1) return found;
  }
}

}  // namespace zoetrope::explore
