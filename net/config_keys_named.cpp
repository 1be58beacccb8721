// The keys that upstream parses by name (facts/config-keys.md table 1).
#include "net/config_keys.hpp"
#include "net/config_values.hpp"

namespace zoetrope::net {

namespace {

using Draft = ConfigDraft;
using Value = std::string_view;

std::string check_int(Draft&, Value value) {
  int32_t ignored = 0;
  return read_int(value, ignored);
}
std::string check_long(Draft&, Value value) {
  int64_t ignored = 0;
  return read_long(value, ignored);
}
std::string check_bool(Draft&, Value value) {
  bool ignored = false;
  return read_bool(value, ignored);
}

std::string read_tick_time(Draft& draft, Value value) {
  int32_t& tick_time_ms = draft.config.engine.tick_time_ms;
  if (std::string wrong = read_int(value, tick_time_ms); !wrong.empty()) return wrong;
  return tick_time_ms > 0 ? "" : "must be above 0 ms";
}

std::string read_session_timeout(Value value, int32_t& timeout_ms) {
  if (std::string wrong = read_int(value, timeout_ms); !wrong.empty()) return wrong;
  return timeout_ms >= -1 ? "" : "must not be negative (-1 stands for the default)";
}

std::string read_connections_per_address(Draft& draft, Value value) {
  int32_t& limit = draft.config.engine.connections_per_address_max;
  if (std::string wrong = read_int(value, limit); !wrong.empty()) return wrong;
  if (limit < 0) limit = 0;
  return {};
}

std::string read_purge_interval(Draft& draft, Value value) {
  constexpr int64_t kHour = 3600 * 1000;
  int64_t& interval_ms = draft.config.engine.store.purge_interval_ms;
  if (std::string wrong = read_interval_ms(value, kHour, interval_ms); !wrong.empty()) return wrong;
  if (interval_ms < 0) interval_ms = 0;
  return {};
}

std::string read_snap_retain_count(Draft& draft, Value value) {
  int32_t count = 0;
  std::string wrong = read_int(value, count);
  if (wrong.empty()) draft.snap_retain_count = count;
  return wrong;
}

std::string read_ticks(Value value, std::optional<int32_t>& ticks) {
  int32_t count = 0;
  std::string wrong = read_int(value, count);
  if (wrong.empty()) ticks = count;
  return wrong;
}

std::string read_connect_limit(Draft& draft, Value value) {
  int32_t& ticks = draft.peer.role.connect_tick_limit;
  if (std::string wrong = read_int(value, ticks); !wrong.empty()) return wrong;
  return ticks >= 0 ? "" : "must not be negative (0 stands for initLimit)";
}

std::string read_election_algorithm(Draft& draft, Value value) {
  int32_t algorithm = 0;
  if (std::string wrong = read_int(value, algorithm); !wrong.empty()) return wrong;
  if (algorithm != 0 && algorithm != 3) {
    return "must be 3 (fast leader election) or 0 (the basic one, which no other server speaks)";
  }
  draft.peer.algorithm =
      algorithm == 3 ? zab::ElectionAlgorithm::kFast : zab::ElectionAlgorithm::kBasic;
  return {};
}

std::string read_peer_type(Draft& draft, Value value) {
  if (equals_ignoring_case(value, "observer")) {
    draft.peer_type = quorum::MemberRole::kObserver;
  } else if (equals_ignoring_case(value, "participant")) {
    draft.peer_type = quorum::MemberRole::kParticipant;
  } else {
    return "is neither participant nor observer";
  }
  return {};
}

std::string read_compatibility(Draft& draft, Value value) {
  if (value == "3.8") {
    draft.config.engine.compatibility = node::Compatibility::k3_8;
  } else if (value == "3.9") {
    draft.config.engine.compatibility = node::Compatibility::k3_9;
  } else {
    return "\"" + std::string(value) + "\" is neither 3.8 nor 3.9";
  }
  return {};
}

constexpr std::string_view kNoTls = "is not supported: TLS clients cannot connect";
constexpr std::string_view kObserversLog = "is not supported: observers write logs and snapshots";
constexpr std::string_view kNoQuorumTls =
    "is not supported: servers talk to each other without TLS";
constexpr std::string_view kNoQuorumSasl =
    "is not supported: servers do not authenticate each other";
constexpr std::string_view kNoReachability =
    "has no effect: the addresses of a server are tried one after the other";
constexpr std::string_view kNoJvm = "has no effect: there is no Java virtual machine to watch";
constexpr std::string_view kNoMetricsProvider =
    "is not supported: metrics are shown by the four-letter word mntr only";

constexpr ConfigKey kNamedKeys[] = {
    {"dataDir", Standing::kObeyed,
     [](Draft& d, Value v) {
       d.data_dir = v;
       return std::string();
     }},
    {"dataLogDir", Standing::kObeyed,
     [](Draft& d, Value v) {
       d.data_log_dir = v;
       return std::string();
     }},
    {"clientPort", Standing::kObeyed,
     [](Draft& d, Value v) { return read_port(v, d.client_port.emplace()); }},
    {"clientPortAddress", Standing::kObeyed,
     [](Draft& d, Value v) {
       d.client_port_address = v;
       return std::string();
     }},
    {"clientPortListenBacklog", Standing::kObeyed,
     [](Draft& d, Value v) { return read_int(v, d.config.engine.client_port_listen_backlog); }},
    {"secureClientPort", Standing::kUnsupported,
     [](Draft& d, Value v) {
       uint16_t ignored = 0;
       d.secure_client_port_set = true;
       return read_port(v, ignored);
     },
     kNoTls},
    {"secureClientPortAddress", Standing::kUnsupported,
     [](Draft& d, Value v) {
       d.secure_client_port_address = v;
       return std::string();
     },
     kNoTls},
    {"tickTime", Standing::kObeyed, read_tick_time},
    {"minSessionTimeout", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_session_timeout(v, d.config.engine.session_timeout_ms_min);
     }},
    {"maxSessionTimeout", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_session_timeout(v, d.config.engine.session_timeout_ms_max);
     }},
    {"maxClientCnxns", Standing::kObeyed, read_connections_per_address},
    {"autopurge.snapRetainCount", Standing::kObeyed, read_snap_retain_count},
    {"autopurge.purgeInterval", Standing::kObeyed, read_purge_interval},
    {"dynamicConfigFile", Standing::kObeyed,
     [](Draft& d, Value v) {
       d.dynamic_config_file = v;
       return std::string();
     }},
    {"standaloneEnabled", Standing::kObeyed,
     [](Draft& d, Value v) { return read_bool(v, d.standalone_enabled); }},
    {"reconfigEnabled", Standing::kObeyed,
     [](Draft& d, Value v) { return read_bool(v, d.config.engine.reconfig_enabled); }},
    {"zoetrope.compatibility", Standing::kObeyed, read_compatibility},

    {"server.*", Standing::kEnsembleOnly},
    {"group.*", Standing::kEnsembleOnly},
    {"weight.*", Standing::kEnsembleOnly},
    {"initLimit", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_ticks(v, d.init_limit); }},
    {"syncLimit", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_ticks(v, d.sync_limit); }},
    {"connectToLearnerMasterLimit", Standing::kEnsembleOnly, read_connect_limit},
    {"peerType", Standing::kEnsembleOnly, read_peer_type},
    {"electionAlg", Standing::kEnsembleOnly, read_election_algorithm},
    {"electionPort", Standing::kEnsembleOnly, nullptr,
     "has no effect: the server line names the election port"},
    {"localSessionsEnabled", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_bool(v, d.config.engine.local_sessions_enabled); }},
    {"localSessionsUpgradingEnabled", Standing::kEnsembleOnly,
     [](Draft& d, Value v) {
       return read_bool(v, d.config.engine.local_sessions_upgrading_enabled);
     }},
    {"syncEnabled", Standing::kEnsembleOnly, check_bool, kObserversLog, "true"},
    {"observerMasterPort", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_port(v, d.peer.role.observer_master_port); }},
    {"quorumListenOnAllIPs", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_bool(v, d.quorum_listen_on_all); }},
    {"sslQuorum", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_bool(v, d.ssl_quorum); }},
    {"portUnification", Standing::kEnsembleOnly, check_bool, kNoQuorumTls, "false"},
    {"sslQuorumReloadCertFiles", Standing::kEnsembleOnly, check_bool, kNoQuorumTls, "false"},
    {"quorum.auth.enableSasl", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_bool(v, d.quorum_sasl); }, kNoQuorumSasl, "false"},
    {"quorum.auth.learnerRequireSasl", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_bool(v, d.quorum_sasl_learner_required); }},
    {"quorum.auth.serverRequireSasl", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_bool(v, d.quorum_sasl_server_required); }},
    {"quorum.auth.learner.saslLoginContext", Standing::kEnsembleOnly, nullptr, kNoQuorumSasl},
    {"quorum.auth.server.saslLoginContext", Standing::kEnsembleOnly, nullptr, kNoQuorumSasl},
    {"quorum.auth.kerberos.servicePrincipal", Standing::kEnsembleOnly, nullptr, kNoQuorumSasl},
    {"quorum.cnxn.threads.size", Standing::kEnsembleOnly, check_int,
     "has no effect: one thread does all of the network's work"},
    {"multiAddress.enabled", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_bool(v, d.peer.links.multi_address); }},
    {"multiAddress.reachabilityCheckEnabled", Standing::kEnsembleOnly, check_bool, kNoReachability},
    {"multiAddress.reachabilityCheckTimeoutMs", Standing::kEnsembleOnly, check_int,
     kNoReachability},
    {"oraclePath", Standing::kEnsembleOnly, nullptr,
     "is not supported: of two servers both are needed for a quorum"},

    {"jvm.pause.monitor", Standing::kNoEffect, check_bool, kNoJvm, "false"},
    {"jvm.pause.warn-threshold.ms", Standing::kNoEffect, check_long, kNoJvm},
    {"jvm.pause.info-threshold.ms", Standing::kNoEffect, check_long, kNoJvm},
    {"jvm.pause.sleep.time.ms", Standing::kNoEffect, check_long, kNoJvm},
    {"metricsProvider.className", Standing::kUnsupported, nullptr, kNoMetricsProvider,
     "org.apache.zookeeper.metrics.impl.DefaultMetricsProvider"},
    {"metricsProvider.*", Standing::kUnsupported, nullptr, kNoMetricsProvider},
};

}  // namespace

std::span<const ConfigKey> named_keys() {
  return kNamedKeys;
}

}  // namespace zoetrope::net
