// The whole small ensemble: servers, the streams between them, who may still crash, and what was
// agreed on. A state is a value; the world says what may happen in it and what comes of that.
//
// A crash takes what a server had in memory and what was on the way to it. What it had sent is
// still on the way, in front of a mark that its connections are closed, and may be lost from any
// point on (Kind::kBreak). So each event concerns one server alone, and events of different servers
// commute: see reduction.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "explore/choice.hpp"
#include "explore/locals.hpp"
#include "explore/scope.hpp"

namespace zoetrope::explore {

struct State {
  std::array<LocalId, kServersMax> local{};
  std::array<uint8_t, kServersMax> crashes_left{};
  std::array<uint8_t, kServersMax> incarnation{};  // 0: down
  std::array<uint8_t, kServersMax> lives{};        // so far
  // known[a][b]: the incarnation of b to which a has connections; 0: none.
  std::array<std::array<uint8_t, kServersMax>, kServersMax> known{};
  std::array<uint8_t, kLanes * kServersMax * kServersMax> length{};  // of each stream
  uint8_t silences_left = 0;
  bool has_begun = false;
  std::vector<MessageId> queued;  // of all streams, one stream behind the other
  std::vector<FactId> facts;      // ascending
};

// How a state stands in which nothing but a crash, a restart or silence is left.
enum class Ending : uint8_t { kNone, kLed, kExcused, kSilence, kStuck };

class World {
 public:
  World(const Scope& scope, const Bounds& bounds);

  State initial();
  void choices(const State& state, std::vector<Choice>& out) const;
  bool is_possible(const State& state, const Choice& choice) const;
  // Violations are appended.
  void apply(State& state, const Choice& choice, std::vector<Violation>& violations);
  uint64_t fingerprint(const State& state) const;

  // Whether `choices`, which are all, leave nothing to happen by itself; and how it ends then.
  Ending ending(const State& state, const std::vector<Choice>& choices) const;
  // Takes out of `choices` those whose turn may come later without any loss; see reduction.cpp.
  // True when some were.
  bool reduce(const State& state, std::vector<Choice>& choices) const;

  // One line: what a choice means in this state.
  std::string describe(const State& state, const Choice& choice) const;
  std::string describe(const State& state, int server) const;
  int servers() const { return bounds_.servers; }
  const Locals& locals() const { return locals_; }

 private:
  size_t stream(int from, int to, int lane) const;
  size_t offset(const State& state, size_t stream) const;
  void push(State& state, int from, int to, int lane, MessageId message);
  void pop(State& state, size_t stream, size_t count = 1) const;
  void clear_inbound(State& state, int server) const;
  MessageId front(const State& state, size_t stream) const;
  std::optional<size_t> closing_mark(const State& state, size_t stream) const;
  void take(State& state, int server, const Locals::Event& event,
            std::vector<Violation>& violations);
  void add_fact(State& state, FactId id, std::vector<Violation>& violations) const;
  void deliver(State& state, const Choice& choice, std::vector<Violation>& violations);
  void begin(State& state, int distribution, std::vector<Violation>& violations);
  void crash(State& state, int server, std::vector<Violation>& violations);
  void restart(State& state, int server, std::vector<Violation>& violations);
  void pass_silence(State& state, std::vector<Violation>& violations);
  Silence silence_at(const State& state, int server) const;
  bool is_linked(const State& state, int a, int b) const;
  bool is_quorum(int count) const { return 2 * count > bounds_.servers; }
  bool is_led(const State& state) const;

  const Scope& scope_;
  const Bounds bounds_;
  Locals locals_;
  std::vector<std::array<uint8_t, kServersMax>> distributions_;  // of the crashes
};

}  // namespace zoetrope::explore
