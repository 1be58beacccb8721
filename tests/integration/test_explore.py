"""`zoetrope explore`: what it says of a scope, its limits, and what it refuses."""

import json
import re
import subprocess

import pytest

from support.servers import zoetrope_binary

SMALL = ("--scope", "election", "--servers", "2")


def explore(*arguments, timeout=120):
    return subprocess.run([str(word) for word in (zoetrope_binary(), "explore", *arguments)], capture_output=True,
                          text=True, timeout=timeout)


def explored(*arguments):
    done = explore("--json", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_small_scope_is_complete():
    done = explore(*SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "complete: every order within these bounds"
    assert re.search(r"^\d+ states, [\d,]+ transitions, \d+ runs, the longest of \d+ steps$", done.stdout, re.MULTILINE)
    assert done.stderr == ""


def test_the_states_are_the_same_with_any_number_of_threads():
    one, four = (explored(*SMALL, "--timeouts", 1, "--jobs", jobs) for jobs in (1, 4))
    assert one["complete"] and four["complete"]
    for figure in ("states", "transitions", "led", "excused", "reduced"):
        assert one[figure] == four[figure], figure


def test_without_the_reduction_there_are_more_states_and_as_many_ends():
    reduced, whole = explored(*SMALL), explored(*SMALL, "--all-orders")
    assert reduced["complete"] and whole["complete"] and whole["reduced"] == 0
    assert reduced["states"] < whole["states"]
    assert (reduced["led"], reduced["excused"]) == (whole["led"], whole["excused"])


@pytest.mark.parametrize("limit", [("--max-states", 1000), ("--seconds", 0.1), ("--memory", 1)])
def test_a_limit_is_named_and_nothing_is_claimed(limit):
    result = explored("--scope", "election", *limit)
    assert not result["complete"] and result["verdict"] == f"not complete: stopped by {limit[0]}"
    assert 0 < result["states"] < 10_000_000


def test_a_violation_is_told_in_steps_and_can_be_seen_again():
    """Without any silence no leader is ever established: that is a violation, and a short one."""
    bounds = (*SMALL, "--silences", 0)
    done = explore(*bounds)
    assert done.returncode == 1, done.stderr
    assert "violated: a_leader_comes" in done.stdout and "server 1: FOLLOWING, leader is server 2" in done.stdout
    again = done.stdout.splitlines()[-1].split()
    assert again[:2] == ["zoetrope", "explore"]
    replayed = explore(*again[2:])
    assert replayed.returncode == 1
    steps = [line for line in done.stdout.splitlines() if re.match(r"  +\d+  ", line)]
    assert steps and [line for line in replayed.stdout.splitlines() if re.match(r"  +\d+  ", line)] == steps
    result = json.loads(explore(*bounds, "--json").stdout)
    assert result["property"] == "a_leader_comes" and not result["complete"]


def test_a_path_is_followed_step_by_step():
    done = explore(*SMALL, "--path", "v0,d12,d21,c1")
    assert done.returncode == 0, done.stderr
    assert "server 1 receives from server 2: LOOKING, votes for server 2" in done.stdout
    assert "server 1 crashes" in done.stdout and "server 1 is down" in done.stdout
    following = done.stdout.splitlines()[-1]
    assert following.startswith("nothing is violated; next: ") and "r1" in following


def test_the_scopes_are_listed():
    done = explore("--list")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["election", "uneven", "epoch", "broadcast"]


@pytest.mark.parametrize("arguments, what", [
    (("--scope", "nothing"), "there is no scope 'nothing'"),
    (("--servers", "5"), "--servers"),
    (("--crashes", "-1"), "--crashes"),
    (("--seconds", "0"), "--seconds"),
    (("--jobs", "0"), "--jobs"),
    (("--max-states", "many"), "--max-states"),
    (("--path", "v0,x9"), "step 2, 'x9', is none"),
    (("--path", "v0,s"), "step 2, 's', is not possible there"),
    (("--path", "d12"), "step 1, 'd12', is not possible there"),
    (("surplus",), "surplus"),
])
def test_bad_usage_is_named(arguments, what):
    done = explore(*arguments)
    assert done.returncode == 2, done.stdout
    assert what in done.stderr and len(done.stderr.strip().splitlines()) <= 2, done.stderr
