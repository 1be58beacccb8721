#include "core/jute/archive.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>

#include "tests/support/allocation.hpp"
#include "tests/support/any.hpp"
#include "tests/support/bytes.hpp"

namespace zoetrope::jute {
namespace {

using test::ExactCopy;
using test::hex;
using test::unhex;

std::string encoded(auto&& fill) {
  std::string bytes;
  Writer out(bytes);
  fill(out);
  return hex(bytes);
}

TEST(Writer, PrimitivesAreBigEndianTwosComplement) {
  EXPECT_EQ(encoded([](Writer& out) { out.i8(-2); }), "fe");
  EXPECT_EQ(encoded([](Writer& out) { out.boolean(true); }), "01");
  EXPECT_EQ(encoded([](Writer& out) { out.boolean(false); }), "00");
  EXPECT_EQ(encoded([](Writer& out) { out.i32(0x01020304); }), "01020304");
  EXPECT_EQ(encoded([](Writer& out) { out.i32(-2); }), "fffffffe");
  EXPECT_EQ(encoded([](Writer& out) { out.i64(0x0102030405060708); }), "0102030405060708");
  EXPECT_EQ(encoded([](Writer& out) { out.i64(-2); }), "fffffffffffffffe");
}

TEST(Writer, NullAndEmptyBuffersDiffer) {
  EXPECT_EQ(encoded([](Writer& out) { out.buffer(std::nullopt); }), "ffffffff");
  EXPECT_EQ(encoded([](Writer& out) { out.buffer(""); }), "00000000");
  EXPECT_EQ(encoded([](Writer& out) { out.buffer("ab"); }), "000000026162");
  EXPECT_EQ(encoded([](Writer& out) { out.string("ab"); }), "000000026162");
}

TEST(Writer, AppendsAndPatches) {
  std::string bytes = "x";
  Writer out(bytes);
  EXPECT_EQ(out.size(), 1u);
  out.i32(0);
  out.raw("yz");
  out.patch_i32(1, 0x61626364);
  EXPECT_EQ(bytes, "xabcdyz");
  EXPECT_EQ(out.size(), 7u);
}

TEST(Reader, AnyByteButZeroIsTrue) {
  const std::string bytes = unhex("00 01 02 ff");
  Reader in(bytes);
  EXPECT_FALSE(in.boolean());
  EXPECT_TRUE(in.boolean());
  EXPECT_TRUE(in.boolean());
  EXPECT_TRUE(in.boolean());
  EXPECT_TRUE(in.ok());
}

TEST(Reader, NullAndEmptyBuffersDiffer) {
  const std::string bytes = unhex("ffffffff 00000000 00000001 78");
  Reader in(bytes);
  EXPECT_EQ(in.buffer(), std::nullopt);
  EXPECT_EQ(in.buffer(), BufferView(""));
  EXPECT_EQ(in.nullable_string(), BufferView("x"));
  EXPECT_TRUE(in.ok());
}

TEST(Reader, NullStringFails) {
  const std::string bytes = unhex("ffffffff");
  Reader in(bytes);
  EXPECT_EQ(in.string(), "");
  ASSERT_FALSE(in.ok());
  EXPECT_EQ(in.error().what, "null string");
}

TEST(Reader, StaysFailedAtItsFirstError) {
  const std::string bytes = unhex("00000001 fffffffe 00000003");
  Reader in(bytes);
  EXPECT_EQ(in.i32(), 1);
  EXPECT_EQ(in.buffer(), std::nullopt);
  ASSERT_FALSE(in.ok());
  EXPECT_EQ(in.error().what, "unreasonable length -2");
  EXPECT_EQ(in.error().offset, 8u);
  EXPECT_EQ(in.i32(), 0);
  EXPECT_EQ(in.i64(), 0);
  EXPECT_EQ(in.i8(), 0);
  EXPECT_EQ(in.count(4), 0);
  EXPECT_EQ(in.string(), "");
  EXPECT_EQ(in.raw(1), "");
  in.fail("something else");
  EXPECT_EQ(in.error().what, "unreasonable length -2");
}

TEST(Reader, CallerMayRefuse) {
  const std::string bytes = unhex("00000009");
  Reader in(bytes);
  in.i32();
  EXPECT_TRUE(in.ok());
  in.fail("nine");
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.error(), (DecodeError{"nine", 4}));
}

TEST(Reader, LengthLimitIsInclusive) {
  const std::string bytes = unhex("00000003 616263");
  Reader exact(bytes, 3), short_by_one(bytes, 2);
  EXPECT_EQ(exact.string(), "abc");
  EXPECT_TRUE(exact.ok());
  short_by_one.string();
  EXPECT_FALSE(short_by_one.ok());
}

TEST(Reader, RestAndRaw) {
  const std::string bytes = "abcdef";
  Reader in(bytes);
  EXPECT_EQ(in.raw(2), "ab");
  EXPECT_EQ(in.offset(), 2u);
  EXPECT_EQ(in.remaining(), 4u);
  EXPECT_EQ(in.rest(), "cdef");
  EXPECT_EQ(in.raw(0), "");
  EXPECT_EQ(in.raw(5), "");
  EXPECT_FALSE(in.ok());
}

TEST(Reader, CountIsBoundedByWhatIsLeft) {
  const auto count = [](std::string_view text, size_t item_size_min) {
    const std::string bytes = unhex(text);
    Reader in(bytes);
    const int32_t n = in.count(item_size_min);
    return in.ok() ? n : -999;
  };
  EXPECT_EQ(count("ffffffff", 4), -1);
  EXPECT_EQ(count("00000000", 4), 0);
  EXPECT_EQ(count("00000001 00000000", 4), 1);
  EXPECT_EQ(count("00000002 00000000", 4), -999);
  EXPECT_EQ(count("00000001 000000", 4), -999);
  EXPECT_EQ(count("fffffffe 00000000", 4), -999);
  EXPECT_EQ(count("7fffffff 00000000", 4), -999);
  EXPECT_EQ(count("80000000 00000000", 4), -999);
}

// The length or count claims up to 2 GiB; the error message is all that may be allocated.
TEST(Reader, ForgedLengthsDoNotAllocate) {
  for (const char* text : {"7fffffff", "7fffffff 00", "00100000 6162", "80000000", "fffffffe"}) {
    const std::string bytes = unhex(text);
    const test::AllocationWatch watch;
    Reader buffer(bytes), string(bytes), count(bytes);
    buffer.buffer();
    string.string();
    count.count(4);
    EXPECT_FALSE(buffer.ok());
    EXPECT_FALSE(string.ok());
    EXPECT_FALSE(count.ok());
    EXPECT_LT(watch.bytes(), 1024u) << text;
  }
}

RC_GTEST_PROP(Archive, PrimitivesRoundTrip, ()) {
  test::Any any;
  const auto a = any.integer<int8_t>();
  const bool b = any.boolean();
  const int32_t c = any.i32();
  const int64_t d = any.i64();
  const std::string_view e = any.text();
  const BufferView f = any.buffer();
  std::string bytes;
  Writer out(bytes);
  out.i8(a);
  out.boolean(b);
  out.i32(c);
  out.i64(d);
  out.string(e);
  out.buffer(f);
  const ExactCopy copy(bytes);
  Reader in(copy.view());
  RC_ASSERT(in.i8() == a);
  RC_ASSERT(in.boolean() == b);
  RC_ASSERT(in.i32() == c);
  RC_ASSERT(in.i64() == d);
  RC_ASSERT(in.string() == e);
  RC_ASSERT(in.buffer() == f);
  RC_ASSERT(in.ok());
  RC_ASSERT(in.remaining() == 0u);
}

RC_GTEST_PROP(Archive, EveryReadStaysWithinTheInput, (const std::string& bytes)) {
  const ExactCopy copy(bytes);
  Reader in(copy.view());
  while (in.ok() && in.remaining() != 0) {
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        in.i8();
        break;
      case 1:
        in.i32();
        break;
      case 2:
        in.i64();
        break;
      case 3:
        in.string();
        break;
      case 4:
        in.count(4);
        break;
      default:
        in.raw(*rc::gen::inRange<size_t>(1, 9));
    }
    RC_ASSERT(in.offset() <= bytes.size());
  }
}

}  // namespace
}  // namespace zoetrope::jute
