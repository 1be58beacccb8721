// The parts of a world by name, as sim/step_fields.hpp has those of faults: network, servers,
// clients, random faults. What has a key in zoo.cfg has that name here. Plain templates.
#pragma once

#include <array>
#include <string_view>

#include "sim/draw_steps.hpp"
#include "sim/profile.hpp"
#include "sim/step_fields.hpp"

namespace zoetrope::sim {

constexpr auto names_of(storage::Compression) {
  return std::array<std::string_view, 3>{"none", "gzip", "snappy"};
}
constexpr auto names_of(quorum::MemberRole) {
  return std::array<std::string_view, 2>{"participant", "observer"};
}

template <typename V>
void fields(V& v, NetworkConfig& a) {
  v.field("latency", a.latency, "of a segment, one way");
  v.field("cut-one-in", a.cut_one_in, "one segment in so many is cut at some byte; 0: never");
  v.field("window-bytes", a.window_bytes, "sent and not yet read by the receiver");
  v.field("late-pause-one-in", a.late_pause_one_in,
          "one paused reader in so many still gets one more piece");
}

template <typename V>
void fields(V& v, WanLink& a) {
  v.need("from", a.from, "a region");
  v.need("to", a.to, "another one");
  v.field("latency", a.latency, "one way");
  v.field("bytes-per-second", a.bytes_per_second, "in each direction; 0: no limit");
}

template <typename V>
void fields(V& v, Topology& a) {
  v.need("regions", a.regions, "their names");
  v.field("links", a.links, "{ from = ..., to = ... } between regions");
  v.field("local", a.local, "latency within a region, and at the end of each longer way");
}

constexpr auto names_of(Liveness) {
  return std::array<std::string_view, 2>{"all", "quorum"};
}

// What concerns the run as a whole.
template <typename V>
void run_fields(V& v, WorldConfig& a) {
  v.field("load", a.load_max, "the load ends then at the latest");
  v.field("wait-for-steps", a.waits_for_steps,
          "not before every step has come; else when all clients are done");
  v.field("restart-within", a.restart_max, "a server that died starts again within that time");
  v.field("interrupt-recovery-one-in", a.interrupt_recovery_one_in,
          "one recovery in so many is interrupted by a crash of the machine; 0: none");
  v.field("disks-recoverable", a.disks_recoverable,
          "disks are damaged only while the others make up for it");
  v.field("liveness", a.liveness, "who is healed when the load is over: all, or a random quorum");
  v.field("failed-syncs-forget", a.failed_syncs_forget, "a failed sync loses what it was to save");
  v.field("disk-lies", a.disk_lies, "syncs do nothing: a broken disk, which must be noticed");
}

template <typename V>
void fields(V& v, storage::StoreConfig& a) {
  v.field("snapCount", a.snap_count, "transactions between two snapshots");
  v.field("snapSizeLimitInKb", a.snap_size_limit_kb, "of the log between two snapshots");
  v.field("preAllocSize", a.preallocation_kb, "KiB by which a log grows");
  v.field("txnLogSizeLimitInKb", a.log_size_limit_kb, "of one log file; -1: none");
  v.field("maxBatchSize", a.batch_size_max, "records of one sync");
  v.field("forceSync", a.force_sync, "the log is synced");
  v.field("snapshot.compression.method", a.snapshot.compression, "of snapshots");
  v.field("autopurge.snapRetainCount", a.retain_snapshots, "snapshots that are kept");
  v.field("purge-interval-ms", a.purge_interval_ms, "0: old files stay");
  v.field("snapshot-chunk-bytes", a.snapshot_chunk_bytes, "written at a time");
}

template <typename V>
void fields(V& v, zab::PeerConfig& a) {
  v.field("initLimit", a.role.init_limit, "ticks until a learner is synchronised");
  v.field("syncLimit", a.role.sync_limit, "ticks without word from the other side");
  v.field("snapshotSizeFactor-percent", a.role.snapshot_factor_percent,
          "a log longer than that against the newest snapshot is not sent");
  v.field("forceSnapshotSync", a.role.force_snapshot, "learners always get a snapshot");
  v.field("last-counter", a.role.last_counter, "of an epoch's zxids");
  v.field("syncByQuorum", a.role.sync_by_quorum, "a sync is confirmed by a quorum");
  v.field("stream-bytes-high", a.role.stream_bytes_high, "unsent, at which a snapshot waits");
  v.field("observerMasterPort", a.role.observer_master_port, "0: followers serve no observers");
  v.field("commitLogCount", a.commit_log_count, "proposals kept in memory for learners");
  v.field("standaloneEnabled", a.standalone_enabled, "as in zoo.cfg");
  v.field("election-finalize", a.election.finalize_wait, "wait for a better vote");
  v.field("election-notify-min", a.election.notification_interval_min, "votes are sent again");
  v.field("election-notify-max", a.election.notification_interval_max, "at the longest");
  v.field("cnxTimeout", a.links.connect_timeout, "of the connections for elections");
  v.field("redial-max", a.links.redial_max, "longest pause between two attempts");
}

template <typename V>
void fields(V& v, node::RequestThrottleConfig& a) {
  v.field("requestThrottleLimit", a.max_requests, "0: none");
  v.field("requestThrottleStallTime", a.stall_time_ms, "ms");
  v.field("requestThrottleDropStale", a.drop_stale, "as in zoo.cfg");
  v.field("requestStaleLatencyCheck", a.stale_latency_check, "as in zoo.cfg");
  v.field("requestStaleConnectionCheck", a.stale_connection_check, "as in zoo.cfg");
  v.field("throttledOpWaitTime", a.throttled_op_wait_ms, "ms; 0: nothing is refused");
}

template <typename V>
void fields(V& v, node::ConnectionThrottleConfig& a) {
  v.field("connectionMaxTokens", a.tokens, "0: off");
  v.field("connectionTokenFillTime", a.fill_time_ms, "ms");
  v.field("connectionTokenFillCount", a.fill_count, "tokens");
  v.field("connectionFreezeTime", a.freeze_time_ms, "ms; -1: none");
  v.field("connectionDropIncrease", a.drop_increase, "millionths");
  v.field("connectionDropDecrease", a.drop_decrease, "millionths");
  v.field("connectionDecreaseRatio", a.decrease_ratio, "millionths");
  v.field("connectionWeightEnabled", a.is_weighted, "as in zoo.cfg");
}

template <typename V>
void fields(V& v, node::Config& a) {
  v.field("tickTime", a.tick_time_ms, "ms");
  v.field("minSessionTimeout", a.session_timeout_ms_min, "ms; -1: two ticks");
  v.field("maxSessionTimeout", a.session_timeout_ms_max, "ms; -1: twenty ticks");
  v.field("maxClientCnxns", a.connections_per_address_max, "0: no limit");
  v.field("jute.maxbuffer", a.frame_bytes_max, "bytes of a request");
  v.field("largeRequestThreshold", a.large_request_threshold, "bytes; -1: none is large");
  v.field("largeRequestMaxBytes", a.large_request_bytes_max, "of large requests together");
  v.field("globalOutstandingLimit", a.outstanding_limit, "requests");
  v.field("output-bytes-high", a.output_bytes_high, "unsent, at which requests are not read");
  v.field("extendedTypesEnabled", a.extended_types_enabled, "TTL nodes");
  v.field("digest.enabled", a.digest_enabled, "servers compare their trees");
  v.field("closeSessionTxn.enabled", a.close_session_txn_enabled, "as in zoo.cfg");
  v.field("reconfigEnabled", a.reconfig_enabled, "configurations may change");
  v.field("enforceQuota", a.enforce_quota, "as in zoo.cfg");
  v.field("container-check-interval-ms", a.container_check_interval_ms, "znode.container.*");
  v.field("container-never-used-ms", a.container_never_used_interval_ms, "znode.container.*");
  v.field("readonlymode.enabled", a.read_only_mode, "as in zoo.cfg");
  v.field("localSessionsEnabled", a.local_sessions_enabled, "as in zoo.cfg");
  v.field("localSessionsUpgradingEnabled", a.local_sessions_upgrading_enabled, "as in zoo.cfg");
  v.field("leaderServes", a.leader_serves, "clients");
  fields(v, a.request_throttle);
  fields(v, a.connection_throttle);
  fields(v, a.store);
}

template <typename V>
void fields(V& v, ServiceTimes& a) {
  v.field("opened-ns", a.opened, "a connection is accepted");
  v.field("connected-ns", a.connected, "a connection of its own stands, or does not");
  v.field("closed-ns", a.closed, "a connection is gone");
  v.field("received-ns", a.received, "a piece of a stream");
  v.field("received-byte-ns", a.received_byte, "each byte of it");
  v.field("disk-done-ns", a.disk_done, "word of the disk");
  v.field("file-read-ns", a.file_read, "a piece of a file");
  v.field("reload-ns", a.reload, "a recovery while it runs");
  v.field("tick-ns", a.tick, "a timer");
  v.field("batch-end-ns", a.batch_end, "the end of a batch");
}

// A server; those of an ensemble have a part in it.
template <typename V>
void fields(V& v, ProcessConfig& a) {
  v.field("role", a.member.role, "in the ensemble");
  v.field("spare", a.member.is_spare, "stands ready and belongs to no configuration yet");
  v.field("group", a.member.group, "of a hierarchical quorum; 0: none");
  v.field("weight", a.member.weight, "in its group");
  v.field("region", a.region, "of the topology");
  fields(v, a.server);
  if (a.server.peer) fields(v, *a.server.peer);
  v.field("write-latency", a.write_latency, "of the disk");
  v.field("sync-latency", a.sync_latency, "of the disk");
  v.field("service", a.service, "what each kind of input takes in the processor");
  v.field("batch-delay-us-max", a.batch_delay_us_max, "longest wait for more input");
  v.field("batch-at-once-one-in", a.batch_at_once_one_in, "one batch in so many is one input");
  v.field("tick-late-ms-max", a.tick_late_ms_max, "how late a timer may fire");
  v.field("connect-timeout", a.connect_timeout, "of the machine's own TCP");
  v.field("fingerprint-one-in", a.fingerprint_one_in, "steps whose state is part of the hash");
  v.field("sync-completes-early", a.sync_completes_early,
          "a sync is reported when it begins: a broken disk, which must be noticed");
}

template <typename V>
void fields(V& v, WorkloadConfig& a) {
  v.field("names", a.names, "znodes of a level");
  v.field("write-percent", a.write_percent, "of the operations");
  v.field("watch-percent", a.watch_percent, "of the reads that may leave one");
  v.field("multi-percent", a.multi_percent, "of the writes");
  v.field("large-data-one-in", a.large_data_one_in, "0: never");
  v.field("data-bytes-max", a.data_bytes_max, "of large data");
  v.field("acls", a.acls, "operations set ACLs");
  v.field("ttls", a.ttls, "znodes with a TTL are made");
  v.field("reconfigures", a.members, "only reconfigurations, which move these servers about");
}

template <typename V>
void fields(V& v, ScriptConfig& a) {
  v.field("actions", a.actions, "that it does, if it has no script");
  v.field("think-us-max", a.think_us_max, "longest pause between two");
  fields(v, a.workload);
  v.field("drop-one-in", a.drop_one_in, "closes its connection and comes back");
  v.field("break-one-in", a.break_one_in, "the same with a reset");
  v.field("move-one-in", a.move_one_in, "goes to another server at once");
  v.field("close-session-one-in", a.close_session_one_in, "and makes a new one");
  v.field("abandon-one-in", a.abandon_one_in, "is silent until the session must have expired");
  v.field("vanish-one-in", a.vanish_one_in, "loses power");
  v.field("malformed-one-in", a.malformed_one_in, "sends what no client sends");
  v.field("slow-read-one-in", a.slow_read_one_in, "does not read for a while");
}

template <typename V>
void fields(V& v, ClientConfig& a) {
  v.field("region", a.region, "of the topology");
  v.field("timeout-ms", a.timeout_ms, "of its session, as it asks for it");
  v.field("pipeline", a.pipeline_max, "requests under way at a time");
  v.field("authenticates", a.authenticates, "as one of three users");
  v.field("super", a.is_super, "as the super user");
  v.field("read-only", a.read_only, "is content with a server that writes nothing");
  v.field("eager", a.eager, "sends requests before its handshake is answered");
  v.field("garbage-connect-one-in", a.garbage_connect_one_in,
          "one connection in so many begins with something else than a handshake");
  fields(v, a.script);
}

// Random faults.
template <typename V>
void fields(V& v, FaultConfig& a) {
  v.field("interval-min", a.interval_min, "between two faults");
  v.field("interval-max", a.interval_max, "0: no faults");
  v.field("kill", a.kill_weight, "how often, against the others");
  v.field("power-loss", a.power_loss_weight, "the same");
  v.field("shutdown", a.shutdown_weight, "the same");
  v.field("disk", a.disk_weight, "the same");
  v.field("wall-jump", a.wall_jump_weight, "the same");
  v.field("hold", a.hold_weight, "the same");
  v.field("break", a.break_weight, "the same");
  v.field("split", a.split_weight, "the same");
  v.field("isolate", a.isolate_weight, "the same");
  v.field("bridge", a.bridge_weight, "the same");
  v.field("cut-link", a.link_weight, "the same");
  v.field("crash-many", a.crash_many_weight, "some servers at once");
  v.field("crash-all", a.crash_all_weight, "all servers at once");
  v.field("between-effects-percent", a.between_effects_percent,
          "of the deaths: at an effect, not between two events");
  v.field("effects-max", a.effects_max, "such a death comes within so many effects");
  v.field("disk-fault-max", a.disk_fault_max, "longest");
  v.field("hold-max", a.hold_max, "longest");
  v.field("cut-max", a.cut_max, "longest partition");
  v.field("cuts-at-once", a.cuts_at_once, "partitions");
  v.field("give-up-percent", a.give_up_percent, "of the partitions: senders give up");
  v.field("give-up-max", a.give_up_max, "after that time at the latest");
  v.field("wall-jump-ms-max", a.wall_jump_ms_max, "forward or back");
  v.field("pause", a.pause_weight, "processes and machines that stand still");
  v.field("slow-cpu", a.slow_cpu_weight, "processors that are slow");
  v.field("rolling-restart", a.rolling_restart_weight, "servers restart one after the other");
  v.field("slow-disk", a.slow_disk_weight, "disks that are slow");
  v.field("stall-disk", a.stall_disk_weight, "disks that stand still");
  v.field("rot", a.rot_weight, "bits of files that turn over");
  v.field("wipe", a.wipe_weight, "disks that are emptied");
  v.field("backup", a.backup_weight, "disks that are put aside, and come back as they were");
  v.field("skew", a.skew_weight, "wall clocks that are wrong");
  v.field("drift", a.drift_weight, "clocks that run wrong");
  v.field("slow-link", a.slow_link_weight, "links that are slow");
  v.field("loss", a.loss_weight, "links that lose segments");
  v.field("bandwidth", a.bandwidth_weight, "links that are narrow");
  v.field("small-segment", a.small_segment_weight, "streams in small pieces");
  v.field("half-open", a.half_open_weight, "connections of which one end is gone");
  v.field("connect", a.connect_weight, "connects that are not answered as usual");
  v.field("wan", a.wan_weight, "cuts of links and regions of the topology");
  v.field("herd", a.herd_weight, "all clients come back at once");
  v.field("migrate", a.migrate_weight, "all clients of a server are sent away");
  v.field("slow-reader", a.slow_reader_weight, "clients that take little at a time");
  v.field("edge", a.edge_weight, "clients that are silent for about their time-out");
  v.field("stranger", a.stranger_weight, "connections of strangers");
  v.field("upgrade", a.upgrade_weight, "servers change their configuration one after the other");
  v.field("replace", a.replace_weight, "members that come back with an empty disk");
  v.field("slow-max", a.slow_max, "pauses, and whatever else is slow or wrong, at the longest");
  v.field("drift-ppm-max", a.drift_ppm_max, "of clocks, in either direction");
}

}  // namespace zoetrope::sim
