// The two epochs that a server must never forget, in the files `acceptedEpoch` and `currentEpoch`
// beside its snapshots (facts/quorum-protocol.md section 2; upstream QuorumPeer.loadDataBase).
// Reads them at start and turns new values into DiskOps; nothing that rests on an epoch may be said
// before its write is durable (ZOOKEEPER-335). Owns the values, no file.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"
#include "core/storage/disk.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

struct Epochs {
  int64_t accepted = 0;  // the highest that was promised to a leader
  int64_t current = 0;   // of the leader whose history was adopted
  // `current` is that of the log; the file is behind and must be brought up to it before another
  // epoch is announced, or the word that makes the log acceptable would be overwritten.
  bool is_ahead_of_file = false;
  bool operator==(const Epochs&) const = default;
};

// Files that are missing, as after a standalone life, are taken from the last zxid. The text of an
// error names the file. A log that is ahead of currentEpoch is right only when announce_current()
// went before it (ZOOKEEPER-1653).
std::expected<Epochs, std::string> read_epochs(storage::Disk& disk, Zxid last_logged);

class EpochFiles {
 public:
  // Operations are numbered from `first_op` on; all are on the log's lane, behind the log's syncs.
  EpochFiles(Epochs durable, uint64_t first_op) : durable_(durable), next_op_(first_op) {}

  // One change of a file is under way at a time. Values never go down.
  void set_accepted(int64_t epoch, std::vector<storage::DiskOp>& out);
  // Leaves word of a currentEpoch to come, before transactions of that epoch are logged.
  void announce_current(int64_t epoch, std::vector<storage::DiskOp>& out);
  void set_current(int64_t epoch, std::vector<storage::DiskOp>& out);

  // True when the operation was one of these; durable() may have changed.
  bool completed(uint64_t op);
  const Epochs& durable() const { return durable_; }
  bool busy() const { return accepted_.has_value() || current_.has_value(); }
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  struct Change {
    int64_t epoch = 0;
    uint64_t last_op = 0;
  };

  void replace(const std::string& name, const std::string& by, int64_t epoch,
               std::vector<storage::DiskOp>& out);
  void issue(storage::DiskAction action, std::vector<storage::DiskOp>& out);

  Epochs durable_;
  uint64_t next_op_;
  std::optional<Change> accepted_, current_;
  std::optional<int64_t> announced_;  // what currentEpoch.tmp holds
  std::vector<uint64_t> under_way_;   // operations not yet completed
};

}  // namespace zoetrope::zab
