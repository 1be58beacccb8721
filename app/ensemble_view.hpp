// What the servers of an ensemble say of themselves by `srvr`, `mntr` and `conf`, ours or Java's,
// and what that makes of the ensemble. The newest configuration that a server names says who is a
// member: members that nobody has named are asked too, and whoever is none may be down. Plain
// values; asks through four_letter_client.hpp and prints nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/four_letter_client.hpp"
#include "app/load/connect_string.hpp"
#include "core/quorum/ensemble.hpp"

namespace zoetrope::app {

struct ServerView {
  std::string name;     // HOST:PORT
  std::string problem;  // why there is nothing to show; empty for a server that serves
  std::string note;     // what is missing of its answer and why, or that it is no member
  std::string role;     // leader, follower, observer, standalone, read-only
  std::string version;
  std::string state;    // upstream's peer state, such as "leading - broadcast"
  std::string latency;  // min/avg/max in milliseconds
  std::optional<int64_t> zxid;
  std::optional<int64_t> lag;  // transactions behind the leader; empty when they cannot be counted
  std::optional<int64_t> connections;
  std::optional<int64_t> outstanding;
  std::optional<int64_t> znodes;
  std::optional<int64_t> id;  // of a server with a configuration
  std::optional<quorum::Ensemble> configuration;

  bool serves() const { return problem.empty(); }
  bool leads() const { return role == "leader" || role == "standalone"; }
  std::optional<int64_t> epoch() const;
};

struct EnsembleView {
  std::vector<ServerView> servers;
  // One line each; none when there is one leader, and every server serves that may be a member.
  std::vector<std::string> problems;
  std::optional<size_t> leader;  // where in `servers`; empty unless there is exactly one
  std::optional<quorum::Ensemble> configuration;  // the newest
  bool is_well() const { return problems.empty(); }
};

// The first two answers of one server.
ServerView read_server_view(std::string name, const WordAnswer& srvr, const WordAnswer& mntr);
// What `conf` tells of its server; nothing for a standalone one, or when the word was refused.
void take_configuration(ServerView& view, const WordAnswer& conf);
// Compares servers that were asked at about the same time.
EnsembleView judge_ensemble(std::vector<ServerView> servers);
// Asks all at once, then the members that are not among them; `patience` is for each word.
EnsembleView look_at_ensemble(const std::vector<load::HostPort>& servers,
                              std::chrono::milliseconds patience);

// HOST:PORT; an IPv6 address stands in brackets.
std::string to_string(const load::HostPort& server);
// Lines of a table, each with its end: the servers, then what is wrong.
std::string to_table(const EnsembleView& view);
// One object, on one line.
std::string to_json(const EnsembleView& view);

}  // namespace zoetrope::app
