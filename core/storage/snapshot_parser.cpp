#include "core/storage/snapshot_parser.hpp"

#include "core/base/checksum.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::storage {

namespace {
constexpr size_t kHeaderSize = 16;
constexpr size_t kSessionSize = 12;
constexpr size_t kSealSize = 13;
constexpr size_t kNodeTailSize = 8 + 60;  // aclId and StatPersisted
constexpr int32_t kAclEntriesMax = 1 << 20;

// The unread part of a stream, as contiguous bytes as far as the caller needs them, with the
// running checksum of what was read.
class Window {
 public:
  explicit Window(ByteSource source) : source_(std::move(source)) {}

  // True when `n` unread bytes stand at data(); earlier views into the window are then gone.
  bool need(size_t n) { return view_.size() >= n || gather(n); }
  const char* data() const { return view_.data(); }
  std::string_view view() const { return view_; }
  uint64_t offset() const { return offset_; }
  uint32_t i32(size_t at) const { return load_be32(view_.data() + at); }
  uint64_t i64(size_t at) const { return load_be64(view_.data() + at); }

  void consume(size_t n) {
    view_.remove_prefix(n);
    offset_ += n;
  }
  uint32_t checksum() {
    const char* end = view_.data();
    if (mark_ != end) running_ = adler32({mark_, static_cast<size_t>(end - mark_)}, running_);
    mark_ = end;
    return running_;
  }

 private:
  // Puts just the missing bytes behind the rest of the last piece, so that large pieces are not
  // copied.
  bool gather(size_t n) {
    checksum();
    std::string joined(view_);
    while (joined.size() < n) {
      if (piece_.empty()) piece_ = source_();
      if (piece_.empty()) break;
      if (joined.empty() && piece_.size() >= n) break;
      const size_t taken = std::min(n - joined.size(), piece_.size());
      joined.append(piece_.substr(0, taken));
      piece_.remove_prefix(taken);
    }
    if (joined.empty()) {
      view_ = piece_;
      piece_ = {};
    } else {
      joined_ = std::move(joined);
      view_ = joined_;
    }
    mark_ = view_.data();
    return view_.size() >= n;
  }

  ByteSource source_;
  std::string_view view_;
  std::string_view piece_;  // what follows view_, of the source's last piece
  std::string joined_;
  const char* mark_ = nullptr;  // read bytes from here on are not in running_ yet
  uint32_t running_ = 1;
  uint64_t offset_ = 0;
};

class Parser {
 public:
  Parser(ByteSource file, const SnapshotEvents& events) : in_(std::move(file)), events_(events) {}

  std::optional<DecodeError> run() {
    if (header() && sessions() && acls() && nodes() && seal("tree")) trailing_sections();
    return error_;
  }

 private:
  bool fail(std::string what) {
    error_ = DecodeError{std::move(what), in_.offset()};
    return false;
  }
  bool accepted(Refusal refusal) { return refusal ? fail(std::move(*refusal)) : true; }
  bool need(size_t n, const char* what) {
    return in_.need(n) || fail(std::string("the file ends within ") + what);
  }

  bool header() {
    if (!need(kHeaderSize, "the header")) return false;
    const SnapshotHeader header{in_.i32(0), static_cast<int32_t>(in_.i32(4)),
                                static_cast<int64_t>(in_.i64(8))};
    if (!accepted(events_.header(header))) return false;
    in_.consume(kHeaderSize);
    return true;
  }

  // A count of items, which are read one by one, so a forged one allocates nothing.
  bool count(const char* what, int32_t& n) {
    if (!need(4, what)) return false;
    n = static_cast<int32_t>(in_.i32(0));
    if (n < 0) return fail(std::string("a negative count in ") + what);
    in_.consume(4);
    return true;
  }

  bool sessions() {
    int32_t n = 0;
    if (!count("the session table", n)) return false;
    for (int32_t i = 0; i < n; ++i) {
      if (!need(kSessionSize, "the session table")) return false;
      const SessionId session(static_cast<int64_t>(in_.i64(0)));
      if (!accepted(events_.session(session, static_cast<int32_t>(in_.i32(8))))) return false;
      in_.consume(kSessionSize);
    }
    return true;
  }

  bool acls() {
    int32_t n = 0;
    if (!count("the ACL table", n)) return false;
    for (int32_t i = 0; i < n; ++i) {
      size_t size = 0;
      if (!acl_size(size)) return false;
      const auto id = static_cast<int64_t>(in_.i64(0));
      if (!accepted(events_.acl(id, in_.view().substr(8, size - 8)))) return false;
      in_.consume(size);
    }
    return true;
  }

  // Size of the table entry that comes next: id, then vector<ACL>.
  bool acl_size(size_t& size) {
    constexpr const char* kWhat = "the ACL table";
    if (!need(12, kWhat)) return false;
    const auto entries = static_cast<int32_t>(in_.i32(8));
    if (entries < -1 || entries > kAclEntriesMax) return fail("an impossible ACL length");
    size = 12;
    for (int32_t i = 0; i < entries; ++i) {
      size += 4;  // permissions
      for (int field = 0; field < 2; ++field) {
        if (!need(size + 4, kWhat)) return false;
        const auto length = static_cast<int32_t>(in_.i32(size));
        if (length < -1) return fail("an impossible string length in the ACL table");
        size += 4 + static_cast<size_t>(length > 0 ? length : 0);
      }
    }
    return need(size, kWhat);
  }

  bool nodes() {
    for (;;) {
      bool last = false;
      if (!node(last)) return false;
      if (last) return true;
    }
  }

  // `last` is set when it was the path "/" that ends the nodes.
  bool node(bool& last) {
    constexpr const char* kWhat = "a node";
    if (!need(4, kWhat)) return false;
    const auto path_length = static_cast<int32_t>(in_.i32(0));
    if (path_length < 0) return fail("an impossible path length");
    const size_t data_at = 4 + static_cast<size_t>(path_length);
    if (!need(data_at, kWhat)) return false;
    if (in_.view().substr(4, data_at - 4) == "/") {
      in_.consume(data_at);
      last = true;
      return true;
    }
    if (!need(data_at + 4, kWhat)) return false;
    const auto data_length = static_cast<int32_t>(in_.i32(data_at));
    if (data_length < -1) return fail("an impossible data length");
    const size_t tail_at = data_at + 4 + static_cast<size_t>(data_length > 0 ? data_length : 0);
    if (!need(tail_at + kNodeTailSize, kWhat)) return false;
    SnapshotNode node;
    node.offset = in_.offset();
    node.path = in_.view().substr(4, data_at - 4);
    if (data_length >= 0) node.data = in_.view().substr(data_at + 4, tail_at - data_at - 4);
    node.acl = static_cast<int64_t>(in_.i64(tail_at));
    jute::Reader stat(in_.view().substr(tail_at + 8, 60));
    node.stat = jute::read_stat_persisted(stat);
    if (!accepted(events_.node(node))) return false;
    in_.consume(tail_at + kNodeTailSize);
    return true;
  }

  bool seal(std::string_view of) {
    if (!need(kSealSize, "a checksum")) return false;
    Seal seal{of, in_.offset(), in_.i64(0), in_.checksum(), false};
    seal.good = seal.stored == seal.computed && in_.i32(8) == 1 && in_.data()[12] == '/';
    if (!accepted(events_.seal(seal))) return false;
    in_.consume(kSealSize);
    return true;
  }

  void trailing_sections() {
    if (!in_.need(1)) return;
    // Section 8 without section 7 is what upstream writes with digests off.
    const bool no_digest = !in_.need(8 + kSealSize + 1);
    if (!no_digest && !(digest() && seal("digest"))) return;
    if (!in_.need(1)) return;
    if (!need(8, "the last processed zxid")) return;
    if (!accepted(events_.last_processed(Zxid(static_cast<int64_t>(in_.i64(0)))))) return;
    in_.consume(8);
    seal("last processed zxid");
  }

  bool digest() {
    constexpr const char* kWhat = "the digest section";
    if (!need(20, kWhat)) return false;
    SnapshotDigest digest{Zxid(static_cast<int64_t>(in_.i64(0))), static_cast<int32_t>(in_.i32(8)),
                          in_.i64(12)};
    size_t size = 20;
    if (digest.version < 2) {
      // Before version 2 the digest is a hexadecimal string, which nothing compares any more.
      const auto length = static_cast<int32_t>(in_.i32(12));
      if (length < 0 || length > 64) return fail("an impossible digest length");
      size = 16 + static_cast<size_t>(length);
      if (!need(size, kWhat)) return false;
      digest.digest = 0;
    }
    if (!accepted(events_.digest(digest))) return false;
    in_.consume(size);
    return true;
  }

  Window in_;
  const SnapshotEvents& events_;
  std::optional<DecodeError> error_;
};
}  // namespace

std::optional<DecodeError> parse_snapshot(Compression compression, ByteSource file,
                                          const SnapshotEvents& events) {
  Decompressor unwrapped(compression, std::move(file));
  auto error = Parser([&unwrapped] { return unwrapped.next(); }, events).run();
  if (unwrapped.error()) return DecodeError{*unwrapped.error(), error ? error->offset : 0};
  return error;
}

}  // namespace zoetrope::storage
