#include "scenario/words.hpp"

#include <gtest/gtest.h>

namespace zoetrope::scenario {
namespace {

TEST(Words, OfDurationsLoseNothing) {
  for (const int64_t ns :
       {int64_t{0}, int64_t{1}, int64_t{999}, int64_t{1'500}, int64_t{123'456},
        int64_t{1'500'000'000}, int64_t{90'000'000'000}, int64_t{3'600'000'000'000},
        int64_t{86'400'000'000'000} * 14, int64_t{1'234'567'891}}) {
    EXPECT_EQ(duration_of(to_words(Duration{ns})), Duration{ns}) << to_words(Duration{ns});
  }
  EXPECT_EQ(to_words(Duration::from_us(1'500)), "1.5ms");
  EXPECT_EQ(to_words(Duration::from_ms(60'000)), "1min");
  EXPECT_EQ(duration_of("0.25 s"), Duration::from_ms(250));
}

TEST(Words, ThatAreNoDurations) {
  for (const char* words : {"", "5", "ms", "1.s", "1..5s", "-1s", "1x", "1.0000000001s", "1e3s",
                            "99999999999999999999s", "9000000000h"}) {
    EXPECT_EQ(duration_of(words), std::nullopt) << words;
  }
}

TEST(Words, OfTargets) {
  for (const char* words : {"leader", "leader, else 3", "follower", "follower 2", "observer",
                            "any server", "any follower", "all", "it", "minority",
                            "minority with the leader", "majority", "region eu"}) {
    const auto target = target_of(words);
    ASSERT_TRUE(target.has_value()) << words;
    EXPECT_EQ(to_words(*target), words);
  }
  for (const char* words : {"", "boss", "follower 0", "follower x", "region ", "leader, else"}) {
    EXPECT_FALSE(target_of(words).has_value()) << words;
  }
}

TEST(Words, OfAcls) {
  const auto entry = acl_entry_of("digest:user:hash=:cdrwa");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->id.id, "user:hash=");
  EXPECT_EQ(entry->permissions, properties::kAllPermissions);
  EXPECT_EQ(to_words(*entry), "digest:user:hash=:cdrwa");
  EXPECT_FALSE(acl_entry_of("world:anyone").has_value());
  EXPECT_FALSE(acl_entry_of("world:anyone:x").has_value());
}

}  // namespace
}  // namespace zoetrope::scenario
