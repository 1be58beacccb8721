#include "core/quorum/packet.hpp"

namespace zoetrope::quorum {

namespace {

constexpr std::string_view kPacketNames[] = {
    "UNKNOWN",   "REQUEST",      "PROPOSAL",   "ACK",      "COMMIT",
    "PING",      "REVALIDATE",   "SYNC",       "INFORM",   "COMMITANDACTIVATE",
    "NEWLEADER", "FOLLOWERINFO", "UPTODATE",   "DIFF",     "TRUNC",
    "SNAP",      "OBSERVERINFO", "LEADERINFO", "ACKEPOCH", "INFORMANDACTIVATE",
};

constexpr int32_t kNullVector = -1;
// Learners from before the protocol had versions speak this one.
constexpr int32_t kProtocolWithoutVersion = 1;

}  // namespace

std::string_view to_string(PacketType type) {
  const auto number = static_cast<int32_t>(type);
  const auto names = static_cast<int32_t>(std::size(kPacketNames));
  return kPacketNames[number > 0 && number < names ? number : 0];
}

void write(jute::Writer& out, const Packet& packet) {
  out.i32(static_cast<int32_t>(packet.type));
  out.i64(packet.zxid.value);
  out.buffer(packet.data);
  if (packet.auth) {
    out.raw(*packet.auth);
  } else {
    out.i32(kNullVector);
  }
}

void append_packet(std::string& out, PacketType type, Zxid zxid, jute::BufferView data) {
  jute::Writer writer(out);
  write(writer, Packet{type, zxid, data, std::nullopt});
}

void write(jute::Writer& out, const LearnerInfo& info) {
  out.i64(info.server.value);
  out.i32(info.protocol_version);
  out.i64(info.config_version);
}

std::optional<LearnerInfo> read_learner_info(jute::BufferView data) {
  if (!data || data->size() < sizeof(int64_t)) return std::nullopt;
  jute::Reader in(*data);
  LearnerInfo info{ServerId(in.i64()), kProtocolWithoutVersion, 0};
  if (in.remaining() >= sizeof(int32_t)) info.protocol_version = in.i32();
  if (in.remaining() >= sizeof(int64_t)) info.config_version = in.i64();
  return info;
}

void write(jute::Writer& out, const ForwardedRequest& request) {
  out.i64(request.session.value);
  out.i32(request.cxid.value);
  out.i32(request.type);
  out.raw(request.body);
}

std::optional<ForwardedRequest> read_forwarded_request(jute::BufferView data) {
  if (!data) return std::nullopt;
  jute::Reader in(*data);
  ForwardedRequest request;
  request.session = SessionId(in.i64());
  request.cxid = Xid(in.i32());
  request.type = in.i32();
  if (!in.ok()) return std::nullopt;
  request.body = in.rest();
  return request;
}

}  // namespace zoetrope::quorum
