// The watches that one client believes it has, as client libraries keep them: needed to register
// them again after a reconnect (facts/client-protocol.md section 13). Owns the paths; judges
// nothing.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "properties/history.hpp"

namespace zoetrope::sim {

class WatchBook {
 public:
  // A reply came that leaves or takes away watches.
  void reply(const properties::Operation& operation);
  void event(const properties::WatchEvent& event);
  // Everything, in the form of a setWatches.
  std::vector<properties::WatchEntry> entries() const;
  bool empty() const;
  void clear() { *this = WatchBook(); }

 private:
  using Paths = std::set<std::string>;
  void remove(const std::string& path, int32_t watcher_type);

  Paths data_, exist_, child_, persistent_, recursive_;
};

}  // namespace zoetrope::sim
