// What happens to a world from outside, as data: each fault with its parameters, and when it comes.
// A list of them is what a run is told, whether a seed drew it or a person wrote it. Plain values;
// step_fields.hpp has the names that texts use for them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/time.hpp"
#include "sim/latency.hpp"
#include "sim/moment.hpp"

namespace zoetrope::sim {

enum class DeathKind : uint8_t {
  kKill,       // kill -9: the page cache and the machine live on
  kPowerLoss,  // the machine goes: unsynced data, half-open connections
};

// Whom a step means. Who that is is found out when the step comes.
struct Target {
  enum class Kind : uint8_t {
    kServer,            // by index
    kLeader,            // who leads; nobody leads: the server of `index`
    kFollower,          // the follower of that index among the followers, by id
    kObserver,          // the same among the observers
    kAnyServer,         // chosen when the step comes (site "targets")
    kAnyFollower,       // the same among the followers
    kAll,               // every server
    kMinority,          // as many voters as can be missed, without the leader
    kMajority,          // the others of them, with the leader
    kMinorityOfLeader,  // as many voters as can be missed, the leader among them
    kSet,               // those of `servers`
    kRegion,            // those of `region`
    kTriggered,         // of a step with a trigger: the server at which the moment came
  };
  Kind kind = Kind::kServer;
  uint32_t index = 0;
  std::vector<uint32_t> servers;
  std::string region;

  static Target server(uint32_t index) { return {Kind::kServer, index, {}, {}}; }
  static Target leader(uint32_t otherwise = 0) { return {Kind::kLeader, otherwise, {}, {}}; }
};

// What becomes of the data that a machine had not synced when it loses power.
enum class Unsynced : uint8_t {
  kAny,        // chosen, for each file
  kKept,       // all of it is on the disk
  kLost,       // none of it
  kTorn,       // the writes up to some point, the last of them cut at a sector
  kReordered,  // any sectors of any writes, and any of the names
};

// --- processes
// -------------------------------------------------------------------------------------

// The process dies, at once or after so many further effects of its engine, and starts again after
// `back`, or without it after a while (site "return of <server>"), or not before the faults end.
struct Kill {
  Target server;
  DeathKind how = DeathKind::kKill;
  uint64_t effects = 0;
  Unsynced unsynced = Unsynced::kAny;  // of a power loss
  std::optional<Duration> back = std::nullopt;
  bool stays_down = false;
};

// An orderly stop, as by SIGTERM.
struct Shutdown {
  Target server;
};

// The process does nothing for a while; what comes for it waits, and time-outs fire late.
struct Pause {
  enum class Kind : uint8_t {
    kProcess,  // SIGSTOP, garbage collection: its machine lives, and its clock goes on
    kMachine,  // a virtual machine is suspended: its monotonic clock stands still
  };
  Target server;
  Kind kind = Kind::kProcess;
  Duration lasts;
};

// Every input takes its time in the processor: that of the configuration times `factor`, and at
// least `input_us`.
struct SlowCpu {
  Target server;
  uint64_t factor_percent = 1000;
  int64_t input_us = 200;
  Duration lasts;
};

enum class StopKind : uint8_t { kShutdown, kKill, kPowerLoss };

// Servers stop and start again one after the other; the next one when the last one serves again,
// or when `patience` is over.
struct RollingRestart {
  Target servers{Target::Kind::kAll, 0, {}, {}};
  StopKind how = StopKind::kShutdown;
  Duration down = Duration::from_ms(200);
  Duration patience = Duration::from_ms(30'000);
};

// --- disks
// -----------------------------------------------------------------------------------------

// Of the operations of a disk one in `one_in` fails, or it has room for `room_bytes` more and no
// others, for a while.
struct DiskFault {
  enum class Kind : uint8_t { kSyncFails, kWriteFails, kReadFails, kFull };
  Target server;
  Kind kind = Kind::kSyncFails;
  uint64_t one_in = 1;
  uint64_t room_bytes = 0;
  Duration lasts;
};

// Every operation of a disk takes that many times as long.
struct SlowDisk {
  Target server;
  uint64_t factor_percent = 2000;
  Duration lasts;
};

// Nothing that a disk was told to do is done before the end.
struct StallDisk {
  Target server;
  Duration lasts;
};

// The faults below take away what a disk holds for good. With WorldConfig::disks_recoverable such a
// fault strikes only where the other disks make up for it (disk_damage.cpp); the server dies first
// and comes back after `back`, or after a while.

// Bits of files turn over. A server that refuses its files because of it gets an empty disk.
struct RotDisk {
  enum class Files : uint8_t { kAny, kLogs, kSnapshots };
  Target server;
  Files files = Files::kAny;
  uint64_t flips = 1;
  std::optional<Duration> back = std::nullopt;
};

// All files are gone.
struct WipeDisk {
  Target server;
  std::optional<Duration> back = std::nullopt;
};

// A copy of what is durable is put aside; only the newest one is kept.
struct BackUpDisk {
  Target server;
};

// The disk becomes what the copy is.
struct RestoreDisk {
  Target server;
  std::optional<Duration> back = std::nullopt;
};

// --- clocks
// ----------------------------------------------------------------------------------------

// The wall clock steps by that much, forward or back.
struct WallJump {
  Target server;
  int64_t ms = 0;
};

// The wall clock is wrong by that much from now on.
struct ClockSkew {
  Target server;
  int64_t ms = 0;
};

// Both clocks run too fast, or too slowly below 0.
struct ClockDrift {
  Target server;
  int64_t ppm = 0;
  Duration lasts;
};

// --- network
// ---------------------------------------------------------------------------------------

// Links of servers, each with its two directions.
struct Links {
  enum class Peers : uint8_t { kAll, kServers, kClients };
  enum class Way : uint8_t { kBoth, kOut, kIn };  // as the server sees it
  Target server;
  Peers peers = Peers::kAll;
  std::optional<Target> others;  // of the servers only these
  Way way = Way::kBoth;
};

// All that passes takes longer.
struct SlowLinks {
  Links links;
  Latency delay{20'000, 50'000, 0, 0};  // added
  Duration lasts;
};

// One segment in so many is lost and comes after a retransmission, whose time-out doubles with each
// further loss of it; behind `tries_max` losses its sender gives the connection up.
struct LoseSegments {
  Links links;
  uint64_t one_in = 10;
  Duration retransmit_after = Duration::from_ms(200);
  uint64_t tries_max = 6;
  Duration lasts;
};

struct LimitBandwidth {
  Links links;
  uint64_t bytes_per_second = 10'000;
  Duration lasts;
};

// Streams of bytes come in pieces of at most that many.
struct SmallSegments {
  Links links;
  uint64_t bytes_max = 1;
  Duration lasts;
};

// One end of connections is gone; the other end learns of it when it sends.
struct HalfOpen {
  Links links;
  bool at_peers = false;  // it is the peers whose ends are gone
};

enum class PortKind : uint8_t { kAll, kClient, kQuorum, kElection };

// Who connects to a server is not served as usual.
struct FailConnects {
  enum class Kind : uint8_t {
    kRefused,
    kSlow,         // answered after `delay`
    kIgnored,      // not answered; the opener's kernel asks again after 1, 2, 4 ... seconds
    kNotAccepted,  // the kernel answers and the process does not, before the end
  };
  Target server;
  Kind kind = Kind::kRefused;
  PortKind port = PortKind::kAll;
  Duration delay = Duration::from_ms(1000);
  Duration lasts;
};

// Nothing passes between a client and a server in one direction; it arrives afterwards.
struct HoldLink {
  uint32_t client = 0, server = 0;
  bool towards_server = true;
  Duration lasts;
};

// The connections of a client are reset.
struct BreakLinks {
  uint32_t client = 0;
};

// How a partition ends. A sender whose bytes have waited for `give_up` learns that its connection
// is broken; 0: it waits for ever.
struct CutTerms {
  Duration give_up;
  Duration lasts;
};

// The servers fall into two sides: those of `servers` and the others; the clients too, unless
// `clients` is nullopt: then they see all servers.
struct Split {
  std::vector<uint32_t> servers;
  std::optional<std::vector<uint32_t>> clients;
  CutTerms terms;
};
// Servers are cut from the others, and perhaps from the clients.
struct Isolate {
  Target server;
  bool from_clients = false;
  CutTerms terms;
};
// Two sides of servers, `servers` and the others, that see each other only through one.
struct Bridge {
  uint32_t middle = 0;
  std::vector<uint32_t> servers;
  CutTerms terms;
};
// One server hears nothing of another, or neither hears the other.
struct CutLink {
  uint32_t from = 0, to = 0;
  bool both_ways = false;
  CutTerms terms;
};

// A link of the topology is cut: what has another route takes it, the others are cut from each
// other.
struct CutWanLink {
  std::string from, to;  // regions
  CutTerms terms;
};
// All links of a region are.
struct CutRegion {
  std::string region;
  CutTerms terms;
};

// --- clients
// ---------------------------------------------------------------------------------------

// The connections of all clients are reset at once; none comes back before `refused` is over.
struct Herd {
  Duration refused;
};

// All clients of a server are sent away, and none of them may come back for a while.
struct MigrateClients {
  Target server;
  Duration lasts;
};

// A client takes what servers send at that rate.
struct SlowReader {
  uint32_t client = 0;
  uint64_t bytes_per_second = 1'000;
  Duration lasts;
};

// Nothing of a client arrives for as long as its session's time-out and that much more, or less.
struct EdgeOfTimeout {
  uint32_t client = 0;
  int64_t margin_ms = 0;
};

// Somebody who is no client and no server connects and says something wrong, or nothing.
struct Strangers {
  enum class Says : uint8_t { kNothing, kNoise, kOversized, kHalfAFrame };
  Target server;
  PortKind port = PortKind::kClient;
  Says says = Says::kNoise;
  uint64_t count = 10;
  Duration lasts = Duration::from_ms(5'000);  // then they hang up
};

// --- operations
// ------------------------------------------------------------------------------------

// A rolling restart in which every server comes back with another configuration.
struct RollingUpgrade {
  enum class Switch : uint8_t { kAsIs, kOn, kOff };
  enum class Compression : uint8_t { kAsIs, kNone, kGzip, kSnappy };
  RollingRestart restart;
  Switch digest = Switch::kAsIs;
  Compression compression = Compression::kAsIs;  // of snapshots
  int64_t snap_count = 0;                        // transactions between two snapshots; 0: as it is
};

// A member stops in an orderly way and comes back under its name with an empty disk.
struct ReplaceMember {
  Target server;
  std::optional<Duration> back = std::nullopt;
};

using Action = std::variant<Kill, Shutdown, DiskFault, WallJump, HoldLink, BreakLinks, Split,
                            Isolate, Bridge, CutLink, Pause, SlowCpu, RollingRestart, SlowDisk,
                            StallDisk, RotDisk, WipeDisk, BackUpDisk, RestoreDisk, ClockSkew,
                            ClockDrift, SlowLinks, LoseSegments, LimitBandwidth, SmallSegments,
                            HalfOpen, FailConnects, CutWanLink, CutRegion, Herd, MigrateClients,
                            SlowReader, EdgeOfTimeout, Strangers, RollingUpgrade, ReplaceMember>;

// Something to wait for: the `nth` time that it happens at one of these servers. Who is meant by
// role is found out at every moment: "the leader" is whoever leads then, or led until that moment.
struct Trigger {
  Moment moment = Moment::kProposes;
  Target server{Target::Kind::kAll, 0, {}, {}};
  uint64_t nth = 1;
};

// Comes at a time of the world, or once, `after` its trigger: with 0 right then, a death or a cut
// between two effects of the server or two operations of its disk.
struct Step {
  MonotonicTime at;  // with a trigger: moments before that do not count
  std::optional<Trigger> on;
  Duration after;
  Action action;
};

}  // namespace zoetrope::sim
