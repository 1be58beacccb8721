"""`zoetrope status`: roles, lag and troubles of ensembles, ours and Java's, and of things that are none."""

import json
import pty
import os
import signal
import socket
import subprocess
import threading

import pytest

from support import protocol as p
from support.connection import open_session
from support.ensemble import Ensemble
from support.servers import free_port, make_server, wait_until, zoetrope_binary


def status(*arguments, timeout=60):
    return subprocess.run([str(zoetrope_binary()), "status", *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout)


def report(hosts, *arguments):
    done = status(hosts, "--json", *arguments)
    assert done.stderr == "" and done.stdout.count("\n") == 1
    value = json.loads(done.stdout)
    assert value["well"] == (done.returncode == 0)
    return value


class Stub:
    """Answers every connection on a port by what `answers` has for the word, and closes; None is never answered."""

    def __init__(self, answers):
        self.answers, self.held = answers, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.name = "127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            word = connection.recv(4).decode()
            if self.answers.get(word) is None:
                self.held.append(connection)
                continue
            connection.sendall(self.answers[word].encode())
            connection.close()


def srvr(mode, zxid):
    return ("Zookeeper version: 3.9.9-x, built on 2026-01-01 00:00 UTC\nLatency min/avg/max: 0/1.5/9\nReceived: 1\nSent: 1\n"
            f"Connections: 3\nOutstanding: 2\nZxid: 0x{zxid:x}\nMode: {mode}\nNode count: 7\n")


@pytest.fixture
def stub():
    made = []

    def build(**answers):
        made.append(Stub(answers))
        return made[-1].name

    yield build
    for one in made:
        one.socket.close()


@pytest.fixture(scope="module", params=["zoetrope", "java"])
def three(request):
    ensemble = Ensemble(request.param)
    try:
        yield ensemble.start()
    finally:
        ensemble.discard()


def test_a_healthy_ensemble(three):
    connection = open_session(three[2].port)
    zxid = connection.call(p.CREATE, p.create("/status", b"")).zxid
    in_step = lambda: all(f"Zxid: {zxid:#x}\n" in member.four("srvr") for member in three.members.values())
    wait_until(in_step, 10, "all have applied it")
    found = report(three.hosts())
    leader = three.leader()
    assert found["well"] and found["leader"] == f"127.0.0.1:{three[leader].port}" and found["problems"] == []
    for number, one in zip(three.members, found["servers"]):
        assert one["server"] == f"127.0.0.1:{three[number].port}"
        assert one["role"] == ("leader" if number == leader else "follower")
        assert one["state"] == ("leading - broadcast" if number == leader else "following - broadcast")
        assert (one["zxid"], one["epoch"], one["lag"], one["outstanding"]) == (f"{zxid:#x}", zxid >> 32, 0, 0)
        assert one["connections"] == (2 if number == 2 else 1) and one["znodes"] == 6
        assert one["version"].startswith("3.") and "built" not in one["version"]
        assert one["latency_min_avg_max_ms"].count("/") == 2 and one["problem"] is None and one["note"] is None
    done = status(three.hosts())
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["SERVER", "ROLE", "EPOCH", "ZXID", "LAG", "CONNECTIONS", "OUTSTANDING", "LATENCY", "ZNODES",
                                "STATE", "VERSION"]
    assert len(lines) == 4 and lines[leader].split()[1:5] == ["leader", str(zxid >> 32), f"{zxid:#x}", "0"]
    connection.end_session()


def test_servers_may_be_given_one_by_one_and_by_name(three):
    assert status(*[f"localhost:{port}" for port in three.ports()]).returncode == 0


def test_one_that_is_down_is_named(three):
    down = next(number for number in three.followers())
    three.kill(down)
    done = status(three.hosts())
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == f"127.0.0.1:{three[down].port}: Connection refused"
    three.start(down)
    wait_until(lambda: status(three.hosts()).returncode == 0, 30, "all are well again")


def test_a_minority_has_no_leader(three):
    gone = three.followers()
    left = three.leader()
    three.kill(*gone)
    wait_until(lambda: three.mode(left) == "", 20, "it stops serving")
    found = report(three.hosts(left))
    assert found["leader"] is None and found["servers"][0]["serves"] is False
    assert found["problems"] == [f"127.0.0.1:{three[left].port}: not serving: it has no leader", "no leader"]
    three.start(*gone)
    wait_until(lambda: status(three.hosts()).returncode == 0, 30, "all are well again")


@pytest.mark.parametrize("kind", ["zoetrope", "java"])
def test_a_word_that_is_not_allowed_is_named(kind):
    """`srvr` is always allowed, by both kinds; for `mntr` it takes the white list."""
    server = make_server(kind, {"4lw.commands.whitelist": "ruok"}).spawn()
    try:
        name = f"127.0.0.1:{server.port}"
        wait_until(lambda: status(name).returncode == 0, 30, "it is well")
        one = report(name)["servers"][0]
        assert one["note"] == "mntr is not in its 4lw.commands.whitelist: its state is not known"
        assert one["role"] == "standalone" and one["zxid"] == "0x0"
    finally:
        server.discard()


def test_srvr_may_be_refused_by_others(stub):
    """By a proxy, say; then mntr has to do, and without it there is nothing to show."""
    refused = lambda word: f"{word} is not executed because it is not in the whitelist.\n"
    mntr = "zk_version\t3.9.9-x, built on 1\nzk_server_state\tleader\nzk_avg_latency\t0.5\nzk_min_latency\t0\nzk_max_latency\t2\n"
    name = stub(srvr=refused("srvr"), mntr=mntr)
    one = report(name)["servers"][0]
    assert (one["role"], one["zxid"], one["latency_min_avg_max_ms"]) == ("leader", None, "0/0.5/2")
    assert one["note"] == "srvr is not in its 4lw.commands.whitelist: its zxid is not known"
    neither = stub(srvr=refused("srvr"), mntr=refused("mntr"))
    assert report(neither)["problems"] == [f"{neither}: srvr is not in its 4lw.commands.whitelist", "no leader"]


def test_one_standalone_server_is_well_and_two_are_not(stub):
    first, second = stub(srvr=srvr("standalone", 5), mntr="x\t1\n"), stub(srvr=srvr("standalone", 5), mntr="x\t1\n")
    assert status(first).returncode == 0
    done = status(first, second)
    assert done.returncode == 1 and f"more than one leader: {first}, {second}\n" in done.stdout


def test_lag_is_counted_within_an_epoch(stub):
    names = [stub(srvr=srvr(mode, zxid), mntr="zk_peer_state\tx\n") for mode, zxid in
             (("leader", 0x300000010), ("follower", 0x300000007), ("observer", 0x2ffffffff), ("follower", 0x300000011))]
    found = report(",".join(names))
    assert [one["lag"] for one in found["servers"]] == [0, 9, None, 0]
    assert [one["epoch"] for one in found["servers"]] == [3, 3, 2, 3] and found["well"]


def test_one_that_hangs_delays_nobody_and_is_named(stub):
    hangs = [stub() for _ in range(5)]
    leads = stub(srvr=srvr("leader", 1), mntr="zk_peer_state\tx\n")
    done = status(",".join([*hangs, leads]), "--timeout", 0.5, timeout=5)
    assert done.returncode == 1 and done.stdout.count(": no answer in time\n") == 5 and "leader" in done.stdout


@pytest.mark.parametrize("answer", ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "\0\xff" * 100, "Mode: \n"], ids=repr)
def test_what_is_no_zookeeper_is_named(stub, answer):
    done = status(stub(srvr=answer, mntr=answer))
    assert done.returncode == 1
    assert "not of a ZooKeeper server" in done.stdout or "without an answer" in done.stdout


@pytest.mark.parametrize("arguments", [(), ("::::",), ("127.0.0.1:99999",), ("a:1", "--watch", "0"), ("a:1", "--timeout", "x")])
def test_bad_usage_is_refused(arguments):
    done = status(*arguments)
    assert done.returncode == 2 and done.stdout == "" and done.stderr != ""


def test_a_name_that_does_not_resolve_is_named():
    done = status(f"no-such-host.invalid:{free_port()}")
    assert done.returncode == 1 and "no-such-host.invalid" in done.stdout.splitlines()[-2]


def test_watching_looks_again_until_interrupted(stub):
    name = stub(srvr=srvr("leader", 1), mntr="zk_peer_state\tx\n")
    command = [str(zoetrope_binary()), "status", name, "--watch", "0.1", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        looks = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) in (0, -signal.SIGINT)
    assert all(look["leader"] == name for look in looks)


def test_on_a_terminal_a_look_replaces_the_one_before(stub):
    name = stub(srvr=srvr("leader", 1), mntr="zk_peer_state\tx\n")
    keyboard, output = pty.openpty()
    process = subprocess.Popen([str(zoetrope_binary()), "status", name, "--watch", "0.1"], stdout=output,
                               stdin=subprocess.DEVNULL)
    os.close(output)
    text = ""
    while text.count("\x1b[2A\x1b[J") < 2:
        text += os.read(keyboard, 4096).decode()
    process.terminate()
    process.wait(10)
    os.close(keyboard)
    assert text.startswith("SERVER")
