"""The rows of ensembles, three servers unless the name says otherwise: what is measured, and the goals."""

import ensemble_measures as measures
from ensembles import Shape
from goals import Figure, at_least, at_most, of_limit, value_at_most
from row import BOTH, CPU, Row, load, p50, shape, throughput

TRIO = measures.TRIO
ONE = Shape(1)
WITH_OBSERVERS = Shape(3, 2)
PLAIN_SYNC = Shape(3, 0, (("zoetrope.syncByQuorum", "false"),))

P50 = Figure("p50", "p50", "us")
P99 = Figure("p99", "p99", "us")
RATE = Figure("throughput", "operations a second", "per_second")


def trio(name, title, goal, *arguments, contenders=("java", "ours", "limit"), ensemble=TRIO):
    """A stream of load on an ensemble; `goal` is the throughput or the p50 that must be reached."""
    figures = [goal] + [figure for figure in (RATE, CPU, P50, P99) if figure.name != goal.name]
    return Row(name, title, tuple(figures), load(*arguments), contenders, shape=ensemble)


def reads(name, title, ensemble):
    return Row(name, title, (RATE, CPU, P50, P99), load("--workload", "get", *shape(100, 10)), BOTH, shape=ensemble)


def syncs(name, title, connections, outstanding, ensemble):
    return Row(name, title, (P50, RATE, CPU, P99), load("--workload", "sync", *shape(connections, outstanding)), BOTH,
               shape=ensemble)


ENSEMBLE_ROWS = [
    reads("1-reads", "read scaling: get 100x10, 1 server", ONE),
    trio("3-set-100x10", "set 100x10, 3 servers", throughput(4, at_least(10), of_limit(0.45)),
         "--workload", "set", *shape(100, 10)),
    trio("3-set-16x10", "set 16x10, 3 servers", throughput(4, at_least(6)), "--workload", "set", *shape(16, 10)),
    trio("3-get-100x10", "get 100x10, 3 servers", throughput(4, at_least(8)), "--workload", "get", *shape(100, 10),
         contenders=BOTH),
    trio("3-set-1x1", "set 1x1, 3 servers", p50(0.7, at_most(0.5)), "--workload", "set", *shape(1, 1)),
    trio("3-mixed-16x10", "mixed 90/10, 16x10, 3 servers", throughput(4, at_least(6)),
         "--workload", "mixed", *shape(16, 10)),
    trio("3-multi-16x10", "multi of 10, 16x10, 3 servers", throughput(4, at_least(8)),
         "--workload", "multi", *shape(16, 10)),
    trio("3-lock-32x8", "lock hand-over, 32 clients on 8 locks, 3 servers", throughput(2, at_least(4)),
         "--workload", "lock", "--connections", 32, "--locks", 8, contenders=BOTH),
    syncs("3-sync-1x1", "sync 1x1, 3 servers", 1, 1, TRIO),
    syncs("3-sync-16x10", "sync 16x10, 3 servers", 16, 10, TRIO),
    Row("3-failover", "failover: kill -9 of the leader", (
        Figure("gap", "to the next acknowledged write", "us", (at_most(1 / 2),), (value_at_most(150e3),)),
        Figure("worst", "worst of all", "us", (), (value_at_most(300e3),), over=max)),
        measures.failover, BOTH, slices_max=4, shape=TRIO),
    Row("3-catch-up", "return after 100,000 missed writes", (
        Figure("synced", "to the leader's zxid", "us"), Figure("nothing", "the same, nothing missed", "us"),
        Figure("leader_cpu", "CPU of the leader", "us"), Figure("leader_rss", "memory of the leader", "bytes")),
        measures.catch_up, BOTH, slices_max=3, shape=TRIO),
    syncs("3-sync-1x1-plain", "sync 1x1, not confirmed by a quorum", 1, 1, PLAIN_SYNC),
    syncs("3-sync-16x10-plain", "sync 16x10, not confirmed by a quorum", 16, 10, PLAIN_SYNC),
    reads("5-reads", "read scaling: get 100x10, 3 servers and 2 observers", WITH_OBSERVERS),
    Row("3-cold-start", "cold start of 3 servers", (
        Figure("start", "to the first write", "us", (at_most(1 / 4),), (value_at_most(150e3),)),),
        measures.cold_start, BOTH, shared=False),
    Row("3-memory", "memory of one of 3 servers", (
        Figure("fresh", "RSS fresh and empty, largest", "bytes", (value_at_most(15e6),), (value_at_most(8e6),)),
        Figure("leader", "RSS of the leader after sets 100x10", "bytes"),
        Figure("follower", "RSS of a follower after them", "bytes")),
        measures.memory, BOTH, shared=False, slices_max=3),
]
