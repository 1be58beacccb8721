#include "sim/watch_book.hpp"

namespace zoetrope::sim {

using properties::EventType;
using properties::OpKind;
using properties::WatchList;

void WatchBook::reply(const properties::Operation& op) {
  const bool ok = op.result.error == ErrorCode::kOk;
  const std::string& path = op.args.path;
  switch (op.args.kind) {
    case OpKind::kExists:
      if (op.args.watch && ok) data_.insert(path);
      if (op.args.watch && op.result.error == ErrorCode::kNoNode) exist_.insert(path);
      break;
    case OpKind::kGetData:
      if (op.args.watch && ok) data_.insert(path);
      break;
    case OpKind::kGetChildren:
      if (op.args.watch && ok) child_.insert(path);
      break;
    case OpKind::kAddWatch:
      if (ok) (op.args.watch_type == 1 ? recursive_ : persistent_).insert(path);
      break;
    case OpKind::kRemoveWatches:
      if (ok) remove(path, op.args.watch_type);
      break;
    default: break;
  }
}

// Upstream Watcher.WatcherType: Children, Data, Any, Persistent, PersistentRecursive.
void WatchBook::remove(const std::string& path, int32_t watcher_type) {
  const bool any = watcher_type == 3;
  if (any || watcher_type == 1) child_.erase(path);
  if (any || watcher_type == 2) {
    data_.erase(path);
    exist_.erase(path);
  }
  if (any || watcher_type == 4) persistent_.erase(path);
  if (any || watcher_type == 5) recursive_.erase(path);
}

void WatchBook::event(const properties::WatchEvent& event) {
  if (event.type == EventType::kNodeChildrenChanged) {
    child_.erase(event.path);
    return;
  }
  data_.erase(event.path);
  exist_.erase(event.path);
  if (event.type == EventType::kNodeDeleted) child_.erase(event.path);
}

std::vector<properties::WatchEntry> WatchBook::entries() const {
  std::vector<properties::WatchEntry> entries;
  const auto put = [&](WatchList list, const Paths& paths) {
    for (const std::string& path : paths) entries.push_back({list, path});
  };
  put(WatchList::kData, data_);
  put(WatchList::kExist, exist_);
  put(WatchList::kChild, child_);
  put(WatchList::kPersistent, persistent_);
  put(WatchList::kRecursive, recursive_);
  return entries;
}

bool WatchBook::empty() const {
  return data_.empty() && exist_.empty() && child_.empty() && persistent_.empty() &&
         recursive_.empty();
}

}  // namespace zoetrope::sim
