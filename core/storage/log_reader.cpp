#include "core/storage/log_reader.hpp"

#include <algorithm>
#include <tuple>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/storage/log_tail.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

namespace {

constexpr uint64_t kPieceBytes = 256 * 1024;
// Longer than any transaction may be: a length beyond it is damage.
constexpr uint32_t kPayloadMax = 256 << 20;

std::string text(Zxid zxid) {
  return "0x" + zxid_hex(zxid);
}

// Index of the newest log that starts at or before `after`; logs.size() when there is none.
size_t first_log(const std::vector<LogFile>& logs, Zxid after) {
  size_t first = logs.size();
  for (size_t i = 0; i < logs.size() && logs[i].first <= after; ++i) first = i;
  return first;
}

bool is_before(const LogFile& a, const LogFile& b) {
  return std::tie(a.first, a.info.name) < std::tie(b.first, b.info.name);
}

}  // namespace

bool is_worth_reading(const LogCatalogue& catalogue, Zxid after, int32_t percent) {
  if (percent < 0) return false;
  size_t log = first_log(catalogue.logs, after);
  if (log == catalogue.logs.size()) return false;
  if (percent == 0) return true;
  uint64_t bytes = 0;
  for (; log < catalogue.logs.size(); ++log) bytes += catalogue.logs[log].info.size;
  return bytes <= catalogue.newest_snapshot_bytes / 100 * static_cast<uint64_t>(percent) +
                      catalogue.newest_snapshot_bytes % 100 * static_cast<uint64_t>(percent) / 100;
}

bool LogReader::open_next(const LogCatalogue& catalogue) {
  const std::vector<LogFile>& logs = catalogue.logs;
  auto next = logs.end();
  if (!file_) {
    next = logs.begin() + static_cast<std::ptrdiff_t>(first_log(logs, after_));
  } else {
    next = std::ranges::find_if(logs, [&](const LogFile& log) { return is_before(*file_, log); });
  }
  if (next == logs.end()) return false;
  file_ = *next;
  is_file_over_ = is_header_read_ = is_at_end_ = false;
  offset_ = 0;
  bytes_.clear();
  parsed_ = 0;
  return true;
}

std::expected<std::optional<FileRange>, std::string> LogReader::next(
    const LogCatalogue& catalogue) {
  ZT_ASSERT(wanted_ == 0);
  durable_ = catalogue.durable;
  if (previous_ >= durable_) return std::nullopt;
  if (is_file_over_ && !open_next(catalogue)) {
    return std::unexpected(previous_ ? "the log ends at " + text(*previous_)
                                     : "no log goes back to " + text(after_));
  }
  wanted_ = kPieceBytes;
  return FileRange{{Folder::kLog, file_->info.name}, offset_, wanted_};
}

std::expected<void, std::string> LogReader::take(std::string_view bytes,
                                                 const LogCatalogue& catalogue,
                                                 const Visit& visit) {
  ZT_ASSERT(wanted_ != 0 && bytes.size() <= wanted_);
  is_at_end_ = bytes.size() < wanted_;
  wanted_ = 0;
  offset_ += bytes.size();
  bytes_.erase(0, parsed_);
  parsed_ = 0;
  bytes_ += bytes;
  while (!is_file_over_) {
    // What follows may be half written.
    if (previous_ >= durable_) {
      offset_ -= bytes_.size() - parsed_;
      bytes_.resize(parsed_);
      return {};
    }
    const auto found = parse(catalogue, visit);
    if (!found) return std::unexpected(file_->info.name + ": " + found.error());
    is_file_over_ = *found == Found::kEndOfFile;
    if (*found == Found::kIncomplete) break;
  }
  return {};
}

std::expected<LogReader::Found, std::string> LogReader::parse(const LogCatalogue& catalogue,
                                                              const Visit& visit) {
  const std::string_view rest = std::string_view(bytes_).substr(parsed_);
  const Found short_of = is_at_end_ ? Found::kEndOfFile : Found::kIncomplete;
  if (!is_header_read_) {
    if (rest.size() < kLogHeaderSize) return short_of;
    const auto header = check_log_header(rest.substr(0, kLogHeaderSize));
    if (!header || *header != HeaderState::kPresent) return std::unexpected("it is no log");
    is_header_read_ = true;
    parsed_ += kLogHeaderSize;
    return Found::kRecord;
  }
  if (rest.size() < kRecordHeadSize) return short_of;
  if (rest.find_first_not_of('\0') >= kRecordHeadSize) return Found::kEndOfFile;
  const uint32_t length = load_be32(rest.data() + 8);
  if (length > kPayloadMax) return std::unexpected("a record has an impossible length");
  if (rest.size() < length + kRecordOverhead) {
    if (is_at_end_) return std::unexpected("a record is cut short");
    return Found::kIncomplete;
  }
  const auto head = valid_record_at(rest, 0);
  if (!head) return std::unexpected("a record is damaged");
  jute::Reader in(head->payload);
  const Zxid zxid = jute::read_txn_header(in).zxid;
  parsed_ += length + kRecordOverhead;
  if (zxid == previous_) return Found::kRecord;  // written twice, as recovery allows
  if (const auto order = check_order(zxid, catalogue); !order) {
    return std::unexpected(order.error());
  }
  previous_ = zxid;
  visit(zxid, head->payload);
  return Found::kRecord;
}

std::expected<void, std::string> LogReader::check_order(Zxid zxid,
                                                        const LogCatalogue& catalogue) const {
  if (previous_ && zxid < *previous_) {
    return std::unexpected(text(zxid) + " stands behind " + text(*previous_));
  }
  if (zxid <= after_) return {};
  if (!previous_) return std::unexpected("the log begins with " + text(zxid));
  if (zxid == previous_->next() && zxid.epoch() == previous_->epoch()) return {};
  const bool is_gap = zxid.epoch() == previous_->epoch() || zxid.counter() != 1 ||
                      std::ranges::any_of(catalogue.snapshots, [&](Zxid snapshot) {
                        return snapshot > *previous_ && snapshot < zxid;
                      });
  if (!is_gap) return {};
  return std::unexpected("records are missing between " + text(*previous_) + " and " + text(zxid));
}

void LogReader::add_to(RunningHash& hash) const {
  hash.add(static_cast<uint64_t>(after_.value));
  hash.add(static_cast<uint64_t>(durable_.value));
  hash.add(previous_ ? static_cast<uint64_t>(previous_->value) : UINT64_MAX);
  hash.add(file_ ? file_->info.name : std::string());
  hash.add(uint64_t{is_file_over_} | uint64_t{is_header_read_} << 1 | uint64_t{is_at_end_} << 2);
  hash.add(wanted_);
  hash.add(offset_);
  hash.add(std::string_view(bytes_).substr(parsed_));
}

}  // namespace zoetrope::storage
