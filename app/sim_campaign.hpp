// A campaign of simulated runs: many seeds of one or several profiles on all cores. Owns the worker
// threads while it runs; each run is a world of its own and shares nothing with the others.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/run.hpp"

namespace zoetrope::app {

// One run of a campaign: all that its replay needs.
struct Ticket {
  uint64_t seed = 0;
  sim::Profile profile = sim::Profile::kCrash;
  sim::Overrides overrides;
};

struct CampaignOptions {
  uint64_t seed_first = 1, seed_last = 1;
  std::vector<sim::Profile> profiles;
  sim::Overrides overrides;
  bool check = true;
  bool coverage = true;
  bool guided = false;           // as many runs as there are seeds, chosen by what they reach
  unsigned threads = 0;          // 0: one for each core
  uint64_t failures_max = 1000;  // the campaign stops after that many
};

struct Failure {
  Ticket ticket;
  std::vector<properties::Violation> violations;
};
// A run that is stuck at its end and yet breaks nothing.
struct Excused {
  Ticket ticket;
  std::string reason;
};

struct CampaignTotals {
  uint64_t runs = 0, runs_wanted = 0;
  uint64_t failed = 0, excused = 0;
  uint64_t events = 0, deliveries = 0;
  uint64_t operations = 0, unknown = 0, watch_events = 0, sessions = 0;
  uint64_t crashes = 0, lost_data = 0;
  uint64_t faults = 0;   // of every kind
  uint64_t leaders = 0;  // epochs that had one who served
  uint64_t steps_missed = 0;
  uint64_t quorum_runs = 0, frozen_servers = 0;  // of the liveness phase
  // Of disks that lost what they held (docs/faults.md).
  uint64_t disks_damaged = 0, disks_spared = 0, unsafe_damages = 0, excused_findings = 0;
  uint64_t virtual_ms = 0;
  double seconds = 0;
  uint64_t points = 0;  // of the table that were reached
};

struct CampaignResult {
  CampaignTotals totals;
  std::vector<Failure> failures;  // in the order of the runs
  std::vector<Excused> excused;
  std::vector<uint64_t> runs_by_point;  // by slot (sim/coverage.hpp): how many runs reached it
  // Over the trace hashes of all runs in their order; the same for the same options wherever they
  // run. 0 when the campaign was cut short.
  uint64_t hash = 0;
  std::string internal_error;  // not empty: a run ended in an exception
};

// Calls `progress` now and then, from the calling thread, and stops early when it returns false.
CampaignResult run_campaign(const CampaignOptions& options,
                            const std::function<bool(const CampaignTotals&)>& progress);

// The command that repeats one run and nothing else.
std::string replay_command(const Ticket& ticket);

// From now on a broken assertion names the run of its thread before the process ends with the
// status of a violated property.
void name_runs_on_abort();
// Called before it does; nullptr: nothing is to be done.
void before_abort(std::function<void()> what);
// Says which run the calling thread works on.
void set_current_run(const Ticket& ticket);
// The same for a run that another command leads to.
void set_current_command(const std::string& command);

}  // namespace zoetrope::app
