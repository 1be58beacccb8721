#include "explore/role_host.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/base/assert.hpp"
#include "core/jute/archive.hpp"
#include "core/quorum/packet.hpp"

namespace zoetrope::explore {

using quorum::Packet;
using quorum::PacketCutter;
using quorum::PacketType;

namespace {

constexpr size_t kPacketBytesMax = 1 << 20;
constexpr int32_t kNoNewPromise = -1;

void write_records(const std::vector<Record>& records, Zxid last, std::string& out) {
  jute::Writer writer(out);
  writer.i32(static_cast<int32_t>(
      std::ranges::count_if(records, [&](const Record& record) { return record.zxid <= last; })));
  for (const Record& record : records) {
    if (record.zxid > last) break;
    writer.i64(record.zxid.value);
    writer.string(record.payload);
  }
}

void add_records(RunningHash& hash, const std::vector<Record>& records) {
  hash.add(records.size());
  for (const Record& record : records) {
    hash.add(static_cast<uint64_t>(record.zxid.value));
    hash.add(record.payload);
  }
}

}  // namespace

// --- the value ---------------------------------------------------------------------------------

int64_t RoleData::file(const std::string& name) const {
  const auto found = files.find(name);
  int64_t value = -1;
  if (found != files.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
  }
  return value;
}

void RoleData::apply_up_to(Zxid zxid) {
  for (const Record& record : log) {
    if (record.zxid <= applied || record.zxid > zxid) continue;
    window.add(record.zxid, record.payload);
    applied = record.zxid;
  }
}

void RoleData::recover() {
  durable = log.size();
  window.clear();
  applied = Zxid();
  apply_up_to(last_logged());
}

void RoleData::add_to(RunningHash& hash) const {
  add_records(hash, log);
  hash.add(durable);
  hash.add(uint64_t{log_before_snapshot.has_value()});
  if (log_before_snapshot) add_records(hash, *log_before_snapshot);
  hash.add(uint64_t{is_persisting} | uint64_t{is_listening} << 1 | uint64_t{is_retiring} << 2 |
           uint64_t{is_reloading} << 3 | uint64_t{stream.has_value()} << 4);
  hash.add(static_cast<uint64_t>(applied.value));
  window.add_to(hash);
  for (const auto& [name, text] : files) {
    hash.add(name);
    hash.add(text);
  }
  hash.add(ops.size());
  for (const storage::DiskOp& op : ops) hash.add(op.id);
  for (const auto& [connection, peer] : peers) {
    hash.add(connection.value);
    hash.add(static_cast<uint64_t>(peer));
  }
  hash.add(dial ? dial->second.value : 0);
  hash.add(dials);
  hash.add(static_cast<uint64_t>(cut.value_or(Zxid(-1)).value));
  hash.add(static_cast<uint64_t>(restoring.value_or(Zxid(-1)).value));
  for (const int64_t ghost : {promised, promised_term, term}) {
    hash.add(static_cast<uint64_t>(ghost));
  }
}

// --- connections -------------------------------------------------------------------------------

std::string wire_message(WireKind kind, ConnectionId connection, std::string_view bytes) {
  std::string message(1, static_cast<char>(kind));
  jute::Writer(message).i64(static_cast<int64_t>(connection.value));
  return message.append(bytes);
}

WireMessage read_wire_message(std::string_view message) {
  jute::Reader reader(message.substr(1));
  const ConnectionId connection(static_cast<uint64_t>(reader.i64()));
  return {static_cast<WireKind>(message[0]), connection, reader.rest()};
}

void RoleHost::say(int to, WireKind kind, ConnectionId connection, std::string_view bytes) {
  step_->sends.push_back({to, lane_of(connection), wire_message(kind, connection, bytes)});
}

// Both ends know a connection by the number that its learner gave it.
void RoleHost::connect(zab::DialToken token, const quorum::HostPort& to) {
  const ConnectionId connection =
      ConnectionId::make(static_cast<uint32_t>(self_) + 1, static_cast<uint32_t>(++data_->dials));
  const int peer = to.port - 1;  // no server has a host of its own here
  data_->dial = {token, connection};
  data_->peers[connection] = peer;
  say(peer, WireKind::kConnect, connection);
}

void RoleHost::abandon(zab::DialToken token) {
  if (!data_->dial || data_->dial->first != token) return;
  close(data_->dial->second);
  data_->dial.reset();
}

std::string& RoleHost::begin_send() {
  out_.clear();
  return out_;
}

void RoleHost::end_send(ConnectionId connection) {
  const auto found = data_->peers.find(connection);
  if (out_.empty() || found == data_->peers.end()) return;
  // Behind SNAP comes a stream that is no packet.
  if (data_->stream) {
    if (data_->stream->empty()) data_->stream.reset();
  } else {
    PacketCutter cutter(kPacketBytesMax);
    cutter.feed(out_);
    Packet packet;
    while (cutter.next(packet) == PacketCutter::Status::kPacket) check(packet);
    cutter.keep();
  }
  say(found->second, WireKind::kData, connection, out_);
}

void RoleHost::close(ConnectionId connection) {
  const auto found = data_->peers.find(connection);
  if (found == data_->peers.end()) return;
  say(found->second, WireKind::kClose, connection);
  data_->peers.erase(found);
}

// --- what may be said when ---------------------------------------------------------------------

void RoleHost::check_promise(int64_t epoch, const std::string& what) {
  const std::string self = "server " + std::to_string(self_ + 1);
  if (data_->file("acceptedEpoch") < epoch) {
    step_->violate("promises_are_durable", self + " " + what + " epoch " + std::to_string(epoch) +
                                               ", and acceptedEpoch on its disk is " +
                                               std::to_string(data_->file("acceptedEpoch")));
  }
  const bool is_same = epoch == data_->promised && data_->term == data_->promised_term;
  if (epoch <= data_->promised && !is_same) {
    step_->violate("an_epoch_is_promised_once",
                   self + " " + what + " epoch " + std::to_string(epoch) +
                       ", and has counted for epoch " + std::to_string(data_->promised) +
                       " in another role before");
  }
  data_->promised = std::max(data_->promised, epoch);
  data_->promised_term = data_->term;
}

void RoleHost::check(const Packet& packet) {
  if (packet.type == PacketType::kLeaderInfo) check_promise(packet.zxid.epoch(), "offers");
  if (packet.type == PacketType::kAckEpoch && packet.data &&
      jute::Reader(*packet.data).i32() != kNoNewPromise) {
    check_promise(roles_->epoch(), "promises");
  }
  if (packet.type != PacketType::kAck) return;
  const std::string self = "server " + std::to_string(self_ + 1);
  if (packet.zxid.counter() == 0) {
    if (data_->file("currentEpoch") >= packet.zxid.epoch()) return;
    step_->violate("acknowledged_is_durable", self + " acknowledges NEWLEADER of epoch " +
                                                  std::to_string(packet.zxid.epoch()) +
                                                  ", and currentEpoch on its disk is " +
                                                  std::to_string(data_->file("currentEpoch")));
  } else if (packet.zxid > data_->durable_zxid()) {
    step_->violate("acknowledged_is_durable", self + " acknowledges what its disk does not have");
  }
}

// --- history -----------------------------------------------------------------------------------

void RoleHost::disk(std::vector<storage::DiskOp> ops) {
  data_->ops.insert(data_->ops.end(), ops.begin(), ops.end());
}

void RoleHost::append(Zxid zxid, std::string_view payload) {
  ZT_ASSERT(zxid > data_->last_logged());
  data_->log.push_back({zxid, std::string(payload)});
}

void RoleHost::tell_committed(int64_t epoch, const Record& record) const {
  step_->facts.push_back({.kind = Fact::Kind::kCommitted,
                          .epoch = epoch,
                          .zxid = record.zxid,
                          .text = record.payload});
}

void RoleHost::tell_committed(int64_t epoch) const {
  for (const Record& record : data_->log) {
    if (record.zxid <= data_->applied) tell_committed(epoch, record);
  }
}

// What a learner gets before it serves is its leader's history, and not yet committed by that.
void RoleHost::commit(Zxid zxid) {
  const Zxid before = data_->applied;
  data_->apply_up_to(zxid);
  if (!roles_->is_serving()) return;
  for (const Record& record : data_->log) {
    if (record.zxid > before && record.zxid <= zxid) tell_committed(roles_->epoch(), record);
  }
}

void RoleHost::visit_unapplied(
    Zxid after, const std::function<void(Zxid, std::string_view payload)>& visit) const {
  for (const Record& record : data_->log) {
    if (record.zxid > after && record.zxid > data_->applied) visit(record.zxid, record.payload);
  }
}

void RoleHost::reload(std::optional<Zxid> last) {
  data_->is_reloading = true;
  data_->cut = last;
}

zab::Host::Restore RoleHost::restore(std::string_view bytes) {
  ZT_ASSERT(data_->restoring);
  jute::Reader reader(bytes);
  std::vector<Record> records(static_cast<size_t>(std::max(reader.i32(), 0)));
  for (Record& record : records) {
    record.zxid = Zxid(reader.i64());
    record.payload = reader.string();
  }
  if (!reader.ok()) return {};
  data_->log.resize(data_->durable);
  if (!data_->log_before_snapshot) data_->log_before_snapshot = std::move(data_->log);
  data_->log = std::move(records);
  data_->recover();
  data_->restoring.reset();
  return {.consumed = bytes.size() - reader.remaining(), .done = true, .error = {}};
}

bool RoleHost::begin_stream() {
  write_records(data_->log, data_->applied, data_->stream.emplace());
  return true;
}

bool RoleHost::next_piece(std::string& out, size_t) {
  out += *data_->stream;
  data_->stream->clear();
  return false;
}

// --- service -----------------------------------------------------------------------------------

void RoleHost::lead(Zxid epoch_start) {
  Fact fact{.kind = Fact::Kind::kLeads,
            .server = self_,
            .term = data_->term,
            .epoch = epoch_start.epoch()};
  for (const Record& record : data_->log) fact.history.push_back(record.payload);
  step_->facts.push_back(std::move(fact));
  data_->apply_up_to(data_->last_logged());
  tell_committed(epoch_start.epoch());
}

void RoleHost::follow() {
  tell_committed(roles_->epoch());
}

}  // namespace zoetrope::explore
