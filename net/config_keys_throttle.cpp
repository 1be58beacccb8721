// The keys that hold back requests and connections (facts/config-keys.md table 2; upstream
// RequestThrottler, Request, BlueThrottle).
#include <charconv>
#include <cmath>

#include "net/config_keys.hpp"
#include "net/config_values.hpp"

namespace zoetrope::net {

namespace {

using Draft = ConfigDraft;
using Value = std::string_view;

// A chance or a part, kept in millionths.
std::string read_part(Value value, int64_t& millionths) {
  double part = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), part);
  const bool is_number = error == std::errc() && end == value.data() + value.size();
  if (!is_number || !(part >= 0 && part <= 1)) {
    return "\"" + std::string(value) + "\" is not a number from 0 to 1";
  }
  millionths = std::llround(part * 1'000'000);
  return {};
}

std::string read_count(Value value, int32_t& count) {
  int32_t read = 0;
  if (std::string wrong = read_property_int(value, read); !wrong.empty()) return wrong;
  if (read < 0) return "must not be negative";
  count = read;
  return {};
}

std::string read_time(Value value, int64_t& ms) {
  int32_t read = 0;
  if (std::string wrong = read_property_int(value, read); !wrong.empty()) return wrong;
  ms = read;
  return {};
}

node::RequestThrottleConfig& requests(Draft& draft) {
  return draft.config.engine.request_throttle;
}
node::ConnectionThrottleConfig& connections(Draft& draft) {
  return draft.config.engine.connection_throttle;
}

constexpr ConfigKey kThrottleKeys[] = {
    {"request_throttle_max_requests", Standing::kObeyed,
     [](Draft& d, Value v) { return read_count(v, requests(d).max_requests); }},
    {"request_throttle_stall_time", Standing::kObeyed,
     [](Draft& d, Value v) { return read_time(v, requests(d).stall_time_ms); }},
    {"request_throttle_drop_stale", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, requests(d).drop_stale); }},
    {"request_stale_latency_check", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, requests(d).stale_latency_check); }},
    {"request_stale_connection_check", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, requests(d).stale_connection_check); }},
    {"throttled_op_wait_time", Standing::kObeyed,
     [](Draft& d, Value v) { return read_time(v, requests(d).throttled_op_wait_ms); }},
    {"connection_throttle_tokens", Standing::kObeyed,
     [](Draft& d, Value v) { return read_count(v, connections(d).tokens); }},
    {"connection_throttle_fill_time", Standing::kObeyed,
     [](Draft& d, Value v) { return read_time(v, connections(d).fill_time_ms); }},
    {"connection_throttle_fill_count", Standing::kObeyed,
     [](Draft& d, Value v) { return read_count(v, connections(d).fill_count); }},
    {"connection_throttle_freeze_time", Standing::kObeyed,
     [](Draft& d, Value v) { return read_time(v, connections(d).freeze_time_ms); }},
    {"connection_throttle_drop_increase", Standing::kObeyed,
     [](Draft& d, Value v) { return read_part(v, connections(d).drop_increase); }},
    {"connection_throttle_drop_decrease", Standing::kObeyed,
     [](Draft& d, Value v) { return read_part(v, connections(d).drop_decrease); }},
    {"connection_throttle_decrease_ratio", Standing::kObeyed,
     [](Draft& d, Value v) { return read_part(v, connections(d).decrease_ratio); }},
    {"connection_throttle_weight_enabled", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, connections(d).is_weighted); }},
    {"connection_throttle_global_session_weight", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_int(v, connections(d).global_weight); }},
    {"connection_throttle_local_session_weight", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_int(v, connections(d).local_weight); }},
    {"connection_throttle_renew_session_weight", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_int(v, connections(d).renew_weight); }},
};

}  // namespace

std::span<const ConfigKey> throttle_keys() {
  return kThrottleKeys;
}

}  // namespace zoetrope::net
