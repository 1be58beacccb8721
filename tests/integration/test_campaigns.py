"""`zoetrope sim` over many seeds: what a campaign covers, guided campaigns, and the names of their runs."""

import json
import re
import subprocess

import pytest

from support.servers import zoetrope_binary


def sim(*arguments, timeout=300):
    return subprocess.run([str(word) for word in (zoetrope_binary(), "sim", *arguments)], capture_output=True,
                          text=True, timeout=timeout)


def campaign(*arguments):
    done = sim("--profile", "swarm", "--json", "--no-check", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_coverage_is_the_same_with_any_number_of_threads():
    one, two = (campaign("--seeds", 24, "--coverage", "--threads", threads) for threads in (1, 2))
    assert one["coverage"] == two["coverage"] and one["hash"] == two["hash"]
    assert one["coverage"]["unexpected"] == []
    by_point = one["coverage"]["runs_by_point"]
    assert len(by_point) == one["coverage"]["points"]
    assert sum(1 for runs in by_point.values() if runs) == one["coverage"]["reached"]
    assert max(by_point.values()) <= 24


def test_counting_is_optional_and_changes_nothing():
    counted, plain = campaign("--seeds", 8), campaign("--seeds", 8, "--no-coverage")
    assert counted["hash"] == plain["hash"]
    assert "coverage" not in plain


def test_a_guided_campaign_is_the_same_with_any_number_of_threads():
    one, two = (campaign("--seeds", 100, "--guided", "--coverage", "--threads", threads) for threads in (1, 2))
    assert one["runs"] == 100
    assert one["hash"] == two["hash"] and one["coverage"] == two["coverage"]
    assert one["hash"] != campaign("--seeds", 100)["hash"]


def test_a_redrawn_run_has_a_name():
    def hash_of(*arguments):
        done = sim("--profile", "swarm", "--seed", 17, *arguments)
        assert done.returncode == 0, done.stdout
        return re.search(r"hash ([0-9a-f]{16})", done.stdout)[1]

    redrawn = hash_of("--redraw", "steps=7", "--redraw", "run=8")
    assert redrawn == hash_of("--redraw", "run=8", "--redraw", "steps=7")
    assert len({redrawn, hash_of(), hash_of("--redraw", "steps=7"), hash_of("--redraw", "run=8")}) == 4


@pytest.mark.parametrize("text", ["steps", "steps=", "steps=x", "steps=5x"])
def test_a_mistake_in_redraw_is_refused(text):
    done = sim("--profile", "swarm", "--seed", 5, "--redraw", text)
    assert done.returncode != 0
    assert "PART=NUMBER" in done.stderr


def test_the_points_are_listed_by_name():
    done = sim("--profile", "calm", "--seeds", 2, "--coverage")
    assert done.returncode == 0
    assert "2 runs: a client's create arrives at a server alone" in done.stdout
    assert "never reached: from LOOKING to LEADING in discovery" in done.stdout
