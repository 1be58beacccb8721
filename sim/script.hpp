// What a client does in a run, one action after the other, as data: written by a person, kept from
// an earlier run, or drawn from a seed while the run goes on. Nothing in it depends on what servers
// answer; names that a server makes up are referred to by number. Owns the drawing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/time.hpp"
#include "properties/history.hpp"
#include "sim/workload.hpp"

namespace zoetrope::sim {

// Sends one request.
struct Operate {
  ScriptOperation operation;
  std::vector<ScriptOperation> parts;  // of a multi or a multiRead
};
// Leaves its server and comes back later, or goes to another one at once.
struct Leave {
  bool resets = false;
  bool at_once = false;
};
struct CloseSession {};
// Says nothing more, with its connection open or closed, for that part of the session's time-out.
struct FallSilent {
  bool closes = false;
  uint64_t percent_of_timeout = 100;
};
// Loses power for that part of the session's time-out: the server's end stays half-open.
struct Vanish {
  uint64_t percent_of_timeout = 100;
};
// Sends what no proper client sends.
struct SendMalformed {
  enum class Kind : uint8_t {
    kShortSetData,  // the body ends before its time
    kShortGetData,
    kUnknownType,
    kNegativeLength,  // of the frame
    kHugeLength,
    kNoHeader,  // no room for one
  };
  Kind kind = Kind::kShortSetData;
};
// Reads nothing for that part of the session's time-out.
struct ReadSlowly {
  uint64_t percent_of_timeout = 10;
};

using ClientDeed =
    std::variant<Operate, Leave, CloseSession, FallSilent, Vanish, SendMalformed, ReadSlowly>;

struct ClientAction {
  ClientDeed deed;
  Duration pause;  // before the next one
};

// How often a drawn script does what. Odds are "one in n actions", 0 for never.
struct ScriptConfig {
  uint64_t actions = 100;
  int64_t think_us_max = 2000;  // longest pause between two
  WorkloadConfig workload;
  uint64_t drop_one_in = 0;           // closes the connection and comes back
  uint64_t break_one_in = 0;          // the same with a reset
  uint64_t move_one_in = 0;           // leaves its server and goes to another one at once
  uint64_t close_session_one_in = 0;  // closes the session and makes a new one
  uint64_t abandon_one_in = 0;        // is silent until the session must have expired
  uint64_t vanish_one_in = 0;         // loses power: the server's end stays half-open
  uint64_t malformed_one_in = 0;
  uint64_t slow_read_one_in = 0;
};

class Script {
 public:
  // The given actions; without them, drawn ones. `label` begins whatever data they write.
  Script(ScriptConfig config, std::optional<std::vector<ClientAction>> told, std::string label,
         Random random, bool keeps);

  bool is_over() const { return taken_ >= size(); }
  // The next action; it is as if it were done.
  ClientAction take();
  // The same, if it is an operation; nullopt otherwise, and then it is still to come.
  std::optional<ClientAction> take_operation();
  // All of it, taken or not; of a drawn one only if it is kept.
  std::vector<ClientAction> whole();

 private:
  uint64_t size() const { return told_ ? told_->size() : config_.actions; }
  const ClientAction& peek();
  ClientAction draw();
  ClientDeed draw_deed();
  std::optional<ClientDeed> draw_disturbance();

  ScriptConfig config_;
  std::optional<std::vector<ClientAction>> told_;
  std::string label_;
  Random random_;
  Workload workload_;
  bool keeps_;
  uint64_t taken_ = 0;
  std::optional<ClientAction> drawn_;  // and not yet taken
  std::vector<ClientAction> kept_;
};

}  // namespace zoetrope::sim
