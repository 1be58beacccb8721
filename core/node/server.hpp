// One server as one value: inputs go in, effects come out. It owns all protocol state; it owns no
// socket, file, thread, clock or entropy. The integrator's contract:
//   1. recover() the data directory, construct, carry out the effects of start().
//   2. For each thing that happens call step(); carry out the effects in order. Send BatchEnd when
//   no
//      further input is at hand, and a Tick when next_deadline() has passed.
//   3. Disk operations of one lane are done in order; report each completion by DiskDone.
//   4. After Halt the server takes no further input.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/time.hpp"
#include "core/node/config.hpp"
#include "core/node/effects.hpp"
#include "core/node/input.hpp"
#include "core/storage/recovery.hpp"
#include "core/zab/epoch_files.hpp"
#include "core/zab/peer.hpp"

namespace zoetrope::node {

// What a tool shows of a server at one moment, beside its tree and its part in the ensemble.
struct Inspection {
  Zxid logged, durable, committed;
  uint64_t outstanding = 0;  // transactions that are not yet applied
  uint64_t connections = 0;
  uint64_t watches = 0;
  std::vector<std::pair<SessionId, int32_t>> sessions;  // with their time-outs in ms, ascending
};

class Server {
 public:
  // `seed` feeds the server's one generator (when to take snapshots).
  // `epochs`: of a member of an ensemble, as zab::read_epochs() found them.
  Server(Config config, storage::RecoveredState recovered, uint64_t seed, Now now,
         zab::Epochs epochs = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // First effects: what start-up itself wants done (a fresh snapshot, sessions' clean-up).
  void start(Now now, Effects& out);
  // Appends to `out`; the caller clears it.
  void step(Now now, const Input& input, Effects& out);
  // When it next wants a Tick; nullopt: never.
  std::optional<MonotonicTime> next_deadline() const;
  // Hash of the whole state in canonical order.
  uint64_t fingerprint() const;
  // The whole server as bytes (core/base/state_archive.hpp), and one that goes on from them as
  // the first would; nullptr where they are no state of a server of this build. Possible between
  // two steps while no snapshot is written, sent or read in and the log is not read back.
  bool can_be_saved() const;
  std::string save() const;
  static std::unique_ptr<Server> restored(std::string_view state);

  // For checkers and tools: the applied tree and the open sessions.
  const tree::Tree& tree() const;
  const Config& config() const;
  Inspection inspect() const;
  // The server's part in its ensemble; nullptr for one that stands alone.
  const zab::Peer* peer() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoetrope::node
