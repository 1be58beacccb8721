#include "core/base/endpoint.hpp"

#include <gtest/gtest.h>

namespace zoetrope {
namespace {

TEST(Endpoint, V4IsADottedQuad) {
  const Endpoint endpoint = Endpoint::v4(127, 0, 0, 1, 2181);
  EXPECT_EQ(endpoint.address_text(), "127.0.0.1");
  EXPECT_EQ(endpoint.to_string(), "/127.0.0.1:2181");
  EXPECT_EQ(Endpoint::v4(255, 10, 0, 9, 65535).to_string(), "/255.10.0.9:65535");
}

TEST(Endpoint, V6HasEightGroupsAsJavaPrintsThem) {
  Endpoint loopback;
  loopback.is_v6 = true;
  loopback.address[15] = 1;
  loopback.port = 2181;
  EXPECT_EQ(loopback.address_text(), "0:0:0:0:0:0:0:1");
  EXPECT_EQ(loopback.to_string(), "/[0:0:0:0:0:0:0:1]:2181");

  Endpoint documentation;
  documentation.is_v6 = true;
  documentation.address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x42, 0x83, 0x29};
  EXPECT_EQ(documentation.address_text(), "2001:db8:0:0:0:ff00:42:8329");
}

TEST(Endpoint, ComparesByAddressFamilyAndPort) {
  const Endpoint one = Endpoint::v4(1, 2, 3, 4, 5);
  EXPECT_EQ(one, Endpoint::v4(1, 2, 3, 4, 5));
  EXPECT_NE(one, Endpoint::v4(1, 2, 3, 4, 6));
  EXPECT_LT(one, Endpoint::v4(1, 2, 3, 5, 0));
  Endpoint v6 = one;
  v6.is_v6 = true;
  EXPECT_NE(one, v6);
}

}  // namespace
}  // namespace zoetrope
