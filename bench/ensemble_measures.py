"""Measurements of ensembles that are no stream of load: failover, start, catch-up, memory."""

import signal
import time

import contenders
from ensembles import Shape, await_serving, zxid

TRIO = Shape(3)
KILLS = 5  # of a slice
AWAY_WRITES = 100_000
SETTLE_SECONDS = 1


def failover(run, ensemble):
    """kill -9 of the leader: the time until a client of the others has a write acknowledged, several times.

    The killed one is back and serves before the next kill.
    """
    gaps = []
    for _ in range(KILLS):
        leader = ensemble.leader()
        others = [member for member in ensemble.members if member is not leader]
        # Whoever is killed next was a follower or has come back: all hold the same before it.
        contenders.await_write(others)
        begun = time.monotonic()
        leader.stop(signal.SIGKILL)
        gaps.append((contenders.await_write(others) - begun) * 1e6)
        leader.spawn()
        await_serving(leader)
        time.sleep(SETTLE_SECONDS)
    return {"gap": gaps, "worst": gaps}


def cold_start(run, kind):
    """Three servers without data: from the start of the first process to the first acknowledged write."""
    ensemble = run.make(kind, shape=TRIO)
    try:
        return {"start": ensemble.seconds_to_first_write() * 1e6}
    finally:
        ensemble.discard()


def catch_up(run, ensemble):
    """A follower is killed, misses writes, and comes back: the time until it has them, and the leader's work.

    The time counts from the start of the process; `nothing` is the same for one that has missed nothing.
    """
    member = ensemble.followers()[0]
    member.stop(signal.SIGKILL)
    nothing, _ = come_back(ensemble, member)
    member.stop(signal.SIGKILL)
    remaining = [other for other in ensemble.members if other is not member]
    run.bench(Remaining(ensemble.name, remaining), "--workload", "fill", "--count", AWAY_WRITES, "--multi-size", 1,
              "--root", "/away", "--connections", 16, "--keep")
    synced, cost = come_back(ensemble, member)
    # The next slice starts from the same tree.
    run.bench(ensemble, "--workload", "set", "--seconds", 0.1, "--warmup", 0, "--root", "/away")
    return {"nothing": nothing, "synced": synced, **cost}


class Remaining:
    """The members that are up, as the load generator's target."""

    def __init__(self, name, members):
        self.name = name
        self.address = ",".join(member.address for member in members)
        self.pids = ",".join(str(member.pid) for member in members)


def come_back(ensemble, member):
    """Starts a member; the microseconds until it has all that the leader had, and what that cost the leader."""
    leader = ensemble.leader()
    goal, cpu, rss = zxid(leader), leader.cpu_seconds(), leader.rss_bytes()
    begun = time.monotonic()
    member.spawn()
    seconds = await_serving(member, goal) - begun
    return seconds * 1e6, {"leader_cpu": (leader.cpu_seconds() - cpu) * 1e6,
                           "leader_rss": max(0, leader.rss_bytes() - rss)}


def memory(run, kind):
    """Resident memory of each of three servers: without data, and after a while of load."""
    with run.fresh(kind, TRIO) as ensemble:
        fresh = [member.rss_bytes() for member in ensemble.members]
        run.bench(ensemble, "--workload", "set", "--connections", 100, "--outstanding", 10,
                  "--seconds", max(run.seconds, 5), "--warmup", 0)
        leader = ensemble.leader().rss_bytes()
        follower = max(member.rss_bytes() for member in ensemble.followers())
    return {"fresh": max(fresh), "leader": leader, "follower": follower}
