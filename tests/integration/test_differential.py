"""The server under test and Debian's Java ZooKeeper 3.8.0 answer the same random operations alike.

ZT_SEEDS=A..B and ZT_STEPS choose the runs; a run is named by its seed. A failure is cut down by leaving out
steps, and the shortest list of steps that still differs is printed.
"""

import os

import pytest

from support import lockstep, workload
from support.servers import make_server

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


@pytest.mark.parametrize("seed", seeds())
def test_equal_replies_events_and_trees(seed, make, kind):
    reference, tested = make(configuration(seed), kind="java").start(), make(configuration(seed)).start()
    sides = [lockstep.Side(reference), lockstep.Side(tested)]
    work = workload.Workload(seed, quota=seed % 2 == 1)
    try:
        first = lockstep.run(sides, workload=work, count=STEPS * 3 // 4)
    except lockstep.Difference as difference:
        shortest = lockstep.reduce(difference.steps, fails_afresh(kind, seed), 90)
        listing = "\n".join(f"  {number}: {step}" for number, step in enumerate(shortest))
        pytest.fail(f"seed {seed}: {difference}\nshortest failing steps ({len(shortest)}):\n{listing}", pytrace=False)
    assert lockstep.compare_trees(sides) == [], f"seed {seed}"
    for side in sides:
        side.end()
        (side.server.kill if seed % 4 < 2 else side.server.stop)()
    for side in sides:
        side.server.start()
        work.learn([False] * workload.CLIENTS, [slot.session != 0 for slot in side.slots], [], side.zxid)
    assert lockstep.compare_trees(sides) == [], f"seed {seed}, after a restart"
    second = lockstep.run(sides, workload=work, count=STEPS // 4)
    assert lockstep.compare_trees(sides) == [], f"seed {seed}, at the end"
    assert first.events + second.events > STEPS // 50
    for side in sides:
        side.end()
