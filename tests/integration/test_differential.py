"""The server under test and Debian's Java ZooKeeper 3.8.0 answer the same random operations alike.

ZT_SEEDS=A..B and ZT_STEPS choose the runs; a run is named by its seed. A failure is cut down by leaving out
steps, and the shortest list of steps that still differs is printed.
"""

import os

import pytest

from support import lockstep, workload
from support.servers import ROOT, make_server

STEPS = int(os.environ.get("ZT_STEPS", 2500))
CONFIG = {"minSessionTimeout": 60000, "zoetrope.compatibility": "3.8", "znode.container.checkIntervalMs": 3600000}


def seeds():
    default = "1..200" if os.environ.get("ZT_SOAK") == "1" else "1..8"
    first, last = os.environ.get("ZT_SEEDS", default).split("..")
    return range(int(first), int(last) + 1)


def configuration(seed):
    """Odd seeds enforce quotas."""
    return {**CONFIG, "enforceQuota": "true"} if seed % 2 else CONFIG


def fails_afresh(kind, seed):
    """A function that runs steps on fresh servers: how many steps until they differ, None if they do not."""

    def fails(steps):
        pair = [make_server("java", configuration(seed)), make_server(kind, configuration(seed))]
        sides = []
        try:
            for server in pair:
                server.start()
            sides += [lockstep.Side(server) for server in pair]
            lockstep.run(sides, steps=steps)
        except lockstep.Difference as difference:
            return len(difference.steps)
        finally:
            for side in sides:
                side.end()
            for server in pair:
                server.discard()
        return None

    return fails


def describe(seed, difference, kind):
    """The report of a failure: where it was seen and the shortest steps that still show it."""
    shortest = lockstep.reduce(difference.steps, fails_afresh(kind, seed), 120)
    path = ROOT / f"build/differential-seed-{seed}.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{tuple(step)!r}\n" for step in shortest))
    listing = "\n".join(f"  {number}: {step}" for number, step in enumerate(shortest[-40:], max(0, len(shortest) - 40)))
    return f"seed {seed}: {difference}\nshortest failing steps ({len(shortest)}, all in {path}):\n{listing}"


@pytest.fixture(scope="module")
def equal():
    """(steps, events) of each seed whose run was equal; summed up at the end."""
    runs = []
    yield runs
    steps, events = (sum(column) for column in zip(*runs)) if runs else (0, 0)
    print(f"figures: {len(runs)} of {len(seeds())} seeds equal, {steps} steps and {events} watch events compared")


@pytest.mark.parametrize("seed", seeds())
def test_equal_replies_events_and_trees(seed, make, kind, equal):
    reference, tested = make(configuration(seed), kind="java").start(), make(configuration(seed)).start()
    sides = [lockstep.Side(reference), lockstep.Side(tested)]
    work = workload.Workload(seed, quota=seed % 2 == 1)
    restart = workload.Step("restart", 0, body="kill" if seed % 4 < 2 else "stop")
    steps, events = [], 0
    try:
        for count, last in [(STEPS * 3 // 4, restart), (STEPS // 4, None)]:
            outcome = lockstep.run(sides, workload=work, count=count, done=steps)
            events += outcome.events
            assert lockstep.compare_trees(sides) == [], f"seed {seed}"
            if last is not None:
                lockstep.run(sides, steps=[last], workload=work, done=steps)
                assert lockstep.compare_trees(sides) == [], f"seed {seed}, after a restart"
    except lockstep.Difference as difference:
        pytest.fail(describe(seed, difference, kind), pytrace=False)
    assert events > STEPS // 50
    for side in sides:
        side.end()
    equal.append((len(steps), events))
    print(f"progress: seed {seed}: {len(steps)} steps, {events} events; {len(equal)} of {len(seeds())} seeds equal", flush=True)
