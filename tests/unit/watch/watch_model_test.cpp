// The table against two plain maps that follow upstream's rules to the letter, for both releases.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "core/watch/watch_table.hpp"

namespace zoetrope::watch {
namespace {

using jute::EventType;

enum Mode { kStandard = 1, kStays = 2, kDeep = 4 };

// One of the two tables of upstream.
class Table {
 public:
  explicit Table(bool exclusive) : exclusive_(exclusive) {}

  void add(const std::string& path, uint64_t watcher, Mode mode) {
    int& modes = modes_[{path, watcher}];
    modes = exclusive_ ? mode : modes | mode;
  }

  std::set<uint64_t> trigger(const std::string& path, EventType type) {
    std::set<uint64_t> told;
    for (auto it = modes_.begin(); it != modes_.end();) {
      auto& [key, modes] = *it;
      const bool deep = (modes & kDeep) != 0 && type != EventType::kNodeChildrenChanged;
      if (key.first == path) {
        if (deep || (modes & (kStandard | kStays)) != 0) told.insert(key.second);
        modes &= ~kStandard;
      } else if (deep && (key.first == "/" || path.rfind(key.first + "/", 0) == 0)) {
        told.insert(key.second);
      }
      it = modes == 0 ? modes_.erase(it) : std::next(it);
    }
    return told;
  }

  bool has(const std::string& path, uint64_t watcher, int modes) const {
    const auto it = modes_.find({path, watcher});
    return it != modes_.end() && (it->second & modes) != 0;
  }
  bool remove(const std::string& path, uint64_t watcher, int modes) {
    if (!has(path, watcher, modes)) return false;
    int& now = modes_[{path, watcher}];
    now &= ~modes;
    if (now == 0) modes_.erase({path, watcher});
    return true;
  }
  void remove_all(uint64_t watcher) {
    std::erase_if(modes_, [&](const auto& entry) { return entry.first.second == watcher; });
  }
  bool watched(const std::string& path) const {
    const auto it = modes_.lower_bound({path, 0});
    return it != modes_.end() && it->first.first == path;
  }
  const std::map<std::pair<std::string, uint64_t>, int>& all() const { return modes_; }

 private:
  bool exclusive_;
  std::map<std::pair<std::string, uint64_t>, int> modes_;
};

struct Step {
  uint8_t kind = 0, path = 0, watcher = 0, choice = 0;
};

void showValue(const Step& step, std::ostream& out) {
  out << '{' << int{step.kind} << ',' << int{step.path} << ',' << int{step.watcher} << ','
      << int{step.choice} << '}';
}

class Pair {
 public:
  explicit Pair(bool exclusive)
      : exclusive_(exclusive), data_(exclusive), child_(exclusive), table_(exclusive) {}

  void run(const Step& step) {
    static const std::vector<std::string> paths = {"/", "/a", "/a/b", "/a/b/c", "/ab", "/b"};
    const std::string& path = paths[step.path % paths.size()];
    const uint64_t watcher = 1 + step.watcher % 5;
    const auto type = static_cast<WatcherType>(1 + step.choice % (exclusive_ ? 3 : 5));
    switch (step.kind % 10) {
      case 0:
      case 1:
      case 2:
      case 3:
        add(path, watcher, step.choice % 4);
        break;
      case 4:
      case 5:
      case 6:
        trigger(path, static_cast<EventType>(1 + step.choice % 4));
        break;
      case 7:
        RC_ASSERT(table_.remove(path, ConnectionId(watcher), type) == remove(path, watcher, type));
        break;
      case 8:
        check_asks(path, watcher, type);
        break;
      default:
        table_.remove_all(ConnectionId(watcher));
        data_.remove_all(watcher);
        child_.remove_all(watcher);
    }
    check_counts();
  }

 private:
  void add(const std::string& path, uint64_t watcher, int choice) {
    static constexpr Kind kKinds[] = {kData, kChild, kPersistent, kRecursive};
    static constexpr Mode kModes[] = {kStandard, kStandard, kStays, kDeep};
    table_.add(path, ConnectionId(watcher), kKinds[choice]);
    if (choice != 1) data_.add(path, watcher, kModes[choice]);
    if (choice == 1 || choice == 2 || (choice == 3 && exclusive_))
      child_.add(path, watcher, kModes[choice]);
  }

  void trigger(const std::string& path, EventType type) {
    std::set<uint64_t> told;
    if (type != EventType::kNodeChildrenChanged) told = data_.trigger(path, type);
    if (type == EventType::kNodeDeleted || type == EventType::kNodeChildrenChanged) {
      told.merge(child_.trigger(path, type));
    }
    std::vector<ConnectionId> expected;
    for (uint64_t watcher : told) expected.emplace_back(watcher);
    std::vector<ConnectionId> notified;
    table_.trigger({type, path}, notified);
    RC_ASSERT(notified == expected);
  }

  // What a type means in the data table and in the child table.
  std::pair<int, int> modes(WatcherType type) const {
    constexpr int kAll = kStandard | kStays | kDeep;
    switch (type) {
      case WatcherType::kChildren:
        return {0, exclusive_ ? kAll : kStandard};
      case WatcherType::kData:
        return {exclusive_ ? kAll : kStandard, 0};
      case WatcherType::kAny:
        return {kAll, kAll};
      case WatcherType::kPersistent:
        return {kStays, kStays};
      case WatcherType::kPersistentRecursive:
        return {kDeep, 0};
    }
    return {};
  }

  bool remove(const std::string& path, uint64_t watcher, WatcherType type) {
    const auto [data, child] = modes(type);
    const bool first = data_.remove(path, watcher, data);
    const bool second = child_.remove(path, watcher, child);
    return first || second;
  }

  void check_asks(const std::string& path, uint64_t watcher, WatcherType type) const {
    const auto [data, child] = modes(type);
    const bool expected = data_.has(path, watcher, data) || child_.has(path, watcher, child);
    RC_ASSERT(table_.contains(path, ConnectionId(watcher), type) == expected);
    if (static_cast<int>(type) > 3) return;
    const bool anyone = (type != WatcherType::kChildren && data_.watched(path)) ||
                        (type != WatcherType::kData && child_.watched(path));
    RC_ASSERT(table_.anyone_watches(path, type) == anyone);
  }

  void check_counts() const {
    std::vector<std::pair<std::string, ConnectionId>> rows;
    std::set<std::string> paths;
    std::set<uint64_t> watchers;
    for (const auto& [key, mode] : data_.all()) {
      rows.emplace_back(key.first, ConnectionId(key.second));
      paths.insert(key.first);
      watchers.insert(key.second);
    }
    RC_ASSERT(table_.dump() == rows);
    RC_ASSERT(table_.watch_count() == rows.size());
    RC_ASSERT(table_.path_count() == paths.size());
    RC_ASSERT(table_.connection_count() == watchers.size());
    RC_ASSERT(table_.child_watch_count() == child_.all().size());
  }

  bool exclusive_;
  Table data_, child_;
  WatchTable table_;
};

void run_steps(bool exclusive) {
  const auto step = rc::gen::build<Step>(rc::gen::set(&Step::kind), rc::gen::set(&Step::path),
                                         rc::gen::set(&Step::watcher), rc::gen::set(&Step::choice));
  Pair pair(exclusive);
  for (const Step& s : *rc::gen::scale(4, rc::gen::container<std::vector<Step>>(step))) pair.run(s);
}

RC_GTEST_PROP(WatchModel, FollowsTheRulesOfMaster, ()) {
  run_steps(false);
}
RC_GTEST_PROP(WatchModel, FollowsTheRulesOf38, ()) {
  run_steps(true);
}

}  // namespace
}  // namespace zoetrope::watch
