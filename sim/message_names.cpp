#include "sim/message_names.hpp"

#include <utility>

#include "core/jute/opcode.hpp"
#include "core/wire/headers.hpp"
#include "sim/record.hpp"

namespace zoetrope::sim {
namespace {

constexpr size_t kNamesShown = 4;
constexpr int32_t kFrameBytesMax = 16 << 20;

std::string name_of(const quorum::Packet& packet) {
  std::string name(quorum::to_string(packet.type));
  // A zxid says nothing in packets of pings and requests.
  const bool has_zxid = packet.type != quorum::PacketType::kPing &&
                        packet.type != quorum::PacketType::kRequest &&
                        packet.type != quorum::PacketType::kRevalidate;
  return has_zxid ? name + " " + zxid_text(static_cast<uint64_t>(packet.zxid.value)) : name;
}

std::string name_of(const quorum::Notification& vote) {
  std::string name = "vote";
  if (vote.leader.value != quorum::kNoVote) {
    name += " for " + std::to_string(vote.leader.value) + " with " +
            zxid_text(static_cast<uint64_t>(vote.zxid.value));
  }
  return name + ", " + std::string(quorum::to_string(vote.state)) + ", round " +
         std::to_string(vote.election_epoch);
}

std::string request_name(jute::Reader& in) {
  using enum jute::OpCode;
  const jute::OpCode type = wire::read_request_header(in).type;
  std::string name(to_string(type));
  switch (type) {
    case kCreate:
    case kDelete:
    case kExists:
    case kGetData:
    case kSetData:
    case kGetAcl:
    case kSetAcl:
    case kGetChildren:
    case kGetChildren2:
    case kSync:
    case kCreate2: break;  // the path comes first
    default: return name;
  }
  const std::string_view path = in.string();
  return in.ok() ? name + " " + std::string(path) : name;
}

std::string name_of(const wire::ReplyHeader& reply) {
  if (reply.xid == wire::kEventXid) return "watch event";
  if (reply.xid == wire::kPingXid) return "ping";
  std::string name = "reply " + std::to_string(reply.xid.value);
  if (reply.error != ErrorCode::kOk) return name + " " + std::string(to_string(reply.error));
  return name + " " + zxid_text(static_cast<uint64_t>(reply.zxid.value));
}

}  // namespace

void MessageNames::add(std::string name) {
  if (++count_ > kNamesShown) return;
  names_ += (names_.empty() ? "" : ", ") + name;
}

std::string MessageNames::take(std::string_view bytes) {
  names_.clear();
  count_ = 0;
  switch (port_) {
    case node::Port::kQuorum:
    case node::Port::kObserverMaster:
      packets_.take(bytes, [this](const quorum::Packet& packet) { add(name_of(packet)); });
      break;
    case node::Port::kElection:
      notifications_.take(bytes, is_of_opener_,
                          [this](const quorum::Notification& vote) { add(name_of(vote)); });
      break;
    case node::Port::kClient: take_frames(bytes); break;
  }
  if (count_ == 0) return std::to_string(bytes.size()) + " bytes";
  if (count_ > kNamesShown) names_ += " and " + std::to_string(count_ - kNamesShown) + " more";
  return names_;
}

void MessageNames::take_frames(std::string_view bytes) {
  if (is_bad_) return;
  frames_.feed(bytes);
  std::string_view payload;
  auto status = frames_.next(payload, kFrameBytesMax);
  for (; status == wire::FrameCutter::Status::kFrame;
       status = frames_.next(payload, kFrameBytesMax)) {
    jute::Reader in(payload);
    if (!std::exchange(is_connected_, true)) {
      add("connect");
    } else if (is_of_opener_) {
      add(request_name(in));
    } else {
      add(name_of(wire::read_reply_header(in)));
    }
  }
  // A word in place of a handshake, or noise.
  is_bad_ = status == wire::FrameCutter::Status::kBadLength;
  if (!is_bad_) frames_.keep();
}

}  // namespace zoetrope::sim
