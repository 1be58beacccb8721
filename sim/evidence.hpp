// What the simulator knows of a server beyond what its clients see, in the terms of a history: the
// committed transactions from the files of its log, and the znodes of its tree. Owns what it
// gathered.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/tree/tree.hpp"
#include "properties/history.hpp"
#include "sim/disk.hpp"

namespace zoetrope::sim {

// The log as it is at the end of a run; files that were removed on the way are added before they
// go.
class LogEvidence {
 public:
  // Adds every record of one log file. False when the file cannot be read to its end.
  bool add_file(std::string_view content);
  bool add_disk(const SimDisk& disk);
  // Ascending by zxid. `applied` says when each was first seen applied.
  std::vector<properties::CommittedTxn> take(
      const std::vector<std::pair<Zxid, MonotonicTime>>& applied) const;

 private:
  std::map<Zxid, properties::CommittedTxn> txns_;
};

std::vector<properties::FinalNode> final_nodes(const tree::Tree& tree);

// The digest of the tree, computed anew from every znode.
uint64_t digest_of_nodes(const tree::Tree& tree);

}  // namespace zoetrope::sim
