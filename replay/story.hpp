// What recordings tell, as a story: each server a lane. The recordings of an ensemble's members
// become one: bytes that one sent are those that another received, by the connection and their
// place in its stream, and since nothing is received before it was sent their clocks are brought
// together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/endpoint.hpp"
#include "core/quorum/packet_stream.hpp"
#include "replay/replay.hpp"
#include "trace/story.hpp"

namespace zoetrope::replay {

// What one server did, by its own clock.
struct Told {
  struct Moment {
    int64_t at = 0;  // ns since 1970, by the wall clock at the start of its run
    uint64_t step = 0;
    trace::EventKind kind = trace::EventKind::kStep;
    std::string text;
  };
  // A part of the stream from one end of a connection to the other.
  struct Piece {
    std::pair<Endpoint, Endpoint> stream;
    uint64_t run = 0;
    ConnectionId connection;      // the same ends may come again
    uint64_t begin = 0, end = 0;  // bytes
    size_t moment = 0;
  };
  ServerId server;
  std::vector<Moment> moments;
  std::vector<Piece> sent, received;
};

// Listens to a Replayer.
class Teller {
 public:
  void see(const Step& step);
  void see(const Break& end);
  Told take() { return std::move(told_); }

 private:
  void add(trace::EventKind kind, std::string text);
  void receive(const node::Received& received);
  void send(const node::Send& send);
  void take_effects();
  void note_standing();
  void note_applied();

  Told told_;
  const Step* step_ = nullptr;
  uint64_t run_ = 0;
  int64_t wall_ahead_ = 0;  // of the monotonic clock, in ns
  std::string standing_;
  Zxid applied_;
  // Of connections that were seen from their beginning: what comes in, cut into packets.
  std::map<ConnectionId, quorum::PacketStream> streams_;
  std::map<ConnectionId, uint64_t> sent_;  // in this step
};

trace::Story merge(std::vector<Told> servers);

}  // namespace zoetrope::replay
