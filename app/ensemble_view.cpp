#include "app/ensemble_view.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "app/inspect_output.hpp"

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

// The newest configuration that any of them has.
std::optional<quorum::Ensemble> newest_of(const std::vector<ServerView>& servers) {
  std::optional<quorum::Ensemble> newest;
  for (const ServerView& server : servers) {
    if (!server.configuration) continue;
    if (!newest || server.configuration->version > newest->version) newest = server.configuration;
  }
  return newest;
}

bool has_answer_of(const std::vector<ServerView>& servers, ServerId id) {
  return std::ranges::any_of(servers,
                             [id](const ServerView& server) { return server.id == id.value; });
}

bool all_members_answer(const EnsembleView& view) {
  return view.configuration &&
         std::ranges::all_of(view.configuration->members, [&](const auto& member) {
           return has_answer_of(view.servers, member.first);
         });
}

// Who is in no configuration may be shut down at any time.
void note_strangers(EnsembleView& view) {
  if (!view.configuration) return;
  const bool all_answer = all_members_answer(view);
  for (ServerView& server : view.servers) {
    const bool is_stranger = server.id ? !view.configuration->members.contains(ServerId(*server.id))
                                       : all_answer && !server.serves();
    if (!is_stranger) continue;
    const std::string said = server.serves() ? server.note : server.problem;
    server.note = (said.empty() ? "" : said + "; ") + "not a member of configuration " +
                  hex_id(view.configuration->version);
  }
}

// Where clients find the members that have not answered, without those that were asked.
std::vector<load::HostPort> members_not_asked(const std::vector<ServerView>& servers,
                                              const std::vector<load::HostPort>& asked) {
  std::vector<load::HostPort> others;
  const auto newest = newest_of(servers);
  if (!newest) return others;
  for (const auto& [id, member] : newest->members) {
    if (!member.client || has_answer_of(servers, id)) continue;
    const bool is_any =
        member.client->host == "0.0.0.0" || member.client->host == "0:0:0:0:0:0:0:0";
    const load::HostPort place{is_any ? member.quorum.front().host : member.client->host,
                               member.client->port};
    if (std::ranges::find(asked, place) == asked.end()) others.push_back(place);
  }
  return others;
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

void take_configuration(ServerView& view, const WordAnswer& conf) {
  constexpr std::string_view kMembership = "\nmembership:";
  if (!conf) return;
  const size_t at = conf->find(kMembership);
  if (at == std::string::npos) return;
  const size_t begin = std::min(conf->find('\n', at + 1), conf->size());
  auto ensemble = quorum::Ensemble::parse(std::string_view(*conf).substr(begin));
  const auto id = number_of(*conf, "serverId=");
  if (!ensemble || !id) return;
  view.id = id;
  view.configuration = std::move(*ensemble);
}

EnsembleView judge_ensemble(std::vector<ServerView> servers) {
  EnsembleView view;
  view.servers = std::move(servers);
  view.configuration = newest_of(view.servers);
  note_strangers(view);
  std::string leaders;
  for (size_t i = 0; i < view.servers.size(); ++i) {
    const ServerView& server = view.servers[i];
    if (!server.serves() && server.note.empty()) {
      view.problems.push_back(server.name + ": " + server.problem);
    }
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

namespace {

std::vector<ServerView> look_at(const std::vector<load::HostPort>& servers,
                                std::chrono::milliseconds patience) {
  const auto srvr = ask_servers(servers, "srvr", patience);
  std::vector<load::HostPort> there;
  for (size_t i = 0; i < servers.size(); ++i) {
    if (srvr[i]) there.push_back(servers[i]);
  }
  const auto mntr = ask_servers(there, "mntr", patience);
  const auto conf = ask_servers(there, "conf", patience);
  std::vector<ServerView> views;
  size_t next = 0;
  for (size_t i = 0; i < servers.size(); ++i) {
    const WordAnswer second = srvr[i] ? mntr[next] : srvr[i];
    views.push_back(read_server_view(to_string(servers[i]), srvr[i], second));
    if (!srvr[i]) continue;
    if (views.back().serves()) take_configuration(views.back(), conf[next]);
    ++next;
  }
  return views;
}

}  // namespace

EnsembleView look_at_ensemble(const std::vector<load::HostPort>& servers,
                              std::chrono::milliseconds patience) {
  std::vector<ServerView> views = look_at(servers, patience);
  const auto others = members_not_asked(views, servers);
  if (!others.empty()) {
    for (ServerView& view : look_at(others, patience)) views.push_back(std::move(view));
  }
  return judge_ensemble(std::move(views));
}

}  // namespace zoetrope::app
