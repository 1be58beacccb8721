// The one queue of everything that is going to happen, ordered by virtual time and, within one
// instant, by the order in which it was planned. Owns the events and the virtual time; it never
// calls anybody: the world takes the next event and acts.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/time.hpp"

namespace zoetrope::sim {

enum class EventKind : uint8_t {
  // Network; the subject is a connection.
  kConnectArrives,
  kConnectAnswered,
  kSegmentArrives,
  kEndArrives,  // no more bytes will come: the peer closed
  kResetArrives,
  kReadable,  // a reader goes on reading
  // Processes; the subject is the index of the process.
  kDiskDone,
  kBatchEnd,
  kTick,
  kStart,
  kCrash,
  // Clients; the subject is the index of the client.
  kClientWake,
  // The faults; the subject is the index of the step.
  kFault,
  // Later kinds stand behind, so that the numbers above stay what they are in traces.
  kGiveUp,       // network: a sender's bytes have waited too long
  kDialTimeout,  // process: a connection that was asked for has not come about
  kReload,       // process: it cuts its history and recovers
  kHeal,         // fault plan: a partition ends; the subject is its number
  kFileRead,     // process: the oldest piece of a file that was asked for is there
  kDiskHeals,    // faults: a disk is whole again; the subject is the index of its process
  kAcceptsLate,  // network: a process accepts a connection that its kernel has accepted before
  kServed,       // process: what it took of its inputs is worked off
  kFaultEnds,    // faults: the subject is the number of what is going on
  kErrand,       // faults: one more part of something that takes several; the subject is its number
};
std::string_view to_string(EventKind kind);

struct Event {
  MonotonicTime at;
  uint64_t sequence = 0;
  uint64_t subject = 0;
  uint64_t detail = 0;  // length, lane or generation: the receiver knows
  EventKind kind = EventKind::kFault;
  uint8_t side = 0;    // the end of a connection that is to be told
  uint32_t cause = 0;  // number of the event during which it was planned; 0: before the first
};

class EventQueue {
 public:
  MonotonicTime now() const { return now_; }
  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }

  // Plans an event; `event.at` is not before now. Its sequence is given here.
  void push(Event event) {
    ZT_ASSERT(event.at >= now_);
    event.sequence = next_sequence_++;
    event.cause = taken_;
    heap_.push_back(event);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  // Takes the next event and moves the time to it.
  Event pop() {
    ZT_ASSERT(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Event event = heap_.back();
    heap_.pop_back();
    now_ = event.at;
    ++taken_;
    return event;
  }

 private:
  static bool later(const Event& a, const Event& b) {
    if (a.at != b.at) return a.at > b.at;
    return a.sequence > b.sequence;
  }

  std::vector<Event> heap_;
  MonotonicTime now_;
  uint64_t next_sequence_ = 1;
  uint32_t taken_ = 0;  // events, and so the number of the present one
};

}  // namespace zoetrope::sim
