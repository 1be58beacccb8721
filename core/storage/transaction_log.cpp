#include "core/storage/transaction_log.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/assert.hpp"
#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"
#include "core/storage/log_tail.hpp"

namespace zoetrope::storage {

namespace {
constexpr std::string_view kNamePrefix = "log.";
constexpr uint64_t kPaddingMargin = 4096;
}  // namespace

std::string zxid_hex(Zxid zxid) {
  char digits[16];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, static_cast<uint64_t>(zxid.value), 16).ptr;
  return std::string(digits, end);
}

std::optional<Zxid> parse_zxid_hex(std::string_view hex) {
  uint64_t value = 0;
  if (hex.empty() || hex.size() > 16) return std::nullopt;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  if (error != std::errc() || end != hex.data() + hex.size()) return std::nullopt;
  return Zxid(static_cast<int64_t>(value));
}

std::string log_file_name(Zxid first) {
  return std::string(kNamePrefix) + zxid_hex(first);
}

std::optional<Zxid> zxid_of_log_name(std::string_view name) {
  if (!name.starts_with(kNamePrefix)) return std::nullopt;
  return parse_zxid_hex(name.substr(kNamePrefix.size()));
}

void append_log_header(std::string& out) {
  char header[kLogHeaderSize];
  store_be32(header, kLogMagic);
  store_be32(header + 4, kLogVersion);
  store_be64(header + 8, 0);
  out.append(header, sizeof header);
}

void append_log_record(std::string& out, std::string_view payload) {
  ZT_ASSERT(!payload.empty());
  ZT_ASSERT(payload.size() <= INT32_MAX);
  char head[kRecordHeadSize];
  store_be64(head, adler32(payload));
  store_be32(head + 8, static_cast<uint32_t>(payload.size()));
  out.append(head, sizeof head);
  out.append(payload);
  out.push_back(kRecordTrailer);
}

uint64_t padded_size(uint64_t size, uint64_t position, int64_t preallocation_kb) {
  if (preallocation_kb <= 0 || position + kPaddingMargin < size) return size;
  const uint64_t step = static_cast<uint64_t>(preallocation_kb) * 1024;
  if (position <= size) return size + step;
  return (position + step) / step * step;
}

std::optional<RecordHead> valid_record_at(std::string_view file, uint64_t offset) {
  if (offset > file.size() || file.size() - offset < kRecordHeadSize) return std::nullopt;
  const char* head = file.data() + offset;
  const uint64_t checksum = load_be64(head);
  const uint32_t length = load_be32(head + 8);
  if (checksum >> 32 != 0 || length < jute::kTxnHeaderSize) return std::nullopt;
  const uint64_t room = file.size() - offset - kRecordHeadSize;
  if (length >= room) return std::nullopt;  // the trailer needs a byte too
  if (head[kRecordHeadSize + length] != kRecordTrailer) return std::nullopt;
  const std::string_view payload = file.substr(offset + kRecordHeadSize, length);
  if (adler32(payload) != checksum) return std::nullopt;
  return RecordHead{payload};
}

std::expected<LogScan, DecodeError> scan_log(std::string_view file,
                                             const std::function<bool(const LogRecord&)>& visit) {
  LogScan scan;
  if (auto header = check_log_header(file); !header) {
    return std::unexpected(header.error());
  } else if (*header != HeaderState::kPresent) {
    scan.end = *header == HeaderState::kTorn ? LogEnd::kTornTail : LogEnd::kZeroFill;
    return scan;
  }
  scan.end_offset = kLogHeaderSize;
  while (auto head = valid_record_at(file, scan.end_offset)) {
    jute::Reader in(head->payload);
    const LogRecord record{scan.end_offset, head->payload, jute::read_txn_header(in)};
    ZT_ASSERT(in.ok());
    if (!visit(record)) {
      scan.stopped = true;
      return scan;
    }
    scan.last = scan.records == 0 ? record.header.zxid : std::max(scan.last, record.header.zxid);
    ++scan.records;
    scan.last_offset = scan.end_offset;
    scan.end_offset += head->payload.size() + kRecordOverhead;
  }
  auto end = judge_tail(file, scan.end_offset, scan.last);
  if (!end) return std::unexpected(end.error());
  scan.end = *end;
  return scan;
}

}  // namespace zoetrope::storage
