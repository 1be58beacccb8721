// ZooKeeper's transaction log format, byte for byte (facts/disk-format.md section 2): encoding of
// records and reading of whole files. Owns nothing; does no I/O.
//
// Where a log ends, and what may be cut. The format marks neither batches nor an end, so a bad
// record is either the trace of a crash, to be cut without asking anyone, or damage to what was
// acknowledged, to be refused. The two are told apart by what a crash can do:
//   - The store writes batch N+1 only after batch N is durable, so at most one batch is unsynced,
//   and a
//     batch is at most kBatchBytesMax bytes or a single record. Nothing in it was acknowledged.
//   - A crash keeps or loses whole disk sectors of that batch in any combination, or keeps a prefix
//   of
//     it. What is lost reads as what was there before: zeros, or nothing beyond the end of the
//     file.
// Hence a bad record is a torn tail exactly when all of these hold:
//   1. No valid record (checksum, trailer, header, larger zxid) starts kBatchBytesMax bytes or more
//   after
//      it: such a record lies in a later batch, which proves that the bad one was once durable.
//   2. If a valid record follows nearer than that, a sector (512 bytes, aligned in the file) that
//   is zero
//      to its end lies between the two: the sector that the crash lost.
//   3. If none follows, the record is incomplete: it runs into zeros or past the end of the file. A
//      record that is there from head to trailer and fails its checksum, or would pass it with
//      another length, was damaged afterwards.
// What the rule cannot see: a whole sector of the last kBatchBytesMax bytes that the disk lost or
// zeroed after it had said that it was durable, and damage to the last record when its data holds
// such a run of zeros itself. Both are cut, with a note. With forceSync=no the first premise is
// missing, so a power failure may leave a log that is refused. Upstream cuts at any missing trailer
// or zero length, without looking at what follows, and fails on any wrong checksum.
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
// Longest write between two syncs, in bytes, unless one record alone is longer.
inline constexpr size_t kBatchBytesMax = 1 << 20;
// Smallest unit that a disk keeps or loses at a crash.
inline constexpr size_t kSectorBytes = 512;

// "log.<hex>", and the zxid of such a name (nullopt when the name is no log's).
std::string log_file_name(Zxid first);
std::optional<Zxid> zxid_of_log_name(std::string_view name);
// Zxids in file names and messages: lower-case hex without padding, at most 16 digits.
std::string zxid_hex(Zxid zxid);
std::optional<Zxid> parse_zxid_hex(std::string_view hex);

void append_log_header(std::string& out);
// Appends checksum, length, payload and trailer.
void append_log_record(std::string& out, std::string_view payload);

// File size that preallocation asks for before an append at `position` in a file of `size` bytes;
// `size` itself when it is enough or preallocation_kb <= 0. Upstream: FilePadding.
uint64_t padded_size(uint64_t size, uint64_t position, int64_t preallocation_kb);

struct LogRecord {
  uint64_t offset = 0;       // of the record in the file, in bytes
  std::string_view payload;  // lives as long as the file's bytes
  jute::TxnHeader header;
};

enum class LogEnd : uint8_t {
  kZeroFill,  // padding after the last record, or exactly the end of the file
  kTornTail,  // a last record that was not written to its end: to be cut
};

struct LogScan {
  LogEnd end = LogEnd::kZeroFill;
  // Where the next record would stand; a torn tail is cut here. 0 when not even the header was
  // written.
  uint64_t end_offset = 0;
  uint64_t last_offset = 0;  // of the last record
  Zxid last;                 // largest zxid; 0 when there is no record
  size_t records = 0;
  bool stopped = false;  // `visit` ended the walk, so `end` says nothing
};

// Walks the records of one whole log file in order; trailing zeros of the file may be left out.
// Damage that is no torn tail by the rule above is an error with its offset. `visit` may stop the
// walk by returning false.
std::expected<LogScan, DecodeError> scan_log(std::string_view file,
                                             const std::function<bool(const LogRecord&)>& visit);

// Offset of the first valid record that starts in [from, file.size()) and has a zxid above `after`,
// searched byte by byte; for judging and showing damaged files.
std::optional<uint64_t> find_record(std::string_view file, uint64_t from, Zxid after);

}  // namespace zoetrope::storage
