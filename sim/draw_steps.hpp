// Draws the faults of a run from a seed: how often which kind comes, and how bad it is. Plain
// values and one function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/random.hpp"
#include "sim/step.hpp"

namespace zoetrope::sim {

// Weights say how often a kind of fault is chosen; 0 switches it off.
struct FaultConfig {
  Duration interval_min, interval_max;  // between two faults; max 0: no faults
  uint64_t kill_weight = 0;
  uint64_t power_loss_weight = 0;
  uint64_t shutdown_weight = 0;
  uint64_t disk_weight = 0;
  uint64_t wall_jump_weight = 0;
  uint64_t hold_weight = 0;        // a link to a client stands still
  uint64_t break_weight = 0;       // a client's connection is reset
  uint64_t split_weight = 0;       // the servers fall into two parts
  uint64_t isolate_weight = 0;     // one server is cut from all others
  uint64_t bridge_weight = 0;      // two parts see each other only through one server
  uint64_t link_weight = 0;        // two servers are cut, in one direction or both
  uint64_t crash_many_weight = 0;  // some servers at once
  uint64_t crash_all_weight = 0;
  // The faults below are in no profile but those that name them.
  uint64_t pause_weight = 0;              // processes and machines that stand still
  uint64_t slow_cpu_weight = 0;           // processors that are slow
  uint64_t rolling_restart_weight = 0;    // servers restart one after the other
  uint64_t slow_disk_weight = 0;          // disks that are slow
  uint64_t stall_disk_weight = 0;         // disks that stand still
  uint64_t rot_weight = 0;                // bits of files that turn over
  uint64_t wipe_weight = 0;               // disks that are emptied
  uint64_t backup_weight = 0;             // disks that are put aside, and come back as they were
  uint64_t skew_weight = 0;               // wall clocks that are wrong
  uint64_t drift_weight = 0;              // clocks that run wrong
  uint64_t slow_link_weight = 0;          // links that are slow
  uint64_t loss_weight = 0;               // links that lose segments
  uint64_t bandwidth_weight = 0;          // links that are narrow
  uint64_t small_segment_weight = 0;      // streams in small pieces
  uint64_t half_open_weight = 0;          // connections of which one end is gone
  uint64_t connect_weight = 0;            // connects that are not answered as usual
  uint64_t wan_weight = 0;                // cuts of links and regions of the topology
  uint64_t herd_weight = 0;               // all clients come back at once
  uint64_t migrate_weight = 0;            // all clients of a server are sent away
  uint64_t slow_reader_weight = 0;        // clients that take little at a time
  uint64_t edge_weight = 0;               // clients that are silent for about their time-out
  uint64_t stranger_weight = 0;           // connections of strangers
  uint64_t upgrade_weight = 0;            // servers change their configuration one after the other
  uint64_t replace_weight = 0;            // members that come back with an empty disk
  uint64_t between_effects_percent = 80;  // of the deaths: at an effect, not between two events
  uint64_t effects_max = 60;              // such a death comes within that many effects
  Duration disk_fault_max = Duration::from_ms(200);
  Duration hold_max = Duration::from_ms(400);
  Duration cut_max = Duration::from_ms(2000);  // a partition heals then at the latest
  size_t cuts_at_once = 2;
  // Of the partitions: senders give up after a while, so that connections break.
  uint64_t give_up_percent = 50;
  Duration give_up_max = Duration::from_ms(1000);
  int64_t wall_jump_ms_max = 5'000;
  Duration slow_max = Duration::from_ms(3000);  // pauses, and whatever else is slow or wrong
  int64_t drift_ppm_max = 20'000;
};

struct WorldSize {
  uint32_t servers = 1;
  uint32_t clients = 0;
  std::vector<std::string> regions;                        // of the topology
  std::vector<std::pair<std::string, std::string>> links;  // and between which of them
};

// The steps before `end`, ascending by time.
std::vector<Step> draw_steps(const FaultConfig& config, const WorldSize& size, MonotonicTime end,
                             Random random);

}  // namespace zoetrope::sim
