// Watch events: what happened to a path (facts/client-protocol.md section 13).
#pragma once

#include <cstdint>
#include <string_view>

namespace zoetrope::jute {

// Upstream: Watcher.Event.EventType, as far as a server sends it.
enum class EventType : int32_t {
  kNone = -1,
  kNodeCreated = 1,
  kNodeDeleted = 2,
  kNodeDataChanged = 3,
  kNodeChildrenChanged = 4,
};

// One change that watches may wait for. The path is a view into the transaction that caused it.
struct Trigger {
  EventType type = EventType::kNone;
  std::string_view path;
};

}  // namespace zoetrope::jute
