// How many sessions may be begun or renewed in a while (upstream BlueThrottle): a bucket of tokens
// that is filled as time passes, and above it, if asked for, a chance of refusal that rises while
// the bucket is empty and falls again. Owns the bucket and a generator; closes nothing itself.
#pragma once

#include <cstdint>

#include "core/base/hash.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::node {

// zookeeper.connection_throttle_*; chances and ratios in millionths.
struct ConnectionThrottleConfig {
  int32_t tokens = 0;  // 0: off
  int64_t fill_time_ms = 1;
  int32_t fill_count = 1;
  int64_t freeze_time_ms = -1;  // between two changes of the chance of refusal; -1: there is none
  int64_t drop_increase = 20'000;
  int64_t drop_decrease = 2'000;
  int64_t decrease_ratio = 0;  // the chance falls while no more of the bucket is used
  // Tokens that each kind of session takes; without, one. Tokens and fill count are then meant for
  // global sessions.
  bool is_weighted = false;
  int32_t global_weight = 3, local_weight = 1, renew_weight = 2;
};

enum class SessionKind : uint8_t { kGlobal, kLocal, kRenewed };

class ConnectionThrottle {
 public:
  ConnectionThrottle(const ConnectionThrottleConfig& config, Random random, MonotonicTime now);

  // Whether one more may connect; takes its tokens.
  bool admits(SessionKind kind, MonotonicTime now);
  // In millionths.
  int64_t drop_chance() const { return drop_; }
  int64_t deficit() const { return tokens_max_ - tokens_; }
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  int64_t cost(SessionKind kind) const;
  void refill(MonotonicTime now);
  bool is_lucky(MonotonicTime now);

  ConnectionThrottleConfig config_;
  Random random_;
  int64_t tokens_max_ = 0, fill_count_ = 1;
  int64_t tokens_ = 0;
  int64_t drop_ = 0;
  MonotonicTime filled_, frozen_;
};

}  // namespace zoetrope::node
