#include "net/ensemble_config.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace zoetrope::net {

namespace {

using Wrong = std::optional<ConfigRemark>;

std::string server_key(ServerId id) {
  return "server." + std::to_string(id.value);
}

// Ensemble::parse() names the line of its text where it can.
ConfigRemark remark_on(const std::vector<MemberLine>& lines, std::string_view error) {
  constexpr std::string_view kLine = "line ";
  size_t line = 0;
  if (error.starts_with(kLine)) {
    const char* end = error.data() + error.size();
    const char* rest = std::from_chars(error.data() + kLine.size(), end, line).ptr;
    error = std::string_view(rest, end);
    error.remove_prefix(std::min<size_t>(error.size(), 2));
  }
  const bool is_known = line >= 1 && line <= lines.size();
  return {is_known ? lines[line - 1].key : lines.back().key, std::string(error)};
}

Wrong check_limits(const ConfigDraft& draft) {
  const std::pair<const char*, const std::optional<int32_t>&> limits[] = {
      {"initLimit", draft.init_limit}, {"syncLimit", draft.sync_limit}};
  for (const auto& [key, ticks] : limits) {
    if (!ticks) return ConfigRemark{key, std::string(key) + " is not set: an ensemble needs it"};
    if (*ticks <= 0) return ConfigRemark{key, std::string(key) + " must be above 0 ticks"};
  }
  return std::nullopt;
}

// Whoever asks for protection between servers must not be given a server without it.
Wrong check_protection(const ConfigDraft& draft) {
  const std::pair<const char*, bool> asked_for[] = {
      {"sslQuorum", draft.ssl_quorum},
      {"quorum.auth.serverRequireSasl", draft.quorum_sasl_server_required},
      {"quorum.auth.learnerRequireSasl", draft.quorum_sasl_learner_required}};
  for (const auto& [key, is_asked_for] : asked_for) {
    if (!is_asked_for) continue;
    return ConfigRemark{key, std::string(key) +
                                 "=true cannot be obeyed: servers talk to each other in plain and "
                                 "without authentication"};
  }
  return std::nullopt;
}

Wrong check_identity(const ConfigDraft& draft, const quorum::Ensemble& ensemble) {
  const auto& myid = draft.config.myid;
  if (!myid) {
    return ConfigRemark{"myid", "myid is missing: the file " + draft.config.data_dir +
                                    "/myid must hold the number of this server"};
  }
  if (ensemble.members.contains(ServerId(*myid))) return std::nullopt;
  const std::string why =
      draft.config.has_dynamic_file
          ? ": the server was removed from the ensemble, or dynamicConfigFile is not its own"
          : "";
  return ConfigRemark{"myid", "myid is " + std::to_string(*myid) + ", and there is no " +
                                  server_key(ServerId(*myid)) + " line" + why};
}

Wrong check_addresses(const ConfigDraft& draft, const quorum::Ensemble& ensemble) {
  for (const auto& [id, member] : ensemble.members) {
    if (member.quorum.size() <= 1 || draft.peer.links.multi_address) continue;
    return ConfigRemark{server_key(id), server_key(id) +
                                            " has several addresses, which needs "
                                            "multiAddress.enabled=true"};
  }
  if (const auto defect = ensemble.defect()) {
    const bool names_a_server = defect->starts_with("server.");
    return ConfigRemark{names_a_server ? defect->substr(0, defect->find(' ')) : "", *defect};
  }
  return std::nullopt;
}

// The ports of this server, which all stand on one machine.
Wrong check_own_ports(const quorum::Member& member, uint16_t client_port) {
  for (const auto* addresses : {&member.quorum, &member.election}) {
    for (const quorum::HostPort& address : *addresses) {
      if (address.port != client_port) continue;
      return ConfigRemark{server_key(member.id), server_key(member.id) + " uses the clientPort, " +
                                                     std::to_string(client_port) +
                                                     ", for other servers too"};
    }
  }
  return std::nullopt;
}

void take_role(ConfigDraft& draft, quorum::MemberRole role, std::vector<ConfigRemark>& warnings) {
  draft.peer.role.is_observer = role == quorum::MemberRole::kObserver;
  const auto asked_for = draft.peer_type.value_or(quorum::MemberRole::kParticipant);
  if (asked_for == role) return;
  const std::string listed = draft.peer.role.is_observer ? "an observer" : "a participant";
  warnings.push_back(
      {"peerType", "peerType does not say so, but the server line makes this server " + listed});
}

std::vector<ListenAddress> listen_addresses(const std::vector<quorum::HostPort>& addresses,
                                            bool on_all) {
  std::vector<ListenAddress> listen;
  for (const quorum::HostPort& address : addresses) {
    ListenAddress next{on_all ? "" : address.host, address.port};
    if (std::ranges::find(listen, next) == listen.end()) listen.push_back(std::move(next));
  }
  return listen;
}

void take_ports(ConfigDraft& draft, const quorum::Member& member) {
  PeerPorts& ports = draft.config.peers.emplace();
  ports.on_all = draft.quorum_listen_on_all;
  ports.quorum = listen_addresses(member.quorum, draft.quorum_listen_on_all);
  ports.election = listen_addresses(member.election, draft.quorum_listen_on_all);
  if (const uint16_t port = draft.peer.role.observer_master_port;
      port != 0 && !draft.peer.role.is_observer) {
    std::vector<quorum::HostPort> addresses = member.quorum;
    for (quorum::HostPort& address : addresses) address.port = port;
    ports.observer_master = listen_addresses(addresses, draft.quorum_listen_on_all);
  }
  ports.election_tries_max = draft.election_tries_max.value_or(ports.election_tries_max);
  for (const quorum::HostPort& address : member.election) {
    draft.peer.links.own_addresses.push_back({address.host, address.port});
  }
}

// As long as what upstream's reader of records takes (BinaryInputArchive).
size_t packet_bytes_max(const node::Config& engine) {
  constexpr int64_t kExtraMin = 1024;
  const int64_t extra =
      engine.buffer_extra_bytes == -1 ? engine.frame_bytes_max : engine.buffer_extra_bytes;
  return static_cast<size_t>(engine.frame_bytes_max + std::max(extra, kExtraMin));
}

void take_limits(ConfigDraft& draft) {
  zab::RoleConfig& role = draft.peer.role;
  role.tick_ms = draft.config.engine.tick_time_ms;
  role.init_limit = *draft.init_limit;
  role.sync_limit = *draft.sync_limit;
  role.packet_bytes_max = packet_bytes_max(draft.config.engine);
  draft.peer.links.handshake_timeout = draft.handshake_timeout_ms
                                           ? Duration::from_ms(*draft.handshake_timeout_ms)
                                           : role.sync_time();
}

void take_intervals(zab::ElectionConfig& election, std::vector<ConfigRemark>& warnings) {
  if (election.notification_interval_min <= election.notification_interval_max) return;
  warnings.push_back({"fastleader.minNotificationInterval",
                      "fastleader.minNotificationInterval is above "
                      "fastleader.maxNotificationInterval, which counts for both"});
  election.notification_interval_min = election.notification_interval_max;
}

void warn_of_size(const quorum::Ensemble& ensemble, std::vector<ConfigRemark>& warnings) {
  const size_t participants = ensemble.participants().size();
  if (participants <= 2) {
    warnings.push_back({"", std::to_string(participants) +
                                (participants == 1 ? " participant" : " participants") +
                                ": if one server is lost the ensemble stops; three servers bear "
                                "the loss of one"});
  } else if (participants % 2 == 0 && !ensemble.is_hierarchical()) {
    warnings.push_back({"", std::to_string(participants) +
                                " participants bear the loss of no more "
                                "servers than " +
                                std::to_string(participants - 1) + " do"});
  }
}

}  // namespace

std::expected<quorum::Ensemble, ConfigRemark> read_ensemble(const std::vector<MemberLine>& lines) {
  std::string text;
  for (const MemberLine& line : lines) {
    if (line.value.find_first_of("\r\n") != std::string::npos) {
      return std::unexpected(ConfigRemark{line.key, line.key + " must be one line"});
    }
    text += line.key + "=" + line.value + "\n";
  }
  auto ensemble = quorum::Ensemble::parse(text);
  if (!ensemble) return std::unexpected(remark_on(lines, ensemble.error()));
  return *std::move(ensemble);
}

std::expected<bool, ConfigRemark> is_ensemble(const quorum::Ensemble& ensemble,
                                              bool standalone_enabled) {
  const size_t participants = ensemble.participants().size();
  if (participants == 0 && !standalone_enabled) {
    return std::unexpected(ConfigRemark{"standaloneEnabled",
                                        "standaloneEnabled=false needs at least one participant"});
  }
  const std::vector<ServerId> observers = ensemble.observers();
  if (participants <= 1 && standalone_enabled && !observers.empty()) {
    return std::unexpected(
        ConfigRemark{server_key(observers.back()), "observers need a quorum of participants"});
  }
  return participants > 1 || !standalone_enabled;
}

std::optional<ConfigRemark> make_member(ConfigDraft& draft, quorum::Ensemble ensemble,
                                        std::vector<ConfigRemark>& warnings) {
  if (auto wrong = check_limits(draft)) return wrong;
  if (auto wrong = check_protection(draft)) return wrong;
  if (auto wrong = check_addresses(draft, ensemble)) return wrong;
  if (auto wrong = check_identity(draft, ensemble)) return wrong;
  const ServerId self(*draft.config.myid);
  const quorum::Member& member = ensemble.members.at(self);
  if (auto wrong = check_own_ports(member, draft.config.client.port)) return wrong;

  take_role(draft, member.role, warnings);
  take_ports(draft, member);
  take_limits(draft);
  take_intervals(draft.peer.election, warnings);
  warn_of_size(ensemble, warnings);
  draft.peer.role.self = draft.peer.election.self = draft.peer.links.self = self;
  draft.peer.role.reconfig_enabled = draft.config.engine.reconfig_enabled;
  draft.peer.standalone_enabled = draft.standalone_enabled;
  draft.peer.ensemble = std::move(ensemble);
  draft.config.engine.server_id = self;
  draft.config.recovery.newest_count = draft.peer.commit_log_count;
  draft.config.engine.peer = std::move(draft.peer);
  return std::nullopt;
}

}  // namespace zoetrope::net
