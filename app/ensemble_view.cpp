#include "app/ensemble_view.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace zoetrope::app {
namespace {

constexpr std::string_view kNotServing = "not currently serving requests";
constexpr const char* kWhitelist = " is not in its 4lw.commands.whitelist";

// The text behind `key` at the beginning of a line.
std::optional<std::string> value_of(std::string_view answer, std::string_view key) {
  for (size_t start = 0; start < answer.size();) {
    const size_t end = std::min(answer.find('\n', start), answer.size());
    const std::string_view line = answer.substr(start, end - start);
    if (line.starts_with(key)) return std::string(line.substr(key.size()));
    start = end + 1;
  }
  return std::nullopt;
}

std::optional<int64_t> number_of(std::string_view answer, std::string_view key, int base = 10) {
  const auto text = value_of(answer, key);
  if (!text) return std::nullopt;
  std::string_view digits = *text;
  if (base == 16 && digits.starts_with("0x")) digits.remove_prefix(2);
  uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end == digits.data()) return std::nullopt;
  return static_cast<int64_t>(value);
}

std::string without_build_date(std::string version) {
  return version.substr(0, version.find(", built on"));
}

void take_srvr(ServerView& view, std::string_view srvr) {
  view.role = value_of(srvr, "Mode: ").value_or("");
  view.version = without_build_date(value_of(srvr, "Zookeeper version: ").value_or(""));
  view.latency = value_of(srvr, "Latency min/avg/max: ").value_or("");
  view.zxid = number_of(srvr, "Zxid: ", 16);
  view.connections = number_of(srvr, "Connections: ");
  view.outstanding = number_of(srvr, "Outstanding: ");
  view.znodes = number_of(srvr, "Node count: ");
}

// What srvr has not told already.
void take_mntr(ServerView& view, std::string_view mntr) {
  const auto text = [&](std::string_view key) { return value_of(mntr, key).value_or(""); };
  view.state = text("zk_peer_state\t");
  if (!view.role.empty()) return;
  view.role = text("zk_server_state\t");
  view.version = without_build_date(text("zk_version\t"));
  view.latency =
      text("zk_min_latency\t") + "/" + text("zk_avg_latency\t") + "/" + text("zk_max_latency\t");
  view.connections = number_of(mntr, "zk_num_alive_connections\t");
  view.outstanding = number_of(mntr, "zk_outstanding_requests\t");
  view.znodes = number_of(mntr, "zk_znode_count\t");
}

// Why an answer cannot be used; empty when it can.
std::string defect_of(const WordAnswer& answer, const char* word) {
  if (!answer) return answer.error();
  if (is_refused_word(*answer)) return word + std::string(kWhitelist);
  if (answer->find(kNotServing) != std::string::npos) return "not serving: it has no leader";
  return "";
}

// Whether `zxid` counts in the epoch of `leader`, so that a difference is a number of transactions.
std::optional<int64_t> lag_behind(const ServerView& leader, const ServerView& server) {
  if (!leader.zxid || !server.zxid) return std::nullopt;
  if (*server.zxid >= *leader.zxid) return 0;
  if (leader.epoch() != server.epoch()) return std::nullopt;
  return *leader.zxid - *server.zxid;
}

}  // namespace

std::optional<int64_t> ServerView::epoch() const {
  if (!zxid) return std::nullopt;
  return static_cast<int64_t>(static_cast<uint64_t>(*zxid) >> 32);
}

std::string to_string(const load::HostPort& server) {
  const bool is_v6 = server.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
}

ServerView read_server_view(std::string name, const WordAnswer& srvr, const WordAnswer& mntr) {
  ServerView view;
  view.name = std::move(name);
  const std::string without_srvr = defect_of(srvr, "srvr");
  const std::string without_mntr = defect_of(mntr, "mntr");
  const bool has_refused_srvr = srvr && is_refused_word(*srvr);
  if (!without_srvr.empty() && (!has_refused_srvr || !without_mntr.empty())) {
    view.problem = without_srvr;
    return view;
  }
  if (without_srvr.empty()) take_srvr(view, *srvr);
  if (without_mntr.empty()) take_mntr(view, *mntr);
  if (!without_srvr.empty()) view.note = without_srvr + ": its zxid is not known";
  if (!without_mntr.empty()) view.note = without_mntr + ": its state is not known";
  if (view.role.empty()) view.problem = "what it answers is not of a ZooKeeper server";
  return view;
}

EnsembleView judge_ensemble(std::vector<ServerView> servers) {
  EnsembleView view;
  view.servers = std::move(servers);
  std::string leaders;
  for (size_t i = 0; i < view.servers.size(); ++i) {
    const ServerView& server = view.servers[i];
    if (!server.serves()) view.problems.push_back(server.name + ": " + server.problem);
    if (!server.leads()) continue;
    view.leader = leaders.empty() ? std::optional(i) : std::nullopt;
    leaders += (leaders.empty() ? "" : ", ") + server.name;
  }
  if (leaders.empty()) {
    view.problems.emplace_back("no leader");
  } else if (!view.leader) {
    view.problems.push_back("more than one leader: " + leaders);
  } else {
    const ServerView leader = view.servers[*view.leader];
    for (ServerView& server : view.servers) server.lag = lag_behind(leader, server);
  }
  return view;
}

EnsembleView look_at_ensemble(const std::vector<load::HostPort>& servers,
                              std::chrono::milliseconds patience) {
  const auto srvr = ask_servers(servers, "srvr", patience);
  std::vector<load::HostPort> there;
  for (size_t i = 0; i < servers.size(); ++i) {
    if (srvr[i]) there.push_back(servers[i]);
  }
  const auto mntr = ask_servers(there, "mntr", patience);
  std::vector<ServerView> views;
  size_t next = 0;
  for (size_t i = 0; i < servers.size(); ++i) {
    const WordAnswer second = srvr[i] ? mntr[next++] : srvr[i];
    views.push_back(read_server_view(to_string(servers[i]), srvr[i], second));
  }
  return judge_ensemble(std::move(views));
}

}  // namespace zoetrope::app
