"""Four-letter words: each answer has the form of Java's, line by line, modulo numbers; and the odd ways to ask."""

import re
import socket
import struct

import pytest

from support import protocol as p
from support.connection import open_session
from support.servers import four_letters

# Words whose answers are compared as a whole; order of lines and repeated forms aside.
COMPARED = ["ruok", "isro", "srvr", "stat", "cons", "conf", "wchs", "wchc", "wchp", "dirs", "hash", "gtmk", "crst", "srst", "dump"]
# What people's monitoring reads from mntr; every one must be there with a value of Java's form.
MONITORED = """version server_state ephemerals_count num_alive_connections avg_latency min_latency max_latency
outstanding_requests znode_count global_sessions local_sessions watch_count approximate_data_size uptime packets_sent
packets_received open_file_descriptor_count max_file_descriptor_count last_client_response_size min_client_response_size
max_client_response_size connection_drop_probability auth_failed_count outstanding_tls_handshake
digest_mismatches_count unrecoverable_error_count connection_request_count connection_rejected connection_drop_count
bytes_received_count response_bytes watch_bytes stale_sessions_expired sessionless_connections_expired
large_requests_rejected throttled_ops avg_readlatency cnt_readlatency p50_readlatency p999_readlatency avg_updatelatency
p99_updatelatency avg_fsynctime max_fsynctime cnt_fsynctime sum_fsynctime avg_snapshottime cnt_snapshottime
avg_dbinittime avg_startup_txns_loaded node_changed_watch_count node_created_watch_count
node_deleted_watch_count node_children_watch_count avg_sync_processor_batch_size""".split()


def form(text):
    """The lines of a text without what may differ: numbers, addresses, dates, names of this machine."""
    text = re.sub(r"(expire at ).*:", r"\1DATE:", text)
    text = re.sub(r"(Zookeeper version: ).*", r"\1V", text)
    text = re.sub(r"^((?:data|dataLog)Dir=).*", r"\1PATH", text, flags=re.MULTILINE)
    text = re.sub(r"lop=\w+", "lop=OP", text)
    text = re.sub(r"0x[0-9a-f]+", "HEX", text)
    text = re.sub(r"-?\d+\.\d+\.\d+\.\d+:\d+", "ADDRESS", text)
    text = re.sub(r"-?\d+\.\d+", "N.N", text)
    text = re.sub(r"^[0-9a-f]+: -?\d+$", "HEX: N", text, flags=re.MULTILINE)
    return re.sub(r"(?<!\w)-?\d+", "N", text).splitlines()


def same_forms(word, lines):
    """Lists of connections, sessions and watches come in any order and number; the rest as it is."""
    return sorted(set(lines)) if word in ("cons", "stat", "dump", "wchc", "wchp", "hash") else lines


def busy(server):
    """Sessions with ephemerals and watches, and enough writes for `hash` to show a line."""
    first, second = open_session(server.port, 30000), open_session(server.port, 6000)
    first.call(p.CREATE, p.create("/e", flags=1))
    second.call(p.CREATE, p.create("/f", flags=1))
    first.call(p.GET_DATA, p.with_watch("/e", True))
    second.call(p.EXISTS, p.with_watch("/nope", True))
    for _ in range(130):
        second.call(p.SET_DATA, p.set_data("/f", b"x"))
    return [first, second]


@pytest.fixture(scope="module")
def answers(kind):
    """word -> (Java's answer, the tested server's answer), in the same situation."""
    from support.servers import make_server
    servers = [make_server("java"), make_server(kind, {"zoetrope.compatibility": "3.8"})]
    sessions = []
    for server in servers:
        sessions += busy(server.start())
    words = [*COMPARED[:-4], "dump", "envi", "mntr", "gtmk", "crst", "srst"]
    yield {word: [server.four(word) for server in servers] for word in words}
    for session in sessions:
        session.close()
    for server in servers:
        server.discard()


@pytest.mark.parametrize("word", COMPARED)
def test_answer_has_javas_form(answers, word):
    reference, tested = (same_forms(word, form(answer)) for answer in answers[word])
    assert reference, "Java answered nothing"
    assert tested == reference


@pytest.mark.parametrize("word, lines", [
    ("srvr", ["Zxid", "Mode", "Node count", "Connections", "Outstanding"]),
    ("wchs", ["2 connections", "Total watches"]), ("hash", ["80"]),
    ("conf", ["tickTime", "maxClientCnxns", "minSessionTimeout", "maxSessionTimeout", "secureClientPort", "serverId",
              "clientPortListenBacklog"]),
])
def test_numbers_that_follow_from_the_requests_are_equal(answers, word, lines):
    pick = lambda text: [line for line in text.splitlines() if line.startswith(tuple(lines))]
    reference, tested = answers[word]
    assert len(pick(reference)) == len(lines)
    if word == "hash":  # the digest holds times
        assert [line.split(":")[0] for line in pick(tested)] == [line.split(":")[0] for line in pick(reference)]
    else:
        assert pick(tested) == pick(reference)


def test_what_monitoring_reads_is_in_mntr(answers):
    reference, tested = ({key: value for key, _, value in (line.partition("\t") for line in text.splitlines())}
                         for text in answers["mntr"])
    shape = lambda value: re.sub(r"\d+", "N", value) if value[:1].isdigit() else "text"
    missing, different = [], []
    for name in MONITORED:
        keys = [key for key in reference if key == "zk_" + name or name.endswith("_watch_count") and key.endswith("_" + name)]
        assert keys, f"Java's mntr has no {name}"
        missing += [key for key in keys if key not in tested]
        different += [key for key in keys if key in tested and key != "zk_version" and shape(tested[key]) != shape(reference[key])]
    assert (missing, different) == ([], [])
    assert all(line.startswith("zk_") and "\t" in line for line in answers["mntr"][1].splitlines())
    for name in ("server_state", "znode_count", "ephemerals_count", "global_sessions", "watch_count", "num_alive_connections"):
        assert tested["zk_" + name] == reference["zk_" + name], name


def test_envi_names_the_environment(answers):
    for text in answers["envi"]:
        lines = text.splitlines()
        assert lines[0] == "Environment:" and lines[1].startswith("zookeeper.version=")
        assert all("=" in line for line in lines[1:] if line)
    keys = [{line.split("=")[0] for line in text.splitlines() if "=" in line} for text in answers["envi"]]
    for name in ("host.name", "os.name", "os.arch", "os.version", "user.name", "user.home", "user.dir"):
        assert name in keys[0] and name in keys[1]


def test_words_outside_the_white_list_are_refused(make):
    server = make({"4lw.commands.whitelist": "srvr, ruok"}).start()
    assert server.four("ruok") == "imok"
    for word in ("mntr", "conf", "dump", "stat", "gtmk", "isro"):
        assert server.four(word) == f"{word} is not executed because it is not in the whitelist.\n"


def test_only_srvr_is_allowed_by_default(make):
    server = make({"4lw.commands.whitelist": None}).start()
    assert "not in the whitelist" in server.four("ruok") and "Mode: standalone" in server.four("srvr")


def test_trace_mask_is_set_and_read(shared):
    assert four_letters(shared.port, "gtmk").strip() == "306"
    with socket.create_connection(("127.0.0.1", shared.port), 10) as sock:
        sock.sendall(b"stmk" + struct.pack(">q", 256))
        assert sock.makefile("rb").read().strip() == b"256"
    assert four_letters(shared.port, "gtmk").strip() == "256"
    with socket.create_connection(("127.0.0.1", shared.port), 10) as sock:
        sock.sendall(b"stmk" + struct.pack(">q", 306))
        assert sock.makefile("rb").read().strip() == b"306"


def ask(port, *pieces):
    """What comes back for bytes sent in pieces, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), 10) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        try:
            for piece in pieces:
                sock.sendall(piece)
            while True:
                data = sock.recv(65536)
                if not data:
                    return received
                received += data
        except ConnectionError:
            return received


def test_a_word_may_come_in_pieces_and_with_a_line_break(shared):
    assert ask(shared.port, b"ru", b"ok") == b"imok"
    assert ask(shared.port, b"r", b"u", b"o", b"k") == b"imok"
    assert ask(shared.port, b"ruok\n")[:4] in (b"imok", b"")


@pytest.mark.parametrize("word", [b"RUOK", b"Ruok", b"zzzz", b"ruo\0", b"    ", b"\n\n\n\n"])
def test_unknown_words_are_taken_for_a_length_and_closed(shared, word):
    assert ask(shared.port, word) == b""


def test_a_word_on_a_session_is_a_length(shared):
    connection = open_session(shared.port)
    connection.send(b"ruok")
    assert connection.ends()


def test_asking_often_leaves_no_connections_behind(shared):
    for _ in range(300):
        assert four_letters(shared.port, "ruok") == "imok"
    count = next(line for line in four_letters(shared.port, "srvr").splitlines() if line.startswith("Connections"))
    assert int(count.split()[1]) <= 3


def test_statistics_count_and_are_reset(make):
    server = make().start()
    connection = open_session(server.port)
    for _ in range(50):
        connection.ping()
    number = lambda name: int(re.search(name + r": (\d+)", server.four("srvr")).group(1))
    assert number("Received") >= 50 and number("Sent") >= 50
    assert server.four("srst") == "Server stats reset.\n"
    assert number("Received") < 10
    assert server.four("crst") == "Connection stats reset.\n"
    line = next(line for line in server.four("cons").splitlines() if "sid=" in line)
    assert int(re.search(r"recved=(\d+)", line).group(1)) == 0
