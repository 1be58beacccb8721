// The znode tree: what ZooKeeper calls DataTree. Owns every znode, the ACL table, the index of
// ephemerals, quotas and the running digest; changes only through apply(). It checks nothing that
// the pipeline has to check (permissions, versions): a transaction is applied as it stands,
// idempotently (facts/disk-format.md section 3). It never does I/O and reads no clock.
#pragma once

#include <cstdint>
#include <forward_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/id_table.hpp"
#include "core/base/ids.hpp"
#include "core/jute/event.hpp"
#include "core/jute/records.hpp"
#include "core/jute/txn.hpp"
#include "core/tree/acl_table.hpp"
#include "core/tree/digest.hpp"
#include "core/tree/node_store.hpp"
#include "core/tree/owner.hpp"
#include "core/tree/owner_index.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::tree {

inline constexpr std::string_view kConfigPath = "/zookeeper/config";

struct TreeConfig {
  bool digest_enabled = true;
  // TTL nodes: whether an ephemeralOwner with top byte 0xff is a TTL
  // (zookeeper.extendedTypesEnabled).
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
// `triggers` are in the order in which watches must fire. Views point into the transaction or into
// `own_paths`. The error of a multi is the first one of its operations.
struct ApplyResult {
  OpResult op;
  std::vector<OpResult> multi;
  std::vector<jute::Trigger> triggers;
  // The digest that the transaction carried differs from ours after applying it.
  bool digest_mismatch = false;
  // Paths that a trigger names and the transaction does not: ephemerals that a closeSession left
  // out.
  std::forward_list<std::string> own_paths;

  void clear() {
    op = OpResult();
    multi.clear();
    triggers.clear();
    digest_mismatch = false;
    own_paths.clear();
  }
};

class Tree {
 public:
  explicit Tree(TreeConfig config = {});
  Tree(const Tree&) = default;
  Tree& operator=(const Tree&) = default;
  Tree(Tree&&) noexcept = default;
  Tree& operator=(Tree&&) noexcept = default;
  ~Tree() = default;

  // --- change ---------------------------------------------------------------------------------
  // Applies one transaction and sets last_processed_zxid to its zxid if that is larger. `result` is
  // cleared first; pass the same object again to reuse its memory.
  void apply(const jute::Txn& txn, ApplyResult& result);
  // As apply() for replay of a log over a possibly fuzzy snapshot: same rules, no result.
  void replay(const jute::Txn& txn);
  // Makes /zookeeper/config show the ensemble's configuration, which stands in no transaction until
  // a first reconfiguration; its version is that zxid (upstream ZKDatabase.initConfigInZKDatabase).
  // mtime becomes 0, for upstream's, the time of the server's own start, differs between replicas.
  // Outside the digest, like everything below /zookeeper/.
  void show_config(std::string_view text, Zxid version);

  // --- look -----------------------------------------------------------------------------------
  const TreeConfig& config() const { return config_; }
  Zxid last_processed_zxid() const { return last_processed_zxid_; }
  // "/" and "" are the same znode. kNone when there is none; any string is allowed.
  NodeId find(std::string_view path) const;
  // The same with tag_of(hash_bytes(path)) at hand.
  NodeId find(std::string_view path, uint32_t tag) const;
  jute::Stat stat(NodeId node) const;
  jute::StatPersisted stat_persisted(NodeId node) const { return persisted(nodes_[node]); }
  // Valid until that znode changes.
  jute::BufferView data(NodeId node) const { return nodes_.data(node); }
  AclId acl_id(NodeId node) const { return acls_.id(nodes_[node].acl_slot); }
  int32_t num_children(NodeId node) const { return nodes_[node].num_children; }
  std::string path(NodeId node) const;
  // Names (not paths) of the children, in creation order, calling visit(std::string_view).
  template <class Visit>
  void for_each_child(NodeId node, Visit&& visit) const {
    for (NodeId c = first_child(node); c != NodeId::kNone; c = next_sibling(c)) visit(name(c));
  }
  NodeId first_child(NodeId node) const { return nodes_[node].first_child; }
  NodeId next_sibling(NodeId node) const { return nodes_[node].next; }
  std::string_view name(NodeId node) const { return nodes_.name(node); }
  // Number of descendants of `node`; upstream's getAllChildrenNumber.
  int64_t descendant_count(NodeId node) const;

  // The entries of an ACL that some znode has; empty for kOpenAcl.
  const jute::AclList& acl(AclId id) const;
  // Its encoded form; world:anyone:31 for kOpenAcl, as getACL answers.
  std::string_view acl_bytes(AclId id) const;
  // The entries of a znode's ACL without a look-up by id.
  const jute::AclList& acl_of(NodeId node) const { return acls_.list(nodes_[node].acl_slot); }

  // Znodes including the root. Upstream counts the root twice, as "" and as "/".
  size_t node_count() const { return nodes_.size(); }
  // Sum of path and data bytes, the root counting one byte; upstream's approximate_data_size.
  int64_t approximate_data_size() const { return data_size_; }
  size_t ephemeral_count() const { return owners_.ephemeral_count(); }
  // Paths of the ephemerals of a session, in a fixed order (creation order).
  std::vector<std::string> ephemerals_of(SessionId session) const;
  // Sessions that own ephemerals, ascending.
  std::vector<SessionId> sessions_with_ephemerals() const { return owners_.sessions(); }

  // Digest of the whole tree (facts/disk-format.md section 7); 0 when digests are off.
  uint64_t digest() const { return digest_; }
  // Digest of one znode; 0 below /zookeeper/.
  static uint32_t node_digest(std::string_view path, jute::BufferView data,
                              const jute::StatPersisted& stat);
  // Cached digest of an existing znode.
  uint32_t node_digest(NodeId node) const { return nodes_[node].digest; }
  // CRC-32 of an existing znode's path and data; with digest_from() the digest for another stat.
  // Meaningless below /zookeeper/ and when digests are off.
  uint32_t node_content_crc(NodeId node) const { return nodes_[node].content_crc; }
  // (zxid, digest) for the last 1024 zxids divisible by 128, oldest first; the `hash` command.
  std::vector<std::pair<Zxid, uint64_t>> digest_log() const { return digest_log_.entries(); }

  // Container and TTL znodes that are to be deleted at `now_ms`, at most `limit`
  // (facts/client-protocol.md section 11). `never_used_interval_ms` 0: never-used containers stay.
  std::vector<std::string> expired_containers(int64_t now_ms, int64_t never_used_interval_ms,
                                              size_t limit) const;

  // Nearest quota above or at `path`: path of the znode that has
  // /zookeeper/quota<path>/zookeeper_limits, nullopt when there is none. Cheap when the tree has no
  // quotas.
  std::optional<std::string> quota_path(std::string_view path) const;

  // Hash of the whole state in canonical order, and nothing that two equal trees could differ in.
  uint64_t fingerprint() const;
  // Of a tree of which no snapshot is in progress.
  void carry_state(StateArchive& archive);

  // --- snapshot -------------------------------------------------------------------------------
  // One snapshot at a time may be in progress. It is exact: it holds the tree as of
  // begin_snapshot(), whatever apply() does until it ends (a znode is written just before its first
  // later change).
  void begin_snapshot();
  // ACL table at the time of begin_snapshot() in the form of a snapshot file (count and entries).
  std::string_view snapshot_acl_table() const { return snapshot_.acl_table; }
  // Appends encoded znodes (path, data, aclId, StatPersisted), parents before children, until at
  // least `bytes_min` were added or all are written; false when all are written. May add less, even
  // nothing, where many slots in a row have nothing to write.
  bool continue_snapshot(std::string& out, size_t bytes_min);
  void end_snapshot();
  bool snapshot_in_progress() const { return snapshot_.active; }

  // --- load -----------------------------------------------------------------------------------
  // Builds a tree from a snapshot: every ACL, then every znode parents first, then finish_load().
  // Errors (a missing parent, a znode or ACL id twice, no root) come back as text. An ACL id that
  // the table lacks is legal in an upstream snapshot: it denies everything until replay mends it.
  static Tree empty_for_load(TreeConfig config);
  std::optional<std::string> load_acl(AclId id, std::string_view encoded_acl);
  std::optional<std::string> load_node(std::string_view path, jute::BufferView data, AclId acl,
                                       const jute::StatPersisted& stat);
  // After this digest() is right, unused ACLs are gone and quotas count.
  std::optional<std::string> finish_load(Zxid last_processed_zxid);

 private:
  struct Creation {
    std::string_view path;
    jute::BufferView data;
    std::string_view acl;
    int64_t owner = 0;
    int32_t parent_cversion = -1;
  };
  struct Snapshot {
    bool active = false;
    uint32_t mark = 0;             // number of this snapshot, or of the last one
    uint32_t cursor = 0, end = 0;  // slots still to sweep
    std::string pending;           // images of znodes that changed before the sweep came to them
    std::string acl_table;
    // Path of the parent of the znode written last; siblings often follow each other. Cannot go
    // stale: a slot that is used again has no children that this snapshot writes.
    NodeId parent = NodeId::kNone;
    std::string parent_path;
  };
  // What /zookeeper/quota says of a path that is a quota file, if it is one.
  struct QuotaFile {
    std::string_view subject;  // path of the znode under quota
    bool is_limits = false;
  };
  struct Empty {};
  Tree(TreeConfig config, Empty) : config_(config) {}

  // tree_apply.cpp
  void apply_body(const jute::TxnHeader& header, const jute::TxnBody& body, ApplyResult& result,
                  OpResult& op);
  void apply_multi(const jute::TxnHeader& header, const jute::MultiTxn& txn, ApplyResult& result);
  void apply_set_data(const jute::TxnHeader& header, const jute::SetDataTxn& txn,
                      ApplyResult& result, OpResult& op);
  void apply_set_acl(const jute::SetAclTxn& txn, OpResult& op);
  void close_session(const jute::TxnHeader& header, const jute::CloseSessionTxn& txn,
                     ApplyResult& result);
  void create(const jute::TxnHeader& header, const Creation& creation, ApplyResult& result,
              OpResult& op);
  ErrorCode remove(std::string_view path, Zxid zxid, std::vector<jute::Trigger>& triggers);

  // tree_edit.cpp
  // Every change of what a snapshot holds of a znode stands between these two.
  void before_change(NodeId id);
  void after_change(NodeId id, std::string_view path, bool content_changed);
  NodeId insert(NodeId parent, const Creation& creation, const jute::StatPersisted& stat,
                uint32_t acl_slot);
  void raise_cversion(NodeId parent, std::string_view parent_path, int32_t cversion, Zxid zxid);
  void remove_descendants(NodeId id);
  void remove_leaf(NodeId id, std::string_view path);

  // tree_quota.cpp
  static std::optional<QuotaFile> quota_file(std::string_view path);
  void quota_created(std::string_view path, size_t bytes);
  void quota_removed(std::string_view path, size_t bytes);
  void quota_changed(std::string_view path, int64_t count, int64_t bytes);
  void recompute_usage(std::string_view subject);
  void set_usage(NodeId stats_node, std::string_view text);
  void load_quotas();
  std::string_view nearest_quota(std::string_view path) const;

  // tree_snapshot.cpp
  void write_image(std::string& out, NodeId id);
  void write_with_ancestors(std::string& out, NodeId id);

  // tree.cpp
  bool has_path(NodeId id, std::string_view path) const;
  NodeId find_tagged(std::string_view path, uint32_t tag) const;
  void append_path(NodeId id, std::string& out) const;
  static jute::StatPersisted persisted(const Node& node);
  NodeKind kind(const Node& node) const {
    return kind_of_owner(node.ephemeral_owner, config_.extended_types_enabled);
  }

  TreeConfig config_;
  Zxid last_processed_zxid_;
  NodeStore nodes_;
  IdTable paths_;  // of every znode but the root, by full path
  NodeId root_ = NodeId::kNone;
  AclTable acls_;
  OwnerIndex owners_;
  std::set<std::string, std::less<>> quotas_;  // paths of the znodes with limits
  uint64_t digest_ = 0;
  DigestLog digest_log_;
  int64_t data_size_ = 0;
  Snapshot snapshot_;
  ApplyResult scratch_;  // for replay(); empty between calls
};

}  // namespace zoetrope::tree
