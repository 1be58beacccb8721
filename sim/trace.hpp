// What identifies a run: a running hash over everything that happens, and on request a text that
// shows it and records of it. Owns the hash; it never influences the run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/hash.hpp"
#include "sim/event_queue.hpp"
#include "sim/record.hpp"

namespace zoetrope::sim {

// Takes the lines of a readable trace, in order.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void line(std::string_view text) = 0;
};

class Trace {
 public:
  // Both may be nullptr and outlive the trace.
  explicit Trace(TraceSink* sink, RecordSink* records = nullptr) : sink_(sink), records_(records) {}

  void event(const Event& event);
  // Any further fact that two equal runs share: bytes, fingerprints.
  void bytes(std::string_view bytes) { hash_.add(bytes); }
  void number(uint64_t value) { hash_.add(value); }

  bool readable() const { return sink_ != nullptr; }
  // A line under the present event; callers build the text only when readable().
  void note(std::string_view text);

  // Whether somebody takes records; callers build them only then. Number and time are those of
  // the present event.
  bool records() const { return records_ != nullptr; }
  void record(Record record);
  void state(uint32_t lane, StateChange change, uint64_t subject = 0, std::string_view text = {});
  void fault(FaultPhase phase, uint64_t subject, std::string_view text);
  // The bytes are part of the hash already.
  void delivery(const Delivery& delivery, bool waits);
  void send(uint32_t lane, ConnectionId connection, std::string_view bytes);
  // False: whoever takes the records has seen enough.
  bool wants_more() const { return records_ == nullptr || records_->wants_more(); }

  void end_records() { records_ = nullptr; }

  uint64_t hash() const { return hash_.value(); }
  uint64_t event_count() const { return event_count_; }

 private:
  RunningHash hash_;
  uint64_t event_count_ = 0;
  TraceSink* sink_;
  RecordSink* records_;
  MonotonicTime at_;  // of the present event, if there are records
};

// "12.345678ms", the form of every time in traces and messages.
std::string time_text(MonotonicTime at);

}  // namespace zoetrope::sim
