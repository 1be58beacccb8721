#include "core/quorum/packet_stream.hpp"

#include <algorithm>

namespace zoetrope::quorum {
namespace {

// What stands at the end of a snapshot's stream, with its length (facts/quorum-protocol.md section
// 8).
constexpr std::string_view kSignature(
    "\0\0\0\x0a"
    "BenWasHere",
    14);

}  // namespace

bool PacketStream::skip_snapshot() {
  const std::string_view unread = cutter_.unread();
  const size_t at = unread.find(kSignature);
  if (at != std::string_view::npos) {
    cutter_.consume(at + kSignature.size());
    is_snapshot_ = false;
    return true;
  }
  // The beginning of the signature may be at the end.
  const size_t kept = std::min(unread.size(), kSignature.size() - 1);
  cutter_.consume(unread.size() - kept);
  return false;
}

}  // namespace zoetrope::quorum
