// The outstanding changes: records of znodes as they will be after the prepared transactions, on
// top of the applied tree. Requests are validated against it, so that a write sees every write
// before it (upstream ZooKeeperServer.outstandingChanges). Owns the records; never touches the
// tree.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/pipeline/node_record.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::pipeline {

class ChangeTable {
 public:
  ChangeTable(const tree::Tree& tree, bool digest_enabled);

  // State of the path after all outstanding changes; false when there is no such znode then.
  bool load(std::string_view path, NodeRecord& record) const;
  // Records a change made by the transaction `zxid`; keeps the digest of the whole tree current.
  void store(std::string_view path, NodeRecord record, Zxid zxid);
  void erase_node(std::string_view path, Zxid zxid);
  // The data that `zxid` gave to the path lies at `data` from now on (the final encoded
  // transaction).
  void rebind_data(std::string_view path, jute::BufferView data, Zxid zxid);

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

  // The transaction was applied: forgets what it alone said about the path (call for every path
  // that it changed), and its usage.
  void applied(std::string_view path, Zxid zxid);
  void applied_usage(Zxid zxid);
  // Takes the tree as it stands, without outstanding changes (after recovery).
  void reset();

  size_t size() const { return records_.size(); }
  uint64_t fingerprint() const;

 private:
  struct PathHash {
    using is_transparent = void;
    size_t operator()(std::string_view path) const { return hash_bytes(path); }
  };
  struct Undo {
    size_t path_begin = 0, path_size = 0;  // in undo_paths_
    std::optional<NodeRecord> before;
  };
  struct Usage {
    Zxid zxid;
    std::string quota_path;
    int64_t count = 0;
    int64_t bytes = 0;
  };

  static std::string_view canonical(std::string_view path) { return path == "/" ? "" : path; }
  void end_undo();
  void put(std::string_view path, NodeRecord record);
  void track_ephemeral(std::string_view path, const NodeRecord& record, bool add);
  uint32_t digest_of(std::string_view path, const NodeRecord& record) const;

  const tree::Tree& tree_;
  bool digest_enabled_;
  uint64_t digest_ = 0;
  boost::unordered_flat_map<std::string, NodeRecord, PathHash, std::equal_to<>> records_;
  // (owner, path) of every record with an ephemeral owner, existing or deleted; ordered, because
  // the order of a closeSession's deletions is visible.
  std::set<std::pair<int64_t, std::string>> ephemeral_records_;
  std::vector<Usage> usage_;
  bool undo_active_ = false;
  uint64_t undo_digest_ = 0;
  size_t undo_usage_ = 0;
  std::vector<Undo> undo_;
  std::string undo_paths_;
};

}  // namespace zoetrope::pipeline
