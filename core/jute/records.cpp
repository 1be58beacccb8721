#include "core/jute/records.hpp"

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"

namespace zoetrope::jute {

namespace {
// Smallest encodings, to bound vector counts: an ACL is an int and two string lengths.
constexpr size_t kAclSizeMin = 12;
constexpr size_t kStringSizeMin = 4;

constexpr size_t kStatPersistedSize = 60;
constexpr size_t kStatSize = 68;

// A record of fixed size, to be appended at once: each append to the output checks its capacity.
template <size_t N>
class Block {
 public:
  void i32(int32_t v) {
    store_be32(bytes_ + used_, static_cast<uint32_t>(v));
    used_ += 4;
  }
  void i64(int64_t v) {
    store_be64(bytes_ + used_, static_cast<uint64_t>(v));
    used_ += 8;
  }
  std::string_view bytes() const {
    ZT_ASSERT(used_ == N);
    return {bytes_, N};
  }

 private:
  char bytes_[N];
  size_t used_ = 0;
};

std::string text_or_empty(BufferView view) {
  return view ? std::string(*view) : std::string();
}
}  // namespace

void write(Writer& out, const Id& id) {
  out.string(id.scheme);
  out.string(id.id);
}

void write(Writer& out, const Acl& acl) {
  out.i32(acl.permissions);
  write(out, acl.id);
}

void write(Writer& out, const AclList& acl) {
  out.i32(static_cast<int32_t>(acl.size()));
  for (const Acl& entry : acl) write(out, entry);
}

void write(Writer& out, const StatPersisted& s) {
  Block<kStatPersistedSize> block;
  block.i64(s.czxid);
  block.i64(s.mzxid);
  block.i64(s.ctime);
  block.i64(s.mtime);
  block.i32(s.version);
  block.i32(s.cversion);
  block.i32(s.aversion);
  block.i64(s.ephemeral_owner);
  block.i64(s.pzxid);
  out.raw(block.bytes());
}

void write(Writer& out, const Stat& s) {
  Block<kStatSize> block;
  block.i64(s.czxid);
  block.i64(s.mzxid);
  block.i64(s.ctime);
  block.i64(s.mtime);
  block.i32(s.version);
  block.i32(s.cversion);
  block.i32(s.aversion);
  block.i64(s.ephemeral_owner);
  block.i32(s.data_length);
  block.i32(s.num_children);
  block.i64(s.pzxid);
  out.raw(block.bytes());
}

Id read_id(Reader& in) {
  Id id;
  id.scheme = text_or_empty(in.nullable_string());
  id.id = text_or_empty(in.nullable_string());
  return id;
}

Acl read_acl(Reader& in) {
  Acl acl;
  acl.permissions = in.i32();
  acl.id = read_id(in);
  return acl;
}

AclList read_acl_list(Reader& in, bool* was_null) {
  const int32_t n = in.count(kAclSizeMin);
  if (was_null != nullptr) *was_null = n == -1;
  AclList list;
  for (int32_t i = 0; i < n && in.ok(); ++i) list.push_back(read_acl(in));
  return list;
}

std::string_view read_acl_bytes(Reader& in) {
  const std::string_view from = in.rest();
  const size_t start = in.offset();
  const int32_t n = in.count(kAclSizeMin);
  for (int32_t i = 0; i < n && in.ok(); ++i) {
    in.i32();
    in.nullable_string();
    in.nullable_string();
  }
  return in.ok() ? from.substr(0, in.offset() - start) : std::string_view();
}

StatPersisted read_stat_persisted(Reader& in) {
  StatPersisted s;
  s.czxid = in.i64();
  s.mzxid = in.i64();
  s.ctime = in.i64();
  s.mtime = in.i64();
  s.version = in.i32();
  s.cversion = in.i32();
  s.aversion = in.i32();
  s.ephemeral_owner = in.i64();
  s.pzxid = in.i64();
  return s;
}

Stat read_stat(Reader& in) {
  Stat s;
  s.czxid = in.i64();
  s.mzxid = in.i64();
  s.ctime = in.i64();
  s.mtime = in.i64();
  s.version = in.i32();
  s.cversion = in.i32();
  s.aversion = in.i32();
  s.ephemeral_owner = in.i64();
  s.data_length = in.i32();
  s.num_children = in.i32();
  s.pzxid = in.i64();
  return s;
}

std::vector<std::string_view> read_strings(Reader& in) {
  const int32_t n = in.count(kStringSizeMin);
  std::vector<std::string_view> strings;
  if (n > 0) strings.reserve(static_cast<size_t>(n));
  for (int32_t i = 0; i < n && in.ok(); ++i) strings.push_back(in.string());
  return strings;
}

void write_strings(Writer& out, const std::vector<std::string_view>& strings) {
  out.i32(static_cast<int32_t>(strings.size()));
  for (std::string_view s : strings) out.string(s);
}

std::string_view open_acl_bytes() {
  static constexpr char kBytes[] = "\0\0\0\1\0\0\0\x1f\0\0\0\5world\0\0\0\6anyone";
  return std::string_view(kBytes, sizeof kBytes - 1);
}

}  // namespace zoetrope::jute
