#include "explore/world.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/base/hash.hpp"
#include "explore/facts.hpp"

namespace zoetrope::explore {

using Kind = Choice::Kind;
using EventKind = Locals::EventKind;

namespace {

// Messages with these numbers are no messages: connections are closed, and `n`: the n-th life of
// the sender has begun.
constexpr MessageId kClosed = 0;
constexpr MessageId kLivesMax = 15;

// All ways to give `crashes` to the servers from `server` on.
void share_out(int crashes, int server, int servers, std::array<uint8_t, kServersMax>& shares,
               std::vector<std::array<uint8_t, kServersMax>>& out) {
  if (server == servers - 1) {
    shares[static_cast<size_t>(server)] = static_cast<uint8_t>(crashes);
    out.push_back(shares);
    return;
  }
  for (int own = crashes; own >= 0; --own) {
    shares[static_cast<size_t>(server)] = static_cast<uint8_t>(own);
    share_out(crashes - own, server + 1, servers, shares, out);
  }
}

std::string name(int server) {
  return "server " + std::to_string(server + 1);
}

}  // namespace

World::World(const Scope& scope, const Bounds& bounds) : scope_(scope), bounds_(bounds) {
  ZT_ASSERT(bounds.servers >= 1 && bounds.servers <= kServersMax);
  for (MessageId mark = 0; mark <= kLivesMax; ++mark) {
    locals_.intern("mark " + std::to_string(mark));
  }
  std::array<uint8_t, kServersMax> shares{};
  share_out(bounds.crashes, 0, bounds.servers, shares, distributions_);
}

State World::initial() {
  State state;
  for (int server = 0; server < bounds_.servers; ++server) {
    state.local[server] = locals_.add(scope_.make_node(bounds_, server));
  }
  return state;
}

// --- streams -----------------------------------------------------------------------------------

size_t World::stream(int from, int to, int lane) const {
  return static_cast<size_t>((lane * kServersMax + to) * kServersMax + from);
}

size_t World::offset(const State& state, size_t stream) const {
  size_t sum = 0;
  for (size_t i = 0; i < stream; ++i) sum += state.length[i];
  return sum;
}

// What goes to a life of the receiver that the sender has no connection to is lost.
void World::push(State& state, int from, int to, int lane, MessageId message) {
  const size_t at = stream(from, to, lane);
  ZT_ASSERT(state.length[at] < UINT8_MAX);
  const size_t end = offset(state, at) + state.length[at];
  state.queued.insert(state.queued.begin() + static_cast<ptrdiff_t>(end), message);
  ++state.length[at];
}

void World::pop(State& state, size_t stream, size_t count) const {
  const auto begin = state.queued.begin() + static_cast<ptrdiff_t>(offset(state, stream));
  state.queued.erase(begin, begin + static_cast<ptrdiff_t>(count));
  state.length[stream] = static_cast<uint8_t>(state.length[stream] - count);
}

MessageId World::front(const State& state, size_t stream) const {
  return state.queued[offset(state, stream)];
}

void World::clear_inbound(State& state, int server) const {
  for (int from = 0; from < bounds_.servers; ++from) {
    for (int lane = 0; lane < scope_.lanes; ++lane) {
      const size_t at = stream(from, server, lane);
      if (state.length[at] != 0) pop(state, at, state.length[at]);
    }
  }
}

// How many messages stand in front of it.
std::optional<size_t> World::closing_mark(const State& state, size_t stream) const {
  const size_t begin = offset(state, stream);
  for (size_t i = 0; i < state.length[stream]; ++i) {
    if (state.queued[begin + i] == kClosed) return i;
  }
  return std::nullopt;
}

bool World::is_linked(const State& state, int a, int b) const {
  return state.incarnation[b] != 0 && state.known[a][b] == state.incarnation[b];
}

// --- what may happen ---------------------------------------------------------------------------

void World::choices(const State& state, std::vector<Choice>& out) const {
  out.clear();
  if (!state.has_begun) {
    for (size_t i = 0; i < distributions_.size(); ++i) {
      out.push_back({.kind = Kind::kVictims, .code = static_cast<uint8_t>(i)});
    }
    return;
  }
  for (int server = 0; server < bounds_.servers; ++server) {
    const auto self = static_cast<uint8_t>(server);
    if (state.incarnation[server] == 0) continue;
    for (int from = 0; from < bounds_.servers; ++from) {
      for (int lane = 0; lane < scope_.lanes; ++lane) {
        const size_t at = stream(from, server, lane);
        if (state.length[at] == 0) continue;
        Choice choice{Kind::kDeliver, self, static_cast<uint8_t>(from), static_cast<uint8_t>(lane),
                      0};
        out.push_back(choice);
        choice.kind = Kind::kBreak;
        if (closing_mark(state, at).value_or(0) > 0) out.push_back(choice);
      }
    }
    for (const uint8_t code : locals_.at(state.local[server]).own_events) {
      out.push_back({.kind = Kind::kOwn, .server = self, .code = code});
    }
  }
  const bool is_idle = out.empty();
  for (int server = 0; server < bounds_.servers; ++server) {
    const auto self = static_cast<uint8_t>(server);
    if (state.incarnation[server] == 0) {
      out.push_back({.kind = Kind::kRestart, .server = self});
    } else if (state.crashes_left[server] != 0) {
      out.push_back({.kind = Kind::kCrash, .server = self});
    }
  }
  if (is_idle && ending(state, out) == Ending::kSilence) out.push_back({.kind = Kind::kSilence});
}

bool World::is_possible(const State& state, const Choice& choice) const {
  std::vector<Choice> all;
  choices(state, all);
  return std::ranges::find(all, choice) != all.end();
}

bool World::is_led(const State& state) const {
  const int leader = [&] {
    for (int server = 0; server < bounds_.servers; ++server) {
      if (state.incarnation[server] != 0) return locals_.at(state.local[server]).standing.leader;
    }
    return -1;
  }();
  if (leader < 0 || state.incarnation[leader] == 0) return false;
  for (int server = 0; server < bounds_.servers; ++server) {
    if (state.incarnation[server] == 0) continue;
    const Standing& standing = locals_.at(state.local[server]).standing;
    if (!standing.is_settled || standing.leader != leader || !standing.is_established) {
      return false;
    }
  }
  return true;
}

Ending World::ending(const State& state, const std::vector<Choice>& choices) const {
  const bool is_idle = std::ranges::all_of(choices, [](const Choice& choice) {
    return choice.kind == Kind::kCrash || choice.kind == Kind::kRestart ||
           choice.kind == Kind::kSilence;
  });
  if (!is_idle || !state.has_begun) return Ending::kNone;
  int up = 0;
  for (int server = 0; server < bounds_.servers; ++server) up += state.incarnation[server] != 0;
  if (is_quorum(up) && is_led(state)) return Ending::kLed;
  if (state.silences_left != 0) return Ending::kSilence;
  return is_quorum(up) && scope_.must_lead ? Ending::kStuck : Ending::kExcused;
}

// --- what comes of it --------------------------------------------------------------------------

void World::apply(State& state, const Choice& choice, std::vector<Violation>& violations) {
  switch (choice.kind) {
    case Kind::kVictims: return begin(state, choice.code, violations);
    case Kind::kDeliver: return deliver(state, choice, violations);
    case Kind::kBreak: {
      const size_t at = stream(choice.from, choice.server, choice.lane);
      pop(state, at, *closing_mark(state, at));
      return deliver(state, choice, violations);
    }
    case Kind::kOwn:
      return take(state, choice.server, {.kind = EventKind::kOwn, .argument = choice.code},
                  violations);
    case Kind::kCrash: return crash(state, choice.server, violations);
    case Kind::kRestart: return restart(state, choice.server, violations);
    case Kind::kSilence: return pass_silence(state, violations);
  }
}

void World::take(State& state, int server, const Locals::Event& event,
                 std::vector<Violation>& violations) {
  const Locals::Outcome& outcome = locals_.outcome(state.local[server], event);
  state.local[server] = outcome.next;
  for (const Locals::Sent& sent : outcome.sends) {
    if (is_linked(state, server, sent.to)) push(state, server, sent.to, sent.lane, sent.message);
  }
  for (const FactId fact : outcome.facts) add_fact(state, fact, violations);
  violations.insert(violations.end(), outcome.violations.begin(), outcome.violations.end());
}

void World::add_fact(State& state, FactId id, std::vector<Violation>& violations) const {
  const auto place = std::ranges::lower_bound(state.facts, id);
  if (place != state.facts.end() && *place == id) return;
  for (const FactId other : state.facts) {
    if (auto violation = contradiction(locals_.fact(id), locals_.fact(other))) {
      violations.push_back(std::move(*violation));
    }
  }
  state.facts.insert(place, id);
}

void World::begin(State& state, int distribution, std::vector<Violation>& violations) {
  state.has_begun = true;
  state.crashes_left = distributions_[static_cast<size_t>(distribution)];
  state.silences_left = static_cast<uint8_t>(bounds_.silences);
  for (int server = 0; server < bounds_.servers; ++server) {
    state.incarnation[server] = state.lives[server] = 1;
    for (int other = 0; other < bounds_.servers; ++other) state.known[server][other] = 1;
  }
  for (int server = 0; server < bounds_.servers; ++server) {
    take(state, server, {.kind = EventKind::kStart}, violations);
  }
}

void World::deliver(State& state, const Choice& choice, std::vector<Violation>& violations) {
  const size_t at = stream(choice.from, choice.server, choice.lane);
  const MessageId message = front(state, at);
  pop(state, at);
  Locals::Event event{
      .kind = EventKind::kReceive, .from = choice.from, .lane = choice.lane, .argument = message};
  if (message == kClosed) {
    if (choice.lane == 0) state.known[choice.server][choice.from] = 0;
    event = {.kind = EventKind::kLost, .from = choice.from, .lane = choice.lane};
  } else if (message <= kLivesMax) {
    state.known[choice.server][choice.from] = static_cast<uint8_t>(message);
    event = {.kind = EventKind::kFound, .from = choice.from};
  }
  take(state, choice.server, event, violations);
}

// Of a new life the first lane tells.
void World::crash(State& state, int server, std::vector<Violation>& violations) {
  --state.crashes_left[server];
  state.incarnation[server] = 0;
  state.silences_left = static_cast<uint8_t>(bounds_.silences);
  clear_inbound(state, server);
  for (int other = 0; other < bounds_.servers; ++other) {
    state.known[server][other] = 0;
    if (other == server || state.incarnation[other] == 0) continue;
    for (int lane = 0; lane < scope_.lanes; ++lane) push(state, server, other, lane, kClosed);
  }
  take(state, server, {.kind = EventKind::kCrash}, violations);
}

void World::restart(State& state, int server, std::vector<Violation>& violations) {
  ZT_ASSERT(state.lives[server] < kLivesMax);
  state.incarnation[server] = ++state.lives[server];
  state.silences_left = static_cast<uint8_t>(bounds_.silences);
  for (int other = 0; other < bounds_.servers; ++other) {
    state.known[server][other] = other == server ? 0 : state.incarnation[other];
    if (other == server || state.incarnation[other] == 0) continue;
    push(state, server, other, 0, state.incarnation[server]);
  }
  take(state, server, {.kind = EventKind::kRestart}, violations);
}

Silence World::silence_at(const State& state, int server) const {
  Silence silence;
  const Standing& own = locals_.at(state.local[server]).standing;
  if (!own.is_settled) return silence;
  silence.epoch = own.epoch;
  int followers = 0;
  for (int other = 0; other < bounds_.servers; ++other) {
    const Standing& standing = locals_.at(state.local[other]).standing;
    const bool is_heard =
        other == server || (is_linked(state, server, other) && is_linked(state, other, server));
    if (!is_heard || !standing.is_settled || standing.leader != own.leader) continue;
    if (own.leader == server) {
      ++followers;
      silence.epoch = std::max(silence.epoch, standing.epoch);
    } else if (other == own.leader) {
      silence.leader_is_there = true;
      silence.leader_is_established = standing.is_established;
      silence.epoch = standing.epoch;
    }
  }
  silence.has_quorum = is_quorum(followers);
  return silence;
}

// What each hears is as it stands at the beginning.
void World::pass_silence(State& state, std::vector<Violation>& violations) {
  --state.silences_left;
  std::array<uint32_t, kServersMax> seen{};
  for (int server = 0; server < bounds_.servers; ++server) {
    seen[server] = locals_.number_of(silence_at(state, server));
  }
  for (int server = 0; server < bounds_.servers; ++server) {
    if (state.incarnation[server] == 0) continue;
    take(state, server, {.kind = EventKind::kSilence, .argument = seen[server]}, violations);
  }
}

uint64_t World::fingerprint(const State& state) const {
  RunningHash hash;
  uint64_t facts = 0;
  for (const FactId fact : state.facts) facts += locals_.fact_hash(fact);
  hash.add(facts);
  hash.add(uint64_t{state.silences_left} << 1 | uint64_t{state.has_begun});
  for (int server = 0; server < bounds_.servers; ++server) {
    hash.add(locals_.at(state.local[server]).fingerprint);
    uint64_t small = uint64_t{state.crashes_left[server]} << 16 |
                     uint64_t{state.incarnation[server]} << 8 | uint64_t{state.lives[server]};
    for (int other = 0; other < bounds_.servers; ++other) {
      small = small << 8 | state.known[server][other];
    }
    hash.add(small);
  }
  size_t next = 0;
  for (size_t at = 0; at < state.length.size(); ++at) {
    if (state.length[at] == 0) continue;
    hash.add(uint64_t{at} << 8 | state.length[at]);
    for (size_t i = 0; i < state.length[at]; ++i) {
      hash.add(locals_.message_hash(state.queued[next++]));
    }
  }
  return hash.value();
}

// --- for people --------------------------------------------------------------------------------

std::string World::describe(const State& state, int server) const {
  return name(server) + (state.incarnation[server] == 0
                             ? " is down"
                             : ": " + locals_.at(state.local[server]).node->to_string());
}

std::string World::describe(const State& state, const Choice& choice) const {
  const std::string self = name(choice.server);
  const Node& node = *locals_.at(state.local[choice.server]).node;
  switch (choice.kind) {
    case Kind::kVictims: {
      std::string text = "all servers start";
      for (int server = 0; server < bounds_.servers; ++server) {
        const int crashes = distributions_[choice.code][server];
        if (crashes != 0) text += "; " + name(server) + " may crash";
        if (crashes > 1) text += " " + std::to_string(crashes) + " times";
      }
      return text;
    }
    case Kind::kDeliver: {
      const MessageId message = front(state, stream(choice.from, choice.server, choice.lane));
      if (message == kClosed) return self + " loses its connections to " + name(choice.from);
      if (message <= kLivesMax) return self + " has connections to " + name(choice.from) + " again";
      return self + " receives from " + name(choice.from) + ": " +
             node.name_of_message(locals_.message(message));
    }
    case Kind::kBreak:
      return self + " loses its connections to " + name(choice.from) +
             ", and what was on the way with them";
    case Kind::kOwn: return self + ": " + node.name_of_own(choice.code);
    case Kind::kCrash: return self + " crashes";
    case Kind::kRestart: return self + " restarts";
    case Kind::kSilence: return "nothing happens until every time-out has passed";
  }
  return self;
}

}  // namespace zoetrope::explore
