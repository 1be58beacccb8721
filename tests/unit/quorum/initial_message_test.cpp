#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/quorum/notification.hpp"
#include "tests/support/any.hpp"
#include "tests/unit/quorum/samples.hpp"

namespace zoetrope::quorum {
namespace {

std::string encoded(const InitialMessage& message, bool multi_address) {
  std::string bytes;
  append_initial_message(bytes, message, multi_address);
  return bytes;
}

// A message of the given protocol version with `text` for its addresses.
std::string message_of(int64_t version, std::string_view text) {
  std::string bytes;
  jute::Writer out(bytes);
  out.i64(version);
  out.i64(3);
  out.string(text);
  return bytes;
}

std::vector<ElectionAddress> addresses_in(std::string_view text) {
  const auto read = read_initial_message(message_of(-65535, text));
  if (!read || !*read) return {{"refused", 0}};
  return (*read)->message.addresses;
}

TEST(InitialMessage, SampleDecodesAndEncodesToTheSameBytes) {
  const std::string bytes = samples(SampleKind::kInitialMessage).at(0).bytes;
  const auto read = read_initial_message(bytes + "what follows");
  ASSERT_TRUE(read && *read);
  const InitialMessage& message = (*read)->message;
  EXPECT_EQ((*read)->size, bytes.size());
  EXPECT_EQ(message.server, ServerId(3));
  EXPECT_EQ(message.addresses, (std::vector<ElectionAddress>{{"127.0.0.1", 22033}}));
  EXPECT_EQ(encoded(message, false), bytes);
}

TEST(InitialMessage, EveryBeginningNeedsMore) {
  const std::string bytes = samples(SampleKind::kInitialMessage).at(0).bytes;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const test::ExactCopy copy(std::string_view(bytes).substr(0, size));
    const auto read = read_initial_message(copy.view());
    ASSERT_TRUE(read.has_value()) << read.error().what;
    EXPECT_FALSE(read->has_value()) << size;
  }
}

TEST(InitialMessage, OldestFormIsTheServerIdAlone) {
  const auto read = read_initial_message(test::unhex("0000000000000007 ff"));
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->message.server, ServerId(7));
  EXPECT_TRUE((*read)->message.addresses.empty());
  EXPECT_EQ((*read)->size, 8u);
  EXPECT_EQ(encoded((*read)->message, false), test::unhex("0000000000000007"));
}

TEST(InitialMessage, FormsWithOneAddressAndWithAll) {
  const InitialMessage message{ServerId(1), {{"h", 1}, {"fe80:0:0:0:0:0:0:1", 65535}}};
  EXPECT_EQ(encoded(message, false),
            test::unhex("ffffffffffff0000 0000000000000001 00000003") + "h:1");
  EXPECT_EQ(encoded(message, true), test::unhex("ffffffffffff0001 0000000000000001 0000001e") +
                                        "h:1|[fe80:0:0:0:0:0:0:1]:65535");
}

TEST(InitialMessage, Addresses) {
  using Addresses = std::vector<ElectionAddress>;
  EXPECT_EQ(addresses_in("a:1|b:2"), (Addresses{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(addresses_in("[::1]:1"), (Addresses{{"0:0:0:0:0:0:0:1", 1}}));
  EXPECT_EQ(addresses_in("0.0.0.0:1"), Addresses{});
  EXPECT_EQ(addresses_in("[::]:1|a:2|[0:0:0:0:0:0:0:0]:3"), (Addresses{{"a", 2}}));
  for (const char* bad : {":", "a", "a:", ":1", "a:b", "a:1:2", "a:65536", "a:-1", "[::1", "[::1]",
                          "[::1]1", "::1:2", "a:1||b:2", "a b:1"}) {
    EXPECT_EQ(addresses_in(bad), (Addresses{{"refused", 0}})) << bad;
  }
}

TEST(InitialMessage, NeverTrustsAVersionOrALength) {
  for (const int64_t version : {int64_t{-1}, int64_t{-65537}, int64_t{-65534}, INT64_MIN}) {
    EXPECT_FALSE(read_initial_message(message_of(version, "a:1")).has_value()) << version;
    // Told from the first eight bytes.
    EXPECT_FALSE(read_initial_message(message_of(version, "a:1").substr(0, 8)).has_value());
  }
  for (const char* length : {"00000000", "ffffffff", "80000000", "00000801", "7fffffff"}) {
    const auto read = read_initial_message(
        test::unhex(std::string("ffffffffffff0000 0000000000000001") + length));
    EXPECT_FALSE(read.has_value()) << length;
  }
  EXPECT_TRUE(read_initial_message(test::unhex("ffffffffffff0000 0000000000000001 00000800")));
}

RC_GTEST_PROP(InitialMessage, RoundTrip, ()) {
  test::Any any;
  InitialMessage message{ServerId(any.i64() & INT64_MAX), {}};
  const size_t count = any.below(4);
  for (size_t i = 0; i < count; ++i) {
    const char* const hosts[] = {"a.example", "10.0.0.7", "2001:db8:0:0:0:0:0:1",
                                 "fe80:0:0:0:0:0:0:1%eth0"};
    message.addresses.push_back({hosts[any.below(4)], static_cast<uint16_t>(any.i32())});
  }
  const std::string bytes = encoded(message, true);
  const auto read = read_initial_message(bytes);
  RC_ASSERT(read && *read);
  RC_ASSERT((*read)->size == bytes.size());
  RC_ASSERT((*read)->message.server == message.server);
  RC_ASSERT((*read)->message.addresses == message.addresses);
}

}  // namespace
}  // namespace zoetrope::quorum
