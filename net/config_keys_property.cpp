// The keys that upstream passes through as system properties (facts/config-keys.md table 2).
#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/tree/acl.hpp"
#include "net/config_keys.hpp"
#include "net/config_values.hpp"

namespace zoetrope::net {

namespace {

using Draft = ConfigDraft;
using Value = std::string_view;

std::string read_four_letter_words(Draft& draft, Value value) {
  auto& words = draft.config.engine.four_letter_words;
  words.clear();
  while (!value.empty()) {
    const size_t comma = value.find(',');
    std::string_view word = value.substr(0, comma);
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (!word.empty()) words.emplace_back(word);
    if (comma == Value::npos) break;
    value.remove_prefix(comma + 1);
  }
  return {};
}

std::string read_snap_count(Draft& draft, Value value) {
  int32_t count = 0;
  std::string wrong = read_property_int(value, count);
  if (wrong.empty()) draft.snap_count = count;
  return wrong;
}

std::string read_batch_size(Draft& draft, Value value) {
  int32_t size = 0;
  if (std::string wrong = read_property_int(value, size); !wrong.empty()) return wrong;
  if (size < 1) return "must be above 0";
  draft.config.engine.store.batch_size_max = size;
  return {};
}

std::string read_frame_bytes_max(Draft& draft, Value value) {
  int32_t bytes = 0;
  if (std::string wrong = read_property_int(value, bytes); !wrong.empty()) return wrong;
  if (bytes <= 0) return "must be above 0 bytes";
  draft.config.engine.frame_bytes_max = bytes;
  return {};
}

std::string read_compression(Draft& draft, Value value) {
  auto& compression = draft.config.engine.store.snapshot.compression;
  if (value.empty()) {
    compression = storage::Compression::kNone;
  } else if (value == "gz") {
    compression = storage::Compression::kGzip;
  } else if (value == "snappy") {
    compression = storage::Compression::kSnappy;
  } else {
    return "\"" + std::string(value) + "\" is neither gz nor snappy";
  }
  return {};
}

std::string read_digest_enabled(Draft& draft, Value value) {
  bool enabled = true;
  read_property_bool(value, enabled);
  draft.config.engine.digest_enabled = enabled;
  draft.config.engine.store.snapshot.digest = enabled;
  draft.config.recovery.tree.digest_enabled = enabled;
  return {};
}

std::string read_extended_types(Draft& draft, Value value) {
  bool enabled = false;
  read_property_bool(value, enabled);
  draft.config.engine.extended_types_enabled = enabled;
  draft.config.recovery.tree.extended_types_enabled = enabled;
  return {};
}

std::string read_digest_algorithm(Draft& draft, Value value) {
  if (!tree::digest_of("user:password", value)) {
    return "\"" + std::string(value) + "\" is not a known hash algorithm";
  }
  draft.config.engine.auth.digest_algorithm = value;
  return {};
}

std::string read_commit_log_count(Draft& draft, Value value) {
  constexpr int32_t kCountMin = 500;  // upstream ZKDatabase
  int32_t count = 0;
  if (std::string wrong = read_property_int(value, count); !wrong.empty()) return wrong;
  if (count < kCountMin) return "must be at least " + std::to_string(kCountMin);
  draft.peer.commit_log_count = static_cast<size_t>(count);
  return {};
}

// A part of the size of a snapshot; kept in percent, where 0 stands for no limit.
std::string read_snapshot_factor(Draft& draft, Value value) {
  constexpr double kFactorMax = 1'000'000;
  double factor = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), factor);
  if (error != std::errc() || end != value.data() + value.size() || !(factor <= kFactorMax)) {
    return "\"" + std::string(value) + "\" is not a number up to 1000000";
  }
  int32_t& percent = draft.peer.role.snapshot_factor_percent;
  percent = factor < 0 ? -1 : static_cast<int32_t>(std::lround(factor * 100));
  if (factor > 0) percent = std::max(percent, 1);
  return {};
}

std::string read_large_threshold(Draft& draft, Value value) {
  int32_t bytes = 0;
  if (std::string wrong = read_property_int(value, bytes); !wrong.empty()) return wrong;
  if (bytes == 0 || bytes < -1) return "must be above 0 bytes (-1 stands for no limit)";
  draft.config.engine.large_request_threshold = bytes;
  return {};
}

std::string read_large_bytes_max(Draft& draft, Value value) {
  int32_t bytes = 0;
  if (std::string wrong = read_property_int(value, bytes); !wrong.empty()) return wrong;
  if (bytes <= 0) return "must be above 0 bytes";
  draft.config.engine.large_request_bytes_max = bytes;
  return {};
}

std::string read_time_above_0(Value value, Duration& time) {
  int32_t ms = 0;
  if (std::string wrong = read_property_int(value, ms); !wrong.empty()) return wrong;
  if (ms <= 0) return "must be above 0 ms";
  time = Duration::from_ms(ms);
  return {};
}

std::string read_handshake_timeout(Draft& draft, Value value) {
  int32_t ms = 0;
  if (std::string wrong = read_property_int(value, ms); !wrong.empty()) return wrong;
  if (ms <= 0 && ms != -1) return "must be above 0 ms (-1 stands for syncLimit ticks)";
  draft.handshake_timeout_ms.reset();
  if (ms > 0) draft.handshake_timeout_ms = ms;
  return {};
}

std::string read_election_tries(Draft& draft, Value value) {
  int32_t tries = 0;
  if (std::string wrong = read_property_int(value, tries); !wrong.empty()) return wrong;
  if (tries < 0) return "must not be negative (0 stands for trying without end)";
  draft.election_tries_max = tries;
  return {};
}

constexpr std::string_view kOwnPace = "has no effect: this server has its own measure for that";
constexpr std::string_view kNoDelayOfPackets =
    "is not supported: what servers say to each other is sent at once";
constexpr std::string_view kNoTls = "is not supported: TLS clients cannot connect";
constexpr std::string_view kNoSasl = "is not supported: clients cannot authenticate with SASL";
constexpr std::string_view kNoPolicy =
    "is not supported: clients that have not authenticated are let in";
constexpr std::string_view kNoAdminServer =
    "is not supported: there is no HTTP admin server; four-letter words work";
constexpr std::string_view kNoThreads = "has no effect: one thread does all of the network's work";
constexpr std::string_view kNoPools = "has no effect: requests are not handed between threads";
constexpr std::string_view kNoCache = "has no effect: replies are encoded from the tree each time";
constexpr std::string_view kOneWatchTable = "has no effect: there is one kind of watch table";
constexpr std::string_view kNoDelay = "is not supported: writes are synced as soon as possible";
constexpr std::string_view kNoAudit = "is not supported: no audit log is written";

constexpr ConfigKey kPropertyKeys[] = {
    {"4lw.commands.whitelist", Standing::kObeyed, read_four_letter_words},
    {"snapCount", Standing::kObeyed, read_snap_count},
    {"snapSizeLimitInKb", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_long(v, d.config.engine.store.snap_size_limit_kb);
     }},
    {"preAllocSize", Standing::kObeyed,
     [](Draft& d, Value v) { return read_long(v, d.config.engine.store.preallocation_kb); }},
    {"txnLogSizeLimitInKb", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_long(v, d.config.engine.store.log_size_limit_kb);
     }},
    {"forceSync", Standing::kObeyed,
     [](Draft& d, Value v) {
       d.config.engine.store.force_sync = v != "no";
       return std::string();
     }},
    {"fsync.warningthresholdms", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_long(v, d.config.fsync_warning_ms); }},
    {"snapshot.compression.method", Standing::kObeyed, read_compression},
    {"snapshot.trust.empty", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_bool(v, d.config.recovery.trust_empty_snapshot);
     }},
    {"serializeLastProcessedZxid.enabled", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_bool(v, d.config.engine.store.snapshot.last_processed_zxid);
     }},
    {"digest.enabled", Standing::kObeyed, read_digest_enabled},
    {"closeSessionTxn.enabled", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_bool(v, d.config.engine.close_session_txn_enabled);
     }},
    {"db.autocreate", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, d.config.recovery.db_autocreate); }},
    {"datadir.autocreate", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, d.config.datadir_autocreate); }},
    {"extendedTypesEnabled", Standing::kObeyed, read_extended_types},
    {"znode.container.checkIntervalMs", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_long(v, d.config.engine.container_check_interval_ms);
     }},
    {"znode.container.maxPerMinute", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_long(v, d.config.engine.containers_per_minute_max);
     }},
    {"znode.container.maxNeverUsedIntervalMs", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_long(v, d.config.engine.container_never_used_interval_ms);
     }},
    {"jute.maxbuffer", Standing::kObeyed, read_frame_bytes_max},
    {"jute.maxbuffer.extrasize", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_int(v, d.config.engine.buffer_extra_bytes); }},
    {"globalOutstandingLimit", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_int(v, d.config.engine.outstanding_limit); }},
    {"largeRequestThreshold", Standing::kObeyed, read_large_threshold},
    {"largeRequestMaxBytes", Standing::kObeyed, read_large_bytes_max},
    {"maxCnxns", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_int(v, d.config.engine.connections_max); }},
    {"nio.sessionlessCnxnTimeout", Standing::kObeyed,
     [](Draft& d, Value v) {
       return read_property_int(v, d.config.engine.sessionless_timeout_ms);
     }},
    {"maxBatchSize", Standing::kObeyed, read_batch_size},
    {"clientTcpKeepAlive", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, d.config.client_tcp_keepalive); }},
    {"enforceQuota", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, d.config.engine.enforce_quota); }},
    {"skipACL", Standing::kObeyed,
     [](Draft& d, Value v) {
       d.config.engine.auth.skip_acl = v == "yes";
       return std::string();
     }},
    {"DigestAuthenticationProvider.enabled", Standing::kObeyed,
     [](Draft& d, Value v) { return read_property_bool(v, d.config.engine.auth.digest_enabled); }},
    {"DigestAuthenticationProvider.superDigest", Standing::kObeyed,
     [](Draft& d, Value v) {
       d.config.engine.auth.super_digest = v;
       return std::string();
     }},
    {"DigestAuthenticationProvider.digestAlg", Standing::kObeyed, read_digest_algorithm},

    {"commitLogCount", Standing::kEnsembleOnly, read_commit_log_count},
    {"snapshotSizeFactor", Standing::kEnsembleOnly, read_snapshot_factor},
    {"forceSnapshotSync", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_property_bool(v, d.peer.role.force_snapshot); }},
    {"zoetrope.syncByQuorum", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_property_bool(v, d.peer.role.sync_by_quorum); }},
    {"fastleader.minNotificationInterval", Standing::kEnsembleOnly,
     [](Draft& d, Value v) {
       return read_time_above_0(v, d.peer.election.notification_interval_min);
     }},
    {"fastleader.maxNotificationInterval", Standing::kEnsembleOnly,
     [](Draft& d, Value v) {
       return read_time_above_0(v, d.peer.election.notification_interval_max);
     }},
    {"cnxTimeout", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_time_above_0(v, d.peer.links.connect_timeout); }},
    {"quorumCnxnTimeoutMs", Standing::kEnsembleOnly, read_handshake_timeout},
    {"electionPortBindRetry", Standing::kEnsembleOnly, read_election_tries},
    {"tcpKeepAlive", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_property_bool(v, d.config.peer_keepalive); }},
    {"leaderConnectDelayDuringRetryMs", Standing::kEnsembleOnly, nullptr, kOwnPace, "100"},
    {"leaderServes", Standing::kEnsembleOnly,
     [](Draft& d, Value v) {
       d.config.engine.leader_serves = v != "no";
       return std::string();
     }},
    {"leader.nodelay", Standing::kEnsembleOnly, nullptr, kNoDelayOfPackets, "true"},
    {"follower.nodelay", Standing::kEnsembleOnly, nullptr, kNoDelayOfPackets, "true"},
    {"leader.maxTimeToWaitForEpoch", Standing::kEnsembleOnly, nullptr,
     "is not supported: a leader waits for as long as initLimit says", "-1"},
    {"leader.*", Standing::kEnsembleOnly, nullptr, kOwnPace},
    {"follower.*", Standing::kEnsembleOnly, nullptr, kNoPools},
    {"observer.syncEnabled", Standing::kEnsembleOnly, nullptr,
     "is not supported: observers write logs and snapshots", "true"},
    {"observer.*", Standing::kEnsembleOnly, nullptr, kOwnPace},
    {"observerMaster.*", Standing::kEnsembleOnly, nullptr, kOwnPace},
    {"learner.*", Standing::kEnsembleOnly, nullptr, kNoPools},
    {"forward_learner_requests_to_commit_processor_disabled", Standing::kEnsembleOnly, nullptr,
     kNoPools},
    {"messageTracker.*", Standing::kEnsembleOnly, nullptr,
     "is not supported: messages between servers are not recorded", "false"},
    {"readonlymode.enabled", Standing::kEnsembleOnly,
     [](Draft& d, Value v) { return read_property_bool(v, d.config.engine.read_only_mode); }},
    {"enableEagerACLCheck", Standing::kEnsembleOnly, nullptr,
     "has no effect: the leader checks permissions", "false"},
    {"ssl.quorum.*", Standing::kEnsembleOnly, nullptr,
     "is not supported: servers talk to each other without TLS"},

    {"emulate353TTLNodes", Standing::kUnsupported, nullptr,
     "is not supported: time-to-live znodes written by 3.5.3 are not recognised", "false"},
    {"request_throttler.shutdownTimeout", Standing::kNoEffect, nullptr, kNoPools},
    {"nio.numSelectorThreads", Standing::kNoEffect, nullptr, kNoThreads},
    {"nio.numWorkerThreads", Standing::kNoEffect, nullptr, kNoThreads},
    {"nio.directBufferBytes", Standing::kNoEffect, nullptr, kNoThreads},
    {"nio.shutdownTimeout", Standing::kNoEffect, nullptr, kNoThreads},
    {"serverCnxnFactory", Standing::kNoEffect, nullptr,
     "has no effect: there is one network implementation",
     "org.apache.zookeeper.server.NIOServerCnxnFactory"},
    {"netty.*", Standing::kNoEffect, nullptr, "has no effect: Netty is not used"},
    {"client.portUnification", Standing::kUnsupported, nullptr, kNoTls, "false"},
    {"client.certReload", Standing::kUnsupported, nullptr, kNoTls, "false"},
    {"flushDelay", Standing::kUnsupported, nullptr, kNoDelay, "0"},
    {"maxWriteQueuePollTime", Standing::kUnsupported, nullptr, kNoDelay, "0"},
    {"commitProcessor.*", Standing::kNoEffect, nullptr, kNoPools},
    {"maxResponseCacheSize", Standing::kNoEffect, nullptr, kNoCache},
    {"maxGetChildrenResponseCacheSize", Standing::kNoEffect, nullptr, kNoCache},
    {"intBufferStartingSizeBytes", Standing::kNoEffect, nullptr,
     "has no effect: buffers grow as requests need them"},
    {"watchManagerName", Standing::kNoEffect, nullptr, kOneWatchTable,
     "org.apache.zookeeper.server.watch.WatchManager"},
    {"watcherCleanThreshold", Standing::kNoEffect, nullptr, kOneWatchTable},
    {"watcherCleanIntervalInSeconds", Standing::kNoEffect, nullptr, kOneWatchTable},
    {"watcherCleanThreadsNum", Standing::kNoEffect, nullptr, kOneWatchTable},
    {"maxInProcessingDeadWatchers", Standing::kNoEffect, nullptr, kOneWatchTable},
    {"bitHashCacheSize", Standing::kNoEffect, nullptr, kOneWatchTable},
    {"audit.enable", Standing::kUnsupported, nullptr, kNoAudit, "false"},
    {"audit.impl.class", Standing::kNoEffect, nullptr, kNoAudit},
    {"superUser", Standing::kUnsupported, nullptr, kNoSasl},
    {"X509AuthenticationProvider.superUser", Standing::kUnsupported, nullptr, kNoTls},
    {"ssl.*", Standing::kUnsupported, nullptr, kNoTls},
    {"fips-mode", Standing::kNoEffect, nullptr, kNoTls},
    {"authProvider.*", Standing::kUnsupported, nullptr,
     "is not supported: authentication plug-ins are Java classes, their schemes are unknown here"},
    {"IPAuthenticationProvider.usexforwardedfor", Standing::kUnsupported, nullptr, kNoAdminServer,
     "false"},
    {"sessionRequireClientSASLAuth", Standing::kUnsupported, nullptr, kNoPolicy, "false"},
    {"allowSaslFailedClients", Standing::kUnsupported, nullptr, kNoSasl, "false"},
    {"enforce.auth.enabled", Standing::kUnsupported, nullptr, kNoPolicy, "false"},
    {"enforce.auth.schemes", Standing::kUnsupported, nullptr, kNoPolicy},
    {"ensembleAuthName", Standing::kUnsupported, nullptr,
     "is not supported: the auth scheme \"ensemble\" is unknown here"},
    {"letAnySaslUserDoX", Standing::kUnsupported, nullptr, kNoSasl},
    {"kerberos.*", Standing::kUnsupported, nullptr, kNoSasl},
    {"admin.enableServer", Standing::kUnsupported, nullptr, kNoAdminServer, "false"},
    {"admin.*", Standing::kUnsupported, nullptr, kNoAdminServer},
};

bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) {
    pattern.remove_suffix(1);
    return name.starts_with(pattern) && name.size() > pattern.size();
  }
  return pattern == name;
}

}  // namespace

std::span<const ConfigKey> property_keys() {
  return kPropertyKeys;
}

std::optional<FoundKey> find_key(std::string_view written) {
  constexpr std::string_view kPrefix = "zookeeper.";
  std::string_view name = written;
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  for (const ConfigKey& key : named_keys()) {
    if (matches(key.name, name)) return FoundKey{&key, true};
  }
  for (const std::span<const ConfigKey> keys : {property_keys(), throttle_keys()}) {
    for (const ConfigKey& key : keys) {
      if (matches(key.name, name)) return FoundKey{&key, false};
    }
  }
  return std::nullopt;
}

}  // namespace zoetrope::net
