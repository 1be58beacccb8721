"""Sessions: negotiation, reconnecting, moving, expiry and what it leaves, with the stock client and raw frames."""

import queue
import time

import pytest
from kazoo.protocol.states import KazooState

from support import protocol as p
from support.connection import Closed, Connection, open_session
from support.jute import i32, ustring
from support.lockstep import session_password
from support.servers import wait_until

WAIT = 20
FAST = {"tickTime": 100, "minSessionTimeout": 200, "maxSessionTimeout": 2000}


@pytest.mark.parametrize("asked, given", [(1, 4000), (4000, 4000), (4001, 4001), (39999, 39999), (10**7, 40000), (-1, 4000)])
def test_timeout_is_brought_within_bounds(make, asked, given):
    server = make({"maxSessionTimeout": None}).start()
    connection = Connection(server.port)
    assert connection.connect(asked) and connection.timeout == given


def test_session_ids_grow_and_passwords_follow_from_them(shared):
    connections = [open_session(shared.port) for _ in range(5)]
    ids = [connection.session for connection in connections]
    assert ids == list(range(ids[0], ids[0] + 5)) and ids[0] >> 56 == 1
    assert all(session_password(connection.session) == connection.password for connection in connections)


def test_the_read_only_byte_is_answered_only_when_it_was_sent(shared):
    for sent, answered in [(True, b"\0"), (False, b"")]:
        connection = Connection(shared.port)
        assert connection.connect(with_read_only=sent) and connection.read_only == answered


@pytest.mark.parametrize("password", [None, b"", b"abc", b"x" * 64])
def test_a_new_session_takes_any_password(shared, password):
    connection = Connection(shared.port)
    assert connection.connect(password=password) and len(connection.password) == 16


def test_resuming_needs_the_right_password(shared):
    first = open_session(shared.port)
    first.call(p.CREATE, p.create("/mine", flags=1))
    first.close()
    for session, password in [(first.session, b"\1" * 16), (first.session, b""), (first.session, None),
                              (0x1234, first.password), (-1, first.password)]:
        thief = Connection(shared.port)
        assert not thief.connect(session=session, password=password)
        assert (thief.timeout, thief.password) == (0, b"\0" * 16) and thief.ends()
    again = Connection(shared.port)
    assert again.connect(session=first.session, password=first.password, timeout=5000)
    assert (again.session, again.timeout) == (first.session, 5000)
    assert again.call(p.EXISTS, p.with_watch("/mine")).value.owner == first.session
    again.end_session()
    assert open_session(shared.port).call(p.EXISTS, p.with_watch("/mine")).error == -101


def test_a_client_that_saw_more_is_sent_away(shared):
    connection = Connection(shared.port)
    with pytest.raises(Closed):
        connection.connect(last_zxid=1 << 50)


def test_a_session_moves_and_the_old_connection_is_cut(shared):
    old = open_session(shared.port)
    new = Connection(shared.port)
    assert new.connect(session=old.session, password=old.password)
    assert old.ends()
    assert new.call(p.CREATE, p.create("/moved", flags=1)).error == 0
    new.end_session()


def test_requests_sent_before_the_handshake_answer_are_done_in_order(shared):
    connection = Connection(shared.port)
    frames = [p.connect_request(30000), i32(p.AUTH_XID) + i32(p.AUTH) + p.auth("digest", b"a:b"),
              i32(1) + i32(p.CREATE) + p.create("/early", b"0"), i32(2) + i32(p.SET_DATA) + p.set_data("/early", b"1", 0),
              i32(p.PING_XID) + i32(p.PING), i32(3) + i32(p.GET_DATA) + p.with_watch("/early"),
              i32(4) + i32(p.DELETE) + p.with_version("/early", 1)]
    connection.send(b"".join(i32(len(frame)) + frame for frame in frames))
    assert connection.connected()
    kinds = {1: p.CREATE, 2: p.SET_DATA, 3: p.GET_DATA, 4: p.DELETE}
    replies = []
    for _ in range(6):
        payload = connection.frame()
        replies.append(p.read_frame(payload, kinds.get(int.from_bytes(payload[:4], "big"))))
    ordered = [reply for reply in replies if reply.xid > 0]
    assert [reply.xid for reply in ordered] == [1, 2, 3, 4] and all(reply.error == 0 for reply in replies)
    assert ordered[2].value[0] == b"1"
    assert {reply.xid for reply in replies if reply.xid < 0} == {p.PING_XID, p.AUTH_XID}


def test_a_frame_may_come_byte_by_byte(shared):
    connection = Connection(shared.port)
    request = p.connect_request(30000)
    for byte in i32(len(request)) + request:
        connection.send(bytes([byte]))
    assert connection.connected()
    frame = i32(1) + i32(p.CREATE) + p.create("/slowly", b"x", flags=1)
    for byte in i32(len(frame)) + frame:
        connection.send(bytes([byte]))
    assert connection.reply(p.CREATE).value == "/slowly"
    connection.end_session()


def test_a_silent_session_expires_and_its_ephemerals_go(make):
    server = make(FAST).start()
    watcher, silent = open_session(server.port, 2000), open_session(server.port, 500)
    began = time.monotonic()
    for name in ("/e1", "/e2"):
        assert silent.call(p.CREATE, p.create(name, flags=1)).error == 0
    assert watcher.call(p.EXISTS, p.with_watch("/e1", True)).error == 0
    wait_until(lambda: watcher.ping() and watcher.events, 10, "the ephemeral's deletion")
    took = time.monotonic() - began
    assert tuple(watcher.event())[1:] == (2, 3, "/e1")
    assert 0.5 <= took < 2.5, took
    assert watcher.call(p.EXISTS, p.with_watch("/e2")).error == -101
    assert silent.ends()
    again = Connection(server.port)
    assert not again.connect(session=silent.session, password=silent.password) and again.ends()


def test_pings_keep_a_session_alive(make):
    server = make(FAST).start()
    connection = open_session(server.port, 400)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        assert connection.ping().error == 0
    assert connection.call(p.CREATE, p.create("/alive", flags=1)).error == 0


def test_a_session_and_its_ephemerals_outlive_kill_9(make):
    server = make({"tickTime": 500, "maxSessionTimeout": 20000}).start()
    connection, doomed = open_session(server.port, 20000), open_session(server.port, 1000)
    assert connection.call(p.CREATE, p.create("/kept", b"x", flags=1)).error == 0
    assert doomed.call(p.CREATE, p.create("/doomed", b"x", flags=1)).error == 0
    server.kill()
    server.start()
    again = Connection(server.port)
    assert again.connect(timeout=20000, session=connection.session, password=connection.password)
    assert again.call(p.EXISTS, p.with_watch("/kept")).value.owner == connection.session
    wait_until(lambda: again.call(p.EXISTS, p.with_watch("/doomed")).error == -101, 10, "the dead session's ephemeral goes")
    assert again.call(p.EXISTS, p.with_watch("/kept")).error == 0


def test_kazoo_sees_loss_when_its_session_is_taken_and_closed(shared, connect):
    client, states = connect(shared), queue.Queue()
    client.add_listener(states.put)
    client.create("/owned", ephemeral=True)
    session, password = client.client_id
    thief = Connection(shared.port)
    assert thief.connect(session=session, password=password)
    thief.call(p.CLOSE_SESSION)
    seen = []
    while KazooState.LOST not in seen:
        seen.append(states.get(timeout=WAIT))
    while states.get(timeout=WAIT) != KazooState.CONNECTED:
        pass
    assert client.client_id[0] != session and client.exists("/owned") is None


def test_kazoo_keeps_its_session_over_a_restart(make, connect):
    server = make().start()
    client, states = connect(server, timeout=30), queue.Queue()
    client.add_listener(states.put)
    client.create("/eph", b"x", ephemeral=True)
    session = client.client_id[0]
    server.kill()
    assert states.get(timeout=WAIT) == KazooState.SUSPENDED
    server.start()
    assert states.get(timeout=WAIT) == KazooState.CONNECTED
    assert client.client_id[0] == session and client.exists("/eph").ephemeralOwner == session


def test_idle_connection_without_a_session_is_dropped(make):
    server = make({"nio.sessionlessCnxnTimeout": 500}).start()
    connection = Connection(server.port)
    assert connection.ends()


def test_containers_and_ttl_nodes_are_cleaned_up(make):
    server = make({"znode.container.checkIntervalMs": 200}).start()
    connection = open_session(server.port)
    assert connection.call(p.CREATE_CONTAINER, p.create("/container", flags=4)).error == 0
    assert connection.call(p.CREATE_CONTAINER, p.create("/unused", flags=4)).error == 0
    assert connection.call(p.CREATE_TTL, p.create_ttl("/ttl", b"", p.OPEN, 5, 300)).error == 0
    assert connection.call(p.CREATE_TTL, p.create_ttl("/long", b"", p.OPEN, 5, 10**9)).error == 0
    assert connection.call(p.CREATE, p.create("/container/child")).error == 0
    exists = lambda path: connection.call(p.EXISTS, p.with_watch(path)).error == 0
    wait_until(lambda: not exists("/ttl"), 10, "the TTL node goes")
    assert exists("/container") and exists("/unused") and exists("/long")
    assert connection.call(p.DELETE, p.with_version("/container/child", -1)).error == 0
    wait_until(lambda: not exists("/container"), 10, "the empty container goes")
    assert exists("/unused") and exists("/long")
    assert connection.call(p.GET_ACL, ustring("/long")).error == 0
