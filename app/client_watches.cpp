#include "app/client_watches.hpp"

#include <algorithm>

namespace zoetrope::app {

std::string_view to_string(WatchEventType type) {
  switch (type) {
    case WatchEventType::kNone: return "None";
    case WatchEventType::kNodeCreated: return "NodeCreated";
    case WatchEventType::kNodeDeleted: return "NodeDeleted";
    case WatchEventType::kNodeDataChanged: return "NodeDataChanged";
    case WatchEventType::kNodeChildrenChanged: return "NodeChildrenChanged";
    case WatchEventType::kDataWatchRemoved: return "DataWatchRemoved";
    case WatchEventType::kChildWatchRemoved: return "ChildWatchRemoved";
    case WatchEventType::kPersistentWatchRemoved: return "PersistentWatchRemoved";
  }
  return "Unknown";
}

bool ClientWatches::remove(WatchKind kind, std::string_view path) {
  const auto found = paths(kind).find(path);
  if (found == paths(kind).end()) return false;
  paths(kind).erase(found);
  return true;
}

bool ClientWatches::fire(WatchEventType type, std::string_view path) {
  bool fired = watched_for_ever(path);
  const bool deleted = type == WatchEventType::kNodeDeleted;
  if (deleted || type == WatchEventType::kNodeChildrenChanged) {
    fired |= remove(WatchKind::kChild, path);
  }
  if (deleted || type == WatchEventType::kNodeDataChanged || type == WatchEventType::kNodeCreated) {
    fired |= remove(WatchKind::kData, path);
    fired |= remove(WatchKind::kExist, path);
  }
  return fired;
}

bool ClientWatches::watched_for_ever(std::string_view path) const {
  if (contains(WatchKind::kPersistent, path)) return true;
  for (std::string_view at = path; !at.empty(); at = at.substr(0, at.rfind('/'))) {
    if (contains(WatchKind::kRecursive, at)) return true;
  }
  return contains(WatchKind::kRecursive, "/");
}

bool ClientWatches::empty() const {
  return std::all_of(paths_.begin(), paths_.end(), [](const auto& set) { return set.empty(); });
}

}  // namespace zoetrope::app
