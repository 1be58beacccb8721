// A stream of quorum packets in pieces: each piece is a byte that says how many bytes follow (low
// six bits), then those. However it is split, the packets must be those of the stream in one piece,
// encode to the bytes that they were read from, and leave exactly the rest.
#include <algorithm>
#include <vector>

#include "core/quorum/packet.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace zoetrope;
using quorum::Packet;
using quorum::PacketCutter;

namespace {

constexpr size_t kBytesMax = 300;

struct Cut {
  std::string packets;
  bool is_bad = false;
  size_t unread = 0;
};

std::string encoded(const Packet& packet) {
  std::string bytes;
  jute::Writer out(bytes);
  quorum::write(out, packet);
  return bytes;
}

// Bodies must be refused or encode to what they were read from.
void check_bodies(const Packet& packet) {
  std::string bytes;
  jute::Writer out(bytes);
  if (const auto request = quorum::read_forwarded_request(packet.data)) {
    quorum::write(out, *request);
    fuzz::require(bytes == packet.data);
  }
  bytes.clear();
  if (const auto info = quorum::read_learner_info(packet.data)) {
    quorum::write(out, *info);
    fuzz::require(bytes.starts_with(packet.data->substr(0, 8)));
    fuzz::require(packet.data->size() < 20 || packet.data->starts_with(bytes));
  }
  fuzz::require(!quorum::to_string(packet.type).empty());
}

void feed(PacketCutter& cutter, std::string_view piece, Cut& cut) {
  const test::ExactCopy copy(piece);
  std::vector<Packet> views;
  cutter.feed(copy.view());
  Packet packet;
  PacketCutter::Status status;
  while ((status = cutter.next(packet)) == PacketCutter::Status::kPacket) views.push_back(packet);
  // Bad is final.
  fuzz::require(!cut.is_bad || views.empty());
  cut.is_bad = status == PacketCutter::Status::kBad;
  if (cut.is_bad) {
    fuzz::require(!cutter.error().what.empty());
    fuzz::require(cutter.error().offset < cutter.unread().size());
  }
  for (const Packet& view : views) {
    cut.packets += encoded(view);
    check_bodies(view);
  }
  cutter.keep();
  cut.unread = cutter.unread().size();
}

Cut cut_pieces(std::string_view input, std::string& stream) {
  Cut cut;
  PacketCutter cutter(kBytesMax);
  while (!input.empty()) {
    const size_t size = std::min<size_t>(input[0] & 63, input.size() - 1);
    stream.append(input.substr(1, size));
    feed(cutter, input.substr(1, size), cut);
    fuzz::require(cut.packets.size() + cut.unread == stream.size());
    input.remove_prefix(1 + size);
  }
  return cut;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string stream;
  const Cut pieces = cut_pieces(fuzz::view_of(data, size), stream);
  Cut whole;
  PacketCutter cutter(kBytesMax);
  feed(cutter, stream, whole);
  fuzz::require(pieces.packets == whole.packets);
  fuzz::require(stream.starts_with(whole.packets));
  fuzz::require(pieces.is_bad == whole.is_bad);
  fuzz::require(pieces.unread == whole.unread);
  return 0;
}
