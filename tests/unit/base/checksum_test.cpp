#include "core/base/checksum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace zoetrope {
namespace {

TEST(Checksum, Crc32OfKnownTexts) {
  // Check value of the CRC catalogue, and RFC 3720's 32 zero bytes under the zlib polynomial.
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc32("a"), 0xE8B7BE43u);
  EXPECT_EQ(crc32(std::string(32, '\0')), 0x190A55ADu);
  EXPECT_EQ(crc32(""), 0u);
}

TEST(Checksum, Adler32OfKnownTexts) {
  // The example of RFC 1950's commentators, and the value of an empty stream.
  EXPECT_EQ(adler32("Wikipedia"), 0x11E60398u);
  EXPECT_EQ(adler32("a"), 0x00620062u);
  EXPECT_EQ(adler32(""), 1u);
  // Long enough for both sums to pass the modulus.
  EXPECT_EQ(adler32(std::string(100000, '\xff')), 0x149A302Cu);
}

TEST(Checksum, EmptyPieceLeavesARunningValueAlone) {
  EXPECT_EQ(crc32(std::string_view(), 0x12345678u), 0x12345678u);
  EXPECT_EQ(adler32(std::string_view(), 0x12345678u), 0x12345678u);
}

RC_GTEST_PROP(Checksum, RunningValueOverPiecesIsThatOfTheWhole,
              (const std::string& first, const std::string& second)) {
  RC_ASSERT(crc32(second, crc32(first)) == crc32(first + second));
  RC_ASSERT(adler32(second, adler32(first)) == adler32(first + second));
}

}  // namespace
}  // namespace zoetrope
