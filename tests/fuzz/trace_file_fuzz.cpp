// A whole trace file, or its records alone with right checksums around them. Reading must stay
// within the bytes, say where they are damaged, and say the same again of the part that is good.
#include "sim/trace_reader.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "trace/file.hpp"

using namespace zoetrope;

namespace {

std::string as_file(std::string_view records) {
  std::string bytes;
  trace::FileWriter writer("", [&](std::string_view more) { bytes += more; });
  writer.block({0, {}}, records.substr(0, records.size() / 2));
  writer.block({1, {}}, records.substr(records.size() / 2));
  return bytes;
}

size_t count_records(const trace::File& file) {
  size_t records = 0;
  const auto error = sim::visit_records(file, 0, [&](const sim::Record& record) {
    fuzz::require(record.cause < record.number || record.number == 0 ||
                  record.kind != sim::RecordKind::kEvent);
    (void)sim::line_of(record, 3);
    ++records;
    return true;
  });
  if (error) fuzz::require(!error->what.empty());
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input = fuzz::view_of(data, size).substr(1);
  const test::ExactCopy bytes((data[0] & 1) == 0 ? std::string(input) : as_file(input));
  const auto file = trace::read_file(bytes.view());
  if (!file) {
    fuzz::require(file.error().offset <= bytes.view().size() && !file.error().what.empty());
    return 0;
  }
  fuzz::require(file->end.has_value() || file->damage.has_value());
  const size_t records = count_records(*file);
  const uint64_t last = sim::last_event(*file);
  (void)sim::causes_of(*file, last);
  if (!file->damage) return 0;
  fuzz::require(file->damage->offset <= bytes.view().size());
  const test::ExactCopy good(bytes.view().substr(0, file->damage->offset));
  const auto again = trace::read_file(good.view());
  fuzz::require(again.has_value() && again->blocks.size() == file->blocks.size());
  fuzz::require(count_records(*again) == records);
  return 0;
}
