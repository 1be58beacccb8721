// What a member of an ensemble shows of it.
#include <gtest/gtest.h>

#include "tests/unit/node/harness.hpp"

namespace zoetrope::node {
namespace {

using namespace test;

constexpr std::string_view kText =
    "server.1=a:2888:3888:participant\nserver.2=b:2888:3888:participant\nversion=0";

Config member(bool reconfig_enabled) {
  Config config;
  config.server_id = ServerId(1);
  config.reconfig_enabled = reconfig_enabled;
  config.peer.emplace();
  zab::PeerConfig& peer = *config.peer;
  peer.ensemble = *quorum::Ensemble::parse(kText);
  peer.role.self = peer.election.self = peer.links.self = ServerId(1);
  return config;
}

std::string shown(Harness& h) {
  const tree::Tree& tree = h.server().tree();
  return std::string(tree.data(tree.find("/zookeeper/config")).value_or("<null>"));
}

// As it comes with another's snapshot, or from the time of another configuration.
storage::RecoveredState with_config_of(Zxid version) {
  storage::RecoveredState state = Harness::empty_state({});
  state.tree.show_config("of old", version);
  return state;
}

TEST(Membership, ShowsItsConfiguration) {
  Harness h(member(false));
  EXPECT_EQ(shown(h), kText);
}

TEST(Membership, WithoutReconfigurationShowsItsOwnConfigurationWhateverWasThere) {
  Harness h(member(false), with_config_of(Zxid(5)));
  EXPECT_EQ(shown(h), kText);
}

TEST(Membership, WithReconfigurationKeepsANewerOneThatTheTreeHas) {
  Harness newer(member(true), with_config_of(Zxid(5)));
  EXPECT_EQ(shown(newer), "of old");
  Harness first(member(true), with_config_of(Zxid(0)));
  EXPECT_EQ(shown(first), kText);
}

}  // namespace
}  // namespace zoetrope::node
