"""Hostile bytes on the client port: a closed connection or a clear refusal, bounded memory, and service goes on."""

import os
import random
import socket
import struct
import time

import pytest

from support import protocol as p
from support.connection import Closed, Connection, open_session
from support.jute import boolean, buffer, i32, i64, ustring
from support.servers import four_letters, wait_until

MAX = 0xFFFFF  # jute.maxbuffer: the longest frame
MIB = 1 << 20


@pytest.fixture
def server(make):
    """A server that must still serve, within bounded memory, when the test is over."""
    one = make({"nio.sessionlessCnxnTimeout": 1000}).start()
    serves(one)
    before = one.rss()
    yield one
    serves(one)
    if one.kind == "zoetrope":
        assert one.rss() - before < 64 * MIB, f"{before >> 20} MiB grew to {one.rss() >> 20} MiB"


def serves(server):
    connection = open_session(server.port)
    path = f"/serves-{connection.session}"
    assert connection.call(p.CREATE, p.create(path, b"still")).error == 0
    assert connection.call(p.GET_DATA, p.with_watch(path)).value[0] == b"still"
    connection.end_session()


def count_of_connections(server):
    line = next(line for line in four_letters(server.port, "srvr").splitlines() if line.startswith("Connections"))
    return int(line.split()[1])


# ---- before the handshake ----

@pytest.mark.parametrize("first", [
    b"\xff\xff\xff\xff", b"\x80\x00\x00\x00", b"\x7f\xff\xff\xff", i32(MAX + 1), i32(100 * MIB), b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"SSH-2.0-OpenSSH_9.2\r\n", b"nope", b"RUOK", b"\0" * 64 + b"x" * 64,
    i32(0), i32(1) + b"x", i32(44) + b"\xff" * 44, i32(28) + b"\0" * 24 + i32(-2), i32(45) + b"\xff" * 45,
    i32(28) + b"\0" * 24 + i32(2**31 - 1), i32(28) + b"\0" * 24 + i32(1000),
], ids=lambda data: data[:12].hex())
def test_garbage_instead_of_a_handshake(server, first):
    connection = Connection(server.port)
    connection.send(first)
    refusals = []
    try:
        while True:
            refusals.append(connection.frame())
    except Closed:
        pass
    # At most the answer to a session that does not exist: all zeros.
    assert [frame[:16] for frame in refusals] in ([], [b"\0" * 16])


@pytest.mark.parametrize("seed", range(3))
def test_random_bytes_instead_of_a_handshake(server, seed):
    draw = random.Random(seed)
    for _ in range(300):
        connection = Connection(server.port)
        try:
            connection.send(draw.randbytes(draw.choice([1, 3, 4, 5, 8, 48, 49, 300])))
            if draw.random() < 0.5:
                connection.send(draw.randbytes(100))
        except Closed:
            pass
        connection.close()


def test_half_a_handshake_is_dropped_in_time(server):
    request = p.connect_request(30000)
    whole = i32(len(request)) + request
    connections = []
    for cut in (0, 1, 3, 4, 5, 20, len(whole) - 1):
        connections.append(Connection(server.port))
        connections[-1].send(whole[:cut])
    for connection in connections:
        assert connection.ends()


def test_slow_senders_hold_up_nobody(server):
    slow = [Connection(server.port) for _ in range(200)]
    busy = open_session(server.port)
    for step in range(3):
        for connection in slow:
            try:
                connection.send(b"\0")
            except Closed:
                pass
        for _ in range(50):
            assert busy.ping().error == 0
    for connection in slow:
        connection.close()
    wait_until(lambda: count_of_connections(server) <= 2, 20, "the slow ones are gone")


# ---- frames on an established session ----

@pytest.mark.parametrize("length", [-1, -(2**31), MAX + 1, 2**31 - 1])
def test_impossible_length_closes(server, length):
    connection = open_session(server.port)
    connection.send(i32(length) + b"x" * 100)
    assert connection.ends()


def test_the_longest_frame_is_taken_and_one_more_byte_is_not(server):
    connection = open_session(server.port)
    overhead = len(i32(1) + i32(p.CREATE) + p.create("/big", b""))
    assert connection.call(p.CREATE, p.create("/big", b"x" * (MAX - overhead))).error == 0
    assert len(connection.call(p.GET_DATA, p.with_watch("/big")).value[0]) == MAX - overhead
    connection.send(i32(MAX + 1))
    assert connection.ends()


@pytest.mark.parametrize("operation", [0, 10, 19 + 1000, 23, 99, 108, 200, -2, -100, 2**31 - 1, -(2**31)])
def test_unknown_operation_is_refused_and_the_connection_closed(server, operation):
    connection = open_session(server.port)
    reply = connection.call(operation, ustring("/a") + i32(0))
    assert (reply.zxid, reply.error) == (-1, -6) and connection.ends()


@pytest.mark.parametrize("payload", [b"", b"\0", b"\0\0\0\1", b"\0\0\0\1\0\0\0"], ids=len)
def test_a_frame_without_a_whole_header_closes(server, payload):
    connection = open_session(server.port)
    connection.send_frame(payload)
    assert connection.ends()


def bodies():
    """Every request with a good body."""
    acls = p.OPEN
    yield from [
        (p.CREATE, p.create("/t", b"data", acls)), (p.CREATE2, p.create("/t", b"data", acls)),
        (p.CREATE_CONTAINER, p.create("/t", b"data", acls, 4)), (p.CREATE_TTL, p.create_ttl("/t", b"d", acls, 5, 1000)),
        (p.DELETE, p.with_version("/t", -1)), (p.EXISTS, p.with_watch("/t", True)), (p.GET_DATA, p.with_watch("/t", True)),
        (p.SET_DATA, p.set_data("/t", b"data")), (p.GET_ACL, ustring("/t")), (p.SET_ACL, p.set_acl("/t", acls)),
        (p.GET_CHILDREN, p.with_watch("/t", True)), (p.GET_CHILDREN2, p.with_watch("/t", True)), (p.SYNC, ustring("/t")),
        (p.MULTI, p.multi([(p.CREATE, p.create("/t")), (p.SET_DATA, p.set_data("/t", b""))])),
        (p.MULTI_READ, p.multi([(p.GET_DATA, p.with_watch("/t"))])), (p.CHECK_WATCHES, p.with_version("/t", 3)),
        (p.REMOVE_WATCHES, p.with_version("/t", 3)), (p.AUTH, p.auth("digest", b"a:b")), (p.SASL, buffer(b"x")),
        (p.SET_WATCHES, p.set_watches(0, ["/t"], ["/t"], ["/t"])), (p.GET_EPHEMERALS, ustring("/t")),
        (p.SET_WATCHES2, p.set_watches(0, ["/t"], ["/t"], ["/t"], ["/t"], ["/t"])), (p.ADD_WATCH, p.with_version("/t", 1)),
        (p.GET_ALL_CHILDREN_NUMBER, ustring("/t")), (p.RECONFIG, ustring("a") + ustring(None) + ustring(None) + i64(-1)),
    ]


@pytest.mark.parametrize("operation, body", bodies(), ids=lambda value: p.NAMES.get(value, "") if isinstance(value, int) else "")
def test_every_request_cut_at_every_byte(server, operation, body):
    connection = open_session(server.port)
    for cut in range(len(body)):
        try:
            reply = connection.call(operation, body[:cut])
        except Closed:
            connection = open_session(server.port)
            continue
        assert reply.error in (0, -5, -6, -8, -101, -110, -111, -115, -121, -123), (cut, reply)
        if reply.error == -115:
            connection = open_session(server.port)


@pytest.mark.parametrize("seed", range(4))
def test_random_bodies(server, seed):
    """Bodies of random bytes, and good bodies with some bytes changed, for every operation."""
    draw = random.Random(seed)
    good = [each for each in bodies() if server.kind == "zoetrope" or each[0] not in (p.ADD_WATCH, p.CREATE_TTL)]
    connection = open_session(server.port)
    for _ in range(1500):
        kind, body = draw.choice(good)
        if draw.random() < 0.3:
            body = draw.randbytes(draw.randrange(60))
        else:
            changed = bytearray(body)
            for _ in range(draw.randint(1, 4)):
                if changed:
                    changed[draw.randrange(len(changed))] = draw.choice([0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)])
            body = bytes(changed)
        try:
            if connection.call(kind, body).error == -115:
                raise Closed
        except Closed:
            connection = open_session(server.port)


@pytest.mark.parametrize("count", [-2, -(2**31), 2**31 - 1, 10**6, 2**20])
def test_impossible_counts_of_lists(server, count):
    connection = open_session(server.port)
    head = ustring("/t") + buffer(b"")
    assert connection.call(p.CREATE, head + i32(count) + i32(0)).error in (-5, -114)
    assert connection.call(p.SET_ACL, ustring("/") + i32(count) + i32(0)).error in (-5, -114)
    assert connection.call(p.SET_WATCHES, i64(0) + i32(count), p.SET_WATCHES_XID).error in (-5, 0)


@pytest.mark.parametrize("length", [-2, -(2**31), 2**31 - 1, 10**6])
def test_impossible_lengths_of_strings(server, length):
    connection = open_session(server.port)
    for kind, tail in ((p.CREATE, b"x"), (p.GET_DATA, b""), (p.SYNC, b"abc"), (p.SET_DATA, b"/a")):
        assert connection.call(kind, i32(length) + tail).error == -5


@pytest.mark.parametrize("operation, body", [
    (p.CREATE, p.create(None)), (p.DELETE, p.with_version(None, -1)), (p.EXISTS, p.with_watch(None, True)),
    (p.GET_DATA, p.with_watch(None, True)), (p.SET_DATA, p.set_data(None, None)), (p.GET_ACL, ustring(None)),
    (p.SET_ACL, p.set_acl(None, None)), (p.GET_CHILDREN, p.with_watch(None, True)), (p.SYNC, ustring(None)),
    (p.GET_CHILDREN2, p.with_watch(None, True)), (p.GET_ALL_CHILDREN_NUMBER, ustring(None)), (p.GET_EPHEMERALS, ustring(None)),
    (p.MULTI, p.multi([(p.CREATE, p.create(None))])), (p.MULTI_READ, p.multi([(p.GET_DATA, p.with_watch(None))])),
    (p.ADD_WATCH, p.with_version(None, 0)), (p.CHECK_WATCHES, p.with_version(None, 3)),
    (p.REMOVE_WATCHES, p.with_version(None, 3)), (p.SET_WATCHES, p.set_watches(0, [None], [None], [None])),
    (p.SET_WATCHES2, p.set_watches(0, None, None, None, [None], [None])), (p.AUTH, p.auth(None, None)),
    (p.SET_WATCHES, p.set_watches(0, None, None, None)),
], ids=lambda value: p.NAMES.get(value, "") if isinstance(value, int) else "")
def test_null_where_a_text_is_due(server, operation, body):
    """Stock answers some of these and stumbles over the watches later; here the connection must end cleanly."""
    connection = open_session(server.port)
    try:
        reply = connection.call(operation, body)
    except Closed:
        return
    assert reply.error in (0, -5, -8, -101, -115, -121)
    if server.kind == "zoetrope" and reply.error != -115:
        assert connection.ping().error == 0
    connection.close()
    if server.kind == "zoetrope":
        wait_until(lambda: count_of_connections(server) <= 2, 10, "the connection is gone")


def test_a_long_multi(server):
    connection = open_session(server.port)
    parts = [(p.CREATE, p.create(f"/m{number}")) for number in range(10000)]
    reply = connection.call(p.MULTI, p.multi(parts))
    assert reply.error == 0 and len(reply.value) == 10001
    unknown = connection.call(p.MULTI, (i32(77) + boolean(False) + i32(-1)) * 1000)
    assert unknown.error == -5


# ---- requests that end Java 3.8.0 for good ----

KILLERS = {
    "top-level check": [(p.CHECK, p.with_version("/", -1))],
    "ttl of -1": [(p.CREATE_TTL, p.create_ttl("/t", b"", p.OPEN, 0, -1))],
    "quota stats that are no numbers": [
        (p.CREATE, p.create("/q")), (p.CREATE, p.create("/zookeeper/quota/q")),
        (p.CREATE, p.create("/zookeeper/quota/q/zookeeper_limits", b"count=5,bytes=5")),
        (p.CREATE, p.create("/zookeeper/quota/q/zookeeper_stats")),
        (p.SET_DATA, p.set_data("/zookeeper/quota/q/zookeeper_stats", b"nonsense")), (p.CREATE, p.create("/q/x"))],
}


@pytest.mark.parametrize("requests", KILLERS.values(), ids=KILLERS.keys())
def test_requests_that_end_java_do_not_end_ours(make, requests):
    server = make().start()
    connection = open_session(server.port)
    connection.sock.settimeout(2)
    errors = []
    for kind, body in requests:
        try:
            errors.append(connection.call(kind, body).error)
        except (Closed, TimeoutError):
            errors.append(None)
            break
    if server.kind == "java":
        server.kill()
        server.spawn()
        with pytest.raises(AssertionError, match="ended with|not within"):
            wait_until(server.ready, 6)
        return
    if len(requests) == 1:
        assert errors[-1] in (-6, -8), "the request must be refused"
    serves(server)
    for end in (server.kill, server.stop):
        end()
        server.start()
        serves(server)


# ---- many and slow connections ----

def test_connections_opened_and_dropped(server, soak):
    """Each is dropped at another point: at once, with half a handshake, with a session, with garbage."""
    request = p.connect_request(4000)
    openings = [b"", b"\0\0", (i32(len(request)) + request)[:20], b"\xff" * 8, b"ruok", i32(len(request)) + request]
    total = 2000 if server.kind == "java" else 1_000_000 if soak else 50_000
    before, files_before = server.rss(), files(server)
    begin = time.monotonic()
    reset = struct.pack("ii", 1, 0)
    for number in range(total):
        if number % 20_000 == 0:
            print(f"progress: {number} of {total} connections, {server.rss() // MIB} MiB", flush=True)
        with socket.socket() as sock:
            # A reset instead of an orderly end, so that no port of this machine is held back.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            sock.bind((f"127.0.{number // 250 % 250}.{number % 250 + 1}", 0))
            sock.connect(("127.0.0.1", server.port))
            opening = openings[number % 16] if number % 16 < len(openings) else b""
            if opening:
                try:
                    sock.sendall(opening)
                except ConnectionError:
                    pass
    wait_until(lambda: count_of_connections(server) <= 2, 60, "all connections are gone")
    wait_until(lambda: files(server) <= files_before + 4, 20, "all descriptors are closed")
    seconds, after = time.monotonic() - begin, server.rss()
    print(f"figures: {total} connections opened and dropped in {seconds:.0f} s, resident memory "
          f"{before / MIB:.1f} MiB before and {after / MIB:.1f} MiB after, {files_before} and {files(server)} descriptors")
    if server.kind == "zoetrope":
        assert after - before < 48 * MIB


def files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def test_a_client_that_never_reads_is_held_back(server):
    """Requests for a big node are sent without reading the answers: the server must stop reading, not buffer all."""
    connection = open_session(server.port)
    assert connection.call(p.CREATE, p.create("/big", b"x" * 500_000)).error == 0
    frame = i32(1) + i32(p.GET_DATA) + p.with_watch("/big")
    requests = (i32(len(frame)) + frame) * 100
    before = server.rss()
    connection.sock.settimeout(2)
    sent = 0
    try:
        while sent < 40:
            connection.send(requests)
            sent += 1
    except (Closed, TimeoutError):
        pass
    serves(server)
    if server.kind == "zoetrope":
        assert server.rss() - before < 300 * MIB
    connection.close()
    wait_until(lambda: count_of_connections(server) <= 2, 20, "the connection is gone")


def test_connections_per_address_are_limited(make):
    server = make({"maxClientCnxns": 5}).start()
    held = [open_session(server.port) for _ in range(5)]
    with pytest.raises(Closed):
        open_session(server.port)
    held[0].end_session()
    wait_until(lambda: can_connect(server.port), 10, "room for another")


def can_connect(port):
    try:
        connection = Connection(port)
    except Closed:
        return False
    try:
        return connection.connect()
    except Closed:
        return False
    finally:
        connection.close()
