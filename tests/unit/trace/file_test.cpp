#include "trace/file.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace zoetrope::trace {
namespace {

struct Written {
  std::string bytes;
  std::vector<size_t> ends;  // of the head with the plan, of each block, of the summary
};

Written small_file(bool with_end = true) {
  Written written;
  FileWriter writer("seed = 7\n", [&](std::string_view bytes) { written.bytes += bytes; });
  written.ends.push_back(written.bytes.size());
  for (const uint64_t number : {0, 5, 5}) {
    writer.block({number, MonotonicTime::from_ms(static_cast<int64_t>(number))},
                 "records after " + std::to_string(number));
    written.ends.push_back(written.bytes.size());
  }
  if (!with_end) return written;
  writer.end({9, 20, 0xabcdef, MonotonicTime::from_ms(77), {"live", "agree"}});
  written.ends.push_back(written.bytes.size());
  return written;
}

TEST(File, GivesBackWhatWasWritten) {
  const Written written = small_file();
  const auto file = read_file(written.bytes);
  ASSERT_TRUE(file.has_value());
  EXPECT_FALSE(file->damage.has_value());
  EXPECT_EQ(file->plan, "seed = 7\n");
  ASSERT_EQ(file->blocks.size(), 3U);
  EXPECT_EQ(file->blocks[1].before.number, 5U);
  EXPECT_EQ(file->blocks[1].before.at, MonotonicTime::from_ms(5));
  EXPECT_EQ(file->blocks[1].records, "records after 5");
  EXPECT_EQ(written.bytes.substr(file->blocks[1].offset, 15), "records after 5");
  ASSERT_TRUE(file->end.has_value());
  EXPECT_EQ(file->end->events, 9U);
  EXPECT_EQ(file->end->records, 20U);
  EXPECT_EQ(file->end->hash, 0xabcdefU);
  EXPECT_EQ(file->end->virtual_time, MonotonicTime::from_ms(77));
  EXPECT_EQ(file->end->broken, (std::vector<std::string>{"live", "agree"}));
}

// The end of the last whole block at or before that byte.
size_t whole_until(const Written& written, size_t byte) {
  size_t end = 0;
  for (const size_t candidate : written.ends) {
    if (candidate <= byte) end = candidate;
  }
  return end;
}

// What was read is whole up to `good` and says that the rest is damaged from there on.
void expect_good_until(const Written& written, std::string_view bytes, size_t good) {
  const auto file = read_file(bytes);
  if (good == 0) {
    ASSERT_FALSE(file.has_value());
    EXPECT_FALSE(file.error().what.empty());
    return;
  }
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(file->damage.has_value());
  EXPECT_EQ(file->damage->offset, good);
  size_t blocks = 0;
  while (blocks < 3 && written.ends[blocks + 1] <= good) ++blocks;
  EXPECT_EQ(file->blocks.size(), blocks);
  EXPECT_FALSE(file->end.has_value());
}

TEST(File, EveryFlippedBitIsFoundAtItsBlock) {
  const Written written = small_file();
  for (size_t at = 0; at < written.bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = written.bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 1 << bit);
      SCOPED_TRACE("byte " + std::to_string(at));
      expect_good_until(written, damaged, whole_until(written, at));
    }
  }
}

TEST(File, EveryCutLeavesThePrefix) {
  const Written written = small_file();
  for (size_t length = 0; length < written.bytes.size(); ++length) {
    SCOPED_TRACE("length " + std::to_string(length));
    expect_good_until(written, std::string_view(written.bytes).substr(0, length),
                      whole_until(written, length));
  }
}

TEST(File, ABlockThatIsTakenAwayOrDoubledIsMissed) {
  const Written written = small_file();
  const auto part = [&](size_t i) {
    return written.bytes.substr(written.ends[i], written.ends[i + 1] - written.ends[i]);
  };
  const std::string head = written.bytes.substr(0, written.ends[0]);
  for (const std::string& rest :
       {part(1) + part(2) + part(3), part(0) + part(0) + part(1) + part(2) + part(3),
        part(1) + part(0) + part(2) + part(3)}) {
    const auto file = read_file(head + rest);
    ASSERT_TRUE(file.has_value());
    ASSERT_TRUE(file->damage.has_value());
    EXPECT_EQ(file->damage->what, "a block does not follow the one before it");
    EXPECT_LE(file->blocks.size(), 1U);
  }
}

TEST(File, WhatStandsBehindTheEndIsRefused) {
  const auto file = read_file(small_file().bytes + "x");
  ASSERT_TRUE(file.has_value() && file->damage.has_value());
  EXPECT_EQ(file->damage->offset, small_file().bytes.size());
  EXPECT_EQ(file->blocks.size(), 3U);
}

TEST(File, OtherFilesAndOtherVersionsAreNamed) {
  EXPECT_EQ(read_file("").error().what, "this is no trace");
  EXPECT_EQ(read_file("seed = 7\n").error().what, "this is no trace");
  std::string bytes = small_file().bytes;
  bytes[11] = 9;
  EXPECT_EQ(read_file(bytes).error().what, "its version is 9, and this program reads 1");
}

}  // namespace
}  // namespace zoetrope::trace
