#include "core/tree/ip_pattern.hpp"

#include <gtest/gtest.h>

namespace zoetrope::tree {
namespace {

TEST(IpPattern, Validity) {
  for (const char* text :
       {"10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "1.2.3.4/32", "::1", "::", "::/0", "fe80::/10",
        "1:2:3:4:5:6:7:8", "1::8", "1:2:3:4:5:6:7:8/128", "abcd::", "ABCD::1"}) {
    EXPECT_TRUE(valid_ip_pattern(text)) << text;
  }
  for (const char* text : {"",
                           "localhost",
                           "10.0.0",
                           "10.0.0.0.0",
                           "10.0.0.256",
                           "10.0.0.-1",
                           "10.0.0.a",
                           "10..0.0",
                           "10.0.0.1/33",
                           "10.0.0.1/-1",
                           "10.0.0.1/",
                           "10.0.0.1/8/8",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "1:2:3:4::5:6:7:8",
                           ":1",
                           "1:",
                           "12345::",
                           "g::",
                           "::1/129",
                           ":::",
                           "fe80::1%eth0"}) {
    EXPECT_FALSE(valid_ip_pattern(text)) << text;
  }
}

TEST(IpPattern, Matches) {
  EXPECT_TRUE(ip_matches("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(ip_matches("10.1.2.3", "10.1.2.4"));
  EXPECT_TRUE(ip_matches("10.1.2.3", "10.0.0.0/8"));
  EXPECT_FALSE(ip_matches("11.1.2.3", "10.0.0.0/8"));
  EXPECT_TRUE(ip_matches("192.168.127.255", "192.168.64.0/18"));
  EXPECT_FALSE(ip_matches("192.168.128.0", "192.168.64.0/18"));
  EXPECT_TRUE(ip_matches("1.2.3.4", "0.0.0.0/0"));
  EXPECT_TRUE(ip_matches("0:0:0:0:0:0:0:1", "::1"));
  EXPECT_TRUE(ip_matches("fe80:0:0:0:1:2:3:4", "fe80::/10"));
  EXPECT_FALSE(ip_matches("fec0::1", "fe80::/10"));
  EXPECT_FALSE(ip_matches("127.0.0.1", "::1"));
  EXPECT_FALSE(ip_matches("::1", "0.0.0.0/0"));
  EXPECT_FALSE(ip_matches("nonsense", "0.0.0.0/0"));
  EXPECT_FALSE(ip_matches("10.0.0.1", "10.0.0.0/99"));
}

}  // namespace
}  // namespace zoetrope::tree
