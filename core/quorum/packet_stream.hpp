// One direction of a connection between a learner and its leader, cut into packets again for
// whoever looks on; the bytes of a snapshot behind a SNAP are passed over. Owns the incomplete end
// of what it has seen; it never changes anything.
#pragma once

#include <string>
#include <string_view>

#include "core/quorum/packet.hpp"

namespace zoetrope::quorum {

class PacketStream {
 public:
  // Calls `see` with every packet that these bytes complete; views of it live during the call.
  // Whoever breaks the protocol is not looked at any further.
  template <typename See>
  void take(std::string_view bytes, const See& see) {
    if (is_bad_) return;
    cutter_.feed(bytes);
    while (!is_snapshot_ || skip_snapshot()) {
      Packet packet;
      const auto status = cutter_.next(packet);
      is_bad_ = status == PacketCutter::Status::kBad;
      if (status != PacketCutter::Status::kPacket) break;
      is_snapshot_ = packet.type == PacketType::kSnap;
      see(packet);
    }
    cutter_.keep();
  }

 private:
  // True when the end of the snapshot has come.
  bool skip_snapshot();

  PacketCutter cutter_{16 << 20};
  bool is_snapshot_ = false;
  bool is_bad_ = false;
};

}  // namespace zoetrope::quorum
