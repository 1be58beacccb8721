// A whole transaction log file. The scan must stay within it, tell records in order, and say again
// of the part before its end what it said of the whole; a forged length must not cost memory.
#include <cstring>

#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"
#include "core/storage/transaction_log.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;
using storage::LogRecord;

namespace {

// Random bytes hardly ever have the right checksum, so those of the records that have a plausible
// length are put right in every second input.
std::string with_checksums(std::string_view input) {
  std::string file(input);
  size_t at = storage::kLogHeaderSize;
  while (at + storage::kRecordOverhead <= file.size()) {
    const size_t length = load_be32(file.data() + at + 8);
    if (length == 0 || length > file.size() - at - storage::kRecordOverhead) break;
    const std::string_view payload = std::string_view(file).substr(at + 12, length);
    store_be64(file.data() + at, adler32(payload));
    at += storage::kRecordOverhead + length;
  }
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view input = fuzz::view_of(data, size).substr(1);
  const test::ExactCopy file((data[0] & 1) == 0 ? std::string(input) : with_checksums(input));
  size_t records = 0;
  uint64_t last_offset = 0;
  const auto scan = storage::scan_log(file.view(), [&](const LogRecord& record) {
    fuzz::require(records == 0 || record.offset > last_offset);
    fuzz::require(record.payload.data() >= file.view().data());
    fuzz::require(record.payload.data() + record.payload.size() <=
                  file.view().data() + file.view().size());
    last_offset = record.offset;
    ++records;
    (void)jute::decode_txn(record.payload);
    return true;
  });
  if (!scan) {
    fuzz::require(scan.error().offset <= file.view().size());
    fuzz::require(!scan.error().what.empty());
    return 0;
  }
  fuzz::require(scan->records == records);
  fuzz::require(scan->end_offset <= file.view().size());
  // Cutting the file at its end, as recovery does with a torn tail, loses no record.
  const test::ExactCopy cut(file.view().substr(0, scan->end_offset));
  const auto again = storage::scan_log(cut.view(), [](const LogRecord&) { return true; });
  fuzz::require(again.has_value());
  fuzz::require(again->records == records);
  fuzz::require(again->last == scan->last);
  fuzz::require(again->end == storage::LogEnd::kZeroFill);
  return 0;
}
