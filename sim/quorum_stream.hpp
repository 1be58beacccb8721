// See core/quorum/packet_stream.hpp.
#pragma once

#include "core/quorum/packet_stream.hpp"

namespace zoetrope::sim {

using QuorumStream = quorum::PacketStream;

}  // namespace zoetrope::sim
