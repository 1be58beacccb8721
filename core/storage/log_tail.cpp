#include "core/storage/log_tail.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "core/base/assert.hpp"
#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::storage {

namespace {
constexpr uint64_t kNone = UINT64_MAX;
constexpr uint64_t kRecordZeros = 4;  // upper half of a checksum of 32 bits

bool all_zero(std::string_view bytes) {
  return bytes.empty() ||
         (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// Index of the first byte at or after `from` that is not zero, kNone when there is none.
uint64_t first_nonzero(std::string_view file, uint64_t from) {
  constexpr uint64_t kStep = 4096;
  for (uint64_t at = from; at < file.size(); at += kStep) {
    const std::string_view piece = file.substr(at, kStep);
    if (all_zero(piece)) continue;
    return at + piece.find_first_not_of('\0');
  }
  return kNone;
}

// Index of the last byte at or after `from` that is not zero, kNone when there is none.
uint64_t last_nonzero(std::string_view file, uint64_t from) {
  constexpr uint64_t kStep = 4096;
  for (uint64_t end = file.size(); end > from;) {
    const uint64_t start = end - from > kStep ? end - kStep : from;
    const std::string_view piece = file.substr(start, end - start);
    if (!all_zero(piece)) return start + piece.find_last_not_of('\0');
    end = start;
  }
  return kNone;
}

// True when a sector that begins before `to` is zero from `from` (or its start) to its end: what
// the loss of one sector of an append leaves behind.
bool has_lost_sector(std::string_view file, uint64_t from, uint64_t to) {
  for (uint64_t sector = from / kSectorBytes * kSectorBytes; sector < to; sector += kSectorBytes) {
    const uint64_t start = std::max(sector, from);
    if (start >= file.size()) return true;
    // The first four bytes of a record are zero anyhow: their loss would have damaged nothing.
    if (sector + kSectorBytes <= from + kRecordZeros) continue;
    if (all_zero(file.substr(start, sector + kSectorBytes - start))) return true;
  }
  return false;
}

bool known_type(jute::OpCode type) {
  return jute::to_string(type) != "unknown";
}

DecodeError damaged(uint64_t offset, const std::string& why) {
  return DecodeError{"a damaged record, " + why, offset};
}

// The record would be whole if its length field said that it ends at the last byte that is not
// zero.
bool whole_with_other_length(std::string_view file, uint64_t bad, uint64_t last) {
  if (last < bad + kRecordHeadSize + jute::kTxnHeaderSize || file[last] != kRecordTrailer) {
    return false;
  }
  const uint64_t start = bad + kRecordHeadSize;
  return adler32(file.substr(start, last - start)) == load_be64(file.data() + bad);
}

// The bad record is the last thing in the file: incomplete, or complete and damaged?
std::expected<LogEnd, DecodeError> judge_last_record(std::string_view file, uint64_t bad,
                                                     uint64_t last) {
  // A stray byte in the padding, or a single byte of a record: there is no record to lose.
  if (first_nonzero(file, bad) == last) return LogEnd::kTornTail;
  // Head cut short by the end of what was written.
  if (last < bad + kRecordHeadSize) return LogEnd::kTornTail;
  const char* head = file.data() + bad;
  const uint64_t checksum = load_be64(head);
  const uint32_t length = load_be32(head + 8);
  if (has_lost_sector(file, bad, bad + kRecordHeadSize)) return LogEnd::kTornTail;
  // No mix of zeros and a real record has anything in these bytes or lacks a length here.
  if (checksum >> 32 != 0) return std::unexpected(damaged(bad, "its checksum field is impossible"));
  if (length < jute::kTxnHeaderSize || length > INT32_MAX) {
    return std::unexpected(damaged(bad, "its length is impossible"));
  }
  if (whole_with_other_length(file, bad, last)) {
    return std::unexpected(damaged(bad, "only its length is wrong"));
  }
  const uint64_t trailer = bad + kRecordHeadSize + length;
  if (trailer >= file.size() || file[trailer] == 0) return LogEnd::kTornTail;
  if (has_lost_sector(file, bad, trailer + 1)) return LogEnd::kTornTail;
  return std::unexpected(damaged(bad, "complete but with a wrong checksum or trailer"));
}

}  // namespace

std::optional<uint64_t> find_record(std::string_view file, uint64_t from, Zxid after) {
  constexpr uint64_t kRecordMin = kRecordOverhead + jute::kTxnHeaderSize;
  // A record starts with four zero bytes and then a checksum, so it starts at most seven bytes
  // before the first byte that is not zero (an Adler-32 value may have zero bytes of its own).
  for (uint64_t at = from; at + kRecordMin <= file.size(); ++at) {
    if (load_be32(file.data() + at) != 0) continue;
    const uint64_t nonzero = first_nonzero(file, at);
    if (nonzero == kNone) return std::nullopt;
    if (nonzero > at + 11) {
      at = nonzero - 12;
      continue;
    }
    const auto head = valid_record_at(file, at);
    if (!head) continue;
    jute::Reader in(head->payload);
    const jute::TxnHeader header = jute::read_txn_header(in);
    if (header.zxid > after && known_type(header.type)) return at;
  }
  return std::nullopt;
}

std::expected<LogEnd, DecodeError> judge_tail(std::string_view file, uint64_t bad, Zxid last) {
  ZT_ASSERT(bad <= file.size());
  const uint64_t last_byte = last_nonzero(file, bad);
  if (last_byte == kNone) return LogEnd::kZeroFill;
  const auto next = find_record(file, bad + 1, last);
  if (!next) return judge_last_record(file, bad, last_byte);
  if (const auto far = find_record(file, std::max(bad + kBatchBytesMax, *next), last)) {
    return std::unexpected(
        damaged(bad, "with valid records of a later batch at offset " + std::to_string(*far)));
  }
  if (has_lost_sector(file, bad, *next)) return LogEnd::kTornTail;
  return std::unexpected(
      damaged(bad, "with a valid record after it at offset " + std::to_string(*next)));
}

std::expected<HeaderState, DecodeError> check_log_header(std::string_view file) {
  std::string expected;
  append_log_header(expected);
  if (file.size() >= kLogHeaderSize &&
      file.substr(0, 8) == std::string_view(expected).substr(0, 8)) {
    return HeaderState::kPresent;
  }
  const uint64_t last_byte = last_nonzero(file, 0);
  if (last_byte == kNone) return HeaderState::kAbsent;
  if (last_byte < kLogHeaderSize) {
    // Written to a point within the header and no further.
    const std::string_view written = file.substr(0, last_byte + 1);
    if (expected.starts_with(written)) return HeaderState::kTorn;
    return std::unexpected(DecodeError{"no transaction log: the magic ZKLG is missing", 0});
  }
  if (!all_zero(file.substr(0, kSectorBytes))) {
    return std::unexpected(DecodeError{"no transaction log: the magic ZKLG is missing", 0});
  }
  auto end = judge_tail(file, 0, Zxid(INT64_MIN));
  if (!end) return std::unexpected(end.error());
  return HeaderState::kTorn;
}

}  // namespace zoetrope::storage
