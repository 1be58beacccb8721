#include "core/node/connection_throttle.hpp"

#include <algorithm>

namespace zoetrope::node {

namespace {

constexpr int64_t kMillion = 1'000'000;

// A weight that makes no sense is replaced as upstream does.
int32_t sane(int32_t weight, int32_t otherwise, int32_t least) {
  return weight <= 0 ? otherwise : std::max(weight, least);
}

ConnectionThrottleConfig sane(ConnectionThrottleConfig config) {
  const int32_t local = config.local_weight;
  config.global_weight = sane(config.global_weight, 3, local);
  config.renew_weight = sane(config.renew_weight, 2, local);
  config.local_weight = sane(local, 1, 1);
  config.fill_time_ms = std::max<int64_t>(config.fill_time_ms, 1);
  return config;
}

}  // namespace

ConnectionThrottle::ConnectionThrottle(const ConnectionThrottleConfig& config, Random random,
                                       MonotonicTime now)
    : config_(sane(config)), random_(random), filled_(now), frozen_(now) {
  const int64_t factor = config_.is_weighted ? config_.global_weight : 1;
  tokens_max_ = tokens_ = factor * std::max(config_.tokens, 0);
  fill_count_ = factor * std::max(config_.fill_count, 0);
}

int64_t ConnectionThrottle::cost(SessionKind kind) const {
  if (!config_.is_weighted) return 1;
  switch (kind) {
    case SessionKind::kGlobal: return config_.global_weight;
    case SessionKind::kLocal: return config_.local_weight;
    case SessionKind::kRenewed: return config_.renew_weight;
  }
  return 1;
}

void ConnectionThrottle::refill(MonotonicTime now) {
  const int64_t passed_ms = (now - filled_).ms();
  if (passed_ms <= config_.fill_time_ms) return;
  // The bucket is full long before this could overflow.
  const int64_t steps = std::min<int64_t>(passed_ms, int64_t{1} << 31);
  tokens_ = std::min(tokens_ + steps * fill_count_ / config_.fill_time_ms, tokens_max_);
  filled_ = now;
}

bool ConnectionThrottle::is_lucky(MonotonicTime now) {
  if ((now - frozen_).ms() > config_.freeze_time_ms) {
    const int64_t threshold = (tokens_max_ * config_.decrease_ratio + kMillion / 2) / kMillion;
    if (deficit() == tokens_max_ && drop_ < kMillion) {
      drop_ = std::min(drop_ + config_.drop_increase, kMillion);
    } else if (deficit() <= threshold && drop_ > 0) {
      drop_ = std::max<int64_t>(drop_ - config_.drop_decrease, 0);
    }
    frozen_ = now;
  }
  return static_cast<int64_t>(random_.below(kMillion)) >= drop_;
}

bool ConnectionThrottle::admits(SessionKind kind, MonotonicTime now) {
  if (tokens_max_ == 0) return true;
  refill(now);
  if (config_.freeze_time_ms != -1 && !is_lucky(now)) return false;
  const int64_t tokens = cost(kind);
  if (tokens_ < tokens) return false;
  tokens_ -= tokens;
  return true;
}

void ConnectionThrottle::add_to(RunningHash& hash) const {
  if (tokens_max_ == 0) return;
  hash.add(static_cast<uint64_t>(tokens_));
  hash.add(static_cast<uint64_t>(drop_));
  hash.add(static_cast<uint64_t>(filled_.ns));
  hash.add(static_cast<uint64_t>(frozen_.ns));
}

}  // namespace zoetrope::node
