"""The flight recorder: what real servers recorded replays offline, whatever became of them and of their disks."""

import json
import re
import resource
import subprocess

import pytest

from support import protocol as p
from support.connection import open_session
from support.ensemble import Load, MovingClient
from support.servers import wait_until, zoetrope_binary


@pytest.fixture(autouse=True)
def ours_only(kind):
    if kind != "zoetrope":
        pytest.skip("Java ZooKeeper records nothing")


def replay(*arguments, status=0):
    run = subprocess.run([zoetrope_binary(), "replay", *map(str, arguments)], capture_output=True, timeout=300)
    output, errors = run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")
    assert run.returncode == status, f"status {run.returncode}\n{output[-3000:]}\n{errors}"
    return output, errors


def files(directory):
    return sorted(directory.glob("recording.*"))


def write(server, home, count, size=100):
    connection = open_session(server.port)
    connection.call(p.CREATE, p.create(home))
    for number in range(count):
        assert connection.call(p.CREATE, p.create(f"{home}/n{number:05d}", b"x" * size)).error == 0
    connection.end_session()


@pytest.fixture
def recorded(make):
    """recorded(size) gives one server that records into its directory, not yet started."""
    def build(size="16M", **config):
        server = make(config)
        server.recording = server.directory / "recording"
        server.options = ("--record", server.recording, "--record-size", size)
        return server
    return build


def test_an_ensemble_whose_leader_was_killed_under_load(form, home, tmp_path):
    ensemble = form(3)
    for number, member in ensemble.members.items():
        member.options = ("--record", member.directory / "recording", "--record-size", "64M")
    ensemble.start()
    client = MovingClient(ensemble.ports())
    assert client.call(p.CREATE, p.create(home)).error == 0
    client.close()
    with Load(ensemble, home) as load:
        load.go_on(200)
        leader = ensemble.leader()
        ensemble.kill(leader)
        load.go_on(100)
        ensemble.start(leader)
        load.go_on(100)
    tree = ensemble.converged_tree()
    load.check(tree)
    for member in ensemble.members.values():
        member.stop()
    directories = [member.directory / "recording" for member in ensemble.members.values()]
    for number, directory in zip(ensemble.members, directories):
        output, _ = replay(directory)
        assert f"server {number}," in output and "the same effects of" in output
        assert output.count("the server stopped in order") == 1
        assert output.count("the server ended without a word") == (1 if number == leader else 0)
        print(f"figures: {output}")

    # One picture of all: every server a lane, and what one sent arrives at another.
    story = tmp_path / "story.jsonl"
    replay(*directories, "--export", "jsonl", "--out", story)
    text = story.read_text()
    assert all(json.loads(line) for line in text.splitlines())
    assert "ended without a word" in text
    for name in ("PROPOSAL", "NEWLEADER", "COMMIT"):
        assert name in text
    diagram, _ = replay(*directories, "--export", "text")
    for number in ensemble.members:
        assert f"server {number}" in diagram


def test_the_ring_keeps_its_size_and_the_end(recorded):
    server = recorded("64M").start()
    connection = open_session(server.port)
    connection.call(p.CREATE, p.create("/many"))
    for _ in range(6000):  # half as much again as the ring holds
        assert connection.call(p.SET_DATA, p.set_data("/many", b"x" * 16000)).error == 0
    server.kill()
    assert sum(file.stat().st_blocks * 512 for file in files(server.recording)) <= 64 << 20
    assert not (server.recording / "recording.000001").exists()
    output, _ = replay(server.recording)
    assert "ended without a word" in output and "the same effects" in output
    steps = int(re.search(r"(\d+) steps in", output).group(1))
    assert steps > 100


def test_it_goes_on_behind_a_restart(recorded):
    server = recorded().start()
    write(server, "/first", 50)
    server.stop()
    server.start()
    write(server, "/second", 50)
    server.stop()
    assert len(files(server.recording)) == 2
    output, _ = replay(server.recording)
    assert output.count("the server stopped in order") == 2


def test_a_full_disk_stops_the_recorder_and_not_the_server(recorded):
    # The log is begun anew at 1 MB; the next file of the recorder takes 4 MB.
    server = recorded("16M", preAllocSize=64, txnLogSizeLimitInKb=1024).start()
    wait_until(lambda: len(files(server.recording)) == 2, what="the second file is made ready")
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))
    connection = open_session(server.port)
    connection.call(p.CREATE, p.create("/many"))
    written = 0
    while "the recording stops" not in server.output():
        assert written < 3000
        assert connection.call(p.SET_DATA, p.set_data("/many", b"x" * 8000)).error == 0
        written += 1
    for _ in range(100):
        assert connection.call(p.SET_DATA, p.set_data("/many", b"x" * 8000)).error == 0
    connection.end_session()
    assert server.stop() == 0
    (line,) = [line for line in server.output().splitlines() if "the recording stops" in line]
    assert "File too large" in line
    output, _ = replay(server.recording)
    assert "nothing further was recorded" in output and "the same effects" in output


def test_damage_is_told_at_its_place_and_the_rest_is_used(recorded):
    server = recorded().start()
    write(server, "/some", 200)
    server.kill()
    file, *_ = files(server.recording)  # and one that was made ready
    whole, _ = replay(server.recording)
    steps = int(re.search(r"(\d+) steps in", whole).group(1))
    content = bytearray(file.read_bytes())
    used = len(content.rstrip(b"\0"))
    at = used * 3 // 4
    content[at] ^= 1
    file.write_bytes(content)
    output, errors = replay(server.recording, status=2)
    assert str(file) in errors and "damaged" in errors
    place = int(re.search(r"byte (\d+)", errors).group(1))
    assert place <= at < place + 100_000
    assert 0 < int(re.search(r"(\d+) steps in", output).group(1)) < steps
    file.write_bytes(content[:at - 1000])
    output, errors = replay(server.recording, status=2)
    assert "cut off" in errors
    file.write_bytes(b"something else" * 10)
    _, errors = replay(server.recording, status=2)
    assert "this is no file of a recording (byte 0)" in errors


def test_bad_usage(recorded, tmp_path):
    _, errors = replay(tmp_path, status=2)
    assert f"{tmp_path}: no recording is there" in errors
    _, errors = replay(tmp_path / "none", status=2)
    assert "cannot be read" in errors
    server = recorded()
    server.recording.parent.mkdir(exist_ok=True)
    server.recording.write_text("a file")
    server.spawn()
    assert server.wait() == 2
    assert f"cannot record in {server.recording}" in server.output()
