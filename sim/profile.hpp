// What a run is like: how many clients do what, on which network and disk, under which faults. A
// profile is a name for a family of runs; the seed draws the member. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "sim/addresses.hpp"
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
  uint64_t hold_weight = 0;        // a link to a client stands still
  uint64_t break_weight = 0;       // a client's connection is reset
  uint64_t split_weight = 0;       // the servers fall into two parts
  uint64_t isolate_weight = 0;     // one server is cut from all others
  uint64_t bridge_weight = 0;      // two parts see each other only through one server
  uint64_t link_weight = 0;        // two servers are cut, in one direction or both
  uint64_t crash_many_weight = 0;  // some servers at once
  uint64_t crash_all_weight = 0;
  uint64_t between_effects_percent = 80;  // of the deaths: at an effect, not between two events
  uint64_t effects_max = 60;              // such a death comes within that many effects
  uint64_t interrupt_recovery_one_in = 4;
  Duration restart_max = Duration::from_ms(300);
  Duration disk_fault_max = Duration::from_ms(200);
  Duration hold_max = Duration::from_ms(400);
  Duration cut_max = Duration::from_ms(2000);  // a partition heals then at the latest
  size_t cuts_at_once = 2;
  // Of the partitions: senders give up after a while, so that connections break.
  uint64_t give_up_percent = 50;
  Duration give_up_max = Duration::from_ms(1000);
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

enum class Profile : uint8_t {
  kCalm,
  kCrash,
  kChurn,
  kDiskFaults,
  kEnsemble,
  kEnsembleDisk,
  kReconfig,
  kModes,
};
std::string_view to_string(Profile profile);
std::optional<Profile> parse_profile(std::string_view name);
inline constexpr Profile kProfiles[] = {
    Profile::kCalm,     Profile::kCrash,        Profile::kChurn,    Profile::kDiskFaults,
    Profile::kEnsemble, Profile::kEnsembleDisk, Profile::kReconfig, Profile::kModes};
constexpr bool is_ensemble(Profile profile) {
  return profile >= Profile::kEnsemble;
}

// What a person may set beside seed and profile; 0: drawn from the seed.
struct Overrides {
  uint64_t clients = 0;
  uint64_t operations = 0;  // of all clients together
  // Participants. A profile of a single server becomes one of an ensemble with more than one; 0:
  // one server there, and as many as the seed says in an ensemble's profile.
  uint64_t servers = 0;
  std::optional<uint64_t> observers;
};

// More servers than that have no place in one world.
inline constexpr uint64_t kServersMax = 64;

// The configuration of one run; all draws come from `random`.
WorldConfig draw_world(Profile profile, const Overrides& overrides, Random random);

// Makes members of an ensemble of the world's first process and its like: `participants`, then
// `observers`, with their elections. What concerns all servers alike is that of the first.
void make_ensemble(WorldConfig& world, uint64_t participants, uint64_t observers, Random random);

// Lets the ensemble of the world change: its configuration is in files, `spares` servers more stand
// ready to join, and one more client, the operator, changes it.
void make_changeable(WorldConfig& world, uint64_t spares, Random random);
// Gives the members of an ensemble modes of service that are off by default: read-only mode, local
// sessions, a leader without clients, followers that serve observers, limits on requests and
// connections (profile_modes.cpp).
void draw_modes(WorldConfig& world, Random random);

// The longest time between a request being sent on a connection that lives on and its being
// committed, for the properties that bound time.
Duration delay_bound(const WorldConfig& config);

}  // namespace zoetrope::sim
