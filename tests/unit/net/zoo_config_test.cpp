#include "net/zoo_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "net/config_keys.hpp"

namespace zoetrope::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kBasis = "dataDir=/data\nclientPort=2181\n";

struct Files : std::map<std::string, std::string> {
  using map::map;
  ReadFile reader() const {
    return [this](const std::string& path) -> std::expected<std::string, std::string> {
      const auto found = find(path);
      if (found == end())
        return std::unexpected("cannot open " + path + ": No such file or directory");
      return found->second;
    };
  }
};

std::expected<ServerConfig, std::string> parse(const std::string& text,
                                               const std::vector<std::string>& definitions = {},
                                               const Files& files = {}) {
  return parse_zoo_config(text, "zoo.cfg", definitions, files.reader());
}
// Of kBasis and `text`, whose first line is line 3.
ServerConfig parse_good(const std::string& text, const std::vector<std::string>& definitions = {}) {
  auto config = parse(kBasis + text, definitions);
  EXPECT_TRUE(config.has_value()) << text << ": " << config.error();
  return config.value_or(ServerConfig());
}
std::string error_of(const std::string& text, const Files& files = {}) {
  const auto config = parse(text, {}, files);
  return config ? "no error" : config.error();
}

// Every key of facts/config-keys.md, families by one member.
constexpr const char* kNamedKeyList[] = {
    "dataDir",
    "dataLogDir",
    "clientPort",
    "clientPortAddress",
    "secureClientPort",
    "secureClientPortAddress",
    "tickTime",
    "initLimit",
    "syncLimit",
    "connectToLearnerMasterLimit",
    "minSessionTimeout",
    "maxSessionTimeout",
    "maxClientCnxns",
    "clientPortListenBacklog",
    "server.1",
    "group.1",
    "weight.1",
    "peerType",
    "electionAlg",
    "electionPort",
    "dynamicConfigFile",
    "standaloneEnabled",
    "reconfigEnabled",
    "localSessionsEnabled",
    "localSessionsUpgradingEnabled",
    "syncEnabled",
    "observerMasterPort",
    "quorumListenOnAllIPs",
    "autopurge.snapRetainCount",
    "autopurge.purgeInterval",
    "sslQuorum",
    "portUnification",
    "sslQuorumReloadCertFiles",
    "quorum.auth.enableSasl",
    "quorum.auth.learnerRequireSasl",
    "quorum.auth.serverRequireSasl",
    "quorum.auth.learner.saslLoginContext",
    "quorum.auth.server.saslLoginContext",
    "quorum.auth.kerberos.servicePrincipal",
    "quorum.cnxn.threads.size",
    "multiAddress.enabled",
    "multiAddress.reachabilityCheckEnabled",
    "multiAddress.reachabilityCheckTimeoutMs",
    "jvm.pause.monitor",
    "jvm.pause.warn-threshold.ms",
    "jvm.pause.info-threshold.ms",
    "jvm.pause.sleep.time.ms",
    "metricsProvider.className",
    "metricsProvider.httpPort",
    "oraclePath",
    "zoetrope.compatibility",
};
constexpr const char* kPropertyKeyList[] = {
    "4lw.commands.whitelist",
    "snapCount",
    "snapSizeLimitInKb",
    "preAllocSize",
    "txnLogSizeLimitInKb",
    "forceSync",
    "fsync.warningthresholdms",
    "commitLogCount",
    "snapshotSizeFactor",
    "forceSnapshotSync",
    "leader.maxConcurrentSnapSyncs",
    "leader.maxConcurrentDiffSyncs",
    "snapshot.compression.method",
    "snapshot.trust.empty",
    "serializeLastProcessedZxid.enabled",
    "digest.enabled",
    "closeSessionTxn.enabled",
    "db.autocreate",
    "datadir.autocreate",
    "extendedTypesEnabled",
    "emulate353TTLNodes",
    "znode.container.checkIntervalMs",
    "znode.container.maxPerMinute",
    "znode.container.maxNeverUsedIntervalMs",
    "jute.maxbuffer",
    "jute.maxbuffer.extrasize",
    "globalOutstandingLimit",
    "request_throttle_max_requests",
    "request_throttle_stall_time",
    "request_throttle_drop_stale",
    "request_stale_latency_check",
    "request_stale_connection_check",
    "request_throttler.shutdownTimeout",
    "throttled_op_wait_time",
    "largeRequestThreshold",
    "largeRequestMaxBytes",
    "connection_throttle_tokens",
    "connection_throttle_fill_time",
    "connection_throttle_fill_count",
    "connection_throttle_freeze_time",
    "connection_throttle_drop_increase",
    "connection_throttle_drop_decrease",
    "connection_throttle_decrease_ratio",
    "connection_throttle_weight_enabled",
    "connection_throttle_global_session_weight",
    "connection_throttle_local_session_weight",
    "connection_throttle_renew_session_weight",
    "maxCnxns",
    "nio.sessionlessCnxnTimeout",
    "nio.numSelectorThreads",
    "nio.numWorkerThreads",
    "nio.directBufferBytes",
    "nio.shutdownTimeout",
    "serverCnxnFactory",
    "netty.advancedFlowControl.enabled",
    "client.portUnification",
    "client.certReload",
    "flushDelay",
    "maxWriteQueuePollTime",
    "maxBatchSize",
    "commitProcessor.numWorkerThreads",
    "commitProcessor.maxReadBatchSize",
    "commitProcessor.maxCommitBatchSize",
    "commitProcessor.shutdownTimeout",
    "maxResponseCacheSize",
    "maxGetChildrenResponseCacheSize",
    "intBufferStartingSizeBytes",
    "fastleader.minNotificationInterval",
    "fastleader.maxNotificationInterval",
    "leader.maxTimeToWaitForEpoch",
    "cnxTimeout",
    "quorumCnxnTimeoutMs",
    "electionPortBindRetry",
    "leaderConnectDelayDuringRetryMs",
    "leaderServes",
    "tcpKeepAlive",
    "clientTcpKeepAlive",
    "follower.nodelay",
    "leader.nodelay",
    "observer.syncEnabled",
    "observer.reconnectDelayMs",
    "observer.election.DelayMs",
    "observerMaster.sizeLimit",
    "learner.asyncSending",
    "learner.closeSocketAsync",
    "leader.closeSocketAsync",
    "forward_learner_requests_to_commit_processor_disabled",
    "follower.skipLearnerRequestToNextProcessor",
    "leader.ackLoggingFrequency",
    "messageTracker.BufferSize",
    "messageTracker.Enabled",
    "readonlymode.enabled",
    "enforceQuota",
    "watchManagerName",
    "watcherCleanThreshold",
    "watcherCleanIntervalInSeconds",
    "watcherCleanThreadsNum",
    "maxInProcessingDeadWatchers",
    "bitHashCacheSize",
    "audit.enable",
    "audit.impl.class",
    "skipACL",
    "enableEagerACLCheck",
    "DigestAuthenticationProvider.enabled",
    "DigestAuthenticationProvider.superDigest",
    "DigestAuthenticationProvider.digestAlg",
    "superUser",
    "X509AuthenticationProvider.superUser",
    "ssl.authProvider",
    "authProvider.1",
    "IPAuthenticationProvider.usexforwardedfor",
    "sessionRequireClientSASLAuth",
    "allowSaslFailedClients",
    "enforce.auth.enabled",
    "enforce.auth.schemes",
    "ensembleAuthName",
    "letAnySaslUserDoX",
    "kerberos.removeHostFromPrincipal",
    "ssl.keyStore.location",
    "ssl.keyStore.password",
    "ssl.trustStore.location",
    "ssl.protocol",
    "ssl.enabledProtocols",
    "ssl.ciphersuites",
    "ssl.hostnameVerification",
    "ssl.clientAuth",
    "ssl.crl",
    "ssl.ocsp",
    "ssl.quorum.keyStore.location",
    "ssl.quorum.trustStore.location",
    "fips-mode",
    "admin.enableServer",
    "admin.serverAddress",
    "admin.serverPort",
    "admin.idleTimeout",
    "admin.commandURL",
    "admin.portUnification",
    "admin.forceHttps",
    "admin.needClientAuth",
    "admin.httpVersion",
    "admin.rateLimiterIntervalInMS",
    "admin.snapshot.enabled",
    "admin.restore.enabled",
};

TEST(ConfigKeys, EveryKeyOfTheFactsIsKnownInBothSpellings) {
  for (const char* name : kNamedKeyList) {
    const auto found = find_key(name);
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_TRUE(found->named) << name;
  }
  for (const char* name : kPropertyKeyList) {
    const auto found = find_key(name);
    ASSERT_TRUE(found.has_value()) << name;
    EXPECT_FALSE(found->named) << name;
    EXPECT_TRUE(find_key(std::string("zookeeper.") + name).has_value()) << name;
  }
}

TEST(ConfigKeys, EveryKeyOfTheTablesIsObeyedOrSaysWhatItLacks) {
  for (const auto table : {named_keys(), property_keys(), throttle_keys()}) {
    for (const ConfigKey& key : table) {
      const bool warns =
          key.standing == Standing::kNoEffect || key.standing == Standing::kUnsupported;
      if (key.standing == Standing::kEnsembleOnly) {
        const bool is_line = key.name.ends_with(".*") && key.read == nullptr;
        EXPECT_TRUE(is_line || key.read != nullptr || !key.consequence.empty()) << key.name;
        continue;
      }
      EXPECT_EQ(warns, !key.consequence.empty()) << key.name;
      EXPECT_TRUE(key.standing != Standing::kObeyed || key.read != nullptr) << key.name;
    }
  }
}

TEST(ConfigKeys, FamiliesNeedAMember) {
  EXPECT_FALSE(find_key("server.").has_value());
  EXPECT_FALSE(find_key("ssl.").has_value());
  EXPECT_FALSE(find_key("serverX").has_value());
  EXPECT_FALSE(find_key("").has_value());
}

TEST(ZooConfig, Defaults) {
  const ServerConfig config = parse_good("");
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_EQ(config.data_dir, "/data");
  EXPECT_EQ(config.data_log_dir, "/data");
  EXPECT_EQ(config.engine.data_dir, "/data/version-2");
  EXPECT_EQ(config.client, (ListenAddress{"", 2181}));
  EXPECT_EQ(config.engine.client_port, 2181);
  EXPECT_EQ(config.engine.tick_time_ms, 3000);
  EXPECT_EQ(config.engine.timeout_ms_min(), 6000);
  EXPECT_EQ(config.engine.timeout_ms_max(), 60000);
  EXPECT_EQ(config.engine.connections_per_address_max, 60);
  EXPECT_EQ(config.engine.store.snap_count, 100000);
  EXPECT_EQ(config.engine.store.retain_snapshots, 3u);
  EXPECT_EQ(config.engine.store.purge_interval_ms, 0);
  EXPECT_THAT(config.engine.four_letter_words, ElementsAre("srvr"));
  EXPECT_EQ(config.engine.compatibility, node::Compatibility::k3_9);
  EXPECT_FALSE(config.myid.has_value());
}

TEST(ZooConfig, TheSampleOfDebianIsServedWithoutAWarning) {
  const ServerConfig config = parse_good(
      "tickTime=2000\ninitLimit=10\nsyncLimit=5\n# maxClientCnxns=60\nautopurge.purgeInterval=1\n"
      "admin.enableServer=false\nstandaloneEnabled=true\nserver.1=zoo1:2888:3888\n");
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("one server line")));
  EXPECT_EQ(config.engine.store.purge_interval_ms, 3600 * 1000);
}

TEST(ZooConfig, NamedKeysAreObeyed) {
  const ServerConfig config = parse_good(
      "dataLogDir=/logs\nclientPortAddress=127.0.0.1\nclientPortListenBacklog=7\ntickTime=500\n"
      "minSessionTimeout=100\nmaxSessionTimeout=900\nmaxClientCnxns=0\nautopurge.snapRetainCount="
      "5\n"
      "autopurge.purgeInterval=30m\nzoetrope.compatibility=3.8\nreconfigEnabled=true\n");
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_EQ(config.data_log_dir, "/logs");
  EXPECT_EQ(config.engine.data_log_dir, "/logs/version-2");
  EXPECT_EQ(config.client, (ListenAddress{"127.0.0.1", 2181}));
  EXPECT_EQ(config.engine.client_port_listen_backlog, 7);
  EXPECT_EQ(config.engine.tick_time_ms, 500);
  EXPECT_EQ(config.engine.timeout_ms_min(), 100);
  EXPECT_EQ(config.engine.timeout_ms_max(), 900);
  EXPECT_EQ(config.engine.connections_per_address_max, 0);
  EXPECT_EQ(config.engine.store.retain_snapshots, 5u);
  EXPECT_EQ(config.engine.store.purge_interval_ms, 30 * 60 * 1000);
  EXPECT_EQ(config.engine.compatibility, node::Compatibility::k3_8);
  EXPECT_TRUE(config.engine.reconfig_enabled);
}

TEST(ZooConfig, ThrottleKeysAreObeyed) {
  const ServerConfig config = parse_good(
      "request_throttle_max_requests=20\nzookeeper.request_throttle_stall_time=30\n"
      "request_throttle_drop_stale=false\nrequest_stale_latency_check=true\n"
      "request_stale_connection_check=false\nthrottled_op_wait_time=40\n"
      "largeRequestThreshold=50\nlargeRequestMaxBytes=60\nconnection_throttle_tokens=70\n"
      "connection_throttle_fill_time=80\nconnection_throttle_fill_count=90\n"
      "connection_throttle_freeze_time=100\nconnection_throttle_drop_increase=0.5\n"
      "connection_throttle_drop_decrease=0.25\nconnection_throttle_decrease_ratio=1\n"
      "connection_throttle_weight_enabled=true\nconnection_throttle_global_session_weight=7\n"
      "connection_throttle_local_session_weight=5\nconnection_throttle_renew_session_weight=6\n");
  EXPECT_THAT(config.warnings, IsEmpty());
  const node::RequestThrottleConfig& requests = config.engine.request_throttle;
  EXPECT_EQ(requests.max_requests, 20);
  EXPECT_EQ(requests.stall_time_ms, 30);
  EXPECT_FALSE(requests.drop_stale);
  EXPECT_TRUE(requests.stale_latency_check);
  EXPECT_FALSE(requests.stale_connection_check);
  EXPECT_EQ(requests.throttled_op_wait_ms, 40);
  EXPECT_EQ(config.engine.large_request_threshold, 50);
  EXPECT_EQ(config.engine.large_request_bytes_max, 60);
  const node::ConnectionThrottleConfig& connections = config.engine.connection_throttle;
  EXPECT_EQ(connections.tokens, 70);
  EXPECT_EQ(connections.fill_time_ms, 80);
  EXPECT_EQ(connections.fill_count, 90);
  EXPECT_EQ(connections.freeze_time_ms, 100);
  EXPECT_EQ(connections.drop_increase, 500'000);
  EXPECT_EQ(connections.drop_decrease, 250'000);
  EXPECT_EQ(connections.decrease_ratio, 1'000'000);
  EXPECT_TRUE(connections.is_weighted);
  EXPECT_EQ(connections.global_weight, 7);
  EXPECT_EQ(connections.local_weight, 5);
  EXPECT_EQ(connections.renew_weight, 6);
}

TEST(ZooConfig, BadThrottleValuesAreNamed) {
  const ServerConfig config = parse_good(
      "request_throttle_max_requests=-1\nlargeRequestThreshold=0\nlargeRequestMaxBytes=0\n"
      "connection_throttle_drop_increase=2\nconnection_throttle_tokens=x\n");
  EXPECT_EQ(config.warnings.size(), 5U);
  EXPECT_EQ(config.engine.request_throttle.max_requests, 0);
  EXPECT_EQ(config.engine.large_request_threshold, -1);
  EXPECT_EQ(config.engine.connection_throttle.drop_increase, 20'000);
}

TEST(ZooConfig, PropertyKeysAreObeyed) {
  const ServerConfig config = parse_good(
      "4lw.commands.whitelist=ruok, mntr ,*\nsnapCount=500\nsnapSizeLimitInKb=-1\npreAllocSize=64\n"
      "txnLogSizeLimitInKb=10\nforceSync=no\nfsync.warningthresholdms=20\n"
      "snapshot.compression.method=snappy\nsnapshot.trust.empty=true\n"
      "serializeLastProcessedZxid.enabled=false\ndigest.enabled=false\ncloseSessionTxn.enabled=no\n"
      "db.autocreate=false\ndatadir.autocreate=false\nextendedTypesEnabled=TRUE\n"
      "znode.container.checkIntervalMs=1\nznode.container.maxPerMinute=2\n"
      "znode.container.maxNeverUsedIntervalMs=3\njute.maxbuffer=0x400000\n"
      "jute.maxbuffer.extrasize=5\nglobalOutstandingLimit=6\nlargeRequestThreshold=7\nmaxCnxns=8\n"
      "nio.sessionlessCnxnTimeout=9\nmaxBatchSize=10\nclientTcpKeepAlive=true\nenforceQuota=true\n"
      "skipACL=yes\nDigestAuthenticationProvider.enabled=false\n"
      "DigestAuthenticationProvider.superDigest=super:x\n"
      "DigestAuthenticationProvider.digestAlg=SHA-256\n");
  EXPECT_THAT(config.warnings, IsEmpty());
  const node::Config& engine = config.engine;
  EXPECT_THAT(engine.four_letter_words, ElementsAre("ruok", "mntr", "*"));
  EXPECT_EQ(engine.store.snap_count, 500);
  EXPECT_EQ(engine.store.snap_size_limit_kb, -1);
  EXPECT_EQ(engine.store.preallocation_kb, 64);
  EXPECT_EQ(engine.store.log_size_limit_kb, 10);
  EXPECT_FALSE(engine.store.force_sync);
  EXPECT_EQ(config.fsync_warning_ms, 20);
  EXPECT_EQ(engine.store.snapshot.compression, storage::Compression::kSnappy);
  EXPECT_TRUE(config.recovery.trust_empty_snapshot);
  EXPECT_FALSE(engine.store.snapshot.last_processed_zxid);
  EXPECT_FALSE(engine.digest_enabled);
  EXPECT_FALSE(engine.store.snapshot.digest);
  EXPECT_FALSE(config.recovery.tree.digest_enabled);
  EXPECT_FALSE(engine.close_session_txn_enabled);
  EXPECT_FALSE(config.recovery.db_autocreate);
  EXPECT_FALSE(config.datadir_autocreate);
  EXPECT_TRUE(engine.extended_types_enabled);
  EXPECT_TRUE(config.recovery.tree.extended_types_enabled);
  EXPECT_EQ(engine.container_check_interval_ms, 1);
  EXPECT_EQ(engine.containers_per_minute_max, 2);
  EXPECT_EQ(engine.container_never_used_interval_ms, 3);
  EXPECT_EQ(engine.frame_bytes_max, 0x400000);
  EXPECT_EQ(engine.buffer_extra_bytes, 5);
  EXPECT_EQ(engine.outstanding_limit, 6);
  EXPECT_EQ(engine.large_request_threshold, 7);
  EXPECT_EQ(engine.connections_max, 8);
  EXPECT_EQ(engine.sessionless_timeout_ms, 9);
  EXPECT_EQ(engine.store.batch_size_max, 10);
  EXPECT_TRUE(config.client_tcp_keepalive);
  EXPECT_TRUE(engine.enforce_quota);
  EXPECT_TRUE(engine.auth.skip_acl);
  EXPECT_FALSE(engine.auth.digest_enabled);
  EXPECT_EQ(engine.auth.super_digest, "super:x");
  EXPECT_EQ(engine.auth.digest_algorithm, "SHA-256");
}

TEST(ZooConfig, BothSpellingsAndDefinitionsWork) {
  EXPECT_EQ(parse_good("zookeeper.snapCount=77\n").engine.store.snap_count, 77);
  EXPECT_EQ(parse_good("", {"zookeeper.snapCount=78"}).engine.store.snap_count, 78);
  EXPECT_EQ(parse_good("", {"snapCount=79"}).engine.store.snap_count, 79);
  EXPECT_TRUE(
      parse_good("", {"zookeeper.extendedTypesEnabled=true"}).engine.extended_types_enabled);
  EXPECT_EQ(parse_good("snapCount=1000\n", {"zookeeper.snapCount=78"}).engine.store.snap_count,
            1000);
}

TEST(ZooConfig, WhatIsNotSupportedIsNamedWithItsLine) {
  EXPECT_THAT(
      parse_good("secureClientPort=2281\n").warnings,
      ElementsAre("zoo.cfg:3: secureClientPort is not supported: TLS clients cannot connect"));
  EXPECT_THAT(parse_good("\n\nadmin.serverPort=8081\n").warnings,
              ElementsAre(StartsWith("zoo.cfg:5: admin.serverPort is not supported")));
  EXPECT_THAT(
      parse_good("", {"zookeeper.admin.enableServer"}).warnings,
      ElementsAre(StartsWith("-D zookeeper.admin.enableServer: admin.enableServer is not")));
  EXPECT_THAT(parse_good("nio.numWorkerThreads=4\nmaxSesionTimeout=1\n").warnings,
              ElementsAre(HasSubstr("nio.numWorkerThreads has no effect"),
                          "zoo.cfg:4: unknown key maxSesionTimeout is ignored"));
}

TEST(ZooConfig, MessagesStayOneLineWhateverTheyQuote) {
  EXPECT_THAT(parse_good("a\\nb\\rc=1\n").warnings,
              ElementsAre("zoo.cfg:3: unknown key a?b?c is ignored"));
  EXPECT_THAT(error_of("dataDir=/d\nclientPort=x\\ny\n"), Not(HasSubstr("\n")));
}

TEST(ZooConfig, EveryKeyThatIsNotObeyedGivesOneWarning) {
  for (const auto table : {named_keys(), property_keys(), throttle_keys()}) {
    for (const ConfigKey& key : table) {
      if (key.consequence.empty() || key.name.starts_with("jvm.") || key.read != nullptr) continue;
      if (key.standing == Standing::kEnsembleOnly) continue;  // ensemble_config_test.cpp
      std::string name(key.name);
      if (name.ends_with('*')) name.back() = 'x';
      EXPECT_THAT(parse_good(name + "=sure\n").warnings,
                  ElementsAre(StartsWith("zoo.cfg:3: " + name)));
      if (key.inert_value.empty()) continue;
      EXPECT_THAT(parse_good(name + "=" + std::string(key.inert_value) + "\n").warnings, IsEmpty())
          << name;
    }
  }
}

TEST(ZooConfig, BadPropertyValuesKeepTheDefault) {
  const ServerConfig config = parse_good("snapCount=many\njute.maxbuffer=-5\nsnapCount=1\n");
  EXPECT_THAT(config.warnings,
              ElementsAre(StartsWith("zoo.cfg:3: snapCount \"many\" is not a number"),
                          StartsWith("zoo.cfg:4: jute.maxbuffer must be above 0"),
                          StartsWith("zoo.cfg:5: snapCount is set again"),
                          StartsWith("zoo.cfg:5: snapCount 1 is below 2; 2 is used")));
  EXPECT_EQ(config.engine.frame_bytes_max, 1048575);
  EXPECT_EQ(config.engine.store.snap_count, 2);
}

TEST(ZooConfig, TheLastOfSeveralLinesWins) {
  const ServerConfig config = parse_good("tickTime=100\ntickTime=200\n");
  EXPECT_EQ(config.engine.tick_time_ms, 200);
  EXPECT_THAT(config.warnings,
              ElementsAre("zoo.cfg:4: tickTime is set again: what zoo.cfg:3 said is not used"));
}

struct BadConfig {
  const char* text;
  const char* error;
};

TEST(ZooConfig, BadConfigurationsAreRefusedWithTheirPlace) {
  const BadConfig kBad[] = {
      {"", "zoo.cfg: dataDir is not set"},
      {"dataDir=\nclientPort=1\n", "zoo.cfg: dataDir is not set"},
      {"dataDir=/d\n", "zoo.cfg: clientPort is not set: no client could connect"},
      {"dataDir=/d\nclientPortAddress=::1\n",
       "zoo.cfg:2: clientPortAddress is set but clientPort is not"},
      {"dataDir=/d\nclientPort=1\nsecureClientPortAddress=::1\n",
       "zoo.cfg:3: secureClientPortAddress is set but secureClientPort is not"},
      {"dataDir=/d\nclientPort=1\ntickTime=0\n", "zoo.cfg:3: tickTime must be above 0 ms"},
      {"dataDir=/d\nclientPort=1\ntickTime=x\n",
       "zoo.cfg:3: tickTime \"x\" is not a number of 32 bits"},
      {"dataDir=/d\nclientPort=65536\n",
       "zoo.cfg:2: clientPort \"65536\" is not a port (0 to 65535)"},
      {"dataDir=/d\nclientPort=-1\n", "zoo.cfg:2: clientPort \"-1\" is not a port (0 to 65535)"},
      {"dataDir=/d\nclientPort=\n", "zoo.cfg:2: clientPort \"\" is not a port (0 to 65535)"},
      {"dataDir=/d\nclientPort=1\nminSessionTimeout=70000\n",
       "zoo.cfg:3: minSessionTimeout (70000 ms) must not be larger than maxSessionTimeout (60000 "
       "ms)"},
      {"dataDir=/d\nclientPort=1\n\nmaxSessionTimeout=10\n",
       "zoo.cfg:4: minSessionTimeout (6000 ms) must not be larger than maxSessionTimeout (10 ms)"},
      {"dataDir=/d\nclientPort=1\nelectionAlg=1\n",
       "zoo.cfg:3: electionAlg must be 3 (fast leader election) or 0 (the basic one, which no "
       "other "
       "server speaks)"},
      {"dataDir=/d\nclientPort=1\npeerType=king\n",
       "zoo.cfg:3: peerType is neither participant nor observer"},
      {"dataDir=/d\nclientPort=1\nsslQuorum=yes\n",
       "zoo.cfg:3: sslQuorum \"yes\" is neither true nor false"},
      {"dataDir=/d\nclientPort=1\nquorum.auth.serverRequireSasl=true\n",
       "zoo.cfg:3: quorum.auth.serverRequireSasl needs quorum.auth.enableSasl=true"},
      {"dataDir=/d\nclientPort=1\nautopurge.purgeInterval=3x\n",
       "zoo.cfg:3: autopurge.purgeInterval \"3x\" is not a length of time (a number, then ms, s, "
       "m, h "
       "or d)"},
      {"dataDir=/d\nclientPort=1\nzoetrope.compatibility=4\n",
       "zoo.cfg:3: zoetrope.compatibility \"4\" is neither 3.8 nor 3.9"},
      {"dataDir=/d\nclientPort=1\nx=\\u00\n",
       "zoo.cfg:3: malformed \\u escape: four hexadecimal digits must follow"},
      {"dataDir=/d\nclientPort=1\nstandaloneEnabled=false\n",
       "zoo.cfg:3: standaloneEnabled=false needs at least one participant"},
      {"dataDir=/d\nclientPort=1\nserver.1=h:1:2:observer\n",
       "zoo.cfg:3: observers need a quorum of participants"},
      {"dataDir=/d\nclientPort=1\nserver.one=h:1:2\n",
       "zoo.cfg:3: \"server.one\" must have a number after \"server.\""},
      {"dataDir=/d\nclientPort=1\nserver.1=h:1\n",
       "zoo.cfg:3: server.1 \"h:1\" is not a server line: \"h:1\" is not "
       "host:port:port[:participant|observer]"},
  };
  for (const BadConfig& bad : kBad) EXPECT_EQ(error_of(bad.text), bad.error) << bad.text;
}

TEST(ZooConfig, MyidIsReadAndMustBeANumber) {
  const auto good = parse(kBasis, {}, {{"/data/myid", "7\n"}});
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->myid, 7);
  EXPECT_EQ(error_of(kBasis, {{"/data/myid", "seven\n"}}),
            "/data/myid:1: myid \"seven\" is not a number");
}

TEST(ZooConfig, AServerLineGivesTheClientPort) {
  const Files files{{"/data/myid", "2"}};
  const auto config = parse("dataDir=/data\nserver.2=h:1:2;127.0.0.1:2222\n", {}, files);
  ASSERT_TRUE(config.has_value()) << config.error();
  EXPECT_EQ(config->client, (ListenAddress{"127.0.0.1", 2222}));
  EXPECT_EQ(error_of("dataDir=/data\nclientPort=1\nserver.2=h:1:2;2222\n", files),
            "zoo.cfg:2: clientPort differs from the port of this server's line, 2222");
  EXPECT_EQ(error_of("dataDir=/data\nserver.3=h:1:2;2222\n", files),
            "zoo.cfg: clientPort is not set: no client could connect");
  const auto any_host = parse("dataDir=/data\nserver.2=h:1:2;2222\n", {}, files);
  ASSERT_TRUE(any_host.has_value()) << any_host.error();
  EXPECT_EQ(any_host->client, (ListenAddress{"", 2222}));
}

TEST(ZooConfig, DynamicFile) {
  const std::string text = std::string(kBasis) + "dynamicConfigFile=/dyn\n";
  EXPECT_EQ(error_of(text),
            "zoo.cfg:3: dynamicConfigFile: cannot open /dyn: No such file or directory");
  EXPECT_EQ(error_of(text, {{"/dyn", "server.1=h:1:2\n"}}), "no error");
  EXPECT_EQ(error_of(text, {{"/dyn", "#\nversion=1\n"}}),
            "/dyn:2: a dynamic file must not set version");
  EXPECT_THAT(error_of(text, {{"/dyn", "tickTime=1\n"}}),
              StartsWith("/dyn:1: tickTime must not stand"));
  EXPECT_EQ(error_of(text + "server.1=h:1:2\n", {{"/dyn", ""}}),
            "zoo.cfg:4: server.1 must stand in the dynamic file /dyn");
}

}  // namespace
}  // namespace zoetrope::net
