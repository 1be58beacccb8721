// Group commit: gathers records into batches and turns each into one write and one sync of the
// current log file. Knows when to begin a new file; owns no file and never has two batches under
// way.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/storage/disk.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::storage {

struct LogWriterLimits {
  int64_t preallocation_kb = 0;
  int64_t log_size_limit_kb = 0;
  int64_t batch_size_max = 0;
  bool force_sync = true;
};

class LogWriter {
 public:
  // `durable`: newest transaction that is on the disk already.
  LogWriter(const LogWriterLimits& limits, Zxid durable) : limits_(limits), durable_(durable) {}

  void append(Zxid zxid, std::string_view payload);
  // Records appended from now on go to a new file.
  void roll();
  // The history continues behind `zxid`, of which a snapshot speaks. Nothing may be pending.
  void skip_to(Zxid zxid);
  // Everything queued may be issued.
  // While held nothing is issued, whatever was requested; flush again after the release.
  void hold(bool on) { is_held_ = on; }
  void request_flush() { flush_requested_ = !batches_.empty(); }
  // Issues the next batch when one is asked for and none is under way. `next_op` numbers the
  // operations.
  void issue(uint64_t& next_op, std::vector<DiskOp>& out);

  // True when the operation was this writer's; then the batch may be complete.
  bool completed(uint64_t op);

  Zxid durable() const { return durable_; }
  size_t pending_records() const { return pending_records_; }
  // The file that is written to; empty before the first batch is issued.
  const std::string& file_name() const { return file_name_; }
  uint64_t file_size() const { return size_; }
  // End of its records, without what is only preallocated.
  uint64_t records_end() const { return position_; }
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  struct Batch {
    std::string bytes;
    size_t records = 0;
    Zxid first, last;
    bool new_file = false;
  };
  // What has been issued and is not yet durable.
  struct UnderWay {
    uint64_t first_op = 0, last_op = 0;
    Zxid last;
    size_t records = 0;
  };

  bool fits(const Batch& batch, size_t payload_size) const;

  LogWriterLimits limits_;
  std::deque<Batch> batches_;
  std::optional<UnderWay> under_way_;
  bool flush_requested_ = false;
  bool is_held_ = false;
  bool roll_ = true;  // the next record begins a file
  std::string file_name_;
  uint64_t position_ = 0;  // end of what was issued to the file
  uint64_t size_ = 0;      // of the file, padding included
  Zxid durable_;
  Zxid appended_;  // last record ever appended
  size_t pending_records_ = 0;
};

}  // namespace zoetrope::storage
