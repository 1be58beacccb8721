// Records as bytes: two bytes of what there is, then what differs from the record before. Owns the
// context that both sides keep alike; a block of records begins with a fresh one.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "sim/record.hpp"

namespace zoetrope::sim {

struct RecordContext {
  uint64_t number = 0;  // of the event taken last
  MonotonicTime at;
  uint64_t lane = 0, subject = 0, detail = 0;
  // Subjects by a hash of them: connections come again and again.
  std::array<uint64_t, 256> recent{};
};

class RecordEncoder {
 public:
  // A block begins behind that event.
  void begin(uint64_t number, MonotonicTime at);
  // Whether that event may come next.
  bool is_before(uint64_t number) const { return number == context_.number + 1; }
  // Appends to `out`. The numbers of events are consecutive.
  void encode(const Record& record, std::string& out);

 private:
  RecordContext context_;
};

class RecordDecoder {
 public:
  // `bytes` outlives the records.
  RecordDecoder(std::string_view bytes, uint64_t number, MonotonicTime at);
  // nullopt: the end, or damage.
  std::optional<Record> next();
  // The offset is within the bytes, of the record that is malformed.
  const std::optional<DecodeError>& error() const { return error_; }
  size_t position() const { return at_; }

 private:
  bool decode(Record& record);
  bool varint(uint64_t& value);
  bool byte(uint8_t& value);
  bool subject(Record& record);
  bool text(Record& record);

  std::string_view bytes_;
  size_t at_ = 0;
  RecordContext context_;
  std::optional<DecodeError> error_;
};

}  // namespace zoetrope::sim
