// zoo.cfg of a member of an ensemble.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "net/config_keys.hpp"
#include "net/zoo_config.hpp"

namespace zoetrope::net {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Files = std::map<std::string, std::string>;

// Seven lines; those of a test begin with line 8.
constexpr const char* kMember =
    "dataDir=/data\nclientPort=2181\ninitLimit=10\nsyncLimit=5\n"
    "server.1=zoo1:2888:3888\nserver.2=zoo2:2889:3889\nserver.3=zoo3:2890:3890\n";
const Files kMyid2{{"/data/myid", "2\n"}};

std::expected<ServerConfig, std::string> parse(const std::string& text,
                                               const Files& files = kMyid2) {
  return parse_zoo_config(text, "zoo.cfg", {},
                          [&](const std::string& path) -> std::expected<std::string, std::string> {
                            const auto found = files.find(path);
                            if (found == files.end()) return std::unexpected("no " + path);
                            return found->second;
                          });
}
ServerConfig member(const std::string& more, const Files& files = kMyid2) {
  auto config = parse(kMember + more, files);
  EXPECT_TRUE(config.has_value()) << more << ": " << config.error();
  if (!config || !config->engine.peer) {
    ADD_FAILURE() << more << " makes no member";
    return {};
  }
  return *std::move(config);
}
std::string error_of(const std::string& text, const Files& files = kMyid2) {
  const auto config = parse(text, files);
  return config ? "no error" : config.error();
}
// kMember with one piece of it replaced.
std::string member_with(const std::string& piece, const std::string& by) {
  std::string text = kMember;
  const size_t at = text.find(piece);
  EXPECT_NE(at, std::string::npos) << piece;
  return text.replace(at, piece.size(), by);
}

TEST(EnsembleConfig, Defaults) {
  const ServerConfig config = member("");
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_EQ(config.engine.server_id, ServerId(2));
  const zab::PeerConfig& peer = *config.engine.peer;
  EXPECT_EQ(peer.role.self, ServerId(2));
  EXPECT_EQ(peer.election.self, ServerId(2));
  EXPECT_EQ(peer.links.self, ServerId(2));
  EXPECT_FALSE(peer.role.is_observer);
  EXPECT_EQ(peer.role.tick_ms, 3000);
  EXPECT_EQ(peer.role.init_limit, 10);
  EXPECT_EQ(peer.role.sync_limit, 5);
  EXPECT_EQ(peer.role.connect_tick_limit, 0);
  EXPECT_EQ(peer.role.packet_bytes_max, 2u * 1048575);
  EXPECT_EQ(peer.role.snapshot_factor_percent, 33);
  EXPECT_FALSE(peer.role.force_snapshot);
  EXPECT_TRUE(peer.role.sync_by_quorum);
  EXPECT_EQ(peer.algorithm, zab::ElectionAlgorithm::kFast);
  EXPECT_EQ(peer.election.notification_interval_min, Duration::from_ms(200));
  EXPECT_EQ(peer.election.notification_interval_max, Duration::from_ms(60000));
  EXPECT_EQ(peer.links.connect_timeout, Duration::from_ms(5000));
  EXPECT_EQ(peer.links.handshake_timeout, Duration::from_ms(15000));
  EXPECT_FALSE(peer.links.multi_address);
  EXPECT_THAT(peer.links.own_addresses, ElementsAre(quorum::ElectionAddress{"zoo2", 3889}));
  EXPECT_EQ(peer.commit_log_count, 500u);
  EXPECT_EQ(peer.ensemble.members.size(), 3u);
  EXPECT_EQ(peer.ensemble.version, 0);
  ASSERT_TRUE(config.peers.has_value());
  EXPECT_THAT(config.peers->quorum, ElementsAre(ListenAddress{"zoo2", 2889}));
  EXPECT_THAT(config.peers->election, ElementsAre(ListenAddress{"zoo2", 3889}));
  EXPECT_EQ(config.peers->election_tries_max, 3);
  EXPECT_FALSE(config.peer_keepalive);
}

TEST(EnsembleConfig, EveryKeyIsObeyed) {
  const ServerConfig config = member(
      "tickTime=500\nconnectToLearnerMasterLimit=7\nelectionAlg=0\nquorumListenOnAllIPs=true\n"
      "commitLogCount=900\nsnapshotSizeFactor=0.5\nforceSnapshotSync=true\ncnxTimeout=1234\n"
      "quorumCnxnTimeoutMs=4321\nelectionPortBindRetry=0\ntcpKeepAlive=true\n"
      "fastleader.minNotificationInterval=50\nfastleader.maxNotificationInterval=500\n"
      "jute.maxbuffer=5000\njute.maxbuffer.extrasize=2000\nzoetrope.syncByQuorum=false\n"
      "zoetrope.epochTransactionsMax=1000\nmultiAddress.enabled=true\n");
  EXPECT_THAT(config.warnings, IsEmpty());
  const zab::PeerConfig& peer = *config.engine.peer;
  EXPECT_EQ(peer.role.tick_ms, 500);
  EXPECT_EQ(peer.role.connect_tick_limit, 7);
  EXPECT_EQ(peer.algorithm, zab::ElectionAlgorithm::kBasic);
  EXPECT_EQ(peer.commit_log_count, 900u);
  EXPECT_EQ(peer.role.snapshot_factor_percent, 50);
  EXPECT_TRUE(peer.role.force_snapshot);
  EXPECT_FALSE(peer.role.sync_by_quorum);
  EXPECT_EQ(peer.role.last_counter, 1000u);
  EXPECT_EQ(peer.role.packet_bytes_max, 7000u);
  EXPECT_EQ(peer.links.connect_timeout, Duration::from_ms(1234));
  EXPECT_EQ(peer.links.handshake_timeout, Duration::from_ms(4321));
  EXPECT_TRUE(peer.links.multi_address);
  EXPECT_EQ(peer.election.notification_interval_min, Duration::from_ms(50));
  EXPECT_EQ(peer.election.notification_interval_max, Duration::from_ms(500));
  EXPECT_THAT(config.peers->quorum, ElementsAre(ListenAddress{"", 2889}));
  EXPECT_THAT(config.peers->election, ElementsAre(ListenAddress{"", 3889}));
  EXPECT_EQ(config.peers->election_tries_max, 0);
  EXPECT_TRUE(config.peer_keepalive);
}

TEST(EnsembleConfig, ABadPropertyIsWarnedAboutAndItsDefaultUsed) {
  const ServerConfig config = member(
      "commitLogCount=499\nsnapshotSizeFactor=big\ncnxTimeout=0\nelectionPortBindRetry=-1\n"
      "fastleader.minNotificationInterval=0\nquorumCnxnTimeoutMs=0\n"
      "zoetrope.epochTransactionsMax=0\n");
  EXPECT_THAT(
      config.warnings,
      ElementsAre("zoo.cfg:8: commitLogCount must be at least 500; the default is used",
                  StartsWith("zoo.cfg:9: snapshotSizeFactor \"big\" is not a number"),
                  "zoo.cfg:10: cnxTimeout must be above 0 ms; the default is used",
                  StartsWith("zoo.cfg:11: electionPortBindRetry must not be negative"),
                  StartsWith("zoo.cfg:12: fastleader.minNotificationInterval must be above 0"),
                  StartsWith("zoo.cfg:13: quorumCnxnTimeoutMs must be above 0 ms"),
                  StartsWith("zoo.cfg:14: zoetrope.epochTransactionsMax must be above 0")));
  EXPECT_EQ(config.engine.peer->role.last_counter, 0xfffffffe);
  EXPECT_EQ(config.engine.peer->commit_log_count, 500u);
  EXPECT_EQ(config.engine.peer->role.snapshot_factor_percent, 33);
  EXPECT_EQ(config.peers->election_tries_max, 3);
}

TEST(EnsembleConfig, SnapshotSizeFactors) {
  const auto percent = [](const std::string& factor) {
    return member("snapshotSizeFactor=" + factor + "\n").engine.peer->role.snapshot_factor_percent;
  };
  EXPECT_EQ(percent("0.33"), 33);
  EXPECT_EQ(percent("2"), 200);
  EXPECT_EQ(percent("0"), 0);
  EXPECT_EQ(percent("0.0001"), 1) << "0 would be no limit at all";
  EXPECT_EQ(percent("-1"), -1);
  EXPECT_EQ(percent("-1e300"), -1);
  EXPECT_EQ(percent("nan"), 33);
  EXPECT_EQ(percent("1e300"), 33);
}

TEST(EnsembleConfig, ModesOfService) {
  const ServerConfig plain = member("");
  EXPECT_FALSE(plain.engine.read_only_mode);
  EXPECT_FALSE(plain.engine.local_sessions_enabled);
  EXPECT_FALSE(plain.engine.local_sessions_upgrading_enabled);
  EXPECT_TRUE(plain.engine.leader_serves);
  EXPECT_EQ(plain.engine.peer->role.observer_master_port, 0);
  const ServerConfig all = member(
      "readonlymode.enabled=true\nlocalSessionsEnabled=true\nlocalSessionsUpgradingEnabled=true\n"
      "zookeeper.leaderServes=no\nobserverMasterPort=2191\n");
  EXPECT_THAT(all.warnings, IsEmpty());
  EXPECT_TRUE(all.engine.read_only_mode);
  EXPECT_TRUE(all.engine.local_sessions_enabled);
  EXPECT_TRUE(all.engine.local_sessions_upgrading_enabled);
  EXPECT_FALSE(all.engine.leader_serves);
  EXPECT_EQ(all.engine.peer->role.observer_master_port, 2191);
}

TEST(EnsembleConfig, WhatIsNotObeyedIsNamedToAMemberOnly) {
  const std::string keys =
      "quorum.auth.enableSasl=true\noraclePath=/o\nleader.maxConcurrentSnapSyncs=5\n"
      "ssl.quorum.keyStore.location=/k\nsyncEnabled=false\n";
  EXPECT_THAT(member(keys).warnings,
              ElementsAre(StartsWith("zoo.cfg:8: quorum.auth.enableSasl is not supported"),
                          StartsWith("zoo.cfg:9: oraclePath is not supported"),
                          StartsWith("zoo.cfg:10: leader.maxConcurrentSnapSyncs has no effect"),
                          StartsWith("zoo.cfg:11: ssl.quorum.keyStore.location is not supported"),
                          StartsWith("zoo.cfg:12: syncEnabled is not supported")));
  const auto alone = parse("dataDir=/data\nclientPort=1\n" + keys);
  ASSERT_TRUE(alone.has_value()) << alone.error();
  EXPECT_THAT(alone->warnings, IsEmpty());
  EXPECT_THAT(member("localSessionsEnabled=false\nobserverMasterPort=0\nleaderServes=yes\n"
                     "leader.nodelay=true\nreadonlymode.enabled=false\nsslQuorum=false\n")
                  .warnings,
              IsEmpty());
}

TEST(EnsembleConfig, EveryKeyThatIsNotObeyedGivesAMemberOneWarning) {
  for (const auto table : {named_keys(), property_keys(), throttle_keys()}) {
    for (const ConfigKey& key : table) {
      if (key.standing != Standing::kEnsembleOnly || key.consequence.empty()) continue;
      if (key.read != nullptr) continue;
      std::string name(key.name);
      if (name.ends_with('*')) name.back() = 'x';
      const std::string line = name + "=sure\n";
      EXPECT_THAT(member(line).warnings, ElementsAre(StartsWith("zoo.cfg:8: " + name)));
      EXPECT_THAT(parse("dataDir=/data\nclientPort=1\n" + line)->warnings, IsEmpty());
      if (key.inert_value.empty()) continue;
      EXPECT_THAT(member(name + "=" + std::string(key.inert_value) + "\n").warnings, IsEmpty())
          << name;
    }
  }
}

TEST(EnsembleConfig, GroupsAndWeightsAndObservers) {
  const ServerConfig config = member(
      "group.1=1:2\ngroup.2=3\nweight.2=5\nserver.4=zoo4:2888:3888:observer\npeerType=observer\n");
  const quorum::Ensemble& ensemble = config.engine.peer->ensemble;
  EXPECT_TRUE(ensemble.is_hierarchical());
  EXPECT_EQ(ensemble.weight(ServerId(2)), 5);
  EXPECT_EQ(ensemble.weight(ServerId(1)), 1);
  EXPECT_TRUE(ensemble.is_observer(ServerId(4)));
  // The server lines say what a server is.
  EXPECT_FALSE(config.engine.peer->role.is_observer);
  EXPECT_THAT(config.warnings,
              ElementsAre(AllOf(StartsWith("zoo.cfg:12: peerType"), HasSubstr("a participant"))));
  const ServerConfig observer =
      member("server.4=zoo4:2888:3888:observer\npeerType=observer\n", {{"/data/myid", "4"}});
  EXPECT_TRUE(observer.engine.peer->role.is_observer);
  EXPECT_THAT(observer.warnings, IsEmpty());
}

TEST(EnsembleConfig, SeveralAddressesOfAServer) {
  const std::string text = member_with("zoo2:2889:3889", "b:2889:3889|a:2888:3888");
  EXPECT_EQ(error_of(text),
            "zoo.cfg:6: server.2 has several addresses, which needs "
            "multiAddress.enabled=true");
  const auto config = parse(text + "multiAddress.enabled=true\n");
  ASSERT_TRUE(config.has_value()) << config.error();
  EXPECT_THAT(config->peers->quorum,
              ElementsAre(ListenAddress{"a", 2888}, ListenAddress{"b", 2889}));
  EXPECT_THAT(config->engine.peer->links.own_addresses,
              ElementsAre(quorum::ElectionAddress{"a", 3888}, quorum::ElectionAddress{"b", 3889}));
}

TEST(EnsembleConfig, OneServerIsAnEnsembleOnlyWhenAsked) {
  const std::string one =
      "dataDir=/data\nclientPort=1\ninitLimit=2\nsyncLimit=2\nserver.2=h:2888:3888\n";
  const auto alone = parse(one);
  ASSERT_TRUE(alone.has_value()) << alone.error();
  EXPECT_FALSE(alone->engine.peer.has_value());
  EXPECT_FALSE(alone->peers.has_value());
  EXPECT_THAT(alone->warnings, ElementsAre(HasSubstr("a standalone server runs")));
  const auto asked = parse(one + "standaloneEnabled=false\n");
  ASSERT_TRUE(asked.has_value()) << asked.error();
  EXPECT_TRUE(asked->engine.peer.has_value());
  EXPECT_THAT(asked->warnings, ElementsAre(StartsWith("zoo.cfg: 1 participant: if one server")));
  // An observer may follow a quorum of one.
  EXPECT_EQ(error_of(one + "standaloneEnabled=false\nserver.4=o:2888:3888:observer\n"), "no error");
}

TEST(EnsembleConfig, SizesThatBearNoMoreLossesAreRemarkedOn) {
  EXPECT_THAT(member("server.4=zoo4:2888:3888\n").warnings,
              ElementsAre("zoo.cfg: 4 participants bear the loss of no more servers than 3 do"));
}

TEST(EnsembleConfig, TheLastOfTwoLinesCounts) {
  const ServerConfig config = member("server.3=other:1:2\n");
  EXPECT_EQ(config.engine.peer->ensemble.members.at(ServerId(3)).to_string(),
            "other:1:2:participant");
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("server.3 is set again")));
}

TEST(EnsembleConfig, ADynamicFileNamesItsVersion) {
  const std::string text =
      "dataDir=/data\nclientPort=1\ninitLimit=2\nsyncLimit=2\ndynamicConfigFile=";
  const std::string servers = "server.1=h1:2:3\nserver.2=h2:2:3\nserver.3=h3:2:3\n";
  for (const auto& [path, version] : std::map<std::string, int64_t>{
           {"/d.dynamic.10000000a", 0x10000000a}, {"/d.dynamic", 0}, {"/dynamic", 0}}) {
    const auto config = parse(text + path + "\n", {{"/data/myid", "3"}, {path, servers}});
    ASSERT_TRUE(config.has_value()) << config.error();
    EXPECT_EQ(config->engine.peer->ensemble.version, version) << path;
  }
  EXPECT_THAT(error_of(text + "/dyn\n", {{"/data/myid", "3"}, {"/dyn", servers + "server.4=x\n"}}),
              StartsWith("/dyn:4: server.4 \"x\" is not a server line"));
}

// Its client port stood in its line.
TEST(EnsembleConfig, AServerThatWasRemovedIsToldSo) {
  const std::string text = "dataDir=/data\ninitLimit=2\nsyncLimit=2\ndynamicConfigFile=/dyn.5\n";
  const std::string servers = "server.1=h1:2:3;4\nserver.2=h2:2:3;4\n";
  EXPECT_THAT(error_of(text, {{"/data/myid", "3"}, {"/dyn.5", servers}}),
              HasSubstr("there is no server.3 line: the server was removed from the ensemble"));
  EXPECT_EQ(error_of(text, {{"/data/myid", "2"}, {"/dyn.5", servers}}), "no error");
}

TEST(EnsembleConfig, BadEnsemblesAreRefusedWithTheirPlace) {
  const std::map<std::string, std::string> bad = {
      {member_with("initLimit=10\n", ""), "zoo.cfg: initLimit is not set: an ensemble needs it"},
      {member_with("syncLimit=5\n", ""), "zoo.cfg: syncLimit is not set: an ensemble needs it"},
      {member_with("initLimit=10", "initLimit=0"), "zoo.cfg:3: initLimit must be above 0 ticks"},
      {member_with("syncLimit=5", "syncLimit=-1"), "zoo.cfg:4: syncLimit must be above 0 ticks"},
      {kMember + std::string("connectToLearnerMasterLimit=-1\n"),
       "zoo.cfg:8: connectToLearnerMasterLimit must not be negative (0 stands for initLimit)"},
      {member_with("zoo1:2888:3888", "zoo1"),
       "zoo.cfg:5: server.1 \"zoo1\" is not a server line: \"zoo1\" is not "
       "host:port:port[:participant|observer]"},
      {member_with("zoo1:2888:3888", "zoo2:2889:3888"),
       "zoo.cfg:5: server.1 and server.2 use one address, zoo2:2889"},
      {member_with("zoo1:2888:3888", "zoo1:0:3888"), "zoo.cfg:5: server.1 has no quorum port"},
      {member_with("zoo2:2889", "zoo2:2181"),
       "zoo.cfg:6: server.2 uses the clientPort, 2181, for other servers too"},
      {member_with("zoo3:2890:3890", "a\\nb:1:2"), "zoo.cfg:7: server.3 must be one line"},
      {kMember + std::string("group.1=1:2\n"), "zoo.cfg:8: server.3 is in no group"},
      {kMember + std::string("weight.1=2\n"),
       "zoo.cfg:8: weight.1 is set, but there is no group line"},
      {kMember + std::string("group.1=1:x\n"),
       "zoo.cfg:8: group.1: \"x\" is not the number of a server"},
      {kMember + std::string("sslQuorum=true\n"),
       "zoo.cfg:8: sslQuorum=true cannot be obeyed: servers talk to each other in plain and "
       "without authentication"},
      {kMember + std::string("quorum.auth.enableSasl=true\nquorum.auth.learnerRequireSasl=true\n"),
       "zoo.cfg:9: quorum.auth.learnerRequireSasl=true cannot be obeyed: servers talk to each "
       "other in plain and without authentication"},
  };
  for (const auto& [text, error] : bad) EXPECT_EQ(error_of(text), error) << text;
}

TEST(EnsembleConfig, MyidMustNameAServer) {
  EXPECT_EQ(error_of(kMember, {}),
            "zoo.cfg: myid is missing: the file /data/myid must hold the number of this server");
  EXPECT_EQ(error_of(kMember, {{"/data/myid", "9"}}),
            "zoo.cfg: myid is 9, and there is no server.9 line");
  EXPECT_EQ(error_of(kMember, {{"/data/myid", "2 \n"}}),
            "/data/myid:1: myid \"2 \" is not a number");
  EXPECT_EQ(error_of(kMember, {{"/data/myid", ""}}), "/data/myid:1: myid \"\" is not a number");
}

}  // namespace
}  // namespace zoetrope::net
