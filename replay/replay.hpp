// Runs a server from its recording, offline: a driver that feeds the recorded inputs to the same
// engine, and compares what comes of each with what had come of it. Bytes in, findings out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/time.hpp"
#include "core/node/server.hpp"
#include "record/entry.hpp"
#include "record/file.hpp"

namespace zoetrope::replay {

// A step that was taken again.
struct Step {
  uint64_t run = 0;
  uint64_t number = 0;  // from the start of the process, 0 the start itself
  Now now;
  const node::Input* input = nullptr;  // none: the start
  const node::Effects* effects = nullptr;
  const node::Server* server = nullptr;  // after it
  // To other servers: with what the input brought, before what the effects send and what it closed.
  record::PeerConnections* connections = nullptr;
};

// Something that ends a part of a recording.
enum class BreakKind : uint8_t {
  kStopped,  // the server ended in order
  kKilled,   // it ended without a word
  kGap,      // steps are missing
  kLeft,     // nothing more was recorded, although it went on
};
struct Break {
  BreakKind kind = BreakKind::kStopped;
  uint64_t run = 0;
  uint64_t step = 0;  // that would have been the next one
  Now now;            // of the last one
};

struct Damage {
  std::string file;
  DecodeError error;
};

// The first step of which something else came.
struct Difference {
  std::string file;
  uint64_t step = 0;
  Now now;
  std::string input;
  std::vector<std::string> effects;  // that came now; empty: the state before it is another one
};

struct Report {
  ServerId server;
  uint64_t files = 0;
  uint64_t steps = 0;
  uint64_t inputs_compared = 0;  // all but those in which the process died or that were lost
  uint64_t states_compared = 0;
  std::optional<Now> first, last;
  uint64_t effects = 0;      // hash over those of all steps
  uint64_t fingerprint = 0;  // of the last state
  std::vector<Break> breaks;
  std::vector<Damage> damages;
  std::optional<Difference> difference;
};

class Replayer {
 public:
  using SeeStep = std::function<void(const Step&)>;
  using SeeBreak = std::function<void(const Break&)>;
  explicit Replayer(SeeStep see_step = {}, SeeBreak see_break = {})
      : see_step_(std::move(see_step)), see_break_(std::move(see_break)) {}

  // A file's content; oldest first. Damage ends the file, and a later one begins anew from its own
  // state. Nothing more is run behind a difference.
  void take(std::string_view name, std::string_view file);
  // No further file.
  Report finish();

 private:
  bool begin(std::string_view name, const record::FileReader& reader);
  bool run(record::Entry& entry);
  bool compare(const record::Entry& entry, std::string_view name);
  void end(bool is_gap);
  void refuse(std::string_view name, DecodeError error);

  SeeStep see_step_;
  SeeBreak see_break_;
  Report report_;
  RunningHash hash_;
  std::unique_ptr<node::Server> server_;
  node::Effects effects_;
  record::EffectsHash effects_hash_;
  record::PeerConnections connections_;
  uint64_t run_ = 0, step_ = 0;
  uint64_t last_effects_ = 0;              // of the last step in this file
  std::optional<node::Input> last_input_;  // none: the start
  Now now_;
  bool is_halted_ = false;
  bool is_ended_ = true;  // the file before was whole
};

}  // namespace zoetrope::replay
