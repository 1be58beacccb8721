"""Traces of runs: saved, replayed bit for bit, looked into, damaged and refused at the damaged place."""

import json
import re
import struct
import subprocess
import xml.etree.ElementTree
import zlib

import pytest

from support.servers import zoetrope_binary

RUN = ("sim", "--seed", 1, "--profile", "ensemble")


def zoetrope(*arguments, timeout=120):
    return subprocess.run([str(word) for word in (zoetrope_binary(), *arguments)], capture_output=True, text=True,
                          timeout=timeout)


def replay(*arguments):
    return zoetrope("replay", *arguments)


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    path = tmp_path_factory.mktemp("traces") / "seed-1.trace"
    done = zoetrope(*RUN, "--save", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"zoetrope replay {path}" in done.stdout
    assert re.search(r"hash ([0-9a-f]{16})", done.stdout)[1] == hash_of(zoetrope(*RUN).stdout), "saving changes nothing"
    return path


def hash_of(text):
    return re.search(r"hash ([0-9a-f]{16})", text)[1]


def events_of(path):
    return int(re.search(r"the same: (\d+) events", replay(path).stdout)[1])


def test_a_trace_is_replayed_bit_for_bit(trace):
    done = replay(trace)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("bit for bit the same: ")
    assert hash_of(done.stdout) == hash_of(zoetrope(*RUN).stdout)


def test_a_scenario_is_saved_and_replayed(tmp_path):
    path = tmp_path / "scenario.trace"
    done = zoetrope("run", "scenarios/leader_alone_in_a_minority.toml", "--save", path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = replay(path)
    assert done.returncode == 0 and "bit for bit the same" in done.stdout


def test_an_event_and_what_led_to_it(trace):
    middle = events_of(trace) // 2
    done = replay(trace, "--around", middle)
    assert done.returncode == 0
    assert re.search(rf"^  {middle}  \d+\.\d+ms  ", done.stdout, re.M)
    assert "it was planned b" in done.stdout


def test_servers_at_an_event(trace):
    middle = events_of(trace) // 2
    done = replay(trace, "--to", middle, "--server", 2)
    assert done.returncode == 0, done.stderr
    for part in (f"event {middle}:", "server 2\n", "standing: ", "applied: 0x", "fingerprint: 0x", "file log."):
        assert part in done.stdout, part
    compared = replay(trace, "--to", middle, "--compare", "2,3")
    assert compared.returncode == 0 and compared.stdout.splitlines()[-1] != "server 2 | server 3"
    assert "server 2 | server 3\n" in compared.stdout
    at_the_end = replay(trace, "--compare", "2,2")
    assert at_the_end.returncode == 0 and at_the_end.stdout.endswith("nothing differs\n")


def test_a_part_of_a_run_is_drawn_in_every_form(trace, tmp_path):
    middle = events_of(trace) // 2
    part = ("--from", middle, "--to", middle + 400)
    text = replay(trace, "--export", "text", *part)
    assert text.returncode == 0, text.stderr
    assert "server 1" in text.stdout and "client 0" in text.stdout
    perfetto = json.loads(replay(trace, "--export", "perfetto", *part).stdout)
    assert any(event["ph"] == "X" for event in perfetto["traceEvents"])
    lines = [json.loads(line) for line in replay(trace, "--export", "jsonl", *part).stdout.splitlines()]
    assert lines[0]["type"] == "story" and lines[0]["events"] == sum(line["type"] == "event" for line in lines)
    assert sum(line["type"] == "message" for line in lines) > 20
    assert all(middle <= line["number"] <= middle + 400 or line["at_ns"] for line in lines if line["type"] == "event")
    xml.etree.ElementTree.fromstring(replay(trace, "--export", "svg", *part).stdout)
    assert replay(trace, "--export", "dot", *part).stdout.startswith("digraph")
    assert "(?<" in replay(trace, "--export", "shiviz", *part).stdout.splitlines()[0]


def test_a_picture_goes_to_a_file(trace, tmp_path):
    picture = tmp_path / "run.svg"
    done = replay(trace, "--export", "svg", "--out", picture)
    assert done.returncode == 0 and f"{picture}: " in done.stdout and "bit for bit the same" in done.stdout
    xml.etree.ElementTree.parse(picture)
    bad = replay(trace, "--export", "gif")
    assert bad.returncode == 2 and "text, svg" in bad.stderr
    nowhere = replay(trace, "--export", "svg", "--out", tmp_path / "missing" / "run.svg")
    assert nowhere.returncode == 2 and "cannot write" in nowhere.stderr


@pytest.mark.parametrize("part", [0.3, 0.7, 0.99])
def test_a_damaged_trace_is_used_up_to_the_damage(trace, tmp_path, part):
    good = trace.read_bytes()
    at = int(len(good) * part)
    damaged = tmp_path / "damaged.trace"
    damaged.write_bytes(good[:at] + bytes([good[at] ^ 0x40]) + good[at + 1:])
    done = replay(damaged)
    assert done.returncode == 2, done.stdout + done.stderr
    told = int(re.search(r"at byte (\d+) of \d+; what stands before that is used", done.stderr)[1])
    assert told <= at
    assert "bit for bit the same" in done.stdout and "as far as the file is good" in done.stdout


def test_a_trace_that_was_cut_short_is_used(trace, tmp_path):
    good = trace.read_bytes()
    cut = tmp_path / "cut.trace"
    cut.write_bytes(good[:len(good) // 2])
    done = replay(cut)
    assert done.returncode == 2
    assert "cut short" in done.stderr and "bit for bit the same" in done.stdout
    cut.write_bytes(good[:40])
    done = replay(cut)
    assert done.returncode == 2 and "cut short" in done.stderr


def test_another_run_is_told_where_it_parts(trace, tmp_path):
    """Another plan under the same records: the seed in the file is changed, and its checksum put right."""
    good = trace.read_bytes()
    other = tmp_path / "other.trace"
    other.write_bytes(with_plan(good, lambda plan: re.sub(rb"seed = 1\b", b"seed = 4", plan, count=1)))
    done = replay(other)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "this run is another one from event" in done.stdout
    assert "expected: " in done.stdout and "found: " in done.stdout


def with_plan(trace, change):
    length = struct.unpack_from(">I", trace, 13)[0]
    plan = change(trace[21:21 + length])
    head = b"P" + struct.pack(">I", len(plan))
    return trace[:12] + head + struct.pack(">I", zlib.crc32(head + plan)) + plan + trace[21 + length:]


@pytest.mark.parametrize("arguments, word", [
    (("--to", 10 ** 12), "--to"), (("--around", 10 ** 12), "--around"), (("--server", 99), "no server 99"),
    (("--compare", "1,99"), "no server 99"), (("--to", 0), "--to"),
])
def test_bad_usage_is_refused(trace, arguments, word):
    done = replay(trace, *arguments)
    assert done.returncode == 2 and word in done.stderr, done.stdout + done.stderr


def test_what_is_no_trace_is_refused(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("seed = 3\n")
    done = replay(path)
    assert done.returncode == 2 and "this is no trace" in done.stderr
    assert replay(tmp_path / "missing").returncode == 2


def test_a_trace_that_cannot_be_written_is_one_line(tmp_path):
    done = zoetrope(*RUN, "--save", tmp_path / "missing" / "x.trace")
    assert done.returncode == 2 and "cannot write" in done.stderr
    full = zoetrope(*RUN, "--save", "/dev/full")
    assert full.returncode == 2 and "cannot write" in full.stderr


def test_a_trace_of_a_campaign_wants_one_run(tmp_path):
    done = zoetrope("sim", "--seeds", 2, "--save", tmp_path / "x.trace")
    assert done.returncode == 2 and "--save" in done.stderr
