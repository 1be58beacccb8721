#include "properties/watch_ledger.hpp"

namespace zoetrope::properties {

uint8_t WatchLedger::kinds_at(const std::string& path) const {
  const auto it = kinds_.find(path);
  return it == kinds_.end() ? uint8_t{0} : it->second;
}

void WatchLedger::drop(const std::string& path, uint8_t kinds) {
  const auto it = kinds_.find(path);
  if (it == kinds_.end()) return;
  it->second = static_cast<uint8_t>(it->second & ~kinds);
  if (it->second == 0) kinds_.erase(it);
}

// Upstream Watcher.WatcherType: Children, Data, Any, Persistent, PersistentRecursive.
uint8_t WatchLedger::kinds_of(int32_t watcher_type) {
  switch (watcher_type) {
    case 1: return kChild;
    case 2: return kData;
    case 3: return kData | kChild | kPersistent | kRecursive;
    case 4: return kPersistent;
    case 5: return kRecursive;
    default: return 0;
  }
}

bool WatchLedger::watches(const std::string& path, int32_t watcher_type) const {
  return (kinds_at(path) & kinds_of(watcher_type)) != 0;
}

bool WatchLedger::watched_from_above(const std::string& path) const {
  for (std::string at = path; at != "/";) {
    at = parent_of(at);
    if ((kinds_at(at) & kRecursive) != 0) return true;
  }
  return false;
}

void WatchLedger::change(const Change& change, Zxid zxid, const Identities& identities) {
  if (kinds_.empty()) return;
  const uint8_t kinds = kinds_at(change.path);
  bool hit = false;
  if (change.type == EventType::kNodeChildrenChanged) {
    hit = (kinds & (kChild | kPersistent)) != 0;
    drop(change.path, kChild);
  } else {
    const bool deleted = change.type == EventType::kNodeDeleted;
    const uint8_t one_shot = deleted ? kData | kChild : kData;
    hit = (kinds & (one_shot | kPersistent | kRecursive)) != 0 || watched_from_above(change.path);
    drop(change.path, one_shot);
  }
  // One who may not read the node is not told; its one-shot watch is used up all the same.
  if (hit && permits(change.acl, kRead, identities)) {
    owed_.push_back({change.type, change.path, zxid});
  }
}

void WatchLedger::reply(const Operation& op) {
  const ErrorCode error = op.result.error;
  const bool ok = error == ErrorCode::kOk;
  switch (op.args.kind) {
    case OpKind::kExists:
      if (op.args.watch && (ok || error == ErrorCode::kNoNode)) add(op.args.path, kData);
      break;
    case OpKind::kGetData:
      if (op.args.watch && ok) add(op.args.path, kData);
      break;
    case OpKind::kGetChildren:
      if (op.args.watch && ok) add(op.args.path, kChild);
      break;
    case OpKind::kAddWatch:
      if (ok) add(op.args.path, op.args.watch_type == 1 ? kRecursive : kPersistent);
      break;
    case OpKind::kRemoveWatches:
      if (ok) drop(op.args.path, kinds_of(op.args.watch_type));
      break;
    default: break;
  }
}

std::vector<OwedEvent> WatchLedger::make_good(const Operation& op, const ModelTree& tree) {
  std::vector<OwedEvent> events;
  const auto owe = [&](EventType type, const std::string& path) {
    events.push_back({type, path, Zxid(-1)});
  };
  for (const WatchEntry& entry : op.watches) {
    const ModelNode* node = tree.find(entry.path);
    switch (entry.list) {
      case WatchList::kData:
        if (node == nullptr)
          owe(EventType::kNodeDeleted, entry.path);
        else if (node->mzxid > op.relative_zxid.value)
          owe(EventType::kNodeDataChanged, entry.path);
        else
          add(entry.path, kData);
        break;
      case WatchList::kExist:
        if (node != nullptr)
          owe(EventType::kNodeCreated, entry.path);
        else
          add(entry.path, kData);
        break;
      case WatchList::kChild:
        if (node == nullptr)
          owe(EventType::kNodeDeleted, entry.path);
        else if (node->pzxid > op.relative_zxid.value)
          owe(EventType::kNodeChildrenChanged, entry.path);
        else
          add(entry.path, kChild);
        break;
      case WatchList::kPersistent: add(entry.path, kPersistent); break;
      case WatchList::kRecursive: add(entry.path, kRecursive); break;
    }
  }
  return events;
}

}  // namespace zoetrope::properties
