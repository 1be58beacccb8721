#include <gtest/gtest.h>

#include "explore/role_host.hpp"
#include "explore/role_node.hpp"
#include "tests/unit/explore/local_board.hpp"

namespace zoetrope::explore {
namespace {

Explored explore_roles(const std::string& name, const Bounds& bounds, bool reduce = true) {
  return explore_here(*find_scope(name), bounds, reduce);
}

void expect_whole(const Explored& explored) {
  EXPECT_TRUE(explored.is_complete);
  EXPECT_FALSE(explored.found) << explored.found->violation.property << ": "
                               << explored.found->violation.text << "\n"
                               << to_string(explored.found->path);
  EXPECT_EQ(explored.totals.cycles, 0);
  EXPECT_GT(explored.totals.led, 0);
}

TEST(Roles, EveryOrderKeepsWhatWasPromised) {
  expect_whole(explore_roles("epoch", {.servers = 3, .crashes = 0, .terms = 1, .silences = 1}));
  expect_whole(explore_roles("epoch", {.servers = 2, .crashes = 1, .terms = 2, .silences = 1}));
}

TEST(Roles, EveryOrderKeepsWhatWasCommitted) {
  expect_whole(explore_roles("broadcast",
                             {.servers = 2, .crashes = 1, .terms = 2, .writes = 1, .silences = 1}));
}

TEST(Roles, TheReductionLosesNoEnd) {
  for (const Bounds& bounds :
       {Bounds{.servers = 2, .crashes = 0, .terms = 2, .writes = 1, .silences = 1},
        Bounds{.servers = 2, .crashes = 1, .terms = 1, .writes = 1, .silences = 1},
        Bounds{.servers = 3, .crashes = 0, .terms = 1, .writes = 1, .silences = 1}}) {
    const Explored all = explore_roles("broadcast", bounds, false);
    const Explored reduced = explore_roles("broadcast", bounds, true);
    EXPECT_TRUE(all.is_complete && reduced.is_complete);
    EXPECT_EQ(all.ends, reduced.ends);
    EXPECT_LE(reduced.totals.states, all.totals.states);
  }
}

// The host itself: what the disk has not done a crash takes, and what may be said rests on the
// disk.
TEST(RoleHost, KnowsWhatMayBeSaid) {
  RoleData data;
  data.files = {{"acceptedEpoch", "1"}};
  data.peers[ConnectionId(5)] = 1;
  Roles roles;
  Step step;
  RoleHost host(0);
  host.work_on(data, roles, step);
  const auto say = [&](quorum::PacketType type, Zxid zxid) {
    quorum::append_packet(host.begin_send(), type, zxid);
    host.end_send(ConnectionId(5));
  };
  const auto broken = [&] {
    std::vector<std::string> properties;
    for (const Violation& violation : step.violations) properties.push_back(violation.property);
    step.violations.clear();
    return properties;
  };
  using Properties = std::vector<std::string>;
  say(quorum::PacketType::kLeaderInfo, Zxid::make(2, 0));
  EXPECT_EQ(broken(), Properties{"promises_are_durable"});
  data.files["acceptedEpoch"] = "2";
  say(quorum::PacketType::kLeaderInfo, Zxid::make(2, 0));
  EXPECT_EQ(broken(), Properties{});  // said twice in one role
  ++data.term;
  say(quorum::PacketType::kLeaderInfo, Zxid::make(2, 0));
  EXPECT_EQ(broken(), Properties{"an_epoch_is_promised_once"});
  say(quorum::PacketType::kAck, Zxid::make(2, 0));
  EXPECT_EQ(broken(), Properties{"acknowledged_is_durable"});
  data.files["currentEpoch"] = "2";
  say(quorum::PacketType::kAck, Zxid::make(2, 0));
  EXPECT_EQ(broken(), Properties{});
  host.append(Zxid::make(2, 1), "write");
  say(quorum::PacketType::kAck, Zxid::make(2, 1));
  EXPECT_EQ(broken(), Properties{"acknowledged_is_durable"});
  data.durable = 1;
  say(quorum::PacketType::kAck, Zxid::make(2, 1));
  EXPECT_EQ(broken(), Properties{});
  EXPECT_EQ(step.sends.size(), 7);
}

}  // namespace
}  // namespace zoetrope::explore
