#include "tests/unit/zab/leader_model.hpp"

#include <algorithm>
#include <utility>

namespace zoetrope::zab {

using quorum::Packet;
using quorum::PacketCutter;
using quorum::PacketType;

namespace {

constexpr int32_t kSync = 9;

std::string text_of(Zxid zxid) {
  return std::to_string(zxid.epoch()) + ":" + std::to_string(zxid.counter());
}

Zxid last_of(const std::vector<Zxid>& log) {
  return log.empty() ? Zxid() : log.back();
}

}  // namespace

LeaderModel::LeaderModel(uint64_t seed) : random_(seed) {
  world_.config.stream_bytes_high = 1;
  world_.host.stream_bytes = 5'000;
  world_.host.piece_bytes_max = 1'000;
  world_.host.committed_window = CommittedWindow(6, 1 << 20);
  world_.config.sync_by_quorum = !random_.one_in(4);
  has_slow_disk_ = random_.one_in(3);
  // Two of them may have a tail that no quorum ever had.
  for (int id = 2; id <= 7; ++id) {
    Server server;
    server.id = id;
    server.votes = id <= 5;
    server.is_observer = id == 6;
    const auto length = static_cast<uint32_t>(random_.between(0, id <= 3 ? 6 : 3));
    for (uint32_t counter = 1; counter <= length; ++counter) server.log.push_back(z(1, counter));
    server.disk = server.log;
    servers_.push_back(server);
  }
  world_.host.on_synced = [this] {
    if (own_syncs_.empty()) {
      verdict = "a sync was answered that nobody asked for";
    } else if (own_syncs_.front() > std::max(world_.host.committed, z(2, 0))) {
      verdict = "an own sync was answered before what came before it";
    } else {
      own_syncs_.pop_front();
      ++syncs;
    }
  };
  world_.begin();
}

void LeaderModel::fail(const Server& server, const std::string& what) {
  if (verdict.empty()) verdict = "server " + std::to_string(server.id) + ": " + what;
}

bool LeaderModel::is_true_prefix(const std::vector<Zxid>& log) const {
  const auto& records = world_.host.records;
  return log.size() <= records.size() &&
         std::equal(log.begin(), log.end(), records.begin(),
                    [](Zxid zxid, const auto& record) { return zxid == record.zxid; });
}

std::optional<Zxid> LeaderModel::next_in_history(Zxid after) const {
  for (const auto& record : world_.host.records) {
    if (record.zxid > after) return record.zxid;
  }
  return std::nullopt;
}

// --- learners --------------------------------------------------------------------------------

void LeaderModel::connect(Server& server) {
  server.connection = world_.join(server.id, server.accepted_epoch, server.is_observer);
  server.visible = last_of(server.log);
}

void LeaderModel::disconnect(Server& server, bool is_crash) {
  if (world_.leader.owns(*server.connection)) world_.lose(*server.connection);
  if (is_crash || server.is_restoring) {
    server.log = server.disk;
  } else {
    server.disk = server.log;
  }
  Server fresh;
  fresh.id = server.id;
  fresh.votes = server.votes;
  fresh.is_observer = server.is_observer;
  fresh.log = fresh.disk = server.log;
  fresh.accepted_epoch = server.accepted_epoch;
  fresh.current_epoch = server.current_epoch;
  server = fresh;
}

void LeaderModel::hear(Server& server) {
  if (server.inbox.empty() || server.owes_new_leader_ack) return;
  const Heard heard = server.inbox.front();
  server.inbox.pop_front();
  switch (heard.type) {
    case PacketType::kLeaderInfo: {
      const bool is_new = heard.zxid.epoch() > server.accepted_epoch;
      server.accepted_epoch = heard.zxid.epoch();
      return world_.ack_epoch(*server.connection, is_new ? server.current_epoch : -1,
                              last_of(server.log));
    }
    case PacketType::kNewLeader: server.owes_new_leader_ack = true; return;
    case PacketType::kUpToDate: server.is_up = true; return world_.ack(*server.connection, z(2, 0));
    case PacketType::kPing: return world_.pong(*server.connection);
    case PacketType::kSync:
      if (server.syncs.empty()) return fail(server, "SYNC came for nothing");
      if (server.syncs.front() > std::max(server.visible, z(2, 0))) {
        fail(server, "SYNC came before the commit of what was proposed");
      }
      server.syncs.pop_front();
      ++syncs;
      return;
    case PacketType::kDiff:
    case PacketType::kTrunc:
    case PacketType::kSnap: return hear_op(server, heard);
    default: return hear_history(server, heard);
  }
}

void LeaderModel::hear_op(Server& server, const Heard& heard) {
  if (heard.type == PacketType::kSnap) {
    server.log.clear();
    for (const auto& record : world_.host.records) {
      if (record.zxid <= heard.zxid) server.log.push_back(record.zxid);
    }
    server.is_restoring = true;
  } else if (heard.type == PacketType::kTrunc) {
    std::erase_if(server.log, [&](Zxid zxid) { return zxid > heard.zxid; });
    server.disk = server.log;
  }
  server.visible = last_of(server.log);
  if (!is_true_prefix(server.log)) fail(server, "starts from what is no part of the history");
}

void LeaderModel::hear_history(Server& server, const Heard& heard) {
  if (heard.type != PacketType::kCommit) {
    if (heard.zxid <= last_of(server.log)) return fail(server, "got a transaction again");
    server.log.push_back(heard.zxid);
    if (!is_true_prefix(server.log)) fail(server, "has a gap before " + text_of(heard.zxid));
  }
  if (heard.type == PacketType::kProposal) {
    server.uncommitted.push_back(heard.zxid);
    if (!server.is_observer) server.unacked.push_back(heard.zxid);
    return;
  }
  if (heard.type == PacketType::kCommit) {
    if (server.uncommitted.empty() || server.uncommitted.front() != heard.zxid) {
      return fail(server, "COMMIT " + text_of(heard.zxid) + " is not of its oldest proposal");
    }
    server.uncommitted.pop_front();
  }
  server.visible = heard.zxid;
}

void LeaderModel::sync_disk(Server& server) {
  server.disk = server.log;
  server.is_restoring = false;
  if (!server.connection || !world_.leader.owns(*server.connection)) return;
  if (std::exchange(server.owes_new_leader_ack, false)) {
    server.current_epoch = 2;
    server.acked_new_leader = true;
    world_.ack(*server.connection, z(2, 0));
  }
  if (!server.acked_new_leader) return;
  for (const Zxid zxid : std::exchange(server.unacked, {})) {
    if (world_.leader.owns(*server.connection)) world_.ack(*server.connection, zxid);
  }
}

// --- events ----------------------------------------------------------------------------------

void LeaderModel::leader_event() {
  const bool is_serving = world_.leader.is_serving();
  switch (random_.below(9)) {
    case 0: return world_.write_epochs();
    case 1:
    case 2:
    case 3:
      if (is_serving && world_.host.records.size() < 150) world_.propose();
      return;
    case 4:
    case 5: {
      const auto next = next_in_history(world_.host.durable_zxid);
      if (next && !(has_slow_disk_ && !random_.one_in(8))) world_.make_durable(*next);
      return;
    }
    case 6: return world_.batch_end();
    case 7:
      world_.host.stream_allowed = random_.one_in(2);
      return world_.leader.snapshot_possible(world_.now);
    default:
      if (random_.one_in(8)) world_.half_ticks(1);
      if (!is_serving || is_over()) return;
      own_syncs_.push_back(world_.host.last_logged());
      return world_.leader.sync();
  }
}

void LeaderModel::server_event(Server& server) {
  if (!server.connection) {
    if (random_.one_in(6)) connect(server);
    return;
  }
  switch (random_.below(14)) {
    case 0:
      if (random_.one_in(4)) disconnect(server, random_.one_in(2));
      return;
    case 1:
    case 2:
    case 3: return sync_disk(server);
    case 4:
      if (server.is_up) {
        server.syncs.push_back(world_.host.last_logged());
        world_.request(*server.connection, 77, kSync);
      }
      return;
    case 5:
    case 6: return world_.leader.backlog(*server.connection, 0, world_.now);
    default: return hear(server);
  }
}

void LeaderModel::step() {
  if (random_.one_in(3)) {
    leader_event();
  } else {
    server_event(servers_[random_.below(servers_.size())]);
  }
  judge();
}

void LeaderModel::settle() {
  world_.host.stream_allowed = true;
  for (int round = 0; round < 400 && verdict.empty() && !is_over() && !is_converged(); ++round) {
    world_.write_epochs();
    if (const auto next = next_in_history(world_.host.durable_zxid)) world_.make_durable(*next);
    world_.leader.snapshot_possible(world_.now);
    world_.batch_end();
    // Those who promised the epoch on a connection that broke do not count: a new one is needed.
    if (!world_.leader.is_serving() && round > 50) world_.half_ticks(1);
    judge();
    for (Server& server : servers_) {
      if (!server.connection) connect(server);
      judge();
      for (int i = 0; i < 20 && server.connection; ++i) {
        hear(server);
        judge();
      }
      if (server.connection) sync_disk(server);
      judge();
      if (server.connection) world_.leader.backlog(*server.connection, 0, world_.now);
      judge();
    }
  }
}

std::string LeaderModel::state() const {
  std::string text = "leader at " + text_of(world_.host.committed) + " of " +
                     text_of(world_.host.last_logged()) + ", " + std::to_string(own_syncs_.size()) +
                     " syncs open;";
  for (const Server& server : servers_) {
    text += " server " + std::to_string(server.id) + (server.is_up ? " up" : "") + " at " +
            text_of(last_of(server.log)) + ", shows " + text_of(server.visible) + ", " +
            std::to_string(server.syncs.size()) + " syncs open;";
  }
  return text;
}

bool LeaderModel::is_converged() const {
  const size_t size = world_.host.records.size();
  return world_.host.applied == world_.host.last_logged() && own_syncs_.empty() &&
         std::ranges::all_of(servers_, [&](const Server& server) {
           return server.is_up && server.disk.size() == size && server.syncs.empty() &&
                  server.visible == world_.host.last_logged();
         });
}

// --- the judge -------------------------------------------------------------------------------

void LeaderModel::judge() {
  for (Server& server : servers_) {
    if (!server.connection) continue;
    read(server);
    if (!world_.leader.owns(*server.connection)) disconnect(server, false);
  }
  if (!world_.leader.is_serving() || !verdict.empty()) return;
  const Zxid committed = world_.host.committed;
  if (committed != committed_before_) ++commits;
  committed_before_ = committed;
  // What is committed is on the disks of a quorum, and stays there.
  int holders = world_.host.durable_zxid >= committed ? 1 : 0;
  for (const Server& server : servers_) {
    if (server.votes && std::ranges::binary_search(server.disk, committed)) ++holders;
    if (server.is_up && server.visible > committed) fail(server, "shows what is not committed");
  }
  if (holders < 3) verdict = text_of(committed) + " is committed and not on a quorum of disks";
}

void LeaderModel::read(Server& server) {
  server.bytes += std::exchange(world_.host.connections.at(*server.connection).sent, {});
  while (!server.bytes.empty() && verdict.empty()) {
    const size_t stream = std::min(server.stream_left, server.bytes.size());
    if (stream > 0) {
      if (server.bytes.find_first_not_of('s') < stream) fail(server, "a packet in a snapshot");
      server.bytes.erase(0, stream);
      server.stream_left -= stream;
      continue;
    }
    PacketCutter cutter(1 << 20);
    cutter.feed(server.bytes);
    Packet packet;
    if (cutter.next(packet) != PacketCutter::Status::kPacket) {
      return fail(server, "half a packet");
    }
    const Heard heard{packet.type, packet.zxid};
    server.bytes = std::string(cutter.unread());
    server.inbox.push_back(heard);
    judge_packet(server, heard);
  }
}

void LeaderModel::judge_packet(Server& server, const Heard& heard) {
  switch (heard.type) {
    case PacketType::kSnap:
      server.stream_left = world_.host.stream_bytes;
      server.told = heard.zxid;
      ++snapshots;
      break;
    case PacketType::kDiff:
      server.told = last_of(server.log);
      ++diffs;
      break;
    case PacketType::kTrunc:
      server.told = heard.zxid;
      ++cuts;
      break;
    case PacketType::kNewLeader:
      if (!server.told || server.told_new_leader) return fail(server, "NEWLEADER at a wrong time");
      if (*server.told < world_.host.committed) {
        return fail(server, "NEWLEADER before what is committed");
      }
      server.told_new_leader = true;
      break;
    case PacketType::kUpToDate:
      if (!server.acked_new_leader) return fail(server, "UPTODATE without its acknowledgement");
      server.told_up = true;
      break;
    case PacketType::kPing:
    case PacketType::kSync:
      if (!server.told_up) return fail(server, "a packet of the broadcast before UPTODATE");
      break;
    case PacketType::kProposal:
    case PacketType::kInform:
    case PacketType::kCommit: return judge_history(server, heard);
    default: break;
  }
}

void LeaderModel::judge_history(Server& server, const Heard& heard) {
  if (!server.told) return fail(server, "history before the operation that opens it");
  const bool is_commit = heard.type == PacketType::kCommit;
  if (!is_commit) {
    if (next_in_history(*server.told) != heard.zxid) {
      return fail(server, "a gap between " + text_of(*server.told) + " and " + text_of(heard.zxid));
    }
    server.told = heard.zxid;
    if (heard.type == PacketType::kProposal) server.told_open.push_back(heard.zxid);
  } else if (server.told_open.empty() || server.told_open.front() != heard.zxid) {
    return fail(server, "COMMIT " + text_of(heard.zxid) + " out of order");
  } else {
    server.told_open.pop_front();
  }
  if (heard.type != PacketType::kProposal && heard.zxid > world_.host.committed) {
    fail(server, "COMMIT " + text_of(heard.zxid) + " of what is not committed");
  }
}

}  // namespace zoetrope::zab
