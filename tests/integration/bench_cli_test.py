"""`zoetrope bench`: every workload runs without an error, measures what it says, and refuses bad input."""

import json
import os
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from support.servers import free_port, wait_until, zoetrope_binary

STREAMS = ["get", "exists", "set", "mixed", "multi", "sync", "create", "create-delete"]


def run_bench(*arguments, timeout=120):
    return subprocess.run([str(word) for word in (zoetrope_binary(), "bench", *arguments)], capture_output=True,
                          text=True, timeout=timeout)


@pytest.fixture
def bench(shared):
    """bench(...) runs a short load on the shared server; its report."""
    def call(*arguments, seconds=0.3):
        done = run_bench(f"127.0.0.1:{shared.port}", "--json", "--seconds", seconds, "--warmup", 0.1, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)
    return call


@pytest.mark.parametrize("workload", STREAMS)
def test_every_stream_runs_and_leaves_nothing(bench, connect, shared, workload):
    report = bench("-w", workload, "-c", 3, "-o", 4, "--pids", shared.process.pid)
    assert report["workload"] == workload
    assert report["operations"] > 0 and report["errors"] == {}
    latency = report["latency_ns"]
    assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["p99.9"] <= latency["max"]
    assert report["servers"][0]["cpu_ns"] > 0 and report["servers"][0]["rss_bytes_after"] > 0
    assert not [name for name in connect(shared).get_children("/") if name.startswith("zoetrope-bench")]


def test_the_rate_of_an_open_loop_is_kept(bench):
    report = bench("-w", "get", "--rate", 500, "-c", 2, seconds=2)
    assert 450 <= report["operations_a_second"] <= 510


def test_an_open_loop_counts_latency_from_the_due_time():
    """A server that answers nothing for a while delays all requests that fell due meanwhile, not just one."""
    stub = StubServer(pause_s=0.5)
    done = run_bench(f"127.0.0.1:{stub.port}", "--json", "-w", "exists", "--rate", 200, "-c", 1, "--keys", 1,
                     "--size", 0, "--warmup", 0, "--seconds", 1.2, "--keep")
    report = json.loads(done.stdout)
    stub.close()
    assert report["errors"] == {}
    # About 100 of 240 requests fall into the pause; their latencies spread evenly over it.
    assert 100e6 < report["latency_ns"]["p90"] < 500e6
    assert report["latency_ns"]["p99"] > 400e6


def test_fill_creates_as_many_znodes_as_asked_for(bench, connect, shared, home):
    report = bench("-w", "fill", "--count", 12_003, "--multi-size", 100, "--keep", "--root", home, "--pids",
                   shared.process.pid)
    assert report["extra"]["znodes"] == 12_003
    client = connect(shared)
    parents = client.get_children(home)
    assert len(parents) == 2
    counts = [len(client.get_children(f"{home}/{parent}")) for parent in parents]
    assert sorted(counts) == [2003, 10000]
    subprocess.run([zoetrope_binary(), "shell", f"127.0.0.1:{shared.port}", "-c", f"deleteall {home}"], check=True)


def test_sessions_are_opened_and_closed(bench, shared):
    report = bench("-w", "session", "-c", 4)
    assert report["operations"] > 4 and report["errors"] == {}
    wait_until(lambda: "Connections: 1\n" in shared.four("srvr"), 10, "no connection is left")


def test_locks_are_handed_over(bench):
    report = bench("-w", "lock", "-c", 6, "--locks", 2, seconds=1)
    assert report["operations"] > 10 and report["errors"] == {}


def test_every_watcher_is_told(bench):
    report = bench("-w", "watch", "-c", 50, seconds=1)
    assert report["operations"] > 0 and report["errors"] == {}
    # Of changes on their way when the measurement began or ended some notifications are counted.
    assert abs(report["extra"]["notifications"] - 50 * report["operations"]) <= 100


def test_idle_sessions_ping(make):
    server = make({"tickTime": 500}).start()
    done = run_bench(f"127.0.0.1:{server.port}", "--json", "-w", "idle", "-c", 40, "--session-timeout", 1000, "--pids",
                     server.process.pid, "--seconds", 1, "--warmup", 0.1)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert 80 <= report["operations"] <= 160  # 40 sessions, one ping each 0.33 s
    assert "server_cpu_ns_a_ping" in report["extra"]


def test_several_servers_share_the_connections(make):
    servers = [make().start(), make().start()]
    # The keys are made on the first server only: what the second one answers are errors, and they are told.
    addresses = [f"127.0.0.1:{server.port}" for server in servers]
    done = run_bench(*addresses, "--json", "-w", "get", "-c", 2, "--seconds", 0.2, "--warmup", 0)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert list(report["errors"]) == ["NoNode"] and report["errors"]["NoNode"] > 0 and report["operations"] > 0


def test_a_server_that_dies_is_an_error_and_the_run_goes_on(make):
    server = make().start()
    process = subprocess.Popen([zoetrope_binary(), "bench", f"127.0.0.1:{server.port}", "--json", "-w", "set", "-c",
                                "3", "--keys", "100", "--seconds", "60", "--warmup", "0"], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)

    def zxid():
        return int(server.four("srvr").split("Zxid: 0x")[1].split("\n")[0], 16)

    wait_until(lambda: zxid() > 3000, 20, "load arrives")
    server.kill()
    server.start()
    before = zxid()
    wait_until(lambda: zxid() > before + 1000, 20, "load arrives again")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    report = json.loads(out)
    assert sum(report["errors"].values()) >= 3 and report["operations"] > 0


def test_an_interrupt_ends_the_measurement_with_a_report(shared):
    process = subprocess.Popen([zoetrope_binary(), "bench", f"127.0.0.1:{shared.port}", "--json", "-w", "set",
                                "--seconds", "60", "--warmup", "0"], stdout=subprocess.PIPE, text=True)
    wait_until(lambda: "Connections: 18\n" in shared.four("srvr"), 20, "16 connections and one more")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert json.loads(out)["interrupted"] is True


def test_the_table_names_everything(shared):
    done = run_bench(f"127.0.0.1:{shared.port}", "-w", "get", "--seconds", 0.2, "--warmup", 0,
                     "--pids", shared.process.pid)
    assert done.returncode == 0
    for word in ("workload", "throughput", "p99.9", f"server {shared.process.pid}", "this generator", "errors"):
        assert word in done.stdout


def test_list_names_every_workload():
    done = run_bench("--list")
    assert done.returncode == 0
    names = [line.split()[0] for line in done.stdout.splitlines()]
    assert names == [*STREAMS, "fill", "session", "lock", "watch", "idle"]


@pytest.mark.parametrize("arguments, complaint", [
    ([], "no server given"),
    (["127.0.0.1:x"], "the port is no number from 1 to 65535"),
    (["127.0.0.1:1", "-w", "nonsense"], "no workload 'nonsense'"),
    (["127.0.0.1:1", "-c", "0"], "--connections"),
    (["127.0.0.1:1", "--reads", "101"], "--reads"),
    (["127.0.0.1:1", "--root", "relative"], "no absolute path"),
    (["127.0.0.1:1", "--seconds", "-1"], "--seconds"),
])
def test_bad_usage_has_status_2(arguments, complaint):
    done = run_bench(*arguments)
    assert done.returncode == 2
    assert complaint in done.stderr and done.stdout == ""


def test_nobody_listens():
    port = free_port()
    done = run_bench(f"127.0.0.1:{port}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"zoetrope bench: cannot connect to 127.0.0.1:{port}: Connection refused\n"


def test_a_pid_that_is_none(shared):
    done = run_bench(f"127.0.0.1:{shared.port}", "--pids", 2**22 + 1)
    assert done.returncode == 1 and "no process" in done.stderr


class StubServer:
    """Speaks just enough of the protocol, wrongly when asked to: the generator must notice."""

    def __init__(self, pause_s=0.0, spoil=None):
        self.pause_s, self.spoil = pause_s, spoil
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            self.converse(sock)
        except (OSError, EOFError):
            sock.close()

    @staticmethod
    def frame(sock):
        def exactly(count):
            data = b""
            while len(data) < count:
                piece = sock.recv(count - len(data))
                if not piece:
                    raise EOFError
                data += piece
            return data
        return exactly(struct.unpack(">i", exactly(4))[0])

    def converse(self, sock):
        self.frame(sock)
        answer = struct.pack(">iiqi", 0, 30000, 7, 16) + bytes(17)
        sock.sendall(struct.pack(">i", len(answer)) + answer)
        reads = 0
        while True:
            xid, operation = struct.unpack(">ii", self.frame(sock)[:8])
            body = bytes(68) if operation in (3, 5) else b""
            if operation == 3:
                reads += 1
                if reads == 20:
                    time.sleep(self.pause_s)
                if self.spoil and reads == 10:
                    xid, body = self.spoil(xid, body)
            reply = struct.pack(">iqi", xid, 1, 0) + body
            sock.sendall(struct.pack(">i", len(reply)) + reply)
            if operation == -11:
                raise EOFError

    def close(self):
        self.listener.close()


@pytest.mark.parametrize("spoil, error", [
    (lambda xid, body: (xid + 1, body), "a reply with xid"),
    (lambda xid, body: (xid, body[:-1]), "malformed reply"),
    (lambda xid, body: (xid, body[:52] + struct.pack(">i", 5) + body[56:]), "malformed reply"),
])
def test_a_wrong_reply_is_noticed(spoil, error):
    stub = StubServer(spoil=spoil)
    done = run_bench(f"127.0.0.1:{stub.port}", "--json", "-w", "exists", "-c", 1, "--keys", 1, "--size", 0,
                     "--warmup", 0, "--seconds", 0.3, "--keep")
    stub.close()
    assert done.returncode == 1
    assert any(name.startswith(error) for name in json.loads(done.stdout)["errors"]), done.stdout
