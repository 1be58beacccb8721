"""Hostile bytes and wrong servers on the ports between servers: refused with a line in the log, and the ensemble serves on."""

import random
import socket


import pytest

from support import protocol as p
from support.connection import open_session
from support.ensemble import CONFIG, MovingClient
from support.jute import i32, i64
from support.servers import free_port, wait_until

FOLLOWERINFO, REQUEST, ACK, PROPOSAL, ACKEPOCH, OBSERVERINFO = 11, 1, 3, 2, 18, 16
MIB = 1 << 20


@pytest.fixture
def served(trio, home):
    """The shared ensemble; after the test all of it must serve, led as before, without having grown."""
    leader = trio.leader()
    before = {number: member.rss() for number, member in trio.members.items()}
    yield trio
    for number, member in trio.members.items():
        connection = open_session(member.port)
        assert connection.call(p.CREATE, p.create(f"{home}-{number}")).error == 0
        connection.end_session()
        assert member.rss() - before[number] < 32 * MIB
    assert trio.leader() == leader


def closed(sock, seconds=30):
    """True when the other side has closed; what it sent before is dropped."""
    sock.settimeout(seconds)
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


def throw(port, data):
    sock = socket.create_connection(("127.0.0.1", port), 20)
    try:
        sock.sendall(data)
    except ConnectionError:
        pass
    return sock


def packet(kind, zxid=0, data=None):
    return i32(kind) + i64(zxid) + (i32(-1) if data is None else i32(len(data)) + data) + i32(-1)


def learner_info(server, version=0x10000, config_version=0):
    return i64(server) + i32(version) + i64(config_version)


def said(ensemble, number, text, before):
    ensemble_log = lambda: ensemble.log(number)[len(before):]
    wait_until(lambda: text in ensemble_log(), 30, lambda: f"server {number} logs {text!r}; it logged {ensemble_log()!r}")


# ---- the election port ----

def address(text=b"127.0.0.1:1"):
    return i32(len(text)) + text


@pytest.mark.parametrize("data, line", [
    (b"GET / HTTP/1.1\r\n\r\n", "bad server id"),
    (i64(-1) + b"x" * 64, "unknown protocol version -1"),
    (i64(-65536) + i64(2) + i32(-5), "unreasonable length -5"),
    (i64(-65536) + i64(2) + i32(2**31 - 1), "unreasonable length 2147483647"),
    (i64(-65536) + i64(2) + address(b"no address"), "bad address"),
    (i64(-65536) + i64(-7) + address(), "bad server id -7"),
    (i64(-65536) + i64(1) + address(), "claims to be server 1, as this server is"),
    (i64(-65536) + i64(90) + address() + i32(-1), "bad message length -1"),
    (i64(-65536) + i64(91) + address() + i32(2**31 - 1), "bad message length 2147483647"),
], ids=["http", "version", "negative-length", "oversized-length", "address", "negative-id", "own-id", "message-length",
        "oversized-message"])
def test_garbage_on_the_election_port(served, data, line):
    before = served.log(1)
    sock = throw(served.election_ports[1], data)
    if line == "bad server id":  # ASCII reads as some huge, but positive id: a stranger that then talks garbage
        sock.sendall(b"Host: x\r\n\r\n" * 20)
        line = "closing the connection"
    said(served, 1, line, before)
    assert closed(sock)


def test_a_bad_notification_is_dropped(served):
    before = served.log(1)
    message = i32(77) + i64(1) * 3 + i64(0)
    sock = throw(served.election_ports[1], i64(-65536) + i64(99) + address() + i32(len(message)) + message)
    said(served, 1, "unknown server state 77", before)
    sock.close()


def test_a_silent_connection_is_ended(form):
    """On the election port after syncLimit, on the quorum port after initLimit."""
    trio = form(config={"initLimit": 8, "syncLimit": 4}).start()
    leader = trio.leader()
    election, quorum = throw(trio.election_ports[leader], b"\0\0\0"), throw(trio.quorum_ports[leader], b"\0\0\0")
    trio.wait_for_log(leader, "no whole initial message in time")
    trio.wait_for_log(leader, "it was not heard from in time")
    assert closed(election) and closed(quorum)
    assert trio.leader() == leader


@pytest.mark.parametrize("seed", range(2))
def test_random_bytes_on_both_ports(served, seed):
    draw = random.Random(seed)
    ports = [*served.election_ports.values(), served.quorum_ports[served.leader()]]
    socks = []
    for _ in range(200):
        start = draw.choice([b"", i64(-65536) + i64(draw.randrange(100)), packet(FOLLOWERINFO, 0, learner_info(7))])
        socks.append(throw(draw.choice(ports), start + draw.randbytes(draw.choice([1, 8, 17, 60, 400]))))
        if draw.random() < 0.7:
            socks.pop().close()
    for sock in socks:
        sock.close()


# ---- the quorum port ----

@pytest.mark.parametrize("data, line", [
    (b"GET / HTTP/1.1\r\n\r\n" * 4, "unreasonable length of data"),
    (i32(FOLLOWERINFO) + i64(0) + i32(2**31 - 1), "unreasonable length of data: 2147483647"),
    (i32(FOLLOWERINFO) + i64(0) + i32(-2), "unreasonable length of data: -2"),
    (i32(FOLLOWERINFO) + i64(0) + i32(-1) + i32(2**31 - 1), "unreasonable number of identities"),
    (packet(FOLLOWERINFO), "it does not say who it is"),
    (packet(FOLLOWERINFO, 0, b"1234"), "it does not say who it is"),
    (packet(FOLLOWERINFO, 0, learner_info(88, 1)), "protocol version 1 is too old"),
    (packet(FOLLOWERINFO, 0, learner_info(88, config_version=2**40)), "newer configuration"),
    (packet(FOLLOWERINFO, 2**62, learner_info(88)), "beyond this leader's"),
    (packet(FOLLOWERINFO, -1, learner_info(88)), "impossible epoch"),
    (packet(REQUEST, 0, b"x"), "REQUEST was not expected"),
    (packet(ACK, 1 << 32), "ACK was not expected"),
    (packet(PROPOSAL, 1 << 32, b"x" * 100), "PROPOSAL was not expected"),
    (packet(999), "UNKNOWN was not expected"),
    (packet(FOLLOWERINFO, 0, learner_info(88)) + packet(ACK, 5), "ACK was not expected"),
    (packet(FOLLOWERINFO, 0, learner_info(88)) + packet(ACKEPOCH, 0, b"x"), "ACKEPOCH is malformed"),
    (packet(FOLLOWERINFO, 0, learner_info(88)) + packet(ACKEPOCH, 2**50, i32(900)), "never proposed to it"),
], ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "")
def test_garbage_on_the_quorum_port(served, data, line):
    leader = served.leader()
    before = served.log(leader)

    def is_refused():  # more than once where needed: what a leader tells in one tick is bounded
        assert closed(throw(served.quorum_ports[leader], data))
        told = served.log(leader)[len(before):]
        return "closed the connection to" in told and line in told

    wait_until(is_refused, 10, lambda: f"{line!r} is told: {served.log(leader)[len(before):]}")


def test_a_stranger_with_the_leaders_id_is_refused(served):
    leader = served.leader()
    before = served.log(leader)
    sock = throw(served.quorum_ports[leader], packet(FOLLOWERINFO, 0, learner_info(leader)))
    said(served, leader, f"as server {leader} it has the id of this server", before)
    assert closed(sock)


def test_followers_do_not_listen_on_the_quorum_port(served):
    for number in served.followers():
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", served.quorum_ports[number]), 5)


# ---- servers that do not belong ----

def intruder(ensemble, make_server, number, lines=None):
    """A server whose own lines differ from the ensemble's by its own ports, or as `lines` say."""
    server = make_server({**CONFIG, **ensemble.server_lines()})
    server.id = number
    server.config[f"server.{number}"] = f"127.0.0.1:{free_port()}:{free_port()}:participant"
    server.config.update(lines or {})
    return server.spawn()


@pytest.mark.parametrize("whose", ["leader", "follower"])
def test_a_second_server_with_the_same_id(form, make, home, whose):
    """An empty server with the id of a live one is told of, takes no part, and nothing is lost."""
    trio = form().start()
    client = MovingClient(trio.ports())
    assert client.call(p.CREATE, p.create(home)).error == 0
    leader = trio.leader()
    twin = leader if whose == "leader" else min(trio.followers())
    before = {number: trio.log(number) for number in trio.members}
    server = intruder(trio, make, twin)
    # Servers with lower ids are called by the second one itself, and so know two addresses of one id.
    text = "claims the same id" if twin == 3 else f"a new connection of server {twin} replaces the one that stood"
    told = lambda: any(text in trio.log(number)[len(before[number]):] for number in trio.members)
    wait_until(told, 20, lambda: f"{text!r} is told: {[trio.log(number) for number in trio.members]}")
    for number in range(200):
        assert client.call(p.SET_DATA, p.set_data(home, b"%d" % number)).error == 0
    assert client.moves == 0 and trio.leader() == leader
    assert "Mode" not in server.four("srvr"), "the second server serves"
    server.kill()
    assert trio.converged_tree()[home][0] == b"199"
    client.close()


def test_a_server_that_no_configuration_names(served, make):
    """It may listen as a learner without a vote; the ensemble's own members are the same as before."""
    server = make({**CONFIG, **served.server_lines()})
    server.id = 9
    server.config["server.9"] = f"127.0.0.1:{free_port()}:{free_port()}:participant"
    server.spawn()
    leader = served.leader()
    wait_until(lambda: "leader is server" in server.output() or "server 9" in served.log(leader), 30, "it comes and is told of")
    facts = dict(line.split("\t") for line in served[leader].four("mntr").splitlines())
    assert facts["zk_synced_followers"] == "2"
    assert "server.9" not in served[leader].four("conf")


def test_a_server_of_another_ensemble_on_our_ports(served, make):
    """Its lines name our third server beside itself only; it cannot make us follow it."""
    server = make({**CONFIG})
    server.id = 1
    server.config["server.1"] = f"127.0.0.1:{free_port()}:{free_port()}:participant"
    server.config["server.3"] = served.server_lines()["server.3"]
    before = served.log(3)
    server.spawn()
    said(served, 3, "server 1", before)


@pytest.mark.parametrize("lines, word", [
    ({"server.1": "127.0.0.1"}, "server.1"),
    ({"server.1": "127.0.0.1:1:2:king"}, "server.1"),
    ({"server.1": None, "server.4": "127.0.0.1:1:2"}, "myid is 1"),
    ({"server.x": "127.0.0.1:1:2"}, "server.x"),
    ({"initLimit": None}, "initLimit"),
    ({"syncLimit": "0"}, "syncLimit"),
    ({"sslQuorum": "true"}, "sslQuorum"),
    ({"electionAlg": "2"}, "electionAlg"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_configuration_is_refused_at_once(make, lines, word):
    server = make({**CONFIG, "server.1": f"127.0.0.1:{free_port()}:{free_port()}",
                   "server.2": f"127.0.0.1:{free_port()}:{free_port()}",
                   "server.3": f"127.0.0.1:{free_port()}:{free_port()}"}, kind="zoetrope")
    server.id = 1
    server.config.update(lines)
    assert server.spawn().wait(20) == 2
    assert word in server.output() and "zoo.cfg" in server.output(), server.output()


def test_a_missing_myid_is_refused(make):
    server = make({**CONFIG, "server.1": f"127.0.0.1:{free_port()}:{free_port()}",
                   "server.2": f"127.0.0.1:{free_port()}:{free_port()}",
                   "server.3": f"127.0.0.1:{free_port()}:{free_port()}"}, kind="zoetrope")
    assert server.spawn().wait(20) == 2
    assert "myid is missing" in server.output()
