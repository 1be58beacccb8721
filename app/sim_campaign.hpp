// A campaign of simulated runs: many seeds of one or several profiles on all cores. Owns the worker
// threads while it runs; each run is a world of its own and shares nothing with the others.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/run.hpp"

namespace zoetrope::app {

struct CampaignOptions {
  uint64_t seed_first = 1, seed_last = 1;
  std::vector<sim::Profile> profiles;
  sim::Overrides overrides;
  bool check = true;
  unsigned threads = 0;          // 0: one for each core
  uint64_t failures_max = 1000;  // the campaign stops after that many
};

struct Failure {
  uint64_t seed = 0;
  sim::Profile profile = sim::Profile::kCrash;
  std::vector<properties::Violation> violations;
};

struct CampaignTotals {
  uint64_t runs = 0, runs_wanted = 0;
  uint64_t failed = 0;
  uint64_t events = 0, deliveries = 0;
  uint64_t operations = 0, unknown = 0, watch_events = 0, sessions = 0;
  uint64_t crashes = 0, lost_data = 0;
  uint64_t virtual_ms = 0;
  double seconds = 0;
};

struct CampaignResult {
  CampaignTotals totals;
  std::vector<Failure> failures;  // by profile, then seed
  // Over the trace hashes of all runs in the order of profiles and seeds; the same for the same
  // options wherever they run. 0 when the campaign was cut short.
  uint64_t hash = 0;
  std::string internal_error;  // not empty: a run ended in an exception
};

// Calls `progress` now and then, from the calling thread, and stops early when it returns false.
CampaignResult run_campaign(const CampaignOptions& options,
                            const std::function<bool(const CampaignTotals&)>& progress);

// The command that repeats one run and nothing else.
std::string replay_command(uint64_t seed, sim::Profile profile, const sim::Overrides& overrides);

// From now on a broken assertion names the run of its thread before the process ends with the
// status of a violated property.
void name_runs_on_abort(const sim::Overrides& overrides);
// Says which run the calling thread works on.
void set_current_run(uint64_t seed, sim::Profile profile);

}  // namespace zoetrope::app
