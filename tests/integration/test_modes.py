"""Modes of service on real sockets: read-only servers, local sessions, leaders without clients, followers that serve observers,
and limits on requests and connections. Stock clients and, where it has the same mode, Java ZooKeeper 3.8.0."""

import subprocess

import pytest
from kazoo.exceptions import NotReadOnlyCallError
from kazoo.protocol.states import KeeperState

from support import protocol as p
from support.connection import Closed, Connection, open_session
from support.ensemble import Load
from support.jute import ustring
from support.servers import four_letters, free_port, wait_until
from test_c_client import PROGRAM

NOT_READ_ONLY, EPHEMERAL_ON_LOCAL = -119, -120
EPHEMERAL = 1


def counter(server, key):
    """A number of mntr."""
    lines = dict(line.split("\t", 1) for line in four_letters(server.port, "mntr").splitlines() if "\t" in line)
    return lines.get("zk_" + key)


# ---- read-only mode ----


@pytest.fixture
def partitioned(form, connect):
    """Three servers in read-only mode of which one is left, with a znode in it; (ensemble, number of that one)."""
    ensemble = form(config={"readonlymode.enabled": "true"}).start()
    client = connect(ensemble.hosts())
    client.create("/kept", b"data")
    client.sync("/")
    client.stop()
    left = ensemble.followers()[0]
    wait_until(lambda: len(set(zxids(ensemble))) == 1, 10, "all have it")
    ensemble.kill(*[number for number in ensemble.members if number != left])
    wait_until(lambda: four_letters(ensemble[left].port, "isro") == "ro", 20, "the one that is left serves readers")
    return ensemble, left


def zxids(ensemble):
    return [line for number in ensemble.running() for line in four_letters(ensemble[number].port, "srvr").splitlines()
            if line.startswith("Zxid")]


def test_a_server_without_a_quorum_serves_readers_and_nobody_else(partitioned):
    ensemble, left = partitioned
    port = ensemble[left].port
    srvr = four_letters(port, "srvr")
    assert "READ-ONLY mode; serving only read-only clients\n" in srvr and "Mode: read-only\n" in srvr
    with pytest.raises(Closed):
        Connection(port).connect(10000)
    reader = Connection(port)
    assert reader.connect(10000, read_only=True)
    assert reader.read_only == b"\1"
    assert reader.call(p.GET_DATA, p.with_watch("/kept")).error == 0
    for kind, body in ((p.CREATE, p.create("/no")), (p.SET_DATA, p.set_data("/kept", b"")), (p.SYNC, ustring("/"))):
        assert reader.call(kind, body).error == NOT_READ_ONLY
    reader.end_session()


def test_kazoo_reads_and_goes_back_to_writing(partitioned, connect):
    ensemble, left = partitioned
    client = connect(ensemble.hosts(), read_only=True)
    assert client.client_state == KeeperState.CONNECTED_RO
    assert client.get("/kept")[0] == b"data"
    with pytest.raises(NotReadOnlyCallError):
        client.create("/no")
    ensemble.start(*[number for number in ensemble.members if number != left])
    wait_until(lambda: client.client_state == KeeperState.CONNECTED, 60, "the client has found a server that writes")
    client.create("/yes", b"", ephemeral=True)
    assert client.exists("/no") is None
    wait_until(lambda: four_letters(ensemble[left].port, "isro") == "rw", 60, "the one that was left follows again")


def test_the_c_client_reads_and_goes_back_to_writing(partitioned):
    ensemble, left = partitioned
    with subprocess.Popen([PROGRAM, "--read-only", ensemble.hosts(), "/kept"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as client:
        try:
            assert client.stdout.readline() == "reads\n", client.stderr.read()
            ensemble.start(*[number for number in ensemble.members if number != left])
            client.stdin.write("\n")
            client.stdin.flush()
            assert client.wait(60) == 0, client.stderr.read()
        finally:
            client.kill()


def test_without_the_mode_a_minority_serves_nobody(form):
    ensemble = form().start()
    left = ensemble.followers()[0]
    ensemble.kill(*[number for number in ensemble.members if number != left])
    wait_until(lambda: ensemble.mode(left) == "", 20, "it serves no more")
    with pytest.raises(AssertionError):
        wait_until(lambda: ensemble.mode(left) != "", 4, "it serves again")
    with pytest.raises(Closed):
        Connection(ensemble[left].port).connect(10000, read_only=True)


# ---- local sessions ----


@pytest.fixture
def local(form):
    def start(upgrading="true", **more):
        return form(config={"localSessionsEnabled": "true", "localSessionsUpgradingEnabled": upgrading}, **more).start()
    return start


def test_a_local_session_leaves_no_trace_until_it_creates_an_ephemeral(local):
    trio = local()
    trio.converged_tree()
    before = zxids(trio)
    for port in trio.ports():
        connection = open_session(port)
        assert connection.call(p.EXISTS, p.with_watch("/")).error == 0
        assert connection.call(p.SYNC, ustring("/")).error == 0
        connection.end_session()
    assert zxids(trio) == before
    for number, port in zip(trio.members, trio.ports()):
        connection = open_session(port)
        assert connection.call(p.CREATE, p.create(f"/plain-{number}")).error == 0
        assert counter(trio[number], "local_sessions") == "1"
        assert connection.call(p.CREATE, p.create(f"/mine-{number}", flags=EPHEMERAL)).error == 0
        assert counter(trio[number], "local_sessions") == "0"
        moved = Connection(trio.ports()[number % 3])
        assert moved.connect(30000, connection.session, connection.password), "an upgraded session moves"
        assert moved.call(p.CREATE, p.create(f"/moved-{number}", flags=EPHEMERAL)).error == 0
        moved.end_session()
    tree = trio.converged_tree()
    assert {f"/plain-{number}" for number in trio.members} <= set(tree)
    assert not any(path.startswith(("/mine", "/moved")) for path in tree)


def test_a_local_session_cannot_move_and_has_no_ephemeral_where_upgrading_is_off(local):
    trio = local("false")
    for number, port in zip(trio.members, trio.ports()):
        connection = open_session(port)
        assert connection.call(p.CREATE, p.create("/no", flags=EPHEMERAL)).error == EPHEMERAL_ON_LOCAL
        assert connection.call(p.CREATE, p.create(f"/yes-{number}")).error == 0
        moved = Connection(trio.ports()[number % 3])
        assert not moved.connect(30000, connection.session, connection.password)
        connection.end_session()


def test_kazoo_locks_work_over_local_sessions(local, connect):
    trio = local()
    first, second = connect(trio.hosts(1)), connect(trio.hosts(2))
    lock, other = first.Lock("/lock", "a"), second.Lock("/lock", "b")
    assert lock.acquire(timeout=20)
    assert not other.acquire(blocking=False)
    first.stop()
    assert other.acquire(timeout=20)


@pytest.mark.parametrize("kinds", [{1: "java", 2: "zoetrope", 3: "zoetrope"}, {1: "zoetrope", 2: "java", 3: "java"}])
def test_local_sessions_of_mixed_servers(local, kinds):
    trio = local(kinds=kinds)
    trio.leader(60)
    for number, port in zip(trio.members, trio.ports()):
        connection = open_session(port)
        assert connection.call(p.CREATE, p.create(f"/plain-{number}")).error == 0
        assert connection.call(p.CREATE, p.create(f"/mine-{number}", flags=EPHEMERAL)).error == 0
        assert connection.call(p.SET_DATA, p.set_data(f"/plain-{number}", b"1")).error == 0
        moved = Connection(trio.ports()[number % 3])
        assert moved.connect(30000, connection.session, connection.password)
        assert moved.call(p.EXISTS, p.with_watch(f"/mine-{number}")).error in (0, -101)
        moved.end_session()


# ---- a leader without clients ----


def test_a_leader_that_takes_no_clients(form, connect):
    trio = form(config={"leaderServes": "no"})
    for number in trio.members:
        trio.spawn(number)
    follows = lambda: [number for number in trio.members if trio.mode(number) == "follower"]
    wait_until(lambda: len(follows()) == 2, 30, "two follow")
    leader = next(number for number in trio.members if number not in follows())
    assert four_letters(trio[leader].port, "ruok") == "imok"
    assert "not currently serving" in four_letters(trio[leader].port, "srvr")
    with pytest.raises(Closed):
        Connection(trio[leader].port).connect(10000)
    client = connect(trio.hosts())
    client.create("/a", b"", ephemeral=True)
    assert client.exists("/a")


# ---- followers that serve observers ----


@pytest.fixture
def masters(form):
    def build(**more):
        return form(observers=2, config={"observerMasterPort": str(free_port())}, apart=True, **more)
    return build


def test_observers_follow_followers_and_find_another_when_theirs_is_gone(masters, connect):
    ensemble = masters().start()
    leader = ensemble.leader()
    at = {number: int(counter(ensemble[number], "observer_master_id")) for number in ensemble.observers}
    assert leader not in at.values()
    assert counter(ensemble[leader], "synced_observers") == "0"
    connect(ensemble.hosts(*ensemble.observers)).create("/load")
    with Load(ensemble, "/load") as load:
        load.go_on()
        first = at[4]
        ensemble.kill(first)
        wait_until(lambda: all(ensemble.mode(number) == "observer" for number in ensemble.observers), 30, "both observe")
        load.go_on()
        ensemble.start(first)
        ensemble.kill(4)
        load.go_on()
        ensemble.start(4)
        load.go_on()
    leader = ensemble.leader()
    assert all(int(counter(ensemble[number], "observer_master_id")) != leader for number in ensemble.observers)
    load.check(ensemble.converged_tree())


@pytest.mark.parametrize("kinds", [{4: "java"}, {1: "java", 2: "java", 3: "java"}, {1: "java", 4: "java"}])
def test_observers_and_masters_of_both_kinds(masters, connect, kinds):
    ensemble = masters(kinds=kinds)
    for number in ensemble.members:
        ensemble.spawn(number)
    wait_until(lambda: all(ensemble.mode(number) for number in ensemble.members), 90, "all serve")
    clients = {number: open_session(ensemble[number].port) for number in ensemble.members}
    for number, client in clients.items():
        for step in range(20):
            assert client.call(p.CREATE, p.create(f"/{number}-{step}", b"x")).error == 0
        assert client.call(p.CREATE, p.create(f"/{number}-mine", flags=EPHEMERAL)).error == 0
    for client in clients.values():
        assert client.call(p.SYNC, ustring("/")).error == 0
        for number in clients:
            assert client.call(p.EXISTS, p.with_watch(f"/{number}-mine")).error == 0
            assert client.call(p.EXISTS, p.with_watch(f"/{number}-19")).error == 0
    # A session moves from an observer to a follower and back.
    old = clients.pop(4)
    for place in (2, 5, 4):
        moved = Connection(ensemble[place].port)
        wait_until(lambda: moved.connect(30000, old.session, old.password), 10, "the session moves")
        moved.xid = old.xid + 1000
        assert moved.call(p.SET_DATA, p.set_data("/4-0", b"y")).error == 0
        old = moved
    for client in [old, *clients.values()]:
        client.end_session()


# ---- limits ----


def test_requests_wait_in_front_of_a_full_pipeline(make, connect):
    server = make({"request_throttle_max_requests": "2", "globalOutstandingLimit": "1000"}).start()
    clients = [connect(server) for _ in range(4)]
    requests = [(client, number, client.create_async(f"/{index}-{number}")) for number in range(200)
                for index, client in enumerate(clients)]
    for _, _, request in requests:
        request.get(30)
    assert int(counter(server, "request_throttle_wait_count")) > 0
    assert len(clients[0].get_children("/")) == 801


def test_connections_above_the_tokens_are_closed(make):
    server = make({"connection_throttle_tokens": "3", "connection_throttle_fill_time": "100000"}).start()
    taken = 0
    for _ in range(6):
        try:
            taken += Connection(server.port).connect(10000)
        except Closed:
            pass
    assert taken == 3


def test_large_requests_have_room_for_so_much(make):
    server = make({"largeRequestThreshold": "1000", "largeRequestMaxBytes": "5000"}).start()
    connection = open_session(server.port)
    for number in range(5):
        assert connection.call(p.CREATE, p.create(f"/{number}", b"x" * 3000)).error == 0
    with pytest.raises(Closed):
        connection.call(p.CREATE, p.create("/large", b"x" * 6000))
    assert counter(server, "large_requests_rejected") == "1"
