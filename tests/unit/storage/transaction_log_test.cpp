#include "core/storage/transaction_log.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "core/base/checksum.hpp"
#include "core/base/random.hpp"
#include "tests/support/bytes.hpp"
#include "tests/unit/storage/history.hpp"

namespace zoetrope::storage {
namespace {

struct Walk {
  std::expected<LogScan, DecodeError> scan;
  std::vector<LogRecord> records;
};

Walk walk(std::string_view file) {
  Walk result{LogScan{}, {}};
  result.scan = scan_log(file, [&](const LogRecord& record) {
    result.records.push_back(record);
    return true;
  });
  return result;
}

std::string sample(const std::string& name) {
  return test::read_test_data("disk/" + name);
}

// A log of `n` records of about `size` bytes each, none of which holds long runs of zeros.
std::string long_log(size_t n, size_t size) {
  std::string log;
  append_log_header(log);
  for (size_t i = 0; i < n; ++i) {
    std::string payload;
    jute::Writer out(payload);
    jute::write(out, jute::TxnHeader{SessionId(1), 1, Zxid(static_cast<int64_t>(i) + 1), 5,
                                     jute::OpCode::kSetData});
    jute::write(out, jute::SetDataTxn{"/a", std::string(size, 'x'), 1});
    append_log_record(log, payload);
  }
  return log;
}

uint64_t offset_of(std::string_view log, size_t index) {
  return walk(log).records[index].offset;
}

void zero(std::string& file, uint64_t from, uint64_t to) {
  file.replace(from, to - from, to - from, '\0');
}

TEST(TransactionLogName, IsLowerCaseHexWithoutPadding) {
  EXPECT_EQ(log_file_name(Zxid(0x1000000AB)), "log.1000000ab");
  EXPECT_EQ(log_file_name(Zxid(0)), "log.0");
  EXPECT_EQ(zxid_of_log_name("log.1000000ab"), Zxid(0x1000000AB));
  EXPECT_EQ(zxid_of_log_name("log.ffffffffffffffff"), Zxid(-1));
  for (const char* name : {"log", "log.", "log.x", "log.1.bak", "log.-1", "snapshot.1", "log.1 ",
                           "log.10000000000000000", ""}) {
    EXPECT_EQ(zxid_of_log_name(name), std::nullopt) << name;
  }
}

TEST(TransactionLogSamples, AreWrittenBackToTheSameBytes) {
  const struct {
    const char* name;
    size_t records;
    int64_t last;
  } samples[] = {{"standalone-log.1", 18, 0x12},
                 {"ensemble-log.100000001.after-TRUNC", 22, 0x100000016},
                 {"ensemble-log.200000001", 0, 0}};
  for (const auto& expected : samples) {
    const std::string file = sample(expected.name);
    const Walk read = walk(file);
    ASSERT_TRUE(read.scan) << expected.name;
    EXPECT_EQ(read.scan->end, LogEnd::kZeroFill);
    EXPECT_EQ(read.scan->end_offset, file.size());
    EXPECT_EQ(read.scan->records, read.records.size());
    if (expected.records != 0) {
      EXPECT_EQ(read.scan->records, expected.records) << expected.name;
      EXPECT_EQ(read.scan->last.value, expected.last) << expected.name;
    }
    std::string written;
    append_log_header(written);
    for (const LogRecord& record : read.records) append_log_record(written, record.payload);
    EXPECT_EQ(written, file) << expected.name;
  }
}

TEST(TransactionLogPadding, GrowsAsUpstreamDoes) {
  EXPECT_EQ(padded_size(16, 16, 64), 65552U);  // a file with just its header
  EXPECT_EQ(padded_size(65552, 20000, 64), 65552U);
  EXPECT_EQ(padded_size(65552, 61455, 64), 65552U);
  EXPECT_EQ(padded_size(65552, 61456, 64), 65552U + 65536);  // within 4096 bytes of the end
  EXPECT_EQ(padded_size(65552, 65552, 64), 65552U + 65536);
  EXPECT_EQ(padded_size(65552, 70000, 64), 131072U);  // beyond it: the next multiple above
  EXPECT_EQ(padded_size(16, 16, 0), 16U);
  EXPECT_EQ(padded_size(16, 16, -1), 16U);
}

// Expected end of a file that was cut at `size`.
uint64_t whole_prefix(const std::vector<LogRecord>& records, uint64_t size) {
  uint64_t end = size < kLogHeaderSize ? 0 : kLogHeaderSize;
  for (const LogRecord& record : records) {
    const uint64_t record_end = record.offset + kRecordOverhead + record.payload.size();
    if (record_end <= size) end = record_end;
  }
  return end;
}

TEST(TransactionLogTail, CutAtAnyByteLeavesTheLongestWholePrefix) {
  for (const char* name : {"standalone-log.1", "ensemble-log.200000001"}) {
    const std::string file = sample(name);
    const Walk whole = walk(file);
    for (uint64_t size = 0; size < file.size(); ++size) {
      const test::ExactCopy cut(std::string_view(file).substr(0, size));
      std::string padded = file.substr(0, size);
      padded.resize(20000);
      for (const std::string_view bytes : {cut.view(), std::string_view(padded)}) {
        // Zeros complete a header, whose second half is zero.
        const bool headed = size >= 8 && bytes.size() >= kLogHeaderSize;
        const uint64_t end =
            headed ? std::max<uint64_t>(whole_prefix(whole.records, size), kLogHeaderSize) : 0;
        const Walk read = walk(bytes);
        ASSERT_TRUE(read.scan) << name << " cut at " << size << ": " << read.scan.error().what;
        EXPECT_EQ(read.scan->end_offset, end) << name << " cut at " << size;
        const bool clean =
            std::string_view(bytes).substr(end).find_first_not_of('\0') == std::string_view::npos;
        EXPECT_EQ(read.scan->end, clean ? LogEnd::kZeroFill : LogEnd::kTornTail) << size;
      }
    }
  }
}

TEST(TransactionLogTail, FlippedBitInAnyRecordIsRefused) {
  const std::string file = sample("standalone-log.1");
  const Walk whole = walk(file);
  for (const bool padded : {false, true}) {
    std::string damaged = file;
    if (padded) damaged.resize(65552);
    for (uint64_t at = kLogHeaderSize; at < file.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        const Walk read = walk(damaged);
        ASSERT_FALSE(read.scan) << "byte " << at << " bit " << bit << " padded " << padded;
        const LogRecord* hit = nullptr;
        for (const LogRecord& record : whole.records) {
          if (record.offset <= at) hit = &record;
        }
        EXPECT_EQ(read.scan.error().offset, hit->offset) << at;
        damaged[at] = file[at];
      }
    }
  }
}

TEST(TransactionLogTail, FlippedBitInTheHeaderIsRefusedUnlessUnused) {
  std::string file = sample("standalone-log.1");
  for (uint64_t at = 0; at < 8; ++at) {
    file[at] = static_cast<char>(file[at] ^ 1);
    EXPECT_FALSE(walk(file).scan) << at;
    file[at] = static_cast<char>(file[at] ^ 1);
  }
}

TEST(TransactionLogTail, FlippedBitInThePaddingCostsNoRecord) {
  std::string file = sample("standalone-log.1");
  const uint64_t end = file.size();
  file.resize(20000);
  for (uint64_t at = end; at < end + 1200; ++at) {
    file[at] = 4;
    const Walk read = walk(file);
    ASSERT_TRUE(read.scan) << at << read.scan.error().what;
    EXPECT_EQ(read.scan->records, 18U);
    EXPECT_EQ(read.scan->end_offset, end);
    EXPECT_EQ(read.scan->end, LogEnd::kTornTail);
    file[at] = 0;
  }
}

TEST(TransactionLogTail, LostSectorWithRecordsOfTheSameBatchAfterItIsCut) {
  const std::string log = long_log(40, 100);
  for (uint64_t sector = 1; sector < 8; ++sector) {
    std::string torn = log;
    zero(torn, sector * kSectorBytes, (sector + 1) * kSectorBytes);
    const Walk read = walk(torn);
    ASSERT_TRUE(read.scan) << sector << ": " << read.scan.error().what;
    EXPECT_EQ(read.scan->end, LogEnd::kTornTail);
    EXPECT_EQ(read.scan->end_offset, whole_prefix(walk(log).records, sector * kSectorBytes));
  }
}

// The sector in which the unsynced batch starts keeps the older records that it holds.
TEST(TransactionLogTail, LostRestOfASectorIsCut) {
  std::string torn = long_log(40, 100);
  const uint64_t start = offset_of(torn, 5);
  zero(torn, start, (start / kSectorBytes + 1) * kSectorBytes);
  const Walk read = walk(torn);
  ASSERT_TRUE(read.scan) << read.scan.error().what;
  EXPECT_EQ(read.scan->end, LogEnd::kTornTail);
  EXPECT_EQ(read.scan->end_offset, start);
}

TEST(TransactionLogTail, LessThanALostSectorWithRecordsAfterItIsRefused) {
  std::string damaged = long_log(40, 100);
  const uint64_t start = offset_of(damaged, 5);
  zero(damaged, start, start + 20);
  const Walk read = walk(damaged);
  ASSERT_FALSE(read.scan);
  EXPECT_EQ(read.scan.error().offset, start);
}

TEST(TransactionLogTail, LostSectorBeforeALaterBatchIsRefused) {
  std::string damaged = long_log(1500, 1000);
  ASSERT_GT(damaged.size(), kBatchBytesMax + 300000);
  const uint64_t start = offset_of(damaged, 10);
  zero(damaged, (start / kSectorBytes + 1) * kSectorBytes,
       (start / kSectorBytes + 2) * kSectorBytes);
  const Walk read = walk(damaged);
  ASSERT_FALSE(read.scan);
  EXPECT_EQ(read.scan.error().offset, start);
  EXPECT_NE(read.scan.error().what.find("later batch"), std::string::npos);
  // The same hole near the end is a crash's.
  damaged.resize(kBatchBytesMax / 2);
  EXPECT_TRUE(walk(damaged).scan);
}

TEST(TransactionLogTail, LongZeroedStretchWithRecordsFarBehindIsRefused) {
  std::string damaged = long_log(3000, 1000);
  const uint64_t start = offset_of(damaged, 10);
  zero(damaged, start, start + 2 * kBatchBytesMax);
  EXPECT_FALSE(walk(damaged).scan);
}

// A batch of one record may be longer than the limit; nothing valid can follow it.
TEST(TransactionLogTail, LargeRecordWithLostSectorsIsCut) {
  std::string torn = long_log(3, 3 * kBatchBytesMax);
  const uint64_t start = offset_of(torn, 2);
  for (uint64_t hole : {start + 1, start + kBatchBytesMax, start + 2 * kBatchBytesMax}) {
    std::string one = torn;
    const uint64_t sector = (hole / kSectorBytes + 1) * kSectorBytes;
    zero(one, sector, sector + kSectorBytes);
    const Walk read = walk(one);
    ASSERT_TRUE(read.scan) << read.scan.error().what;
    EXPECT_EQ(read.scan->end_offset, start);
    EXPECT_EQ(read.scan->end, LogEnd::kTornTail);
  }
}

TEST(TransactionLogTail, LostFirstSectorOfTheFirstBatchMeansNoRecords) {
  std::string torn = long_log(40, 100);
  zero(torn, 0, kSectorBytes);
  const Walk read = walk(torn);
  ASSERT_TRUE(read.scan) << read.scan.error().what;
  EXPECT_EQ(read.scan->end, LogEnd::kTornTail);
  EXPECT_EQ(read.scan->end_offset, 0U);
  EXPECT_EQ(read.scan->records, 0U);

  std::string damaged = long_log(3000, 1000);
  zero(damaged, 0, kSectorBytes);
  EXPECT_FALSE(walk(damaged).scan);
}

TEST(TransactionLogTail, EmptyAndZeroFilesHaveNoRecords) {
  for (const std::string& file : {std::string(), std::string(5, '\0'), std::string(70000, '\0')}) {
    const Walk read = walk(file);
    ASSERT_TRUE(read.scan);
    EXPECT_EQ(read.scan->end, LogEnd::kZeroFill);
    EXPECT_EQ(read.scan->end_offset, 0U);
  }
  EXPECT_FALSE(walk("no log at all").scan);
  EXPECT_FALSE(walk(std::string(1000, 'x')).scan);
}

// A batch of up to kBatchBytesMax bytes after synced records loses any of its sectors: never
// refused, and never a record before the batch lost.
TEST(TransactionLogTail, AnyLossWithinOneBatchIsACrash) {
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    History history(seed);
    const size_t synced = random.below(30);
    const size_t batch = 1 + random.below(60);
    const size_t data_bytes = random.one_in(3) ? 3000 : 150;
    for (size_t i = 0; i < synced + batch; ++i) history.extend(data_bytes);
    const std::string before = history.log(0, synced);
    const std::string full = history.log(0, synced + batch);
    ASSERT_LE(full.size() - before.size(), kBatchBytesMax);
    std::string torn = full;
    for (uint64_t start = before.size() / kSectorBytes * kSectorBytes; start < full.size();
         start += kSectorBytes) {
      if (random.one_in(2)) continue;
      const uint64_t from = std::max<uint64_t>(start, before.size());
      zero(torn, from, std::min<uint64_t>(start + kSectorBytes, full.size()));
    }
    if (synced == 0 && torn.substr(0, kSectorBytes) != full.substr(0, kSectorBytes)) continue;
    if (random.one_in(2)) torn.resize(torn.size() + 5000);
    const Walk read = walk(torn);
    ASSERT_TRUE(read.scan) << "seed " << seed << ": " << read.scan.error().what << " at "
                           << read.scan.error().offset;
    EXPECT_GE(read.scan->records, synced) << "seed " << seed;
    EXPECT_EQ(torn.substr(0, read.scan->end_offset), full.substr(0, read.scan->end_offset));
  }
}

TEST(TransactionLogScan, StopsWhenAsked) {
  const std::string file = sample("standalone-log.1");
  size_t seen = 0;
  const auto scan = scan_log(file, [&](const LogRecord&) { return ++seen < 3; });
  ASSERT_TRUE(scan);
  EXPECT_TRUE(scan->stopped);
  EXPECT_EQ(seen, 3U);
}

TEST(TransactionLogScan, RandomBytesNeverCrashIt) {
  Random random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string file;
    append_log_header(file);
    const uint64_t n = random.below(600);
    for (uint64_t k = 0; k < n; ++k) {
      file.push_back(random.one_in(2) ? '\0' : static_cast<char>(random.below(256)));
    }
    const test::ExactCopy copy(file);
    const Walk read = walk(copy.view());
    EXPECT_TRUE(!read.scan || read.scan->records == 0);
  }
}

}  // namespace
}  // namespace zoetrope::storage
