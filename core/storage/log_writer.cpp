#include "core/storage/log_writer.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

bool LogWriter::fits(const Batch& batch, size_t payload_size) const {
  if (limits_.batch_size_max > 0 && batch.records >= static_cast<size_t>(limits_.batch_size_max)) {
    return false;
  }
  return batch.bytes.size() + payload_size + kRecordOverhead <= kBatchBytesMax;
}

void LogWriter::append(Zxid zxid, std::string_view payload) {
  ZT_ASSERT(zxid > appended_);
  ZT_ASSERT(zxid > durable_);
  appended_ = zxid;
  if (roll_ || batches_.empty() || !fits(batches_.back(), payload.size())) {
    Batch batch;
    batch.first = zxid;
    batch.new_file = std::exchange(roll_, false);
    if (batch.new_file) append_log_header(batch.bytes);
    batches_.push_back(std::move(batch));
  }
  Batch& batch = batches_.back();
  append_log_record(batch.bytes, payload);
  batch.last = zxid;
  ++batch.records;
  ++pending_records_;
}

void LogWriter::roll() {
  roll_ = true;
}

void LogWriter::skip_to(Zxid zxid) {
  ZT_ASSERT(pending_records_ == 0 && zxid >= durable_);
  durable_ = zxid;
  roll_ = true;
}

void LogWriter::issue(uint64_t& next_op, std::vector<DiskOp>& out) {
  if (is_held_ || under_way_ || !flush_requested_ || batches_.empty()) return;
  Batch batch = std::move(batches_.front());
  batches_.pop_front();
  flush_requested_ = !batches_.empty();
  const uint64_t first_op = next_op;
  const auto add = [&](DiskAction action) {
    out.push_back(DiskOp{next_op++, Lane::kLog, std::move(action)});
  };
  if (batch.new_file) {
    if (!file_name_.empty()) add(CloseFile{{Folder::kLog, file_name_}});
    file_name_ = log_file_name(batch.first);
    position_ = 0;
    // Upstream pads a file that holds only its header, so its first size is header plus one step.
    size_ = padded_size(kLogHeaderSize, kLogHeaderSize, limits_.preallocation_kb);
  } else {
    size_ = padded_size(size_, position_, limits_.preallocation_kb);
  }
  const FileName file{Folder::kLog, file_name_};
  const uint64_t end = position_ + batch.bytes.size();
  add(WriteFile{file, position_, std::move(batch.bytes),
                limits_.preallocation_kb > 0 ? size_ : uint64_t{0}});
  if (limits_.force_sync) add(SyncFile{file});
  position_ = end;
  size_ = std::max(size_, end);
  under_way_ = UnderWay{first_op, next_op - 1, batch.last, batch.records};
  // The records count and not the padding, else a limit below the padding would roll every batch.
  const auto limit = static_cast<uint64_t>(std::max<int64_t>(limits_.log_size_limit_kb, 0)) * 1024;
  if (limit > 0 && position_ > limit && batches_.empty()) roll_ = true;
}

bool LogWriter::completed(uint64_t op) {
  if (!under_way_ || op < under_way_->first_op || op > under_way_->last_op) return false;
  if (op != under_way_->last_op) return true;
  ZT_ASSERT(under_way_->last > durable_);
  ZT_ASSERT(pending_records_ >= under_way_->records);
  durable_ = under_way_->last;
  pending_records_ -= under_way_->records;
  under_way_.reset();
  return true;
}

void LogWriter::add_to(RunningHash& hash) const {
  hash.add(batches_.size());
  for (const Batch& batch : batches_) {
    hash.add(batch.bytes);
    hash.add(static_cast<uint64_t>(batch.first.value));
    hash.add(static_cast<uint64_t>(batch.last.value));
    hash.add(batch.records * 2 + (batch.new_file ? 1 : 0));
  }
  hash.add(under_way_ ? under_way_->last_op : 0);
  hash.add(static_cast<uint64_t>(is_held_) * 4 + static_cast<uint64_t>(flush_requested_) * 2 +
           static_cast<uint64_t>(roll_));
  hash.add(file_name_);
  hash.add(position_);
  hash.add(size_);
  hash.add(static_cast<uint64_t>(durable_.value));
  hash.add(static_cast<uint64_t>(appended_.value));
  hash.add(pending_records_);
}

}  // namespace zoetrope::storage
