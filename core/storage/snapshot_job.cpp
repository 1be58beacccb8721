#include "core/storage/snapshot_job.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/storage/recovery.hpp"

namespace zoetrope::storage {

namespace {
// While one is written the other waits, so that the disk does not idle for the engine.
constexpr size_t kChunksUnderWay = 2;
}  // namespace

SnapshotJob::SnapshotJob(tree::Tree& tree, SessionList sessions, const SnapshotOptions& options,
                         size_t chunk_bytes)
    : writer_(tree, std::move(sessions), options),
      chunk_bytes_(chunk_bytes),
      name_(snapshot_file_name(writer_.zxid(), options.compression)),
      unfinished_{Folder::kSnapshot, unfinished_snapshot_name(writer_.zxid())} {}

void SnapshotJob::issue(DiskAction action, uint64_t& next_op, std::vector<DiskOp>& out) {
  under_way_.push_back(next_op);
  out.push_back(DiskOp{next_op++, Lane::kSnapshot, std::move(action)});
}

void SnapshotJob::begin(uint64_t& next_op, std::vector<DiskOp>& out) {
  ZT_ASSERT(size_ == 0);
  while (more_ && under_way_.size() < kChunksUnderWay) write_chunk(next_op, out);
}

// A compressor may keep a whole chunk to itself, so this goes on until there is something to write.
void SnapshotJob::write_chunk(uint64_t& next_op, std::vector<DiskOp>& out) {
  std::string chunk;
  while (more_ && chunk.empty()) more_ = writer_.next(chunk, chunk_bytes_);
  ZT_ASSERT(!chunk.empty());
  const uint64_t offset = size_;
  size_ += chunk.size();
  issue(WriteFile{unfinished_, offset, std::move(chunk), 0}, next_op, out);
}

bool SnapshotJob::completed(uint64_t op, uint64_t& next_op, std::vector<DiskOp>& out) {
  const auto found = std::find(under_way_.begin(), under_way_.end(), op);
  if (found == under_way_.end()) return false;
  under_way_.erase(found);
  if (step_ == Step::kWrite && more_) write_chunk(next_op, out);
  if (!under_way_.empty()) return true;
  switch (step_) {
    case Step::kWrite:
      step_ = Step::kSync;
      issue(SyncFile{unfinished_}, next_op, out);
      break;
    case Step::kSync:
      step_ = Step::kRename;
      issue(CloseFile{unfinished_}, next_op, out);
      issue(RenameFile{unfinished_, name_}, next_op, out);
      break;
    case Step::kRename: step_ = Step::kDone; break;
    case Step::kDone: break;
  }
  return true;
}

void SnapshotJob::add_to(RunningHash& hash) const {
  hash.add(static_cast<uint64_t>(zxid().value));
  hash.add(static_cast<uint64_t>(step_) * 2 + static_cast<uint64_t>(more_));
  hash.add(size_);
  for (const uint64_t op : under_way_) hash.add(op);
}

}  // namespace zoetrope::storage
