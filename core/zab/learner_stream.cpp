// What comes from the leader: bytes cut into packets, and each packet handed to what it concerns,
// or refused when its time has not come. And what goes to the leader for this server's clients.
#include "core/base/assert.hpp"
#include "core/jute/opcode.hpp"
#include "core/storage/transaction_log.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/learner.hpp"

namespace zoetrope::zab {

namespace {

using quorum::Packet;
using quorum::PacketCutter;
using quorum::PacketType;

// Kept while the log is cut, or while a restore asks for more. A leader that sends more than this
// meanwhile is left; what was cut by then makes the next attempt short.
constexpr size_t kUnreadBytesMax = 64 << 20;
// Zxid of packets that are about no transaction.
constexpr Zxid kNoZxid{-1};

}  // namespace

void Learner::received(std::string_view bytes, MonotonicTime now) {
  if (connection_ == ConnectionId()) return;
  heard_ = now;
  cutter_.feed(bytes);
  read(now);
}

void Learner::read(MonotonicTime now) {
  for (bool has_more = true; has_more;) {
    if (phase_ == Phase::kReloading || phase_ == Phase::kOver) break;
    has_more = phase_ == Phase::kRestoring ? read_snapshot() : read_packet(now);
  }
  cutter_.keep();
  if (cutter_.unread().size() <= kUnreadBytesMax) return;
  fail("sent more than " + std::to_string(kUnreadBytesMax) +
       " bytes that could not be taken in yet");
}

bool Learner::read_packet(MonotonicTime now) {
  Packet packet;
  switch (cutter_.next(packet)) {
    case PacketCutter::Status::kNeedMore: return false;
    case PacketCutter::Status::kBad:
      fail("sent a malformed packet: " + cutter_.error().what + ", at offset " +
           std::to_string(cutter_.error().offset));
      return false;
    case PacketCutter::Status::kPacket: take(packet, now); return true;
  }
  return false;
}

// True when the stream is at its end and packets follow.
bool Learner::read_snapshot() {
  const std::string_view bytes = cutter_.unread();
  if (bytes.empty()) return false;
  const Host::Restore restored = host_.restore(bytes);
  if (phase_ == Phase::kOver) return false;
  ZT_ASSERT(restored.consumed <= bytes.size());
  cutter_.consume(restored.consumed);
  if (restored.error) {
    fail("sent a snapshot that is none: " + *restored.error);
    return false;
  }
  if (!restored.done) return false;
  // Before anything is logged behind it: a snapshot that is in memory alone is no base (KB-03).
  is_snapshot_unsafe_ = true;
  host_.persist_snapshot();
  start_from(op_.zxid);
  return true;
}

void Learner::take(const Packet& packet, MonotonicTime now) {
  if (phase_ == Phase::kDiscovery) return take_leader_info(packet);
  if (packet.type == PacketType::kPing) return answer_ping(packet);
  if (phase_ == Phase::kPromising) return misplaced(packet);
  if (phase_ == Phase::kAwaitingOp) return take_sync_op(packet);
  take_in_stream(packet, now);
}

void Learner::take_in_stream(const Packet& packet, MonotonicTime now) {
  const bool is_serving = phase_ == Phase::kServing;
  switch (packet.type) {
    case PacketType::kProposal: return take_proposal(packet);
    case PacketType::kCommit: return take_commit(packet);
    case PacketType::kCommitAndActivate: return take_commit_and_activate(packet);
    case PacketType::kInform:
      if (is_observer_) return take_inform(packet);
      break;
    case PacketType::kInformAndActivate:
      if (is_observer_) return take_inform_and_activate(packet);
      break;
    case PacketType::kNewLeader:
      if (phase_ == Phase::kSynchronising) return take_new_leader(packet, now);
      break;
    case PacketType::kUpToDate:
      if (phase_ == Phase::kAdopted) return take_up_to_date();
      break;
    case PacketType::kRevalidate:
      if (is_serving) return take_revalidation(packet);
      break;
    case PacketType::kSync:
      if (is_serving) return take_sync();
      break;
    default: break;
  }
  misplaced(packet);
}

void Learner::misplaced(const Packet& packet) {
  const auto name = [&] {
    switch (phase_) {
      case Phase::kDiscovery: return "where LEADERINFO was due";
      case Phase::kPromising: return "before ACKEPOCH";
      case Phase::kAwaitingOp: return "where DIFF, TRUNC or SNAP was due";
      case Phase::kSynchronising: return "before NEWLEADER";
      case Phase::kAdopting: return "before NEWLEADER was acknowledged";
      case Phase::kAdopted: return "before UPTODATE";
      default: return "after UPTODATE";
    }
  };
  fail("sent " + std::string(to_string(packet.type)) + " (type " +
       std::to_string(static_cast<int32_t>(packet.type)) + ", zxid 0x" +
       storage::zxid_hex(packet.zxid) + ") " + name());
}

// A leader of stock servers takes the first packet behind ACKEPOCH for ACK(NEWLEADER), and pings a
// learner that joins late before that.
void Learner::answer_ping(const Packet& packet) {
  if (phase_ != Phase::kAdopted && phase_ != Phase::kServing) return;
  scratch_.clear();
  host_.take_touched(scratch_);
  send(PacketType::kPing, packet.zxid, scratch_);
}

void Learner::take_revalidation(const Packet& packet) {
  jute::Reader in(packet.data.value_or(std::string_view()));
  const SessionId session(in.i64());
  const bool is_valid = in.boolean();
  if (!in.ok()) return fail("sent a malformed REVALIDATE: " + in.error().what);
  if (revalidations_.empty()) return fail("sent REVALIDATE, and nobody had asked");
  const ConnectionId by = revalidations_.front();
  revalidations_.pop_front();
  if (relay_ != nullptr) relay_->relayed_revalidation(by, session, is_valid);
  if (by == ConnectionId()) host_.revalidated(session, is_valid);
}

void Learner::take_sync() {
  if (syncs_.empty()) return fail("sent SYNC, and nobody had asked");
  const ConnectionId by = syncs_.front();
  syncs_.pop_front();
  if (by == ConnectionId()) return host_.synced();
  if (relay_ != nullptr) relay_->relayed_sync(by);
}

void Learner::forward(const quorum::ForwardedRequest& request,
                      std::optional<std::string_view> auth) {
  if (phase_ != Phase::kServing) return;
  scratch_.clear();
  jute::Writer body(scratch_);
  quorum::write(body, request);
  jute::Writer out(host_.begin_send());
  quorum::write(out, Packet{PacketType::kRequest, kNoZxid, scratch_, auth});
  host_.end_send(connection_);
}

void Learner::revalidate(SessionId session, int32_t timeout_ms, ConnectionId observer) {
  if (phase_ != Phase::kServing) return;
  revalidations_.push_back(observer);
  scratch_.clear();
  jute::Writer body(scratch_);
  body.i64(session.value);
  body.i32(timeout_ms);
  send(PacketType::kRevalidate, kNoZxid, scratch_);
}

// A leader does not look at the path of a sync: it is empty here.
void Learner::sync(SessionId session, Xid cxid, ConnectionId observer) {
  if (phase_ != Phase::kServing) return;
  syncs_.push_back(observer);
  std::string path;
  jute::Writer(path).string("");
  forward({session, cxid, static_cast<int32_t>(jute::OpCode::kSync), path}, std::nullopt);
}

}  // namespace zoetrope::zab
