// A follower that serves observers (observerMasterPort; upstream ObserverMaster): the leader's side
// of the learner protocol without any say of its own. Observers are synchronised from this
// follower's state, told of what it commits, and what they ask for goes on to its leader; the
// answers come back in the order of the questions.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/jute/opcode.hpp"
#include "core/jute/txn.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/learner.hpp"

namespace zoetrope::zab {

using quorum::Packet;
using quorum::PacketType;

void Leader::begin_relay(Learner& upstream, MonotonicTime now) {
  relay_.emplace(Relay{&upstream, {}});
  epoch_ = upstream.epoch();
  epoch_start_ = Zxid::make(static_cast<uint32_t>(epoch_), 0);
  own_current_epoch_ = epoch_;
  own_last_ = host_.last_logged();
  phase_ = Phase::kServing;
  proposed_ = committed_ = std::max(epoch_start_, host_.last_applied());
  next_half_tick_ = now + half_tick();
  host_.listen_for_observers(true);
  host_.note(false, "serves observers");
}

// Called before the host applies it.
void Leader::relay_commit(Zxid zxid, std::optional<ServerId> designated) {
  if (over_ || zxid <= committed_) return;
  const Zxid from = std::exchange(committed_, zxid);
  proposed_ = zxid;
  host_.visit_unapplied(from, [&](Zxid at, std::string_view payload) {
    if (at > zxid) return;
    forget_closed_owner(payload);
    // A packet has one zxid, so that only the last can be the one that is put in force.
    const bool is_activated = designated && at == zxid;
    std::string data;
    if (is_activated) jute::Writer(data).i64(designated->value);
    data += payload;
    const PacketType type = is_activated ? PacketType::kInformAndActivate : PacketType::kInform;
    for (auto& [connection, link] : links_) {
      if (!link.gone && link.is_forwarding) send(link, type, at, data);
    }
  });
}

// --- who may act for a session -----------------------------------------------------------------

// The leader knows this server as the owner of all these sessions. So it is here that what a client
// left on the way at its earlier server is kept from being carried out behind what it asks for now.
bool Leader::is_relayed_owner(const LearnerLink& link, SessionId session) const {
  const auto owner = relay_->owners.find(session);
  return owner == relay_->owners.end() || owner->second == link.connection;
}

bool Leader::relays(SessionId session) const {
  const auto owner = relay_->owners.find(session);
  return owner != relay_->owners.end() && owner->second != ConnectionId();
}

void Leader::forget_closed_owner(std::string_view payload) {
  jute::Reader in(payload);
  const jute::TxnHeader header = jute::read_txn_header(in);
  if (in.ok() && header.type == jute::OpCode::kCloseSession) {
    relay_->owners.erase(header.client_id);
  }
}

// --- questions of observers, and the answers ---------------------------------------------------

void Leader::relay_request(LearnerLink& link, const quorum::ForwardedRequest& request,
                           std::optional<std::string_view> auth) {
  const auto type = static_cast<jute::OpCode>(request.type);
  if (type == jute::OpCode::kSync) {
    return relay_->upstream->sync(request.session, request.cxid, link.connection);
  }
  if (type == jute::OpCode::kCreateSession) relay_->owners[request.session] = link.connection;
  if (is_relayed_owner(link, request.session)) relay_->upstream->forward(request, auth);
}

void Leader::relayed_sync(ConnectionId observer) {
  if (LearnerLink* link = find(observer)) send(*link, PacketType::kSync, Zxid());
}

void Leader::relayed_revalidation(ConnectionId observer, SessionId session, bool is_valid) {
  // This server's own clients are kThisServer's.
  if (is_valid) relay_->owners[session] = observer;
  LearnerLink* link = find(observer);
  if (link == nullptr) return;
  std::string answer;
  jute::Writer out(answer);
  out.i64(session.value);
  out.boolean(is_valid);
  send(*link, PacketType::kRevalidate, Zxid(-1), answer);
}

}  // namespace zoetrope::zab
