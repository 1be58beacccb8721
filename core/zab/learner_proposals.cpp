// The leader's transactions at a learner: logged in order without a gap, committed in the order in
// which they were proposed, acknowledged one by one when they are durable.
#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"
#include "core/jute/txn.hpp"
#include "core/storage/transaction_log.hpp"
#include "core/zab/leader.hpp"
#include "core/zab/learner.hpp"

namespace zoetrope::zab {

namespace {

using quorum::Ensemble;
using quorum::Packet;
using quorum::PacketType;

std::string hex(Zxid zxid) {
  return "0x" + storage::zxid_hex(zxid);
}

// A whole transaction that says to be `zxid`; the configuration when it is a reconfiguration. Bytes
// that are none must not reach the log, which would not be read again.
std::expected<std::optional<Ensemble>, std::string> check(Zxid zxid, std::string_view payload) {
  const auto txn = jute::decode_txn(payload);
  if (!txn) return std::unexpected("that is no transaction: " + txn.error().what);
  if (txn->header.zxid != zxid) {
    return std::unexpected("with the transaction " + hex(txn->header.zxid));
  }
  if (txn->header.type != jute::OpCode::kReconfig) return std::nullopt;
  const auto* change = std::get_if<jute::SetDataTxn>(&txn->body);
  if (change == nullptr || !change->data) return std::unexpected("without a configuration");
  auto ensemble = Ensemble::parse(*change->data);
  if (!ensemble) return std::unexpected("with a bad configuration: " + ensemble.error());
  return std::move(*ensemble);
}

}  // namespace

// A snapshot of a leader that went on meanwhile stands for more than the leader knew when it
// decided what to send behind it: that is known here already, and comes all the same.
bool Learner::is_in_order(const char* name, Zxid zxid) {
  const bool is_known = zxid <= base_ && last_received_ == base_;
  const bool is_next = zxid.epoch() == last_received_.epoch()
                           ? zxid == last_received_.next()
                           : zxid > last_received_ && zxid.counter() == 1;
  const bool is_ascending = uncommitted_.empty() || zxid > uncommitted_.back();
  if (zxid.counter() != 0 && zxid.epoch() <= epoch_ && is_ascending && (is_known || is_next)) {
    return true;
  }
  fail("sent " + std::string(name) + " " + hex(zxid) + " behind " + hex(last_received_) +
       " in epoch " + std::to_string(epoch_));
  return false;
}

bool Learner::log(const char* name, Zxid zxid, std::string_view payload,
                  std::optional<Ensemble>& config) {
  if (!is_in_order(name, zxid)) return false;
  auto checked = check(zxid, payload);
  if (!checked) {
    fail("sent " + std::string(name) + " " + hex(zxid) + " " + checked.error());
    return false;
  }
  config = std::move(*checked);
  if (zxid <= base_) return true;
  last_received_ = zxid;
  host_.append(zxid, payload);
  return phase_ != Phase::kOver;
}

void Learner::take_proposal(const Packet& packet) {
  std::optional<Ensemble> config;
  const std::string_view payload = packet.data.value_or(std::string_view());
  if (!log("PROPOSAL", packet.zxid, payload, config)) return;
  if (config) {
    configuration_.propose(*config);
    proposed_configs_.push_back({packet.zxid, std::move(*config)});
  }
  uncommitted_.push_back(packet.zxid);
  if (is_observer_) return;
  unacked_.push_back(packet.zxid);
  acknowledge();
}

// A commit that is not of the oldest proposal would let two servers differ (KB-22).
bool Learner::take_oldest(const Packet& packet) {
  if (uncommitted_.empty() || uncommitted_.front() != packet.zxid) {
    fail("sent " + std::string(to_string(packet.type)) + " " + hex(packet.zxid) + ", and " +
         (uncommitted_.empty() ? "nothing is proposed"
                               : hex(uncommitted_.front()) + " is the oldest proposal"));
    return false;
  }
  uncommitted_.pop_front();
  return true;
}

void Learner::commit(Zxid zxid, std::optional<ServerId> designated) {
  if (zxid <= base_) return;
  if (relay_ != nullptr) relay_->relay_commit(zxid, designated);
  host_.commit(zxid);
}

void Learner::take_commit(const Packet& packet) {
  if (!take_oldest(packet)) return;
  if (!proposed_configs_.empty() && proposed_configs_.front().zxid == packet.zxid) {
    proposed_configs_.pop_front();
  }
  commit(packet.zxid);
}

void Learner::take_commit_and_activate(const Packet& packet) {
  jute::Reader in(packet.data.value_or(std::string_view()));
  const ServerId designated(in.i64());
  if (!in.ok()) return fail("sent a malformed COMMITANDACTIVATE: " + in.error().what);
  if (proposed_configs_.empty() || proposed_configs_.front().zxid != packet.zxid) {
    return fail("sent COMMITANDACTIVATE " + hex(packet.zxid) +
                ", which is not the oldest configuration proposed");
  }
  Ensemble ensemble = std::move(proposed_configs_.front().ensemble);
  proposed_configs_.pop_front();
  if (take_oldest(packet)) commit_activation(packet.zxid, ensemble, designated);
}

// Whether this server has to come again: in another role, or to another leader. Without a
// designated leader it stays only with one that is a voter at the same address in both.
bool Learner::is_role_over(const Ensemble& next, std::optional<ServerId> designated) const {
  const Ensemble& current = configuration_.ensembles().current;
  if (!config_.reconfig_enabled || next.version <= current.version) return false;
  if (next.is_observer(config_.self) != is_observer_) return true;
  if (designated) return *designated != leader_;
  if (next.same_members(current)) return false;
  const auto before = current.members.find(leader_);
  return before == current.members.end() || !next.is_participant(leader_) ||
         next.members.at(leader_).quorum != before->second.quorum;
}

// In every phase: from a synchronisation as from the broadcast (ZOOKEEPER-2172).
//
// Who stays answers a reconfiguration when its files are written; who leaves answers at once, as
// the connections of its clients end.
void Learner::commit_activation(Zxid zxid, const Ensemble& ensemble, ServerId designated) {
  const bool is_over = is_role_over(ensemble, designated);
  if (!is_over) configuration_.activate(ensemble);
  commit(zxid, designated);
  if (phase_ == Phase::kOver || !is_over) return;
  configuration_.activate(ensemble);
  leave(designated);
}

void Learner::leave(std::optional<ServerId> designated) {
  if (phase_ == Phase::kServing) successor_ = designated;
  fail("has put another configuration in force: this server comes to " +
       (successor_ ? "server " + std::to_string(successor_->value) : "a leader") + " again");
}

// Observers are told of a transaction when it is committed. Proposals that precede it, from the
// synchronisation, are committed by then.
void Learner::take_inform(const Packet& packet) {
  if (!uncommitted_.empty()) {
    return fail("sent INFORM " + hex(packet.zxid) + ", and " + hex(uncommitted_.front()) +
                " is not committed");
  }
  std::optional<Ensemble> config;
  const std::string_view payload = packet.data.value_or(std::string_view());
  if (!log("INFORM", packet.zxid, payload, config)) return;
  if (packet.zxid > base_) host_.commit(packet.zxid);
}

void Learner::take_inform_and_activate(const Packet& packet) {
  jute::Reader in(packet.data.value_or(std::string_view()));
  const ServerId designated(in.i64());
  if (!in.ok()) return fail("sent a malformed INFORMANDACTIVATE: " + in.error().what);
  if (!uncommitted_.empty()) {
    return fail("sent INFORMANDACTIVATE " + hex(packet.zxid) + ", and " +
                hex(uncommitted_.front()) + " is not committed");
  }
  std::optional<Ensemble> config;
  if (!log("INFORMANDACTIVATE", packet.zxid, in.rest(), config)) return;
  if (!config) return fail("sent INFORMANDACTIVATE " + hex(packet.zxid) + " without one");
  commit_activation(packet.zxid, *config, designated);
}

// Of a server that was restored, the log alone does not tell. Once the snapshot is persisted.
Zxid Learner::durable() const {
  return op_.type == PacketType::kSnap ? std::max(host_.durable(), base_) : host_.durable();
}

// One packet a transaction, in order: a leader of stock servers counts each. Not before
// ACK(NEWLEADER), which such a leader takes to be the first.
void Learner::acknowledge() {
  if (phase_ != Phase::kAdopted && phase_ != Phase::kServing) return;
  const Zxid last = durable();
  if (unacked_.empty() || unacked_.front() > last) return;
  std::string& out = host_.begin_send();
  for (; !unacked_.empty() && unacked_.front() <= last; unacked_.pop_front()) {
    quorum::append_packet(out, PacketType::kAck, unacked_.front());
  }
  host_.end_send(connection_);
}

}  // namespace zoetrope::zab
