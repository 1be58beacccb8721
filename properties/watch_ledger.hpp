// The watches of one connection as the protocol defines them: what is registered, which events each
// change owes, and which of them are still to come (facts/client-protocol.md section 13, newest
// release). Owns the registrations and the debt; judges nothing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "properties/history.hpp"
#include "properties/model_tree.hpp"

namespace zoetrope::properties {

struct OwedEvent {
  EventType type = EventType::kNodeCreated;
  std::string path;
  Zxid zxid;  // of the change; -1 for what a setWatches makes good
  auto operator<=>(const OwedEvent&) const = default;
};

class WatchLedger {
 public:
  // A change was made at `zxid`: fires what matches it.
  void change(const Change& change, Zxid zxid, const Identities& identities);
  // A reply that leaves or takes away watches was given.
  void reply(const Operation& operation);
  // A setWatches was done on `tree`: what it owes in events, in the order of its lists.
  std::vector<OwedEvent> make_good(const Operation& operation, const ModelTree& tree);
  // What a checkWatches or removeWatches of `watcher_type` must find.
  bool watches(const std::string& path, int32_t watcher_type) const;

  bool idle() const { return kinds_.empty(); }
  std::vector<OwedEvent>& owed() { return owed_; }

 private:
  enum Kind : uint8_t { kData = 1, kChild = 2, kPersistent = 4, kRecursive = 8 };

  static uint8_t kinds_of(int32_t watcher_type);
  uint8_t kinds_at(const std::string& path) const;
  void add(const std::string& path, uint8_t kinds) { kinds_[path] |= kinds; }
  void drop(const std::string& path, uint8_t kinds);
  bool watched_from_above(const std::string& path) const;

  std::map<std::string, uint8_t> kinds_;
  std::vector<OwedEvent> owed_;
};

}  // namespace zoetrope::properties
