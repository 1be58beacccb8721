#include "core/tree/owner.hpp"

#include "core/base/assert.hpp"

namespace zoetrope::tree {

namespace {
constexpr uint64_t kExtendedMask = 0xFF00000000000000ULL;
constexpr uint64_t kFeatureMask = 0x00FFFF0000000000ULL;  // 0 is TTL, the only feature there is
}  // namespace

NodeKind kind_of_owner(int64_t owner, bool extended_types_enabled) {
  if (owner == 0) return NodeKind::kPersistent;
  if (owner == kContainerOwner) return NodeKind::kContainer;
  const auto bits = static_cast<uint64_t>(owner);
  const bool ttl = (bits & kExtendedMask) == kExtendedMask && (bits & kFeatureMask) == 0;
  return extended_types_enabled && ttl ? NodeKind::kTtl : NodeKind::kEphemeral;
}

int64_t owner_of_ttl(int64_t ttl_ms) {
  ZT_ASSERT(ttl_ms >= 1 && ttl_ms <= kTtlMax);
  return static_cast<int64_t>(kExtendedMask | static_cast<uint64_t>(ttl_ms));
}

int64_t ttl_of_owner(int64_t owner) {
  return static_cast<int64_t>(static_cast<uint64_t>(owner) & ~(kExtendedMask | kFeatureMask));
}

}  // namespace zoetrope::tree
