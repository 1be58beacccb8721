// The last committed proposals in memory, from which a learner that was away shortly is brought up
// to date (upstream ZKDatabase.committedLog; facts/quorum-protocol.md section 8). Owns the
// payloads.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "core/base/hash.hpp"
#include "core/base/ids.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::zab {

class CommittedWindow {
 public:
  struct Proposal {
    Zxid zxid;
    std::string payload;  // of the log record and of the PROPOSAL packet
  };

  // `count_max` > 0 (zookeeper.commitLogCount); `bytes_max`: of the payloads together, the newest
  // proposal always stays.
  CommittedWindow(size_t count_max, size_t bytes_max)
      : count_max_(count_max), bytes_max_(bytes_max) {}

  // Zxids ascend.
  void add(Zxid zxid, std::string payload);
  void clear();

  bool empty() const { return proposals_.empty(); }
  // Not for an empty window.
  Zxid min() const { return proposals_.front().zxid; }
  Zxid max() const { return proposals_.back().zxid; }
  const std::deque<Proposal>& proposals() const { return proposals_; }
  size_t bytes() const { return bytes_; }
  void add_to(RunningHash& hash) const;
  void carry_state(StateArchive& archive);

 private:
  size_t count_max_;
  size_t bytes_max_;
  size_t bytes_ = 0;
  std::deque<Proposal> proposals_;
};

}  // namespace zoetrope::zab
