// The znode tree: what ZooKeeper calls DataTree. Owns every znode, the ACL table, the index of
// ephemerals, quotas and the running digest; changes only through apply(). It checks nothing that the
// pipeline has to check (permissions, versions): a transaction is applied as it stands, idempotently
// (facts/disk-format.md section 3). It never does I/O and reads no clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/event.hpp"
#include "core/jute/records.hpp"
#include "core/jute/txn.hpp"

namespace zoetrope::tree {

// Index of a znode; stays valid until that znode is deleted.
enum class NodeId : uint32_t { kNone = 0xFFFFFFFF };

// Index into the ACL table, as in snapshots: kOpenAcl (-1) is the null ACL, which permits everything.
using AclId = int64_t;
inline constexpr AclId kOpenAcl = -1;

struct TreeConfig {
  bool digest_enabled = true;
  // TTL nodes: whether an ephemeralOwner with top byte 0xff is a TTL (zookeeper.extendedTypesEnabled).
  bool extended_types_enabled = false;
};

// Outcome of one operation of a transaction. path and stat are set where the reply needs them.
struct OpResult {
  jute::OpCode type = jute::OpCode::kError;
  ErrorCode error = ErrorCode::kOk;
  std::string_view path;
  jute::Stat stat;
};

// Outcome of a transaction; `multi` has an entry for each operation of a multi, else it is empty.
// `triggers` are in the order in which watches must fire. Views point into the transaction.
struct ApplyResult {
  OpResult op;
  std::vector<OpResult> multi;
  std::vector<jute::Trigger> triggers;
  // The digest that the transaction carried differs from ours after applying it.
  bool digest_mismatch = false;
  void clear();
};

class Tree {
 public:
  explicit Tree(TreeConfig config = {});
  Tree(const Tree&);
  Tree& operator=(const Tree&);
  Tree(Tree&&) noexcept;
  Tree& operator=(Tree&&) noexcept;
  ~Tree();

  // --- change ---------------------------------------------------------------------------------
  // Applies one transaction and sets last_processed_zxid to its zxid if that is larger. `result` is
  // cleared first; pass the same object again to reuse its memory.
  void apply(const jute::Txn& txn, ApplyResult& result);
  // As apply() for replay of a log over a possibly fuzzy snapshot: same rules, no result.
  void replay(const jute::Txn& txn);

  // --- look -----------------------------------------------------------------------------------
  Zxid last_processed_zxid() const;
  // "/" and "" are the same znode. kNone when there is none; any string is allowed.
  NodeId find(std::string_view path) const;
  jute::Stat stat(NodeId node) const;
  jute::StatPersisted stat_persisted(NodeId node) const;
  jute::BufferView data(NodeId node) const;
  AclId acl_id(NodeId node) const;
  int32_t num_children(NodeId node) const;
  std::string path(NodeId node) const;
  // Names (not paths) of the children, in creation order, calling visit(std::string_view).
  template <class Visit>
  void for_each_child(NodeId node, Visit&& visit) const {
    for (NodeId c = first_child(node); c != NodeId::kNone; c = next_sibling(c)) visit(name(c));
  }
  NodeId first_child(NodeId node) const;
  NodeId next_sibling(NodeId node) const;
  std::string_view name(NodeId node) const;
  // Number of descendants of `node`; upstream's getAllChildrenNumber.
  int64_t descendant_count(NodeId node) const;

  // The entries of an ACL; empty for kOpenAcl.
  const jute::AclList& acl(AclId id) const;
  std::string_view acl_bytes(AclId id) const;

  size_t node_count() const;
  // Sum of path and data bytes, upstream's approximate_data_size.
  int64_t approximate_data_size() const;
  size_t ephemeral_count() const;
  // Paths of the ephemerals of a session, in a fixed order (creation order).
  std::vector<std::string> ephemerals_of(SessionId session) const;
  // Sessions that own ephemerals, ascending.
  std::vector<SessionId> sessions_with_ephemerals() const;

  // Digest of the whole tree (facts/disk-format.md section 7); 0 when digests are off.
  uint64_t digest() const;
  // Digest of one znode; 0 below /zookeeper/.
  static uint32_t node_digest(std::string_view path, jute::BufferView data,
                              const jute::StatPersisted& stat);
  // Cached digest of an existing znode.
  uint32_t node_digest(NodeId node) const;
  // (zxid, digest) for the last 1024 zxids divisible by 128, oldest first; the `hash` command.
  std::vector<std::pair<Zxid, uint64_t>> digest_log() const;

  // Container and TTL znodes that are to be deleted at `now_ms`, at most `limit`
  // (facts/client-protocol.md section 11). `never_used_interval_ms` 0: never-used containers stay.
  std::vector<std::string> expired_containers(int64_t now_ms, int64_t never_used_interval_ms,
                                              size_t limit) const;

  // Nearest quota above or at `path`: path of the znode that has /zookeeper/quota<path>/zookeeper_limits,
  // nullopt when there is none. Cheap when the tree has no quotas.
  std::optional<std::string> quota_path(std::string_view path) const;

  // Hash of the whole state in canonical order, and nothing that two equal trees could differ in.
  uint64_t fingerprint() const;

  // --- snapshot -------------------------------------------------------------------------------
  // One snapshot at a time may be in progress. It is exact: it holds the tree as of begin_snapshot(),
  // whatever apply() does until it ends (a znode is written just before its first later change).
  void begin_snapshot();
  // ACL table at the time of begin_snapshot() in the form of a snapshot file (count and entries).
  std::string_view snapshot_acl_table() const;
  // Appends encoded znodes (path, data, aclId, StatPersisted), parents before children, until at
  // least `bytes_min` were added or all are written; false when all are written.
  bool continue_snapshot(std::string& out, size_t bytes_min);
  void end_snapshot();
  bool snapshot_in_progress() const;

  // --- load -----------------------------------------------------------------------------------
  // Builds a tree from a snapshot: every ACL, then every znode parents first, then finish_load().
  // Errors (a missing parent, an unknown ACL id, a second root) come back as text.
  static Tree empty_for_load(TreeConfig config);
  std::optional<std::string> load_acl(AclId id, std::string_view encoded_acl);
  std::optional<std::string> load_node(std::string_view path, jute::BufferView data, AclId acl,
                                       const jute::StatPersisted& stat);
  // After this digest() is right and unused ACLs are gone.
  std::optional<std::string> finish_load(Zxid last_processed_zxid);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zoetrope::tree
