// Quota and usage texts of /zookeeper/quota (facts/client-protocol.md section 18; upstream
// StatsTrack).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace zoetrope::tree {

inline constexpr std::string_view kQuotaRoot = "/zookeeper/quota";
inline constexpr std::string_view kLimitsName = "zookeeper_limits";
inline constexpr std::string_view kStatsName = "zookeeper_stats";

// -1 means unlimited (limits) or unknown.
struct Quota {
  int64_t count = -1;
  int64_t bytes = -1;
  int64_t count_hard = -1;
  int64_t bytes_hard = -1;
  auto operator<=>(const Quota&) const = default;
};

// Reads "count=N,bytes=N" with the optional "=;byteHardLimit=N;countHardLimit=N"; nullopt when
// malformed.
std::optional<Quota> parse_quota(std::string_view text);
std::string to_string(const Quota& quota);

}  // namespace zoetrope::tree
