// Packets of the quorum port, between a learner and its leader (facts/quorum-protocol.md section 6;
// upstream QuorumPacket, LearnerInfo). Codec only: what a packet means is the business of zab.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/ids.hpp"
#include "core/jute/archive.hpp"
#include "core/jute/records.hpp"

namespace zoetrope {
class StateArchive;
}

namespace zoetrope::quorum {

enum class PacketType : int32_t {
  kRequest = 1,
  kProposal = 2,
  kAck = 3,
  kCommit = 4,
  kPing = 5,
  kRevalidate = 6,
  kSync = 7,
  kInform = 8,
  kCommitAndActivate = 9,
  kNewLeader = 10,
  kFollowerInfo = 11,
  kUpToDate = 12,
  kDiff = 13,
  kTrunc = 14,
  kSnap = 15,
  kObserverInfo = 16,
  kLeaderInfo = 17,
  kAckEpoch = 18,
  kInformAndActivate = 19,
};
// Upstream's spelling, such as "NEWLEADER"; "UNKNOWN" for a number that is none.
std::string_view to_string(PacketType type);

// One packet. Views live as long as the bytes that it was read from.
struct Packet {
  PacketType type = PacketType::kPing;
  Zxid zxid;
  jute::BufferView data;
  // Identities of the client behind a REQUEST, encoded as a vector of ids; nullopt for a null one.
  std::optional<std::string_view> auth;
};

void write(jute::Writer& out, const Packet& packet);
// Appends a whole packet to `out`.
void append_packet(std::string& out, PacketType type, Zxid zxid,
                   jute::BufferView data = std::nullopt);

// Cuts a stream into packets, which have no length prefix. Keeps the incomplete end only.
class PacketCutter {
 public:
  // `bytes_max`: longest data or auth field accepted (jute.maxbuffer with upstream's extra room).
  explicit PacketCutter(size_t bytes_max) : bytes_max_(bytes_max) {}

  enum class Status : uint8_t { kPacket, kNeedMore, kBad };
  // The bytes, and the packets made of them, live until keep(). Between feed() and keep() next() is
  // called until it needs more; each feed() has its keep().
  void feed(std::string_view bytes);
  // kBad is final. `packet` is written only when there is one.
  Status next(Packet& packet);
  // What next() has not consumed, as it stands; for the raw snapshot stream behind a SNAP.
  std::string_view unread() const;
  // Takes bytes of unread() off the stream; they live until keep(), too.
  void consume(size_t bytes);
  void keep();
  // Between a keep() and the next feed().
  void carry_state(StateArchive& archive);
  // Why next() said kBad; the offset counts from the start of the packet.
  const DecodeError& error() const { return error_; }

 private:
  size_t bytes_max_;
  // Unread bytes are either in kept_, behind kept_used_, or in fed_: never in both.
  std::string kept_;
  size_t kept_used_ = 0;
  std::string_view fed_;
  DecodeError error_;
};

// Body of FOLLOWERINFO and OBSERVERINFO.
struct LearnerInfo {
  ServerId server;
  int32_t protocol_version = 0x10000;
  int64_t config_version = 0;
};
void write(jute::Writer& out, const LearnerInfo& info);
// As upstream: 8 bytes are the server id alone (protocol version 1), from 12 the protocol version
// is there, from 20 the version of the configuration. nullopt for null and for less than 8.
std::optional<LearnerInfo> read_learner_info(jute::BufferView data);

// Body of a REQUEST: what a client asked for, as a learner forwards it.
struct ForwardedRequest {
  SessionId session;
  Xid cxid;
  int32_t type = 0;       // operation code of the client protocol
  std::string_view body;  // of the client's request
};
void write(jute::Writer& out, const ForwardedRequest& request);
std::optional<ForwardedRequest> read_forwarded_request(jute::BufferView data);

}  // namespace zoetrope::quorum
