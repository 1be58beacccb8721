// What identifies a run: a running hash over everything that happens, and on request a text that
// shows it. Owns the hash; it never influences the run.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/hash.hpp"
#include "sim/event_queue.hpp"

namespace zoetrope::sim {

// Takes the lines of a readable trace, in order.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void line(std::string_view text) = 0;
};

class Trace {
 public:
  // `sink` may be nullptr and outlives the trace.
  explicit Trace(TraceSink* sink) : sink_(sink) {}

  void event(const Event& event);
  // Any further fact that two equal runs share: bytes, fingerprints.
  void bytes(std::string_view bytes) { hash_.add(bytes); }
  void number(uint64_t value) { hash_.add(value); }

  bool readable() const { return sink_ != nullptr; }
  // A line under the present event; callers build the text only when readable().
  void note(std::string_view text);

  uint64_t hash() const { return hash_.value(); }
  uint64_t event_count() const { return event_count_; }

 private:
  RunningHash hash_;
  uint64_t event_count_ = 0;
  TraceSink* sink_;
};

// "12.345678ms", the form of every time in traces and messages.
std::string time_text(MonotonicTime at);

}  // namespace zoetrope::sim
