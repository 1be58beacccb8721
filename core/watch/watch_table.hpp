// Which connection watches which path, and who is to be told of a change (upstream WatchManager;
// facts/client-protocol.md section 13). Owns only registrations; sends nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/jute/event.hpp"

namespace zoetrope::watch {

// One bit a kind, so that a registration is a set of them.
enum Kind : uint8_t {
  kData = 1,        // one-shot: getData, exists
  kChild = 2,       // one-shot: getChildren
  kPersistent = 4,  // addWatch mode 0
  kRecursive = 8,   // addWatch mode 1
};

// Upstream Watcher.WatcherType of checkWatches and removeWatches.
enum class WatcherType : int32_t { kChildren = 1, kData = 2, kAny = 3, kPersistent = 4, kPersistentRecursive = 5 };

class WatchTable {
 public:
  // `modes_exclusive`: addWatch replaces the mode that a connection had on a path and the last
  // one-shot registration likewise, as 3.8.0 has it; otherwise kinds stand side by side.
  explicit WatchTable(bool modes_exclusive = false);
  WatchTable(const WatchTable&);
  WatchTable& operator=(const WatchTable&);
  WatchTable(WatchTable&&) noexcept;
  WatchTable& operator=(WatchTable&&) noexcept;
  ~WatchTable();

  void add(std::string_view path, ConnectionId watcher, Kind kind);
  // Appends to `notified` who gets the event, ascending by connection id, each once; one-shot
  // registrations that fire are removed. Recursive watchers of ancestors are included, but never for
  // kNodeChildrenChanged. A kNodeDeleted looks at data and child watches and tells each connection once.
  void trigger(const jute::Trigger& trigger, std::vector<ConnectionId>& notified);
  bool contains(std::string_view path, ConnectionId watcher, WatcherType type) const;
  // True when anyone watches the path so: what 3.8.0 answers to checkWatches.
  bool anyone_watches(std::string_view path, WatcherType type) const;
  // False when there was none.
  bool remove(std::string_view path, ConnectionId watcher, WatcherType type);
  // A closed connection loses all its watches.
  void remove_all(ConnectionId watcher);

  size_t watch_count() const;       // registrations in the data table, as wchs counts them
  size_t connection_count() const;  // connections that watch something
  size_t path_count() const;
  // For wchc and wchp: (path, connection) of the data table ascending by path, then connection.
  std::vector<std::pair<std::string, ConnectionId>> dump() const;
  uint64_t fingerprint() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoetrope::watch
