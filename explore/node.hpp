// One server as the exploration sees it: a value that takes one event at a time and says what it
// sends. Implementations put production classes behind it and play the driver around them. Nothing
// of it may depend on the clock, on addresses or on anything but the events that came before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"

namespace zoetrope::explore {

// Servers are numbered from 0 here, and from 1 where people read of them.
inline constexpr int kServersMax = 4;
// Independent streams from one server to another: what goes in different ones may overtake.
inline constexpr int kLanes = 2;

struct Send {
  int to = 0;
  int lane = 0;
  std::string bytes;
};

// What the whole ensemble has to agree with. Facts are never taken back, and whether two of them
// contradict each other does not depend on which came first: so every order of independent events
// leads to the same verdict, and the search may leave all but one of them out.
struct Fact {
  enum class Kind : uint8_t {
    kLeads,      // `server`, in its `term`-th role, serves as the leader of `epoch`; has `history`
    kCommitted,  // `zxid` with the transaction `text`, which is told as committed in `epoch`
  };
  Kind kind = Kind::kLeads;
  int server = 0;
  int64_t term = 0;
  int64_t epoch = 0;
  Zxid zxid;
  std::string text;
  std::vector<std::string> history;  // transactions, oldest first
};

struct Violation {
  std::string property;
  std::string text;
};

// What came of one event.
struct Step {
  std::vector<Send> sends;
  std::vector<Fact> facts;
  std::vector<Violation> violations;
  void violate(std::string property, std::string text) {
    violations.push_back({std::move(property), std::move(text)});
  }
};

// Where a server stands, for the rules about the whole ensemble.
struct Standing {
  bool is_settled = false;      // has a leader, or is it
  int leader = -1;              // whom it follows, or itself
  bool is_established = false;  // serves
  int64_t epoch = 0;            // greatest that it knows of
};

// What a server learns when nothing happens for as long as every time-out.
struct Silence {
  bool leader_is_there = false;        // it leads, and hears this server
  bool leader_is_established = false;  //
  bool has_quorum = false;             // of followers that hear this server, itself included
  int64_t epoch = 0;                   // greatest among those, or the leader's
};

class Node {
 public:
  virtual ~Node() = default;
  virtual std::unique_ptr<Node> clone() const = 0;

  virtual void start(Step& step) = 0;
  virtual void receive(int from, int lane, std::string_view bytes, Step& step) = 0;
  // Everything that came from `peer` in that lane has come, and its connections there are closed.
  virtual void lost(int peer, int lane, Step& step) = 0;
  // `peer` is there again, and what is sent to it from now on arrives.
  virtual void found(int peer, Step& step) = 0;
  // What may happen next by itself: the disk, a time-out, a client. Codes of own() in a fixed
  // order.
  virtual std::vector<uint8_t> own_events() const = 0;
  virtual void own(uint8_t code, Step& step) = 0;
  virtual std::string name_of_own(uint8_t code) const = 0;
  virtual std::string name_of_message(std::string_view bytes) const = 0;
  // Memory is lost; the disk stays. Then restart().
  virtual void crash() = 0;
  virtual void restart(Step& step) = 0;
  // All time-outs have passed.
  virtual void silence(const Silence& seen, Step& step) = 0;

  virtual Standing standing() const = 0;
  // One line for people.
  virtual std::string to_string() const = 0;
  // Of everything that decides about its future, and of what it still has to be judged by.
  virtual uint64_t fingerprint() const = 0;
};

}  // namespace zoetrope::explore
