// The requests of one connection that wait for their replies, oldest first.
// Owns a ring that grows by doubling; never allocates once it has its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace zoetrope::load {

// One request on its way. The tag is the workload's own: which operation it was.
struct Pending {
  int64_t since_ns = 0;  // when it was sent, or when it should have been (open loop)
  uint32_t tag = 0;
};

class PendingRing {
 public:
  void push(Pending pending) {
    if (count_ == slots_.size()) grow();
    slots_[(head_ + count_) & (slots_.size() - 1)] = pending;
    ++count_;
  }
  Pending pop() {
    const Pending pending = slots_[head_];
    head_ = (head_ + 1) & (slots_.size() - 1);
    --count_;
    return pending;
  }
  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  void clear() { head_ = count_ = 0; }

 private:
  void grow() {
    std::vector<Pending> larger(slots_.empty() ? 4 : 2 * slots_.size());
    for (size_t i = 0; i < count_; ++i) larger[i] = slots_[(head_ + i) & (slots_.size() - 1)];
    slots_.swap(larger);
    head_ = 0;
  }

  std::vector<Pending> slots_;  // a power of two
  size_t head_ = 0;
  size_t count_ = 0;
};

}  // namespace zoetrope::load
