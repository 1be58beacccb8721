// The outstanding changes: records of znodes as they will be after the prepared transactions, on
// top of the applied tree. Requests are validated against it, so that a write sees every write
// before it (upstream ZooKeeperServer.outstandingChanges). Owns the records, in slots that are used
// again; never touches the tree.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/id_table.hpp"
#include "core/base/ids.hpp"
#include "core/pipeline/node_record.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::pipeline {

class ChangeTable {
 public:
  // A path and its hash, so that several calls for one path hash it once. Views the path.
  struct Key {
    // A path is a key. NOLINTBEGIN(google-explicit-constructor)
    Key(std::string_view p) : path(p == "/" ? "" : p), tag(tag_of(hash_bytes(path))) {}
    Key(const std::string& p) : Key(std::string_view(p)) {}
    // NOLINTEND(google-explicit-constructor)
    std::string_view path;
    uint32_t tag;
  };
  static constexpr size_t kSameData = SIZE_MAX;

  ChangeTable(const tree::Tree& tree, bool digest_enabled);

  // State of the path after all outstanding changes; false when there is no such znode then.
  bool load(const Key& key, NodeRecord& record) const;
  // Records a change made by the transaction `zxid`; keeps the digest of the whole tree current.
  // When it changes the data, `data_offset` says where they lie in the transaction's payload.
  void store(const Key& key, NodeRecord record, Zxid zxid, size_t data_offset = kSameData);
  void erase_node(const Key& key, Zxid zxid);
  // The transaction is encoded: data that were stored since the last call lie in its payload from
  // now on. An empty payload: they are none of it (the request failed).
  void bind_data(std::string_view payload);

  // Digest of the whole tree after all outstanding changes.
  uint64_t digest() const { return digest_; }
  // Paths of the session's ephemerals after all outstanding changes, in path order.
  std::vector<std::string> ephemerals_of(SessionId session) const;

  // Usage of a quota (count, bytes) that outstanding transactions add to what the tree says.
  void add_usage(const std::string& quota_path, int64_t count, int64_t bytes, Zxid zxid);
  std::pair<int64_t, int64_t> outstanding_usage(const std::string& quota_path) const;

  // Between begin and either end, changes can be taken back: for multi.
  void begin_undo();
  void commit_undo();
  void roll_back();

  // All transactions up to this one were applied: forgets the records that no later one changed,
  // and their usage.
  void applied(Zxid zxid);
  // Takes the tree as it stands, without outstanding changes (after recovery).
  void reset();

  size_t size() const { return index_.size(); }
  uint64_t fingerprint() const;
  void carry_state(StateArchive& archive);

 private:
  struct Entry {
    std::string path;
    uint32_t tag = 0;
    NodeRecord record;
  };
  struct Undo {
    uint32_t entry = 0;
    std::optional<NodeRecord> before;
  };
  struct Usage {
    Zxid zxid;
    std::string quota_path;
    int64_t count = 0;
    int64_t bytes = 0;
  };

  struct Change {
    Zxid zxid;
    uint32_t entry = 0;
  };

  // Where a record's new data lie in the payload of the transaction under preparation.
  struct DataPlace {
    uint32_t entry = 0;
    size_t offset = 0, size = 0;
  };

  uint32_t find(const Key& key) const;
  uint32_t put(const Key& key, NodeRecord&& record);
  void release(uint32_t entry);
  void end_undo();
  void track_ephemeral(std::string_view path, const NodeRecord& record, bool add);
  uint32_t digest_of(std::string_view path, const NodeRecord& record) const;

  const tree::Tree& tree_;
  bool digest_enabled_;
  uint64_t digest_ = 0;
  std::deque<Entry> entries_;  // by slot; a free one keeps its memory for the next
  std::vector<uint32_t> free_;
  IdTable index_;  // slots in use, by path
  // Which transaction changed which slot, in zxid order. A slot is free once the last one that
  // changed it is applied, so an entry never means a slot's later user.
  std::deque<Change> changed_;
  std::vector<DataPlace> data_places_;
  // (owner, path) of every record with an ephemeral owner, existing or deleted; ordered, because
  // the order of a closeSession's deletions is visible.
  std::set<std::pair<int64_t, std::string>> ephemeral_records_;
  std::vector<Usage> usage_;
  bool undo_active_ = false;
  uint64_t undo_digest_ = 0;
  size_t undo_usage_ = 0, undo_changed_ = 0;
  std::vector<Undo> undo_;
  // Data of records that came with carry_state(), where payloads have them otherwise.
  std::deque<std::string> loaded_data_;
};

}  // namespace zoetrope::pipeline
