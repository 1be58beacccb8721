// Bytes waiting to be sent on one connection: written at the end, consumed at the front.
// Owns one block that only grows; never initialises bytes that the caller is about to write.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace zoetrope::load {

class SendBuffer {
 public:
  // Room for `n` more bytes at the end, to be written at once; valid until the next call.
  char* extend(size_t n) {
    if (end_ + n > capacity_) make_room(n);
    char* at = block_.get() + end_;
    end_ += n;
    return at;
  }
  void append(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
  }
  std::string_view waiting() const { return {block_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(size_t n) {
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  // Forgets everything and frees the block.
  void reset() {
    block_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void make_room(size_t n) {
    const size_t kept = end_ - begin_;
    if (kept + n > capacity_) {
      capacity_ = std::max<size_t>({kept + n, 2 * capacity_, 256});
      auto block = std::make_unique_for_overwrite<char[]>(capacity_);
      if (kept > 0) std::memcpy(block.get(), block_.get() + begin_, kept);
      block_ = std::move(block);
    } else {
      std::memmove(block_.get(), block_.get() + begin_, kept);
    }
    begin_ = 0;
    end_ = kept;
  }

  std::unique_ptr<char[]> block_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
};

}  // namespace zoetrope::load
