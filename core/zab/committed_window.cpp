#include "core/zab/committed_window.hpp"

#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::zab {

void CommittedWindow::add(Zxid zxid, std::string payload) {
  ZT_ASSERT(empty() || zxid > max());
  bytes_ += payload.size();
  proposals_.push_back({zxid, std::move(payload)});
  while (proposals_.size() > 1 && (proposals_.size() > count_max_ || bytes_ > bytes_max_)) {
    bytes_ -= proposals_.front().payload.size();
    proposals_.pop_front();
  }
}

void CommittedWindow::clear() {
  proposals_.clear();
  bytes_ = 0;
}

void CommittedWindow::add_to(RunningHash& hash) const {
  hash.add(uint64_t{proposals_.size()});
  for (const Proposal& proposal : proposals_) {
    hash.add(static_cast<uint64_t>(proposal.zxid.value));
    hash.add(proposal.payload);
  }
}

}  // namespace zoetrope::zab
