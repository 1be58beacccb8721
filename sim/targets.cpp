// Whom a step means when it comes.
#include <algorithm>

#include "sim/world.hpp"

namespace zoetrope::sim {
namespace {

bool is_in(const Process& process, quorum::PeerState state) {
  if (!process.running()) return false;
  const auto standing = process.engine()->standing();
  return standing && standing->state == state;
}

bool is_voter(const Process& process) {
  const auto& peer = process.config().server.peer;
  return !peer || !peer->role.is_observer;
}

}  // namespace

std::vector<Process*> World::find(const Target& target) {
  const auto those = [this](const auto& wanted) {
    std::vector<Process*> found;
    for (const auto& process : processes_) {
      if (wanted(*process)) found.push_back(process.get());
    }
    return found;
  };
  const auto in = [&](quorum::PeerState state) {
    return those([state](const Process& process) { return is_in(process, state); });
  };
  const auto one_of = [](const std::vector<Process*>& found, uint64_t number) {
    return found.empty() ? found : std::vector<Process*>{found[number % found.size()]};
  };
  const auto any_of = [&](const std::vector<Process*>& found) {
    return found.empty() ? found : one_of(found, choices_.site("targets").below(found.size()));
  };
  const auto voters = [&](bool with_leader, bool are_few) {
    std::vector<Process*> found = those(is_voter);
    const size_t few = (found.size() - 1) / 2;
    const size_t wanted = are_few ? few : found.size() - few;
    std::ranges::stable_partition(found, [&](const Process* process) {
      return is_in(*process, quorum::PeerState::kLeading) == with_leader;
    });
    found.resize(wanted);
    std::ranges::sort(found, {}, &Process::index);
    return found;
  };
  using Kind = Target::Kind;
  switch (target.kind) {
    case Kind::kServer: return {processes_.at(target.index).get()};
    case Kind::kLeader: {
      const std::vector<Process*> leaders = in(quorum::PeerState::kLeading);
      return {leaders.empty() ? processes_.at(target.index).get() : leaders[0]};
    }
    case Kind::kFollower: return one_of(in(quorum::PeerState::kFollowing), target.index);
    case Kind::kObserver: return one_of(in(quorum::PeerState::kObserving), target.index);
    case Kind::kAnyServer: return any_of(those([](const Process&) { return true; }));
    case Kind::kAnyFollower: return any_of(in(quorum::PeerState::kFollowing));
    case Kind::kAll: return those([](const Process&) { return true; });
    case Kind::kMinority: return voters(false, true);
    case Kind::kMinorityOfLeader: return voters(true, true);
    case Kind::kMajority: return voters(true, false);
    case Kind::kTriggered:
      return triggered_ ? std::vector<Process*>{processes_[*triggered_].get()}
                        : std::vector<Process*>{};
    case Kind::kSet:
      return those([&](const Process& process) {
        return std::ranges::find(target.servers, process.index()) != target.servers.end();
      });
    case Kind::kRegion:
      return those(
          [&](const Process& process) { return process.config().region == target.region; });
  }
  return {};
}

}  // namespace zoetrope::sim
