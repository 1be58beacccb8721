#include "core/base/ids.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <type_traits>

namespace zoetrope {
namespace {

static_assert(!std::is_convertible_v<Zxid, SessionId>);
static_assert(!std::is_convertible_v<int64_t, Zxid>);
static_assert(!std::is_convertible_v<Zxid, int64_t>);

TEST(Ids, ZxidIsEpochAndCounter) {
  const Zxid zxid = Zxid::make(2, 0x10);
  EXPECT_EQ(zxid.value, 0x200000010);
  EXPECT_EQ(zxid.epoch(), 2u);
  EXPECT_EQ(zxid.counter(), 0x10u);
  EXPECT_EQ(zxid.next(), Zxid::make(2, 0x11));
  EXPECT_EQ(Zxid().value, 0);
}

TEST(Ids, ZxidsCompareAsSignedNumbers) {
  EXPECT_LT(Zxid::make(1, 0xFFFFFFFF), Zxid::make(2, 0));
  EXPECT_LT(Zxid(-1), Zxid(0));
  EXPECT_LT(Zxid::make(0x80000000, 0), Zxid());
}

RC_GTEST_PROP(Ids, ZxidPartsRoundTrip, (uint32_t epoch, uint32_t counter)) {
  const Zxid zxid = Zxid::make(epoch, counter);
  RC_ASSERT(zxid.epoch() == epoch);
  RC_ASSERT(zxid.counter() == counter);
}

RC_GTEST_PROP(Ids, ConnectionPartsRoundTrip, (uint32_t slot, uint32_t generation)) {
  const ConnectionId id = ConnectionId::make(slot, generation);
  RC_ASSERT(id.slot() == slot);
  RC_ASSERT(id.generation() == generation);
}

TEST(Ids, HashIsTheSameForEver) {
  EXPECT_EQ(IdHash()(SessionId(1)), 0x9E3779B97F4A7C15u ^ 0x9E3779B9u);
  EXPECT_EQ(IdHash()(SessionId(0)), 0u);
  EXPECT_EQ(IdHash()(Xid(-1)), IdHash()(SessionId(-1)));
}

}  // namespace
}  // namespace zoetrope
