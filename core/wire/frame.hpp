// Framing: an int32 length and that many bytes (facts/client-protocol.md section 1). Cuts a byte
// stream that arrives in any pieces into frames; keeps only an unfinished frame, or more while its
// owner pauses. Never copies a frame that arrived whole, never reserves room for a length it was
// told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/endian.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::wire {

inline constexpr size_t kFrameLengthSize = 4;

class FrameCutter {
 public:
  // How the next bytes of a stream look.
  enum class Status : uint8_t { kFrame, kNeedMore, kBadLength };

  // Gives the bytes that arrived. They are not copied unless a frame is left unfinished, so they
  // must stay valid until the last call of next(); call keep() then, before anything more is fed.
  void feed(std::string_view bytes);
  // The next whole frame's payload (without length), valid until the next feed() or keep().
  // frame_bytes_max: longest payload accepted. A bad length is told as soon as its four bytes are
  // there; it is final: the stream is of no more use.
  Status next(std::string_view& payload, int32_t frame_bytes_max);
  // The first four bytes of what is unread, when there are that many; for four-letter words.
  bool peek_length(int32_t& length) const;
  // The part of what is unread that stands together in memory, and with which the stream goes on. A
  // frame never straddles kept and fed bytes: feed() completes the unfinished one in kept_.
  std::string_view rest() const;
  // Copies what is unread so that the fed bytes may go; frees the buffer when nothing is left.
  void keep();
  // Unread bytes, kept or not.
  size_t unread() const { return kept_.size() - kept_offset_ + fed_.size(); }
  // Between a keep() and the next feed().
  void carry_state(StateArchive& archive);

 private:
  // Moves bytes from the front of `bytes` to kept_ until its last frame is whole.
  void complete_kept(std::string_view& bytes);

  std::string kept_;        // an unfinished frame (or more, while reading is paused)
  size_t kept_offset_ = 0;  // what of kept_ has been used
  size_t kept_whole_ = 0;   // kept_ is known to hold whole frames up to here, used or not
  std::string_view fed_;    // what feed() was given and next() has not used
};

inline std::string_view FrameCutter::rest() const {
  const std::string_view kept = std::string_view(kept_).substr(kept_offset_);
  return kept.empty() ? fed_ : kept;
}

inline FrameCutter::Status FrameCutter::next(std::string_view& payload, int32_t frame_bytes_max) {
  const std::string_view bytes = rest();
  if (bytes.size() < kFrameLengthSize) return Status::kNeedMore;
  const int32_t length = static_cast<int32_t>(load_be32(bytes.data()));
  if (length < 0 || length > frame_bytes_max) return Status::kBadLength;
  const size_t frame_size = kFrameLengthSize + static_cast<size_t>(length);
  if (bytes.size() < frame_size) return Status::kNeedMore;
  payload = bytes.substr(kFrameLengthSize, static_cast<size_t>(length));
  if (kept_offset_ < kept_.size())
    kept_offset_ += frame_size;
  else
    fed_.remove_prefix(frame_size);
  return Status::kFrame;
}

}  // namespace zoetrope::wire
