#include "trace/file.hpp"

#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::trace {
namespace {

constexpr std::string_view kMagic = "ZOETRACE";
constexpr size_t kFileHead = 8 + 4, kBlockHead = 1 + 4 + 4, kRecordsHead = 8 + 8 + 8;
constexpr char kPlan = 'P', kRecords = 'R', kEnd = 'E';

void append_be32(std::string& out, uint32_t value) {
  char bytes[4];
  store_be32(bytes, value);
  out.append(bytes, sizeof bytes);
}

void append_be64(std::string& out, uint64_t value) {
  char bytes[8];
  store_be64(bytes, value);
  out.append(bytes, sizeof bytes);
}

uint32_t checksum_of(const char* head, std::string_view payload) {
  return crc32(payload, crc32(std::string_view(head, 1 + 4)));
}

std::optional<Summary> read_summary(std::string_view payload) {
  constexpr size_t kHead = 8 + 8 + 8 + 8;
  if (payload.size() < kHead) return std::nullopt;
  Summary summary;
  const char* const p = payload.data();
  summary.events = load_be64(p);
  summary.records = load_be64(p + 8);
  summary.hash = load_be64(p + 16);
  summary.virtual_time.ns = static_cast<int64_t>(load_be64(p + 24));
  payload.remove_prefix(kHead);
  while (!payload.empty()) {
    if (payload.size() < 4) return std::nullopt;
    const size_t length = load_be32(payload.data());
    if (payload.size() - 4 < length) return std::nullopt;
    summary.broken.emplace_back(payload.substr(4, length));
    payload.remove_prefix(4 + length);
  }
  return summary;
}

// One block after the other.
class Reading {
 public:
  explicit Reading(std::string_view bytes) : bytes_(bytes) {}

  // False at the end of what is good; `damage` says why.
  bool next(char& kind, std::string_view& payload) {
    const std::string_view rest = bytes_.substr(at_);
    if (rest.empty()) return fail("it ends without a summary");
    if (rest.size() < kBlockHead) return fail("it is cut short within the head of a block");
    const size_t length = load_be32(rest.data() + 1);
    if (rest.size() - kBlockHead < length) {
      return fail("it is cut short within a block, or the length of the block is wrong");
    }
    payload = rest.substr(kBlockHead, length);
    if (load_be32(rest.data() + 5) != checksum_of(rest.data(), payload)) {
      return fail("a block does not have its checksum");
    }
    kind = rest[0];
    begin_ = at_;
    at_ += kBlockHead + length;
    return true;
  }
  // The block taken last is not good.
  bool refuse(std::string what) {
    at_ = begin_;
    return fail(std::move(what));
  }
  bool fail(std::string what) {
    damage = DecodeError{std::move(what), at_};
    return false;
  }
  bool is_over() const { return at_ == bytes_.size(); }
  uint64_t payload_offset() const { return begin_ + kBlockHead; }

  std::optional<DecodeError> damage;

 private:
  std::string_view bytes_;
  size_t at_ = kFileHead, begin_ = kFileHead;
};

bool take_records(File& file, RunningHash& hash, Reading& in, std::string_view payload) {
  if (payload.size() < kRecordsHead) return in.refuse("a block of records is too short");
  Block block;
  block.offset = in.payload_offset() + kRecordsHead;
  block.before.number = load_be64(payload.data() + 8);
  block.before.at.ns = static_cast<int64_t>(load_be64(payload.data() + 16));
  block.records = payload.substr(kRecordsHead);
  RunningHash then = hash;
  then.add(block.records);
  if (then.value() != load_be64(payload.data())) {
    return in.refuse("a block does not follow the one before it");
  }
  hash = then;
  file.blocks.push_back(block);
  return true;
}

bool take(File& file, RunningHash& hash, Reading& in, char kind, std::string_view payload) {
  if (kind == kRecords) return take_records(file, hash, in, payload);
  if (kind != kEnd) return in.refuse("a block is of no known kind");
  file.end = read_summary(payload);
  if (!file.end) return in.refuse("the summary is malformed");
  if (!in.is_over()) return in.fail("something stands behind its end");
  return false;
}

}  // namespace

FileWriter::FileWriter(std::string_view plan, Out out) : out_(std::move(out)) {
  std::string head(kMagic);
  append_be32(head, kFileVersion);
  out_(head);
  put(kPlan, plan);
}

void FileWriter::put(char kind, std::string_view payload) {
  char head[kBlockHead];
  head[0] = kind;
  store_be32(head + 1, static_cast<uint32_t>(payload.size()));
  store_be32(head + 5, checksum_of(head, payload));
  out_(std::string_view(head, sizeof head));
  out_(payload);
}

void FileWriter::block(const Position& before, std::string_view records) {
  hash_.add(records);
  scratch_.clear();
  append_be64(scratch_, hash_.value());
  append_be64(scratch_, before.number);
  append_be64(scratch_, static_cast<uint64_t>(before.at.ns));
  scratch_ += records;
  put(kRecords, scratch_);
}

void FileWriter::end(const Summary& summary) {
  std::string payload;
  append_be64(payload, summary.events);
  append_be64(payload, summary.records);
  append_be64(payload, summary.hash);
  append_be64(payload, static_cast<uint64_t>(summary.virtual_time.ns));
  for (const std::string& name : summary.broken) {
    append_be32(payload, static_cast<uint32_t>(name.size()));
    payload += name;
  }
  put(kEnd, payload);
}

std::expected<File, DecodeError> read_file(std::string_view bytes) {
  if (!bytes.starts_with(kMagic)) return std::unexpected(DecodeError{"this is no trace", 0});
  if (bytes.size() < kFileHead) return std::unexpected(DecodeError{"it is cut short", 8});
  const uint32_t version = load_be32(bytes.data() + kMagic.size());
  if (version != kFileVersion) {
    return std::unexpected(DecodeError{"its version is " + std::to_string(version) +
                                           ", and this program reads " +
                                           std::to_string(kFileVersion),
                                       8});
  }
  Reading in(bytes);
  char kind = 0;
  std::string_view payload;
  if (!in.next(kind, payload)) return std::unexpected(*in.damage);
  if (kind != kPlan)
    return std::unexpected(DecodeError{"it does not begin with a plan", kFileHead});
  File file;
  file.plan = payload;
  RunningHash hash;
  while (in.next(kind, payload) && take(file, hash, in, kind, payload)) {
  }
  file.damage = std::move(in.damage);
  return file;
}

}  // namespace zoetrope::trace
