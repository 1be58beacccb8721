// The simulator alone, on one core: the same kind of world again and again under new seeds until
// the processor time is used up. Time is processor time, so that a busy machine does not matter.
//
//   sim_speed SECONDS_EACH [ROW...]     JSON on standard output, one line a row
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include "app/load/process_usage.hpp"
#include "sim/members.hpp"
#include "sim/run.hpp"

namespace {

using namespace zoetrope;
using sim::Plan;

// Servers, clients and a network as they are by default; under another seed only the run differs.
Plan plain_ensemble(uint64_t seed, uint64_t servers, uint64_t clients, int32_t tick_ms) {
  Plan plan;
  plan.seed = seed;
  plan.world.keep_history = false;
  sim::ProcessConfig process;
  process.server.peer.emplace();
  process.server.tick_time_ms = tick_ms;
  plan.world.processes.assign(servers, process);
  plan.world.clients.resize(clients);
  sim::seat(plan.world);
  return plan;
}

void give_load(Plan& plan, Duration lasts, int64_t think_us_max, size_t pipeline_max) {
  plan.world.load_max = lasts;
  for (sim::ClientConfig& client : plan.world.clients) {
    client.pipeline_max = pipeline_max;
    client.script.actions = 10'000'000;  // more than the time allows
    client.script.think_us_max = think_us_max;
  }
}

Plan idle(uint64_t seed) {
  Plan plan = plain_ensemble(seed, 3, 0, 2000);
  // Without clients a world waits for its steps alone: one that changes nothing, after a day.
  plan.world.waits_for_steps = true;
  plan.world.load_max = Duration::from_ms(24 * 3600 * 1000LL);
  sim::Step last;
  last.at = MonotonicTime{} + plan.world.load_max;
  last.action = sim::WallJump{};
  plan.world.steps.push_back(last);
  return plan;
}

// A hundred operations a second while servers are killed, lose power and are cut off: a fault a
// second on average.
Plan under_faults(uint64_t seed, uint64_t servers) {
  Plan plan = plain_ensemble(seed, servers, 14, 500);
  give_load(plan, Duration::from_ms(120'000), 200'000, 1);
  sim::FaultConfig faults;
  faults.interval_min = Duration::from_ms(1);
  faults.interval_max = Duration::from_ms(2000);
  faults.kill_weight = faults.power_loss_weight = 2;
  faults.split_weight = faults.isolate_weight = faults.link_weight = faults.break_weight = 1;
  plan.world.steps = sim::draw_steps(faults, sim::size_of(plan.world),
                                     MonotonicTime{} + plan.world.load_max, Random(seed));
  return plan;
}

// As many messages as three servers exchange with sixteen clients that never rest.
Plan busy(uint64_t seed, bool is_checked) {
  Plan plan = plain_ensemble(seed, 3, 16, 2000);
  give_load(plan, Duration::from_ms(1000), 0, 10);
  plan.world.keep_history = is_checked;
  return plan;
}

Plan swarm(uint64_t seed) {
  sim::RunRequest request;
  request.seed = seed;
  request.profile = sim::Profile::kSwarm;
  return sim::plan_of(request);
}

struct Row {
  std::string_view name;
  std::function<Plan(uint64_t seed)> plan;
};

const Row kRows[] = {
    {"busy", [](uint64_t seed) { return busy(seed, false); }},
    {"busy-checked", [](uint64_t seed) { return busy(seed, true); }},
    {"idle-3", idle},
    {"faults-3", [](uint64_t seed) { return under_faults(seed, 3); }},
    {"faults-5", [](uint64_t seed) { return under_faults(seed, 5); }},
    {"swarm", swarm},
};

// False when a run broke a property: then its figures are worthless.
bool measure(const Row& row, double seconds) {
  uint64_t runs = 0, events = 0, deliveries = 0, operations = 0, faults = 0;
  double virtual_s = 0;
  const int64_t begin = load::own_cpu_ns();
  int64_t used = 0;
  while (static_cast<double>(used) < seconds * 1e9) {
    const sim::RunResult result = sim::run_plan(row.plan(++runs), sim::make_server);
    if (!result.violations.empty()) {
      std::fprintf(stderr, "sim_speed: %s, seed %" PRIu64 ": %s: %s\n", row.name.data(), runs,
                   result.violations[0].property.c_str(), result.violations[0].summary.c_str());
      return false;
    }
    events += result.counts.events;
    deliveries += result.counts.deliveries;
    operations += result.counts.operations;
    for (const uint64_t count : result.counts.steps) faults += count;
    virtual_s += static_cast<double>(result.virtual_time.ns) / 1e9;
    used = load::own_cpu_ns() - begin;
  }
  std::printf("{\"row\":\"%s\",\"cpu_s\":%.3f,\"runs\":%" PRIu64
              ",\"virtual_s\":%.3f,\"events\":%" PRIu64 ",\"deliveries\":%" PRIu64
              ",\"operations\":%" PRIu64 ",\"faults\":%" PRIu64 "}\n",
              row.name.data(), static_cast<double>(used) / 1e9, runs, virtual_s, events, deliveries,
              operations, faults);
  std::fflush(stdout);
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : 0;
  if (!(seconds > 0)) {
    std::fprintf(stderr, "usage: sim_speed SECONDS_EACH [ROW...]\n");
    return 2;
  }
  const auto is_row = [](std::string_view name) {
    for (const Row& row : kRows) {
      if (row.name == name) return true;
    }
    return false;
  };
  for (int i = 2; i < count; ++i) {
    if (is_row(arguments[i])) continue;
    std::fprintf(stderr, "sim_speed: no row '%s'\n", arguments[i]);
    return 2;
  }
  for (const Row& row : kRows) {
    bool is_wanted = count == 2;
    for (int i = 2; i < count; ++i) is_wanted = is_wanted || row.name == arguments[i];
    if (is_wanted && !measure(row, seconds)) return 1;
  }
  return 0;
}
