#include "sim/comparison.hpp"

#include <cstdio>

namespace zoetrope::sim {
namespace {

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string end_text(uint64_t hash, uint64_t events, MonotonicTime virtual_time) {
  return "the end, hash " + hex(hash) + ", after " + std::to_string(events) + " events and " +
         std::to_string(virtual_time.ms()) + " ms";
}

}  // namespace

// False when the file has no more.
bool Comparison::begin_block() {
  while (left_.empty()) {
    if (block_ == file_.blocks.size()) return false;
    const trace::Block& block = file_.blocks[block_++];
    left_ = block.records;
    encoder_.begin(block.before.number, block.before.at);
  }
  return true;
}

void Comparison::record(const Record& record) {
  if (difference_ || is_prefix_over_) return;
  const bool is_event = record.kind == RecordKind::kEvent;
  const bool has_more = begin_block();
  if (!has_more && !file_.end) {
    is_prefix_over_ = true;
    wants_more_ = false;
    return;
  }
  // A block that does not begin where the run stands is a difference, too.
  const bool fits = has_more && (!is_event || encoder_.is_before(record.number));
  if (fits) {
    scratch_.clear();
    encoder_.encode(record, scratch_);
  }
  if (!fits || !left_.starts_with(scratch_)) return differ(&record);
  left_.remove_prefix(scratch_.size());
  ++records_;
  if (!is_event) return;
  now_ = {record.number, record.at};
  if (last_ == record.number) wants_more_ = false;
}

void Comparison::finish(uint64_t hash, uint64_t events, MonotonicTime virtual_time) {
  if (difference_ || is_prefix_over_ || !wants_more_) return;
  if (begin_block()) return differ(nullptr);
  is_prefix_over_ = !file_.end;
  if (is_prefix_over_) return;
  const trace::Summary& end = *file_.end;
  if (end.hash == hash && end.events == events && end.virtual_time == virtual_time) return;
  difference_ = Difference{now_.number, now_.at, end_text(end.hash, end.events, end.virtual_time),
                           end_text(hash, events, virtual_time)};
}

void Comparison::differ(const Record* found) {
  wants_more_ = false;
  difference_ = Difference{now_.number, now_.at, expected(),
                           found == nullptr ? "" : line_of(*found, servers_)};
  if (found == nullptr || found->kind != RecordKind::kEvent) return;
  difference_->number = found->number;
  difference_->at = found->at;
}

// The context of the encoder is spoilt by now: the block is read from its beginning.
std::string Comparison::expected() const {
  if (block_ == 0 || left_.empty()) return {};
  const trace::Block& block = file_.blocks[block_ - 1];
  RecordDecoder decoder(block.records, block.before.number, block.before.at);
  while (decoder.position() < block.records.size() - left_.size() && decoder.next()) {
  }
  const std::optional<Record> record = decoder.next();
  return record ? line_of(*record, servers_) : "a record that cannot be read";
}

}  // namespace zoetrope::sim
