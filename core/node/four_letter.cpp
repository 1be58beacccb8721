// The four-letter words (facts/client-protocol.md section 16; upstream server/command).
#include <algorithm>
#include <array>
#include <cstdio>

#include "core/base/date.hpp"
#include "core/node/server_impl.hpp"

namespace zoetrope::node {

namespace {

constexpr std::array<std::string_view, 18> kWords = {
    "conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "hash", "isro",
    "mntr", "ruok", "srst", "srvr", "stat", "stmk", "wchc", "wchp", "wchs"};
constexpr uint32_t kTelnetClose = 0xfff4fffd;
constexpr std::string_view kNotServing =
    "This ZooKeeper instance is not currently serving requests\n";

std::string hex(int64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

// sum / count as Java prints a double rounded to four decimals.
std::string average_text(int64_t sum, int64_t count) {
  if (count == 0) return "0.0";
  const int64_t scaled = (sum * 10000 + count / 2) / count;
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%04lld", static_cast<long long>(scaled / 10000),
                static_cast<long long>(scaled % 10000));
  std::string result = text;
  while (result.back() == '0' && result[result.size() - 2] != '.') result.pop_back();
  return result;
}

bool Server::Impl::four_letter_word(Connection& connection) {
  int32_t length = 0;
  if (!connection.input.peek_length(length)) return false;
  const std::string_view unread = connection.input.rest();
  const std::string_view word = unread.substr(0, 4);
  if (static_cast<uint32_t>(length) == kTelnetClose) {
    close(connection, CloseHow::kAfterFlush);
    return true;
  }
  if (std::find(kWords.begin(), kWords.end(), word) == kWords.end()) return false;
  ++stats.packets_received;
  ++connection.stats.received;
  const auto is_listed = [&](std::string_view name) {
    return std::ranges::find(config.four_letter_words, name) != config.four_letter_words.end();
  };
  // srvr needs no permission: upstream's own scripts ask it; nor isro where clients look for a
  // server that writes.
  const bool is_allowed = word == "srvr" || (word == "isro" && config.read_only_mode) ||
                          is_listed("*") || is_listed(word);
  if (is_allowed && word == "mntr" && serves_clients()) {
    // The counts of open files are the driver's to know.
    pause(connection, kPauseHandshake);
    waiting_for_facts.push_back(connection.id);
    out->add(HostFactsQuery{});
    return true;
  }
  if (is_allowed && word == "stmk" && unread.size() < 12)
    return true;  // eight bytes of mask follow
  const std::string answer =
      is_allowed ? answer_word(word, connection)
                 : std::string(word) + " is not executed because it is not in the whitelist.\n";
  out->send(connection.id, answer);
  ++stats.packets_sent;
  close(connection, CloseHow::kAfterFlush);
  return true;
}

void Server::Impl::host_facts(const HostFacts& facts) {
  std::vector<ConnectionId> waiting;
  waiting.swap(waiting_for_facts);
  for (const ConnectionId id : waiting) {
    Connection* connection = connections.find(id);
    if (connection == nullptr) continue;
    out->send(id, monitor(facts));
    ++stats.packets_sent;
    close(*connection, CloseHow::kAfterFlush);
  }
}

namespace {

// One line of `cons` or `stat`.
std::string connection_line(const Connection& c, bool brief, bool is_asker) {
  std::string text = " " + c.remote.to_string() + "[" + (is_asker || c.paused != 0 ? "0" : "1") +
                     "](queued=" + std::to_string(c.queue.size()) +
                     ",recved=" + std::to_string(c.stats.received) +
                     ",sent=" + std::to_string(c.stats.sent);
  if (!brief && c.session.value != 0) {
    text += ",sid=0x" + hex(c.session.value) + ",lop=" + std::string(short_name(c.stats.last_op)) +
            ",est=" + std::to_string(c.stats.established_ms) +
            ",to=" + std::to_string(c.timeout_ms);
    if (c.stats.last_cxid >= 0) text += ",lcxid=0x" + hex(c.stats.last_cxid);
    text += ",lzxid=0x" + hex(c.stats.last_zxid) +
            ",lresp=" + std::to_string(c.stats.last_response_ms) +
            ",llat=" + std::to_string(c.stats.last_latency) +
            ",minlat=" + std::to_string(std::max<int64_t>(0, c.stats.latency_min)) + ",avglat=" +
            std::to_string(
                c.stats.latency_count == 0 ? 0 : c.stats.latency_sum / c.stats.latency_count) +
            ",maxlat=" + std::to_string(c.stats.latency_max);
  }
  return text + ")\n";
}

}  // namespace

std::string_view short_name(jute::OpCode op) {
  using jute::OpCode;
  switch (op) {
    case OpCode::kNotification: return "NA";
    case OpCode::kCreate:
    case OpCode::kCreate2:
    case OpCode::kCreateContainer:
    case OpCode::kCreateTtl: return "CREA";
    case OpCode::kDelete:
    case OpCode::kDeleteContainer: return "DELE";
    case OpCode::kExists: return "EXIS";
    case OpCode::kGetData: return "GETD";
    case OpCode::kSetData: return "SETD";
    case OpCode::kGetAcl: return "GETA";
    case OpCode::kSetAcl: return "SETA";
    case OpCode::kGetChildren:
    case OpCode::kGetChildren2: return "GETC";
    case OpCode::kSync: return "SYNC";
    case OpCode::kPing: return "PING";
    case OpCode::kCheck: return "CHEC";
    case OpCode::kMulti: return "MULT";
    case OpCode::kMultiRead: return "MLTR";
    case OpCode::kReconfig: return "RECO";
    case OpCode::kCheckWatches: return "CHKW";
    case OpCode::kRemoveWatches: return "REMW";
    case OpCode::kSetWatches: return "SETW";
    case OpCode::kSetWatches2: return "STW2";
    case OpCode::kAddWatch: return "ADDW";
    case OpCode::kGetEphemerals: return "GETE";
    case OpCode::kGetAllChildrenNumber: return "GETACN";
    case OpCode::kWhoAmI: return "HOMI";
    case OpCode::kCreateSession: return "SESS";
    case OpCode::kCloseSession: return "CLOS";
    default: return "NA";
  }
}

std::string Server::Impl::server_text(bool with_clients, const Connection& asker) const {
  std::string text =
      "Zookeeper version: " + config.version + ", built on " + config.build_date + "\n";
  if (read_only) text += "READ-ONLY mode; serving only read-only clients\n";
  if (with_clients) {
    text += "Clients:\n";
    connections.for_each(
        [&](const Connection& c) { text += connection_line(c, true, c.id == asker.id); });
    text += "\n";
  }
  text += "Latency min/avg/max: " + std::to_string(stats.latency.min) + "/" +
          average_text(stats.latency.sum, stats.latency.count) + "/" +
          std::to_string(stats.latency.max) + "\n";
  text += "Received: " + std::to_string(stats.packets_received) + "\n";
  text += "Sent: " + std::to_string(stats.packets_sent) + "\n";
  text += "Connections: " + std::to_string(connections.size()) + "\n";
  text += "Outstanding: " + std::to_string(outstanding.size()) + "\n";
  // A leader shows its epoch before the first transaction of it, as upstream.
  const Zxid begun = peer != nullptr && peer->is_leading()
                         ? Zxid::make(static_cast<uint32_t>(peer->epoch()), 0)
                         : Zxid();
  text += "Zxid: 0x" + hex(std::max(begun, tree.last_processed_zxid()).value) + "\n";
  text += "Mode: " + std::string(mode()) + "\n";
  text += "Node count: " + std::to_string(node_count()) + "\n";
  if (peer != nullptr && peer->is_leading()) {
    text += "Proposal sizes last/min/max: " + std::to_string(stats.proposal_size_last) + "/" +
            std::to_string(stats.proposal_size_min) + "/" +
            std::to_string(stats.proposal_size_max) + "\n";
  }
  return text;
}

std::string Server::Impl::configuration_text() const {
  std::string text = "clientPort=" + std::to_string(config.client_port) + "\n";
  text += "secureClientPort=-1\n";
  text += "dataDir=" + config.data_dir + "\n";
  text += "dataDirSize=" + std::to_string(store.snapshot_bytes()) + "\n";
  text += "dataLogDir=" + config.data_log_dir + "\n";
  text += "dataLogSize=" + std::to_string(store.log_bytes()) + "\n";
  text += "tickTime=" + std::to_string(config.tick_time_ms) + "\n";
  text += "maxClientCnxns=" + std::to_string(config.connections_per_address_max) + "\n";
  text += "minSessionTimeout=" + std::to_string(config.timeout_ms_min()) + "\n";
  text += "maxSessionTimeout=" + std::to_string(config.timeout_ms_max()) + "\n";
  text += "clientPortListenBacklog=" + std::to_string(config.client_port_listen_backlog) + "\n";
  if (peer == nullptr) return text + "serverId=0\n";
  return text + "serverId=" + std::to_string(config.server_id.value) + "\n" + membership_text();
}

std::string Server::Impl::membership_text() const {
  const zab::RoleConfig& role = config.peer->role;
  const quorum::Ensemble& ensemble = peer->ensembles().current;
  const auto self = ensemble.members.find(role.self);
  const auto ports = [&](const std::vector<quorum::HostPort> quorum::Member::* addresses) {
    std::string text;
    if (self == ensemble.members.end()) return text;
    for (const quorum::HostPort& address : self->second.*addresses) {
      text += (text.empty() ? "" : "|") + std::to_string(address.port);
    }
    return text;
  };
  return "initLimit=" + std::to_string(role.init_limit) +
         "\nsyncLimit=" + std::to_string(role.sync_limit) +
         "\nelectionAlg=" + std::to_string(static_cast<int>(config.peer->algorithm)) +
         "\nelectionPort=" + ports(&quorum::Member::election) +
         "\nquorumPort=" + ports(&quorum::Member::quorum) +
         "\npeerType=" + (role.is_observer ? "1" : "0") + "\nmembership: \n" + ensemble.to_string();
}

// Upstream's words for what a server is to its clients.
std::string_view Server::Impl::mode() const {
  if (peer == nullptr) return "standalone";
  if (read_only) return "read-only";
  switch (peer->state()) {
    case quorum::PeerState::kLeading: return "leader";
    case quorum::PeerState::kFollowing: return "follower";
    case quorum::PeerState::kObserving: return "observer";
    case quorum::PeerState::kLooking: break;
  }
  return "leaderelection";
}

std::string Server::Impl::dump_text() const {
  const auto date_of = [this](int64_t monotonic_ms) {
    return java_date(WallTime{now.wall.ms + monotonic_ms - now.monotonic.ms()});
  };
  const auto sets_of = [&](const session::SessionTracker& tracker) {
    const auto buckets = tracker.buckets();
    std::string sets = "Session Sets (" + std::to_string(buckets.size()) + ")/(" +
                       std::to_string(tracker.size()) + "):\n";
    for (const auto& [bucket, ids] : buckets) {
      sets += std::to_string(ids.size()) + " expire at " + date_of(bucket) + ":\n";
      for (const SessionId id : ids) sets += "\t0x" + hex(id.value) + "\n";
    }
    return sets;
  };
  std::string text = "SessionTracker dump:\n";
  if (peer != nullptr && config.local_sessions_enabled) {
    text += "Local " + sets_of(local_sessions) + "Global ";
  }
  text += sets_of(sessions);
  const std::vector<SessionId> owners = tree.sessions_with_ephemerals();
  text +=
      "ephemeral nodes dump:\nSessions with Ephemerals (" + std::to_string(owners.size()) + "):\n";
  for (const SessionId id : owners) {
    text += "0x" + hex(id.value) + ":\n";
    for (const std::string& path : tree.ephemerals_of(id)) text += "\t" + path + "\n";
  }
  std::map<int64_t, std::string> lines;
  std::map<int64_t, int> counts;
  connections.for_each([&](const Connection& c) {
    const int64_t interval = config.sessionless_timeout_ms;
    const int64_t wait = c.session.value == 0 ? interval : c.timeout_ms;
    const int64_t last = std::max(c.stats.last_response_ms, now.monotonic.ms());
    const int64_t expires = ((last + wait) / interval + 1) * interval;
    lines[expires] +=
        "\tip: " + c.remote.to_string() + " sessionId: 0x" + hex(c.session.value) + "\n";
    ++counts[expires];
  });
  text += "Connections dump:\nConnections Sets (" + std::to_string(lines.size()) + ")/(" +
          std::to_string(connections.size()) + "):\n";
  for (const auto& [expires, line] : lines) {
    text += std::to_string(counts[expires]) + " expire at " + date_of(expires) + ":\n" + line;
  }
  return text;
}

std::string Server::Impl::watches_text(std::string_view word) const {
  if (word == "wchs") {
    return std::to_string(watches.connection_count()) + " connections watching " +
           std::to_string(watches.path_count()) +
           " paths\nTotal watches:" + std::to_string(watches.watch_count()) + "\n";
  }
  const auto session_of = [this](ConnectionId id) {
    const Connection* connection = connections.find(id);
    return connection == nullptr ? SessionId() : connection->session;
  };
  std::string text;
  if (word == "wchp") {
    std::string_view last;
    const auto all = watches.dump();
    for (const auto& [path, id] : all) {
      if (path != last) text += path + "\n";
      last = path;
      text += "\t0x" + hex(session_of(id).value) + "\n";
    }
    return text + "\n";
  }
  std::map<SessionId, std::string> by_session;
  for (const auto& [path, id] : watches.dump()) by_session[session_of(id)] += "\t" + path + "\n";
  for (const auto& [session, paths] : by_session) text += "0x" + hex(session.value) + "\n" + paths;
  return text + "\n";
}

std::string Server::Impl::hash_text() const {
  std::string text;
  for (const auto& [zxid, digest] : tree.digest_log()) {
    text += hex(zxid.value) + ": " + std::to_string(static_cast<int64_t>(digest)) + "\n";
  }
  return text;
}

std::string Server::Impl::answer_word(std::string_view word, Connection& connection) {
  if (word == "ruok") return "imok";
  if (word == "envi") {
    std::string text = "Environment:\n";
    for (const auto& [key, value] : config.environment) text += key + "=" + value + "\n";
    return text;
  }
  if (word == "gtmk") return std::to_string(trace_mask);
  if (word == "stmk") {
    trace_mask = static_cast<int64_t>(load_be64(connection.input.rest().data() + 4));
    return std::to_string(trace_mask);
  }
  if (word == "isro") return !serves_clients() ? "null" : read_only ? "ro" : "rw";
  if (!serves_clients()) return std::string(kNotServing);
  if (word == "srvr") return server_text(false, connection);
  if (word == "stat") return server_text(true, connection);
  if (word == "conf") return configuration_text();
  if (word == "dump") return dump_text();
  if (word == "hash") return hash_text();
  if (word == "dirs") {
    return "datadir_size: " + std::to_string(store.snapshot_bytes()) +
           "\nlogdir_size: " + std::to_string(store.log_bytes()) + "\n";
  }
  if (word == "cons") {
    std::string text;
    connections.for_each(
        [&](const Connection& c) { text += connection_line(c, false, c.id == connection.id); });
    return text + "\n";
  }
  if (word == "crst") {
    connections.for_each([](Connection& c) {
      const int64_t established = c.stats.established_ms;
      c.stats = ConnectionStats{};
      c.stats.established_ms = established;
    });
    return "Connection stats reset.\n";
  }
  if (word == "srst") {
    stats.reset();
    return "Server stats reset.\n";
  }
  return watches_text(word);
}

}  // namespace zoetrope::node
