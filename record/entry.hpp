// One entry of a recording: what the engine of a real server was given, when, and what had come of
// the step before. Codec only; views of a decoded entry live as long as its bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/time.hpp"
#include "core/node/effects.hpp"
#include "core/node/input.hpp"
#include "record/peer_connections.hpp"

namespace zoetrope::record {

// The engine was started.
struct Start {};
// The end of a file: nothing was lost before it. What follows the last file's is a clean end.
struct End {};

struct Entry {
  Now now;
  // EffectsHash of the step before in the same file; 0 when there was none.
  uint64_t previous_effects = 0;
  std::variant<Start, End, PeerConnections, node::Input> what;
  // What a node::Reloaded points to.
  std::unique_ptr<storage::RecoveredState> reloaded;
};

void append_start(std::string& out, Now now);
void append_end(std::string& out, Now now, uint64_t previous_effects);
// The first entry of a file; as they were before the step behind it.
void append_connections(std::string& out, Now now, PeerConnections& connections);
void append_input(std::string& out, Now now, uint64_t previous_effects, const node::Input& input);
// nullopt: it is no entry.
std::optional<Entry> read_entry(std::string_view bytes);

// What came of one step, as a number: the effects behind a mark. Never 0. How a driver gathers the
// effects of several steps makes no difference, though bytes for one connection become one effect.
class EffectsHash {
 public:
  // Before the step.
  void mark(const node::Effects& effects) {
    count_ = effects.list().size();
    bytes_ = effects.byte_count();
  }
  // After it.
  // Connections are told what was sent and closed.
  uint64_t of(const node::Effects& effects, PeerConnections& connections);

 private:
  size_t count_ = 0, bytes_ = 0;
  std::string scratch_;
};

// One line each, for people.
std::string describe(const node::Input& input);
std::string describe(const node::Effect& effect, const node::Effects& effects);

}  // namespace zoetrope::record
