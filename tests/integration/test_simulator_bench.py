"""bench/simulator.py and the programs that it runs: rows that run, options that are refused."""

import json
import subprocess
import sys

import pytest

from support.servers import ROOT, zoetrope_binary


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)


def simulator(*arguments):
    return run(sys.executable, ROOT / "bench/simulator.py", *arguments)


@pytest.fixture
def programs():
    directory = zoetrope_binary().parent / "bench"
    if not (directory / "sim_speed").exists():
        pytest.skip("the benchmarks are not built")
    return directory


def test_every_world_runs_and_counts_what_happens(programs):
    done = run(programs / "sim_speed", 0.01)
    assert done.returncode == 0, done.stderr
    rows = {row["row"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert list(rows) == ["busy", "busy-checked", "idle-3", "faults-3", "faults-5", "swarm"]
    for row in rows.values():
        assert row["events"] > row["deliveries"] > 0 and row["cpu_s"] > 0 and row["runs"] >= 1
    # What the names of the rows promise.
    assert rows["idle-3"]["virtual_s"] >= 24 * 3600 and rows["idle-3"]["operations"] == 0
    for name in ("faults-3", "faults-5"):
        assert 80 < rows[name]["operations"] / rows[name]["virtual_s"] < 130
        assert 0.5 < rows[name]["faults"] / rows[name]["virtual_s"] < 1.5


def test_the_table_shows_every_contender(programs):
    done = simulator("--rows", "idle-3,messages", "--slices", 1, "--seconds", 0.1, "--build", programs.parent)
    assert "3 idle servers" in done.stdout and "bare loop" in done.stdout, done.stderr
    assert "x)" in done.stdout  # ours to another one's


@pytest.mark.parametrize("arguments, why", [
    (("--rows", "nonsense"), "no row 'nonsense'"),
    (("--slices", "0"), "--slices is at least 1"),
    (("--build", "/nowhere"), "/nowhere/bench/sim_speed is not there"),
])
def test_bad_options_are_refused(arguments, why):
    done = simulator(*arguments)
    assert done.returncode == 2 and why in done.stderr
    assert simulator("--list").returncode == 0


@pytest.mark.parametrize("program, arguments", [
    ("sim_speed", ()), ("sim_speed", ("x",)), ("sim_speed", ("1", "nonsense")), ("bare_events", ("-1",)),
])
def test_programs_refuse_bad_arguments(programs, program, arguments):
    done = run(programs / program, *arguments)
    assert done.returncode == 2 and done.stderr.startswith(("usage: ", "sim_speed: ")) and done.stdout == ""
