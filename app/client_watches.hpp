// The watches of one client session, by kind: which events concern them, and what to register again
// after a reconnect. Owns the paths; never talks to a server. (Upstream: ZKWatchManager.)
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace zoetrope::app {

// Numbers as Watcher.Event.EventType; the removals are told by the client itself.
enum class WatchEventType : int32_t {
  kNone = -1,
  kNodeCreated = 1,
  kNodeDeleted = 2,
  kNodeDataChanged = 3,
  kNodeChildrenChanged = 4,
  kDataWatchRemoved = 5,
  kChildWatchRemoved = 6,
  kPersistentWatchRemoved = 7,
};
// Upstream spelling, such as "NodeDataChanged".
std::string_view to_string(WatchEventType type);

enum class WatchKind : uint8_t { kData, kExist, kChild, kPersistent, kRecursive };
inline constexpr size_t kWatchKinds = 5;

class ClientWatches {
 public:
  void add(WatchKind kind, std::string_view path) { paths(kind).emplace(path); }
  bool contains(WatchKind kind, std::string_view path) const {
    return paths_[static_cast<size_t>(kind)].contains(path);
  }
  // Removes one; false when it is not there.
  bool remove(WatchKind kind, std::string_view path);
  // True when some watch waits for this event. One-shot watches that it fires are gone.
  bool fire(WatchEventType type, std::string_view path);
  const std::set<std::string, std::less<>>& of(WatchKind kind) const {
    return paths_[static_cast<size_t>(kind)];
  }
  bool empty() const;

 private:
  std::set<std::string, std::less<>>& paths(WatchKind kind) {
    return paths_[static_cast<size_t>(kind)];
  }
  bool watched_for_ever(std::string_view path) const;

  std::array<std::set<std::string, std::less<>>, kWatchKinds> paths_;
};

}  // namespace zoetrope::app
