// Which connection watches which path, and who is to be told of a change (upstream WatchManager;
// facts/client-protocol.md section 13). Owns only registrations; sends nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/id_table.hpp"
#include "core/base/ids.hpp"
#include "core/base/slot_pool.hpp"
#include "core/jute/event.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::watch {

// One bit a kind, so that a registration is a set of them.
enum Kind : uint8_t {
  kData = 1,        // one-shot: getData, exists
  kChild = 2,       // one-shot: getChildren
  kPersistent = 4,  // addWatch mode 0
  kRecursive = 8,   // addWatch mode 1
};

// Upstream Watcher.WatcherType of checkWatches and removeWatches.
enum class WatcherType : int32_t {
  kChildren = 1,
  kData = 2,
  kAny = 3,
  kPersistent = 4,
  kPersistentRecursive = 5
};

class WatchTable {
 public:
  // `modes_exclusive`: addWatch replaces the mode that a connection had on a path and the last
  // one-shot registration likewise, as 3.8.0 has it; otherwise kinds stand side by side.
  explicit WatchTable(bool modes_exclusive = false) : modes_exclusive_(modes_exclusive) {}
  WatchTable(const WatchTable& other);
  WatchTable& operator=(WatchTable other) noexcept;
  WatchTable(WatchTable&&) noexcept = default;
  ~WatchTable();

  void add(std::string_view path, ConnectionId watcher, Kind kind);
  // Appends to `notified` who gets the event, ascending by connection id, each once; one-shot
  // registrations that fire are removed. Recursive watchers of ancestors are included, but never
  // for kNodeChildrenChanged. A kNodeDeleted looks at data and child watches and tells each
  // connection once.
  void trigger(const jute::Trigger& trigger, std::vector<ConnectionId>& notified);
  bool contains(std::string_view path, ConnectionId watcher, WatcherType type) const;
  // True when anyone watches the path so: what 3.8.0 answers to checkWatches.
  bool anyone_watches(std::string_view path, WatcherType type) const;
  // False when there was none.
  bool remove(std::string_view path, ConnectionId watcher, WatcherType type);
  // A closed connection loses all its watches.
  void remove_all(ConnectionId watcher);

  // Nobody watches anything, in whatever way.
  bool empty() const { return data_.watches == 0 && child_watches_ == 0; }
  // The four-letter words wchs, wchc and wchp see the data table only, and so do these.
  size_t watch_count() const { return data_.watches; }  // registrations
  size_t connection_count() const { return data_.connections; }
  size_t path_count() const { return data_.paths; }
  // Registrations of the child table; the metric watch_count is the sum of both.
  size_t child_watch_count() const { return child_watches_; }
  // (path, connection) of the data table ascending by path, then connection.
  std::vector<std::pair<std::string, ConnectionId>> dump() const;
  uint64_t fingerprint() const;
  void carry_state(StateArchive& archive);

 private:
  // Upstream keeps two tables, data and child, each with its own modes; a registration here is both
  // modes of one connection on one path, one bit each.
  using Bits = uint8_t;
  static constexpr Bits kDataOnce = 1, kDataPersistent = 2, kDataRecursive = 4, kDataTable = 7;
  static constexpr Bits kChildOnce = 8, kChildPersistent = 16, kChildRecursive = 32,
                        kChildTable = 56;
  static constexpr uint32_t kNone = IdTable::kNone;

  // A registration is in two lists: that of its path and that of its connection.
  struct Watch {
    uint32_t path = kNone, watcher = kNone;
    uint32_t path_next = kNone, path_previous = kNone;
    uint32_t watcher_next = kNone, watcher_previous = kNone;
    Bits bits = 0;
  };
  struct Path {
    char* text = nullptr;  // null while the slot is free
    uint32_t size = 0;
    uint32_t first = kNone;
    uint32_t data_watches = 0;
  };
  struct Watcher {
    ConnectionId id;
    uint32_t first = kNone;
    uint32_t data_watches = 0;
  };
  struct Counts {
    size_t watches = 0, connections = 0, paths = 0;
  };

  static char* copy_text(std::string_view text);
  static uint32_t watch_tag(uint32_t path, uint32_t watcher);
  static Bits bits_of_type(WatcherType type, bool modes_exclusive);
  Bits bits_after(Bits old, Kind kind) const;
  std::string_view text(uint32_t path) const { return {paths_[path].text, paths_[path].size}; }
  uint32_t find_path(std::string_view path) const;
  uint32_t find_watcher(ConnectionId id) const;
  uint32_t find_watch(uint32_t path, uint32_t watcher) const;
  uint32_t find_watch(std::string_view path, ConnectionId watcher) const;
  uint32_t obtain_path(std::string_view path);
  uint32_t obtain_watcher(ConnectionId id);
  uint32_t obtain_watch(uint32_t path, uint32_t watcher);
  void set_bits(uint32_t watch, Bits bits);  // removes the registration when `bits` is 0
  void count(const Watch& watch, Bits old, Bits now);
  void erase(uint32_t watch);
  void fire(std::string_view path, Bits seen, std::vector<ConnectionId>& notified);
  void notify_ancestors(std::string_view path, Bits seen,
                        std::vector<ConnectionId>& notified) const;

  bool modes_exclusive_;
  SlotPool<Watch> watches_;
  SlotPool<Path> paths_;
  SlotPool<Watcher> watchers_;
  IdTable watch_index_;  // by path and watcher
  IdTable path_index_;   // by text
  boost::unordered_flat_map<ConnectionId, uint32_t, IdHash> watcher_index_;
  Counts data_;
  size_t child_watches_ = 0;
  size_t recursive_ = 0;  // registrations with a recursive bit; 0 spares the walk to the root
};

}  // namespace zoetrope::watch
