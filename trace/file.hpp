// The file of a trace: what was run, as text; blocks of records, each with a checksum and a hash of
// all that stands before it; and how it ended. Bytes in, bytes out: it opens no file, and what a
// record is it does not know. A file that is damaged or was cut short is good up to that place.
//
//   "ZOETRACE", version (4 bytes), then blocks: kind (1), length (4), CRC-32 of all three (4),
//   payload. All numbers are big-endian.
//   P: the plan, once, first.   R: hash (8), number (8) and time (8) of the event before, records.
//   E: the summary, once, last.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/time.hpp"

namespace zoetrope::trace {

inline constexpr uint32_t kFileVersion = 1;

struct Summary {
  uint64_t events = 0;
  uint64_t records = 0;
  uint64_t hash = 0;  // of the run
  MonotonicTime virtual_time;
  std::vector<std::string> broken;  // properties
};

// The event during which the first record of a block happened, or the last before it.
struct Position {
  uint64_t number = 0;
  MonotonicTime at;
};

struct Block {
  uint64_t offset = 0;  // of the records, in the file
  Position before;
  std::string_view records;
};

class FileWriter {
 public:
  using Out = std::function<void(std::string_view)>;
  // Writes the head. `out` takes bytes in their order.
  FileWriter(std::string_view plan, Out out);
  void block(const Position& before, std::string_view records);
  void end(const Summary& summary);

 private:
  void put(char kind, std::string_view payload);

  Out out_;
  RunningHash hash_;
  std::string scratch_;
};

struct File {
  std::string plan;
  std::vector<Block> blocks;  // views of the bytes that were read
  std::optional<Summary> end;
  // Why there is no end, and where what is good ends.
  std::optional<DecodeError> damage;
};

// The error is for bytes of which nothing is usable. `bytes` outlives the file.
std::expected<File, DecodeError> read_file(std::string_view bytes);

}  // namespace zoetrope::trace
