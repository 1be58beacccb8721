// `zoetrope inspect` on a snapshot: header, sessions, ACLs, znodes, seals, and the tree digest
// computed from the znodes beside the stored one.
#include <string>
#include <utility>

#include "app/inspect_files.hpp"
#include "app/inspect_output.hpp"
#include "core/base/date.hpp"
#include "core/storage/snapshot_parser.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::app {

namespace {
using storage::Refusal;

constexpr size_t kWordWidth = 9, kOffsetWidth = 9;

class SnapshotPrinter {
 public:
  SnapshotPrinter(std::string_view name, bool json) : name_(name), json_(json) {}
  bool run(std::string_view file, storage::Compression compression);

 private:
  storage::SnapshotEvents events();
  Refusal header(const storage::SnapshotHeader& header);
  Refusal session(SessionId session, int32_t timeout_ms);
  Refusal acl(int64_t id, std::string_view encoded);
  Refusal node(const storage::SnapshotNode& node);
  Refusal seal(const storage::Seal& seal);
  Refusal digest(const storage::SnapshotDigest& digest);
  Refusal last_processed(Zxid zxid);

  std::string_view name_;
  bool json_;
  bool healthy_ = true;
  int64_t nodes_ = 0;
  uint64_t digest_ = 0;
};

Refusal SnapshotPrinter::header(const storage::SnapshotHeader& header) {
  InspectLine(json_, "snapshot")
      .field("file", name_)
      .number("version", header.version)
      .number("dbid", header.dbid)
      .print("snapshot " + std::string(name_) + ": version " + std::to_string(header.version) +
             ", dbid " + std::to_string(header.dbid));
  if (header.magic == 0x5a4b534e) return std::nullopt;
  return "no snapshot: the magic ZKSN is missing";
}

Refusal SnapshotPrinter::session(SessionId session, int32_t timeout_ms) {
  InspectLine(json_, "session")
      .field("session", hex_id(session.value))
      .number("timeout_ms", timeout_ms)
      .print(padded("session", kWordWidth) + hex_id(session.value) + "  timeout " +
             std::to_string(timeout_ms) + " ms");
  return std::nullopt;
}

Refusal SnapshotPrinter::acl(int64_t id, std::string_view encoded) {
  const std::string text = acl_text(encoded);
  InspectLine(json_, "acl")
      .number("id", id)
      .field("acl", text)
      .print(padded("acl", kWordWidth) + std::to_string(id) + "  " + text);
  return std::nullopt;
}

Refusal SnapshotPrinter::node(const storage::SnapshotNode& node) {
  ++nodes_;
  digest_ += tree::Tree::node_digest(node.path, node.data, node.stat);
  const jute::StatPersisted& stat = node.stat;
  const std::string path = node.path.empty() ? "/" : std::string(node.path);
  InspectLine(json_, "node")
      .number("offset", static_cast<int64_t>(node.offset))
      .field("path", path)
      .number("data_length", node.data ? static_cast<int64_t>(node.data->size()) : -1)
      .field("data", data_text(node.data))
      .number("acl", node.acl)
      .field("czxid", hex_id(stat.czxid))
      .field("mzxid", hex_id(stat.mzxid))
      .field("pzxid", hex_id(stat.pzxid))
      .field("ctime", iso_date(WallTime{stat.ctime}))
      .field("mtime", iso_date(WallTime{stat.mtime}))
      .number("version", stat.version)
      .number("cversion", stat.cversion)
      .number("aversion", stat.aversion)
      .field("owner", hex_id(stat.ephemeral_owner))
      .print(padded("node", kWordWidth) + right_aligned(std::to_string(node.offset), kOffsetWidth) +
             "  " + path + "  " + data_text(node.data) + "  acl " + std::to_string(node.acl) +
             "  czxid " + hex_id(stat.czxid) + " mzxid " + hex_id(stat.mzxid) + " pzxid " +
             hex_id(stat.pzxid) + "  ctime " + iso_date(WallTime{stat.ctime}) + " mtime " +
             iso_date(WallTime{stat.mtime}) + "  version " + std::to_string(stat.version) +
             " cversion " + std::to_string(stat.cversion) + " aversion " +
             std::to_string(stat.aversion) + " owner " + hex_id(stat.ephemeral_owner));
  return std::nullopt;
}

Refusal SnapshotPrinter::seal(const storage::Seal& seal) {
  healthy_ = healthy_ && seal.good;
  const std::string numbers =
      "stored " + std::to_string(seal.stored) + ", computed " + std::to_string(seal.computed);
  InspectLine(json_, "seal")
      .field("of", seal.of)
      .number("offset", static_cast<int64_t>(seal.offset))
      .number("stored", static_cast<int64_t>(seal.stored))
      .number("computed", seal.computed)
      .flag("good", seal.good)
      .print(padded("seal", kWordWidth) + right_aligned(std::to_string(seal.offset), kOffsetWidth) +
             "  of the " + std::string(seal.of) + ": " + (seal.good ? "ok" : "WRONG, " + numbers));
  return std::nullopt;
}

// A digest of zxid 0 is unknown; one of a later zxid than the tree's belongs to a fuzzy snapshot.
Refusal SnapshotPrinter::digest(const storage::SnapshotDigest& digest) {
  const bool known = digest.zxid.value != 0 && digest.version == 2;
  const bool same = digest.digest == digest_;
  const std::string verdict = !known ? "unknown" : same ? "same" : "differs";
  const auto stored = static_cast<int64_t>(digest.digest);
  const auto computed = static_cast<int64_t>(digest_);
  InspectLine(json_, "digest")
      .field("zxid", hex_id(digest.zxid.value))
      .number("version", digest.version)
      .field("stored", std::to_string(stored))
      .field("computed", std::to_string(computed))
      .field("verdict", verdict)
      .print(padded("digest", kWordWidth) + "after " + hex_id(digest.zxid.value) + ": stored " +
             std::to_string(stored) + ", computed " + std::to_string(computed) + ": " + verdict);
  return std::nullopt;
}

Refusal SnapshotPrinter::last_processed(Zxid zxid) {
  InspectLine(json_, "last_processed")
      .field("zxid", hex_id(zxid.value))
      .print(padded("last", kWordWidth) + "processed zxid " + hex_id(zxid.value));
  return std::nullopt;
}

storage::SnapshotEvents SnapshotPrinter::events() {
  storage::SnapshotEvents events;
  events.header = [this](const auto& value) { return header(value); };
  events.session = [this](SessionId id, int32_t timeout_ms) { return session(id, timeout_ms); };
  events.acl = [this](int64_t id, std::string_view encoded) { return acl(id, encoded); };
  events.node = [this](const auto& value) { return node(value); };
  events.seal = [this](const auto& value) { return seal(value); };
  events.digest = [this](const auto& value) { return digest(value); };
  events.last_processed = [this](Zxid zxid) { return last_processed(zxid); };
  return events;
}

bool SnapshotPrinter::run(std::string_view file, storage::Compression compression) {
  const auto source = [rest = file]() mutable { return std::exchange(rest, {}); };
  const auto error = storage::parse_snapshot(compression, source, events());
  if (error) {
    healthy_ = false;
    InspectLine(json_, "damage")
        .number("offset", static_cast<int64_t>(error->offset))
        .field("what", error->what)
        .print("DAMAGE   " + error->what + ", at offset " + std::to_string(error->offset));
  }
  InspectLine(json_, "end")
      .number("nodes", nodes_)
      .flag("healthy", healthy_)
      .print(std::to_string(nodes_) + " znodes; " + (healthy_ ? "whole" : "DAMAGED"));
  return healthy_;
}
}  // namespace

bool inspect_snapshot(std::string_view name, std::string_view file,
                      storage::Compression compression, bool json) {
  return SnapshotPrinter(name, json).run(file, compression);
}

}  // namespace zoetrope::app
