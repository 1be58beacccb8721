#include "sim/trace_reader.hpp"

#include <algorithm>

#include "sim/record_codec.hpp"

namespace zoetrope::sim {
namespace {

using Blocks = std::vector<trace::Block>;

// The block in which the event stands, if the file has it: the last that begins before it.
Blocks::const_iterator block_of(const trace::File& file, uint64_t number) {
  const auto behind = std::ranges::partition_point(
      file.blocks, [&](const trace::Block& block) { return block.before.number < number; });
  return behind == file.blocks.begin() ? behind : behind - 1;
}

std::optional<DecodeError> visit_block(const trace::Block& block, uint64_t first, bool& goes_on,
                                       const std::function<bool(const Record&)>& visit) {
  RecordDecoder decoder(block.records, block.before.number, block.before.at);
  while (goes_on) {
    const std::optional<Record> record = decoder.next();
    if (!record) break;
    if (record->number >= first) goes_on = visit(*record);
  }
  if (!decoder.error()) return std::nullopt;
  return DecodeError{decoder.error()->what, block.offset + decoder.error()->offset};
}

}  // namespace

std::optional<DecodeError> visit_records(const trace::File& file, uint64_t first,
                                         const std::function<bool(const Record&)>& visit) {
  bool goes_on = true;
  for (auto block = block_of(file, first); block != file.blocks.end() && goes_on; ++block) {
    if (auto error = visit_block(*block, first, goes_on, visit)) return error;
  }
  return std::nullopt;
}

std::vector<Record> causes_of(const trace::File& file, uint64_t number) {
  std::vector<Record> chain;
  // Causes lie further and further back, so each block is read once.
  while (number != 0 && !file.blocks.empty()) {
    const auto block = block_of(file, number);
    std::vector<Record> events;
    bool goes_on = true;
    const auto error = visit_block(*block, 0, goes_on, [&](const Record& record) {
      if (record.kind == RecordKind::kEvent) events.push_back(record);
      return record.number < number;
    });
    if (error) return chain;
    const size_t before = chain.size();
    while (number > block->before.number && number - block->before.number <= events.size()) {
      chain.push_back(events[number - block->before.number - 1]);
      number = chain.back().cause;
    }
    if (chain.size() == before) break;
  }
  return chain;
}

uint64_t last_event(const trace::File& file) {
  if (file.blocks.empty()) return 0;
  uint64_t last = file.blocks.back().before.number;
  bool goes_on = true;
  visit_block(file.blocks.back(), 0, goes_on, [&](const Record& record) {
    last = record.number;
    return true;
  });
  return last;
}

}  // namespace zoetrope::sim
