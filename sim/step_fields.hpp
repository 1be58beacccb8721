// The parts of every fault by name: what scenario files, help and documents call them. One function
// a fault, which shows its parts to a visitor; whoever reads, writes or lists faults is such a
// visitor, so that no part is forgotten anywhere. Plain templates.
//
// A visitor has, for a value of any type that a part has,
//   v.need(name, value, what)      the part must be given
//   v.field(name, value, what)     the part has a default, that of a fresh fault
// and for servers (in texts by id, index + 1) and clients (by index, as in traces)
//   v.server(name, index, what)    v.servers(name, indices, what)
//   v.client(name, index, what)    v.clients(name, indices, what)
// `what` is what a person reads.
#pragma once

#include <array>
#include <string_view>

#include "sim/step.hpp"

namespace zoetrope::sim {

// The names of an enumeration's values, in their order.
constexpr auto names_of(DeathKind) {
  return std::array<std::string_view, 2>{"kill", "power loss"};
}
constexpr auto names_of(DiskFault::Kind) {
  return std::array<std::string_view, 4>{"sync fails", "write fails", "read fails", "full"};
}

constexpr auto names_of(Unsynced) {
  return std::array<std::string_view, 5>{"any", "kept", "lost", "torn", "reordered"};
}
constexpr auto names_of(Pause::Kind) {
  return std::array<std::string_view, 2>{"process", "machine"};
}
constexpr auto names_of(StopKind) {
  return std::array<std::string_view, 3>{"shutdown", "kill", "power loss"};
}
constexpr auto names_of(RotDisk::Files) {
  return std::array<std::string_view, 3>{"any", "logs", "snapshots"};
}
constexpr auto names_of(Links::Peers) {
  return std::array<std::string_view, 3>{"all", "servers", "clients"};
}
constexpr auto names_of(Links::Way) {
  return std::array<std::string_view, 3>{"both", "out", "in"};
}
constexpr auto names_of(Latency::Shape) {
  return std::array<std::string_view, 4>{"uniform", "log-normal", "pareto", "empirical"};
}
constexpr auto names_of(PortKind) {
  return std::array<std::string_view, 4>{"all", "client", "quorum", "election"};
}
constexpr auto names_of(FailConnects::Kind) {
  return std::array<std::string_view, 4>{"refused", "slow", "ignored", "not accepted"};
}
constexpr auto names_of(Strangers::Says) {
  return std::array<std::string_view, 4>{"nothing", "noise", "oversized", "half a frame"};
}
constexpr auto names_of(RollingUpgrade::Switch) {
  return std::array<std::string_view, 3>{"as is", "on", "off"};
}
constexpr auto names_of(RollingUpgrade::Compression) {
  return std::array<std::string_view, 4>{"as is", "none", "gzip", "snappy"};
}

// What an action is called, and what it does in one line.
struct ActionName {
  std::string_view name;
  std::string_view what;
};

constexpr ActionName name_of(const Kill&) {
  return {"kill", "the process dies and starts again later"};
}
template <typename V>
void fields(V& v, Kill& a) {
  v.need("server", a.server, "who dies");
  v.field("how", a.how, "whether the machine lives on (kill) or goes too (power loss)");
  v.field("effects", a.effects, "after so many further effects of its engine; 0: at once");
  v.field("unsynced", a.unsynced, "of a power loss: what becomes of data that was not synced");
  v.field("back", a.back, "starts again after that; without: after a while");
  v.field("stays-down", a.stays_down, "does not start again before all faults end");
}

constexpr ActionName name_of(const Shutdown&) {
  return {"shutdown", "an orderly stop, as by SIGTERM"};
}
template <typename V>
void fields(V& v, Shutdown& a) {
  v.need("server", a.server, "who stops");
}

constexpr ActionName name_of(const DiskFault&) {
  return {"disk fault", "operations of a disk fail for a while, or it is full"};
}
template <typename V>
void fields(V& v, DiskFault& a) {
  v.need("server", a.server, "whose disk");
  v.need("kind", a.kind, "what fails");
  v.field("one-in", a.one_in, "of such operations one in so many fails");
  v.field("room-bytes", a.room_bytes, "of a full disk: what still fits");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const WallJump&) {
  return {"wall jump", "the wall clock steps"};
}
template <typename V>
void fields(V& v, WallJump& a) {
  v.need("server", a.server, "whose clock");
  v.need("ms", a.ms, "by how much, forward or back");
}

constexpr ActionName name_of(const HoldLink&) {
  return {"hold", "nothing passes between a client and a server in one direction; it comes later"};
}
template <typename V>
void fields(V& v, HoldLink& a) {
  v.client("client", a.client, "which client");
  v.server("server", a.server, "which server");
  v.field("towards-server", a.towards_server, "or towards the client");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const BreakLinks&) {
  return {"break", "the connections of a client are reset"};
}
template <typename V>
void fields(V& v, BreakLinks& a) {
  v.client("client", a.client, "which client");
}

template <typename V>
void fields(V& v, CutTerms& a) {
  v.field(
      "give-up", a.give_up,
      "a sender whose bytes have waited for so long learns that its connection is broken; 0: it "
      "waits for ever");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const Split&) {
  return {"split", "the servers fall into two sides"};
}
template <typename V>
void fields(V& v, Split& a) {
  v.servers("servers", a.servers, "one side");
  v.clients("clients", a.clients, "the clients of that side; without: clients see all servers");
  fields(v, a.terms);
}

constexpr ActionName name_of(const Isolate&) {
  return {"isolate", "servers are cut from the others"};
}
template <typename V>
void fields(V& v, Isolate& a) {
  v.need("server", a.server, "who");
  v.field("from-clients", a.from_clients, "from the clients too");
  fields(v, a.terms);
}

constexpr ActionName name_of(const Bridge&) {
  return {"bridge", "two sides of servers see each other only through one"};
}
template <typename V>
void fields(V& v, Bridge& a) {
  v.server("middle", a.middle, "whom both sides see");
  v.servers("servers", a.servers, "one side");
  fields(v, a.terms);
}

constexpr ActionName name_of(const CutLink&) {
  return {"cut link", "one server hears nothing of another"};
}
template <typename V>
void fields(V& v, CutLink& a) {
  v.server("from", a.from, "who is not heard");
  v.server("to", a.to, "who does not hear");
  v.field("both-ways", a.both_ways, "neither hears the other");
  fields(v, a.terms);
}

// --- processes
// -------------------------------------------------------------------------------------

constexpr ActionName name_of(const Pause&) {
  return {"pause", "a process stands still; what comes for it waits, and time-outs fire late"};
}
template <typename V>
void fields(V& v, Pause& a) {
  v.need("server", a.server, "who");
  v.field(
      "kind", a.kind,
      "only the process (SIGSTOP, garbage collection) or its whole virtual machine, whose clock "
      "stands still too");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const SlowCpu&) {
  return {"slow cpu", "every input takes its time in the processor"};
}
template <typename V>
void fields(V& v, SlowCpu& a) {
  v.need("server", a.server, "whose processor");
  v.field("factor-percent", a.factor_percent, "of the service times of the configuration");
  v.field("input-us", a.input_us, "each input takes at least that");
  v.need("lasts", a.lasts, "for how long");
}

template <typename V>
void restart_fields(V& v, RollingRestart& a) {
  v.field("servers", a.servers, "who, in the order of their numbers");
  v.field("how", a.how, "how each goes down");
  v.field("down", a.down, "how long each is down");
  v.field("patience", a.patience, "the next one goes after that even if this one does not serve");
}
constexpr ActionName name_of(const RollingRestart&) {
  return {"rolling restart", "servers restart one after the other, each when the last one serves"};
}
template <typename V>
void fields(V& v, RollingRestart& a) {
  restart_fields(v, a);
}

// --- disks
// -----------------------------------------------------------------------------------------

constexpr ActionName name_of(const SlowDisk&) {
  return {"slow disk", "every operation of a disk takes longer"};
}
template <typename V>
void fields(V& v, SlowDisk& a) {
  v.need("server", a.server, "whose disk");
  v.field("factor-percent", a.factor_percent, "of the usual time");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const StallDisk&) {
  return {"stall disk", "a disk does nothing of what it was told before the end"};
}
template <typename V>
void fields(V& v, StallDisk& a) {
  v.need("server", a.server, "whose disk");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const RotDisk&) {
  return {"rot disk", "bits of the files of a server turn over while it is down"};
}
template <typename V>
void fields(V& v, RotDisk& a) {
  v.need("server", a.server, "whose disk");
  v.field("files", a.files, "which files");
  v.field("flips", a.flips, "how many bits");
  v.field("back", a.back, "the server starts again after that; without: after a while");
}

constexpr ActionName name_of(const WipeDisk&) {
  return {"wipe disk", "a server dies and comes back with an empty disk"};
}
template <typename V>
void fields(V& v, WipeDisk& a) {
  v.need("server", a.server, "whose disk");
  v.field("back", a.back, "the server starts again after that; without: after a while");
}

constexpr ActionName name_of(const BackUpDisk&) {
  return {"back up disk", "what a disk holds durably is put aside"};
}
template <typename V>
void fields(V& v, BackUpDisk& a) {
  v.need("server", a.server, "whose disk");
}

constexpr ActionName name_of(const RestoreDisk&) {
  return {"restore disk", "a server dies and comes back with its disk as it was put aside"};
}
template <typename V>
void fields(V& v, RestoreDisk& a) {
  v.need("server", a.server, "whose disk");
  v.field("back", a.back, "the server starts again after that; without: after a while");
}

// --- clocks
// ----------------------------------------------------------------------------------------

constexpr ActionName name_of(const ClockSkew&) {
  return {"clock skew", "the wall clock is wrong from now on"};
}
template <typename V>
void fields(V& v, ClockSkew& a) {
  v.need("server", a.server, "whose clock");
  v.need("ms", a.ms, "by how much, whatever it was before");
}

constexpr ActionName name_of(const ClockDrift&) {
  return {"clock drift", "both clocks run too fast or too slowly"};
}
template <typename V>
void fields(V& v, ClockDrift& a) {
  v.need("server", a.server, "whose clocks");
  v.need("ppm", a.ppm, "how many millionths they gain; below 0: lose");
  v.need("lasts", a.lasts, "for how long; what they gained stays");
}

// --- network
// ---------------------------------------------------------------------------------------

template <typename V>
void fields(V& v, Links& a) {
  v.need("server", a.server, "whose links");
  v.field("peers", a.peers, "to whom");
  v.field("others", a.others, "of the links to servers only those to these; without: to all");
  v.field("way", a.way, "in which direction, as the server sees it");
}

template <typename V>
void fields(V& v, Latency& a) {
  v.field("shape", a.shape, "how the delay is distributed");
  v.field("us-min", a.us_min, "no delay is less");
  v.field("us-max", a.us_max, "no delay is greater, but for the tail");
  v.field("tail-one-in", a.tail_one_in, "one in so many has a tail; 0: none");
  v.field("tail-us-max", a.tail_us_max, "the longest tail, added");
  v.field("us-median", a.us_median, "of a log-normal delay");
  v.field("spread-percent", a.spread_percent,
          "of a log-normal delay the standard deviation of its logarithm, of a Pareto one its "
          "exponent");
  v.field("quantiles-us", a.quantiles_us,
          "of an empirical delay: ascending, at equal distances from the least to the greatest");
}

constexpr ActionName name_of(const SlowLinks&) {
  return {"slow links", "all that passes takes longer"};
}
template <typename V>
void fields(V& v, SlowLinks& a) {
  fields(v, a.links);
  v.field("delay", a.delay, "added to the usual one");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const LoseSegments&) {
  return {"lose segments", "segments are lost and come late, or connections break of it"};
}
template <typename V>
void fields(V& v, LoseSegments& a) {
  fields(v, a.links);
  v.field("one-in", a.one_in, "of the segments one in so many is lost");
  v.field("retransmit-after", a.retransmit_after, "doubles with each further loss of a segment");
  v.field("tries-max", a.tries_max, "behind that many losses the sender gives up");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const LimitBandwidth&) {
  return {"limit bandwidth", "bytes pass one after the other at a limited rate"};
}
template <typename V>
void fields(V& v, LimitBandwidth& a) {
  fields(v, a.links);
  v.field("bytes-per-second", a.bytes_per_second, "in each direction");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const SmallSegments&) {
  return {"small segments", "streams of bytes come in small pieces"};
}
template <typename V>
void fields(V& v, SmallSegments& a) {
  fields(v, a.links);
  v.field("bytes-max", a.bytes_max, "of a piece");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const HalfOpen&) {
  return {"half open", "one end of connections is gone; the other learns of it when it sends"};
}
template <typename V>
void fields(V& v, HalfOpen& a) {
  fields(v, a.links);
  v.field("at-peers", a.at_peers, "it is the peers' ends that are gone");
}

constexpr ActionName name_of(const FailConnects&) {
  return {"fail connects", "who connects to a server is not served as usual"};
}
template <typename V>
void fields(V& v, FailConnects& a) {
  v.need("server", a.server, "to whom");
  v.field("kind", a.kind, "what becomes of connects");
  v.field("port", a.port, "at which of its ports");
  v.field("delay", a.delay, "before a slow answer");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const CutWanLink&) {
  return {"cut wan link", "a link between two regions is cut; what has another route takes it"};
}
template <typename V>
void fields(V& v, CutWanLink& a) {
  v.region("from", a.from, "one region");
  v.region("to", a.to, "the other one");
  fields(v, a.terms);
}

constexpr ActionName name_of(const CutRegion&) {
  return {"cut region", "all links of a region are cut"};
}
template <typename V>
void fields(V& v, CutRegion& a) {
  v.region("region", a.region, "which");
  fields(v, a.terms);
}

// --- clients
// ---------------------------------------------------------------------------------------

constexpr ActionName name_of(const Herd&) {
  return {"herd", "all clients lose their connections at once, and come back together"};
}
template <typename V>
void fields(V& v, Herd& a) {
  v.field("refused", a.refused, "so long none of them can come back");
}

constexpr ActionName name_of(const MigrateClients&) {
  return {"migrate clients", "all clients of a server are sent away"};
}
template <typename V>
void fields(V& v, MigrateClients& a) {
  v.need("server", a.server, "whose clients");
  v.need("lasts", a.lasts, "so long it takes none back");
}

constexpr ActionName name_of(const SlowReader&) {
  return {"slow reader", "a client takes slowly what servers send"};
}
template <typename V>
void fields(V& v, SlowReader& a) {
  v.client("client", a.client, "which client");
  v.field("bytes-per-second", a.bytes_per_second, "how much it takes");
  v.need("lasts", a.lasts, "for how long");
}

constexpr ActionName name_of(const EdgeOfTimeout&) {
  return {"edge of time-out", "nothing of a client arrives for about the time-out of its session"};
}
template <typename V>
void fields(V& v, EdgeOfTimeout& a) {
  v.client("client", a.client, "which client");
  v.field("margin-ms", a.margin_ms, "so much more than the time-out; below 0: less");
}

constexpr ActionName name_of(const Strangers&) {
  return {"strangers", "somebody connects who is no client and no server"};
}
template <typename V>
void fields(V& v, Strangers& a) {
  v.need("server", a.server, "to whom");
  v.field("port", a.port, "at which of its ports");
  v.field("says", a.says, "what they say");
  v.field("count", a.count, "how many at each port");
  v.field("lasts", a.lasts, "then they hang up");
}

// --- operations
// ------------------------------------------------------------------------------------

constexpr ActionName name_of(const RollingUpgrade&) {
  return {"rolling upgrade", "a rolling restart after which servers have another configuration"};
}
template <typename V>
void fields(V& v, RollingUpgrade& a) {
  restart_fields(v, a.restart);
  v.field("digest", a.digest, "whether digests of the tree are kept");
  v.field("compression", a.compression, "of snapshots");
  v.field("snap-count", a.snap_count, "transactions between two snapshots; 0: as it is");
}

constexpr ActionName name_of(const ReplaceMember&) {
  return {"replace member", "a server stops and comes back under its name with an empty disk"};
}
template <typename V>
void fields(V& v, ReplaceMember& a) {
  v.need("server", a.server, "who");
  v.field("back", a.back, "starts again after that; without: after a while");
}

}  // namespace zoetrope::sim
