#include "core/base/assert.hpp"
#include "core/base/state_archive.hpp"
#include "core/quorum/packet.hpp"

namespace zoetrope::quorum {

namespace {

using Status = PacketCutter::Status;

// An emptied buffer that is larger than this is given back: it held a snapshot or a large proposal.
constexpr size_t kBufferBytesKept = 64 * 1024;

// Encoded size of an identity whose scheme and id are empty.
constexpr size_t kIdBytesMin = 2 * sizeof(int32_t);

// Walks over one packet. Tells "not there yet" from "malformed", and both from a read field.
class Scanner {
 public:
  Scanner(std::string_view bytes, size_t bytes_max) : bytes_(bytes), bytes_max_(bytes_max) {}

  size_t offset() const { return offset_; }
  std::string_view from(size_t start) const { return bytes_.substr(start, offset_ - start); }
  const DecodeError& error() const { return error_; }

  Status i32(int32_t& out) {
    if (bytes_.size() - offset_ < sizeof(int32_t)) return Status::kNeedMore;
    out = static_cast<int32_t>(load_be32(bytes_.data() + offset_));
    offset_ += sizeof(int32_t);
    return Status::kPacket;
  }

  Status i64(int64_t& out) {
    if (bytes_.size() - offset_ < sizeof(int64_t)) return Status::kNeedMore;
    out = static_cast<int64_t>(load_be64(bytes_.data() + offset_));
    offset_ += sizeof(int64_t);
    return Status::kPacket;
  }

  Status buffer(jute::BufferView& out, const char* what) {
    const size_t start = offset_;
    int32_t length = 0;
    if (const Status status = i32(length); status != Status::kPacket) return status;
    if (length == -1) {
      out = std::nullopt;
      return Status::kPacket;
    }
    if (length < 0 || static_cast<size_t>(length) > bytes_max_) {
      return bad(start, "unreasonable length", what, length);
    }
    if (bytes_.size() - offset_ < static_cast<size_t>(length)) return Status::kNeedMore;
    out = bytes_.substr(offset_, static_cast<size_t>(length));
    offset_ += static_cast<size_t>(length);
    return Status::kPacket;
  }

  // A vector of identities, which may be null.
  Status auth(std::optional<std::string_view>& out) {
    const size_t start = offset_;
    int32_t count = 0;
    if (const Status status = i32(count); status != Status::kPacket) return status;
    out = std::nullopt;
    if (count == -1) return Status::kPacket;
    if (count < 0 || static_cast<uint64_t>(count) * kIdBytesMin > bytes_max_) {
      return bad(start, "unreasonable number", "identities", count);
    }
    for (int32_t i = 0; i < count; ++i) {
      for (const char* what : {"scheme of an identity", "identity"}) {
        jute::BufferView text;
        if (const Status status = buffer(text, what); status != Status::kPacket) return status;
        if (offset_ - start > bytes_max_ + sizeof(int32_t)) {
          return bad(start, "unreasonable length", "identities", static_cast<int64_t>(bytes_max_));
        }
      }
    }
    out = from(start);
    return Status::kPacket;
  }

 private:
  Status bad(size_t offset, const char* wrong, const char* what, int64_t number) {
    error_.what = std::string(wrong) + " of " + what + ": " + std::to_string(number);
    error_.offset = offset;
    return Status::kBad;
  }

  std::string_view bytes_;
  size_t bytes_max_;
  size_t offset_ = 0;
  DecodeError error_;
};

Status scan(Scanner& in, Packet& packet) {
  int32_t type = 0;
  if (const Status status = in.i32(type); status != Status::kPacket) return status;
  packet.type = static_cast<PacketType>(type);
  if (const Status status = in.i64(packet.zxid.value); status != Status::kPacket) return status;
  if (const Status status = in.buffer(packet.data, "data"); status != Status::kPacket) {
    return status;
  }
  return in.auth(packet.auth);
}

}  // namespace

void PacketCutter::feed(std::string_view bytes) {
  ZT_ASSERT(fed_.empty());
  if (kept_used_ == kept_.size()) {
    fed_ = bytes;
  } else {
    kept_.append(bytes);
  }
}

std::string_view PacketCutter::unread() const {
  const std::string_view kept = std::string_view(kept_).substr(kept_used_);
  return kept.empty() ? fed_ : kept;
}

void PacketCutter::consume(size_t bytes) {
  ZT_ASSERT(bytes <= unread().size());
  if (kept_used_ < kept_.size()) {
    kept_used_ += bytes;
  } else {
    fed_.remove_prefix(bytes);
  }
}

PacketCutter::Status PacketCutter::next(Packet& packet) {
  Scanner in(unread(), bytes_max_);
  Packet scanned;
  const Status status = scan(in, scanned);
  if (status == Status::kBad) error_ = in.error();
  if (status != Status::kPacket) return status;
  packet = scanned;
  consume(in.offset());
  return status;
}

void PacketCutter::keep() {
  kept_.erase(0, kept_used_);
  kept_used_ = 0;
  if (kept_.empty()) {
    if (kept_.capacity() > kBufferBytesKept) std::string().swap(kept_);
    kept_.assign(fed_);
  }
  fed_ = {};
}

void PacketCutter::carry_state(StateArchive& archive) {
  archive(bytes_max_, kept_, kept_used_);
}

}  // namespace zoetrope::quorum
