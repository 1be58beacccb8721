#include "sim/trace_writer.hpp"

#include <algorithm>

namespace zoetrope::sim {
namespace {

// So much is lost at most when a program dies; a smaller block costs more of its head.
constexpr size_t kBlockBytes = 16 << 10;

}  // namespace

TraceWriter::TraceWriter(std::string_view plan, trace::FileWriter::Out out)
    : file_(plan, std::move(out)) {
  block_.reserve(kBlockBytes + (kBlockBytes >> 2));
  encoder_.begin(0, {});
}

void TraceWriter::record(const Record& record) {
  if (block_.size() >= kBlockBytes) flush();
  encoder_.encode(record, block_);
  ++records_;
  if (record.kind == RecordKind::kEvent) now_ = {record.number, record.at};
}

// The encoder was told of the position at which the block began; now of the next.
void TraceWriter::flush() {
  if (block_.empty()) return;
  file_.block(began_, block_);
  block_.clear();
  began_ = now_;
  encoder_.begin(now_.number, now_.at);
}

void TraceWriter::finish(const RunResult& result) {
  flush();
  file_.end({result.counts.events, records_, result.hash, result.virtual_time,
             broken_properties(result)});
}

std::vector<std::string> broken_properties(const RunResult& result) {
  std::vector<std::string> names;
  for (const properties::Violation& violation : result.violations) {
    if (std::ranges::find(names, violation.property) == names.end()) {
      names.push_back(violation.property);
    }
  }
  return names;
}

}  // namespace zoetrope::sim
