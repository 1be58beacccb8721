// What a run is like: how many clients do what, on which network and disk, under which faults. A
// profile is a name for a family of runs; the seed draws the member. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "sim/client.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"

namespace zoetrope::sim {

// Weights say how often a kind of fault is chosen; 0 switches it off.
struct FaultConfig {
  Duration interval_min, interval_max;  // between two faults; max 0: no faults
  uint64_t kill_weight = 0;
  uint64_t power_loss_weight = 0;
  uint64_t shutdown_weight = 0;
  uint64_t disk_weight = 0;
  uint64_t wall_jump_weight = 0;
  uint64_t hold_weight = 0;               // a link to a client stands still
  uint64_t break_weight = 0;              // a client's connection is reset
  uint64_t between_effects_percent = 80;  // of the deaths: at an effect, not between two events
  uint64_t effects_max = 60;              // such a death comes within that many effects
  uint64_t interrupt_recovery_one_in = 4;
  Duration restart_max = Duration::from_ms(300);
  Duration disk_fault_max = Duration::from_ms(200);
  Duration hold_max = Duration::from_ms(400);
  int64_t wall_jump_ms_max = 5'000;
  bool failed_syncs_forget = false;  // DiskFaults::failed_sync_forgets
};

struct WorldConfig {
  NetworkConfig network;
  std::vector<ProcessConfig> processes;
  std::vector<ClientConfig> clients;
  FaultConfig faults;
  Duration load_max = Duration::from_ms(30'000);  // the load ends then at the latest
  bool keep_history = true;
  // A planted defect of the disk: syncs that do nothing.
  bool disk_lies = false;
};

enum class Profile : uint8_t { kCalm, kCrash, kChurn, kDiskFaults };
std::string_view to_string(Profile profile);
std::optional<Profile> parse_profile(std::string_view name);
inline constexpr Profile kProfiles[] = {Profile::kCalm, Profile::kCrash, Profile::kChurn,
                                        Profile::kDiskFaults};

// What a person may set beside seed and profile; 0: drawn from the seed.
struct Overrides {
  uint64_t clients = 0;
  uint64_t operations = 0;  // of all clients together
};

// The configuration of one run; all draws come from `random`.
WorldConfig draw_world(Profile profile, const Overrides& overrides, Random random);

// The longest time between a request being sent on a connection that lives on and its being
// committed, for the properties that bound time.
Duration delay_bound(const WorldConfig& config);

}  // namespace zoetrope::sim
