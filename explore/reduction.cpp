// Which choices may wait: a persistent set by server.
//
// Each event concerns one server: it reads and changes that server's state, takes from the front of
// streams to it and appends to streams from it. So events of two servers commute, and whether an
// event of server p is possible depends on others only where they fill a stream to p that is empty,
// or crash, which lets p lose what they sent. When neither can happen before p itself acts, all
// that p can do now is a persistent set: every run has an equivalent one that begins with one of
// these events, and exploring them alone leaves out no end, no event with what its server knew
// then, and no fact. (Godefroid, Partial-Order Methods for the Verification of Concurrent Systems,
// 1996; fingerprints do no harm, since no cycle of states is left: each event takes a message or a
// part of a bound, and the search says so if it meets one.)
//
// Crashes and restarts need not happen, so a set of them alone would hide runs without. Shared
// bounds would tie servers together, so crashes are shared out among the servers at the beginning,
// and the other bounds are each server's own. Where two servers may crash or are down nothing is
// left out: which of them comes back first decides what reaches the other.
#include <algorithm>
#include <array>

#include "explore/world.hpp"

namespace zoetrope::explore {

using Kind = Choice::Kind;

namespace {

struct Mask {
  unsigned servers = 0;
  bool has(int server) const { return (servers >> server & 1) != 0; }
};

bool is_optional(const Choice& choice) {
  return choice.kind == Kind::kCrash || choice.kind == Kind::kRestart;
}

}  // namespace

bool World::reduce(const State& state, std::vector<Choice>& choices) const {
  if (!state.has_begun || choices.size() < 2) return false;
  std::array<size_t, kServersMax> count{};
  Mask active, certain;
  for (const Choice& choice : choices) {
    if (choice.kind == Kind::kSilence) return false;
    ++count[choice.server];
    active.servers |= 1U << choice.server;
    if (!is_optional(choice)) certain.servers |= 1U << choice.server;
  }
  int unsteady = 0;
  for (int server = 0; server < bounds_.servers; ++server) {
    unsteady += state.crashes_left[server] != 0 || state.incarnation[server] == 0;
  }
  if (unsteady > 1) return false;

  const auto may_disturb = [&](int other, int server) {
    if (state.incarnation[server] == 0 || state.crashes_left[other] != 0) return true;
    for (int lane = 0; lane < scope_.lanes; ++lane) {
      if (state.length[stream(other, server, lane)] == 0) return true;
    }
    return false;
  };
  Mask best{active.servers};
  size_t best_count = choices.size();
  for (unsigned servers = 1; servers < (1U << bounds_.servers); ++servers) {
    const Mask set{servers};
    if ((servers & certain.servers) == 0 || (servers & ~active.servers) != 0) continue;
    size_t total = 0;
    bool is_persistent = true;
    for (int server = 0; server < bounds_.servers; ++server) {
      if (!set.has(server)) continue;
      total += count[server];
      for (int other = 0; other < bounds_.servers; ++other) {
        is_persistent = is_persistent && (set.has(other) || !may_disturb(other, server));
      }
    }
    const bool is_closed = (active.servers & ~servers) == 0;  // nobody else can do anything
    if ((is_persistent || is_closed) && total < best_count) {
      best = set;
      best_count = total;
    }
  }
  return std::erase_if(choices, [&](const Choice& choice) { return !best.has(choice.server); }) !=
         0;
}

}  // namespace zoetrope::explore
