#include "core/wire/frame.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/random.hpp"
#include "core/jute/archive.hpp"
#include "tests/support/allocation.hpp"
#include "tests/support/bytes.hpp"

namespace zoetrope::wire {
namespace {

using Status = FrameCutter::Status;
using test::unhex;

constexpr int32_t kFrameBytesMax = 1000;

std::string framed(const std::vector<std::string>& payloads) {
  std::string stream;
  jute::Writer out(stream);
  for (const std::string& payload : payloads) out.string(payload);
  return stream;
}

// Feeds `piece` from memory of its own, which is gone afterwards, and takes every whole frame.
// Views are read only after the last next(), as far as they promise to live.
Status feed_and_take(FrameCutter& cutter, std::string_view piece,
                     std::vector<std::string>& frames) {
  const test::ExactCopy copy(piece);
  std::vector<std::string_view> views;
  cutter.feed(copy.view());
  std::string_view payload;
  Status status;
  while ((status = cutter.next(payload, kFrameBytesMax)) == Status::kFrame) {
    views.push_back(payload);
  }
  frames.insert(frames.end(), views.begin(), views.end());
  cutter.keep();
  return status;
}

TEST(FrameCutter, CutsFramesThatArriveWhole) {
  FrameCutter cutter;
  const std::string stream = framed({"one", "", "three"});
  cutter.feed(stream);
  std::string_view payload;
  EXPECT_EQ(cutter.unread(), stream.size());
  ASSERT_EQ(cutter.next(payload, kFrameBytesMax), Status::kFrame);
  EXPECT_EQ(payload, "one");
  ASSERT_EQ(cutter.next(payload, kFrameBytesMax), Status::kFrame);
  EXPECT_EQ(payload, "");
  ASSERT_EQ(cutter.next(payload, kFrameBytesMax), Status::kFrame);
  EXPECT_EQ(payload, "three");
  EXPECT_EQ(cutter.next(payload, kFrameBytesMax), Status::kNeedMore);
  EXPECT_EQ(cutter.unread(), 0u);
}

TEST(FrameCutter, NeitherCopiesNorAllocatesForWholeFrames) {
  FrameCutter cutter;
  const std::string stream = framed({std::string(500, 'x'), std::string(900, 'y')});
  const test::AllocationWatch watch;
  for (int i = 0; i < 10; ++i) {
    cutter.feed(stream);
    std::string_view payload;
    ASSERT_EQ(cutter.next(payload, kFrameBytesMax), Status::kFrame);
    EXPECT_EQ(payload.data(), stream.data() + kFrameLengthSize);
    ASSERT_EQ(cutter.next(payload, kFrameBytesMax), Status::kFrame);
    ASSERT_EQ(cutter.next(payload, kFrameBytesMax), Status::kNeedMore);
    cutter.keep();
  }
  EXPECT_EQ(watch.calls(), 0u);
}

// After the rest of a broken frame came, the frames behind it are cut from what was fed.
TEST(FrameCutter, CopiesNoMoreThanTheUnfinishedFrame) {
  FrameCutter cutter;
  const std::string stream = framed({std::string(500, 'x'), std::string(900, 'y')});
  std::vector<std::string> frames;
  feed_and_take(cutter, std::string_view(stream).substr(0, 100), frames);
  EXPECT_EQ(cutter.unread(), 100u);
  const std::string_view rest = std::string_view(stream).substr(100);
  cutter.feed(rest);
  std::string_view payload;
  ASSERT_EQ(cutter.next(payload, kFrameBytesMax), Status::kFrame);
  EXPECT_EQ(payload, std::string(500, 'x'));
  ASSERT_EQ(cutter.next(payload, kFrameBytesMax), Status::kFrame);
  EXPECT_EQ(payload.data(), rest.data() + rest.size() - 900);
}

TEST(FrameCutter, FreesItsMemoryWhenNothingIsLeft) {
  FrameCutter cutter;
  const test::AllocationWatch watch;
  {
    std::vector<std::string> frames;
    const std::string stream = framed({std::string(900, 'x')});
    feed_and_take(cutter, std::string_view(stream).substr(0, 800), frames);
    EXPECT_GT(watch.live_bytes(), 800);
    feed_and_take(cutter, std::string_view(stream).substr(800), frames);
    EXPECT_EQ(frames.size(), 1u);
  }
  EXPECT_EQ(cutter.unread(), 0u);
  EXPECT_EQ(watch.live_bytes(), 0);
}

TEST(FrameCutter, FreesMostOfItsMemoryWhenLittleIsLeft) {
  FrameCutter cutter;
  const test::AllocationWatch watch;
  {
    std::vector<std::string> frames;
    const std::string stream = framed({std::string(900, 'x'), "abc"});
    feed_and_take(cutter, std::string_view(stream).substr(0, 800), frames);
    feed_and_take(cutter, std::string_view(stream).substr(800, 108), frames);
    EXPECT_EQ(frames.size(), 1u);
  }
  EXPECT_EQ(cutter.unread(), 4u);
  EXPECT_LE(watch.live_bytes(), 64);
}

// A length of a gigabyte within the limit must cost no more than the bytes that came.
TEST(FrameCutter, ReservesNothingForALengthItWasTold) {
  FrameCutter cutter;
  const std::string start = unhex("3fffffff 0102030405060708");
  const test::AllocationWatch watch;
  std::string_view payload;
  cutter.feed(start);
  EXPECT_EQ(cutter.next(payload, 0x40000000), Status::kNeedMore);
  cutter.keep();
  cutter.feed(start);
  EXPECT_EQ(cutter.next(payload, 0x40000000), Status::kNeedMore);
  EXPECT_LT(watch.bytes(), 256u);
}

TEST(FrameCutter, LengthLimitsAreInclusive) {
  const auto status_of = [](std::string_view text) {
    const std::string bytes = unhex(text);
    FrameCutter cutter;
    cutter.feed(bytes);
    std::string_view payload;
    return cutter.next(payload, 3);
  };
  EXPECT_EQ(status_of("00000000"), Status::kFrame);
  EXPECT_EQ(status_of("00000003 616263"), Status::kFrame);
  EXPECT_EQ(status_of("00000003 6162"), Status::kNeedMore);
  EXPECT_EQ(status_of("00000004"), Status::kBadLength);
  EXPECT_EQ(status_of("00000004 61626364"), Status::kBadLength);
  EXPECT_EQ(status_of("ffffffff"), Status::kBadLength);
  EXPECT_EQ(status_of("80000000"), Status::kBadLength);
  EXPECT_EQ(status_of("7fffffff"), Status::kBadLength);
  EXPECT_EQ(status_of("ffffff"), Status::kNeedMore);
}

TEST(FrameCutter, BadLengthIsFinalHoweverItArrived) {
  for (const char* length : {"ffffffff", "80000000", "7fffffff", "000003e9"}) {
    const std::string stream = framed({"good"}) + unhex(length) + framed({"lost"});
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
      FrameCutter cutter;
      std::vector<std::string> frames;
      feed_and_take(cutter, std::string_view(stream).substr(0, cut), frames);
      EXPECT_EQ(feed_and_take(cutter, std::string_view(stream).substr(cut), frames),
                Status::kBadLength);
      EXPECT_EQ(feed_and_take(cutter, framed({"lost too"}), frames), Status::kBadLength);
      EXPECT_EQ(frames, std::vector<std::string>{"good"});
    }
  }
}

TEST(FrameCutter, PeeksTheLengthWithoutTakingIt) {
  FrameCutter cutter;
  int32_t length = 0;
  EXPECT_FALSE(cutter.peek_length(length));
  cutter.feed("ruo");
  EXPECT_FALSE(cutter.peek_length(length));
  cutter.keep();
  cutter.feed("k\n");
  ASSERT_TRUE(cutter.peek_length(length));
  EXPECT_EQ(length, 0x72756f6b);
  ASSERT_TRUE(cutter.peek_length(length));
  EXPECT_EQ(cutter.unread(), 5u);
}

TEST(FrameCutter, CutsByteByByte) {
  const std::vector<std::string> payloads = {"", "a", std::string(1000, 'b'), "", "cd"};
  FrameCutter cutter;
  std::vector<std::string> frames;
  for (char byte : framed(payloads)) {
    ASSERT_EQ(feed_and_take(cutter, {&byte, 1}, frames), Status::kNeedMore);
  }
  EXPECT_EQ(frames, payloads);
  EXPECT_EQ(cutter.unread(), 0u);
}

TEST(FrameCutter, CutsAtEveryPairOfPlaces) {
  const std::vector<std::string> payloads = {"abc", "", "defgh", "i"};
  const std::string stream = framed(payloads);
  for (size_t first = 0; first <= stream.size(); ++first) {
    for (size_t second = first; second <= stream.size(); ++second) {
      const std::string_view all = stream;
      FrameCutter cutter;
      std::vector<std::string> frames;
      feed_and_take(cutter, all.substr(0, first), frames);
      feed_and_take(cutter, all.substr(first, second - first), frames);
      feed_and_take(cutter, all.substr(second), frames);
      ASSERT_EQ(frames, payloads) << first << " " << second;
      ASSERT_EQ(cutter.unread(), 0u);
    }
  }
}

RC_GTEST_PROP(FrameCutter, CutsAnySplitOfAnyStream, (const std::vector<std::string>& payloads)) {
  const std::string stream = framed(payloads);
  Random random(*rc::gen::arbitrary<uint64_t>());
  FrameCutter cutter;
  std::vector<std::string> frames;
  std::string_view left = stream;
  while (!left.empty()) {
    const size_t size = std::min<size_t>(left.size(), random.below(random.one_in(3) ? 40 : 5));
    feed_and_take(cutter, left.substr(0, size), frames);
    left.remove_prefix(size);
  }
  RC_ASSERT(frames == payloads);
  RC_ASSERT(cutter.unread() == 0u);
}

// A paused owner takes some frames, or none, and feeds on. Nothing may be lost or turned around,
// and an owner that pauses no more gets every frame that is there, at once: no further bytes may
// come.
RC_GTEST_PROP(FrameCutter, KeepsEverythingWhilePaused, (const std::vector<std::string>& payloads)) {
  const std::string stream = framed(payloads);
  std::vector<size_t> ends;
  for (const std::string& payload : payloads) {
    ends.push_back((ends.empty() ? 0 : ends.back()) + kFrameLengthSize + payload.size());
  }
  Random random(*rc::gen::arbitrary<uint64_t>());
  FrameCutter cutter;
  std::vector<std::string> frames;
  size_t fed = 0;
  while (frames.size() < payloads.size()) {
    const size_t size = std::min<size_t>(stream.size() - fed, random.below(30));
    const test::ExactCopy piece(std::string_view(stream).substr(fed, size));
    fed += size;
    cutter.feed(piece.view());
    const auto whole =
        static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), fed) - ends.begin());
    const size_t wanted =
        random.one_in(3) ? whole : std::min<size_t>(whole, frames.size() + random.below(3));
    std::vector<std::string_view> views(wanted - frames.size());
    for (std::string_view& view : views) {
      RC_ASSERT(cutter.next(view, kFrameBytesMax) == Status::kFrame);
    }
    frames.insert(frames.end(), views.begin(), views.end());
    cutter.keep();
    RC_ASSERT(cutter.unread() == fed - (wanted == 0 ? 0 : ends[wanted - 1]));
  }
  RC_ASSERT(frames == payloads);
}

TEST(FrameCutterDeathTest, RefusesToForgetWhatWasFed) {
  FrameCutter cutter;
  cutter.feed("ab");
  EXPECT_DEATH(cutter.feed("cd"), "assertion failed");
}

}  // namespace
}  // namespace zoetrope::wire
