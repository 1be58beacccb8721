// Replays log records over a loaded tree, in the order of the log files, and watches that none is
// missing: the half of recovery that knows transactions. Owns the tree and sessions while it runs;
// never touches the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.hpp"
#include "core/storage/recovery.hpp"
#include "core/storage/snapshot.hpp"
#include "core/storage/transaction_log.hpp"
#include "core/tree/tree.hpp"

namespace zoetrope::storage {

class Replay {
 public:
  // `start` is the state before the first record, `zxid` the newest transaction that it surely
  // holds.
  Replay(Snapshot start, Zxid zxid, const RecoveryOptions& options);

  // Records of `file` follow.
  void begin_file(const std::string& file);
  // Takes the next record; text says why it cannot be taken.
  std::optional<std::string> add(const LogRecord& record);
  // After the last record; text says what is missing.
  std::optional<std::string> finish();

  Zxid last() const { return last_; }
  size_t applied() const { return applied_; }
  size_t digest_mismatches() const { return digest_mismatches_; }
  tree::Tree& tree() { return tree_; }
  std::map<SessionId, int32_t>& sessions() { return sessions_; }
  std::deque<ReplayedRecord>& newest() { return newest_; }
  std::vector<std::string>& notes() { return notes_; }

 private:
  // Zxids that are not next to one another at the seam of two files.
  struct Jump {
    Zxid from, to;
    std::string file;
  };

  void check_start(const Snapshot& start);
  void note_jump(Zxid zxid);
  void keep(const LogRecord& record);
  void track_session(const jute::Txn& txn);
  std::optional<std::string> check_digest(const jute::Txn& txn);

  tree::Tree tree_;
  std::map<SessionId, int32_t> sessions_;
  std::vector<std::string> notes_;
  std::deque<ReplayedRecord> newest_;
  size_t newest_bytes_ = 0;
  size_t newest_count_max_, newest_bytes_max_;
  std::string file_;
  bool at_seam_ = true;  // no record of this file was applied yet
  Zxid last_;
  std::optional<Zxid> previous_;  // last record seen, applied or not
  std::optional<Jump> jump_;
  bool digest_enabled_;
  // Per-record digests say nothing before this zxid: the snapshot is fuzzy up to it.
  Zxid fuzzy_until_;
  size_t applied_ = 0;
  size_t digest_mismatches_ = 0;
};

}  // namespace zoetrope::storage
