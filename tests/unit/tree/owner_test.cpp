#include "core/tree/owner.hpp"

#include <gtest/gtest.h>

namespace zoetrope::tree {
namespace {

TEST(Owner, Kinds) {
  EXPECT_EQ(kind_of_owner(0, true), NodeKind::kPersistent);
  EXPECT_EQ(kind_of_owner(0x0100000f1e020000, true), NodeKind::kEphemeral);
  EXPECT_EQ(kind_of_owner(kContainerOwner, true), NodeKind::kContainer);
  EXPECT_EQ(kind_of_owner(kContainerOwner, false), NodeKind::kContainer);
  EXPECT_EQ(kind_of_owner(owner_of_ttl(1), true), NodeKind::kTtl);
  EXPECT_EQ(kind_of_owner(owner_of_ttl(1), false), NodeKind::kEphemeral);
  // Top byte 0xff of a server with id 255, with bits that are no TTL.
  EXPECT_EQ(kind_of_owner(static_cast<int64_t>(0xFF00010000000000ULL), true), NodeKind::kEphemeral);
}

TEST(Owner, TtlIsKeptInTheLow40Bits) {
  EXPECT_EQ(static_cast<uint64_t>(owner_of_ttl(1)), 0xFF00000000000001ULL);
  for (int64_t ttl : {int64_t{1}, int64_t{3600000}, kTtlMax})
    EXPECT_EQ(ttl_of_owner(owner_of_ttl(ttl)), ttl);
  EXPECT_EQ(owner_of_ttl(98304), -72057594037829632);
}

}  // namespace
}  // namespace zoetrope::tree
