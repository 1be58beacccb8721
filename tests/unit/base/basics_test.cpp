// The small headers of the room: assertions, byte order, error codes, time.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"

namespace zoetrope {
namespace {

TEST(AssertDeathTest, NamesExpressionAndPlace) {
  const int one = 1;
  EXPECT_DEATH(ZT_ASSERT(one == 2), "assertion failed: one == 2 at .*basics_test.cpp:[0-9]+");
  ZT_ASSERT(one == 1);
}

TEST(Endian, StoresTheHighByteFirst) {
  char bytes[8];
  store_be32(bytes, 0x01020304u);
  EXPECT_EQ(std::string(bytes, 4), "\x01\x02\x03\x04");
  store_be64(bytes, 0x0102030405060708u);
  EXPECT_EQ(std::string(bytes, 8), "\x01\x02\x03\x04\x05\x06\x07\x08");
}

RC_GTEST_PROP(Endian, LoadsWhatWasStoredAtAnyAlignment, (uint32_t word, uint64_t wide)) {
  char bytes[16];
  for (size_t at = 0; at < 8; ++at) {
    store_be32(bytes + at, word);
    RC_ASSERT(load_be32(bytes + at) == word);
    store_be64(bytes + at, wide);
    RC_ASSERT(load_be64(bytes + at) == wide);
  }
}

TEST(ErrorCode, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  int known = 0;
  for (int32_t code = -200; code <= 0; ++code) {
    const std::string_view name = to_string(static_cast<ErrorCode>(code));
    if (name == "Unknown") continue;
    ++known;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_EQ(known, 32);
  EXPECT_EQ(to_string(ErrorCode::kNoNode), "NoNode");
  EXPECT_EQ(to_string(static_cast<ErrorCode>(-126)), "Unknown");
  EXPECT_EQ(to_string(static_cast<ErrorCode>(7)), "Unknown");
}

TEST(Time, Arithmetic) {
  const MonotonicTime start = MonotonicTime::from_ms(5);
  EXPECT_EQ((start + Duration::from_us(1500)).ns, 6'500'000);
  EXPECT_EQ((start + Duration::from_us(1500)).ms(), 6);
  EXPECT_EQ((MonotonicTime::from_ms(7) - start).ms(), 2);
  EXPECT_LT(start, MonotonicTime::from_ms(6));
  EXPECT_LT(WallTime{-1}, WallTime{0});
}

}  // namespace
}  // namespace zoetrope
