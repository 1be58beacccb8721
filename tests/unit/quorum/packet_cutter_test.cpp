#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "core/quorum/packet.hpp"
#include "tests/unit/quorum/samples.hpp"

namespace zoetrope::quorum {
namespace {

using Status = PacketCutter::Status;

constexpr size_t kBytesMax = 4096;

std::string encoded(const Packet& packet) {
  std::string bytes;
  jute::Writer out(bytes);
  write(out, packet);
  return bytes;
}

// Feeds `piece` from memory of its own, which is gone afterwards, and takes every packet. Views are
// read only after the last next(), as far as they promise to live.
Status feed_and_take(PacketCutter& cutter, std::string_view piece,
                     std::vector<std::string>& packets) {
  const test::ExactCopy copy(piece);
  std::vector<Packet> views;
  cutter.feed(copy.view());
  Packet packet;
  Status status;
  while ((status = cutter.next(packet)) == Status::kPacket) views.push_back(packet);
  for (const Packet& view : views) packets.push_back(encoded(view));
  cutter.keep();
  return status;
}

std::vector<std::string> sample_packets() {
  std::vector<std::string> packets;
  for (const Sample& sample : samples(SampleKind::kPacket)) packets.push_back(sample.bytes);
  return packets;
}

std::string joined(const std::vector<std::string>& packets) {
  std::string stream;
  for (const std::string& packet : packets) stream += packet;
  return stream;
}

TEST(PacketCutter, CutsAStreamThatArrivesWhole) {
  PacketCutter cutter(kBytesMax);
  std::vector<std::string> packets;
  EXPECT_EQ(feed_and_take(cutter, joined(sample_packets()), packets), Status::kNeedMore);
  EXPECT_EQ(packets, sample_packets());
  EXPECT_EQ(cutter.unread(), "");
}

TEST(PacketCutter, CutsAStreamThatArrivesByteByByte) {
  PacketCutter cutter(kBytesMax);
  std::vector<std::string> packets;
  for (const char byte : joined(sample_packets())) {
    ASSERT_EQ(feed_and_take(cutter, {&byte, 1}, packets), Status::kNeedMore);
  }
  EXPECT_EQ(packets, sample_packets());
  EXPECT_EQ(cutter.unread(), "");
}

RC_GTEST_PROP(PacketCutter, CutsAStreamHoweverItIsSplit, ()) {
  const std::string stream = joined(sample_packets());
  PacketCutter cutter(kBytesMax);
  std::vector<std::string> packets;
  const size_t piece_max = *rc::gen::inRange<size_t>(1, 400);
  for (size_t at = 0; at < stream.size();) {
    const size_t size = *rc::gen::inRange<size_t>(1, piece_max + 1);
    RC_ASSERT(feed_and_take(cutter, std::string_view(stream).substr(at, size), packets) ==
              Status::kNeedMore);
    at += size;
    // The state of a node is copied freely, so a copy goes on where the first one stood.
    PacketCutter copy = cutter;
    std::swap(cutter, copy);
  }
  RC_ASSERT(packets == sample_packets());
}

TEST(PacketCutter, EveryBeginningOfAPacketNeedsMore) {
  for (const std::string& whole : sample_packets()) {
    for (size_t size = 0; size < whole.size(); ++size) {
      PacketCutter cutter(kBytesMax);
      std::vector<std::string> packets;
      ASSERT_EQ(feed_and_take(cutter, whole.substr(0, size), packets), Status::kNeedMore);
      ASSERT_TRUE(packets.empty());
      ASSERT_EQ(cutter.unread(), whole.substr(0, size));
    }
  }
}

TEST(PacketCutter, LeavesTheSnapshotBehindASnapPacketToItsReader) {
  const Sample snapshot = samples(SampleKind::kSnapshot).at(0);
  std::string stream;
  append_packet(stream, PacketType::kSnap, Zxid(8));
  stream += snapshot.bytes;
  append_packet(stream, PacketType::kNewLeader, Zxid(0x200000000));
  for (const size_t piece : {1u, 7u, 64u, 100000u}) {
    PacketCutter cutter(kBytesMax);
    std::string received;
    std::vector<PacketType> types;
    for (size_t at = 0; at < stream.size(); at += piece) {
      const test::ExactCopy copy(std::string_view(stream).substr(at, piece));
      cutter.feed(copy.view());
      Packet packet;
      if (types.empty() && cutter.next(packet) == Status::kPacket) types.push_back(packet.type);
      if (!types.empty()) {
        const size_t wanted = snapshot.bytes.size() - received.size();
        const std::string_view part = cutter.unread().substr(0, wanted);
        received += part;
        cutter.consume(part.size());
      }
      if (received.size() == snapshot.bytes.size() && cutter.next(packet) == Status::kPacket) {
        types.push_back(packet.type);
      }
      cutter.keep();
    }
    EXPECT_EQ(types, (std::vector{PacketType::kSnap, PacketType::kNewLeader}));
    EXPECT_EQ(received, snapshot.bytes);
    EXPECT_EQ(cutter.unread(), "");
  }
}

TEST(PacketCutter, NullAndEmptyFieldsDiffer) {
  PacketCutter cutter(kBytesMax);
  const std::string stream = test::unhex(
      "00000005 0000000000000000 ffffffff ffffffff"
      "00000005 0000000000000000 00000000 00000000"
      "00000005 0000000000000000 00000000 00000001 ffffffff 00000000");
  cutter.feed(stream);
  Packet packet;
  ASSERT_EQ(cutter.next(packet), Status::kPacket);
  EXPECT_EQ(packet.data, std::nullopt);
  EXPECT_EQ(packet.auth, std::nullopt);
  ASSERT_EQ(cutter.next(packet), Status::kPacket);
  EXPECT_EQ(packet.data, "");
  EXPECT_EQ(packet.auth, std::string(4, '\0'));
  ASSERT_EQ(cutter.next(packet), Status::kPacket);
  EXPECT_EQ(packet.auth->size(), 12u);
  EXPECT_EQ(cutter.next(packet), Status::kNeedMore);
}

struct BadField {
  const char* what;
  const char* bytes;
  uint64_t offset;
};

// A forged length is refused as soon as its own bytes are there, before anything is kept for it.
TEST(PacketCutter, NeverTrustsALength) {
  for (const BadField& bad : {
           BadField{"data: -2", "00000002 0000000000000000 fffffffe", 12},
           BadField{"data: -2147483648", "00000002 0000000000000000 80000000", 12},
           BadField{"data: 4097", "00000002 0000000000000000 00001001", 12},
           BadField{"data: 2147483647", "00000002 0000000000000000 7fffffff", 12},
           BadField{"identities: -2", "00000002 0000000000000000 ffffffff fffffffe", 16},
           BadField{"identities: 2147483647", "00000002 0000000000000000 ffffffff 7fffffff", 16},
           BadField{"identities: 513", "00000002 0000000000000000 ffffffff 00000201", 16},
           BadField{"scheme of an identity: 4097",
                    "00000002 0000000000000000 ffffffff 00000001 00001001", 20},
           BadField{"identity: -7",
                    "00000002 0000000000000000 ffffffff 00000001 00000001 61 fffffff9", 25},
       }) {
    SCOPED_TRACE(bad.bytes);
    PacketCutter cutter(kBytesMax);
    std::vector<std::string> packets;
    const std::string bytes = test::unhex(bad.bytes);
    EXPECT_EQ(feed_and_take(cutter, bytes.substr(0, bytes.size() - 1), packets), Status::kNeedMore);
    EXPECT_EQ(feed_and_take(cutter, bytes.substr(bytes.size() - 1), packets), Status::kBad);
    EXPECT_THAT(cutter.error().what, testing::EndsWith(bad.what));
    EXPECT_EQ(cutter.error().offset, bad.offset);
    EXPECT_EQ(feed_and_take(cutter, std::string(64, '\0'), packets), Status::kBad);
    EXPECT_TRUE(packets.empty());
  }
}

// Each identity may be short and all of them together still too much.
TEST(PacketCutter, BoundsTheIdentitiesTogether) {
  std::string stream = test::unhex("00000001 0000000000000000 ffffffff 00000064");
  for (int i = 0; i < 100; ++i) stream += test::unhex("00000000 00000030") + std::string(48, 'a');
  PacketCutter cutter(kBytesMax);
  std::vector<std::string> packets;
  EXPECT_EQ(feed_and_take(cutter, stream, packets), Status::kBad);
  PacketCutter roomy(8192);
  EXPECT_EQ(feed_and_take(roomy, stream, packets), Status::kNeedMore);
  EXPECT_EQ(packets, std::vector{stream});
}

TEST(PacketCutter, AcceptsTheLongestData) {
  std::string stream;
  const std::string data(kBytesMax, 'x');
  append_packet(stream, PacketType::kProposal, Zxid(1), data);
  PacketCutter cutter(kBytesMax);
  cutter.feed(stream);
  Packet packet;
  ASSERT_EQ(cutter.next(packet), Status::kPacket);
  EXPECT_EQ(packet.data, data);
}

}  // namespace
}  // namespace zoetrope::quorum
