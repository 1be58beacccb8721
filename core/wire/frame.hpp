// Framing: an int32 length and that many bytes (facts/client-protocol.md section 1). Cuts a byte
// stream that arrives in any pieces into frames; keeps only an unfinished frame.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace zoetrope::wire {

class FrameCutter {
 public:
  // How the next bytes of a stream look.
  enum class Status : uint8_t { kFrame, kNeedMore, kBadLength };

  // Gives the bytes that arrived. They are not copied unless a frame is left unfinished, so they must
  // stay valid until the last call of next(); call keep() then.
  void feed(std::string_view bytes);
  // The next whole frame's payload (without length), valid until the next feed() or keep().
  // frame_bytes_max: longest payload accepted. A bad length is final: the stream is of no more use.
  Status next(std::string_view& payload, int32_t frame_bytes_max);
  // The first four bytes of what is unread, when there are that many; for four-letter words.
  bool peek_length(int32_t& length) const;
  // Copies what is unread so that the fed bytes may go; frees the buffer when nothing is left.
  void keep();
  // Unread bytes, kept or not.
  size_t unread() const;

 private:
  std::string_view rest() const;

  std::string kept_;          // an unfinished frame (or more, while reading is paused)
  size_t kept_offset_ = 0;
  std::string_view fed_;      // what feed() was given and next() has not used
};

}  // namespace zoetrope::wire
