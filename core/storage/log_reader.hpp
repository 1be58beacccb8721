// Reads a running server's own log back, behind a zxid and piece by piece, for a learner that the
// window in memory cannot help (facts/quorum-protocol.md section 8; upstream
// FileTxnLog.getTxnLogIterator, TxnLogProposalIterator). Owns the bytes that are not yet a whole
// record. Does no I/O: it says what is to be read and is given the bytes.
//
// Only durable records are looked at, since what lies behind them is being written. Each one must
// follow the one before it without a gap (ZOOKEEPER-2418): a snapshot that came from a leader, or
// that holds transactions which were applied and not logged, stands for records that the log lacks.
// At the end of an epoch the numbers do not tell; but then a snapshot is there whose zxid is no
// record's, and as long as it may be gone the records before it are gone, too (retention).
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/storage/data_files.hpp"
#include "core/storage/disk.hpp"

namespace zoetrope::storage {

// What a store has on the disk at one moment.
struct LogCatalogue {
  std::vector<LogFile> logs;  // ascending; sizes without what is only preallocated, where known
  std::vector<Zxid> snapshots;
  uint64_t newest_snapshot_bytes = 0;
  Zxid durable;
};

// Whether those logs that may hold what follows `after` are no longer than `percent` of the newest
// snapshot; 0: they may be of any length, < 0: never (zookeeper.snapshotSizeFactor). False as well
// when no log goes back that far.
bool is_worth_reading(const LogCatalogue& catalogue, Zxid after, int32_t percent);

struct FileRange {
  FileName file;
  uint64_t offset = 0;
  uint64_t length = 0;
};

class LogReader {
 public:
  // Behind `after`; the records before it in the same file are visited, too.
  explicit LogReader(Zxid after) : after_(after) {}

  // What is to be read next; nullopt: all that is durable was visited. Not while bytes are awaited.
  std::expected<std::optional<FileRange>, std::string> next(const LogCatalogue& catalogue);
  // The bytes of that range, fewer only at the end of the file. Visits the records that are whole
  // now, in order; the views live until the next call. An error, which is final, tells why the log
  // cannot be used any further; what was visited before it holds.
  using Visit = std::function<void(Zxid zxid, std::string_view payload)>;
  std::expected<void, std::string> take(std::string_view bytes, const LogCatalogue& catalogue,
                                        const Visit& visit);

  void add_to(RunningHash& hash) const;

 private:
  enum class Found : uint8_t { kRecord, kIncomplete, kEndOfFile };
  std::expected<Found, std::string> parse(const LogCatalogue& catalogue, const Visit& visit);
  std::expected<void, std::string> check_order(Zxid zxid, const LogCatalogue& catalogue) const;
  bool open_next(const LogCatalogue& catalogue);

  Zxid after_;
  Zxid durable_;                  // when the read was asked for
  std::optional<Zxid> previous_;  // record
  std::optional<LogFile> file_;   // being read
  bool is_file_over_ = true;
  bool is_header_read_ = false;
  bool is_at_end_ = false;  // the last read reached the end of the file
  uint64_t wanted_ = 0;     // bytes, of the read under way
  uint64_t offset_ = 0;     // of the next read
  std::string bytes_;       // read; of them
  size_t parsed_ = 0;       // these were visited
};

}  // namespace zoetrope::storage
