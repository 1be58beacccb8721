#include "core/tree/quota.hpp"

#include <gtest/gtest.h>

namespace zoetrope::tree {
namespace {

TEST(Quota, ReadsUpstreamsTexts) {
  EXPECT_EQ(parse_quota("count=3,bytes=40"), (Quota{3, 40, -1, -1}));
  EXPECT_EQ(parse_quota("count=5,bytes=-1=;byteHardLimit=9;countHardLimit=7"),
            (Quota{5, -1, 7, 9}));
  EXPECT_EQ(parse_quota("count=5,bytes=10=;byteHardLimit=-1;countHardLimit=-1"),
            (Quota{5, 10, -1, -1}));
  EXPECT_EQ(parse_quota(""), Quota());
  EXPECT_EQ(parse_quota("count=,bytes=2"), (Quota{-1, 2, -1, -1}));
  EXPECT_EQ(parse_quota("bytes=2,,;count=1"), (Quota{1, 2, -1, -1}));
  EXPECT_EQ(parse_quota("other=1,count=2"), (Quota{2, -1, -1, -1}));
}

TEST(Quota, RefusesNonsense) {
  for (const char* text :
       {"count", "count=x", "count=1x", "1,2", "count=99999999999999999999", "count= 1"}) {
    EXPECT_EQ(parse_quota(text), std::nullopt) << text;
  }
}

TEST(Quota, WritesUpstreamsTexts) {
  EXPECT_EQ(to_string(Quota{2, 5, -1, -1}), "count=2,bytes=5");
  EXPECT_EQ(to_string(Quota{-1, 5, 7, 9}), "count=-1,bytes=5=;byteHardLimit=9;countHardLimit=7");
  EXPECT_EQ(to_string(Quota{1, 2, 3, -1}), "count=1,bytes=2=;countHardLimit=3");
  for (const Quota& quota : {Quota{1, 2, 3, 4}, Quota{-1, -1, -1, 8}, Quota{}}) {
    EXPECT_EQ(parse_quota(to_string(quota)), quota);
  }
}

}  // namespace
}  // namespace zoetrope::tree
