// What happened, as a person looks at it: lanes (servers, clients), what each of them did at which
// time, and the messages between them. A simulated run, the recording of a real server, or the
// merged recordings of an ensemble become a story; every export draws one. Plain values; knows
// neither simulator nor engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/time.hpp"

namespace zoetrope::trace {

enum class LaneKind : uint8_t { kServer, kClient, kWorld };

struct Lane {
  std::string name;  // "server 1", "client 3", "faults"
  LaneKind kind = LaneKind::kServer;
};

// What an event is about; exports give each its look.
enum class EventKind : uint8_t {
  kStep,       // a step of the engine without anything that stands below
  kSend,       // the first end of a message
  kReceive,    // the last end of a message
  kDisk,       // written, synced, renamed
  kTimer,      // a tick
  kState,      // LOOKING, LEADING, FOLLOWING, OBSERVING, a new epoch
  kCommit,     // a transaction became visible
  kFault,      // something was done to it
  kLife,       // started, killed, stopped
  kOperation,  // of a client: invoked or answered
  kViolation,
};

struct Event {
  MonotonicTime at;
  uint32_t lane = 0;
  EventKind kind = EventKind::kStep;
  std::string text;               // one line: "append 0x100000003", "elected, epoch 2"
  std::optional<uint64_t> cause;  // index of the event that planned it, when it is known
  uint64_t number = 0;            // in the run or the recording that it comes from: 1, 2, ...
};

// From one event to a later one.
struct Message {
  uint64_t from = 0, to = 0;  // indices into events
  std::string text;           // "PROPOSAL 0x100000003", "getData /a"
  uint64_t bytes = 0;
};

// How long something lasted: an operation, a partition, a time in office.
struct Span {
  uint32_t lane = 0;
  MonotonicTime from, to;
  EventKind kind = EventKind::kState;
  std::string text;
};

struct Story {
  std::string title;
  std::vector<Lane> lanes;
  std::vector<Event> events;  // ascending by time, then as they happened
  std::vector<Message> messages;
  std::vector<Span> spans;
};

}  // namespace zoetrope::trace
