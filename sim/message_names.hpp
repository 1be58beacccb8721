// Names what is sent on one side of a connection: packets of the quorum, notifications, requests
// and replies, as a person calls them. Owns what is incomplete of the stream; it never changes it.
#pragma once

#include <string>
#include <string_view>

#include "core/node/input.hpp"
#include "core/quorum/packet_stream.hpp"
#include "core/wire/frame.hpp"
#include "sim/arrivals.hpp"

namespace zoetrope::sim {

class MessageNames {
 public:
  // `is_of_opener`: who opened the connection sends here.
  MessageNames(node::Port port, bool is_of_opener) : port_(port), is_of_opener_(is_of_opener) {}

  // Those that these bytes complete: "PROPOSAL 0x100000003, PING". Without any, how many bytes.
  std::string take(std::string_view bytes);

 private:
  void take_frames(std::string_view bytes);
  void add(std::string name);

  node::Port port_;
  bool is_of_opener_;
  quorum::PacketStream packets_;
  ElectionStream notifications_;
  wire::FrameCutter frames_;
  bool is_connected_ = false;  // a client's handshake has gone by
  bool is_bad_ = false;
  std::string names_;
  size_t count_ = 0;
};

}  // namespace zoetrope::sim
