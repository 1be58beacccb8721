#include "sim/record_codec.hpp"

#include <cstring>

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"

namespace zoetrope::sim {
namespace {

// The second byte of a record.
enum Presence : uint8_t {
  kLane = 1,
  kSubject = 2,
  kDetail = 4,
  kSide = 8,
  kWaits = 16,
  kDigest = 32,
  kText = 64,
  kTime = 128,  // of an event: later than the one before
};
constexpr uint8_t kNotRecent = 255;
constexpr size_t kVarintMax = 10;
// Head, presence, and every part at its longest.
constexpr size_t kPartsMax = 2 + 6 * kVarintMax + 1 + 2;

char* put_varint(char* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

uint8_t slot_of(uint64_t subject) {
  // Slots and generations of connections are small numbers: both have to count.
  return static_cast<uint8_t>((subject ^ subject >> 32) * 0x9E3779B97F4A7C15ULL >> 56);
}

void begin_context(RecordContext& context, uint64_t number, MonotonicTime at) {
  context = RecordContext();
  context.number = number;
  context.at = at;
}

}  // namespace

void RecordEncoder::begin(uint64_t number, MonotonicTime at) {
  begin_context(context_, number, at);
}

void RecordEncoder::encode(const Record& record, std::string& out) {
  RecordContext& c = context_;
  const bool is_event = record.kind == RecordKind::kEvent;
  char parts[kPartsMax];
  char* p = parts + 2;
  uint8_t presence = 0;
  if (is_event) {
    ZT_ASSERT(record.number == c.number + 1 && record.cause < record.number);
    c.number = record.number;
    p = put_varint(p, record.number - record.cause);
    if (record.at != c.at) {
      presence |= kTime;
      p = put_varint(p, static_cast<uint64_t>(record.at.ns - c.at.ns));
      c.at = record.at;
    }
  } else if (record.lane != c.lane) {
    presence |= kLane;
    p = put_varint(p, record.lane);
    c.lane = record.lane;
  }
  if (record.subject != c.subject) {
    presence |= kSubject;
    const uint8_t slot = slot_of(record.subject);
    if (slot != kNotRecent && c.recent[slot] == record.subject) {
      *p++ = static_cast<char>(slot);
    } else {
      *p++ = static_cast<char>(kNotRecent);
      p = put_varint(p, record.subject);
      c.recent[slot] = record.subject;
    }
    c.subject = record.subject;
  }
  if (record.detail != c.detail) {
    presence |= kDetail;
    p = put_varint(p, record.detail);
    c.detail = record.detail;
  }
  if (record.digest != 0) {
    presence |= kDigest;
    std::memcpy(p, &record.digest, sizeof record.digest);
    p += sizeof record.digest;
  }
  if (record.side) presence |= kSide;
  if (record.waits) presence |= kWaits;
  if (!record.text.empty()) {
    presence |= kText;
    p = put_varint(p, record.text.size());
  }
  parts[0] = static_cast<char>(static_cast<uint8_t>(record.kind) << 5 | record.what);
  parts[1] = static_cast<char>(presence);
  out.append(parts, static_cast<size_t>(p - parts));
  if (!record.text.empty()) out.append(record.text);
}

RecordDecoder::RecordDecoder(std::string_view bytes, uint64_t number, MonotonicTime at)
    : bytes_(bytes) {
  begin_context(context_, number, at);
}

std::optional<Record> RecordDecoder::next() {
  if (at_ == bytes_.size() || error_) return std::nullopt;
  const size_t begin = at_;
  Record record;
  if (decode(record)) return record;
  error_ = DecodeError{"a record is malformed", begin};
  return std::nullopt;
}

bool RecordDecoder::byte(uint8_t& value) {
  if (at_ == bytes_.size()) return false;
  value = static_cast<uint8_t>(bytes_[at_++]);
  return true;
}

bool RecordDecoder::varint(uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    uint8_t next = 0;
    if (!byte(next)) return false;
    value |= static_cast<uint64_t>(next & 0x7F) << shift;
    if (next < 0x80) return true;
  }
  return false;
}

bool RecordDecoder::subject(Record& record) {
  uint8_t slot = 0;
  if (!byte(slot)) return false;
  if (slot != kNotRecent) {
    record.subject = context_.recent[slot];
    return true;
  }
  if (!varint(record.subject)) return false;
  context_.recent[slot_of(record.subject)] = record.subject;
  return true;
}

bool RecordDecoder::text(Record& record) {
  uint64_t length = 0;
  if (!varint(length) || length > bytes_.size() - at_) return false;
  record.text = bytes_.substr(at_, length);
  at_ += length;
  return true;
}

bool RecordDecoder::decode(Record& record) {
  RecordContext& c = context_;
  uint8_t head = 0, presence = 0;
  if (!byte(head) || !byte(presence)) return false;
  record.kind = static_cast<RecordKind>(head >> 5);
  record.what = head & (kWhatMax - 1);
  record.side = (presence & kSide) != 0;
  record.waits = (presence & kWaits) != 0;
  if (record.what >= whats_of(record.kind)) return false;
  if (record.kind == RecordKind::kEvent) {
    uint64_t back = 0, later = 0;
    if (!varint(back) || back == 0 || back > ++c.number) return false;
    record.cause = c.number - back;
    if ((presence & kTime) != 0 && !varint(later)) return false;
    if (later > static_cast<uint64_t>(INT64_MAX - c.at.ns)) return false;
    c.at.ns += static_cast<int64_t>(later);
  } else if ((presence & kLane) != 0) {
    if (!varint(c.lane) || c.lane > UINT32_MAX) return false;
  }
  record.number = c.number;
  record.at = c.at;
  if (record.kind != RecordKind::kEvent) record.lane = static_cast<uint32_t>(c.lane);
  if ((presence & kSubject) == 0) {
    record.subject = c.subject;
  } else if (!subject(record)) {
    return false;
  }
  c.subject = record.subject;
  if ((presence & kDetail) != 0 && !varint(c.detail)) return false;
  record.detail = c.detail;
  if ((presence & kDigest) != 0) {
    if (bytes_.size() - at_ < sizeof record.digest) return false;
    std::memcpy(&record.digest, bytes_.data() + at_, sizeof record.digest);
    at_ += sizeof record.digest;
  }
  return (presence & kText) == 0 || text(record);
}

}  // namespace zoetrope::sim
