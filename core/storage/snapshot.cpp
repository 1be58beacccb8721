#include "core/storage/snapshot.hpp"

#include <utility>

#include "core/base/assert.hpp"
#include "core/base/checksum.hpp"
#include "core/jute/archive.hpp"
#include "core/storage/snapshot_parser.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::storage {

namespace {
constexpr std::string_view kNamePrefix = "snapshot.";
constexpr std::string_view kGzipSuffix = ".gz";
constexpr std::string_view kSnappySuffix = ".snappy";
constexpr uint32_t kSnapshotMagic = 0x5a4b534e;  // "ZKSN"
constexpr int32_t kSnapshotVersion = 2;
constexpr int32_t kDigestVersion = 2;
constexpr int64_t kDbid = -1;

enum class Part : uint8_t { kHead, kNodes, kTail, kDone };
}  // namespace

std::string snapshot_file_name(Zxid zxid, Compression compression) {
  std::string name = std::string(kNamePrefix) + zxid_hex(zxid);
  if (compression == Compression::kGzip) name += kGzipSuffix;
  if (compression == Compression::kSnappy) name += kSnappySuffix;
  return name;
}

std::optional<SnapshotName> parse_snapshot_name(std::string_view name) {
  if (!name.starts_with(kNamePrefix)) return std::nullopt;
  name.remove_prefix(kNamePrefix.size());
  Compression compression = Compression::kNone;
  if (name.ends_with(kGzipSuffix)) {
    compression = Compression::kGzip;
    name.remove_suffix(kGzipSuffix.size());
  } else if (name.ends_with(kSnappySuffix)) {
    compression = Compression::kSnappy;
    name.remove_suffix(kSnappySuffix.size());
  }
  const auto zxid = parse_zxid_hex(name);
  if (!zxid) return std::nullopt;
  return SnapshotName{*zxid, compression};
}

struct SnapshotWriter::Impl {
  tree::Tree& tree;
  SessionList sessions;
  SnapshotOptions options;
  Zxid zxid;
  uint64_t digest = 0;
  Part part = Part::kHead;
  uint32_t checksum = 1;
  Compressor compressor;
  std::string raw;  // uncompressed bytes of one piece

  Impl(tree::Tree& tree_in, SessionList sessions_in, SnapshotOptions options_in)
      : tree(tree_in),
        sessions(std::move(sessions_in)),
        options(options_in),
        zxid(tree.last_processed_zxid()),
        // Upstream knows no digest before the first transaction and says so by zeros.
        digest(zxid.value == 0 ? 0 : tree.digest()),
        compressor(options.compression) {}

  // The checksum runs over all that came before, so it is brought up to date in steps.
  void sum_from(size_t& position) {
    checksum = adler32(std::string_view(raw).substr(position), checksum);
    position = raw.size();
  }
  void head();
  void tail();
  void seal(jute::Writer& out, size_t& summed);
};

void SnapshotWriter::Impl::head() {
  size_t summed = raw.size();
  jute::Writer out(raw);
  out.i32(static_cast<int32_t>(kSnapshotMagic));
  out.i32(kSnapshotVersion);
  out.i64(kDbid);
  out.i32(static_cast<int32_t>(sessions.size()));
  for (const auto& [session, timeout_ms] : sessions) {
    out.i64(session.value);
    out.i32(timeout_ms);
  }
  out.raw(tree.snapshot_acl_table());
  sum_from(summed);
}

void SnapshotWriter::Impl::seal(jute::Writer& out, size_t& summed) {
  sum_from(summed);
  out.i64(checksum);
  out.string("/");
  sum_from(summed);
}

void SnapshotWriter::Impl::tail() {
  size_t summed = raw.size();
  jute::Writer out(raw);
  out.string("/");
  seal(out, summed);
  if (!options.digest) return;
  out.i64(zxid.value);
  out.i32(kDigestVersion);
  out.i64(static_cast<int64_t>(digest));
  seal(out, summed);
  if (!options.last_processed_zxid) return;
  out.i64(zxid.value);
  seal(out, summed);
}

SnapshotWriter::SnapshotWriter(tree::Tree& tree, SessionList sessions, SnapshotOptions options)
    : impl_(std::make_unique<Impl>(tree, std::move(sessions), options)) {
  ZT_ASSERT(!tree.snapshot_in_progress());
  tree.begin_snapshot();
}

SnapshotWriter::~SnapshotWriter() {
  if (impl_->part == Part::kHead || impl_->part == Part::kNodes) impl_->tree.end_snapshot();
}

bool SnapshotWriter::next(std::string& out, size_t bytes_min) {
  Impl& impl = *impl_;
  ZT_ASSERT(impl.part != Part::kDone);
  impl.raw.clear();
  if (impl.part == Part::kHead) {
    impl.head();
    impl.part = Part::kNodes;
  }
  if (impl.part == Part::kNodes && impl.raw.size() < bytes_min) {
    size_t summed = impl.raw.size();
    const bool more = impl.tree.continue_snapshot(impl.raw, bytes_min - impl.raw.size());
    impl.sum_from(summed);
    if (!more) {
      impl.tree.end_snapshot();
      impl.part = Part::kTail;
    }
  }
  if (impl.part == Part::kTail) {
    impl.tail();
    impl.part = Part::kDone;
  }
  impl.compressor.add(impl.raw, out);
  if (impl.part == Part::kDone) impl.compressor.finish(out);
  return impl.part != Part::kDone;
}

Zxid SnapshotWriter::zxid() const {
  return impl_->zxid;
}

std::string encode_snapshot(tree::Tree& tree, SessionList sessions, SnapshotOptions options) {
  constexpr size_t kPiece = 1 << 20;
  std::string file;
  SnapshotWriter writer(tree, std::move(sessions), options);
  while (writer.next(file, kPiece)) {
  }
  return file;
}

std::expected<Snapshot, DecodeError> decode_snapshot(const SnapshotName& name, ByteSource file,
                                                     const tree::TreeConfig& config) {
  Snapshot snapshot{tree::Tree::empty_for_load(config), {}, std::nullopt, std::nullopt};
  SnapshotEvents events;
  events.header = [](const SnapshotHeader& header) -> Refusal {
    if (header.magic != kSnapshotMagic) return "no snapshot: the magic ZKSN is missing";
    if (header.version != kSnapshotVersion) return "a snapshot of an unknown version";
    return std::nullopt;
  };
  events.session = [&](SessionId session, int32_t timeout_ms) -> Refusal {
    snapshot.sessions.emplace_back(session, timeout_ms);
    return std::nullopt;
  };
  events.acl = [&](int64_t id, std::string_view acl) { return snapshot.tree.load_acl(id, acl); };
  events.node = [&](const SnapshotNode& node) {
    return snapshot.tree.load_node(node.path, node.data, node.acl, node.stat);
  };
  events.seal = [](const Seal& seal) -> Refusal {
    if (seal.good) return std::nullopt;
    return "wrong checksum of the " + std::string(seal.of);
  };
  events.digest = [&](const SnapshotDigest& digest) -> Refusal {
    if (digest.version == kDigestVersion) snapshot.digest.emplace(digest.zxid, digest.digest);
    return std::nullopt;
  };
  events.last_processed = [&](Zxid zxid) -> Refusal {
    snapshot.last_processed_zxid = zxid;
    return std::nullopt;
  };
  if (auto error = parse_snapshot(name.compression, std::move(file), events)) {
    return std::unexpected(*error);
  }
  if (auto refusal = snapshot.tree.finish_load(name.zxid)) {
    return std::unexpected(DecodeError{*refusal, 0});
  }
  return snapshot;
}

std::expected<Snapshot, DecodeError> decode_snapshot(std::string_view name, std::string_view file,
                                                     const tree::TreeConfig& config) {
  const auto parsed = parse_snapshot_name(name);
  if (!parsed) return std::unexpected(DecodeError{"not the name of a snapshot", 0});
  return decode_snapshot(
      *parsed, [rest = file]() mutable { return std::exchange(rest, {}); }, config);
}

}  // namespace zoetrope::storage
