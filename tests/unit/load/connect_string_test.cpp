#include "app/load/connect_string.hpp"

#include <gtest/gtest.h>

namespace zoetrope::load {
namespace {

TEST(ConnectString, ReadsServersAndChroot) {
  const auto parsed = parse_connect_string("a:1,b,[::1]:65535,[fe80::1]/app/one");
  ASSERT_TRUE(parsed.has_value());
  const std::vector<HostPort> servers = {{"a", 1}, {"b", 2181}, {"::1", 65535}, {"fe80::1", 2181}};
  EXPECT_EQ(parsed->servers, servers);
  EXPECT_EQ(parsed->chroot, "/app/one");
}

TEST(ConnectString, TakesARootAsNoChroot) {
  EXPECT_EQ(parse_connect_string("a:1/")->chroot, "");
  EXPECT_EQ(parse_connect_string("a:1")->chroot, "");
}

TEST(ConnectString, NamesWhatIsWrong) {
  for (const char* text : {"", ",", "a:1,", ":2181", "a:", "a:0", "a:65536", "a:x", "a:1:2", "::1",
                           "[::1", "[::1]2181", "[]:1", "a:-1", "a:1/b/", "a:1/b//c"}) {
    const auto parsed = parse_connect_string(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_TRUE(parsed.error().starts_with("bad ")) << parsed.error();
    EXPECT_EQ(parsed.error().find('\n'), std::string::npos);
  }
}

TEST(ConnectString, ResolvesNumbersInOrder) {
  const auto addresses = resolve({{"127.0.0.1", 7}, {"::1", 8}});
  ASSERT_TRUE(addresses.has_value());
  ASSERT_EQ(addresses->size(), 2u);
  EXPECT_EQ((*addresses)[0].text, "127.0.0.1:7");
  EXPECT_EQ((*addresses)[0].address.ss_family, AF_INET);
  EXPECT_EQ((*addresses)[1].address.ss_family, AF_INET6);
}

}  // namespace
}  // namespace zoetrope::load
