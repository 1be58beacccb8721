#include "tests/unit/zab/leader_world.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace zoetrope::zab {

using quorum::Packet;
using quorum::PacketCutter;
using quorum::PacketType;

quorum::Ensemble ensemble_of(int participants, int observers) {
  std::string text;
  for (int id = 1; id <= participants + observers; ++id) {
    const std::string number = std::to_string(id);
    text += "server." + number + "=10.0.0." + number +
            ":2888:3888:" + (id <= participants ? "participant" : "observer") + "\n";
  }
  return *quorum::Ensemble::parse(text);
}

LeaderWorld::LeaderWorld(int participants, int observers, ConfigFileNames names)
    : file_names(std::move(names)) {
  config.self = ServerId(1);
  config.reconfig_enabled = true;
  ensembles.current = ensemble_of(participants, observers);
  for (uint32_t counter = 1; counter <= 3; ++counter) {
    host.settle(z(1, counter), "old" + std::to_string(counter));
  }
}

ConnectionId LeaderWorld::open() {
  const ConnectionId connection = ConnectionId::make(++opened_, 1);
  host.connections[connection];
  leader.opened(connection, Endpoint::v4(10, 0, 0, 9, static_cast<uint16_t>(40'000 + opened_)),
                now);
  return connection;
}

ConnectionId LeaderWorld::join(int server, uint32_t accepted_epoch, bool is_observer,
                               int64_t config_version, int32_t protocol_version) {
  const ConnectionId connection = open();
  std::string info;
  jute::Writer out(info);
  write(out, quorum::LearnerInfo{ServerId(server), protocol_version, config_version});
  say(connection, is_observer ? PacketType::kObserverInfo : PacketType::kFollowerInfo,
      z(accepted_epoch, 0), info);
  return connection;
}

void LeaderWorld::say(ConnectionId connection, PacketType type, Zxid zxid, jute::BufferView data) {
  std::string bytes;
  quorum::append_packet(bytes, type, zxid, data);
  say_raw(connection, bytes);
}

void LeaderWorld::say_raw(ConnectionId connection, std::string_view bytes) {
  leader.received(connection, bytes, now);
}

void LeaderWorld::ack_epoch(ConnectionId connection, int32_t current_epoch, Zxid last) {
  std::string data;
  jute::Writer(data).i32(current_epoch);
  say(connection, PacketType::kAckEpoch, last, data);
}

void LeaderWorld::request(ConnectionId connection, int64_t session, int32_t type,
                          std::string_view body) {
  std::string data;
  jute::Writer out(data);
  write(out, quorum::ForwardedRequest{SessionId(session), Xid(7), type, body});
  say(connection, PacketType::kRequest, Zxid(-1), data);
}

void LeaderWorld::pong(ConnectionId connection, std::string_view touches) {
  say(connection, PacketType::kPing, Zxid(), touches);
}

void LeaderWorld::lose(ConnectionId connection) {
  leader.closed(connection, now);
}

void LeaderWorld::write_epochs() {
  while (!host.ops.empty()) {
    const std::vector<storage::DiskOp> ops = std::exchange(host.ops, {});
    for (const storage::DiskOp& op : ops) {
      ZT_ASSERT(epochs.completed(op.id) || configuration.completed(op.id, std::nullopt));
    }
    leader.epochs_written(now);
  }
}

void LeaderWorld::write_files() {
  while (configuration.is_storing()) {
    if (host.ops.empty()) configuration.static_read("clientPort=2181\n");
    write_epochs();
  }
}

void LeaderWorld::half_ticks(int count) {
  for (int i = 0; i < count; ++i) {
    now = now + Duration::from_ms(config.tick_ms / 2);
    leader.tick(now);
  }
}

Zxid LeaderWorld::propose(std::string payload) {
  const Zxid zxid = next_zxid;
  next_zxid = zxid.next();
  if (payload.empty()) payload = "new" + std::to_string(zxid.counter());
  host.log(zxid, payload);
  leader.propose(zxid, payload);
  return zxid;
}

void LeaderWorld::make_durable(Zxid zxid) {
  host.make_durable(zxid);
  leader.log_durable(now);
}

void LeaderWorld::promise_all(const std::vector<ConnectionId>& learners, Zxid last) {
  write_epochs();
  for (const ConnectionId learner : learners) ack_epoch(learner, 1, last);
  write_epochs();
}

std::vector<ConnectionId> LeaderWorld::lead_with(int followers, Zxid last) {
  begin();
  std::vector<ConnectionId> learners;
  for (int server = 2; server <= followers + 1; ++server) learners.push_back(join(server));
  promise_all(learners, last);
  for (const ConnectionId learner : learners) ack(learner, z(2, 0));
  ZT_ASSERT(leader.is_serving());
  for (const ConnectionId learner : learners) heard(learner);
  return learners;
}

ConnectionId LeaderWorld::come(int server, Zxid last, int32_t current_epoch, bool is_observer) {
  const ConnectionId connection = join(server, 1, is_observer);
  heard(connection);
  ack_epoch(connection, current_epoch, last);
  return connection;
}

ConnectionId LeaderWorld::come_up(int server, Zxid last, bool is_observer) {
  const ConnectionId connection = come(server, last, 1, is_observer);
  ack(connection, z(2, 0));
  heard(connection);
  return connection;
}

std::vector<std::string> LeaderWorld::heard(ConnectionId connection) {
  std::string bytes = std::exchange(host.connections.at(connection).sent, {});
  std::vector<std::string> packets;
  PacketCutter cutter(1 << 20);
  cutter.feed(bytes);
  Packet packet;
  while (cutter.next(packet) == PacketCutter::Status::kPacket) {
    std::string text(to_string(packet.type));
    if (packet.zxid.value >= 0) {
      text +=
          " " + std::to_string(packet.zxid.epoch()) + ":" + std::to_string(packet.zxid.counter());
    }
    if (packet.type == PacketType::kProposal || packet.type == PacketType::kInform) {
      text += " " + std::string(packet.data.value());
    }
    if (packet.type == PacketType::kNewLeader) new_leader_text = packet.data.value();
    packets.push_back(std::move(text));
    if (packet.type == PacketType::kSnap) {
      const std::string_view unread = cutter.unread();
      const size_t bytes_here =
          std::min({unread.find_first_not_of('s'), unread.size(), host.stream_bytes});
      cutter.consume(bytes_here);
      packets.push_back(bytes_here == host.stream_bytes ? "stream" : "part of a stream");
    }
  }
  ZT_ASSERT(cutter.unread().empty());
  return packets;
}

bool LeaderWorld::was_noted(std::string_view part) const {
  return std::ranges::any_of(
      host.notes, [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

uint64_t LeaderWorld::hash() const {
  RunningHash hash;
  leader.add_to(hash);
  return hash.value();
}

}  // namespace zoetrope::zab
