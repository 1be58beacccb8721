// What the ephemeralOwner field says about the kind of a znode (facts/client-protocol.md section
// 11).
#pragma once

#include <cstdint>

namespace zoetrope::tree {

enum class NodeKind : uint8_t { kPersistent, kEphemeral, kContainer, kTtl };

inline constexpr int64_t kContainerOwner = INT64_MIN;
inline constexpr int64_t kTtlMax = (int64_t{1} << 40) - 1;

NodeKind kind_of_owner(int64_t owner, bool extended_types_enabled);
// Owner field of a TTL znode; ttl_ms in 1..kTtlMax.
int64_t owner_of_ttl(int64_t ttl_ms);
int64_t ttl_of_owner(int64_t owner);

}  // namespace zoetrope::tree
