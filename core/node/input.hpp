// What can happen to a server: the closed list of inputs of step(). Views live during the step
// only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/base/endpoint.hpp"
#include "core/base/ids.hpp"
#include "core/storage/disk.hpp"
#include "core/storage/recovery.hpp"

namespace zoetrope::node {

// Which listener of the server a connection belongs to.
enum class Port : uint8_t { kClient, kQuorum, kElection, kObserverMaster };

// The driver accepted a connection and gave it an id.
struct Opened {
  ConnectionId connection;
  Port port = Port::kClient;
  Endpoint remote;
  Endpoint local;
};
// A Connect succeeded; the connection is like an accepted one from now on.
struct Connected {
  uint64_t token = 0;
  ConnectionId connection;
  Endpoint remote;
  Endpoint local = {};  // for recordings: the engine makes no use of it
};
struct ConnectFailed {
  uint64_t token = 0;
  std::string_view why;  // one line
};
// Bytes arrived, cut anywhere.
struct Received {
  ConnectionId connection;
  std::string_view bytes;
};
// The connection is gone (closed by the peer, reset, or an error). Not sent for a Close effect.
struct Closed {
  ConnectionId connection;
};
// Unsent output of a connection rose above Config::output_bytes_high (or another half of it since
// the last report), or fell below half of it; or the answer to an AskBacklog.
struct Backlog {
  ConnectionId connection;
  uint64_t unsent_bytes = 0;
};
// A DiskOp completed; error is nullopt when it was done.
struct DiskDone {
  uint64_t op = 0;
  std::optional<storage::DiskError> error;
};
// Answer to a ReadFile: the bytes, fewer than were asked for only at the end of the file, or why
// there are none.
struct FileRead {
  uint64_t token = 0;
  std::string_view bytes;
  std::optional<storage::DiskError> error;
};
// Answer to a Reload. The server moves the state out of where it stands.
struct Reloaded {
  storage::RecoveredState* state = nullptr;
};
// Answer to a HostFactsQuery.
struct HostFacts {
  int64_t open_files = 0, open_files_max = 0, resident_bytes = 0;
};
// A deadline named by next_deadline() passed. Harmless at any other time.
struct Tick {};
// The driver has no further input at hand: the server issues what it gathered (one log write and
// sync for the batch). A driver sends it before it waits; how much lies between two is its own
// choice.
struct BatchEnd {};
// Orderly stop: the server stops reading, makes durable what it has, then emits Halt.
struct Shutdown {};

using Input = std::variant<Opened, Connected, ConnectFailed, Received, Closed, Backlog, DiskDone,
                           FileRead, Reloaded, HostFacts, Tick, BatchEnd, Shutdown>;

}  // namespace zoetrope::node
