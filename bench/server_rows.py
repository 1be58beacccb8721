"""The rows of one server: what is measured, on which contenders, and the goals of each figure."""

import os
import signal

import contenders
from goals import Bound, Figure, at_least, at_most, of_limit, value_at_most, within_limit
from row import BOTH, CPU, Row, load, p50, shape, throughput

ZNODES = 1_000_000
IDLE_SESSIONS = 2000


def stream_row(name, title, figures, *arguments):
    return Row(name, title, figures, load(*arguments))


def memory(run, kind):
    """Resident memory of a fresh server, and what a million znodes add to it."""
    with run.fresh(kind) as server:
        empty = server.rss_bytes()
        report = fill(run, server)
        return {"empty": empty, "znode": report["extra"].get("rss_bytes_a_znode")}


def fill(run, server):
    return run.bench(server, "--workload", "fill", "--count", run.znodes, "--multi-size", 100, "--keep",
                     "--root", "/fill")


def idle(run, kind):
    with run.fresh(kind) as server:
        report = run.bench(server, "--workload", "idle", "--connections", IDLE_SESSIONS, "--session-timeout", 4000,
                           "--warmup", 2, "--seconds", max(run.seconds, 8))
        return {"ping": report["extra"]["server_cpu_ns_a_ping"] / 1e3,
                "session": report["extra"]["server_rss_bytes_a_session"]}


def cold_start(run, kind):
    server = run.make(kind)
    try:
        return {"start": server.seconds_to_first_write() * 1e6}
    finally:
        server.discard()


def restart(run, kind):
    """A server that was killed with a million znodes: from its start to the first write."""
    server = run.kept_full(kind)
    server.stop(signal.SIGKILL)
    return {"start": server.seconds_to_first_write() * 1e6}


def snapshot(run, kind):
    """Open-loop writes on a million znodes, first without snapshots, then with one after the other."""
    server = run.kept_full(kind)
    tails = {}
    for label, snap_count in (("without", 100_000_000), ("during", 4000)):
        server.stop()
        server.config["snapCount"] = snap_count
        server.start()
        arguments = ("--workload", "set", "--rate", run.rate, "--connections", 16)
        run.bench(server, *arguments, "--seconds", 2, "--warmup", 0)
        os.sync()  # what another server left in the page cache is not this one's to write back
        report = run.bench(server, *arguments, "--seconds", max(run.seconds, 8), "--warmup", 1)
        tails[label] = report["latency_ns"]["p99.9"] / 1e3
    return {"without": tails["without"], "during": tails["during"], "stall": tails["during"] / tails["without"]}


def log_bytes(run, kind):
    """Bytes that one set of 100 bytes adds to the transaction log, beside its path and its data."""
    with run.fresh(kind) as server:
        grown = []
        for count in (100, 1100):
            before = used_log_bytes(server)
            path_bytes = contenders.write_sets(server.port, count, b"v" * 100)
            grown.append(used_log_bytes(server) - before)
        # Sessions and the create are the same in both.
        return {"bytes": (grown[1] - grown[0]) / 1000 - path_bytes - 100}


def engine(run, _):
    """The engine without sockets and disk, on one core."""
    return run.engine_bench()


def used_log_bytes(server):
    """Length of all transaction logs without the zeros that they are filled up with."""
    total = 0
    for path in (server.directory / "data" / "version-2").glob("log.*"):
        data = path.read_bytes()
        total += len(data.rstrip(b"\0"))
    return total


def record_row(load_shape, workload, connections, outstanding):
    """What the flight recorder costs: no more than a twentieth of the throughput."""
    must = Bound("max", 1 / 0.95, "recorded")
    return Row(f"record-{workload}-{load_shape}", f"{workload} {load_shape}, recorded or not", (
        Figure("throughput", "operations a second", "per_second", (must,)), CPU),
        load("--workload", workload, *shape(connections, outstanding)), ("ours", "recorded"))


SERVER_ROWS = [
    stream_row("get-100x10", "get 100x10", (
        Figure("cpu", "CPU an operation", "us", (at_most(1 / 5),), (at_most(1 / 10),)),
        throughput(4, at_least(8), of_limit(0.5))), "--workload", "get", *shape(100, 10)),
    stream_row("get-16x10", "get 16x10", (throughput(4, at_least(8), of_limit(0.5)), CPU),
               "--workload", "get", *shape(16, 10)),
    stream_row("get-1x1", "get 1x1", (p50(0.7, within_limit(1.15)), CPU), "--workload", "get", *shape(1, 1)),
    stream_row("set-100x10", "set 100x10", (throughput(4, at_least(8), of_limit(0.4)), CPU),
               "--workload", "set", *shape(100, 10)),
    stream_row("set-16x10", "set 16x10", (throughput(3, at_least(5)), CPU), "--workload", "set", *shape(16, 10)),
    stream_row("create-16x10", "create 16x10", (throughput(3, at_least(5)), CPU),
               "--workload", "create", *shape(16, 10)),
    stream_row("set-1x1", "set 1x1", (p50(0.8, within_limit(1.25)), CPU), "--workload", "set", *shape(1, 1)),
    stream_row("mixed-16x10", "mixed 90/10, 16x10", (throughput(4, at_least(6)), CPU),
               "--workload", "mixed", *shape(16, 10)),
    stream_row("multi-16x10", "multi of 10, 16x10", (throughput(4, at_least(8)), CPU),
               "--workload", "multi", *shape(16, 10)),
    Row("session-16", "session open + close, 16 at once", (throughput(2, at_least(3)), CPU),
        load("--workload", "session", "--connections", 16)),
    Row("lock-32x8", "lock hand-over, 32 clients on 8 locks", (throughput(2, at_least(4)), CPU),
        load("--workload", "lock", "--connections", 32, "--locks", 8), BOTH),
    Row("watch-1000", "watch fan-out to 1,000", (p50(1 / 3, at_most(1 / 4), label="last notification p50"), CPU),
        load("--workload", "watch", "--connections", 1000)),
    Row("memory", "memory", (
        Figure("znode", "RSS a znode, 1M of 100 B", "bytes", (at_most(1 / 3),), (value_at_most(260),)),
        Figure("empty", "RSS fresh and empty", "bytes", (value_at_most(15e6),), (value_at_most(8e6),))),
        memory, BOTH, shared=False, slices_max=1),
    Row("idle", "idle client session", (
        Figure("ping", "CPU a ping", "us", (at_most(1 / 4),), (at_most(1 / 8),)),
        Figure("session", "memory a session", "bytes", (value_at_most(2000),), (value_at_most(1000),))),
        idle, BOTH, shared=False, slices_max=3),
    Row("cold-start", "cold start", (
        Figure("start", "to the first write", "us", (at_most(1 / 10),), (value_at_most(20e3),)),),
        cold_start, BOTH, shared=False),
    Row("restart", "restart with 1M znodes", (
        Figure("start", "to the first write", "us", (at_most(1 / 4),), (at_most(1 / 10),)),),
        restart, BOTH, shared=False, slices_max=3),
    Row("snapshot", "open-loop writes and snapshots, 1M znodes", (
        Figure("without", "write p99.9 without", "us"), Figure("during", "write p99.9 during", "us"),
        Figure("stall", "during / without", "ratio", (value_at_most(2),), (value_at_most(1.2),))),
        snapshot, BOTH, shared=False, slices_max=3),
    Row("log-bytes", "log", (
        Figure("bytes", "bytes a set beside path and data", "bytes", (at_most(1.001),), (at_most(1.001),)),),
        log_bytes, BOTH, shared=False, slices_max=1),
    Row("engine", "engine alone, on one core", tuple(
        Figure(kind, f"{kind} a second", "per_second", (Bound("min", 300e3, ""),), (Bound("min", 1e6, ""),))
        for kind in ("get", "set", "create", "multi", "mixed")), engine, ("ours",), shared=False),
    record_row("16x10", "get", 16, 10),
    record_row("16x10", "set", 16, 10),
    record_row("100x10", "set", 100, 10),
    record_row("16x10", "mixed", 16, 10),
]
