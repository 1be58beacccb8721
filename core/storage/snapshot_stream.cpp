#include "core/storage/snapshot_stream.hpp"

#include <utility>

#include "core/base/assert.hpp"
#include "core/base/endian.hpp"
#include "core/jute/archive.hpp"

namespace zoetrope::storage {

namespace {
constexpr std::string_view kSignature = "BenWasHere";
constexpr int32_t kAclEntriesMax = 1 << 16;
// Longest field that is believed; a znode's data are far shorter.
constexpr int32_t kFieldBytesMax = 1 << 30;
constexpr size_t kStatBytes = 60;
}  // namespace

SnapshotSender::SnapshotSender(tree::Tree& tree, SessionList sessions)
    : tree_(tree), sessions_(std::move(sessions)) {
  ZT_ASSERT(!tree.snapshot_in_progress());
  tree_.begin_snapshot();
}

SnapshotSender::~SnapshotSender() {
  if (part_ != Part::kDone) tree_.end_snapshot();
}

bool SnapshotSender::next(std::string& out, size_t bytes_min) {
  ZT_ASSERT(part_ != Part::kDone);
  const size_t end = out.size() + bytes_min;
  jute::Writer writer(out);
  if (part_ == Part::kHead) {
    writer.i32(static_cast<int32_t>(sessions_.size()));
    for (const auto& [session, timeout_ms] : sessions_) {
      writer.i64(session.value);
      writer.i32(timeout_ms);
    }
    writer.raw(tree_.snapshot_acl_table());
    part_ = Part::kNodes;
  }
  if (tree_.continue_snapshot(out, out.size() < end ? end - out.size() : 0)) return true;
  tree_.end_snapshot();
  writer.string("/");
  writer.string(kSignature);
  part_ = Part::kDone;
  return false;
}

// Reads fields that may not all be there yet. Once one is missing or impossible, the rest read as
// nothing.
class SnapshotReceiver::Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  int32_t i32() {
    const std::string_view field = raw(4);
    return field.empty() ? 0 : static_cast<int32_t>(load_be32(field.data()));
  }
  int64_t i64() {
    const std::string_view field = raw(8);
    return field.empty() ? 0 : static_cast<int64_t>(load_be64(field.data()));
  }
  std::string_view raw(size_t n) {
    if (bytes_.size() - offset_ < n) is_short_ = true;
    if (is_short_ || is_bad_) return {};
    offset_ += n;
    return bytes_.substr(offset_ - n, n);
  }
  // nullopt for null, or when it cannot be read.
  jute::BufferView buffer() {
    const int32_t length = i32();
    if (length < -1 || length > kFieldBytesMax) is_bad_ = true;
    if (is_short_ || is_bad_ || length < 0) return std::nullopt;
    return raw(static_cast<size_t>(length));
  }
  std::string_view string() {
    const jute::BufferView field = buffer();
    if (!field && !is_short_) is_bad_ = true;
    return field.value_or(std::string_view());
  }

  bool is_short() const { return is_short_ && !is_bad_; }
  bool is_bad() const { return is_bad_; }
  size_t offset() const { return offset_; }
  std::string_view since(size_t begin) const { return bytes_.substr(begin, offset_ - begin); }

 private:
  std::string_view bytes_;
  size_t offset_ = 0;
  bool is_short_ = false, is_bad_ = false;
};

SnapshotReceiver::SnapshotReceiver(const tree::TreeConfig& config, Zxid zxid)
    : zxid_(zxid), tree_(tree::Tree::empty_for_load(config)) {}

SnapshotReceiver::Progress SnapshotReceiver::feed(std::string_view bytes) {
  ZT_ASSERT(part_ != Part::kDone && !error_);
  Progress progress;
  Cursor in(bytes);
  Step step = Step::kTaken;
  while (part_ != Part::kDone && (step = take(in)) == Step::kTaken) progress.consumed = in.offset();
  progress.done = part_ == Part::kDone;
  progress.error = error_;
  return progress;
}

SnapshotReceiver::Step SnapshotReceiver::take(Cursor& in) {
  switch (part_) {
    case Part::kSessionCount: return take_count(in, Part::kSession, Part::kAclCount);
    case Part::kSession: return take_session(in);
    case Part::kAclCount: return take_count(in, Part::kAcl, Part::kNode);
    case Part::kAcl: return take_acl(in);
    case Part::kNode: return take_node(in);
    case Part::kSignature: return take_signature(in);
    case Part::kDone: break;
  }
  return Step::kRefused;
}

SnapshotReceiver::Step SnapshotReceiver::refuse(std::string why) {
  error_ = std::move(why);
  return Step::kRefused;
}

void SnapshotReceiver::item_taken(Part next) {
  if (--items_left_ == 0) part_ = next;
}

// Items are read one by one, so a forged count allocates nothing.
SnapshotReceiver::Step SnapshotReceiver::take_count(Cursor& in, Part items, Part next) {
  const int32_t n = in.i32();
  if (in.is_short()) return Step::kNeedMore;
  if (n < 0) return refuse("a negative count in the snapshot stream");
  items_left_ = n;
  part_ = n == 0 ? next : items;
  return Step::kTaken;
}

SnapshotReceiver::Step SnapshotReceiver::take_session(Cursor& in) {
  const SessionId session(in.i64());
  const int32_t timeout_ms = in.i32();
  if (in.is_short()) return Step::kNeedMore;
  sessions_.emplace_back(session, timeout_ms);
  item_taken(Part::kAclCount);
  return Step::kTaken;
}

SnapshotReceiver::Step SnapshotReceiver::take_acl(Cursor& in) {
  const int64_t id = in.i64();
  const size_t begin = in.offset();
  const int32_t entries = in.i32();
  if (in.is_short()) return Step::kNeedMore;
  if (entries < -1 || entries > kAclEntriesMax) {
    return refuse("an impossible ACL length in the snapshot stream");
  }
  for (int32_t i = 0; i < entries && !in.is_short() && !in.is_bad(); ++i) {
    in.i32();
    in.buffer();
    in.buffer();
  }
  if (in.is_bad()) return refuse("an impossible string length in the snapshot stream's ACLs");
  if (in.is_short()) return Step::kNeedMore;
  if (auto why = tree_.load_acl(id, in.since(begin))) return refuse(*std::move(why));
  item_taken(Part::kNode);
  return Step::kTaken;
}

SnapshotReceiver::Step SnapshotReceiver::take_node(Cursor& in) {
  const std::string_view path = in.string();
  if (in.is_bad()) return refuse("an impossible path length in the snapshot stream");
  if (in.is_short()) return Step::kNeedMore;
  if (path == "/") {
    part_ = Part::kSignature;
    return Step::kTaken;
  }
  const jute::BufferView data = in.buffer();
  if (in.is_bad()) return refuse("an impossible data length in the snapshot stream");
  const int64_t acl = in.i64();
  const std::string_view encoded_stat = in.raw(kStatBytes);
  if (in.is_short()) return Step::kNeedMore;
  jute::Reader stat(encoded_stat);
  if (auto why = tree_.load_node(path, data, acl, jute::read_stat_persisted(stat))) {
    return refuse(*std::move(why));
  }
  return Step::kTaken;
}

SnapshotReceiver::Step SnapshotReceiver::take_signature(Cursor& in) {
  const std::string_view signature = in.string();
  if (in.is_bad() || (!in.is_short() && signature != kSignature)) {
    return refuse("the snapshot stream does not end with its signature");
  }
  if (in.is_short()) return Step::kNeedMore;
  if (auto why = tree_.finish_load(zxid_)) return refuse(*std::move(why));
  part_ = Part::kDone;
  return Step::kTaken;
}

}  // namespace zoetrope::storage
