#include "core/quorum/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/any.hpp"
#include "tests/unit/quorum/samples.hpp"

namespace zoetrope::quorum {
namespace {

constexpr size_t kBytesMax = 1 << 20;

Packet only_packet(std::string_view bytes) {
  PacketCutter cutter(kBytesMax);
  cutter.feed(bytes);
  Packet packet;
  EXPECT_EQ(cutter.next(packet), PacketCutter::Status::kPacket) << cutter.error().what;
  EXPECT_EQ(cutter.unread().size(), 0u);
  return packet;
}

std::string encoded(const Packet& packet) {
  std::string bytes;
  jute::Writer out(bytes);
  write(out, packet);
  return bytes;
}

template <class Body>
std::string encoded_body(const Body& body) {
  std::string bytes;
  jute::Writer out(bytes);
  write(out, body);
  return bytes;
}

TEST(Packet, EverySampleDecodesAndEncodesToTheSameBytes) {
  size_t seen = 0;
  for (const Sample& sample : samples(SampleKind::kPacket)) {
    SCOPED_TRACE(sample.title);
    const Packet packet = only_packet(sample.bytes);
    EXPECT_EQ(encoded(packet), sample.bytes);
    EXPECT_TRUE(sample.title.contains(" " + std::string(to_string(packet.type)) + " zxid="));
    EXPECT_EQ(packet.auth.has_value(), !sample.title.ends_with("auth=None") &&
                                           sample.title.contains(" REQUEST ") &&
                                           !sample.bytes.ends_with(test::unhex("ffffffff")));
    ++seen;
  }
  EXPECT_EQ(seen, 28u);
}

TEST(Packet, BodiesOfSamplesDecodeAndEncodeToTheSameBytes) {
  size_t infos = 0;
  size_t requests = 0;
  for (const Sample& sample : samples(SampleKind::kPacket)) {
    SCOPED_TRACE(sample.title);
    const Packet packet = only_packet(sample.bytes);
    if (packet.type == PacketType::kFollowerInfo || packet.type == PacketType::kObserverInfo) {
      const auto info = read_learner_info(packet.data);
      ASSERT_TRUE(info.has_value());
      EXPECT_EQ(info->protocol_version, 0x10000);
      EXPECT_EQ(encoded_body(*info), *packet.data);
      ++infos;
    }
    if (packet.type == PacketType::kRequest) {
      const auto request = read_forwarded_request(packet.data);
      ASSERT_TRUE(request.has_value());
      EXPECT_EQ(encoded_body(*request), *packet.data);
      ++requests;
    }
  }
  EXPECT_EQ(infos, 2u);
  EXPECT_EQ(requests, 8u);
}

TEST(Packet, FieldsOfARequest) {
  const std::string bytes = test::unhex(
      "00000001 ffffffffffffffff 00000016 01000013a9470000 00000003 00000009 00000002 2f66"
      "00000001 00000002 6970 00000009 3132372e302e302e31");
  const Packet packet = only_packet(bytes);
  EXPECT_EQ(packet.type, PacketType::kRequest);
  EXPECT_EQ(packet.zxid, Zxid(-1));
  const auto request = read_forwarded_request(packet.data);
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->session, SessionId(0x01000013a9470000));
  EXPECT_EQ(request->cxid, Xid(3));
  EXPECT_EQ(request->type, 9);
  EXPECT_EQ(request->body, test::unhex("000000022f66"));
  ASSERT_TRUE(packet.auth.has_value());
  jute::Reader ids(*packet.auth);
  EXPECT_EQ(ids.count(8), 1);
  EXPECT_EQ(jute::read_id(ids), (jute::Id{"ip", "127.0.0.1"}));
}

TEST(Packet, AppendedPacketHasNullAuth) {
  std::string bytes;
  append_packet(bytes, PacketType::kAck, Zxid(0x100000000));
  EXPECT_EQ(test::hex(bytes), "000000030000000100000000ffffffffffffffff");
  bytes.clear();
  append_packet(bytes, PacketType::kPing, Zxid(0x100000000), "");
  EXPECT_EQ(test::hex(bytes), "00000005000000010000000000000000ffffffff");
}

TEST(Packet, NamesAreThoseOfUpstream) {
  EXPECT_EQ(to_string(PacketType::kRequest), "REQUEST");
  EXPECT_EQ(to_string(PacketType::kNewLeader), "NEWLEADER");
  EXPECT_EQ(to_string(PacketType::kCommitAndActivate), "COMMITANDACTIVATE");
  EXPECT_EQ(to_string(PacketType::kInformAndActivate), "INFORMANDACTIVATE");
  for (const int32_t number : {INT32_MIN, -1, 0, 20, INT32_MAX}) {
    EXPECT_EQ(to_string(static_cast<PacketType>(number)), "UNKNOWN");
  }
}

TEST(LearnerInfo, ShortForms) {
  EXPECT_FALSE(read_learner_info(std::nullopt).has_value());
  EXPECT_FALSE(read_learner_info(std::string(7, '\1')).has_value());
  const std::string whole = test::unhex("0000000000000005 00010000 0000000100000002");
  const auto info_of = [&](size_t size) { return *read_learner_info(whole.substr(0, size)); };
  for (const size_t size : {8u, 12u, 20u}) EXPECT_EQ(info_of(size).server, ServerId(5));
  EXPECT_EQ(info_of(8).protocol_version, 1);
  EXPECT_EQ(info_of(12).protocol_version, 0x10000);
  EXPECT_EQ(info_of(12).config_version, 0);
  EXPECT_EQ(info_of(20).config_version, 0x100000002);
  EXPECT_EQ(read_learner_info(whole + "more")->config_version, 0x100000002);
}

TEST(ForwardedRequest, TooShortIsNone) {
  EXPECT_FALSE(read_forwarded_request(std::nullopt).has_value());
  EXPECT_FALSE(read_forwarded_request(std::string(15, '\0')).has_value());
  const auto request =
      read_forwarded_request(std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16));
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->type, 1);
  EXPECT_EQ(request->body, "");
}

RC_GTEST_PROP(Packet, RoundTrip, ()) {
  test::Any any;
  std::string ids;
  jute::Writer out(ids);
  const auto count = static_cast<int32_t>(any.below(4));
  out.i32(count);
  for (int32_t i = 0; i < count; ++i) {
    out.buffer(any.buffer());
    out.buffer(any.buffer());
  }
  Packet packet{static_cast<PacketType>(any.i32()), Zxid(any.i64()), any.buffer(), std::nullopt};
  if (any.boolean()) packet.auth = any.own(std::move(ids));
  const std::string bytes = encoded(packet);
  const test::ExactCopy copy(bytes);
  const Packet read = only_packet(copy.view());
  RC_ASSERT(read.type == packet.type);
  RC_ASSERT(read.zxid == packet.zxid);
  RC_ASSERT(read.data == packet.data);
  RC_ASSERT(read.auth == packet.auth);
}

RC_GTEST_PROP(Packet, BodiesRoundTrip, ()) {
  test::Any any;
  const LearnerInfo info{ServerId(any.i64()), any.i32(), any.i64()};
  const auto info_read = read_learner_info(encoded_body(info));
  RC_ASSERT(info_read.has_value());
  RC_ASSERT(encoded_body(*info_read) == encoded_body(info));
  RC_ASSERT(info_read->server == info.server);
  const ForwardedRequest request{SessionId(any.i64()), Xid(any.i32()), any.i32(), any.text()};
  const std::string bytes = encoded_body(request);
  const auto request_read = read_forwarded_request(bytes);
  RC_ASSERT(request_read.has_value());
  RC_ASSERT(request_read->body == request.body);
  RC_ASSERT(encoded_body(*request_read) == bytes);
}

}  // namespace
}  // namespace zoetrope::quorum
