// What a run is like: how many clients do what, on which network and disk, under which faults. A
// profile is a name for a family of runs; the seed draws the member. Plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "sim/addresses.hpp"
#include "sim/choices.hpp"
#include "sim/client.hpp"
#include "sim/draw_steps.hpp"
#include "sim/network.hpp"
#include "sim/process.hpp"
#include "sim/step.hpp"
#include "sim/topology.hpp"

namespace zoetrope::sim {

// Who is healed when the load is over. The others stay for ever as they are then: down, or cut off.
enum class Liveness : uint8_t {
  kAll,     // every server
  kQuorum,  // a random quorum
};

struct WorldConfig {
  NetworkConfig network;
  std::vector<ProcessConfig> processes;
  std::vector<ClientConfig> clients;
  std::vector<Step> steps;  // in any order
  // The load ends when the clients have done all that they were to do, and every step has come, or
  // at `load_max`.
  Duration load_max = Duration::from_ms(30'000);
  bool waits_for_steps = true;
  // A server that died starts again within that time, and one in so many of its recoveries is
  // interrupted by a crash of the machine.
  Duration restart_max = Duration::from_ms(300);
  uint64_t interrupt_recovery_one_in = 0;
  Topology topology;  // empty: all hosts are alike
  // Disks are damaged only while the others make up for it. Otherwise only what no damage excuses
  // is judged from the first damage on that may have taken away acknowledged writes: that damaged
  // data is refused and not served.
  bool disks_recoverable = true;
  bool failed_syncs_forget = false;  // DiskFaults::failed_sync_forgets
  std::optional<ChoiceList> told;    // choices that are not free
  bool keep_choices = false;
  bool keep_history = true;
  Liveness liveness = Liveness::kAll;
  bool count_coverage = false;
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
  kSwarm,
};
std::string_view to_string(Profile profile);
std::optional<Profile> parse_profile(std::string_view name);
inline constexpr Profile kProfiles[] = {
    Profile::kCalm,       Profile::kCrash,    Profile::kChurn,
    Profile::kDiskFaults, Profile::kEnsemble, Profile::kEnsembleDisk,
    Profile::kReconfig,   Profile::kModes,    Profile::kSwarm};
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
  // Parts of the world, by the name under which they are drawn ("steps", "network", "client3";
  // "run" for all that is chosen while it runs), and the number that they are drawn from instead.
  std::map<std::string, uint64_t, std::less<>> redraw;
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

// What draws of steps have to know of a world.
WorldSize size_of(const WorldConfig& world);
// What a run of the profile "swarm" has (profile_swarm.cpp).
struct SwarmFeatures {
  uint64_t servers = 1, observers = 0;
  bool churn = false, reconfig = false, modes = false;
  Liveness liveness = Liveness::kAll;
  bool wide_area = false;
};
SwarmFeatures draw_swarm_features(Random random);
// A random part of all faults.
FaultConfig draw_swarm_faults(WorldConfig& world, Random random);
// Regions with every server and client in one of them, and how often their links are cut.
void draw_swarm_topology(WorldConfig& world, FaultConfig& faults, Random random);
// Lets some of the deaths wait for a moment.
void draw_triggers(std::vector<Step>& steps, Random random);

// The longest time between a request being sent on a connection that lives on and its being
// committed, for the properties that bound time.
Duration delay_bound(const WorldConfig& config);
// How much earlier or later than it should a time-out may come, because clocks are wrong.
Duration clock_error(const WorldConfig& config);

}  // namespace zoetrope::sim
