#include "explore/choice.hpp"

#include <gtest/gtest.h>

namespace zoetrope::explore {
namespace {

TEST(Path, IsTheSameAfterItsText) {
  const std::string text = "v2,d12,d31.1,o2.13,c3,b13,r3,s";
  const auto path = parse_path(text);
  ASSERT_TRUE(path) << path.error();
  EXPECT_EQ(path->size(), 8);
  EXPECT_EQ(to_string(*path), text);
  EXPECT_EQ(path->at(1), (Choice{Choice::Kind::kDeliver, 0, 1, 0, 0}));
  EXPECT_TRUE(parse_path("")->empty());
}

TEST(Path, NamesTheStepThatIsNone) {
  for (const char* bad : {"x", "d1", "d12.2", "d12.", "d123", "d02", "d16", "o1", "o1.999", "c12",
                          "c1.1", "s1", "v", "v1.1", "v-1", ""}) {
    const auto path = parse_path("d12," + std::string(bad) + ",s");
    ASSERT_FALSE(path) << bad;
    EXPECT_EQ(path.error(), "step 2, '" + std::string(bad) + "', is none");
  }
}

}  // namespace
}  // namespace zoetrope::explore
