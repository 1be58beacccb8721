#include "sim/record_codec.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <list>
#include <string>
#include <vector>

namespace zoetrope::sim {
namespace {

// Records as a run may give them; `texts` keeps what they point to.
std::vector<Record> arbitrary_records(std::list<std::string>& texts) {
  std::vector<Record> records;
  uint64_t number = *rc::gen::inRange<uint64_t>(0, 1000);
  MonotonicTime at{*rc::gen::inRange<int64_t>(0, int64_t{1} << 50)};
  const size_t count = *rc::gen::inRange<size_t>(1, 60);
  for (size_t i = 0; i < count; ++i) {
    Record record;
    record.kind = static_cast<RecordKind>(*rc::gen::inRange<int>(0, kRecordKinds));
    record.what = static_cast<uint8_t>(*rc::gen::inRange<int>(0, whats_of(record.kind)));
    if (record.kind == RecordKind::kEvent) {
      ++number;
      at.ns += *rc::gen::element<int64_t>(0, 1, 127, 128, 5'000'000, int64_t{1} << 40);
      record.cause = *rc::gen::inRange<uint64_t>(0, number);
    } else {
      record.lane = *rc::gen::element<uint32_t>(0, 1, 2, 200, kWorldLane);
    }
    record.number = number;
    record.at = at;
    record.side = *rc::gen::arbitrary<bool>();
    record.waits = *rc::gen::arbitrary<bool>();
    record.subject = *rc::gen::oneOf(
        rc::gen::inRange<uint64_t>(0, 4), rc::gen::arbitrary<uint64_t>(),
        rc::gen::element<uint64_t>(UINT64_MAX, uint64_t{7} << 32 | 3, uint64_t{8} << 32 | 3));
    record.detail = *rc::gen::element<uint64_t>(0, 1, 127, 128, UINT64_MAX);
    record.digest = *rc::gen::element<uint16_t>(0, 1, 0xffff);
    record.text = texts.emplace_back(*rc::gen::element<std::string>("", "", "a line", "\n\0x"));
    records.push_back(record);
  }
  return records;
}

void expect_equal(const Record& a, const Record& b) {
  RC_ASSERT(a.kind == b.kind);
  RC_ASSERT(a.what == b.what);
  RC_ASSERT(a.side == b.side);
  RC_ASSERT(a.waits == b.waits);
  RC_ASSERT(a.at == b.at);
  RC_ASSERT(a.number == b.number);
  RC_ASSERT(a.cause == b.cause);
  RC_ASSERT(a.lane == b.lane);
  RC_ASSERT(a.subject == b.subject);
  RC_ASSERT(a.detail == b.detail);
  RC_ASSERT(a.digest == b.digest);
  RC_ASSERT(a.text == b.text);
}

// The position before the first record.
std::pair<uint64_t, MonotonicTime> before(const Record& first) {
  return {first.number - (first.kind == RecordKind::kEvent ? 1 : 0), first.at};
}

std::string encode(const std::vector<Record>& records) {
  RecordEncoder encoder;
  const auto [number, at] = before(records[0]);
  encoder.begin(number, at);
  std::string bytes;
  for (const Record& record : records) encoder.encode(record, bytes);
  return bytes;
}

RC_GTEST_PROP(RecordCodec, GivesBackWhatWasWritten, ()) {
  std::list<std::string> texts;
  const std::vector<Record> records = arbitrary_records(texts);
  const std::string bytes = encode(records);
  const auto [number, at] = before(records[0]);
  RecordDecoder decoder(bytes, number, at);
  for (const Record& record : records) {
    const std::optional<Record> read = decoder.next();
    RC_ASSERT(read.has_value());
    expect_equal(record, *read);
  }
  RC_ASSERT(!decoder.next().has_value());
  RC_ASSERT(!decoder.error().has_value());
}

RC_GTEST_PROP(RecordCodec, ACutIsFoundAtTheRecordThatItCuts, ()) {
  std::list<std::string> texts;
  const std::vector<Record> records = arbitrary_records(texts);
  const std::string bytes = encode(records);
  const size_t length = *rc::gen::inRange<size_t>(0, bytes.size());
  const auto [number, at] = before(records[0]);
  RecordDecoder decoder(std::string_view(bytes).substr(0, length), number, at);
  size_t last = 0;
  while (decoder.next()) last = decoder.position();
  if (last == length) {
    RC_ASSERT(!decoder.error().has_value());
  } else {
    RC_ASSERT(decoder.error().has_value());
    RC_ASSERT(decoder.error()->offset == last);
  }
}

TEST(RecordCodec, ConnectionsThatComeAgainTakeOneByte) {
  RecordEncoder encoder;
  encoder.begin(0, {});
  std::string bytes;
  const auto size_of = [&](uint64_t number, uint64_t subject) {
    Record record;
    record.what = 2;
    record.number = number;
    record.subject = subject;
    const size_t before = bytes.size();
    encoder.encode(record, bytes);
    return bytes.size() - before;
  };
  const uint64_t one = uint64_t{40} << 32 | 3, other = uint64_t{41} << 32 | 7;
  EXPECT_GT(size_of(1, one), 6U);
  EXPECT_GT(size_of(2, other), 6U);
  EXPECT_LE(size_of(3, one), 4U);
  EXPECT_LE(size_of(4, other), 4U);
  EXPECT_LE(size_of(5, other), 4U);
}

TEST(RecordCodec, AKindThatNobodyKnowsIsRefused) {
  for (int kind = 0; kind < 8; ++kind) {
    const auto head = static_cast<char>(kind << 5 | 31);
    const std::string bytes{head, '\0', '\1', '\0'};
    RecordDecoder decoder(bytes, 5, {});
    EXPECT_FALSE(decoder.next().has_value()) << kind;
    EXPECT_TRUE(decoder.error().has_value());
  }
}

}  // namespace
}  // namespace zoetrope::sim
