// A byte stream in pieces: each piece is a byte that says how many bytes follow (low six bits) and
// whether the owner pauses after it (high bit). However it is split, the frames must be those of
// the stream in one piece, and the cutter must hold no more than what is unread.
#include <algorithm>
#include <vector>

#include "core/wire/frame.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;
using wire::FrameCutter;

namespace {

constexpr int32_t kFrameBytesMax = 300;

struct Cut {
  std::vector<std::string> frames;
  bool bad_length = false;
  size_t unread = 0;
};

// Takes up to `frames_max` frames of what was fed.
void take(FrameCutter& cutter, size_t frames_max, Cut& cut) {
  std::vector<std::string_view> views;
  while (views.size() < frames_max) {
    std::string_view payload;
    const auto status = cutter.next(payload, kFrameBytesMax);
    cut.bad_length = cut.bad_length || status == FrameCutter::Status::kBadLength;
    if (status != FrameCutter::Status::kFrame) break;
    // A bad length is final.
    fuzz::require(!cut.bad_length);
    views.push_back(payload);
  }
  cut.frames.insert(cut.frames.end(), views.begin(), views.end());
  cutter.keep();
  cut.unread = cutter.unread();
}

Cut cut_whole(std::string_view stream) {
  Cut cut;
  FrameCutter cutter;
  cutter.feed(stream);
  take(cutter, stream.size() + 1, cut);
  return cut;
}

Cut cut_pieces(std::string_view input, std::string& stream) {
  Cut cut;
  FrameCutter cutter;
  while (!input.empty()) {
    const auto control = static_cast<uint8_t>(input[0]);
    const size_t size = std::min<size_t>(control & 63, input.size() - 1);
    const test::ExactCopy piece(input.substr(1, size));
    stream.append(piece.view());
    input.remove_prefix(1 + size);
    cutter.feed(piece.view());
    take(cutter, (control & 128) != 0 ? control >> 6 & 1 : stream.size() + 1, cut);
    size_t taken = 0;
    for (const std::string& frame : cut.frames) taken += wire::kFrameLengthSize + frame.size();
    fuzz::require(taken + cut.unread == stream.size());
    // Without a pause every frame that is whole has come out. Long streams would take too long
    // here.
    if ((control & 128) == 0 && stream.size() <= 1024)
      fuzz::require(cut.frames == cut_whole(stream).frames);
  }
  take(cutter, stream.size() + 1, cut);
  return cut;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string stream;
  const Cut pieces = cut_pieces(fuzz::view_of(data, size), stream);
  const Cut whole = cut_whole(stream);
  fuzz::require(pieces.frames == whole.frames);
  fuzz::require(pieces.bad_length == whole.bad_length);
  fuzz::require(pieces.unread == whole.unread);
  return 0;
}
