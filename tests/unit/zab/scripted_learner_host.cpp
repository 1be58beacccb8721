#include "tests/unit/zab/scripted_learner_host.hpp"

#include <gtest/gtest.h>

#include <charconv>

#include "core/jute/txn.hpp"
#include "core/storage/transaction_log.hpp"

namespace zoetrope::zab {

using quorum::Packet;
using quorum::PacketCutter;
using quorum::PacketType;

std::string hex_of(Zxid zxid) {
  return "0x" + storage::zxid_hex(zxid);
}

// --- the host ----------------------------------------------------------------------------------

uint64_t ScriptedLearnerHost::complete_disk_op() {
  const storage::DiskOp op = disk_ops.front();
  disk_ops.pop_front();
  if (const auto* write = std::get_if<storage::WriteFile>(&op.action)) {
    files[write->file.name] = write->bytes;
  } else if (const auto* rename = std::get_if<storage::RenameFile>(&op.action)) {
    files[rename->to] = files.at(rename->from.name);
    files.erase(rename->from.name);
  }
  return op.id;
}

void ScriptedLearnerHost::complete_reload() {
  EXPECT_TRUE(wants_reload);
  wants_reload = false;
  while (cut_ && !log.empty() && log.back().zxid > *cut_) log.pop_back();
  if (cut_ && snapshot > *cut_) snapshot = Zxid();
  durable_log = last_logged();
}

void ScriptedLearnerHost::complete_persist() {
  EXPECT_TRUE(wants_persist);
  wants_persist = false;
  durable_log = std::max(durable_log, snapshot);
}

int64_t ScriptedLearnerHost::file(const std::string& name) const {
  const auto found = files.find(name);
  if (found == files.end()) return -1;
  int64_t value = -1;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  return value;
}

void ScriptedLearnerHost::connect(DialToken token, const quorum::HostPort& to) {
  dials.emplace_back(token, to);
}

std::string& ScriptedLearnerHost::begin_send() {
  EXPECT_FALSE(is_sending_);
  is_sending_ = true;
  out_.clear();
  return out_;
}

void ScriptedLearnerHost::end_send(ConnectionId connection) {
  EXPECT_TRUE(is_sending_);
  EXPECT_EQ(connection, LearnerBench::kConnection);
  EXPECT_TRUE(closed.empty()) << "sent behind the end";
  is_sending_ = false;
  PacketCutter cutter(1 << 20);
  cutter.feed(out_);
  Packet packet;
  while (cutter.next(packet) == PacketCutter::Status::kPacket) {
    SentPacket one{packet.type, packet.zxid, std::nullopt, std::nullopt};
    if (packet.data) one.data = std::string(*packet.data);
    if (packet.auth) one.auth = std::string(*packet.auth);
    check(one);
    sent.push_back(std::move(one));
  }
  EXPECT_TRUE(cutter.unread().empty()) << "sent bytes that are no packet";
  cutter.keep();
}

// What each word to the leader stands for must be on the disk.
void ScriptedLearnerHost::check(const SentPacket& packet) {
  if (packet.type == PacketType::kAckEpoch) {
    if (file("acceptedEpoch") < leader_epoch) violations.push_back("ACKEPOCH before acceptedEpoch");
    if (std::max(file("currentEpoch.tmp"), file("currentEpoch")) < leader_epoch) {
      violations.push_back("ACKEPOCH before word of currentEpoch");
    }
    if (packet.zxid != last_logged()) violations.push_back("ACKEPOCH names another zxid");
  }
  if (packet.type == PacketType::kPing && !has_acked_leader_) {
    violations.push_back("PING before ACK(NEWLEADER)");
  }
  if (packet.type != PacketType::kAck) return;
  if (packet.zxid.counter() != 0) {
    if (!has_acked_leader_) violations.push_back("ACK before ACK(NEWLEADER)");
    if (packet.zxid > durable_log) violations.push_back("ACK of what is not durable");
    return;
  }
  if (has_acked_leader_) return;
  has_acked_leader_ = true;
  if (file("currentEpoch") < leader_epoch)
    violations.push_back("ACK(NEWLEADER) before currentEpoch");
  if (wants_persist) violations.push_back("ACK(NEWLEADER) before the snapshot");
  if (durable_log < needed_by_leader) violations.push_back("ACK(NEWLEADER) before the log");
}

void ScriptedLearnerHost::disk(std::vector<storage::DiskOp> ops) {
  for (storage::DiskOp& op : ops) disk_ops.push_back(std::move(op));
}

void ScriptedLearnerHost::append(Zxid zxid, std::string_view payload) {
  if (zxid <= last_logged()) violations.push_back("append out of order");
  if (zxid.epoch() > file("currentEpoch") && file("currentEpoch.tmp") < zxid.epoch()) {
    violations.push_back("append of an epoch that was not announced");
  }
  log.push_back({zxid, std::string(payload)});
  calls.push_back("append " + hex_of(zxid));
}

void ScriptedLearnerHost::commit(Zxid zxid) {
  if (zxid <= committed_) violations.push_back("commit out of order");
  if (zxid > last_logged()) violations.push_back("commit of what is not logged");
  committed_ = zxid;
  calls.push_back("commit " + hex_of(zxid));
}

void ScriptedLearnerHost::reload(std::optional<Zxid> last) {
  EXPECT_FALSE(wants_reload);
  wants_reload = true;
  cut_ = last;
  calls.push_back("reload " + (last ? hex_of(*last) : "all"));
}

void ScriptedLearnerHost::begin_restore(Zxid zxid) {
  if (last_logged() > zxid) violations.push_back("restore under a longer log");
  restoring_ = zxid;
  calls.push_back("restore " + hex_of(zxid));
}

Host::Restore ScriptedLearnerHost::restore(std::string_view bytes) {
  EXPECT_TRUE(restoring_.has_value());
  EXPECT_FALSE(bytes.empty());
  Restore result;
  while (bytes.size() - result.consumed >= kSnapshotWord.size()) {
    const std::string_view word = bytes.substr(result.consumed, kSnapshotWord.size());
    if (word != kSnapshotWord && word != kSnapshotEnd) {
      result.error = "no tree";
      return result;
    }
    result.consumed += word.size();
    if (word != kSnapshotEnd) continue;
    result.done = true;
    log.clear();
    snapshot = *restoring_;
    restoring_.reset();
    return result;
  }
  return result;
}

void ScriptedLearnerHost::persist_snapshot() {
  EXPECT_FALSE(wants_persist);
  wants_persist = true;
  calls.push_back("persist");
}

void ScriptedLearnerHost::take_touched(std::string& out) {
  out += touched;
  touched.clear();
}

void ScriptedLearnerHost::revalidated(SessionId session, bool valid) {
  calls.push_back("revalidated " + std::to_string(session.value) + (valid ? " valid" : " gone"));
}

// --- the bench ---------------------------------------------------------------------------------

namespace {

quorum::Ensemble ensemble_of(int64_t version) {
  const auto ensemble = quorum::Ensemble::parse(ensemble_text(version));
  EXPECT_TRUE(ensemble) << ensemble.error();
  return *ensemble;
}

}  // namespace

LearnerBench::LearnerBench(const Setup& setup) : epochs(setup.epochs, 1) {
  config.self = ServerId(setup.self);
  config.reconfig_enabled = true;
  ensembles.current = ensemble_of(0);
  host.snapshot = setup.last_logged;
  host.durable_log = setup.last_logged;
  host.files = {{"acceptedEpoch", std::to_string(setup.epochs.accepted)},
                {"currentEpoch", std::to_string(setup.epochs.current)}};
  host.leader_epoch = setup.epochs.accepted + 1;
  learner.emplace(config, configuration, ServerId(setup.leader), epochs, next_token, host);
}

void LearnerBench::begin() {
  learner->begin(now);
  ASSERT_EQ(host.dials.size(), 1);
  learner->connected(host.dials.back().first, kConnection, now);
}

void LearnerBench::promise() {
  begin();
  feed(leader_info(epoch()));
  complete_disk();
}

void LearnerBench::adopt() {
  promise();
  feed(PacketType::kDiff, host.last_logged());
  feed(PacketType::kNewLeader, Zxid(epoch() << 32), ensemble_text(7));
  complete_disk();
}

void LearnerBench::serve() {
  adopt();
  feed(PacketType::kUpToDate, Zxid(-1));
}

void LearnerBench::feed(std::string_view bytes) {
  learner->received(bytes, now);
}

void LearnerBench::feed(PacketType type, Zxid zxid, jute::BufferView data) {
  feed(packet(type, zxid, data));
}

void LearnerBench::propose(Zxid zxid) {
  feed(PacketType::kProposal, zxid, session_txn(zxid));
}

void LearnerBench::complete_disk_op() {
  const uint64_t op = host.complete_disk_op();
  EXPECT_TRUE(epochs.completed(op));
  learner->epochs_written(now);
}

void LearnerBench::complete_disk() {
  while (!host.disk_ops.empty()) complete_disk_op();
}

void LearnerBench::make_durable(Zxid zxid) {
  host.durable_log = zxid;
  learner->log_durable(now);
}

void LearnerBench::reloaded() {
  host.complete_reload();
  learner->reloaded(now);
}

void LearnerBench::persisted() {
  host.complete_persist();
  learner->snapshot_persisted(now);
}

void LearnerBench::pass(int64_t ms) {
  now = now + Duration::from_ms(ms);
  learner->tick(now);
}

std::vector<Zxid> LearnerBench::acks() const {
  std::vector<Zxid> zxids;
  for (const SentPacket& packet : host.sent) {
    if (packet.type == PacketType::kAck) zxids.push_back(packet.zxid);
  }
  return zxids;
}

// --- bytes -------------------------------------------------------------------------------------

std::string packet(PacketType type, Zxid zxid, jute::BufferView data) {
  std::string bytes;
  quorum::append_packet(bytes, type, zxid, data);
  return bytes;
}

std::string leader_info(int64_t epoch, int32_t version) {
  std::string data;
  jute::Writer(data).i32(version);
  return packet(PacketType::kLeaderInfo, Zxid(epoch << 32), data);
}

std::string session_txn(Zxid zxid) {
  std::string bytes;
  jute::Writer out(bytes);
  jute::write(out, jute::TxnHeader{SessionId(0x11), 0, zxid, 5, jute::OpCode::kCreateSession});
  jute::write(out, jute::CreateSessionTxn{6000});
  return bytes;
}

std::string reconfig_txn(Zxid zxid, std::string_view config) {
  std::string bytes;
  jute::Writer out(bytes);
  jute::write(out, jute::TxnHeader{SessionId(0x11), 4, zxid, 5, jute::OpCode::kReconfig});
  jute::write(out, jute::SetDataTxn{"/zookeeper/config", config, -1});
  return bytes;
}

std::string with_designated(int64_t leader, std::string_view payload) {
  std::string bytes;
  jute::Writer out(bytes);
  out.i64(leader);
  out.raw(payload);
  return bytes;
}

std::string ensemble_text(int64_t version) {
  std::string text =
      "server.1=10.0.0.1:2881:3881:participant\n"
      "server.2=10.0.0.2:2881:3881:participant\n"
      "server.3=10.0.0.3:2881:3881:participant\n"
      "server.4=10.0.0.4:2881:3881:observer\nversion=";
  return text + storage::zxid_hex(Zxid(version));
}

}  // namespace zoetrope::zab
