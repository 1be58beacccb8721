#include "record/file.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/base/assert.hpp"
#include "core/base/checksum.hpp"

namespace zoetrope::record {

namespace {

constexpr std::string_view kMagic = "ZTRECORD";
constexpr uint32_t kFormat = 1;
constexpr std::string_view kNamePrefix = "recording.";

// The head as it stands in the file.
struct RawHead {
  char magic[8];
  uint32_t format, number;
  uint64_t run, first_step, state_size;
  uint32_t state_checksum, checksum;
};
static_assert(sizeof(RawHead) == kHeadSize);

uint32_t checksum_of(const RawHead& raw) {
  return crc32({reinterpret_cast<const char*>(&raw), offsetof(RawHead, checksum)});
}

struct EntryHead {
  uint32_t size, checksum;
};
static_assert(sizeof(EntryHead) == kEntryHeadSize);

bool is_zero(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == '\0'; });
}

}  // namespace

std::string file_name(uint32_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kNamePrefix) + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') +
         digits;
}

std::optional<uint32_t> parse_file_name(std::string_view name) {
  if (!name.starts_with(kNamePrefix)) return std::nullopt;
  const std::string_view digits = name.substr(kNamePrefix.size());
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || file_name(number) != name) return std::nullopt;
  return number;
}

FileWriter::FileWriter(char* at, size_t size, const FileHead& head, std::string_view state)
    : at_(at), size_(size) {
  ZT_ASSERT(kHeadSize + padded(state.size()) <= size);
  RawHead raw{.format = kFormat,
              .number = head.number,
              .run = head.run,
              .first_step = head.first_step,
              .state_size = state.size(),
              .state_checksum = crc32(state)};
  std::memcpy(raw.magic, kMagic.data(), kMagic.size());
  checksum_ = raw.checksum = checksum_of(raw);
  std::memcpy(at + kHeadSize, state.data(), state.size());
  // In this order, so that a file with a head is a whole one.
  __atomic_signal_fence(__ATOMIC_RELEASE);
  std::memcpy(at, &raw, sizeof raw);
  used_ = kHeadSize + padded(state.size());
}

bool FileWriter::append(std::string_view entry) {
  if (room_of(entry.size()) > size_ - used_) return false;
  checksum_ = crc32(entry, checksum_);
  char* const at = at_ + used_;
  std::memcpy(at + kEntryHeadSize, entry.data(), entry.size());
  // The process may die between any two stores; what it has stored stays.
  const EntryHead head{static_cast<uint32_t>(entry.size()), checksum_};
  uint64_t word;
  std::memcpy(&word, &head, sizeof word);
  __atomic_store_n(reinterpret_cast<uint64_t*>(at), word, __ATOMIC_RELEASE);
  used_ += room_of(entry.size());
  return true;
}

bool FileReader::is_unused(std::string_view file) {
  return is_zero(file.substr(0, kHeadSize));
}

std::expected<FileReader, DecodeError> FileReader::open(std::string_view file) {
  RawHead raw;
  if (file.size() < sizeof raw)
    return std::unexpected(DecodeError{"the head is cut off", file.size()});
  std::memcpy(&raw, file.data(), sizeof raw);
  if (std::string_view(raw.magic, sizeof raw.magic) != kMagic) {
    return std::unexpected(DecodeError{"this is no file of a recording", 0});
  }
  if (raw.format != kFormat) {
    return std::unexpected(
        DecodeError{"format " + std::to_string(raw.format) + " is not known", 8});
  }
  if (raw.checksum != checksum_of(raw)) {
    return std::unexpected(DecodeError{"the head is damaged", 0});
  }
  if (raw.state_size > file.size() - kHeadSize) {
    return std::unexpected(DecodeError{"the state is cut off", file.size()});
  }
  FileReader reader;
  reader.head_ = {raw.number, raw.run, raw.first_step};
  reader.file_ = file;
  reader.state_ = file.substr(kHeadSize, raw.state_size);
  if (crc32(reader.state_) != raw.state_checksum) {
    return std::unexpected(DecodeError{"the state is damaged", kHeadSize});
  }
  reader.offset_ = kHeadSize + padded(raw.state_size);
  reader.checksum_ = raw.checksum;
  return reader;
}

std::expected<std::optional<std::string_view>, DecodeError> FileReader::next() {
  if (offset_ >= file_.size()) return std::nullopt;
  const std::string_view rest = file_.substr(offset_);
  if (rest.size() < kEntryHeadSize) {
    if (is_zero(rest)) return std::nullopt;
    return std::unexpected(DecodeError{"an entry is cut off", offset_});
  }
  EntryHead head;
  std::memcpy(&head, rest.data(), sizeof head);
  // What lies behind it without a head is an entry in which the process died.
  if (head.size == 0 && head.checksum == 0) return std::nullopt;
  if (head.size > rest.size() - kEntryHeadSize) {
    return std::unexpected(DecodeError{"an entry is cut off or damaged", offset_});
  }
  const std::string_view entry = rest.substr(kEntryHeadSize, head.size);
  const uint32_t checksum = crc32(entry, checksum_);
  if (head.size == 0 || checksum != head.checksum) {
    return std::unexpected(DecodeError{"an entry is damaged", offset_});
  }
  checksum_ = checksum;
  offset_ += std::min(rest.size(), room_of(head.size));
  return entry;
}

}  // namespace zoetrope::record
