// Every state that a single server was ever seen in, and what each event made of it. The production
// code runs once for each pair of a server's state and an event; however many states of the whole
// ensemble these come up in, the rest is looked up. Owns the nodes, messages and facts, under
// numbers that hold within one of these alone.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "explore/node.hpp"

namespace zoetrope::explore {

using LocalId = uint32_t;
using MessageId = uint32_t;
using FactId = uint32_t;

class Locals {
 public:
  enum class EventKind : uint8_t {
    kStart,
    kReceive,
    kLost,
    kFound,
    kOwn,
    kCrash,
    kRestart,
    kSilence,
  };
  struct Event {
    EventKind kind = EventKind::kReceive;
    int from = 0;
    int lane = 0;
    uint32_t argument = 0;  // a message, a code of own(), a number of silence()
  };
  struct Local {
    std::unique_ptr<Node> node;
    uint64_t fingerprint = 0;
    std::vector<uint8_t> own_events;
    Standing standing;
  };
  struct Sent {
    uint8_t to = 0;
    uint8_t lane = 0;
    MessageId message = 0;
  };
  struct Outcome {
    LocalId next = 0;
    std::vector<Sent> sends;
    std::vector<FactId> facts;
    std::vector<Violation> violations;
  };

  LocalId add(std::unique_ptr<Node> node);
  const Local& at(LocalId id) const { return *locals_[id]; }
  // Valid until the next call.
  const Outcome& outcome(LocalId id, const Event& event);

  MessageId intern(std::string_view bytes);
  std::string_view message(MessageId id) const { return *messages_[id].bytes; }
  uint64_t message_hash(MessageId id) const { return messages_[id].hash; }
  uint32_t number_of(const Silence& silence);

  const Fact& fact(FactId id) const { return facts_[id].fact; }
  uint64_t fact_hash(FactId id) const { return facts_[id].hash; }

  uint64_t states() const { return locals_.size(); }
  uint64_t steps() const { return outcomes_.size(); }  // of the production code

 private:
  struct Message {
    std::unique_ptr<std::string> bytes;
    uint64_t hash = 0;
  };
  struct HashedFact {
    Fact fact;
    uint64_t hash = 0;
  };
  void carry_out(Node& node, const Event& event, Step& step) const;
  FactId intern(Fact fact);

  std::vector<std::unique_ptr<Local>> locals_;
  boost::unordered_flat_map<uint64_t, LocalId> by_fingerprint_;
  std::vector<std::unique_ptr<Outcome>> outcomes_;
  boost::unordered_flat_map<uint64_t, uint32_t> by_event_;
  std::vector<Message> messages_;
  boost::unordered_flat_map<uint64_t, MessageId> by_message_;
  std::vector<HashedFact> facts_;
  boost::unordered_flat_map<uint64_t, FactId> by_fact_;
  std::vector<Silence> silences_;
};

}  // namespace zoetrope::explore
