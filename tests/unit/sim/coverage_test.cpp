// The table of what a run can reach of the protocol, and how it is seen.
#include "sim/coverage.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "core/quorum/packet_stream.hpp"
#include "sim/arrivals.hpp"
#include "sim/run.hpp"

namespace zoetrope::sim {
namespace {

using quorum::PacketType;

RunResult run_of(Profile profile, uint64_t seed, bool counts) {
  RunRequest request;
  request.profile = profile;
  request.seed = seed;
  request.check = false;
  request.count_coverage = counts;
  return run(request);
}

PointSet reached_by(Profile profile, uint64_t seeds) {
  PointSet reached;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    reached |= run_of(profile, seed, true).coverage;
  }
  return reached;
}

bool has(const PointSet& reached, std::string_view name) {
  for (const Point& point : points()) {
    if (point.name == name) return reached[point.slot];
  }
  ADD_FAILURE() << "no point is called " << name;
  return false;
}

TEST(CoverageTable, EveryPointHasItsOwnName) {
  std::set<std::string> names;
  for (const Point& point : points()) EXPECT_TRUE(names.insert(point.name).second) << point.name;
  EXPECT_GT(names.size(), 300U);
  EXPECT_LT(names.size(), kPointSlots) << "what cannot happen is left out";
}

TEST(CoverageTable, WhatCannotHappenIsNoPoint) {
  const auto arrives = [](PacketType type, bool of_leader, Part at) {
    return *message_of(type, of_leader) * kPartCount + static_cast<size_t>(at);
  };
  EXPECT_TRUE(is_point(arrives(PacketType::kDiff, true, Part::kFollowsSync)));
  EXPECT_FALSE(is_point(arrives(PacketType::kDiff, true, Part::kLeadsSync)));
  EXPECT_FALSE(is_point(arrives(PacketType::kInform, true, Part::kFollowsBroadcast)));
  EXPECT_FALSE(is_point(arrives(PacketType::kRequest, false, Part::kLeadsDiscovery)));
}

TEST(Coverage, CountingChangesNothing) {
  for (const Profile profile : {Profile::kCrash, Profile::kEnsemble, Profile::kSwarm}) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      EXPECT_EQ(run_of(profile, seed, true).hash, run_of(profile, seed, false).hash);
      EXPECT_TRUE(run_of(profile, seed, false).coverage.none());
    }
  }
}

TEST(Coverage, TheSameRunReachesTheSame) {
  EXPECT_EQ(run_of(Profile::kSwarm, 3, true).coverage, run_of(Profile::kSwarm, 3, true).coverage);
}

TEST(Coverage, NothingIsReachedThatIsNotInTheTable) {
  for (const Profile profile : kProfiles) {
    const PointSet reached = reached_by(profile, 5);
    for (size_t slot = 0; slot < kPointSlots; ++slot) {
      if (reached[slot]) EXPECT_TRUE(is_point(slot)) << name_of_slot(slot);
    }
  }
}

TEST(Coverage, ACalmServerReachesLittle) {
  const PointSet reached = reached_by(Profile::kCalm, 5);
  EXPECT_TRUE(has(reached, "a client's create arrives at a server alone"));
  EXPECT_TRUE(has(reached, "a server starts with an empty disk"));
  EXPECT_FALSE(has(reached, "a server is killed as a server alone"));
  EXPECT_FALSE(has(reached, "from LOOKING to LEADING in discovery"));
}

TEST(Coverage, EnsemblesReachEveryPhase) {
  const PointSet reached = reached_by(Profile::kEnsemble, 40);
  for (const std::string_view name :
       {"from LOOKING to LEADING in discovery",
        "from LEADING in discovery to LEADING in synchronisation",
        "from LEADING in synchronisation to LEADING in broadcast",
        "from FOLLOWING in synchronisation to FOLLOWING in broadcast",
        "from OBSERVING in broadcast to LOOKING",
        "LEADERINFO of a leader arrives in FOLLOWING in discovery",
        "PROPOSAL of a leader arrives in FOLLOWING in broadcast",
        "INFORM of a leader arrives in OBSERVING in broadcast",
        "the notification of a server that is LOOKING arrives in LEADING in broadcast",
        "a follower of a new leader is brought along by an empty DIFF",
        "a follower of a serving leader is brought along by a DIFF from memory",
        "a follower of a serving leader is brought along by a SNAP",
        "a server loses power as FOLLOWING in broadcast",
        "a server comes back from a power loss that lost unsynced data",
        "the machine crashes during recovery", "a leader is elected while a voter is down",
        "a server finds a leader that serves already"}) {
    EXPECT_TRUE(has(reached, name)) << name;
  }
}

TEST(Coverage, SwarmRunsReachWhatNoOtherProfileDoes) {
  PointSet others;
  for (const Profile profile : {Profile::kEnsemble, Profile::kReconfig, Profile::kModes}) {
    others |= reached_by(profile, 6);
  }
  EXPECT_TRUE((reached_by(Profile::kSwarm, 12) & ~others).any());
}

// --- streams -----------------------------------------------------------------------------------

TEST(QuorumStreams, PacketsAreFoundHoweverTheyAreCutAndSnapshotsArePassedOver) {
  std::string bytes;
  quorum::append_packet(bytes, PacketType::kSnap, Zxid(5));
  bytes += "what a snapshot holds, BenWasHer and more";
  bytes += std::string("\0\0\0\x0a", 4) + "BenWasHere";
  quorum::append_packet(bytes, PacketType::kNewLeader, Zxid(6), "a configuration");
  quorum::append_packet(bytes, PacketType::kUpToDate, Zxid(-1));
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    quorum::PacketStream stream;
    std::vector<PacketType> seen;
    for (size_t at = 0; at < bytes.size(); at += piece) {
      stream.take(std::string_view(bytes).substr(at, piece),
                  [&](const quorum::Packet& packet) { seen.push_back(packet.type); });
    }
    EXPECT_EQ(seen, (std::vector<PacketType>{PacketType::kSnap, PacketType::kNewLeader,
                                             PacketType::kUpToDate}))
        << "in pieces of " << piece;
  }
}

TEST(QuorumStreams, WhatIsNoPacketEndsTheLooking) {
  quorum::PacketStream stream;
  int seen = 0;
  const auto count = [&](const quorum::Packet&) { ++seen; };
  stream.take(std::string(64, '\x80'), count);
  std::string packet;
  quorum::append_packet(packet, PacketType::kPing, Zxid(1));
  stream.take(packet, count);
  EXPECT_EQ(seen, 0);
}

std::vector<size_t> seen_in(std::string_view bytes, size_t piece) {
  ClientStream stream;
  std::vector<size_t> seen;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    stream.take(bytes.substr(at, piece), [&](size_t message) { seen.push_back(message); });
  }
  return seen;
}

TEST(ClientStreams, FramesAreToldByTheirBeginnings) {
  const auto frame = [](std::string_view payload) {
    std::string bytes(4, '\0');
    bytes[3] = static_cast<char>(payload.size());
    return bytes + std::string(payload);
  };
  std::string connect(44, '\0');
  const std::string exists = std::string("\0\0\0\1\0\0\0\3", 8) + "a path";
  const std::string unknown("\0\0\0\2\0\0\x7f\3", 8);
  const std::string bytes = frame(connect) + frame(exists) + frame(unknown);
  const std::vector<size_t> expected = {message_of(ClientMessage::kNewSession),
                                        *message_of(jute::OpCode::kExists),
                                        message_of(ClientMessage::kMalformed)};
  for (size_t piece = 1; piece <= bytes.size(); ++piece) EXPECT_EQ(seen_in(bytes, piece), expected);
  connect[23] = 7;
  EXPECT_EQ(seen_in(frame(connect), 9),
            (std::vector<size_t>{message_of(ClientMessage::kOldSession)}));
  EXPECT_EQ(seen_in("ruok", 1), (std::vector<size_t>{message_of(ClientMessage::kWord)}));
}

}  // namespace
}  // namespace zoetrope::sim
