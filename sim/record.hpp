// What a run says of itself, one record a fact, in the order in which things happen: for traces on
// disk, for comparing two runs and for pictures. Plain values and the interface of whoever takes
// them; a run without a taker builds none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.hpp"
#include "sim/network.hpp"

namespace zoetrope::sim {

enum class RecordKind : uint8_t {
  kEvent,      // of the queue; what: EventKind. All further records up to the next are of it
  kDelivery,   // to the owner of an end; what: Delivery::Kind, detail: bytes
  kInput,      // the engine takes one; what: index of node::Input, subject: operation or token
  kEffect,     // of the engine, carried out; what: index of node::Effect
  kState,      // of a server; what: StateChange
  kFault,      // what: FaultPhase
  kOperation,  // of a client; what: properties::OpKind, detail: Phase
  kViolation,
};
inline constexpr size_t kRecordKinds = static_cast<size_t>(RecordKind::kViolation) + 1;
// `what` is below that, in every kind.
inline constexpr size_t kWhatMax = 32;

enum class StateChange : uint8_t {
  kStarted,    // subject: newest zxid
  kRefused,    // to start
  kStanding,   // another role, epoch or leader; text: which, subject: epoch
  kApplied,    // subject: newest zxid that is applied
  kKilled,     // the process is gone; what it wrote stays
  kPowerLost,  // the machine
  kHalted,     // by itself
  kReloads,    // cuts its history and recovers
  kPaused,
  kGoesOn,
};
enum class FaultPhase : uint8_t {
  kStep,    // a step of the plan is carried out; subject: its index
  kBegins,  // something that lasts
  kEnds,
};
enum class OperationPhase : uint8_t { kInvoked, kAnswered, kUnknown };

// Of the world itself, not of a host.
inline constexpr uint32_t kWorldLane = UINT32_MAX;

struct Record {
  RecordKind kind = RecordKind::kEvent;
  uint8_t what = 0;
  bool side = false;     // of an event or a delivery: the acceptor's
  bool waits = false;    // a delivery: not taken now; a Send: to nobody any more
  MonotonicTime at;      // of the event
  uint64_t number = 0;   // of the event: 1, 2, ...; 0: before the first
  uint64_t cause = 0;    // of an event: the number of the one that planned it; 0: none
  uint32_t lane = 0;     // host: servers first, then clients; of all but events
  uint64_t subject = 0;  // connection, operation, token, zxid, index: see the kinds
  uint64_t detail = 0;
  uint16_t digest = 0;    // of bytes that are not in the record; 0: there are none
  std::string_view text;  // one line
  // Not in a file, and gone when the taker returns.
  std::string_view bytes;
  uint32_t peer = 0;  // of a delivery: the host at the other end
  node::Port port = node::Port::kClient;
};

// Takes the records of one run.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void record(const Record& record) = 0;
  // The run ends early, behind the present event, once this is false.
  bool wants_more() const { return wants_more_; }

 protected:
  bool wants_more_ = true;
};

// Gives every record to several.
class RecordTee : public RecordSink {
 public:
  explicit RecordTee(std::vector<RecordSink*> sinks) : sinks_(std::move(sinks)) {}
  void record(const Record& record) override {
    for (RecordSink* sink : sinks_) {
      sink->record(record);
      wants_more_ = wants_more_ && sink->wants_more();
    }
  }

 private:
  std::vector<RecordSink*> sinks_;
};

// `what` of a kind is below that.
uint8_t whats_of(RecordKind kind);
// "segment arrives, connection 5.1 at the acceptor, 60 bytes": all but time and number.
// `servers`: so many lanes are servers, by their ids 1, 2, ...
std::string describe(const Record& record, uint32_t servers);
// The same with number, time and cause of an event in front; what is of an event is indented.
std::string line_of(const Record& record, uint32_t servers);
// "server 2", "client 0", "the world".
std::string lane_name(uint32_t lane, uint32_t servers);
// "3.1": slot and generation.
std::string connection_text(uint64_t connection);
std::string zxid_text(uint64_t zxid);

}  // namespace zoetrope::sim
