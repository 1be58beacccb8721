// A file of a recording: a head, the state of the engine at its beginning (node::Server::save()),
// and the entries from there on. Bytes in, bytes out.
//
//   "ZTRECORD" | format u32 | file number u32 | run u64 | first step u64 | state size u64
//   | checksum of the state u32 | checksum of the head u32 | state | entries
//   entry: size u32 | checksum u32 | bytes | zeros up to the next multiple of 8
//
// Numbers are little-endian. An entry's checksum goes on from that of the entry before it, the
// first one's from the head's, so that none can be missing between two. A file has its full size
// from its beginning and is zero behind the last entry: it is a mapping, so that what was recorded
// outlives the process however that ends. The eight bytes in front of an entry are written last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "record/entry.hpp"

namespace zoetrope::record {

struct FileHead {
  uint32_t number = 0;      // in its directory: 1, 2, ...
  uint64_t run = 0;         // of the process, the same in all files of one
  uint64_t first_step = 0;  // number of the first entry, from the start of the process
};

inline constexpr size_t kHeadSize = 48;
inline constexpr size_t kEntryHeadSize = 8;
constexpr size_t padded(size_t size) {
  return (size + 7) & ~size_t{7};
}
// What an entry of so many bytes takes in the file.
constexpr size_t room_of(size_t entry_size) {
  return kEntryHeadSize + padded(entry_size);
}

std::string file_name(uint32_t number);
std::optional<uint32_t> parse_file_name(std::string_view name);

// Writes into memory that is zero and that the caller has.
class FileWriter {
 public:
  FileWriter() = default;
  // There is room for the head and the state.
  FileWriter(char* at, size_t size, const FileHead& head, std::string_view state);
  // False: it does not fit any more.
  bool append(std::string_view entry);
  size_t used() const { return used_; }
  size_t size() const { return size_; }

 private:
  char* at_ = nullptr;
  size_t size_ = 0, used_ = 0;
  uint32_t checksum_ = 0;
};

class FileReader {
 public:
  // Checks head and state. Offsets of errors count from the beginning of the file.
  static std::expected<FileReader, DecodeError> open(std::string_view file);
  // It was made ready and never used.
  static bool is_unused(std::string_view file);

  const FileHead& head() const { return head_; }
  std::string_view state() const { return state_; }
  // The next entry's bytes; nullopt where nothing more was written.
  std::expected<std::optional<std::string_view>, DecodeError> next();
  size_t offset() const { return offset_; }

 private:
  FileHead head_;
  std::string_view file_, state_;
  size_t offset_ = 0;
  uint32_t checksum_ = 0;
};

}  // namespace zoetrope::record
