#include "core/wire/frame.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/state_archive.hpp"

namespace zoetrope::wire {

void FrameCutter::feed(std::string_view bytes) {
  ZT_ASSERT(fed_.empty());
  if (kept_offset_ < kept_.size()) complete_kept(bytes);
  fed_ = bytes;
}

void FrameCutter::complete_kept(std::string_view& bytes) {
  const auto move_up_to = [&](size_t wanted) {
    const size_t n = std::min(wanted, bytes.size());
    kept_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
  };
  while (kept_whole_ < kept_.size()) {
    size_t have = kept_.size() - kept_whole_;
    if (have < kFrameLengthSize) {
      move_up_to(kFrameLengthSize - have);
      have = kept_.size() - kept_whole_;
      if (have < kFrameLengthSize) return;
    }
    const int32_t length = static_cast<int32_t>(load_be32(kept_.data() + kept_whole_));
    // next() will refuse it; what follows is of no use to anyone.
    if (length < 0) return;
    const size_t frame_size = kFrameLengthSize + static_cast<size_t>(length);
    if (have < frame_size) {
      move_up_to(frame_size - have);
      if (kept_.size() - kept_whole_ < frame_size) return;
    }
    kept_whole_ += frame_size;
  }
}

bool FrameCutter::peek_length(int32_t& length) const {
  const std::string_view bytes = rest();
  if (bytes.size() < kFrameLengthSize) return false;
  length = static_cast<int32_t>(load_be32(bytes.data()));
  return true;
}

void FrameCutter::keep() {
  if (kept_offset_ == kept_.size()) {
    // Swapped, because an assignment would hold on to the room of a long frame.
    std::string(fed_).swap(kept_);
    kept_offset_ = kept_whole_ = 0;
  } else {
    // Dropping the used part only when it is the larger one keeps the cost linear however often a
    // paused stream takes one frame and keeps the others.
    if (kept_offset_ > kept_.size() / 2) {
      kept_.substr(kept_offset_).swap(kept_);
      kept_whole_ -= std::min(kept_whole_, kept_offset_);
      kept_offset_ = 0;
    }
    kept_.append(fed_);
  }
  fed_ = {};
}

void FrameCutter::carry_state(StateArchive& archive) {
  archive(kept_, kept_offset_, kept_whole_);
}

}  // namespace zoetrope::wire
