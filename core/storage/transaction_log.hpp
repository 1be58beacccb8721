// ZooKeeper's transaction log format, byte for byte (facts/disk-format.md section 2): encoding of
// records and reading of whole files. Owns nothing; does no I/O.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/txn.hpp"

namespace zoetrope::storage {

inline constexpr size_t kLogHeaderSize = 16;
inline constexpr size_t kRecordOverhead = 13;  // checksum, length, trailer

// "log.<hex>", and the zxid of such a name (nullopt when the name is no log's).
std::string log_file_name(Zxid first);
std::optional<Zxid> zxid_of_log_name(std::string_view name);

void append_log_header(std::string& out);
// Appends checksum, length, payload and trailer.
void append_log_record(std::string& out, std::string_view payload);

// File size that preallocation asks for before an append at `position` in a file of `size` bytes;
// `size` itself when it is enough or preallocation_kb <= 0. Upstream: FilePadding.
uint64_t padded_size(uint64_t size, uint64_t position, int64_t preallocation_kb);

struct LogRecord {
  uint64_t offset = 0;         // of the record in the file, in bytes
  std::string_view payload;    // lives as long as the file's bytes
  jute::TxnHeader header;
};

enum class LogEnd : uint8_t {
  kZeroFill,  // padding after the last record, or exactly the end of the file
  kTornTail,  // a last record that was not written to its end: to be cut
};

struct LogScan {
  LogEnd end = LogEnd::kZeroFill;
  uint64_t end_offset = 0;  // where the next record would stand; a torn tail is cut here
  Zxid last;                // zxid of the last record; 0 when there is none
  size_t records = 0;
};

// Walks the records of one whole log file in order. A record that fails its checksum is a torn tail
// when nothing but zeros or one incomplete write follows it, else an error with its offset: data that
// was once acknowledged is never dropped silently. `visit` may stop the walk by returning false.
std::expected<LogScan, DecodeError> scan_log(std::string_view file,
                                             const std::function<bool(const LogRecord&)>& visit);

}  // namespace zoetrope::storage
