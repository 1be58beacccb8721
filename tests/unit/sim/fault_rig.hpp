// A small world whose steps a test writes, and what can be measured of a run of it: how long
// operations took, who was connected where, what was left open.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/run.hpp"

namespace zoetrope::sim {

// Three servers and three clients that do one operation every 20 ms or so for about six seconds.
// The network takes 0.5 ms, a sync 0.2 ms, a tick is 200 ms and a session's time-out 2 s; of the
// three the last one is going to lead. Nothing is left to chance but what the clients do.
WorldConfig small_world(uint32_t servers = 3, uint32_t clients = 3);
// The same with one server that stands alone.
WorldConfig lone_world(uint32_t clients = 3);

// When the steps of tests come, when the world has long found its leader, and the last server.
inline constexpr int64_t kFaultMs = 2000;
inline constexpr uint32_t kLeader = 2;

// Adds a step at that time.
void add_step(WorldConfig& world, Action action, int64_t at_ms = kFaultMs);

RunResult run_small(const WorldConfig& world, uint64_t seed = 1);
// With that step at kFaultMs.
RunResult run_with(WorldConfig world, Action action, uint64_t seed = 1);

// Of the operations that were sent within [from, to) ms and answered.
struct Latencies {
  size_t count = 0;
  int64_t median_us = 0, max_us = 0;
};
Latencies latencies(const RunResult& run, int64_t from_ms, int64_t to_ms);
// Writes only.
Latencies write_latencies(const RunResult& run, int64_t from_ms, int64_t to_ms);
// Operations that were answered within [from, to) ms.
size_t answered(const RunResult& run, int64_t from_ms, int64_t to_ms);
// Connections with a session that were opened within [from, to) ms, at a server by index, or at
// any.
size_t connections(const RunResult& run, int64_t from_ms, int64_t to_ms, int64_t server = -1);
// The longest time within [from, to) ms in which nothing was answered, in ms.
int64_t silence_ms(const RunResult& run, int64_t from_ms, int64_t to_ms);
// How often a server started or went.
size_t server_events(const RunResult& run, properties::ServerEventKind kind, int64_t server = -1);
// What was broken, as lines; empty when all held.
std::string breaches(const RunResult& run);

}  // namespace zoetrope::sim
