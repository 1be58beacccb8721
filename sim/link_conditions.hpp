// What passing from one host to another is like, where it is not like everywhere: its route through
// the topology, and what faults do to it. Owns the state of the direction; it plans no event.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/time.hpp"
#include "sim/choices.hpp"
#include "sim/latency.hpp"

namespace zoetrope::sim {

// Bytes go through at a limited rate, one after the other.
struct Pipe {
  uint64_t bytes_per_second = 0;  // 0: no limit
  MonotonicTime free_at;

  // When the last of these bytes is through that come at `at`.
  MonotonicTime pass(MonotonicTime at, uint64_t bytes);
};

// One leg of a route; its pipe is shared by all who take it, and outlives them.
struct Leg {
  Latency latency;
  Pipe* pipe = nullptr;
};
using Route = std::vector<Leg>;

// What a fault does to a direction; what is left out stays as it is.
struct Impairment {
  std::optional<Latency> delay;  // added
  uint64_t loss_one_in = 0;      // segments
  Duration retransmit_after;     // doubles with each further loss of the same segment
  uint64_t tries_max = 0;        // behind that many losses the sender gives up
  uint64_t bytes_per_second = 0;
  uint64_t segment_bytes_max = 0;
};

class LinkConditions {
 public:
  // `losses` says what is lost.
  explicit LinkConditions(Site& losses) : losses_(losses) {}

  // In place of the latency of the network; nullopt: that again.
  void set_route(std::optional<Route> route) { route_ = std::move(route); }
  // The number names the impairment to repair().
  void impair(uint64_t number, const Impairment& impairment);
  void repair(uint64_t number);
  bool are_usual() const { return !route_ && impairments_.empty(); }

  struct Passage {
    MonotonicTime at;
    bool is_given_up = false;  // it never arrives: the sender gives up at `at`
  };
  // What becomes of so many bytes that are sent at `now`.
  Passage pass(MonotonicTime now, uint64_t bytes, const Latency& usual, Site& delays);
  // Of one segment; UINT64_MAX: no limit.
  uint64_t segment_bytes_max() const { return segment_bytes_max_; }

 private:
  struct Active {
    uint64_t number = 0;
    Impairment what;
    Pipe pipe;
  };
  void limit_segments();

  Site& losses_;
  std::optional<Route> route_;
  std::vector<Active> impairments_;
  uint64_t segment_bytes_max_ = UINT64_MAX;
};

}  // namespace zoetrope::sim
