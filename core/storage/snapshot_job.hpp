// One snapshot on its way to the disk: chunks, sync, rename, each step only after the one before it
// has completed, so that a file under its final name is always whole. Produces at most one chunk
// for each completion, which bounds what the engine does in one step.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/storage/disk.hpp"
#include "core/storage/snapshot.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::storage {

class SnapshotJob {
 public:
  // `chunk_bytes`: uncompressed bytes in one write.
  SnapshotJob(tree::Tree& tree, SessionList sessions, const SnapshotOptions& options,
              size_t chunk_bytes);

  // Issues the first chunks. `next_op` numbers the operations.
  void begin(uint64_t& next_op, std::vector<DiskOp>& out);
  // True when the operation was this job's; then the next step is issued.
  bool completed(uint64_t op, uint64_t& next_op, std::vector<DiskOp>& out);

  bool done() const { return step_ == Step::kDone; }
  Zxid zxid() const { return writer_.zxid(); }
  const std::string& file_name() const { return name_; }
  uint64_t file_size() const { return size_; }
  void add_to(RunningHash& hash) const;

 private:
  enum class Step : uint8_t { kWrite, kSync, kRename, kDone };

  void write_chunk(uint64_t& next_op, std::vector<DiskOp>& out);
  void issue(DiskAction action, uint64_t& next_op, std::vector<DiskOp>& out);

  SnapshotWriter writer_;
  size_t chunk_bytes_;
  std::string name_;
  FileName unfinished_;
  Step step_ = Step::kWrite;
  bool more_ = true;
  uint64_t size_ = 0;
  std::vector<uint64_t> under_way_;  // operations not yet completed
};

}  // namespace zoetrope::storage
