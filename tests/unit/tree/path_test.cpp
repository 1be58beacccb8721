#include "core/tree/path.hpp"

#include <gtest/gtest.h>

namespace zoetrope::tree {
namespace {

TEST(Path, ValidOnes) {
  for (std::string_view path :
       {"/", "/a", "/a/b", "/.a", "/...", "/a..", "/..a", "/a b", "/\xc3\xa9", "/\xe2\x82\xac",
        "/\xef\xbf\xaf", "/\xc2\xa0", "/~", "/\xef\xa4\x80"}) {
    EXPECT_TRUE(valid_path(path)) << path;
  }
}

TEST(Path, InvalidOnes) {
  using namespace std::string_view_literals;
  for (std::string_view path : {""sv,
                                "a"sv,
                                "a/b"sv,
                                "//"sv,
                                "/a/"sv,
                                "/a//b"sv,
                                "/."sv,
                                "/.."sv,
                                "/a/."sv,
                                "/a/.."sv,
                                "/a/./b"sv,
                                "/a/../b"sv,
                                "/a\0"sv,
                                "/\x01"sv,
                                "/\x1f"sv,
                                "/\x7f"sv,
                                "/a\n"sv,
                                "/\xc2\x80"sv,          // U+0080
                                "/\xc2\x9f"sv,          // U+009F
                                "/\xee\x80\x80"sv,      // U+E000, private use
                                "/\xef\xa3\xbf"sv,      // U+F8FF
                                "/\xef\xbf\xb0"sv,      // U+FFF0
                                "/\xef\xbf\xbd"sv,      // U+FFFD
                                "/\xed\xa0\x80"sv,      // a surrogate
                                "/\xf0\x9f\x98\x80"sv,  // U+1F600
                                "/\xc3"sv,
                                "/\xe2\x82"sv,
                                "/\x80"sv,
                                "/\xff"sv,
                                "/\xc3("sv,
                                "/\xc0\xaf"sv,  // overlong
                                "/\xe0\x80\xaf"sv}) {
    EXPECT_FALSE(valid_path(path)) << path;
  }
}

TEST(Path, Parts) {
  EXPECT_EQ(parent_path("/a/b"), "/a");
  EXPECT_EQ(parent_path("/a"), "");
  EXPECT_EQ(last_component("/a/b"), "b");
  EXPECT_EQ(last_component("/a"), "a");
  EXPECT_TRUE(names_child("/a"));
  for (const char* path : {"", "/", "//", "//a", "/a/", "a"})
    EXPECT_FALSE(names_child(path)) << path;
}

}  // namespace
}  // namespace zoetrope::tree
