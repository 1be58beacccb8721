// A request that waits in front of the pipeline, and what says how many may be in it. Values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/jute/opcode.hpp"
#include "core/jute/records.hpp"

namespace zoetrope::node {

// zookeeper.request_throttle_* and what belongs to them (upstream RequestThrottler, Request).
struct RequestThrottleConfig {
  int32_t max_requests = 0;  // in the pipeline at a time; 0: no limit
  int64_t stall_time_ms = 100;
  bool drop_stale = true;
  bool stale_latency_check = false;
  bool stale_connection_check = true;
  int64_t throttled_op_wait_ms = 0;  // what waits longer is refused; 0: nothing is
};

struct StalledRequest {
  ConnectionId connection;
  SessionId session;
  int32_t timeout_ms = 0;  // of the session
  Xid xid;
  jute::OpCode type = jute::OpCode::kNotification;
  std::string body;
  std::shared_ptr<const std::vector<jute::Id>> ids;
  MonotonicTime received;
  int64_t large_bytes = 0;
};

}  // namespace zoetrope::node
