#include "core/watch/watch_table.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"

namespace zoetrope::watch {

using jute::EventType;

char* WatchTable::copy_text(std::string_view text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  ZT_ASSERT(copy != nullptr);
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  return copy;
}

WatchTable::WatchTable(const WatchTable& other)
    : modes_exclusive_(other.modes_exclusive_),
      watches_(other.watches_),
      paths_(other.paths_),
      watchers_(other.watchers_),
      watch_index_(other.watch_index_),
      path_index_(other.path_index_),
      watcher_index_(other.watcher_index_),
      data_(other.data_),
      child_watches_(other.child_watches_),
      recursive_(other.recursive_) {
  for (uint32_t i = 0; i < paths_.end(); ++i) {
    if (paths_[i].text != nullptr) paths_[i].text = copy_text(other.text(i));
  }
}

WatchTable& WatchTable::operator=(WatchTable other) noexcept {
  modes_exclusive_ = other.modes_exclusive_;
  watches_.swap(other.watches_);
  paths_.swap(other.paths_);
  watchers_.swap(other.watchers_);
  watch_index_.swap(other.watch_index_);
  path_index_.swap(other.path_index_);
  watcher_index_.swap(other.watcher_index_);
  std::swap(data_, other.data_);
  std::swap(child_watches_, other.child_watches_);
  std::swap(recursive_, other.recursive_);
  return *this;
}

WatchTable::~WatchTable() {
  for (uint32_t i = 0; i < paths_.end(); ++i) std::free(paths_[i].text);
}

uint32_t WatchTable::watch_tag(uint32_t path, uint32_t watcher) {
  return tag_of(mix64(uint64_t{path} << 32 | watcher));
}

uint32_t WatchTable::find_path(std::string_view path) const {
  return path_index_.find(tag_of(hash_bytes(path)), [&](uint32_t p) { return text(p) == path; });
}

uint32_t WatchTable::find_watcher(ConnectionId id) const {
  const auto it = watcher_index_.find(id);
  return it == watcher_index_.end() ? kNone : it->second;
}

uint32_t WatchTable::find_watch(uint32_t path, uint32_t watcher) const {
  return watch_index_.find(watch_tag(path, watcher), [&](uint32_t w) {
    return watches_[w].path == path && watches_[w].watcher == watcher;
  });
}

uint32_t WatchTable::find_watch(std::string_view path, ConnectionId watcher) const {
  const uint32_t p = find_path(path);
  if (p == kNone) return kNone;
  const uint32_t w = find_watcher(watcher);
  return w == kNone ? kNone : find_watch(p, w);
}

uint32_t WatchTable::obtain_path(std::string_view path) {
  uint32_t p = find_path(path);
  if (p != kNone) return p;
  ZT_ASSERT(path.size() <= 0xFFFFFFFFU);
  p = paths_.allocate();
  paths_[p].text = copy_text(path);
  paths_[p].size = static_cast<uint32_t>(path.size());
  path_index_.insert(tag_of(hash_bytes(path)), p);
  return p;
}

uint32_t WatchTable::obtain_watcher(ConnectionId id) {
  const auto it = watcher_index_.find(id);
  if (it != watcher_index_.end()) return it->second;
  const uint32_t w = watchers_.allocate();
  watchers_[w].id = id;
  watcher_index_.emplace(id, w);
  return w;
}

uint32_t WatchTable::obtain_watch(uint32_t path, uint32_t watcher) {
  uint32_t id = find_watch(path, watcher);
  if (id != kNone) return id;
  id = watches_.allocate();
  Watch& watch = watches_[id];
  watch.path = path;
  watch.watcher = watcher;
  watch.path_next = paths_[path].first;
  watch.watcher_next = watchers_[watcher].first;
  if (watch.path_next != kNone) watches_[watch.path_next].path_previous = id;
  if (watch.watcher_next != kNone) watches_[watch.watcher_next].watcher_previous = id;
  paths_[path].first = id;
  watchers_[watcher].first = id;
  watch_index_.insert(watch_tag(path, watcher), id);
  return id;
}

void WatchTable::count(const Watch& watch, Bits old, Bits now) {
  const auto gained = [&](Bits mask) { return (now & mask) != 0 && (old & mask) == 0; };
  const auto lost = [&](Bits mask) { return (now & mask) == 0 && (old & mask) != 0; };
  constexpr Bits kRecursiveBits = kDataRecursive | kChildRecursive;
  if (gained(kRecursiveBits)) ++recursive_;
  if (lost(kRecursiveBits)) --recursive_;
  if (gained(kChildTable)) ++child_watches_;
  if (lost(kChildTable)) --child_watches_;
  uint32_t& of_path = paths_[watch.path].data_watches;
  uint32_t& of_watcher = watchers_[watch.watcher].data_watches;
  if (gained(kDataTable)) {
    ++data_.watches;
    if (of_path++ == 0) ++data_.paths;
    if (of_watcher++ == 0) ++data_.connections;
  } else if (lost(kDataTable)) {
    --data_.watches;
    if (--of_path == 0) --data_.paths;
    if (--of_watcher == 0) --data_.connections;
  }
}

void WatchTable::set_bits(uint32_t id, Bits bits) {
  Watch& watch = watches_[id];
  count(watch, watch.bits, bits);
  watch.bits = bits;
  if (bits == 0) erase(id);
}

void WatchTable::erase(uint32_t id) {
  const Watch watch = watches_[id];
  Path& path = paths_[watch.path];
  Watcher& watcher = watchers_[watch.watcher];
  if (watch.path_next != kNone) watches_[watch.path_next].path_previous = watch.path_previous;
  if (watch.watcher_next != kNone) {
    watches_[watch.watcher_next].watcher_previous = watch.watcher_previous;
  }
  (watch.path_previous == kNone ? path.first : watches_[watch.path_previous].path_next) =
      watch.path_next;
  (watch.watcher_previous == kNone ? watcher.first
                                   : watches_[watch.watcher_previous].watcher_next) =
      watch.watcher_next;
  watch_index_.erase(watch_tag(watch.path, watch.watcher), id);
  watches_.release(id);
  if (path.first == kNone) {
    path_index_.erase(tag_of(hash_bytes(text(watch.path))), watch.path);
    std::free(path.text);
    path = Path();
    paths_.release(watch.path);
  }
  if (watcher.first == kNone) {
    watcher_index_.erase(watcher.id);
    watcher = Watcher();
    watchers_.release(watch.watcher);
  }
}

WatchTable::Bits WatchTable::bits_after(Bits old, Kind kind) const {
  if (modes_exclusive_) {
    switch (kind) {
      case kData: return static_cast<Bits>((old & kChildTable) | kDataOnce);
      case kChild: return static_cast<Bits>((old & kDataTable) | kChildOnce);
      case kPersistent: return kDataPersistent | kChildPersistent;
      case kRecursive: return kDataRecursive | kChildRecursive;
    }
  }
  switch (kind) {
    case kData: return old | kDataOnce;
    case kChild: return old | kChildOnce;
    case kPersistent: return old | kDataPersistent | kChildPersistent;
    case kRecursive: return old | kDataRecursive;
  }
  return old;
}

void WatchTable::add(std::string_view path, ConnectionId watcher, Kind kind) {
  const uint32_t p = obtain_path(path);
  const uint32_t id = obtain_watch(p, obtain_watcher(watcher));
  set_bits(id, bits_after(watches_[id].bits, kind));
}

void WatchTable::fire(std::string_view path, Bits seen, std::vector<ConnectionId>& notified) {
  const uint32_t p = find_path(path);
  if (p == kNone) return;
  // One-shot modes of the tables that are looked at go.
  const Bits once =
      ((seen & kDataTable) != 0 ? kDataOnce : 0) | ((seen & kChildTable) != 0 ? kChildOnce : 0);
  for (uint32_t id = paths_[p].first; id != kNone;) {
    const Watch watch = watches_[id];
    if ((watch.bits & seen) != 0) {
      notified.push_back(watchers_[watch.watcher].id);
      if ((watch.bits & once) != 0) set_bits(id, static_cast<Bits>(watch.bits & ~once));
    }
    id = watch.path_next;
  }
}

void WatchTable::notify_ancestors(std::string_view path, Bits seen,
                                  std::vector<ConnectionId>& notified) const {
  while (path.size() > 1) {
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return;
    path = path.substr(0, slash == 0 ? 1 : slash);
    const uint32_t p = find_path(path);
    if (p == kNone) continue;
    for (uint32_t id = paths_[p].first; id != kNone; id = watches_[id].path_next) {
      if ((watches_[id].bits & seen) != 0) notified.push_back(watchers_[watches_[id].watcher].id);
    }
  }
}

void WatchTable::trigger(const jute::Trigger& trigger, std::vector<ConnectionId>& notified) {
  const auto start = static_cast<ptrdiff_t>(notified.size());
  switch (trigger.type) {
    case EventType::kNodeCreated:
    case EventType::kNodeDataChanged:
      fire(trigger.path, kDataTable, notified);
      if (recursive_ != 0) notify_ancestors(trigger.path, kDataRecursive, notified);
      break;
    case EventType::kNodeDeleted:
      fire(trigger.path, kDataTable | kChildTable, notified);
      if (recursive_ != 0) {
        notify_ancestors(trigger.path, kDataRecursive | kChildRecursive, notified);
      }
      break;
    case EventType::kNodeChildrenChanged:
      fire(trigger.path, kChildOnce | kChildPersistent, notified);
      break;
    case EventType::kNone: break;
  }
  const auto first = notified.begin() + start;
  if (!std::is_sorted(first, notified.end())) std::sort(first, notified.end());
  notified.erase(std::unique(first, notified.end()), notified.end());
}

WatchTable::Bits WatchTable::bits_of_type(WatcherType type, bool modes_exclusive) {
  switch (type) {
    // 3.8.0 asks and removes by table, whatever the mode.
    case WatcherType::kChildren: return modes_exclusive ? kChildTable : kChildOnce;
    case WatcherType::kData: return modes_exclusive ? kDataTable : kDataOnce;
    case WatcherType::kAny: return kDataTable | kChildTable;
    case WatcherType::kPersistent: return kDataPersistent | kChildPersistent;
    case WatcherType::kPersistentRecursive: return kDataRecursive | kChildRecursive;
  }
  return 0;
}

bool WatchTable::contains(std::string_view path, ConnectionId watcher, WatcherType type) const {
  const uint32_t id = find_watch(path, watcher);
  return id != kNone && (watches_[id].bits & bits_of_type(type, modes_exclusive_)) != 0;
}

bool WatchTable::anyone_watches(std::string_view path, WatcherType type) const {
  const uint32_t p = find_path(path);
  if (p == kNone) return false;
  const Bits bits = bits_of_type(type, true);
  for (uint32_t id = paths_[p].first; id != kNone; id = watches_[id].path_next) {
    if ((watches_[id].bits & bits) != 0) return true;
  }
  return false;
}

bool WatchTable::remove(std::string_view path, ConnectionId watcher, WatcherType type) {
  const uint32_t id = find_watch(path, watcher);
  if (id == kNone) return false;
  const Bits old = watches_[id].bits;
  const auto now = static_cast<Bits>(old & ~bits_of_type(type, modes_exclusive_));
  if (now == old) return false;
  set_bits(id, now);
  return true;
}

void WatchTable::remove_all(ConnectionId watcher) {
  const uint32_t w = find_watcher(watcher);
  if (w == kNone) return;
  for (uint32_t id = watchers_[w].first; id != kNone;) {
    const uint32_t next = watches_[id].watcher_next;
    set_bits(id, 0);
    id = next;
  }
}

std::vector<std::pair<std::string, ConnectionId>> WatchTable::dump() const {
  std::vector<std::pair<std::string, ConnectionId>> rows;
  rows.reserve(data_.watches);
  for (uint32_t p = 0; p < paths_.end(); ++p) {
    if (paths_[p].text == nullptr) continue;
    for (uint32_t id = paths_[p].first; id != kNone; id = watches_[id].path_next) {
      const Watch& watch = watches_[id];
      if ((watch.bits & kDataTable) != 0) rows.emplace_back(text(p), watchers_[watch.watcher].id);
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

uint64_t WatchTable::fingerprint() const {
  // A sum: the order of registrations is no part of the state.
  uint64_t sum = 0;
  for (uint32_t p = 0; p < paths_.end(); ++p) {
    if (paths_[p].text == nullptr) continue;
    for (uint32_t id = paths_[p].first; id != kNone; id = watches_[id].path_next) {
      RunningHash hash;
      hash.add(text(p));
      hash.add(watchers_[watches_[id].watcher].id.value);
      hash.add(watches_[id].bits);
      sum += hash.value();
    }
  }
  return mix64(sum ^ (modes_exclusive_ ? 1 : 0));
}

}  // namespace zoetrope::watch
