// How a log file ends: tells the traces of a crash from damage, by the rule at the head of
// transaction_log.hpp. Looks at bytes only; internal to the room and to tools.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

inline constexpr uint32_t kLogMagic = 0x5a4b4c47;  // "ZKLG"
inline constexpr uint32_t kLogVersion = 2;
inline constexpr size_t kRecordHeadSize = 12;  // checksum and length
inline constexpr char kRecordTrailer = 'B';

struct RecordHead {
  std::string_view payload;
};
// The record at `offset` when its length, trailer and checksum are right.
std::optional<RecordHead> valid_record_at(std::string_view file, uint64_t offset);

enum class HeaderState : uint8_t { kPresent, kAbsent, kTorn };
// The 16 bytes at the start: there, never written (an empty or zero file), or lost at a crash
// together with the first batch. An error when the file is no transaction log or was damaged.
std::expected<HeaderState, DecodeError> check_log_header(std::string_view file);

// What the bytes from `bad` on are, where no valid record starts; `last` is the largest zxid
// before.
std::expected<LogEnd, DecodeError> judge_tail(std::string_view file, uint64_t bad, Zxid last);

}  // namespace zoetrope::storage
